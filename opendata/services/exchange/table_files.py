"""A table of the catalogue as CSV and Parquet, in the same forms as published tables.

    rows as they come → in columns, in a file of Arrow batches → once all are there, CSV and Parquet

So the rows of all tables are read in one pass, and one table after the other is written: memory has one row group.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from opendata.domain.schema import TableSchema
from opendata.exchange.tables.definitions import CatalogueTable
from opendata.exchange.tables.rows import Row

if TYPE_CHECKING:
    import pyarrow as pa

_WRITTEN_ROWS = 512
"""So many rows are written at once: as values of Python, they take much more memory than in columns."""

_GROUP_BYTES = 4 << 20
"""The size of a row group."""


class HeldRows:
    """Takes the rows of a table and writes them into a file in columns, some at a time."""

    def __init__(self, schema: pa.Schema, writer: pa.RecordBatchWriter) -> None:
        self._schema = schema
        self._writer = writer
        self._held: list[Row] = []
        self.rows = 0

    def add(self, rows: Sequence[Row]) -> None:
        """Take rows."""
        self._held += rows
        self.rows += len(rows)
        if len(self._held) >= _WRITTEN_ROWS:
            self.flush()

    def flush(self) -> None:
        """Write what is held."""
        import pyarrow as pa

        if self._held:
            columns = list(zip(*self._held, strict=True))
            typed = [pa.array(column, field.type) for column, field in zip(columns, self._schema, strict=True)]
            self._writer.write_batch(pa.RecordBatch.from_arrays(typed, schema=self._schema))
            self._held = []


@contextmanager
def hold_rows(table: CatalogueTable, folder: Path) -> Iterator[HeldRows]:
    """The rows of a table in a folder, complete at the end of the context."""
    import pyarrow as pa

    schema = _read_schema(table)
    with pa.OSFile(str(_place(table, folder)), "wb") as file, pa.ipc.new_stream(file, schema) as writer:
        held = HeldRows(schema, writer)
        yield held
        held.flush()


def write_table(table: CatalogueTable, folder: Path) -> None:
    """Write the rows that a folder has of a table as CSV, Parquet and JSON Lines, and let go of them."""
    import pyarrow as pa

    from opendata.tables.forms.json_form import write_json
    from opendata.tables.forms.writing import TableWriter
    from opendata.tables.types.canonical import write_column
    from opendata.tables.types.casting import Batch

    places = folder / f"{table.name}.csv", folder / f"{table.name}.parquet"
    metadata = {"opendata.schema": dict(table.schema)}
    with (
        TableWriter(
            *places,
            schema=_read_schema(table),
            metadata=metadata,
            group_bytes=_GROUP_BYTES,
            piece_rows=_WRITTEN_ROWS,
        ) as writer,
        pa.OSFile(str(_place(table, folder)), "rb") as file,
        pa.ipc.open_stream(file) as batches,
    ):
        for batch in batches:
            texts = [write_column(column) for column in batch.columns]
            writer.write(Batch(batch, pa.RecordBatch.from_arrays(texts, names=batch.schema.names)))
    _place(table, folder).unlink()
    write_json(folder / f"{table.name}.parquet", folder / f"{table.name}.jsonl", lines=True, batch_rows=_WRITTEN_ROWS)


def _read_schema(table: CatalogueTable) -> pa.Schema:
    import pyarrow as pa

    from opendata.tables.types.registry import arrow_type

    return pa.schema([pa.field(item.name, arrow_type(item)) for item in TableSchema(table.schema).fields])


def _place(table: CatalogueTable, folder: Path) -> Path:
    return folder / f"{table.name}.arrow"
