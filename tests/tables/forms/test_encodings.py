"""Columns of numbers are written in the encoding that is shorter for them, and every reader gives the same values."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from opendata.tables.forms.writing import TableWriter
from opendata.tables.types.casting import Batch

ROWS = 20_000
NUMBERS = np.random.default_rng(7)
TABLE = pa.table(
    {
        "id": pa.array(range(ROWS), pa.int64()),
        "moment": pa.array(range(0, ROWS * 1_000_000, 1_000_000), pa.timestamp("us")),
        "day": pa.array(range(ROWS), pa.date32()),
        "gaps": pa.array([None if row % 3 else row for row in range(ROWS)], pa.int64()),
        "price": pa.array([row % 9973 / 100 for row in range(ROWS)], pa.float64()),
        "wild": pa.array(NUMBERS.integers(-(2**62), 2**62, ROWS), pa.int64()),
        "kind": pa.array([row % 4 for row in range(ROWS)], pa.int64()),
        "none": pa.nulls(ROWS, pa.float64()),
        "text": pa.array([f"{row}号" for row in range(ROWS)]),
    }
)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("encodings"), [4000, 9000, ROWS])


def write(folder: Path, ends: list[int]) -> Path:
    found = folder / "t.parquet"
    with TableWriter(folder / "t.csv", found, schema=TABLE.schema, metadata={}) as writer:
        start = 0
        for end in ends:
            (typed,) = TABLE.slice(start, end - start).combine_chunks().to_batches()
            texts = [column.cast(pa.string()) for column in typed.columns]
            writer.write(Batch(typed, pa.record_batch(texts, names=typed.schema.names)))
            start = end
    return found


def test_the_shorter_encoding_is_chosen(path: Path) -> None:
    group = pq.read_metadata(path).row_group(0)
    found = {group.column(place).path_in_schema: group.column(place).encodings for place in range(group.num_columns)}
    for name in ("id", "moment", "day", "gaps"):
        assert "DELTA_BINARY_PACKED" in found[name]
    assert "BYTE_STREAM_SPLIT" in found["price"]
    for name in ("wild", "none", "text"):
        assert not {"DELTA_BINARY_PACKED", "BYTE_STREAM_SPLIT"} & {*found[name]}
    assert "RLE_DICTIONARY" in found["kind"]
    column = group.column(0)
    assert (column.statistics.min, column.statistics.max, column.has_column_index) == (0, ROWS - 1, True)


def test_equal_rows_make_equal_bytes_however_they_come(path: Path, tmp_path: Path) -> None:
    assert write(tmp_path, [1, 7000, ROWS]).read_bytes() == path.read_bytes()


def test_other_readers_read_the_same(path: Path) -> None:
    assert pq.read_table(path).equals(TABLE)
    assert duckdb.sql(f"FROM '{path}'").arrow().read_all().cast(TABLE.schema).equals(TABLE)
