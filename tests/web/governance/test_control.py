"""The control room as pages and over REST."""

from __future__ import annotations

from pathlib import Path

from opendata.db.models import OwnListState
from tests.instances import upload
from tests.web.conftest import Portal, make_portal


def test_each_number_leads_to_its_list_as_page_csv_and_json(office: Portal) -> None:
    clerk = office.services.accounts.get_actor("clerk")
    office.services.datasets.create(clerk, {"id": "reservoirs", "title": "水库", "publisher": "water-bureau"})
    upload(office.services, clerk)
    office.work()
    browser = office.signed_in("clerk")
    page = browser.get("/workspace/control").text
    assert '<a href="/workspace/control/mine"><strong>1</strong>' in page
    assert "邮件" not in page.split("<main")[1]  # that is for maintainers
    listed = browser.get("/workspace/control/mine")
    draft = office.services.drafts.list(clerk).items[0].id
    assert f'href="/workspace/drafts/{draft}">水库</a>' in listed.text
    assert f"{draft},水库,water-bureau," in browser.get("/workspace/control/mine.csv").text
    assert "水库" in browser.get("/workspace/control/never-published?sort=title").text
    boss = office.signed_in("boss", "en")
    assert "road-bureau" in boss.get("/workspace/control").text
    assert "There is nothing in this list" in boss.get("/workspace/control/in-review?publisher=road-bureau").text
    for address, status in (("/in-review?sort=size", 400), ("/nothing", 404), ("/mine?cursor=x", 400)):
        assert boss.get(f"/workspace/control{address}").status_code == status
    assert "0% <span" in boss.get("/workspace/goals").text
    assert {one["id"]: one["of"] for one in boss.get("/api/v1/goals").get_json()["items"]}["valid"] == 1
    found = boss.get("/api/v1/control").get_json()["items"]
    assert {one["id"]: one["count"] for one in found}["never-published"] == 1
    rows = boss.get("/api/v1/control/never-published").get_json()
    assert [(row["kind"], row["id"]) for row in rows["items"]] == [("unpublished", "reservoirs")]
    assert boss.get("/api/v1/control/mine?sort=title%C3%96").status_code == 400
    assert office.client().get("/api/v1/control").status_code == 401


def test_the_control_room_says_what_is_in_the_way_of_the_lists_of_the_portal(tmp_path: Path) -> None:
    with make_portal(tmp_path / "lists", lists_publisher="nowhere") as portal:
        with portal.services.database.unit(write=True) as session:
            fault = {"type": "Refused", "detail": "主键重复"}
            session.add(OwnListState(list="opening-plan", day=None, held_until=None, fault=fault))
        page = portal.signed_in("boss").get("/workspace/control").text
        assert "没有数据提供方“nowhere”。请将 OPENDATA_LISTS_PUBLISHER 设为" in page
        assert "开放计划: 主键重复" in page
        assert "OPENDATA_LISTS_PUBLISHER" not in portal.signed_in("clerk").get("/workspace/control").text
