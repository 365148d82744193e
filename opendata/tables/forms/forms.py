"""A finished table in other forms, streaming from its Parquet file: JSON, JSON Lines, Arrow IPC."""

from __future__ import annotations

import shutil
from pathlib import Path

from opendata.tables.arrow.parquet import open_parquet
from opendata.tables.forms.json_form import write_json

_BATCH_ROWS = 8192


def write_form(csv: Path, parquet: Path, target: Path, *, suffix: str = "") -> None:
    """Write a table, there as CSV and Parquet, in the form that `suffix` names, or else the end of `target`.

    Raises `ValueError` for others.
    """
    match suffix or target.suffix:
        case ".csv":
            shutil.copyfile(csv, target)
        case ".parquet":
            shutil.copyfile(parquet, target)
        case ".arrow":
            write_arrow(parquet, target)
        case ".jsonl":
            write_json(parquet, target, lines=True)
        case ".json":
            write_json(parquet, target, lines=False)
        case _:
            raise ValueError(f"no form {suffix or target.suffix}")


def write_arrow(parquet: Path, target: Path) -> None:
    """Write the rows as an Arrow IPC file, uncompressed, so that every reader of Arrow takes it."""
    import pyarrow as pa

    with (
        open_parquet(parquet) as file,
        pa.OSFile(str(target), "wb") as sink,
        pa.ipc.new_file(sink, file.schema_arrow) as writer,
    ):
        for batch in file.iter_batches(batch_size=_BATCH_ROWS):
            writer.write_batch(batch)
