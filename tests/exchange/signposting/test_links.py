"""The links of pages: their relations, how long they get, and the link set."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from opendata.domain.catalogue.entries import CatalogueEntry
from opendata.exchange.signposting.links import MOST_BYTES, list_signposts, write_header, write_linkset
from tests.exchange.samples import ADDRESSES, ALL, CLOSED, CONDITIONAL, FULL, LEAST, STATIONS

BASE = "https://data.example.org"
PAGE = f"{BASE}/datasets/reservoirs"
VERSION = f"{PAGE}/2.0.0/"


def read(header: str) -> dict[str, list[tuple[str, str]]]:
    """Relation → addresses with their types."""
    found: dict[str, list[tuple[str, str]]] = {}
    for address, rel, kind in re.findall(r'<([^>]*)>; rel="([^"]*)"(?:; type="([^"]*)")?', header):
        found.setdefault(rel, []).append((address, kind))
    return found


def test_the_least_leads_to_its_descriptions() -> None:
    found = read(write_header(list_signposts(LEAST, ADDRESSES)))
    assert found == {
        "cite-as": [(f"{BASE}/datasets/roads", "")],
        "type": [("https://schema.org/AboutPage", ""), ("https://schema.org/Dataset", "")],
        "author": [(f"{BASE}/publishers/road-bureau", "text/html")],
        "describedby": [
            (f"{BASE}/datasets/roads.ttl", "text/turtle"),
            (f"{BASE}/datasets/roads.jsonld", "application/ld+json"),
        ],
        "collection": [(f"{BASE}/datasets", "text/html")],
        "linkset": [(f"{BASE}/datasets/roads.linkset.json", "application/linkset+json")],
    }


def test_the_full_one_leads_to_everything() -> None:
    found = read(write_header(list_signposts(FULL, ADDRESSES, is_version=True)))
    assert found["cite-as"] == [(VERSION, "")]
    assert found["license"] == [("https://creativecommons.org/licenses/by/4.0/", "")]
    assert {address.rpartition("/")[2]: kind for address, kind in found["describedby"]} == {
        "reservoirs.ttl": "text/turtle",
        "reservoirs.jsonld": "application/ld+json",
        "datapackage.json": "application/json",
        "croissant.json": "application/ld+json",
        "citation.bib": "application/x-bibtex",
    }
    assert found["collection"] == [(PAGE, "text/html")]
    assert [kind for _, kind in found["item"]] == [
        *("text/csv", "application/vnd.apache.parquet") * 2,
        "application/pdf",
    ]
    assert found["linkset"] == [(f"{VERSION}index.linkset.json", "application/linkset+json")]


def test_what_isnt_open_leads_to_no_data() -> None:
    assert "item" not in read(write_header(list_signposts(CLOSED, ADDRESSES)))
    items = read(write_header(list_signposts(CONDITIONAL, ADDRESSES)))["item"]
    assert {address for address, _ in items} == {f"{VERSION}stations.csv", f"{VERSION}stations.parquet"}


@pytest.mark.parametrize("entry", ALL)
def test_the_link_set_says_the_same_and_leads_back(entry: CatalogueEntry) -> None:
    page, *others = json.loads(write_linkset(entry, ADDRESSES))["linkset"]
    header = read(write_header(list_signposts(entry, ADDRESSES)))
    del header["linkset"]
    anchor = page.pop("anchor")
    assert {rel: [(item["href"], item.get("type", "")) for item in items] for rel, items in page.items()} == header
    back = {item["anchor"]: item for item in others}
    for item in page.get("item", ()):
        assert back[item["href"]]["collection"][0]["href"] == anchor
    for item in page["describedby"]:
        assert back[item["href"]]["describes"] == [{"href": anchor, "type": "text/html"}]


def test_a_header_stays_short_however_many_files() -> None:
    tables = tuple(replace(STATIONS, name=f"table-{number}") for number in range(300))
    licences = tuple({"path": f"https://example.org/{number}/" + "x" * 900} for number in range(9))
    many = replace(
        FULL,
        metadata=replace(FULL.metadata, licenses=licences),  # type: ignore[arg-type]
        manifest=replace(FULL.manifest, resources=tables),  # type: ignore[type-var]
        public=frozenset(item.name for item in tables),
    )
    header = write_header(list_signposts(many, ADDRESSES, is_version=True))
    assert len(header) <= MOST_BYTES < 4096
    assert header.isascii()
    assert {"item", "license"} & read(header).keys() == set()
    page = json.loads(write_linkset(many, ADDRESSES, is_version=True))["linkset"][0]
    assert (len(page["item"]), len(page["license"])) == (600, 9)
