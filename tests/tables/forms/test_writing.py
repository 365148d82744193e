"""Canonical CSV has quotes only where needed; Parquet has what range readers and later readers want."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opendata.tables.forms import writing
from opendata.tables.forms.writing import ROW_GROUP_ROWS, TableWriter, join_csv
from opendata.tables.types.casting import Batch

TEXTS = st.text(
    st.one_of(st.sampled_from('",\r\n ;中'), st.characters(codec="utf-8", exclude_characters="\0")), max_size=6
)
ROWS = st.integers(1, 4).flatmap(lambda width: st.lists(st.lists(TEXTS, min_size=width, max_size=width), max_size=5))


def batch_of(rows: Sequence[Sequence[str | None]], width: int) -> pa.RecordBatch:
    columns = [pa.array([row[number] for row in rows], pa.string()) for number in range(width)]
    return pa.record_batch(columns, names=[f"c{number}" for number in range(width)])


def write(folder: Path, names: Sequence[str], *batches: pa.RecordBatch, null_text: str = "") -> tuple[Path, Path]:
    paths = folder / "t.csv", folder / "t.parquet"
    schema = pa.schema([(name, pa.string()) for name in names])
    with TableWriter(*paths, schema=schema, metadata={"tableschema": {"名": 1}}, null_text=null_text) as writer:
        for batch in batches:
            renamed = batch.rename_columns(names)
            writer.write(Batch(typed=renamed, text=renamed))
    return paths


@given(rows=ROWS)
def test_what_is_joined_is_read_back_by_python(rows: list[list[str]]) -> None:
    text = join_csv(batch_of(rows, len(rows[0]) if rows else 1)).decode()
    assert list(csv.reader(io.StringIO(text, newline=""))) == rows


@given(rows=ROWS)
def test_quotes_are_written_only_where_needed(rows: list[list[str]]) -> None:
    plain = [[cell for cell in row if not any(char in cell for char in '",\r\n')] for row in rows]
    rows = [row for row, same in zip(rows, plain, strict=True) if row == same and len(row) > 1]
    if rows:
        assert join_csv(batch_of(rows, len(rows[0]))).decode() == "".join(",".join(row) + "\n" for row in rows)


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("a b", "a b"),
        ("a,b", '"a,b"'),
        ('5"', '"5"""'),
        ("a\nb", '"a\nb"'),
        ("a\rb", '"a\rb"'),
        ("'", "'"),
        ("；", "；"),
    ],
)
def test_a_cell_is_quoted_for_comma_quote_and_line_end(cell: str, text: str) -> None:
    assert join_csv(batch_of([[cell, "x"]], 2)).decode() == f"{text},x\n"


def test_an_empty_cell_alone_in_its_line_is_quoted() -> None:
    assert join_csv(batch_of([[""], ["a"], [None]], 1)) == b'""\na\n""\n'
    assert join_csv(batch_of([["", ""]], 2)) == b",\n"


def test_each_column_writes_its_own_null() -> None:
    rows = [[None, None, "x"]]
    assert join_csv(batch_of(rows, 3)) == b",,x\n"
    assert join_csv(batch_of(rows, 3), "NA") == b"NA,NA,x\n"
    assert join_csv(batch_of(rows, 3), ["NA", "a,b", ""]) == b'NA,"a,b",x\n'


def test_the_header_is_quoted_where_needed(tmp_path: Path) -> None:
    path, _ = write(tmp_path, ["a b", "c,d", 'e"f', "名"], batch_of([], 4))
    assert path.read_text(encoding="utf-8") == 'a b,"c,d","e""f",名\n'


def test_a_byte_order_mark_in_the_first_name_stays_part_of_it(tmp_path: Path) -> None:
    path, _ = write(tmp_path, ["\ufeffa", "b"], batch_of([], 2))
    assert path.read_bytes() == '"\ufeffa",b\n'.encode()


def test_the_csv_has_neither_byte_order_mark_nor_carriage_returns(tmp_path: Path) -> None:
    path, _ = write(tmp_path, ["a", "b"], batch_of([["中", "1"]], 2), batch_of([["文", "2"]], 2))
    assert path.read_bytes() == "a,b\n中,1\n文,2\n".encode()


def test_the_parquet_file_is_zstandard_with_statistics_and_page_index(tmp_path: Path) -> None:
    _, path = write(tmp_path, ["a", "b"], batch_of([["x", "1"], ["y", None]], 2))
    column = pq.read_metadata(path).row_group(0).column(1)
    assert column.compression == "ZSTD"
    assert (column.statistics.min, column.statistics.max, column.statistics.null_count) == ("1", "1", 1)
    assert column.has_column_index
    assert column.has_offset_index


def test_the_footer_carries_the_metadata_as_json(tmp_path: Path) -> None:
    _, path = write(tmp_path, ["a"], batch_of([["x"]], 1))
    assert json.loads(pq.read_schema(path).metadata[b"tableschema"]) == {"名": 1}
    assert json.loads(pq.read_metadata(path).metadata[b"tableschema"]) == {"名": 1}


def test_row_groups_are_cut_by_rows_and_by_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    part = batch_of([["x", "y"]] * (ROW_GROUP_ROWS // 2), 2)
    _, path = write(tmp_path, ["a", "b"], part, part, part)
    groups = pq.read_metadata(path)
    assert [groups.row_group(number).num_rows for number in range(groups.num_row_groups)] == [
        ROW_GROUP_ROWS,
        ROW_GROUP_ROWS // 2,
    ]
    monkeypatch.setattr(writing, "ROW_GROUP_BYTES", len("x,y\n") * ROW_GROUP_ROWS // 2)
    _, path = write(tmp_path, ["a", "b"], part, part, part)
    assert pq.read_metadata(path).num_row_groups == 3


def test_equal_rows_make_equal_bytes(tmp_path: Path) -> None:
    first = [path.read_bytes() for path in write(tmp_path, ["a"], batch_of([["x"], [None]], 1))]
    again = [path.read_bytes() for path in write(tmp_path, ["a"], batch_of([["x"], [None]], 1))]
    assert first == again


def test_columns_too_large_for_one_array_are_joined_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [[f"{number},", "中" * number] for number in range(9)]
    whole = join_csv(batch_of(rows, 2))
    monkeypatch.setattr(writing, "JOINED_BYTES", 64)
    assert join_csv(batch_of(rows, 2)) == whole


def test_smaller_row_groups_have_the_same_rows_however_they_come(tmp_path: Path) -> None:
    rows = [[f"{number:05}", "x" * 90] for number in range(1000)]
    found = []
    for size in (7, 1000):
        folder = tmp_path / str(size)
        folder.mkdir()
        schema = pa.schema([("a", pa.string()), ("b", pa.string())])
        places = folder / "t.csv", folder / "t.parquet"
        with TableWriter(*places, schema=schema, metadata={}, group_bytes=9_000, piece_rows=50) as writer:
            for start in range(0, len(rows), size):
                batch = batch_of(rows[start : start + size], 2).rename_columns(["a", "b"])
                writer.write(Batch(typed=batch, text=batch))
        found.append([place.read_bytes() for place in places])
        assert pq.read_table(places[1]).to_pylist() == [{"a": one, "b": two} for one, two in rows]
        assert [pq.read_metadata(places[1]).row_group(number).num_rows for number in range(10)] == [100] * 10
    assert found[0] == found[1]
