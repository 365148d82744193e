"""The text columns of the collected real files, with their names hidden as A, B, C."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from opendata.domain.privacy import PrivacyFinding
from opendata.domain.schema import Field
from opendata.errors import OpendataError
from opendata.intake.opening import find_tables
from opendata.intake.reading import read_table
from opendata.privacy.detection.screen import PrivacyScreen
from opendata.tables.table import prepare_table

SUFFIXES = (".csv", ".gz", ".xls", ".xlsx", ".json", ".zip", ".html", ".parquet")


class RealTable(NamedTuple):
    """A table of a file: its place, the labels of its columns, its rows."""

    place: str
    labels: tuple[str, ...]
    batches: list[pa.RecordBatch]


def list_files(realdata: Path) -> list[Path]:
    """The files that may be tables, in order."""
    return [path for path in sorted(realdata.rglob("*")) if path.is_file() and path.suffix in SUFFIXES]


def read_tables(path: Path, realdata: Path) -> Iterator[RealTable]:
    """The valid tables of a file, as text."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        try:
            found = [item for item in find_tables(path, path.name, folder) if not item.hidden]
        except OpendataError:
            return
        for number, item in enumerate(found):
            try:
                _, table = read_table(item, folder, partial(prepare_table, folder=folder, name=f"table{number}"))
            except OpendataError:
                continue
            if table.task.valid and table.schema is not None:
                rows = pq.ParquetFile(table.parquet)
                place = f"{path.relative_to(realdata).as_posix()}#{number}"
                yield RealTable(place, table.schema.names, list(rows.iter_batches(65_536)))


def screen_real_table(table: RealTable, *, hidden: bool = True) -> list[PrivacyFinding]:
    """What the screen finds in a table; with `hidden`, the columns have letters for names."""
    labels = [chr(65 + place % 26) + str(place) for place in range(len(table.labels))] if hidden else table.labels
    screen = PrivacyScreen(table.place, [Field.from_json({"name": label, "type": "string"}) for label in labels])
    for batch in table.batches:
        screen.take(batch)
    return list(screen.list())
