"""schema.org of datasets and the catalogue: what Google requires, nothing empty, nothing that ends its element."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from opendata.domain.catalogue.entries import CatalogueEntry, Portal
from opendata.exchange.schema_org.documents import describe_catalogue, describe_dataset, write_script
from tests.exchange.dcat_us.test_documents import NOBODY, say_nothing
from tests.exchange.samples import (
    ADDRESSES,
    ALL,
    ARCHIVED,
    CLOSED,
    CONDITIONAL,
    ELSEWHERE,
    EXTERNAL,
    FULL,
    HOSTILE,
    LEAST,
    PORTAL,
    STATIONS,
)


def describe(entry: CatalogueEntry, language: str = "zh", portal: Portal = PORTAL, **options: bool) -> dict[str, Any]:
    return describe_dataset(entry, ADDRESSES, portal, language, **options)


@pytest.mark.parametrize("portal", [PORTAL, NOBODY], ids=["portal", "nobody"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_each_has_what_google_requires(language: str, portal: Portal) -> None:
    for entry in (*ALL, replace(LEAST, metadata=replace(LEAST.metadata, title="路"))):
        found = describe(entry, language, portal)
        assert (found["@context"], found["@type"]) == ("https://schema.org/", "Dataset")
        assert found["name"]
        assert 50 <= len(found["description"]) <= 5000
        for item in found.get("distribution", ()):
            assert item["contentUrl"].startswith("https://data.example.org/datasets/reservoirs/2.0.0/")
            assert "/" in item["encodingFormat"]
            assert re.fullmatch(r"[0-9]+ B", item["contentSize"])
            assert re.fullmatch(r"[0-9a-f]{64}", item["sha256"])
        assert found["publisher"]["name"]
        assert found["includedInDataCatalog"]["name"]
        assert say_nothing(found) == []


def test_the_least_says_what_is_known_and_no_more() -> None:
    found = describe(LEAST)
    assert found["description"] == (
        "数据集：道路。数据提供方：道路局。公开属性：主动公开（无条件开放）。"
        "2025-01-02 起列入示例开放数据平台的数据目录。"
    )
    assert {"distribution", "license", "version", "temporalCoverage", "keywords"} & found.keys() == set()
    assert found["isAccessibleForFree"] is True


def test_the_full_one_says_everything() -> None:
    found = describe(FULL, "en")
    assert (found["name"], found["alternateName"]) == ("Reservoir levels", ["水库水位"])
    assert (found["temporalCoverage"], found["version"]) == ("2025-01-01/2026-12-31", "2.0.0")
    assert found["license"] == "https://creativecommons.org/licenses/by/4.0/"
    assert found["spatialCoverage"]["name"].startswith("Henan")
    assert found["publisher"]["name"] == found["creator"]["name"] == "Water bureau"
    variables = {item["name"]: item for item in found["variableMeasured"]}
    assert variables["Code"]["alternateName"] == "站码"
    assert variables["水位"] == {
        "@type": "PropertyValue",
        "name": "水位",
        "alternateName": "level",
        "unitText": "m",
        "minValue": 0,
        "maxValue": 9000,
    }
    assert len(found["distribution"]) == 5
    version = describe(FULL, is_version=True)
    assert version["@id"] == "https://data.example.org/datasets/reservoirs/2.0.0/"
    assert version["identifier"] != found["identifier"]


def test_what_isnt_open_says_why_and_gives_nothing() -> None:
    closed, conditional = describe(CLOSED), describe(CONDITIONAL)
    assert closed["conditionsOfAccess"] == "涉及国家秘密 — 政府信息公开条例第十四条"
    assert {"distribution", "isAccessibleForFree", "version"} & closed.keys() == set()
    assert [item["name"] for item in conditional["distribution"]] == ["水文站 (CSV)", "水文站 (Parquet)"]
    assert describe(ARCHIVED)["creativeWorkStatus"] == "Archived"


def test_a_harvested_dataset_leads_to_its_portal() -> None:
    found = describe(EXTERNAL)
    assert found["isBasedOn"] == [f"{ELSEWHERE}/a"]
    assert [item["contentUrl"].removeprefix(ELSEWHERE) for item in found["distribution"]] == [
        *("/表.csv", "/wms?x=1&y=2", "/api", "/raw"),
    ]
    first = found["distribution"][0]
    assert (first["encodingFormat"], first["contentSize"]) == ("text/csv", "12 B")
    assert found["subjectOf"] == [{"@type": "WebPage", "name": "说明", "url": f"{ELSEWHERE}/about"}]
    assert say_nothing(found) == []


def test_the_catalogue_names_the_portal() -> None:
    assert describe_catalogue(ADDRESSES, PORTAL, "en") == {
        "@context": "https://schema.org/",
        "@type": "DataCatalog",
        "@id": "https://data.example.org/",
        "url": "https://data.example.org/",
        "name": "Example open data",
        "alternateName": ["示例开放数据平台"],
        "description": "Data of the departments of Example",
        "inLanguage": ["zh", "en"],
        "isAccessibleForFree": True,
        "publisher": {"@type": "Organization", "name": "Example office", "email": "open@example.org"},
    }


@pytest.mark.parametrize(
    "text", [HOSTILE, "</script>", "<!--<script>", "\u2028\u2029", "]]>", "&lt;/script&gt;", "\\u003c"]
)
def test_no_text_ends_its_element(text: str) -> None:
    hostile = replace(FULL.metadata, title=text, description=text * 20, keywords=(text,))
    table = replace(STATIONS, title=text)
    manifest = replace(FULL.manifest, resources=(table,))  # type: ignore[type-var]
    written = write_script(describe(replace(FULL, metadata=hostile, manifest=manifest)))
    assert not re.search("[<>&\u2028\u2029]", written)
    assert json.loads(written)["name"] == text
