"""The index over the store: what the database knows of a version is what its manifest says."""

from __future__ import annotations

import json
from datetime import datetime

from opendata.db.models import Version
from opendata.metadata.attachments import list_tables
from opendata.metadata.canonical import digest


def index_version(dataset: str, data: bytes) -> Version:
    """The row of a version, which says nothing that its manifest (`data`) does not."""
    manifest = json.loads(data)
    created = datetime.fromisoformat(manifest["created"])
    return Version(
        dataset_id=dataset,
        version=manifest["version"],
        manifest=digest(data).removeprefix("sha256:"),
        created=created,
        published=created,
        notes=manifest["opendata"].get("notes", ""),
        reasons=manifest["opendata"].get("reasons", []),
        resources=len(list_tables(manifest["resources"])),
        rows=sum(item["opendata"].get("rows", 0) for item in list_tables(manifest["resources"])),
        bytes=sum(item["bytes"] for item in manifest["resources"]),
    )
