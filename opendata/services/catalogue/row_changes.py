"""What changed between two editions of a table, and what of that is kept with a draft."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from opendata.db.models import Draft, DraftResource
from opendata.metadata.attachments import list_tables
from opendata.metadata.canonical import fingerprint
from opendata.metadata.reasons import find_bump
from opendata.metadata.schema_changes import compare_schemas
from opendata.metadata.versions import RowChanges
from opendata.tables.diff.difference import Difference, compare_tables
from opendata.tables.schema.schema import read_schema
from opendata.tables.table import check_table
from opendata.tables.text.dialect import Dialect


@dataclass(frozen=True, slots=True)
class TableFiles:
    """A table in canonical form and its schema as published."""

    csv: Path
    parquet: Path
    schema: Mapping[str, Any]


def count_changes(name: str, old: TableFiles, new: TableFiles, folder: Path) -> tuple[RowChanges, Difference]:
    """What changed between two editions of a table; the changed rows lie in `folder`, an empty one of the caller's."""
    found = compare_tables(old.parquet, new.parquet, old_schema=old.schema, new_schema=new.schema, folder=folder)
    changes = RowChanges(
        key=found.key,
        added=found.added,
        removed=found.removed,
        changed=found.changed,
        reordered=found.reordered,
        refused=count_refused(name, old, new),
    )
    return changes, found


def count_refused(name: str, old: TableFiles, new: TableFiles) -> int:
    """How many errors the old schema finds in the new rows; not asked where the schemas break readers by themselves."""
    is_same = fingerprint(old.schema) == fingerprint(new.schema)
    if is_same or find_bump(compare_schemas(name, old.schema, new.schema)) == "major":
        return 0
    task = check_table(new.csv, name=name, schema=read_schema(old.schema), dialect=Dialect(delimiter=","), limit=1).task
    errors: int = task.describe()["stats"]["errors"]
    return errors


def read_changes(row: Draft, manifest: Mapping[str, Any] | None) -> dict[str, RowChanges]:
    """The changed rows of each table of a draft, as far as they were counted against the version of this manifest."""
    found = {}
    for resource in row.resources:
        earlier = find_earlier(manifest, resource)
        kept = resource.changes or {}
        if earlier is not None and kept.get("base") == stamp(earlier):
            counts = {name: kept[name] for name in ("added", "removed", "changed", "reordered", "refused")}
            key = None if kept["key"] is None else tuple(kept["key"])
            found[resource.name] = RowChanges(key=key, **counts)
    return found


def find_earlier(manifest: Mapping[str, Any] | None, resource: DraftResource) -> Mapping[str, Any] | None:
    """The table of this name in the version before, where both can be compared."""
    if not (resource.checked and resource.valid and resource.parquet):
        return None
    tables = list_tables((manifest or {}).get("resources", ()))
    return next((item for item in tables if item["name"] == resource.name), None)


def stamp(earlier: Mapping[str, Any]) -> str:
    """What was compared with; the draft's own table forgets its changes when it is checked again."""
    return fingerprint([earlier["hash"], earlier["opendata"]["parquet"]["hash"], earlier["schema"]])
