"""A version in other vocabularies: addresses, media types, caches, links, and what the gate says."""

from __future__ import annotations

import json

import pytest
import yaml
from lxml import etree

from tests.web.conftest import Portal

PLACE = "/datasets/reservoirs/1.0.0"


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        (f"{PLACE}/croissant.json", 'application/ld+json; profile="http://mlcommons.org/croissant/1.1"'),
        (f"{PLACE}/croissant.json?version=1.0", 'application/ld+json; profile="http://mlcommons.org/croissant/1.0"'),
        (f"{PLACE}/reservoirs.csv-metadata.json", "application/csvm+json"),
        (f"{PLACE}/csv-metadata.json", "application/csvm+json"),
        (f"{PLACE}/contract.odcs.yaml", "application/yaml"),
        ("/datasets/reservoirs.gb.json", "application/json"),
        ("/datasets/reservoirs.gb.xml", "application/xml"),
    ],
)
def test_each_document_has_its_type_a_tag_and_is_open_to_all_origins(
    portal: Portal, path: str, media_type: str
) -> None:
    path = path.replace("/reservoirs.csv", f"/{find_table(portal)}.csv")
    answer = portal.client().get(path)
    assert (answer.status_code, answer.content_type) == (200, media_type)
    assert answer.headers["Cache-Control"] == "public, max-age=3600"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    again = portal.client().get(path, headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


def find_table(portal: Portal) -> str:
    return portal.services.versions.get_manifest("reservoirs", "1.0.0").tables[0].name


def test_croissant_is_of_the_version_and_refuses_what_there_is_not(portal: Portal) -> None:
    client = portal.client("en")
    found = json.loads(client.get(f"{PLACE}/croissant.json").data)
    table = find_table(portal)
    assert (found["version"], found["recordSet"][0]["@id"]) == ("1.0.0", table)
    assert [note["name"] for note in found["recordSet"][0]["field"][2]["annotation"]][:2] == [
        *("ValidCases", "InvalidCases")
    ]
    spelt = json.loads(client.get(f"{PLACE}/croissant.json?schema=http").data)
    assert spelt["@context"]["@vocab"] == "http://schema.org/"
    for query in ("version=2.0", "schema=ftp"):
        answer = client.get(f"{PLACE}/croissant.json?{query}", headers={"Accept": "application/json"})
        assert answer.status_code == 400
        assert "Choose one of" in json.loads(answer.data)["detail"]
    assert client.get("/datasets/reservoirs/latest/croissant.json").status_code == 302
    assert client.get("/datasets/reservoirs/9.9.9/croissant.json").status_code == 404


def test_a_csv_leads_to_what_is_in_it(portal: Portal) -> None:
    table = find_table(portal)
    client = portal.client()
    place = f"{PLACE}/{table}.csv-metadata.json"
    link = f'<{place}>; rel="describedby"; type="application/csvm+json"'
    assert link in client.get(f"{PLACE}/{table}.csv").headers["Link"]
    assert "csvm" not in client.get(f"{PLACE}/{table}.csv?excel=1").headers["Link"]
    assert "csvm" not in client.get(f"{PLACE}/{table}.parquet").headers["Link"]
    found = json.loads(client.get(place).data)
    assert (found["url"], found["tableSchema"]["primaryKey"]) == (f"{table}.csv", ["code"])
    group = json.loads(client.get(f"{PLACE}/csv-metadata.json").data)
    assert group["tables"][0]["tableSchema"]["columns"] == found["tableSchema"]["columns"]
    assert client.get(f"{PLACE}/nothing.csv-metadata.json").status_code == 404


def test_a_contract_is_yaml(portal: Portal) -> None:
    found = yaml.safe_load(portal.client().get(f"{PLACE}/contract.odcs.yaml").data)
    assert (found["kind"], found["version"]) == ("DataContract", "1.0.0")
    assert found["schema"][0]["properties"][0]["primaryKey"] is True


def test_the_catalogue_is_there_as_the_guide_has_it(portal: Portal) -> None:
    client = portal.client()
    found = json.loads(client.get("/catalog.gb.json").data)["政务信息资源目录"]
    root = etree.fromstring(client.get("/catalog.gb.xml").data)
    assert [item["信息资源名称"] for item in found] == [item.findtext("信息资源名称") for item in root]
    answer = client.get("/catalog.gb.xlsx")
    assert (answer.status_code, answer.data[:2]) == (200, b"PK")
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    assert client.get("/datasets/nothing.gb.json").status_code == 404
