"""However a table is cut, its joined parts are the same CSV and, with a tail, one Parquet file with the same rows."""

from __future__ import annotations

import io
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opendata.tables.forms.writing import join_csv, join_header
from opendata.tables.parts.cutting import Section, cut_csv, cut_parquet
from opendata.tables.parts.tail import count_rows, read_footer, write_tail

CELLS = st.text(alphabet='ab水,"\n\r ', max_size=4)
ROWS = st.lists(st.tuples(CELLS, CELLS), max_size=12)


@settings(max_examples=60, deadline=None)
@given(rows=ROWS, header=CELLS, size=st.integers(1, 5), block=st.integers(1, 40))
def test_any_cutting_of_a_csv_joins_to_the_same_bytes_and_cuts_between_rows(
    rows: list[tuple[str, str]], header: str, size: int, block: int
) -> None:
    lines = [join_csv(pa.RecordBatch.from_pydict({"a": [one], "b": [two]})) for one, two in rows]
    head = join_header([header, "b"])
    data = head + b"".join(lines)
    cuts = list(cut_csv(io.BytesIO(data), size, block_bytes=block))
    parts = [Section(io.BytesIO(data), cut.start, cut.end).readall() for cut in cuts]
    assert b"".join(part or b"" for part in parts) == data
    counts = [size] * (len(rows) // size) + [len(rows) % size] * bool(len(rows) % size)
    assert [cut.rows for cut in cuts] == (counts or [0])
    wanted = [b"".join(lines[start : start + size]) for start in range(0, len(rows), size)] or [b""]
    assert parts == [head + wanted[0], *wanted[1:]]


@settings(max_examples=15, deadline=None)
@given(rows=st.lists(st.tuples(st.none() | CELLS, st.none() | st.integers(0, 9)), max_size=30), size=st.integers(1, 9))
def test_any_cutting_of_a_parquet_file_has_the_same_rows_part_by_part_and_joined(
    rows: list[tuple[str | None, int | None]], size: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("cut")
    kinds = pa.schema([("a", pa.string()), ("b", pa.int64())], metadata={"tableschema": "{}"})
    table = pa.table([[one for one, _ in rows], [two for _, two in rows]], schema=kinds)
    pq.write_table(table, folder / "whole.parquet", row_group_size=4)
    parts = [(path, count) for path, count in cut_parquet(folder / "whole.parquet", folder, size)]
    read = [pq.read_table(path) for path, _ in parts]
    assert [one.num_rows for one in read] == [count for _, count in parts]
    assert all(one.schema.equals(kinds, check_metadata=True) for one in read)
    assert (pa.concat_tables(read) if read else table.slice(0, 0)).equals(table)
    joined = join(parts)
    assert not parts or pq.read_table(io.BytesIO(joined)).equals(table)


def join(parts: list[tuple[Path, int]]) -> bytes:
    data, footers = b"", []
    for path, count in parts:
        one = path.read_bytes()
        footers.append((read_footer(io.BytesIO(one), len(one)), len(data)))
        assert count_rows(footers[-1][0]) == count
        data += one
    return data + (write_tail(footers) if footers else b"")


def test_files_of_other_columns_and_what_is_no_parquet_file_are_refused() -> None:
    one, other = io.BytesIO(), io.BytesIO()
    pq.write_table(pa.table({"a": [1]}), one)
    pq.write_table(pa.table({"b": [1]}), other)
    footers = [read_footer(file, len(file.getvalue())) for file in (one, other)]
    with pytest.raises(ValueError, match="different columns"):
        write_tail([(footers[0], 0), (footers[1], 100)])
    for data in (b"", b"PAR1", b"a,b\n1,2\n" * 9, b"\xff\xff\xff\xffPAR1"):
        with pytest.raises(ValueError, match="Parquet"):
            read_footer(io.BytesIO(data), len(data))
    for footer in (b"", b"\x15", b"\x19\xff\xff\xff\xff\x0f", b"\x1c" * 100, bytes(range(256))):
        with pytest.raises(ValueError, match="footer"):
            count_rows(footer)
