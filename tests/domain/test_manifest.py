"""The manifest: a Data Package v2 descriptor for any client, with ours in one object; read, it loses nothing."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from frictionless import Package
from hypothesis import given
from hypothesis import strategies as st

from opendata.domain.manifest import Manifest
from opendata.domain.moments import format_time
from opendata.domain.resources import Attachment, StoredFile, TableResource
from opendata.domain.schema import TableSchema
from opendata.metadata.canonical import write_canonical
from opendata.metadata.dataset import read_metadata

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


TEXT = st.text(max_size=5)
DIGEST = st.text("0123456789abcdef", min_size=64, max_size=64).map("sha256:{}".format)


def objects(value: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Objects with properties of any name."""
    return st.dictionaries(TEXT, value, max_size=3)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT, lambda item: st.lists(item, max_size=2) | objects(item)
)


def extended(required: dict[str, st.SearchStrategy[Any]], **optional: st.SearchStrategy[Any]) -> Any:
    """Objects of what has to be there, what may be, and what nobody knows."""
    known = st.fixed_dictionaries(required, optional=optional)
    return st.builds(lambda found, more: {**more, **found}, known, objects(JSON))


I18N = st.dictionaries(st.sampled_from(["en", "zh"]), st.dictionaries(st.just("title"), TEXT))
FILE = {"bytes": st.integers(0), "hash": DIGEST}
STORED = extended(FILE)
TABLE = extended(
    {
        "name": TEXT,
        "path": TEXT,
        **FILE,
        "schema": extended({"fields": st.just([])}),
        "opendata": extended(
            {"rows": st.integers(0), "parquet": STORED, "source": STORED},
            report=STORED,
            schema=TEXT,
            sourceSchema=objects(JSON),
            i18n=I18N,
        ),
    },
    title=TEXT,
    description=TEXT,
)
ATTACHMENT = extended(
    {"name": TEXT, "path": TEXT.map("files/{}".format), "format": TEXT, "mediatype": TEXT, **FILE},
    title=TEXT,
    opendata=extended({}, i18n=I18N),
).map(lambda found: {key: value for key, value in found.items() if key != "schema"})
MANIFEST = extended(
    {
        "name": TEXT,
        "version": TEXT,
        "created": st.integers(0, 2**32).map(lambda seconds: format_time(datetime.fromtimestamp(seconds, UTC))),
        "resources": st.lists(TABLE | ATTACHMENT, max_size=3),
        "opendata": extended(
            {"uuid": TEXT, "publisher": extended({"id": TEXT}), "previous": st.none() | DIGEST},
            disclosure=extended({}, attribute=st.sampled_from(["open", "closed"]), reason=TEXT),
            notes=TEXT,
            i18n=I18N,
            reasons=st.lists(JSON, max_size=2),
            approval=objects(JSON),
        ),
    },
    title=TEXT,
    licenses=st.lists(extended({}, name=TEXT), max_size=2),
    keywords=st.lists(TEXT, max_size=2),
)


def make_table(**values: Any) -> TableResource:
    given = {
        "name": "levels",
        "file": StoredFile("a" * 64, 5),
        "parquet": StoredFile("b" * 64, 7),
        "source": StoredFile("c" * 64, 9),
        "rows": 1,
        "schema": TableSchema(SCHEMA),
    }
    return TableResource(**{**given, **values})


def make_manifest(metadata: dict[str, Any], **values: Any) -> dict[str, Any]:
    given = {
        "name": "reservoirs",
        "uuid": "2d2b9f0e-0000-4000-8000-000000000000",
        "publisher": {"id": "water", "title": "水务局"},
        "metadata": read_metadata(metadata),
        "version": "1.0.0",
        "created": datetime(2026, 1, 31, 8, 0, 0, 999, tzinfo=timezone(timedelta(hours=8))),
        "previous": None,
        "resources": [make_table()],
    }
    return dict(Manifest(**{**given, **values}).to_json())


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
        title="水位",
        schema_name="levels@1.0.0",
        source_schema=TableSchema({"fields": []}),
        i18n={"en": {"title": "Levels"}},
    ).to_json()
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
    assert "title" not in make_table().to_json()


@given(MANIFEST)
def test_a_manifest_that_was_read_is_written_to_the_byte(document: dict[str, Any]) -> None:
    before = write_canonical(document)
    manifest = Manifest.from_json(json.loads(before))
    assert write_canonical(manifest.to_json()) == before
    carried = {item["name"]: item for item in document["resources"]}
    assert {item.name: item.to_json() for item in manifest.resources} == json.loads(write_canonical(carried))


@pytest.mark.parametrize("metadata", [{"title": "水库"}, FULL])
def test_what_a_manifest_says_is_found_again_by_whoever_reads_it(metadata: dict[str, Any]) -> None:
    made = Manifest(
        name="reservoirs",
        uuid="2d2b9f0e",
        publisher={"id": "water", "title": "水务局"},
        metadata=read_metadata(metadata),
        version="1.0.0",
        created=datetime(2026, 1, 31, tzinfo=UTC),
        previous=None,
        resources=(
            make_table(title="水位", schema_name="levels@1.0.0", report=StoredFile("d" * 64, 3)),
            Attachment(
                name="about",
                filename="about.pdf",
                format="pdf",
                mediatype="application/pdf",
                file=StoredFile("e" * 64, 2),
                i18n={"en": {"title": "About"}},
            ),
        ),
        notes="第一版",
        breaking={"reason": "x", "announced": "2026-01-01T00:00:00Z", "effective": "2026-01-31"},
        approval={
            "digest": f"sha256:{'f' * 64}",
            "checks": [{"check": "secrecy", "result": "passed", "role": "reviewer", "at": "2026-01-01T00:00:00Z"}],
        },
    )
    read = Manifest.from_json(json.loads(write_canonical(made.to_json())))
    assert (read.tables, read.attachments) == ([made.resources[0]], [made.resources[1]])
    assert read.metadata.disclosure == made.metadata.disclosure
    assert read.metadata.to_json() == made.metadata.to_json()
    for name in ("name", "version", "created", "uuid", "publisher", "previous", "notes", "breaking", "approval"):
        assert getattr(read, name) == getattr(made, name)
    assert read.list_blobs() == [letter * 64 for letter in "abde"]
    assert read.list_blobs({"about"}) == ["e" * 64]
