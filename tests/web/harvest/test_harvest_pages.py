"""The pages of harvested portals: the form says what is wrong, the trial shows a diff, the report is public."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from opendata.services.harvest.values import HarvestInput
from tests.instances import lend_app, make_actor, make_services
from tests.source_servers import Site, serve_site
from tests.web.conftest import Portal, send

_FORM = {
    "id": "next-city",
    "title": "邻市",
    "kind": "data.json",
    "publisher": "water-bureau",
    "mapping": "道路局 = water-bureau",
    "mostGone": "20",
    "cycle": "weekly",
    "at": "03:00",
    "day": "1",
}


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[Portal]:
    services = make_services(tmp_path, source_hosts=("127.0.0.1",))
    make_actor(services, "boss", role="maintainer")
    with lend_app(services) as app:
        yield Portal(services, app)
    services.database.dispose()


@pytest.fixture
def site() -> Iterator[Site]:
    with serve_site() as found:
        yield found


def put(site: Site, *titles: str) -> str:
    datasets = [
        {
            "identifier": title,
            "title": title,
            "description": "说明",
            "accessLevel": "public",
            "publisher": {"name": "道路局"},
            "landingPage": "https://next.example.org/" + title,
            "distribution": [{"downloadURL": f"{site.url}/{title}.csv", "title": "表", "format": "CSV"}],
        }
        for title in titles
    ]
    closed = {"identifier": "closed", "title": "秘密", "accessLevel": "non-public"}
    return site.put("/data.json", json.dumps({"dataset": [*datasets, closed]}))


@pytest.mark.slow
def test_a_portal_is_registered_tried_and_harvested(portal: Portal, site: Site) -> None:
    boss, reader = portal.signed_in("boss", "en"), portal.client("en")
    url = put(site, "道路", "桥梁")
    wrong = send(boss, "/workspace/harvest/new", {**_FORM, "url": "ftp://x", "mostGone": "x", "mapping": "a"})
    assert wrong.status_code == 422
    assert "Enter a web address" in wrong.text
    assert "from 0 to 100 percent" in wrong.text
    answer = send(boss, "/workspace/harvest/new", {**_FORM, "url": url})
    assert (answer.status_code, answer.location) == (303, "/harvest/next-city")
    assert send(boss, "/workspace/harvest/new", {**_FORM, "url": url}).status_code == 409
    portal.services.harvesting.run_due()
    page = boss.get("/harvest/next-city").text
    assert "What a run would do" in page
    assert "道路" in page
    assert portal.services.entries.count() == 0
    assert "What a run would do" not in reader.get("/harvest/next-city").text
    assert send(boss, "/workspace/harvest/next-city/run", {}, form="/harvest/next-city").status_code == 303
    portal.services.harvesting.run_due()
    report = reader.get("/harvest/next-city").text
    assert "秘密" in report
    assert "isn&#39;t public" in report
    assert "Harvest now" not in report
    assert "邻市" in portal.client("zh").get("/harvest").text
    (name,) = (item.id for item in portal.services.entries.iterate() if item.metadata.title == "道路")
    shown = reader.get(f"/datasets/{name}").text
    assert "This dataset is at another portal, “邻市”" in shown
    assert "doesn't answer at the moment" in shown
    assert "has no published version yet" not in shown
    marked = reader.get(f"/datasets/{name}", headers={"Accept": "text/markdown"}).text
    assert f"{site.url}/道路.csv" in marked
    rest = reader.get(f"/api/v1/datasets/{name}").get_json()
    assert rest["origin"]["portal"] == "邻市"
    found = reader.get("/api/v1/harvests/next-city").get_json()
    assert found["runs"][0]["counts"] == {"seen": 3, "kept": 0, "new": 2, "changed": 0, "refused": 1, "gone": 0}
    assert [item["fate"] for item in found["runs"][0]["changes"]] == ["new", "new"]
    # A change of the form is tried again, and a stale form is refused.
    values = {**_FORM, "url": url, "title": "邻城", "revision": "1"}
    assert send(boss, "/workspace/harvest/next-city", values).status_code == 303
    assert send(boss, "/workspace/harvest/next-city", values).status_code == 412
    send(boss, "/workspace/harvest/next-city/stop", {}, form="/harvest/next-city")
    assert not portal.services.harvests.get("next-city").is_active
    answer = send(boss, "/workspace/harvest/next-city/delete", {}, form="/harvest/next-city")
    assert answer.location == "/harvest/next-city"


def test_pages_without_any_portal(portal: Portal) -> None:
    assert "No portal is harvested" in portal.client("en").get("/harvest").text
    assert portal.client("en").get("/harvest/nothing").status_code == 404
    assert portal.client("en").get("/workspace/harvest/new").status_code == 303


def test_what_a_trial_found_is_for_maintainers(portal: Portal, site: Site) -> None:
    boss = portal.services.accounts.get_actor("boss")
    said = {"title": "邻市", "url": put(site, "水位"), "kind": "data.json", "publisher": "water-bureau"}
    portal.services.harvests.put(boss, "next-city", HarvestInput.from_values(said))
    portal.services.harvesting.run_due()
    assert portal.services.harvests.get("next-city").runs[0].changes
    for path in ("/api/v1/harvests/next-city", "/api/v1/harvests", "/harvest/next-city"):
        text = (
            json.dumps(answer.get_json(), ensure_ascii=False)
            if (answer := portal.client().get(path)).is_json
            else answer.text
        )
        assert answer.status_code == 200
        assert "水位" not in text
        assert "秘密" not in text
