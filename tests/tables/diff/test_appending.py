"""New rows added to a table, against a judge that does it with dictionaries."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opendata.domain.schema import TableSchema
from opendata.tables.diff import appending
from opendata.tables.diff.appending import CanonicalTable, UnlikeColumnsError, append_rows
from opendata.tables.diff.difference import compare_tables
from opendata.tables.diff.identity import find_identity
from opendata.tables.diff.periods import find_new_period
from opendata.tables.diff.spellings import read_kinds
from opendata.tables.schema.schema import publish_schema, read_schema
from opendata.tables.table import prepare_table
from opendata.tables.text.dialect import Dialect

Row = tuple[str, ...]

FIELDS = [
    {"name": "month", "type": "string"},
    {"name": "town", "type": "integer"},
    {"name": "value", "type": "number"},
]
KEYED = {"fields": FIELDS, "primaryKey": ["month", "town"]}
PLAIN = {"fields": FIELDS}

keys = st.tuples(st.sampled_from(["2026-09", "2026-10", "十月", 'a,"b"']), st.integers(-2, 12).map(str))
values = st.sampled_from(["", "0.1", "1.5", "0.12345678901234567890", "12345678901234567.125"])
rows_by_key = st.dictionaries(keys, values, max_size=9).map(
    lambda found: [(*key, value) for key, value in found.items()]
)
several = st.lists(st.tuples(st.sampled_from(["x", "y"]), st.sampled_from(["1", "2"]), values), max_size=8)


def prepare(folder: Path, name: str, rows: Iterable[Row], schema: dict, names: Sequence[str] = ()) -> CanonicalTable:
    place = folder / name
    place.mkdir()
    source = place / "sent.csv"
    with source.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([names or [item["name"] for item in FIELDS], *rows])
    return check(source, place, schema)


def check(source: Path, place: Path, schema: dict) -> CanonicalTable:
    found = prepare_table(source, place, name="t", schema=read_schema(schema), dialect=Dialect(delimiter=","))
    assert found.task.valid, found.task.describe()
    assert found.schema is not None
    return CanonicalTable(found.csv, found.parquet, TableSchema(publish_schema(found.schema)))


def read(table: Path) -> list[Row]:
    with table.open(newline="", encoding="utf-8") as file:
        return [tuple(row) for row in csv.reader(file)][1:]


def sort_key(row: Row) -> tuple[bytes, int]:
    return row[0].encode(), int(row[1])


@pytest.mark.slow
@given(rows_by_key, rows_by_key, st.booleans())
def test_rows_with_a_key_are_added_corrected_or_left_alone(base: list[Row], part: list[Row], is_sorted: bool) -> None:
    base = sorted(base, key=sort_key) if is_sorted else base
    with TemporaryDirectory() as name:
        folder = Path(name)
        old, new = prepare(folder, "old", base, KEYED), prepare(folder, "new", part, KEYED)
        found = append_rows(old, new, make(folder, "work"))
        known = {row[:2]: row for row in base}
        corrected = {row[:2]: row for row in part if row[:2] in known and not equal(row, known[row[:2]])}
        added = [row for row in part if row[:2] not in known]
        expected = [corrected.get(row[:2], row) for row in base]
        expected += added
        if base and [sort_key(row) for row in base] == sorted(map(sort_key, base)):
            expected = sorted(expected, key=sort_key)
        assert read(found.csv) == expected
        assert (found.added, found.corrected) == (len(added), len(corrected))
        assert found.repeated == len(part) - len(added) - len(corrected)
        whole = check(found.csv, make(folder, "whole"), KEYED)
        told = compare_tables(
            old.parquet, whole.parquet, old_schema=old.schema, new_schema=whole.schema, folder=make(folder, "diff")
        )
        assert (told.added, told.removed, told.changed) == (len(added), 0, len(corrected))
        again = append_rows(whole, new, make(folder, "again"))
        assert (again.added, again.corrected, again.repeated) == (0, 0, len(part))
        assert again.csv.read_bytes() == found.csv.read_bytes()


@pytest.mark.slow
@given(several, several)
def test_rows_without_a_key_are_added_unless_they_are_there_already(base: list[Row], part: list[Row]) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        old, new = prepare(folder, "old", base, PLAIN), prepare(folder, "new", part, PLAIN)
        found = append_rows(old, new, make(folder, "work"))
        whole = Counter(base) | Counter(part)  # as often as it is in either
        assert Counter(read(found.csv)) == whole
        assert read(found.csv)[: len(base)] == base
        assert (found.added, found.corrected) == (whole.total() - len(base), 0)
        both = append_rows(old, new, make(folder, "both"), with_repeats=True)
        assert Counter(read(both.csv)) == Counter(base) + Counter(part)


def equal(one: Row, other: Row) -> bool:
    return one[2] == other[2] or (one[2] != "" != other[2] and float(one[2]) == float(other[2]))


def make(folder: Path, name: str) -> Path:
    place = folder / name
    place.mkdir()
    return place


def test_columns_go_by_their_names_and_nulls_by_the_schema_of_the_part(tmp_path: Path) -> None:
    dashed = {**KEYED, "missingValues": ["-"]}
    old = prepare(tmp_path, "old", [("a", "1", "")], KEYED)
    new = prepare(
        tmp_path, "new", [("-", "b", "2")], {**dashed, "fieldsMatch": "equal"}, names=("value", "month", "town")
    )
    found = append_rows(old, new, make(tmp_path, "work"))
    assert read(found.csv) == [("a", "1", "-"), ("b", "2", "-")]


def test_the_same_part_twice_is_there_once(tmp_path: Path) -> None:
    rows = [("a", "1", "0.10"), ("a", "1", "0.10"), ("b", "1", "")]
    for name, schema, sent in (("keyed", KEYED, rows[1:]), ("plain", PLAIN, rows)):
        folder = make(tmp_path, name)
        old, new = prepare(folder, "old", [("b", "1", "2")], schema), prepare(folder, "new", sent, schema)
        once = append_rows(old, new, make(folder, "once"))
        again = append_rows(check(once.csv, make(folder, "whole"), schema), new, make(folder, "again"))
        assert again.csv.read_bytes() == once.csv.read_bytes()
        assert (again.added, again.corrected, again.repeated) == (0, 0, len(sent))


def test_other_columns_are_named(tmp_path: Path) -> None:
    old = prepare(tmp_path, "old", [("a", "1", "2")], KEYED)
    other = {"fields": [*FIELDS[:2], {"name": "area", "type": "number"}]}
    new = prepare(tmp_path, "new", [("b", "1", "2")], other, names=("month", "town", "area"))
    with pytest.raises(UnlikeColumnsError) as error:
        append_rows(old, new, make(tmp_path, "work"))
    assert (error.value.missing, error.value.extra) == (["value"], ["area"])


def test_long_tables_are_merged_stretch_by_stretch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(appending, "STEP_ROWS", 7)
    base = [("m", str(number), "1") for number in range(0, 200, 2)]
    part = [("m", str(number), "2") for number in (*range(199, 0, -2), 4, 100)]
    old, new = prepare(tmp_path, "old", base, KEYED), prepare(tmp_path, "new", part, KEYED)
    found = append_rows(old, new, make(tmp_path, "work"))
    assert [int(row[1]) for row in read(found.csv)] == [*range(200)]
    assert [int(row[1]) for row in read(found.csv) if row[2] == "2"] == sorted(int(row[1]) for row in part)
    assert (found.added, found.corrected) == (100, 2)


TEXTS = {"fields": [{"name": "day"}, {"name": "n"}, {"name": "value", "type": "number"}], "primaryKey": ["day", "n"]}
NAMES = ["day", "n", "value"]


def test_a_key_in_another_notation_is_the_same_key(tmp_path: Path) -> None:
    base = prepare(tmp_path, "base", [("2026-08-30", "1234", "1"), ("2026-08-31", "1,234", "2")], TEXTS, NAMES)
    rows = [("2026年8月30日", "1,234", "1"), ("46265", "１２３４", "9"), ("2026/9/1", "5", "3"), ("8月31日", "x", "4")]
    part = prepare(tmp_path, "part", rows, TEXTS, NAMES)
    (tmp_path / "work").mkdir()
    found = append_rows(base, part, tmp_path / "work")
    assert (found.added, found.corrected, found.repeated) == (2, 1, 1)
    assert read(found.csv) == [
        ("2026-08-30", "1234", "1"),
        ("2026-08-31", "1,234", "9"),
        ("2026/9/1", "5", "3"),
        ("8月31日", "x", "4"),
    ]
    assert found.unread == {"day": ["8月31日"], "n": ["x"]}


def test_texts_are_compared_as_they_are_unless_all_of_the_base_are_of_a_kind(tmp_path: Path) -> None:
    schema = {"fields": [{"name": name} for name in ("code", "x")], "primaryKey": "code"}
    base = prepare(tmp_path, "base", [("007", "a"), ("8", "b")], schema, ["code", "x"])
    part = prepare(tmp_path, "part", [("7", "a"), ("８", "b")], schema, ["code", "x"])
    (tmp_path / "work").mkdir()
    found = append_rows(base, part, tmp_path / "work")
    assert (found.added, found.corrected, found.repeated, found.unread) == (2, 0, 0, {})
    base = prepare(make(tmp_path, "a"), "base", [("1.1", "a"), ("1.2", "b")], schema, ["code", "x"])
    part = prepare(make(tmp_path, "b"), "part", [("1.10", "c")], schema, ["code", "x"])
    found = append_rows(base, part, make(tmp_path, "c"))
    assert (found.added, found.corrected) == (1, 0)  # sections of a document
    plain = {"fields": [{"name": "day"}]}
    base = prepare(make(tmp_path, "d"), "base", [("2026-08-31",), ("2026-08-31",)], plain, ["day"])
    part = prepare(make(tmp_path, "e"), "part", [("8月31日",)], plain, ["day"])
    assert append_rows(base, part, make(tmp_path, "f")).unread == {"day": ["8月31日"]}
    assert find_new_period(base.parquet, part.parquet, read_kinds(base.parquet, part.parquet)) is None
    kinds = {"2": "integer", "1.50": "number", "2026-08": "yearmonth", "x": None, "": None, "2026": "year"}
    for text, kind in kinds.items():
        place = tmp_path / f"of {text}"
        place.mkdir()
        one = prepare(place, "one", [(text, "a"), ("", "b")], {"fields": schema["fields"]}, ["code", "x"])
        assert read_kinds(one.parquet, one.parquet).get("code") == kind


def test_a_date_of_reporting_does_not_tell_rows_beside_their_month(tmp_path: Path) -> None:
    fields = [
        {"name": "月份", "type": "yearmonth"},
        {"name": "乡镇", "type": "string"},
        {"name": "上报日期", "type": "date"},
    ]
    head = [item["name"] for item in fields]
    base = prepare(
        tmp_path,
        "base",
        [("2026-08", "东镇", "2026-09-02"), ("2026-08", "西镇", "2026-09-02")],
        {"fields": fields},
        head,
    )
    part = prepare(
        tmp_path,
        "part",
        [("2026-08", "东镇", "2026-10-09"), ("2026-09", "东镇", "2026-10-02")],
        {"fields": fields},
        head,
    )
    kinds = read_kinds(base.parquet, part.parquet)
    assert find_identity(base.parquet, part.parquet, tmp_path, kinds) == (["月份", "乡镇"], 1)
