"""The first and the last rows of a published table, without reading the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from opendata.tables.arrow.parquet import open_parquet

_BATCH_ROWS = 8192


def read_first_rows(parquet: Path | Sequence[Path], limit: int) -> Sequence[Mapping[str, Any]]:
    """At most `limit` rows of a Parquet file, or of several in their order, as name → value."""
    rows: list[Mapping[str, Any]] = []
    for path in _list(parquet):
        with open_parquet(path) as file:
            for batch in file.iter_batches(batch_size=max(1, limit - len(rows))):
                rows += batch.slice(0, limit - len(rows)).to_pylist()
                if len(rows) >= limit:
                    return rows
    return rows


def read_last_rows(parquet: Path | Sequence[Path], limit: int) -> Sequence[Mapping[str, Any]]:
    """At most `limit` rows from the end as name → value, in file order; the last groups are read."""
    import pyarrow as pa

    kept: list[pa.Table] = []
    wanted = limit
    for path in reversed(_list(parquet)):
        with open_parquet(path) as file:
            group = file.num_row_groups - 1
            while wanted > 0 and group >= 0:
                tail: list[pa.RecordBatch] = []
                for batch in file.iter_batches(batch_size=_BATCH_ROWS, row_groups=[group]):
                    tail = [*tail[-1:], batch] if batch.num_rows < wanted else [batch]
                table = pa.Table.from_batches(tail, file.schema_arrow)
                table = table.slice(max(0, table.num_rows - wanted))
                kept.insert(0, table)
                wanted -= table.num_rows
                group -= 1
        if wanted <= 0:
            break
    return pa.concat_tables(kept).to_pylist() if kept else []


def _list(parquet: Path | Sequence[Path]) -> Sequence[Path]:
    return [parquet] if isinstance(parquet, Path) else parquet
