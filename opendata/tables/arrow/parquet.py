"""Opens Parquet files so that rows are read when they are asked for.

Left to itself, Arrow first reads all that it may be asked for, compressed: whole files, though only rows are wanted.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    import pyarrow.parquet as pq


def open_parquet(source: Path | BinaryIO, **options: Any) -> pq.ParquetFile:
    """A file whose batches take the memory of a few pages; `options` are those of Arrow."""
    import pyarrow.parquet as pq

    return pq.ParquetFile(source, pre_buffer=False, **options)
