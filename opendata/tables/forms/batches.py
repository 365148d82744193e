"""Rows that come in batches as a file: CSV, Parquet or Arrow IPC, in memory of a fixed size.

Equal rows make equal bytes, however they are cut into batches.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from opendata.tables.forms.writing import ROW_GROUP_BYTES, ROW_GROUP_ROWS, join_csv, join_header
from opendata.tables.types.canonical import write_column, write_published_column

if TYPE_CHECKING:
    import pyarrow as pa

PIECE_ROWS = 8192


def write_csv(
    batches: Iterable[pa.RecordBatch],
    schema: pa.Schema,
    target: Path,
    *,
    nulls: Sequence[str],
    years: Collection[str] = (),
) -> None:
    """Write rows as canonical CSV. `nulls` is how each column writes a missing value; `years` have four digits."""
    import pyarrow as pa

    with target.open("wb") as out:
        out.write(join_header(schema.names))
        for batch in _cut(batches, schema):
            texts = [
                write_published_column(column) if name in years else write_column(column)
                for name, column in zip(schema.names, batch.columns, strict=True)
            ]
            out.write(join_csv(pa.RecordBatch.from_arrays(texts, names=schema.names), nulls))


def write_parquet(
    batches: Iterable[pa.RecordBatch], schema: pa.Schema, target: Path, metadata: Mapping[str, str]
) -> None:
    """Write rows as Parquet, with texts in its footer."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = schema.with_metadata({**(schema.metadata or {}), **metadata})
    with pq.ParquetWriter(target, schema, compression="zstd", write_page_index=True) as writer:
        held: list[pa.RecordBatch] = []
        rows = size = 0

        def flush() -> None:
            table = pa.Table.from_batches(held, schema).combine_chunks()
            writer.write_table(table, row_group_size=table.num_rows)

        for batch in _cut(batches, schema):
            held.append(batch)
            rows, size = rows + batch.num_rows, size + batch.nbytes
            if rows >= ROW_GROUP_ROWS or size >= ROW_GROUP_BYTES:
                flush()
                held, rows, size = [], 0, 0
        if held:
            flush()


def write_arrow(batches: Iterable[pa.RecordBatch], schema: pa.Schema, target: Path) -> None:
    """Write rows as an Arrow IPC file, uncompressed, so that every reader of Arrow takes it."""
    import pyarrow as pa

    with pa.OSFile(str(target), "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
        for batch in _cut(batches, schema):
            writer.write_batch(batch)


def _cut(batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """The same rows in pieces of one size, but for the last."""

    held: list[pa.RecordBatch] = []
    rows = 0
    for batch in batches:
        while batch.num_rows:
            part = batch.slice(0, PIECE_ROWS - rows)
            held.append(part)
            rows += part.num_rows
            batch = batch.slice(part.num_rows)
            if rows == PIECE_ROWS:
                yield _join(held, schema)
                held, rows = [], 0
    if held:
        yield _join(held, schema)


def _join(held: Sequence[pa.RecordBatch], schema: pa.Schema) -> pa.RecordBatch:
    """One batch, always of new buffers: a part of a larger array is written with more bytes than it needs."""
    import pyarrow as pa

    parts = [*held, held[0].slice(0, 0)]
    arrays = [pa.concat_arrays([batch.column(number) for batch in parts]) for number in range(len(schema))]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)
