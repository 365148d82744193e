"""The manifest of a version: a Data Package v2 descriptor with digests, chained to the version before it.

Everything of ours sits in one object named `opendata`, on package, resource or field, so that a client that never
heard of us reads a plain Data Package. Source: datapackage.org v2 (2024-06).
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from opendata.metadata.dataset import DatasetMetadata

PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class TableFile:
    """One published table. Digests are hexadecimal SHA-256, sizes in bytes; `schema` is the published one.

    `report` is digest and size of what the check counted and of what is in the columns, where that is kept.
    `source_schema` is given where the source's schema says more (its lexical options) than the published one.
    """

    name: str
    csv_sha256: str
    csv_bytes: int
    parquet_sha256: str
    parquet_bytes: int
    rows: int
    schema: Mapping[str, Any]
    source_sha256: str
    source_bytes: int
    title: str = ""
    description: str = ""
    i18n: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    schema_name: str = ""
    source_schema: Mapping[str, Any] | None = None
    report: tuple[str, int] | None = None

    def describe(self) -> dict[str, Any]:
        """The resource descriptor."""
        ours: dict[str, Any] = {
            "rows": self.rows,
            "parquet": {
                "path": f"{self.name}.parquet",
                "bytes": self.parquet_bytes,
                "hash": f"sha256:{self.parquet_sha256}",
            },
            "source": {"bytes": self.source_bytes, "hash": f"sha256:{self.source_sha256}"},
        }
        if self.schema_name:
            ours["schema"] = self.schema_name
        if self.source_schema is not None:
            ours["sourceSchema"] = dict(self.source_schema)
        if self.report is not None:
            sha256, size = self.report
            ours["report"] = {"path": f"{self.name}.report.json", "bytes": size, "hash": f"sha256:{sha256}"}
        if self.i18n:
            ours["i18n"] = {key: dict(value) for key, value in self.i18n.items()}
        found: dict[str, Any] = {
            "name": self.name,
            "type": "table",
            "title": self.title,
            "description": self.description,
            "path": f"{self.name}.csv",
            "format": "csv",
            "mediatype": "text/csv",
            "encoding": "utf-8",
            "bytes": self.csv_bytes,
            "hash": f"sha256:{self.csv_sha256}",
            "schema": dict(self.schema),
            "opendata": ours,
        }
        return {key: value for key, value in found.items() if value != ""}


def build_manifest(
    *,
    dataset: str,
    uuid: str,
    publisher: Mapping[str, Any],
    metadata: DatasetMetadata,
    version: str,
    created: datetime,
    previous: str | None,
    resources: Sequence[Mapping[str, Any]],
    notes: str = "",
    reasons: Sequence[Any] = (),
    breaking: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The manifest of one version. `created` is aware; `previous` is `sha256:…` of the manifest before, or None."""
    ours: dict[str, Any] = {
        "uuid": uuid,
        "publisher": dict(publisher),
        "disclosure": metadata.disclosure.describe(),
        "previous": previous,
    }
    optional = {
        "updateCycle": metadata.update_cycle,
        "sourceVersion": metadata.source_version,
        "i18n": {key: dict(value) for key, value in metadata.i18n.items()},
        "notes": notes,
        "reasons": list(reasons),
        "breaking": dict(breaking or {}),
    }
    ours |= {key: value for key, value in optional.items() if value}
    found: dict[str, Any] = {
        "$schema": PROFILE,
        "name": dataset,
        "title": metadata.title,
        "description": metadata.description,
        "version": version,
        "created": format_time(created),
        "homepage": metadata.homepage,
        "licenses": [dict(item) for item in metadata.licenses],
        "keywords": list(metadata.keywords),
        "sources": [dict(item) for item in metadata.sources],
        "contributors": [dict(item) for item in metadata.contributors],
        "resources": [dict(item) for item in resources],
        "opendata": ours,
    }
    return {key: value for key, value in found.items() if value or key == "resources"}


def list_blobs(manifest: Mapping[str, Any], names: Container[str] | None = None) -> list[str]:
    """The digests of the files that a version is made of, of the resources named or of all; hexadecimal, each once."""
    found: dict[str, None] = {}
    for resource in manifest["resources"]:
        if names is None or resource["name"] in names:
            ours = resource.get("opendata", {})
            parts = (resource, ours.get("parquet"), ours.get("report"))
            found |= {part["hash"].removeprefix("sha256:"): None for part in parts if part}
    return list(found)


def format_time(moment: datetime) -> str:
    """RFC 3339 in UTC to the second, as `created` has it."""
    from datetime import UTC

    return moment.astimezone(UTC).replace(microsecond=0).strftime("%Y-%m-%dT%H:%M:%SZ")
