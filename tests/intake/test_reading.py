"""A table is opened and checked in one call, a second time where its encoding turns out to be another."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from opendata.intake.opening import find_tables
from opendata.intake.reading import read_table
from opendata.intake.text import text
from opendata.tables.schema.schema import read_schema
from opendata.tables.table import check_table, prepare_table


@pytest.mark.slow
def test_a_large_text_that_is_utf8_at_its_ends_only_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text, "QUICK_BYTES", 1024)
    path = tmp_path / "parks.csv"
    row = "park,3\n" * 200_000
    path.write_bytes(f"name,area\n{row}人民公园,5\n{row}".encode("gb18030"))
    shares: list[float] = []
    (found,) = find_tables(path, path.name, tmp_path)
    opened, table = read_table(found, tmp_path, partial(check_table, name="parks"), on_share=shares.append)
    assert (opened.understanding.encoding, table.task.errors, table.rows) == ("gb18030", [], 400_001)
    assert shares.count(1.0) == 2


def test_a_file_is_checked_under_the_schema_given_else_under_the_one_it_declares(tmp_path: Path) -> None:
    path = tmp_path / "parks.parquet"
    pq.write_table(pa.table({"name": ["东湖"], "area": pa.array([5], pa.int32())}), path)
    (found,) = find_tables(path, path.name, tmp_path)
    check = partial(prepare_table, folder=tmp_path, name="parks")
    given = read_schema({"fields": [{"name": "name", "type": "string"}, {"name": "area", "type": "string"}]})
    for schema, kind in ((None, "integer"), (given, "string")):
        _, table = read_table(found, tmp_path, check, schema=schema)
        assert table.schema is not None
        assert [field.type for field in table.schema.fields] == ["string", kind]


def test_columns_may_be_called_by_the_titles_of_the_schema(tmp_path: Path) -> None:
    path = tmp_path / "parks.csv"
    path.write_text("2024,2025\nx,1\n", encoding="utf-8")
    schema = read_schema({"fields": [{"name": "a", "title": "2024"}, {"name": "b", "title": "2025"}]})
    (found,) = find_tables(path, path.name, tmp_path)
    opened, _ = read_table(found, tmp_path, partial(check_table, name="parks"), schema=schema)
    assert opened.dialect.header_rows == (1,)


@pytest.mark.slow
def test_only_line_ends_end_the_lines_of_a_large_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "QUICK_BYTES", 1024)
    path = tmp_path / "parks.csv"
    path.write_text("名称\u2028name,备注,面积\x85area\n" + "东湖,x,5\n" * 60_000, encoding="utf-8")
    (found,) = find_tables(path, path.name, tmp_path)
    opened, table = read_table(found, tmp_path, partial(check_table, name="parks"))
    assert (opened.dialect.header_rows, table.rows) == ((1,), 60_000)


@pytest.mark.parametrize("note_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_footnotes_are_left_out_and_no_row_with_them_whatever_ends_their_lines(
    tmp_path: Path, line_end: str, note_end: str
) -> None:
    path = tmp_path / "parks.csv"
    rows = ["name,area", *(f"park {number},{number}" for number in range(30))]
    notes = ["注：a", f'"注：b{note_end}和 c"', "注：d"]
    content = "".join(f"{row}{line_end}" for row in rows) + "".join(f"{note}{note_end}" for note in notes)
    path.write_bytes(content.encode())
    (found,) = find_tables(path, path.name, tmp_path)
    _, table = read_table(found, tmp_path, partial(check_table, name="parks"))
    assert (table.rows, table.task.errors) == (30, [])
