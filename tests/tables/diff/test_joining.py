"""The rows of several texts written one after the other."""

from __future__ import annotations

import csv
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opendata.tables.diff.joining import DamagedPartError, JoinedPart, UnlikePartsError, write_joined
from opendata.tables.text.dialect import Dialect
from tests.selection import examples

CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0\r", exclude_categories=["Cs"]), max_size=6)
PART = st.tuples(
    st.permutations(["乡镇", "产值", "a,b"]),
    st.sampled_from([",", ";", "\t"]),
    st.integers(0, 2),
    st.lists(st.tuples(CELLS, CELLS, CELLS).filter(lambda row: any(cell.strip() for cell in row)), max_size=5),
)


def write_part(path: Path, columns: list[str], delimiter: str, above: int, rows: list[dict[str, str]]) -> JoinedPart:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, delimiter=delimiter, lineterminator="\n")
        writer.writerows([["a title"]] * above)
        writer.writerow(columns)
        writer.writerows([row[name] for name in columns] for row in rows)
    dialect = Dialect(delimiter=delimiter, header_rows=(above + 1,))
    return JoinedPart(path=path, dialect=dialect, value=path.name)


@settings(max_examples=examples(50))
@given(st.lists(PART, min_size=1, max_size=4))
def test_every_row_of_every_part_comes_once_in_its_order_with_its_file(parts: list) -> None:
    with TemporaryDirectory() as folder:
        given, expected = [], []
        for number, (columns, delimiter, above, cells) in enumerate(parts):
            rows = [dict(zip(["乡镇", "产值", "a,b"], row, strict=True)) for row in cells]
            path = Path(folder) / f"part-{number}"
            given.append(write_part(path, list(columns), delimiter, above, rows))
            expected += [{"file": path.name, **row} for row in rows]
        target = Path(folder) / "joined"
        counts = write_joined(given, target, column="file")
        with target.open(encoding="utf-8", newline="") as stream:
            assert list(csv.DictReader(stream)) == expected
        assert counts == [len(cells) for *_, cells in parts]


def test_parts_with_other_columns_or_a_damaged_text_are_refused(tmp_path: Path) -> None:
    first = write_part(tmp_path / "a", ["x", "y"], ",", 0, [{"x": "1", "y": "2"}])
    other = write_part(tmp_path / "b", ["x", "z"], ",", 0, [])
    with pytest.raises(UnlikePartsError) as refused:
        write_joined([first, other], tmp_path / "t", column=None)
    assert (refused.value.place, refused.value.missing, refused.value.extra) == (1, ["y"], ["z"])
    (tmp_path / "b").write_bytes(b'x,y\n"open')
    with pytest.raises(DamagedPartError) as damaged:
        write_joined([first, other], tmp_path / "t", column=None)
    assert damaged.value.place == 1
