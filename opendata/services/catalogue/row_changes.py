"""What changed between two editions of a table, and what of that is kept with a draft."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from opendata.db.models import Draft, DraftResource
from opendata.domain.manifest import Manifest
from opendata.domain.resources import TableResource
from opendata.domain.schema import TableSchema
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
    schema: TableSchema


def count_changes(name: str, old: TableFiles, new: TableFiles, folder: Path) -> tuple[RowChanges, Difference]:
    """What changed between two editions of a table; the changed rows are written to `folder`, which must be empty."""
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
    """How many errors the old schema finds in the new rows; not counted if the schemas alone break readers."""
    is_same = fingerprint(old.schema.descriptor) == fingerprint(new.schema.descriptor)
    if is_same or find_bump(compare_schemas(name, old.schema, new.schema)) == "major":
        return 0
    task = check_table(
        new.csv, name=name, schema=read_schema(old.schema.descriptor), dialect=Dialect(delimiter=","), limit=1
    ).task
    errors: int = task.describe()["stats"]["errors"]
    return errors


def read_changes(row: Draft, manifest: Manifest | None) -> dict[str, RowChanges]:
    """The changed rows of those tables of a draft that were compared with the version of this manifest."""
    found = {}
    for resource in row.resources:
        earlier = find_earlier(manifest, resource)
        kept = resource.changes
        if earlier is not None and kept and kept["base"] == stamp(earlier):
            found[resource.name] = RowChanges(
                key=None if kept["key"] is None else tuple(kept["key"]),
                added=kept["added"],
                removed=kept["removed"],
                changed=kept["changed"],
                reordered=kept["reordered"],
                refused=kept["refused"],
            )
    return found


def find_earlier(manifest: Manifest | None, resource: DraftResource) -> TableResource | None:
    """The table of this name in the version before, where both can be compared."""
    if manifest is None or not (resource.checked and resource.valid and resource.parquet):
        return None
    return next((item for item in manifest.tables if item.name == resource.name), None)


def stamp(earlier: TableResource) -> str:
    """What was compared with; the draft's own table forgets its changes when it is checked again."""
    return fingerprint([earlier.file.hash, earlier.parquet.hash, earlier.schema.descriptor])
