"""Another instance of this program harvested over the network: an equal catalogue, and nothing new the second time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Thread

import pytest
from werkzeug.serving import make_server

from opendata.domain.catalogue.addresses import Addresses
from opendata.services.harvest.values import HarvestInput, HarvestRunView
from opendata.wiring import Services
from tests.instances import DATASET, lend_app, make_actor, make_services, publish

_EXTRA = {
    "description": "每日的**水位**",
    "i18n": {"en": {"title": "Reservoirs", "description": "Levels", "keywords": ["water"]}},
    "keywords": ["水库", "水位"],
    "updateCycle": "daily",
    "themes": ["生态环保"],
    "languages": ["zh"],
    "spatial": {"code": "410100"},
}


_KINDS = [("opendata", ""), ("oai", "/oai"), ("dcat", "/catalog.ttl"), ("data.json", "/data.json")]


@pytest.fixture
def first(tmp_path: Path) -> Iterator[tuple[Services, str]]:
    services = make_services(tmp_path / "first")
    editor = make_actor(services, "clerk")
    for number in range(3):
        extra = _EXTRA if number == 0 else {}
        services.datasets.create(editor, {**DATASET, **extra, "id": f"d{number}", "title": f"数据 {number}"})
        publish(services, editor, dataset=f"d{number}")
    with lend_app(services) as app:
        server = make_server("127.0.0.1", 0, app, threaded=True)
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield services, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
        server.server_close()
    services.database.dispose()


def _harvest(services: Services, kind: str, url: str) -> HarvestRunView:
    boss = services.accounts.get_actor("boss")
    said = {"title": "第一个", "url": url, "kind": kind, "publisher": "water-bureau"}
    services.harvests.put(boss, kind.replace(".", "-"), HarvestInput.from_values(said))
    services.harvests.ask(boss, kind.replace(".", "-"), is_trial=False)
    assert services.harvesting.run_due() == 1
    return services.harvests.get(kind.replace(".", "-")).runs[0]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "path"), [("opendata", ""), ("oai", "/oai"), ("dcat", "/catalog.ttl"), ("data.json", "/data.json")]
)
def test_an_instance_is_harvested_whole(first: tuple[Services, str], tmp_path: Path, kind: str, path: str) -> None:
    source, url = first
    services = make_services(tmp_path / "second", source_hosts=("127.0.0.1",))
    make_actor(services, "boss", role="maintainer")
    run = _harvest(services, kind, url + path)
    assert (str(run.outcome), run.counts.seen, run.counts.new) == ("done", 3, 3), run
    again = _harvest(services, kind, url + path)
    assert (again.counts.kept, again.counts.changed, again.counts.new) == (3, 0, 0)
    ours = {item.metadata.title: item for item in services.entries.iterate()}
    theirs = {item.metadata.title: item for item in source.entries.iterate()}
    assert ours.keys() == theirs.keys()
    for title, found in theirs.items():
        origin = ours[title].origin
        assert origin is not None
        assert origin["page"] == f"{url}/datasets/{found.id}"
        assert {item.format for item in ours[title].external} == {"csv", "parquet"}
        if kind in ("opendata", "dcat"):
            assert ours[title].metadata == found.metadata
        if kind == "data.json":  # it has one language, and a description even where nobody wrote one
            description = found.metadata.description or ours[title].metadata.description
            assert ours[title].metadata == replace(found.metadata, i18n={}, description=description)
    if kind == "dcat":
        _check_links(services, url)
    services.database.dispose()


def _check_links(services: Services, url: str) -> None:
    """The files at the first instance are in the documents of the second one."""
    with lend_app(services) as app:
        client = app.test_client()
        found = services.ckan.describe(services.ckan.list_names(), Addresses("http://localhost"))
        assert len(found) == 3
        for package in found:
            assert [item["format"] for item in package["resources"]] == ["CSV", "Parquet"]
            for item in package["resources"]:
                assert item["url"].startswith(f"{url}/datasets/")
                assert client.get(f"/api/3/action/resource_show?id={item['id']}").json["result"] == item
        turtle = client.get("/catalog.ttl").text
        assert turtle.count("dcat:downloadURL") == 6
        assert client.get(f"/datasets/{found[0]['name']}.ttl").text.count(url) >= 5
