"""The manifest: a Data Package v2 descriptor for any client, with ours in one object."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from frictionless import Package

from opendata.metadata.canonical import write_canonical
from opendata.metadata.dataset import read_metadata
from opendata.metadata.manifest import TableFile, build_manifest, format_time

SCHEMA = {"fields": [{"name": "code", "type": "string"}], "primaryKey": ["code"]}
FULL = {
    "title": "水库",
    "description": "每日水位",
    "i18n": {"en": {"title": "Reservoirs", "keywords": ["water"]}},
    "disclosure": {"attribute": "conditional", "reason": "安全", "legalBasis": "条例第十五条"},
    "licenses": [{"name": "CC-BY-4.0", "path": "https://creativecommons.org/licenses/by/4.0/"}],
    "keywords": ["水"],
    "sources": [{"title": "水务局", "path": "https://example.org/source"}],
    "contributors": [{"title": "水务局", "roles": ["publisher"]}],
    "homepage": "https://example.org/",
    "updateCycle": "daily",
    "sourceVersion": "2026-01",
}


def make_table(**values: Any) -> TableFile:
    given = {
        "name": "levels",
        "csv_sha256": "a" * 64,
        "csv_bytes": 5,
        "parquet_sha256": "b" * 64,
        "parquet_bytes": 7,
        "rows": 1,
        "schema": SCHEMA,
        "source_sha256": "c" * 64,
        "source_bytes": 9,
    }
    return TableFile(**{**given, **values})


def make_manifest(metadata: dict[str, Any], **values: Any) -> dict[str, Any]:
    given = {
        "dataset": "reservoirs",
        "uuid": "2d2b9f0e-0000-4000-8000-000000000000",
        "publisher": {"id": "water", "title": "水务局"},
        "metadata": read_metadata(metadata),
        "version": "1.0.0",
        "created": datetime(2026, 1, 31, 8, 0, 0, 999, tzinfo=timezone(timedelta(hours=8))),
        "previous": None,
        "resources": [make_table().describe()],
    }
    return build_manifest(**{**given, **values})


@pytest.mark.parametrize("metadata", [{"title": "水库"}, FULL])
def test_frictionless_finds_nothing_wrong_with_a_manifest(metadata: dict[str, Any]) -> None:
    manifest = json.loads(write_canonical(make_manifest(metadata)))
    package = Package.from_descriptor(manifest)
    assert list(package.metadata_validate(manifest)) == []
    assert (package.name, package.title, package.version) == ("reservoirs", "水库", "1.0.0")
    (resource,) = package.resources
    assert (resource.name, resource.path, resource.bytes, resource.hash) == (
        "levels",
        "levels.csv",
        5,
        f"sha256:{'a' * 64}",
    )
    assert (resource.format, resource.encoding, resource.mediatype) == ("csv", "utf-8", "text/csv")
    assert resource.schema.primary_key == ["code"]


def test_a_manifest_names_the_standard_and_its_time_in_utc() -> None:
    manifest = make_manifest(FULL)
    assert manifest["$schema"] == "https://datapackage.org/profiles/2.0/datapackage.json"
    assert manifest["created"] == "2026-01-31T00:00:00Z"
    assert format_time(datetime(2026, 1, 1, tzinfo=UTC)) == "2026-01-01T00:00:00Z"


def test_what_the_standard_has_stands_in_its_place_and_the_rest_in_ours() -> None:
    manifest = make_manifest(FULL, notes="第一版", previous=f"sha256:{'e' * 64}")
    ours = manifest.pop("opendata")
    assert ours == {
        "uuid": "2d2b9f0e-0000-4000-8000-000000000000",
        "publisher": {"id": "water", "title": "水务局"},
        "disclosure": FULL["disclosure"],
        "previous": f"sha256:{'e' * 64}",
        "updateCycle": "daily",
        "sourceVersion": "2026-01",
        "i18n": FULL["i18n"],
        "notes": "第一版",
    }
    for key in ("title", "description", "licenses", "keywords", "sources", "contributors", "homepage"):
        assert manifest[key] == FULL[key]
    assert set(manifest) - set(FULL) == {"$schema", "name", "version", "created", "resources"}


def test_what_is_not_known_is_left_out() -> None:
    manifest = make_manifest({"title": "水库"})
    assert set(manifest) == {"$schema", "name", "title", "version", "created", "resources", "opendata"}
    assert set(manifest["opendata"]) == {"uuid", "publisher", "disclosure", "previous"}
    assert manifest["opendata"]["previous"] is None


def test_a_table_is_one_resource_with_its_parquet_beside() -> None:
    described = make_table(
        title="水位", schema_name="levels@1.0.0", source_schema={"fields": []}, i18n={"en": {"title": "Levels"}}
    ).describe()
    assert described["opendata"] == {
        "rows": 1,
        "parquet": {"path": "levels.parquet", "bytes": 7, "hash": f"sha256:{'b' * 64}"},
        "source": {"bytes": 9, "hash": f"sha256:{'c' * 64}"},
        "schema": "levels@1.0.0",
        "sourceSchema": {"fields": []},
        "i18n": {"en": {"title": "Levels"}},
    }
    assert described["schema"] == SCHEMA
    assert described["title"] == "水位"
    assert "title" not in make_table().describe()
