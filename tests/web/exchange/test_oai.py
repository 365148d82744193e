"""The catalogue by OAI-PMH: six verbs over the real catalogue, each record once while it changes, a foreign client."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from lxml import etree

from opendata.services.core.actors import Actor
from opendata.services.exchange.records import Span
from opendata.wiring import Services
from tests.instances import DATASET, lend_app, make_actor, make_services, publish

_OAI = "{http://www.openarchives.org/OAI/2.0/}"
_PAGE = 2


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Services, FlaskClient]]:
    services = make_services(tmp_path_factory.mktemp("oai"))
    editor = make_actor(services, "clerk")
    for name in ("b1", "a-1", "c_1"):
        services.datasets.create(editor, {**DATASET, "id": name})
        publish(services, editor, dataset=name)
    services.datasets.create(editor, {**DATASET, "id": "unpublished"})
    make_actor(services, "boss", role="maintainer")
    with lend_app(services) as app:
        yield services, app.test_client()


def _ask(client: FlaskClient, *, post: bool = False, **arguments: str) -> Any:
    said = {name.rstrip("_"): value for name, value in arguments.items()}
    answer = client.post("/oai", data=said) if post else client.get("/oai", query_string=said)
    assert (answer.status_code, answer.mimetype) == (200, "text/xml")
    return etree.fromstring(answer.data)


def _code(root: Any) -> str:
    return str(root.find(f"{_OAI}error").get("code"))


def test_the_six_verbs(filled: tuple[Services, FlaskClient]) -> None:
    services, client = filled
    found = _ask(client, verb="Identify").find(f"{_OAI}Identify")
    said = {item.tag.removeprefix(_OAI): item.text for item in found}
    assert said["protocolVersion"] == "2.0"
    assert said["deletedRecord"] == "persistent"
    assert "@" in said["adminEmail"]
    assert said["baseURL"].endswith("/oai")
    formats = _ask(client, verb="ListMetadataFormats")
    assert formats.findtext(f".//{_OAI}metadataPrefix") == "oai_dc"
    assert [item.text for item in _ask(client, verb="ListSets").iter(f"{_OAI}setSpec")] == [
        item.id for item in services.entries.list_agencies()
    ]
    listed = _ask(client, verb="ListIdentifiers", metadataPrefix="oai_dc", set="water-bureau")
    identifiers = [item.text for item in listed.iter(f"{_OAI}identifier")]
    assert len(identifiers) == 3
    assert identifiers == [
        item.text
        for item in _ask(client, verb="ListRecords", metadataPrefix="oai_dc", post=True).iter(f"{_OAI}identifier")
    ]
    record = _ask(client, verb="GetRecord", metadataPrefix="oai_dc", identifier=identifiers[0])
    assert record.find(f".//{_OAI}metadata") is not None
    rdf = _ask(client, verb="GetRecord", metadataPrefix="dcat", identifier=identifiers[0])
    assert rdf.find(f".//{_OAI}metadata/{{http://www.w3.org/1999/02/22-rdf-syntax-ns#}}RDF") is not None
    stamp = record.findtext(f".//{_OAI}datestamp")
    again = _ask(client, verb="ListIdentifiers", metadataPrefix="oai_dc", from_=stamp, until=stamp)
    assert identifiers[0] in [item.text for item in again.iter(f"{_OAI}identifier")]


def test_every_error_is_in_the_answer(filled: tuple[Services, FlaskClient]) -> None:
    services, client = filled
    wrong = "oai:localhost:00000000-0000-4000-8000-000000000000"
    assert _code(_ask(client)) == "badVerb"
    assert _code(_ask(client, verb="Identify", set="a")) == "badArgument"
    assert _code(_ask(client, verb="ListRecords", metadataPrefix="marc")) == "cannotDisseminateFormat"
    assert _code(_ask(client, verb="ListRecords", resumptionToken="x")) == "badResumptionToken"
    assert _code(_ask(client, verb="GetRecord", metadataPrefix="oai_dc", identifier=wrong)) == "idDoesNotExist"
    assert _code(_ask(client, verb="ListMetadataFormats", identifier="x")) == "idDoesNotExist"
    assert _code(_ask(client, verb="ListRecords", metadataPrefix="oai_dc", until="1999-01-01")) == "noRecordsMatch"
    assert _code(_ask(client, verb="ListRecords", metadataPrefix="oai_dc", set="road-bureau")) == "noRecordsMatch"
    assert client.post("/oai", json={"verb": "Identify"}).status_code == 415
    assert dict(_ask(client, verb="Nothing").find(f"{_OAI}request").attrib) == {}
    hidden = services.datasets.get("unpublished", services.accounts.get_actor("boss")).uuid
    assert _code(_ask(client, verb="GetRecord", metadataPrefix="oai_dc", identifier=f"oai:localhost:{hidden}")) == (
        "idDoesNotExist"
    )


@pytest.mark.slow
def test_each_record_comes_once_while_datasets_change(services: Services, editor: Actor) -> None:
    boss = make_actor(services, "boss", role="maintainer")
    names = [f"d{number}" for number in range(9)]
    for name in names:
        services.datasets.create(editor, {**DATASET, "id": name})
        publish(services, editor, dataset=name)
    seen: list[str] = []
    after, number = "", 0
    while True:
        page, is_more = services.records.list(Span(), after=after, limit=_PAGE)
        seen += [item.uuid for item in page]
        if not is_more:
            break
        after = page[-1].uuid
        # Between two pages one is renamed, one withdrawn, one changed, whether it was given or not.
        entry = services.entries.get_many([names[number % 9]])
        if entry:
            services.withdrawals.withdraw(boss, entry[0].id, "1.0.0", reason="有误")
        services.renaming.rename(boss, names[(number + 4) % 9], f"new-{number}")
        number += 1
    assert len(seen) == len(set(seen)) == 9
    changed = {item.uuid for item in services.entries.iterate()}
    assert set(seen) == changed


@pytest.mark.slow
def test_a_foreign_client_harvests_everything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, filled: tuple[Services, FlaskClient]
) -> None:
    from threading import Thread

    from oaipmh_scythe import Scythe
    from oaipmh_scythe.config import HTTPConfig
    from werkzeug.serving import make_server

    monkeypatch.setattr("opendata.web.exchange.oai.RECORDS", _PAGE)
    monkeypatch.setattr("opendata.web.exchange.oai.HEADS", _PAGE)
    _, client = filled
    server = make_server("127.0.0.1", 0, client.application, threaded=True)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        for method in ("GET", "POST"):
            with Scythe(
                f"http://127.0.0.1:{server.server_port}/oai", http_config=HTTPConfig(http_method=method)
            ) as scythe:
                assert scythe.identify().protocolVersion == "2.0"
                assert len(list(scythe.list_sets())) >= 1
                assert next(scythe.list_metadata_formats()).metadataPrefix == "oai_dc"
                heads = [item.identifier for item in scythe.list_identifiers(metadata_prefix="oai_dc")]
                records = list(scythe.list_records(metadata_prefix="oai_dc"))
                assert len(heads) == len(set(heads)) == 3
                assert [item.header.identifier for item in records] == heads
                assert all(item.metadata["title"] for item in records)
                one = scythe.get_record(identifier=heads[0], metadata_prefix="oai_dc")
                assert one.header.identifier == heads[0]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
