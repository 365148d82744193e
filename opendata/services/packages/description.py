"""What we understand of a file where it lies, without an instance: its tables, and the types that fit all rows."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from opendata.domain.schema import Field, TableSchema
from opendata.errors import N_, InputError
from opendata.intake.opening import find_tables
from opendata.intake.reading import read_table
from opendata.intake.tables import FoundTable
from opendata.tables.forms.forms import write_form
from opendata.tables.report.report import describe_report
from opendata.tables.schema.proposal import propose_schema
from opendata.tables.schema.schema import read_schema
from opendata.tables.table import prepare_table

OnProgress = Callable[[float, str], None]
"""Hears which share (0..1) of which table has been read."""


def describe_file(path: Path) -> dict[str, Any]:
    """The tables of a file: `{"tables": [{name, form, encoding, dialect, sheet, header_rows, rows, fields, …}]}`.

    `rows` counts rows of data; `fields` are the columns, each with the type that all its rows fit, and in `opendata`
    what the file says of it (`unit`, `percent`, `crs`). Hidden sheets are named, not read. `errors` counts what is
    wrong with the structure of a table, `remarks` what is odd in its texts and rows. Raises `UnreadableFileError`,
    `UnsupportedFormatError`, `TooLargeError`.
    """
    with TemporaryDirectory() as name:
        folder = Path(name)
        return {"tables": [_describe_table(table, folder) for table in find_tables(path, path.name, folder)]}


def _describe_table(found: FoundTable, folder: Path) -> dict[str, Any]:
    if found.hidden:
        decisions = [decision.describe() for decision in found.decisions]
        base = {"name": found.name, "form": found.form, "members": list(found.members), "sheet": found.place}
        return {**base, "hidden": True, "rows": None, "fields": [], "decisions": decisions}
    opened, table = read_table(found, folder, partial(prepare_table, folder=folder, name="table"))
    schema = TableSchema({"fields": list(opened.fields)}) if opened.fields else table.schema
    if not opened.fields and table.task.valid:
        schema = TableSchema(propose_schema(table.parquet))
    counts = table.task.describe()["opendata"]["counts"]
    return {
        **opened.understanding.describe(),
        "rows": table.rows,
        "fields": [_describe_field(item) for item in (schema.fields if schema else ())],
        "errors": sum(count["count"] for count in counts if "strength" not in count),
        "remarks": [count for count in counts if "strength" in count],
    }


def _describe_field(field: Field) -> dict[str, Any]:
    found = {"name": field.name, "type": field.type}
    return {**found, "opendata": dict(field.own)} if field.own else found


def convert_file(
    source: Path,
    dest: Path,
    *,
    schema: Mapping[str, Any] | None = None,
    table: str | None = None,
    on_progress: OnProgress | None = None,
) -> dict[str, Any]:
    """Write a table of a file in the form of the suffix of `dest`; the report. An invalid table is not written.

    Raises as `describe_file` does, and `InputError` where the file has several tables and none is named.
    """
    with TemporaryDirectory(dir=dest.parent or None) as name:
        folder = Path(name)
        found = _choose(find_tables(source, source.name, folder), table)
        _, prepared = read_table(
            found,
            folder,
            partial(prepare_table, folder=folder, name="table"),
            schema=read_schema(schema) if schema is not None else None,
            on_share=(lambda share: on_progress(share, found.name)) if on_progress else None,
        )
        prepared.task.name, prepared.task.place = found.name, source.name
        if prepared.task.valid:
            written = folder / f"written{dest.suffix.lower()}"
            write_form(prepared.csv, prepared.parquet, written)
            shutil.move(written, dest)
        return describe_report([prepared.task.describe()])


def _choose(tables: Sequence[FoundTable], wanted: str | None) -> FoundTable:
    visible = [table for table in tables if not table.hidden]
    if wanted is None and len(visible) == 1:
        return visible[0]
    for table in tables:
        if wanted is not None and wanted in (table.name, table.place):
            return table
    names = ", ".join(table.place or table.name for table in tables)
    if wanted is None:
        raise InputError(N_("The file has several tables. Choose one with --table: %(names)s"), names=names)
    raise InputError(N_("The file has no table “%(name)s”. It has %(names)s"), name=wanted, names=names)
