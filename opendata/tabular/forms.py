"""A finished table in other forms, streaming from its Parquet file: JSON, JSON Lines, Arrow IPC.

Numbers are JSON numbers where a double keeps them, else text; days and moments are ISO 8601.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

_BATCH_ROWS = 8192
_SAFE = 2**53


def write_form(csv: Path, parquet: Path, target: Path) -> None:
    """Write a table, there as CSV and Parquet, in the form that `target` ends in. Raises `ValueError` for others."""
    match target.suffix:
        case ".csv":
            shutil.copyfile(csv, target)
        case ".parquet":
            shutil.copyfile(parquet, target)
        case ".arrow":
            _write_arrow(parquet, target)
        case ".jsonl":
            with target.open("w", encoding="utf-8") as file:
                file.writelines(f"{row}\n" for row in _list_rows(parquet))
        case ".json":
            with target.open("w", encoding="utf-8") as file:
                mark = "[\n"
                for row in _list_rows(parquet):
                    file.write(mark + row)
                    mark = ",\n"
                file.write("\n]\n" if mark == ",\n" else "[]\n")
        case _:
            raise ValueError(f"no form {target.suffix}")


def _write_arrow(parquet: Path, target: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    with (
        pq.ParquetFile(parquet) as file,
        pa.OSFile(str(target), "wb") as sink,
        pa.ipc.new_file(sink, file.schema_arrow) as writer,
    ):
        for batch in file.iter_batches(batch_size=_BATCH_ROWS):
            writer.write_batch(batch)


def _list_rows(parquet: Path) -> Iterator[str]:
    import pyarrow.parquet as pq

    with pq.ParquetFile(parquet) as file:
        for batch in file.iter_batches(batch_size=_BATCH_ROWS):
            for row in batch.to_pylist():
                yield json.dumps(_spell(row), ensure_ascii=False)


def _spell(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _write(value) for name, value in row.items()}


def _write(value: Any) -> Any:
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, int):
        return value if abs(value) <= _SAFE else str(value)
    if isinstance(value, float):
        return value if value - value == 0 else {"inf": "INF", "-inf": "-INF"}.get(str(value), "NaN")
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return value.isoformat()
    return value.isoformat() if isinstance(value, date) else str(value)
