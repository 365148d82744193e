"""DCAT documents over HTTP: whole and in pages, by address and by `Accept`, with clear errors."""

from __future__ import annotations

import gzip
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient
from rdflib import DCAT, DCTERMS, URIRef

from opendata.exchange.dcat.reading.document import read_document
from opendata.exchange.dcat.writing import FORMS
from opendata.services.core.actors import SYSTEM
from opendata.wiring import Services
from tests.exchange.dcat.documents import parse
from tests.instances import CSV, DATASET, lend_app, make_actor, make_services, publish

ENGLISH = {"Accept": "application/json", "Accept-Language": "en"}


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    services = make_services(tmp_path_factory.mktemp("empty") / "instance")
    with lend_app(services) as app:
        yield app.test_client()
    services.database.dispose()


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    services = make_services(tmp_path_factory.mktemp("dcat") / "instance")
    editor = make_actor(services, "editor")
    for name in ("reservoirs", "b1", "b2"):
        services.datasets.create(editor, {**DATASET, "id": name})
    publish(services, editor)
    publish(services, editor, CSV + "A003,三号,3,2026-02-02\n")
    publish(services, editor, dataset="b1")
    publish(services, editor, dataset="b2")
    services.datasets.create(editor, {**DATASET, "id": "unpublished"})
    services.renaming.rename(SYSTEM, "b2", "b3")
    yield services
    services.database.dispose()


@pytest.fixture(scope="module")
def client(portal: Services) -> Iterator[FlaskClient]:
    with lend_app(portal) as app:
        yield app.test_client()


def test_an_empty_portal_has_a_catalogue(empty: FlaskClient) -> None:
    for suffix in FORMS:
        for address in (f"/catalog.{suffix}", f"/catalog.{suffix}?page=1"):
            answer = empty.get(address)
            assert answer.status_code == 200
            assert parse(answer.data, suffix).value(URIRef("http://localhost/datasets"), DCTERMS.publisher)
    answer = empty.get("/datasets", headers={"Accept": "text/turtle"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/catalog.ttl")
    assert empty.get("/datasets/none.ttl", headers=ENGLISH).status_code == 404


@pytest.mark.slow
def test_the_catalogue_is_there_in_every_form(client: FlaskClient) -> None:
    names = ["b1", "b3", "reservoirs"]
    for suffix in FORMS:
        answer = client.get(f"/catalog.{suffix}")
        assert answer.status_code == 200
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert answer.headers["Cache-Control"] == "public, max-age=300"
        graph = parse(answer.data, suffix)
        found = sorted(str(item) for item in graph.objects(None, DCAT.dataset))
        assert found == [f"http://localhost/datasets/{name}" for name in names]
        assert [item.identifier for item in read_document(answer.data, suffix).datasets] == names


@pytest.mark.slow
def test_what_is_in_hand_is_not_sent_again_until_something_changes(client: FlaskClient, portal: Services) -> None:
    tag = client.get("/catalog.ttl").headers["ETag"]
    assert client.get("/catalog.ttl", headers={"If-None-Match": tag}).status_code == 304
    assert client.get("/catalog.xml", headers={"If-None-Match": tag}).status_code == 200
    portal.publishers.update(SYSTEM, "water-bureau", {"title": "水利局"})
    assert client.get("/catalog.ttl", headers={"If-None-Match": tag}).status_code == 200
    answer = client.get("/catalog.ttl", headers={"Accept-Encoding": "gzip"})
    assert gzip.decompress(answer.data) == client.get("/catalog.ttl").data
    assert "Accept-Encoding" in answer.headers["Vary"]


@pytest.mark.slow
def test_pages_lead_to_each_other_and_have_each_dataset_once(client: FlaskClient) -> None:
    address, seen = "/catalog.ttl?page=1&limit=2&profile=dcat_ap_2.1.1", []
    while address:
        data = client.get(address.removeprefix("http://localhost")).data
        found = read_document(data, "ttl")
        assert found.total == 3
        assert (URIRef("http://localhost/datasets"), DCTERMS.publisher, None) in parse(data)
        seen += [item.identifier for item in found.datasets]
        address = found.next
        assert not address or "profile=dcat_ap_2.1.1" in address
    assert seen == ["b1", "b3", "reservoirs"]
    third = client.get("/catalog.ttl?page=3&limit=1&after=b3").text
    for link in ("hydra:next", "page=4"):
        assert link not in third
    assert "page=2&limit=1&after=b1>" in third
    assert [item.identifier for item in read_document(third.encode(), "ttl").datasets] == ["reservoirs"]
    for number, name in enumerate(seen, 1):
        found = read_document(client.get(f"/catalog.ttl?page={number}&limit=1").data, "ttl")
        assert [item.identifier for item in found.datasets] == [name]
    assert read_document(client.get("/catalog.ttl?page=9").data, "ttl").datasets == []


@pytest.mark.slow
def test_filters_by_time_and_publisher(client: FlaskClient) -> None:
    assert read_document(client.get("/catalog.ttl?modified_since=2999-01-01").data, "ttl").datasets == []
    assert len(read_document(client.get("/catalog.ttl?modified_since=2020-01-01T00:00:00Z").data, "ttl").datasets) == 3
    assert read_document(client.get("/catalog.nt?publisher=road-bureau&page=1").data, "nt").total == 0


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("page=0", "from 1 to"),
        ("limit=1001", "from 1 to 1000"),
        ("page=%F0%9D%9F%8F", "from 1 to"),
        ("profile=dcat_ap_9", "dcat_ap_3.0.1"),
        ("modified_since=yesterday", "isn't a date"),
        ("q=water", "no parameter"),
    ],
)
def test_what_cannot_be_asked_is_said(empty: FlaskClient, query: str, said: str) -> None:
    answer = empty.get(f"/catalog.ttl?{query}", headers=ENGLISH)
    assert answer.status_code == 400
    assert said in answer.json["detail"]


@pytest.mark.slow
def test_datasets_and_versions_have_documents(client: FlaskClient) -> None:
    for address in ("/datasets/reservoirs.ttl", "/datasets/reservoirs/1.0.0/dcat.ttl"):
        answer = client.get(address)
        assert answer.content_type == "text/turtle; charset=utf-8"
        assert client.get(address, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
        assert set(parse(answer.data).objects(None, DCTERMS.identifier))
    assert client.get("/datasets/reservoirs/latest/dcat.xml").headers["Location"].endswith("/1.1.0/dcat.xml")
    for address in ("/datasets/none.ttl", "/datasets/unpublished.ttl", "/datasets/reservoirs/9.0.0/dcat.ttl"):
        assert client.get(address, headers=ENGLISH).status_code == 404
    assert client.get("/datasets/b2.ttl", headers=ENGLISH).headers["Location"].endswith("/datasets/b3.ttl")
    assert client.get("/datasets/reservoirs.ttl?profiles=spatial,euro_dcat_ap_2").data.count(b"owl:versionInfo") >= 2


@pytest.mark.slow
@pytest.mark.parametrize(
    ("page", "document"),
    [
        ("/datasets?page=2", "/catalog.{}?page=2"),
        ("/datasets/reservoirs", "/datasets/reservoirs.{}"),
        ("/datasets/reservoirs/1.0.0/", "/datasets/reservoirs/1.0.0/dcat.{}"),
    ],
)
def test_a_page_leads_to_its_document(client: FlaskClient, page: str, document: str) -> None:
    wanted = {
        "text/turtle": "ttl",
        "application/rdf+xml, text/html;q=0.5": "xml",
        "application/ld+json, application/json;q=0.9, */*;q=0.1": "jsonld",
        "application/n-triples;q=0.9, text/turtle;q=0.8": "nt",
    }
    for accept, suffix in wanted.items():
        answer = client.get(page, headers={"Accept": accept})
        assert (answer.status_code, answer.headers["Location"]) == (303, document.format(suffix))
        assert "Accept" in answer.headers["Vary"]
    for accept in ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "*/*", "text/html, text/turtle"):
        answer = client.get(page, headers={"Accept": accept})
        assert answer.status_code == 200
        assert "Accept" in answer.headers["Vary"]
        link = document.format("ttl").partition("?")[0]
        assert f'<{link}>; rel="alternate"; type="text/turtle"' in ", ".join(answer.headers.getlist("Link"))
        assert f'type="text/turtle" title="DCAT-AP (Turtle)" href="{link}"' in answer.text
    assert client.get("/datasets/none", headers={"Accept": "text/html"}).headers.getlist("Link") == []


@pytest.mark.slow
def test_a_withdrawn_version_is_gone_and_its_dataset_says_so(portal: Services, client: FlaskClient) -> None:
    boss = make_actor(portal, "boss", role="maintainer")
    portal.withdrawals.withdraw(boss, "b1", "1.0.0", reason="有误")
    assert client.get("/datasets/b1/1.0.0/dcat.ttl", headers=ENGLISH).status_code == 410
    text = client.get("/datasets/b1.ttl").text
    assert "dataset-status/WITHDRAWN" in text
    assert "有误" in text
    assert "dcat:downloadURL" not in text
