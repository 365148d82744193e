"""A table of the catalogue as CSV and Parquet, written as its rows come, in the same forms as published tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from opendata.domain.schema import TableSchema
from opendata.exchange.tables.definitions import CatalogueTable
from opendata.exchange.tables.rows import Row

if TYPE_CHECKING:
    from opendata.tables.forms.writing import TableWriter

_WRITTEN_ROWS = 512
"""So many rows are written at once: as values of Python, they take much more memory than in columns."""

_GROUP_BYTES = 4 << 20
"""The size of a row group: all tables are written at once, and each holds one."""


class TableFiles:
    """Takes the rows of a table and writes them some at a time."""

    def __init__(self, table: CatalogueTable, writer: TableWriter) -> None:
        from opendata.tables.types.registry import arrow_type

        self._fields = TableSchema(table.schema).fields
        self._types = [arrow_type(item) for item in self._fields]
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

        from opendata.tables.types.canonical import write_column
        from opendata.tables.types.casting import Batch

        if not self._held:
            return
        columns = list(zip(*self._held, strict=True))
        typed = [pa.array(column, kind) for column, kind in zip(columns, self._types, strict=True)]
        names = [item.name for item in self._fields]
        texts = pa.RecordBatch.from_arrays([write_column(column) for column in typed], names=names)
        self._writer.write(Batch(pa.RecordBatch.from_arrays(typed, names=names), texts))
        self._held = []


@contextmanager
def open_table(table: CatalogueTable, folder: Path) -> Iterator[TableFiles]:
    """The files of a table in a folder, complete at the end of the context."""
    import pyarrow as pa

    from opendata.tables.forms.writing import TableWriter
    from opendata.tables.types.registry import arrow_type

    schema = pa.schema([pa.field(item.name, arrow_type(item)) for item in TableSchema(table.schema).fields])
    places = folder / f"{table.name}.csv", folder / f"{table.name}.parquet"
    metadata = {"opendata.schema": dict(table.schema)}
    with TableWriter(
        *places, schema=schema, metadata=metadata, group_bytes=_GROUP_BYTES, piece_rows=_WRITTEN_ROWS
    ) as writer:
        sink = TableFiles(table, writer)
        yield sink
        sink.flush()
