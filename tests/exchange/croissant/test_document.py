"""Croissant documents: an empty entry, the least, everything, and what the gate leaves of the others."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from opendata.domain.catalogue.entries import CatalogueEntry
from opendata.domain.resources import TableResource
from opendata.exchange.croissant.document import write_croissant
from opendata.exchange.croissant.record_sets import Profiles, identify_field
from tests.exchange.samples import ADDRESSES, ALL, BASE, CLOSED, CONDITIONAL, EXTERNAL, FULL, LEAST, PORTAL

PROFILES: Profiles = {
    "levels": [
        {
            "name": "level",
            "type": "number",
            "count": 4999,
            "missing": 1,
            "distinct": {"count": 900, "exact": True},
            "least": "0.50",
            "greatest": 88.25,
            "mean": 13.5,
        }
    ]
}


def write(entry: CatalogueEntry, version: str = "1.1", spelling: str = "https") -> dict[str, Any]:
    data = write_croissant(
        entry, ADDRESSES, PORTAL, ZoneInfo("UTC"), profiles=PROFILES, version=version, spelling=spelling
    )
    found: dict[str, Any] = json.loads(data)
    return found


def find_field(found: dict[str, Any], name: str) -> dict[str, Any]:
    fields = [field for table in found["recordSet"] for field in table["field"]]
    return next(field for field in fields if field["@id"] == name)


def test_the_least_dataset_has_a_name_a_publisher_and_nothing_that_nobody_said() -> None:
    found = write(LEAST)
    del found["@context"]
    publisher = {
        "@type": "sc:Organization",
        "@id": f"{BASE}/publishers/road-bureau",
        "name": "道路局",
        "url": f"{BASE}/publishers/road-bureau",
    }
    assert found == {
        "@type": "sc:Dataset",
        "@id": f"{BASE}/datasets/roads",
        "conformsTo": "http://mlcommons.org/croissant/1.1",
        "name": "道路",
        "description": "道路",
        "url": f"{BASE}/datasets/roads",
        "identifier": "urn:uuid:00000000-0000-4000-8000-000000000001",
        "creator": [publisher],
        "publisher": publisher,
        "dateCreated": "2025-01-02T03:04:05Z",
        "dateModified": "2025-01-02T03:04:05Z",
        "isLiveDataset": False,
        "isAccessibleForFree": True,
    }


def test_files_are_those_of_the_version_with_digests() -> None:
    found = write(FULL)
    assert [item["@id"] for item in found["distribution"]] == [
        *("stations.csv", "stations.parquet", "levels.csv", "levels.parquet"),
        "map",
    ]
    first = found["distribution"][0]
    assert first["contentUrl"] == f"{BASE}/datasets/reservoirs/2.0.0/stations.csv"
    assert (first["contentSize"], len(first["sha256"])) == ("1234 B", 64)
    assert found["distribution"][1]["encodingFormat"][1] == "application/x-parquet"
    assert found["distribution"][4]["name"] == "水库 map.pdf"
    assert (found["version"], found["isLiveDataset"]) == ("2.0.0", False)
    assert found["citeAs"].startswith("@dataset{reservoirs-2.0.0,")


def test_files_at_another_portal_are_none_of_a_version() -> None:
    assert "distribution" not in write(EXTERNAL)


def test_tables_have_keys_types_and_references() -> None:
    found = write(FULL)
    stations, levels = found["recordSet"]
    assert stations["key"] == [{"@id": "stations/站码"}]
    assert levels["key"] == [{"@id": "levels/station"}, {"@id": "levels/time"}]
    assert find_field(found, "levels/station")["references"] == {"field": {"@id": "stations/站码"}}
    assert [field["dataType"] for field in levels["field"]] == [
        *("sc:Text", "sc:DateTime", "sc:Float", "sc:Integer", "sc:Integer", "sc:Text", "sc:Float", "sc:Text"),
    ]
    assert find_field(found, "stations/lat%20lon")["source"] == {
        "fileObject": {"@id": "stations.parquet"},
        "extract": {"column": "lat lon"},
    }


def test_statistics_and_units_are_annotations() -> None:
    found = write(FULL)
    notes = {item["name"]: item for item in find_field(found, "levels/level")["annotation"]}
    assert notes["unit"]["value"] == "m"
    assert (notes["ArithmeticMean"]["value"], notes["ArithmeticMean"]["dataType"]) == (13.5, "ddi-stats:7975ed0")
    assert (notes["Minimum"]["value"], notes["Minimum"]["equivalentProperty"]) == (0.5, "sc:minValue")
    assert notes["InvalidCases"]["value"] == 1
    assert notes["distinct"]["value"] == 900
    assert found["recordSet"][1]["annotation"][0]["value"] == 5000


def test_1_0_has_no_annotations_and_says_units_in_words() -> None:
    found = write(FULL, version="1.0")
    assert found["conformsTo"] == "http://mlcommons.org/croissant/1.0"
    assert "annotation" not in json.dumps(found)
    assert find_field(found, "levels/level")["description"] == "水位\n[m]"


@pytest.mark.parametrize("version", ["1.1", "1.0"])
def test_schema_org_is_spelt_in_both_ways(version: str) -> None:
    usual, letter = write(FULL, version), write(FULL, version, "http")
    assert usual["@context"]["sc"] == usual["@context"]["@vocab"] == "https://schema.org/"
    assert letter["@context"]["sc"] == letter["@context"]["@vocab"] == "http://schema.org/"
    assert ("value" in usual["@context"], letter["@context"]["value"]) == (False, "cr:value")
    assert {**usual, "@context": None} == {**letter, "@context": None}


def test_what_is_not_open_has_no_files_beyond_those_for_everybody() -> None:
    found = write(CONDITIONAL)
    assert {item["@id"] for item in found["distribution"]} == {"stations.csv", "stations.parquet"}
    assert [item["@id"] for item in found["recordSet"]] == ["stations"]
    assert found["conditionsOfAccess"] == "涉及商业秘密\n政府信息公开条例第十五条"
    assert "isAccessibleForFree" not in found
    found = write(CLOSED)
    assert "distribution" not in found
    assert "recordSet" not in found
    assert "version" not in found


def test_a_reference_goes_to_a_table_of_the_document_only() -> None:
    alone = replace(FULL, public=frozenset(["levels"]))
    assert "references" not in find_field(write(alone), "levels/station")


def test_ids_are_unique_whatever_columns_are_called() -> None:
    table = FULL.manifest.resources[1]  # type: ignore[union-attr]
    assert isinstance(table, TableResource)
    assert identify_field("a", 'x/y #%<>"{}|^`\\z\u0001') == "a/x%2Fy%20%23%25%3C%3E%22%7B%7D%7C%5E%60%5Cz%01"
    for entry in ALL:
        found = write(entry)
        ids = [item["@id"] for item in found.get("distribution", ())]
        for record_set in found.get("recordSet", ()):
            ids.append(record_set["@id"])
            ids += [item["@id"] for item in record_set["annotation"]]
            for field in record_set["field"]:
                ids += [field["@id"], *(item["@id"] for item in field.get("annotation", ()))]
        assert len(ids) == len(set(ids))
