"""What changed between two tables, against a judge that compares them row by row in memory."""

from __future__ import annotations

import csv
import itertools
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import daff
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opendata.domain.schema import TableSchema
from opendata.tables.diff import row_places
from opendata.tables.diff.difference import Difference, compare_tables
from opendata.tables.diff.difference_forms import read_difference, write_difference

Row = tuple[Any, ...]

VALUES: Mapping[pa.DataType, st.SearchStrategy[Any]] = {
    pa.string(): st.sampled_from(["", "a", "b", "甲", "a,b", 'q"', "longer than eight bytes"]),
    pa.int64(): st.sampled_from([0, 1, -1, 2**63 - 1, -(2**63)]),
    pa.float64(): st.sampled_from([0.0, -0.0, 1.5, 1e300, float("inf"), float("nan")]),
    pa.bool_(): st.booleans(),
    pa.date32(): st.sampled_from([date(1969, 12, 31), date(2024, 2, 29)]),
    pa.timestamp("us"): st.sampled_from([datetime(2024, 1, 1, 12), datetime(2024, 1, 1, 12, 0, 0, 1)]),  # noqa: DTZ001
    pa.decimal128(38, 2): st.sampled_from([Decimal("0.00"), Decimal("-1.10"), Decimal(2**70)]),
}


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[pa.DataType], list[Row], list[Row]]:
    """Column types and the rows of two tables that have them, many rows in common."""
    kinds = draw(st.lists(st.sampled_from([*VALUES]), min_size=1, max_size=4))
    row = st.tuples(*(st.one_of(st.none(), VALUES[kind]) for kind in kinds))
    old = draw(st.lists(row, max_size=12))
    kept = [item for item in old if draw(st.integers(0, 3))]
    new = draw(st.permutations(kept)) if draw(st.booleans()) else kept
    for item in draw(st.lists(row, max_size=4)):
        new.insert(draw(st.integers(0, len(new))), item)
    return kinds, old, new


def write(path: Path, names: Sequence[str], kinds: Sequence[pa.DataType], rows: Iterable[Row]) -> Path:
    rows = list(rows)
    columns = [pa.array([row[place] for row in rows], kind) for place, kind in enumerate(kinds)]
    pq.write_table(pa.table(columns, names=list(names)), path, row_group_size=5)
    return path


def compare(
    folder: Path, names: Sequence[str], kinds: Sequence[pa.DataType], old: list[Row], new: list[Row], *key: str
) -> Difference:
    paths = [write(folder / f"{name}.parquet", names, kinds, rows) for name, rows in (("old", old), ("new", new))]
    schema = TableSchema({"fields": [], "primaryKey": list(key)})
    return compare_tables(*paths, old_schema=schema, new_schema=schema, folder=folder)


def tell(row: Row) -> Row:
    """A row by its values: one nought, one NaN."""
    return tuple(("NaN" if item != item else item + 0.0) if isinstance(item, float) else item for item in row)


def read(found: Difference) -> list[tuple[str, Row]]:
    rows: list[tuple[str, Row]] = []
    for batch in read_difference(found.path):
        for said, *cells in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            rows.append((said, tell(tuple(cells))))
    return rows


def apply(found: Difference, old: Iterable[Row]) -> Counter[Row]:
    """The rows of the new table, made of the old ones and the difference alone."""
    rows = Counter(map(tell, old))
    for said, row in read(found):
        rows[row] += 1 if said in ("added", "after") else -1
        assert rows[row] >= 0
    return +rows


@given(tables())
def test_without_a_key_the_difference_upon_the_old_rows_gives_the_new_ones(
    case: tuple[list[pa.DataType], list[Row], list[Row]],
) -> None:
    kinds, old, new = case
    names = [f"c{place}" for place in range(len(kinds))]
    with TemporaryDirectory() as folder:
        found = compare(Path(folder), names, kinds, old, new)
        before, after = Counter(map(tell, old)), Counter(map(tell, new))
        assert (found.added, found.removed) == ((after - before).total(), (before - after).total())
        assert (found.changed, found.unchanged) == (0, (before & after).total())
        assert apply(found, old) == after
        assert found.reordered == (list(_pick(old, before & after)) != list(_pick(new, before & after)))


@given(tables())
def test_by_a_key_every_row_is_added_removed_changed_or_the_same(
    case: tuple[list[pa.DataType], list[Row], list[Row]],
) -> None:
    kinds, old, new = case
    old, new = _keep_first(old), _keep_first(new)
    names = [f"c{place}" for place in range(len(kinds))]
    with TemporaryDirectory() as folder:
        found = compare(Path(folder), names, kinds, old, new, "c0")
        before, after = ({tell(row)[0]: tell(row) for row in rows} for rows in (old, new))
        common = before.keys() & after.keys()
        changed = {key for key in common if before[key] != after[key]}
        assert (found.added, found.removed) == (len(after) - len(common), len(before) - len(common))
        assert (found.changed, found.unchanged) == (len(changed), len(common) - len(changed))
        cells: Counter[str] = Counter()
        for key in changed:
            cells.update(name for name, one, other in zip(names, before[key], after[key], strict=True) if one != other)
        assert found.cells == cells
        assert apply(found, old) == Counter(after.values())
        rows = read(found)
        pairs = [(one, other) for one, other in itertools.pairwise(rows) if one[0] == "before"]
        assert all(other[0] == "after" and one[1][0] == other[1][0] for one, other in pairs)
        assert len(pairs) == found.changed


@given(tables())
def test_keys_that_share_a_number_are_told_apart(case: tuple[list[pa.DataType], list[Row], list[Row]]) -> None:
    import numpy as np

    kinds, old, new = case
    names = [f"c{place}" for place in range(len(kinds))]
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(row_places, "mix_hashes", lambda arrays, rows: np.arange(rows, dtype=np.uint64) % 2)
        assert apply(compare(Path(folder), names, kinds, old, new), old) == Counter(map(tell, new))


@given(tables())
def test_tables_that_are_sorted_in_parts_give_the_same(case: tuple[list[pa.DataType], list[Row], list[Row]]) -> None:
    kinds, old, new = case
    names = [f"c{place}" for place in range(len(kinds))]
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(row_places, "PART_ROWS", 2)
        patch.setattr(row_places, "STRIDE", 3)
        patch.setattr("opendata.tables.diff.difference.STEP_ROWS", 2)
        assert apply(compare(Path(folder), names, kinds, old, new), old) == Counter(map(tell, new))


def test_the_rows_come_in_the_order_of_the_new_table_and_a_lost_one_where_it_was(tmp_path: Path) -> None:
    kinds = [pa.int64(), pa.string()]
    old = [(1, "a"), (2, "b"), (3, "c"), (4, "d")]
    new = [(0, "z"), (1, "a"), (3, "C"), (4, "d"), (5, "e")]
    assert read(compare(tmp_path, ["id", "name"], kinds, old, new, "id")) == [
        ("added", (0, "z")),
        ("removed", (2, "b")),
        ("before", (3, "c")),
        ("after", (3, "C")),
        ("added", (5, "e")),
    ]


def test_a_column_that_came_or_went_changes_no_row(tmp_path: Path) -> None:
    old = write(tmp_path / "o.parquet", ["id", "gone"], [pa.int64(), pa.string()], [(1, "x"), (2, "y")])
    new = write(tmp_path / "n.parquet", ["came", "id"], [pa.bool_(), pa.int64()], [(True, 1), (False, 3)])
    schema = TableSchema({"fields": [], "primaryKey": "id"})
    found = compare_tables(old, new, old_schema=schema, new_schema=schema, folder=tmp_path)
    assert [(item.name, item.is_common) for item in found.columns] == [("came", False), ("id", True), ("gone", False)]
    assert read(found) == [("removed", (None, 2, "y")), ("added", (False, 3, None))]


def test_a_column_of_another_type_is_compared_as_it_is_written(tmp_path: Path) -> None:
    old = write(tmp_path / "o.parquet", ["id", "v"], [pa.int64(), pa.string()], [(1, "1"), (2, "2.5"), (3, "x")])
    new = write(tmp_path / "n.parquet", ["id", "v"], [pa.int64(), pa.float64()], [(1, 1.0), (2, 2.5), (3, 3.0)])
    schema = TableSchema({"fields": [], "primaryKey": ["id"]})
    found = compare_tables(old, new, old_schema=schema, new_schema=schema, folder=tmp_path)
    assert read(found) == [("before", (3, "x")), ("after", (3, "3"))]


def test_a_key_that_only_one_schema_has_is_none(tmp_path: Path) -> None:
    paths = [write(tmp_path / name, ["id"], [pa.int64()], [(1,), (2,)]) for name in ("o.parquet", "n.parquet")]
    found = compare_tables(
        *paths,
        old_schema=TableSchema({"fields": []}),
        new_schema=TableSchema({"fields": [], "primaryKey": "id"}),
        folder=tmp_path,
    )
    assert found.key is None
    assert (found.added, found.removed, found.unchanged) == (0, 0, 2)


def test_the_column_of_changes_gives_way_to_one_of_the_table(tmp_path: Path) -> None:
    found = compare(tmp_path, ["_change"], [pa.int64()], [(1,)], [(2,)])
    assert next(read_difference(found.path)).schema.names == ["__change", "_change"]


def _keep_first(rows: Iterable[Row]) -> list[Row]:
    """Rows whose first cell is a key: there, and each once."""
    found: dict[Any, Row] = {}
    for row in rows:
        if row[0] is not None:
            found.setdefault(tell(row)[0], row)
    return list(found.values())


def _pick(rows: Iterable[Row], wanted: Counter[Row]) -> Iterable[Row]:
    """The first of equal rows, as many as both tables have."""
    left: defaultdict[Row, int] = defaultdict(int, wanted)
    for row in map(tell, rows):
        if left[row] > 0:
            left[row] -= 1
            yield row


TEXTS = st.sampled_from(["", "a", "NULL", "_NULL", "->", "x->y", "-->", 'say "hi"', "甲,乙", "two\nlines", "@@", "+++"])


@given(
    old=st.lists(st.tuples(TEXTS, TEXTS), max_size=8),
    new=st.lists(st.tuples(TEXTS, TEXTS), max_size=8),
    kept=st.integers(0, 8),
)
def test_daff_makes_the_new_table_of_the_old_one(
    old: list[tuple[str, str]], new: list[tuple[str, str]], kept: int
) -> None:
    before = [(f"k{place}", *row) for place, row in enumerate(old)]
    after = before[:kept] + [(f"k{place}", *row) for place, row in enumerate(new)][kept:]
    names = ["id", "one", "two"]
    with TemporaryDirectory() as folder:
        found = compare(Path(folder), names, [pa.string()] * 3, before, after, "id")
        target = Path(folder) / "changes.daff.csv"
        write_difference(found.path, target, suffix="daff.csv")
        with target.open(newline="", encoding="utf-8") as file:
            patch = daff.PythonTableView(list(csv.reader(file)))
    table = daff.PythonTableView([names, *map(list, before)])
    daff.HighlightPatch(table, patch).apply()
    header, *rows = table.data
    assert header == names
    assert sorted(map(tuple, rows)) == sorted(after)


def test_daff_adds_and_drops_columns(tmp_path: Path) -> None:
    old = write(tmp_path / "o.parquet", ["id", "gone"], [pa.string()] * 2, [("a", "x"), ("b", "y")])
    new = write(tmp_path / "n.parquet", ["id", "came"], [pa.string()] * 2, [("a", "1"), ("c", "3")])
    schema = TableSchema({"fields": [], "primaryKey": "id"})
    found = compare_tables(old, new, old_schema=schema, new_schema=schema, folder=tmp_path)
    write_difference(found.path, tmp_path / "d.csv", suffix="daff.csv")
    assert (tmp_path / "d.csv").read_text() == "!,,+++,---\n@@,id,came,gone\n---,b,,y\n+++,c,3,\n"


@given(tables())
def test_csv_and_json_lines_say_the_same(case: tuple[list[pa.DataType], list[Row], list[Row]]) -> None:
    kinds, old, new = case
    names = [f"c{place}" for place in range(len(kinds))]
    with TemporaryDirectory() as name:
        folder = Path(name)
        found = compare(folder, names, kinds, _keep_first(old), _keep_first(new), "c0")
        write_difference(found.path, folder / "d.csv", suffix="csv")
        write_difference(found.path, folder / "d.jsonl", suffix="jsonl")
        write_difference(found.path, folder / "latest.jsonl", suffix="jsonl", latest=True)
        with (folder / "d.csv").open(newline="", encoding="utf-8") as file:
            lines = list(csv.DictReader(file))
        documents = [json.loads(line) for line in (folder / "d.jsonl").read_text("utf-8").splitlines()]
        latest = [json.loads(line) for line in (folder / "latest.jsonl").read_text("utf-8").splitlines()]
    assert [line["_change"] for line in lines] == [document["_change"] for document in documents]
    assert Counter(line["_change"] for line in lines) == +Counter(
        added=found.added, removed=found.removed, before=found.changed, after=found.changed
    )
    assert latest == [document for document in documents if document["_change"] != "before"]
    for line, document in zip(lines, documents, strict=True):
        for name, kind in zip(names, kinds, strict=True):
            if document[name] is None:
                assert line[name] == ""
            elif pa.types.is_string(kind) or pa.types.is_date(kind):
                assert line[name] == document[name]
