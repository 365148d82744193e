"""Both editions of DCAT-US: empty, least, full, and what isn't open; all valid by the schemas of the standards."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from opendata.domain.catalogue.entries import CatalogueEntry, Portal
from opendata.domain.disclosure import Disclosure
from opendata.exchange.dcat_us import first, third
from opendata.exchange.dcat_us.parts import NO_ADDRESS, Setting
from tests.exchange.samples import (
    ADDRESSES,
    ALL,
    ARCHIVED,
    CLOSED,
    CONDITIONAL,
    ELSEWHERE,
    EXTERNAL,
    FULL,
    LEAST,
    PORTAL,
    ROAD,
    WATER,
)

_PLACES = [folder / "shared" / "standards" for folder in Path(__file__).parents[4:]]
STANDARDS = next((place for place in _PLACES if place.is_dir()), _PLACES[0])
NOBODY = Portal(names={"zh": "门户"}, organiser={}, languages=("zh",))
PROVINCE = replace(ROAD, id="province", title="省政府", parent="water-bureau")
Write = Callable[[Iterable[CatalogueEntry], Setting, str], Iterator[bytes]]


def set_up(language: str = "zh", portal: Portal = PORTAL) -> Setting:
    agencies = {item.id: item for item in (ROAD, WATER, PROVINCE)}
    return Setting(addresses=ADDRESSES, portal=portal, language=language, agencies=agencies)


@cache
def find_validator(folder: str, name: str) -> Draft202012Validator:
    place = STANDARDS / folder
    if not place.is_dir():
        pytest.skip(f"the standard's schemas aren't at {place}")
    schemas = {path.stem: json.loads(path.read_text()) for path in sorted(place.glob("*.json"))}
    registry: Any = Registry().with_resources(
        (schema.get("$id", key), Resource.from_contents(schema)) for key, schema in schemas.items()
    )
    return Draft202012Validator(schemas[name], registry=registry)


def find_faults(folder: str, name: str, document: object) -> list[str]:
    found = find_validator(folder, name).iter_errors(document)
    return [f"{'/'.join(map(str, item.absolute_path))}: {item.message[:200]}" for item in found]


def check_first(document: dict[str, Any]) -> None:
    folder = "dcat-us-1.1-datagov-harvester"
    catalogue = {**document, "dataset": []}  # its items are in a schema of their own
    assert find_faults(folder, "catalog", catalogue) == []
    for item in document["dataset"]:
        assert find_faults(folder, "non-federal_dataset", item) == [], item["identifier"]
        assert say_nothing(item) == []


def check_third(document: dict[str, Any]) -> None:
    assert find_faults("dcat-us-3.0-definitions", "Catalog", document) == []
    assert [say_nothing(item) for item in document["dataset"] if say_nothing(item)] == []


def say_nothing(value: object, place: str = "") -> list[str]:
    """Where a document has an empty text, list or object, or null."""
    if isinstance(value, dict | list) and value:
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        return [found for key, item in pairs for found in say_nothing(item, f"{place}/{key}")]
    return [place] if value in ("", None, [], {}) else []


@pytest.mark.parametrize(
    ("write", "check"), [(first.write_catalogue, check_first), (third.write_catalogue, check_third)]
)
@pytest.mark.parametrize("entries", [(), (LEAST,), (FULL,), ALL], ids=["empty", "least", "full", "all"])
def test_documents_are_valid(
    write: Write, check: Callable[[dict[str, Any]], None], entries: tuple[CatalogueEntry, ...]
) -> None:
    for setting in (set_up(), set_up("en"), set_up(portal=NOBODY)):
        document = json.loads(b"".join(write(entries, setting, "https://data.example.org/data.json")))
        assert len(document["dataset"]) == len(entries)
        check(document)


def test_an_empty_portal_has_a_document() -> None:
    text = b"".join(first.write_catalogue([], set_up(), "https://data.example.org/data.json"))
    assert json.loads(text) == {
        "@context": "https://project-open-data.cio.gov/v1.1/schema/catalog.jsonld",
        "@id": "https://data.example.org/data.json",
        "@type": "dcat:Catalog",
        "conformsTo": "https://project-open-data.cio.gov/v1.1/schema",
        "describedBy": "https://project-open-data.cio.gov/v1.1/schema/catalog.json",
        "dataset": [],
    }


def test_the_least_has_all_that_is_required_and_nothing_made_up() -> None:
    assert first.describe_dataset(LEAST, set_up(portal=NOBODY)) == {
        "@type": "dcat:Dataset",
        "identifier": "urn:uuid:00000000-0000-4000-8000-000000000001",
        "title": "道路",
        "description": "数据集：道路。",
        "keyword": ["道路局"],
        "modified": "2025-01-02T03:04:05Z",
        "publisher": {"@type": "org:Organization", "name": "道路局"},
        "contactPoint": {"@type": "vcard:Contact", "fn": "道路局", "hasEmail": NO_ADDRESS},
        "accessLevel": "public",
        "landingPage": "https://data.example.org/datasets/roads",
    }


def test_the_full_one_says_everything() -> None:
    found = first.describe_dataset(FULL, set_up())
    assert found["publisher"] == {
        "@type": "org:Organization",
        "name": "水务局",
        "subOrganizationOf": {"@type": "org:Organization", "name": "省政府"},
    }  # and no circle
    assert found["contactPoint"]["hasEmail"] == "mailto:data@example.org"
    assert (found["temporal"], found["accrualPeriodicity"]) == ("2025-01-01/2026-12-31", "R/P1M")
    assert (found["spatial"], found["theme"], found["language"]) == ("河南省 郑州市", ["生态环保"], ["zh"])
    assert found["license"] == "https://creativecommons.org/licenses/by/4.0/"
    assert found["references"] == ["https://example.org/reservoirs", "https://example.org/stations"]
    assert [item["format"] for item in found["distribution"]] == ["CSV", "Parquet", "CSV", "Parquet", "PDF"]
    assert found["distribution"][0] == {
        "@type": "dcat:Distribution",
        "title": "水文站",
        "description": "每个水文站一行",
        "downloadURL": "https://data.example.org/datasets/reservoirs/2.0.0/stations.csv",
        "mediaType": "text/csv",
        "format": "CSV",
        "describedBy": "https://data.example.org/datasets/reservoirs/2.0.0/stations.schema.json",
        "describedByType": "application/json",
        "conformsTo": "https://data.example.org/schemas/station/1.0.0.json",
    }
    english = first.describe_dataset(FULL, set_up("en"))
    assert (english["title"], english["keyword"]) == ("Reservoir levels", ["water", "reservoir"])


def test_the_third_edition_has_versions_sizes_and_checksums() -> None:
    found = third.describe_dataset(FULL, set_up())
    assert (found["version"], found["versionNotes"]) == ("2.0.0", "改了站码")
    assert found["previousVersion"]["version"] == "1.1.0"
    assert (found["accrualPeriodicity"], found["temporal"][0]["endDate"]) == ("monthly", "2026-12-31")
    csv = found["distribution"][0]
    assert (csv["byteSize"], csv["checksum"]["algorithm"]) == ("1234", "SHA-256")
    assert csv["checksum"]["checksumValue"] == FULL.manifest.resources[0].file.sha256  # type: ignore[union-attr]


def test_what_isnt_open_has_reasons_and_no_data() -> None:
    for describe in (first.describe_dataset, third.describe_dataset):
        closed, conditional = describe(CLOSED, set_up()), describe(CONDITIONAL, set_up())
        assert "distribution" not in closed
        assert "describedBy" not in closed
        assert closed.get("accessLevel", closed.get("accessRights")) == "non-public"
        assert {item["downloadURL"].rpartition("/")[2] for item in conditional["distribution"]} == {
            "stations.csv",
            "stations.parquet",
        }
        assert "levels.csv" not in json.dumps(conditional)
        rights = conditional["rights"]
        assert "涉及商业秘密 — 政府信息公开条例第十五条" in rights
    long = replace(CLOSED.metadata, disclosure=Disclosure(attribute="closed", reason="因" * 300, legal_basis="法"))
    assert len(first.describe_dataset(replace(CLOSED, metadata=long), set_up())["rights"]) == 255


def test_a_large_document_comes_in_pieces_and_stays_valid() -> None:
    pieces = list(first.write_catalogue([FULL] * 60, set_up(), "https://data.example.org/data.json"))
    assert len(pieces) > 2
    assert len(json.loads(b"".join(pieces))["dataset"]) == 60
    assert first.describe_dataset(ARCHIVED, set_up())["identifier"].endswith(ARCHIVED.uuid)


def test_a_harvested_dataset_leads_to_its_portal() -> None:
    for document in (first.describe_dataset(EXTERNAL, set_up()), third.describe_dataset(EXTERNAL, set_up())):
        found = document["distribution"]
        assert found[0]["title"].startswith("表")
        assert [(item["accessURL"].removeprefix(ELSEWHERE), item.get("format")) for item in found] == [
            ("/%E8%A1%A8.csv", "CSV"),
            ("/wms?x=1&y=2", "WMS"),
            ("/api", "API"),
            ("/about", "HTML"),
            ("/raw", None),
        ]
    for write, check in ((first.write_catalogue, check_first), (third.write_catalogue, check_third)):
        check(json.loads(b"".join(write([EXTERNAL], set_up(), ADDRESSES.at("/data.json")))))
