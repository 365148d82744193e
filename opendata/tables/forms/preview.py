"""The first and the last rows of a published table, without reading the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from opendata.tables.arrow.parquet import open_parquet

_BATCH_ROWS = 8192


def read_first_rows(parquet: Path, limit: int) -> Sequence[Mapping[str, Any]]:
    """At most `limit` rows of a Parquet file as name → value, in file order."""

    with open_parquet(parquet) as file:
        for batch in file.iter_batches(batch_size=max(1, limit)):
            rows: Sequence[Mapping[str, Any]] = batch.slice(0, limit).to_pylist()
            return rows
    return []


def read_last_rows(parquet: Path, limit: int) -> Sequence[Mapping[str, Any]]:
    """At most `limit` rows from the end of a Parquet file as name → value, in file order; its last groups are read."""
    import pyarrow as pa

    kept: list[pa.Table] = []
    with open_parquet(parquet) as file:
        wanted, group = limit, file.num_row_groups - 1
        while wanted > 0 and group >= 0:
            tail: list[pa.RecordBatch] = []
            for batch in file.iter_batches(batch_size=_BATCH_ROWS, row_groups=[group]):
                tail = [*tail[-1:], batch] if batch.num_rows < wanted else [batch]
            table = pa.Table.from_batches(tail, file.schema_arrow)
            table = table.slice(max(0, table.num_rows - wanted))
            kept.insert(0, table)
            wanted -= table.num_rows
            group -= 1
    return pa.concat_tables(kept).to_pylist() if kept else []
