"""The index over the store: the database holds what a version's manifest says."""

from __future__ import annotations

import json

from opendata.db.models import SchemaUse, Version
from opendata.domain.manifest import Manifest
from opendata.metadata.canonical import digest


def index_version(dataset: str, data: bytes) -> Version:
    """The row of a version, which says nothing that its manifest (`data`) does not."""
    manifest = Manifest.from_json(json.loads(data))
    return Version(
        dataset_id=dataset,
        version=manifest.version,
        manifest=digest(data).removeprefix("sha256:"),
        created=manifest.created,
        published=manifest.created,
        notes=manifest.notes,
        period=manifest.period or None,
        coverage=manifest.coverage if manifest.coverage != manifest.period else None,
        reasons=list(manifest.reasons),
        resources=len(manifest.tables),
        rows=sum(item.rows for item in manifest.tables),
        bytes=sum(item.file.bytes for item in manifest.resources),
        uses=list_uses(manifest),
        are_uses_listed=True,
    )


def list_uses(manifest: Manifest) -> list[SchemaUse]:
    """The rows that say by which schemas of the library the tables of a version are checked."""
    return [
        SchemaUse(name=item.schema_name.partition("@")[0], ref=item.schema_name, resource=item.name)
        for item in manifest.tables
        if item.schema_name
    ]
