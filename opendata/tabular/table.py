"""The whole way of one table: bytes in, verdict out, and where it is valid its canonical CSV and Parquet files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from opendata.tabular.columns import NeedsRowsError
from opendata.tabular.dialect import Dialect
from opendata.tabular.report import TaskReport
from opendata.tabular.schema import TableSchema, publish_schema
from opendata.tabular.screening import ScreeningReader
from opendata.tabular.validation import TableReader
from opendata.tabular.writing import TableWriter


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedTable:
    """What became of a table. `csv` and `parquet` exist only where `task` is valid; `schema` is None for no header."""

    task: TaskReport
    schema: TableSchema | None
    dialect: Dialect
    rows: int
    first_row: int
    csv: Path
    parquet: Path


def prepare_table(
    source: Path,
    folder: Path,
    *,
    name: str,
    schema: TableSchema | None = None,
    dialect: Dialect | None = None,
    limit: int = 1000,
    footer: Mapping[str, Any] | None = None,
    on_bytes: Callable[[int], None] | None = None,
) -> PreparedTable:
    """Check a delimited text file and write `{name}.csv` and `{name}.parquet` into `folder`.

    Without a schema every column is text. `footer` goes into the Parquet file beside the Table Schema.
    """
    csv, parquet = folder / f"{name}.csv", folder / f"{name}.parquet"
    try:
        reader: TableReader = ScreeningReader(
            source, name=name, schema=schema, dialect=dialect, limit=limit, on_bytes=on_bytes
        )
        _write_table(reader, csv, parquet, footer or {})
    except NeedsRowsError:
        reader = TableReader(source, name=name, schema=schema, dialect=dialect, limit=limit, on_bytes=on_bytes)
        _write_table(reader, csv, parquet, footer or {})
    return PreparedTable(
        task=reader.task,
        schema=reader.schema,
        dialect=reader.dialect,
        rows=reader.rows,
        first_row=reader.first_row,
        csv=csv,
        parquet=parquet,
    )


def check_table(
    source: Path,
    *,
    name: str,
    schema: TableSchema | None = None,
    dialect: Dialect | None = None,
    limit: int = 1000,
    on_bytes: Callable[[int], None] | None = None,
) -> TableReader:
    """Check a delimited text file without writing anything; the reader, its `task` complete."""
    for kind in (ScreeningReader, TableReader):
        reader = kind(source, name=name, schema=schema, dialect=dialect, limit=limit, on_bytes=on_bytes)
        try:
            with closing(reader.batches()) as batches:
                for _ in batches:
                    pass
        except NeedsRowsError:
            continue
        break
    return reader


def release_memory() -> None:
    """Give back to the system what Arrow keeps for later; after a large table that is much."""
    import pyarrow as pa

    pa.default_memory_pool().release_unused()


def _write_table(reader: TableReader, csv: Path, parquet: Path, footer: Mapping[str, Any]) -> None:
    """Run the check to its end; where the table is valid, its two files are there afterwards, else neither."""
    writer: TableWriter | None = None
    with closing(reader.batches()) as batches, ExitStack() as files:
        for batch in batches:
            writer = writer or files.enter_context(_open_writer(reader, csv, parquet, footer))
            writer.write(batch)
        if reader.task.valid and writer is None:
            files.enter_context(_open_writer(reader, csv, parquet, footer))
    if not reader.task.valid:
        csv.unlink(missing_ok=True)
        parquet.unlink(missing_ok=True)


def _open_writer(reader: TableReader, csv: Path, parquet: Path, footer: Mapping[str, Any]) -> TableWriter:
    assert reader.schema is not None  # noqa: S101 - a valid table has one
    return TableWriter(
        csv,
        parquet,
        schema=reader.arrow_schema,
        metadata={**footer, "tableschema": publish_schema(reader.schema)},
        null_text=[reader.schema.null_text_of(item) for item in reader.fields],
    )
