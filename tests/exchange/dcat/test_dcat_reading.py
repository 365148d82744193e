"""DCAT documents read back: ours without loss, those of others as far as they go, hostile ones with a clear error."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from opendata.domain.catalogue.entries import CatalogueEntry
from opendata.domain.disclosure import CLOSED as CLOSED_ATTRIBUTE
from opendata.errors import InputError
from opendata.exchange.core.files import list_files
from opendata.exchange.dcat.catalogue import PageLinks
from opendata.exchange.dcat.reading import graph as graphs
from opendata.exchange.dcat.reading.document import read_document
from opendata.exchange.dcat.writing import FORMS
from tests.exchange.dcat.documents import write_catalogue, write_one, write_version
from tests.exchange.samples import ADDRESSES, ALL, CLOSED, ELSEWHERE, EXTERNAL, FULL, LEAST, WATER

UNSAID = ("sharing", "relatedCodes", "resourceFormat", "sourceVersion")
"""What DCAT has no property for, or what isn't for other portals: sharing is between departments."""


def expect(entry: CatalogueEntry) -> dict[str, Any]:
    """The metadata of a sample as a document can say them."""
    found: dict[str, Any] = {key: value for key, value in entry.metadata.to_json().items() if key not in UNSAID}
    found["disclosure"] = {key: value for key, value in found["disclosure"].items() if key != "ground"}
    if "description" in found:
        found["description"] = found["description"].replace("\u0001", "")
    if "contributors" in found:
        found["contributors"] = [
            {key: value for key, value in item.items() if key != "organization"} for item in found["contributors"]
        ]
    if not entry.is_open:
        found.pop("openingCondition")  # the reason stands in its place
    if entry.metadata.disclosure.attribute == CLOSED_ATTRIBUTE:
        found.pop("licenses")  # a licence is that of files
    return found


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("entry", ALL, ids=["least", "full", "conditional", "closed", "archived"])
def test_what_was_written_is_read(entry: CatalogueEntry, form: str) -> None:
    (found,) = read_document(write_one(entry, form), form).datasets
    assert found.metadata.to_json() == expect(entry)
    assert (found.identifier, found.uuid, found.version) == (entry.id, entry.uuid, entry.version or "")
    assert found.publisher.id == entry.publisher.id
    assert found.publisher.contact == entry.publisher.contact
    assert [(item.id, item.address, item.format, item.bytes, item.sha256) for item in found.files] == [
        (item.id, item.address, item.form, item.bytes, item.sha256) for item in list_files(entry, ADDRESSES)
    ]
    assert found.is_withdrawn is (entry is CLOSED)


def test_what_is_at_another_portal_is_read_but_for_the_dead() -> None:
    (found,) = read_document(write_one(EXTERNAL), "ttl").datasets
    assert found.metadata.sources == ({"title": "邻市数据平台", "path": f"{ELSEWHERE}/a"},)
    assert [(item.page.removeprefix(ELSEWHERE), item.format, item.service) for item in found.files] == [
        ("/%E8%A1%A8.csv", "csv", False),
        ("/wms?x=1&y=2", "wms", True),
        ("/api", "", True),
        ("/about", "html", False),
        ("/raw", "", False),
    ]


def test_a_catalogue_is_read_in_order_with_its_pages() -> None:
    page = PageLinks(
        address="https://x/1", first="https://x/1", last="https://x/2", next="https://x/2", total=9, size=2
    )
    found = read_document(write_catalogue([LEAST, FULL], page=page), "ttl")
    assert [item.identifier for item in found.datasets] == ["roads", "reservoirs"]
    assert (found.next, found.total, found.skipped) == ("https://x/2", 9, [])
    assert found.datasets[1].publisher.title == WATER.title
    (version,) = read_document(write_version(FULL), "ttl").datasets
    assert version.identifier == "reservoirs"


FOREIGN = """
@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> . @prefix vcard: <http://www.w3.org/2006/vcard/ns#> .
@prefix schema: <http://schema.org/> . @prefix adms: <http://www.w3.org/ns/adms#> .
<d/1> a dcat:Dataset ; dct:title "Trees"@en ; dct:description "All trees"@en ; dcat:keyword "tree"@en ;
  dct:publisher [ a foaf:Organization ; foaf:name "Town"@en ] ;
  dcat:contactPoint [ a vcard:Kind ; vcard:fn "Desk" ; vcard:hasEmail [ vcard:hasValue <mailto:desk@example.org> ] ] ;
  dct:temporal [ schema:startDate "2020-01-01" ; schema:endDate "2020-03-31" ] ;
  dcat:theme <http://publications.europa.eu/resource/authority/data-theme/ENVI> ;
  dct:license <http://creativecommons.org/publicdomain/zero/1.0> ;
  dct:spatial [ a dct:Location ; <http://www.w3.org/2004/02/skos/core#prefLabel> "Somewhere" ] ;
  dcat:distribution [ dcat:accessURL "https://example.org/trees" ; dct:format "CSV" ; dcat:byteSize "12.0" ],
    [ dcat:downloadURL <https://example.org/t.json> ; dcat:mediaType "application/json" ], [ dct:title "no address" ] .
<d/2> a dcat:Dataset .
"""


def test_a_document_of_another_portal_is_read_as_far_as_it_goes() -> None:
    found = read_document(FOREIGN.encode(), "ttl", base="https://example.org/")
    (item,) = found.datasets
    assert found.skipped == ["https://example.org/d/2"]
    assert (item.iri, item.identifier, item.uuid) == ("https://example.org/d/1", "https://example.org/d/1", "")
    said = item.metadata
    assert (said.title, said.description, said.keywords, said.temporal) == ("Trees", "All trees", ("tree",), "2020-Q1")
    assert said.licenses == ({"name": "CC0-1.0", "path": "https://creativecommons.org/publicdomain/zero/1.0/"},)
    assert said.further == {
        "themes": ["生态环保"],
        "spatial": {"name": "Somewhere"},
        "contactPoint": {"name": "Desk", "email": "desk@example.org"},
    }
    assert (item.publisher.iri, item.publisher.title) == ("", "Town")
    assert [(file.address, file.page, file.format, file.bytes) for file in item.files] == [
        ("", "https://example.org/trees", "csv", 12),
        ("https://example.org/t.json", "", "json", None),
    ]


@pytest.mark.parametrize(
    ("data", "form"),
    [
        (b"<a> <b>", "ttl"),
        (b"\xff\xfe", "nt"),
        (b'{"@context": "https://example.org/context", "@id": "x"}', "jsonld"),
        (b"{", "jsonld"),
        (b"<rdf:RDF", "xml"),
        (b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>', "xml"),
    ],
)
def test_what_is_not_rdf_is_refused(data: bytes, form: str) -> None:
    with pytest.raises(InputError):
        read_document(data, form)


def test_what_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="statements"):
        read_document(write_one(FULL), "ttl", most_triples=10)
    monkeypatch.setattr(graphs, "MOST_BYTES", 100)
    with pytest.raises(InputError, match="bytes"):
        read_document(write_one(FULL), "ttl")


def test_numbers_and_digests_that_are_none_are_left_out() -> None:
    text = write_one(replace(FULL, former=()), "nt").decode()
    text = text.replace('"1234"', '"-1"').replace('"987"', f'"{"9" * 30}"').replace("7374617469", "zz74617469")
    (found,) = read_document(text.encode(), "nt").datasets
    assert [item.bytes for item in found.files[:2]] == [None, None]
    assert found.files[0].sha256 == ""


def test_what_a_document_writes_in_short_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    entities = "".join(
        f'<!ENTITY {name} "{f"&{before};" * 10}">' for before, name in zip("abcde", "bcdef", strict=True)
    )
    bomb = (
        f'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "aaaaaaaaaa">{entities}]>'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="a:b"><x:y xmlns:x="a:">&f;</x:y></rdf:Description></rdf:RDF>'
    )
    with pytest.raises(InputError, match="entities"):
        graphs.parse_graph(bomb.encode(), "xml")
    monkeypatch.setattr(graphs, "MOST_CHARACTERS", 5_000)
    prefixes = f"@prefix p: <urn:x:{'x' * 500}>.\n" + "p:a p:b p:c.\n" * 10
    with pytest.raises(InputError, match="prefixes"):
        graphs.parse_graph(prefixes.encode(), "ttl")
    monkeypatch.setattr(graphs, "MOST_VALUES", 50)
    with pytest.raises(InputError, match="values"):
        graphs.parse_graph(('{"@id": "a:b", "a:c": [' + '"",' * 60 + '""]}').encode(), "jsonld")
