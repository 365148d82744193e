"""Sketching a large table in a process of its own, within bounds: the worker does other things meanwhile."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from opendata.confined import Bounds, answer_one, ask
from opendata.domain.schema import Field, TableSchema
from opendata.search.columns.sketches import ColumnSketch, read_sketches, sketch_columns, write_sketches

_MEMORY = 1 << 30
"""At most this many bytes of memory: the filter of the longest column, one batch, the dictionaries of a row group."""


def sketch_apart(path: Path, fields: Sequence[Field], folder: Path, seconds: float) -> Iterator[ColumnSketch]:
    """The sketches of some columns of a Parquet file, made by a process that writes them into an empty folder.

    Raises `BrokenOffError`.
    """
    target = folder / "sketches"
    request = {"path": str(path), "target": str(target), "fields": [dict(item.descriptor) for item in fields]}
    ask("opendata.search.columns.sketching", json.dumps(request).encode(), Bounds(seconds=seconds, memory=_MEMORY))
    with target.open("rb") as file:
        yield from read_sketches(file)


def _answer(request: bytes) -> bytes:
    wanted = json.loads(request)
    fields = TableSchema({"fields": wanted["fields"]}).fields
    with Path(wanted["target"]).open("wb") as file:
        write_sketches(file, sketch_columns(Path(wanted["path"]), fields))
    return b""


if __name__ == "__main__":
    answer_one(_answer)
