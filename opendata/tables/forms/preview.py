"""The first rows of a published table, without reading the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


def read_first_rows(parquet: Path, limit: int) -> Sequence[Mapping[str, Any]]:
    """At most `limit` rows of a Parquet file as name → value, in file order."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(parquet) as file:
        for batch in file.iter_batches(batch_size=max(1, limit)):
            rows: Sequence[Mapping[str, Any]] = batch.slice(0, limit).to_pylist()
            return rows
    return []
