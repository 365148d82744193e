"""Entries as packages: what readers of CKAN refuse to find, ids that stay, and what the gate keeps back."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from opendata.domain.catalogue.entries import CatalogueEntry
from opendata.exchange.ckan import ids
from opendata.exchange.ckan.facts import read_facts
from opendata.exchange.ckan.packages import (
    describe_organization,
    describe_package,
    describe_theme,
    list_licences,
)
from tests.exchange.samples import (
    ADDRESSES,
    ALL,
    ARCHIVED,
    BASE,
    CLOSED,
    CONDITIONAL,
    ELSEWHERE,
    EXTERNAL,
    FULL,
    HOSTILE,
    LEAST,
    ROAD,
    WATER,
)

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}")
KINDS = (None, "file", "file.upload", "api", "documentation", "image", "visualization")


def describe(entry: CatalogueEntry, language: str = "zh") -> dict[str, Any]:
    return describe_package(entry, ADDRESSES, language)


def check_as_udata(package: dict[str, Any], start: str = f"{BASE}/dataset/") -> None:
    """What the strict schema of udata's harvester wants, and the validators of CKAN."""
    assert package["type"] == "dataset"
    assert package["state"] == "active"
    assert re.fullmatch(r"[a-z0-9_-]{2,100}", package["name"])
    for name in ("title", "notes", "url", "version", "license_id", "license_title", "license_url", "author"):
        assert isinstance(package[name], str), name
    assert package["title"]
    for name in ("author_email", "maintainer_email"):
        assert not package[name] or "@" in package[name]
    organization = package["organization"]
    assert isinstance(organization["description"], str)
    assert organization["approval_status"] == "approved"
    assert package["owner_org"] == organization["id"]
    for tag in package["tags"]:
        assert tag["id"]
        assert re.fullmatch(r"[\w \-.]{2,100}", tag["name"])
    for group in package["groups"]:
        assert re.fullmatch(r"[a-z0-9_-]{2,100}", group["name"])
        assert group["title"]
    for resource in package["resources"]:
        assert UUID(resource["id"])
        assert isinstance(resource["hash"], str)
        assert isinstance(resource["description"], str)
        assert resource["format"]
        assert resource["name"]
        assert resource["resource_type"] in KINDS
        assert resource["package_id"] == package["id"]
        assert resource["url"].startswith(start)
    keys = [item["key"] for item in package["extras"]]
    assert len(keys) == len({*keys})
    assert "spatial" not in keys  # a polygon is expected there
    assert all(isinstance(item["value"], str) and item["value"] for item in package["extras"])
    for item in (package, *package["resources"]):
        moments = [value for name, value in item.items() if name.endswith(("_modified", "created")) and value]
        assert moments
        assert all(MOMENT.fullmatch(value) for value in moments)
    assert package["num_resources"] == len(package["resources"])
    assert package["num_tags"] == len(package["tags"])
    assert json.loads(json.dumps(package)) == package


@pytest.mark.parametrize("entry", ALL, ids=lambda entry: entry.id)
def test_every_package_is_one_that_harvesters_take(entry: CatalogueEntry) -> None:
    check_as_udata(describe(entry))
    assert {*describe(entry)} == {*describe(LEAST)}


def test_the_least_says_that_nothing_is_known() -> None:
    package = describe(LEAST)
    assert (package["title"], package["notes"], package["version"], package["resources"]) == ("道路", "", "", [])
    assert (package["license_id"], package["isopen"], package["tags"], package["groups"]) == (
        "notspecified",
        False,
        [],
        [],
    )
    assert {item["key"] for item in package["extras"]} == {
        "uri",
        "identifier",
        "publisher_uri",
        "publisher_name",
        "modified",
        "access_rights",
        "disclosure",
    }


def test_everything_is_said() -> None:
    package = describe(FULL)
    assert (package["license_id"], package["isopen"]) == ("cc-by-4.0", True)
    assert [item["format"] for item in package["resources"]] == ["CSV", "Parquet", "CSV", "Parquet", "PDF"]
    assert [item["datastore_active"] for item in package["resources"]] == [True, False, True, False, False]
    assert [item["position"] for item in package["resources"]] == [0, 1, 2, 3, 4]
    assert package["resources"][0]["hash"] == FULL.manifest.resources[0].file.sha256  # type: ignore[union-attr]
    assert [item["name"] for item in package["tags"]] == ["水库", "水位"]
    assert [item["name"] for item in package["groups"]] == ["ecology-and-environment"]
    assert HOSTILE in package["notes"]
    extras = {item["key"]: item["value"] for item in package["extras"]}
    assert extras["frequency"] == "R/P1M"
    assert (extras["temporal_start"], extras["temporal_end"]) == ("2025-01-01", "2026-12-31")
    assert extras["spatial_code"] == "410100"
    english = describe(FULL, "en")
    assert english["title"] == "Reservoir levels"
    assert english["organization"]["title"] == "Water bureau"
    assert english["groups"][0]["title"] == "Ecology and environment"
    archived = {item["key"]: item["value"] for item in describe(ARCHIVED)["extras"]}
    assert archived["successor"] == "water-levels"


def test_what_is_not_open_has_its_reason_and_no_address_of_data() -> None:
    conditional, closed = describe(CONDITIONAL), describe(CLOSED)
    assert {item["name"] for item in conditional["resources"]} == {"水文站"}
    assert closed["resources"] == []
    assert not closed["isopen"]
    assert not conditional["isopen"]
    extras = {item["key"]: item["value"] for item in closed["extras"]}
    assert (extras["disclosure"], extras["disclosure_reason"]) == ("closed", "涉及国家秘密")
    assert extras["legal_basis"]
    assert "levels" not in json.dumps([conditional["resources"], closed])


def test_ids_stay_over_versions_titles_and_names() -> None:
    first = describe(FULL)
    later = replace(
        FULL,
        id="renamed",
        modified=datetime(2027, 1, 1, tzinfo=UTC),
        metadata=replace(FULL.metadata, title="另一个名称"),
        manifest=replace(FULL.manifest, name="renamed", version="3.0.0"),  # type: ignore[type-var]
    )
    second = describe(later)
    assert second["id"] == first["id"]
    assert [item["id"] for item in second["resources"]] == [item["id"] for item in first["resources"]]
    assert second["owner_org"] == first["owner_org"]
    assert first["resources"][0]["id"] == "4280eb0f-82a5-543d-a886-871527983851"
    assert first["owner_org"] == "d8192af7-e32f-55b3-8701-ed1016bd95b5"
    assert first["groups"][0]["id"] == "bcbf261a-77d7-5130-9292-a81e1eec89f2"


def test_a_harvested_dataset_leads_to_its_portal() -> None:
    package = describe(EXTERNAL)
    check_as_udata(package, ELSEWHERE)
    found = package["resources"]
    assert [(item["url"].removeprefix(ELSEWHERE), item["format"], item["mimetype"]) for item in found] == [
        ("/表.csv", "CSV", "text/csv"),
        ("/wms?x=1&y=2", "WMS", None),
        ("/api", "API", None),
        ("/about", "HTML", "text/html"),
        ("/raw", "BIN", None),
    ]
    assert {(item["url_type"], item["resource_type"], item["datastore_active"]) for item in found} == {
        ("", None, False),
    }
    assert (found[0]["size"], found[0]["id"]) == (12, "e242ca70-ec91-5140-87c9-153b1b2383aa")
    assert {*found[0]} == {*describe(FULL)["resources"][0]}
    facts = read_facts(package)
    assert facts.facets["res_format"] == ["CSV", "WMS", "API", "HTML", "BIN"]
    assert facts.exact["res_mimetype"] == ["text/csv", "text/html"]


def test_tags_that_are_refused_elsewhere_are_left_out() -> None:
    assert list(ids.list_tags(["水", "水位", "a,b", "  two \t words ", "水位", "c++", "x" * 101, "é_-."])) == [
        "水位",
        "two words",
        "é_-.",
    ]


def test_organizations_groups_and_licences_have_all_their_keys() -> None:
    water, road = describe_organization(WATER, "en", 3), describe_organization(ROAD, "en", 0, [])
    assert (water["title"], water["package_count"], road["packages"]) == ("Water bureau", 3, [])
    assert road["description"] == ""
    names = [ids.name_group(item) for item in ids.list_themes()]
    assert len({*names}) == len(names) > 10
    for theme in ids.list_themes():
        group = describe_theme(theme, "zh", 1)
        assert ids.find_theme(group["name"]) == ids.find_theme(group["id"]) == theme
        assert {*water} == {*group}
    assert {"cc-by-4.0", "notspecified"} <= {item["id"] for item in list_licences()}
