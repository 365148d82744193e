"""The tables between which foreign keys are checked: those of a draft, and those that are carried over."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack, nullcontext
from pathlib import Path

from opendata.db.models import Draft
from opendata.domain.manifest import Manifest
from opendata.domain.schema import TableSchema
from opendata.recipes.verbs import moves_rows
from opendata.services.catalogue.files.reading import find_parquet, lend_tables
from opendata.services.core.context import Context
from opendata.services.drafts.fixing.recipes import read_steps
from opendata.tables.check.keys import KeyedTable
from opendata.tables.report.report import TaskReport


def list_keyed(context: Context, row: Draft, manifest: Manifest | None, opened: ExitStack) -> dict[str, KeyedTable]:
    """The tables of the next version, by name, each with a report of its keys alone. `manifest` is of the one before.

    Their files are there until `opened` is closed; those of a table in parts aren't joined.
    """
    tables: dict[str, KeyedTable] = {}
    gone = {*row.dropped, *(item.name for item in row.resources)}
    has_keys = any("foreignKeys" in (item.published_schema or {}) for item in row.resources) or any(
        item.schema.foreign_keys for item in (manifest.tables if manifest else ())
    )
    for item in manifest.tables if manifest else ():
        if item.name not in gone:
            lent = lend_tables(context, item.parquet) if has_keys or not item.parquet.parts else nullcontext()
            tables[item.name] = _with_keys(item.name, opened.enter_context(lent), item.schema)
    for resource in row.resources:
        files: Sequence[Path] | None = None
        if resource.parquet and resource.valid:
            own = find_parquet(resource)
            if has_keys or not own.parts:
                files = opened.enter_context(lend_tables(context, own, lambda _: context.private))
        schema = TableSchema(resource.published_schema or {"fields": []})
        first_row = None if moves_rows(read_steps(resource)) else resource.first_row
        tables[resource.name] = _with_keys(resource.name, files, schema, first_row)
    return tables


def _with_keys(name: str, files: Sequence[Path] | None, schema: TableSchema, first_row: int | None = 2) -> KeyedTable:
    return KeyedTable(files, schema.foreign_keys, TaskReport(name=name, place=f"{name}.csv"), first_row)
