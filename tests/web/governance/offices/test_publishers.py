"""Publishers by page, by list and over REST: forms, sub-portals, what a reader sees after a merger."""

from __future__ import annotations

import csv
import io

import pytest
from openpyxl import Workbook

from opendata.services.core.actors import SYSTEM
from tests.instances import CSV, DATASET, publish
from tests.web.catalogue.test_pages import check_page
from tests.web.conftest import PASSWORD, Portal, send

PEOPLE = {"officer_name": "某乙", "officer_post": "科员", "responsible_name": "某甲", "responsible_post": "副局长"}
LIST = """名称说明,,
编号,单位名称,单位名称（英文）,单位类型,统一社会信用代码,上级单位,经办人：姓名
,槐荫区,Huaiyin District,,,,
health,卫健局,Health Bureau,政府部门,11332500MB1601924J,槐荫区,某丙
,街道办,,subdistrict,,health,
"""
WRONG = """编号,单位名称,单位类型,统一社会信用代码,上级单位
,甲局,部委,,
,乙局,,123,
,,,,
x,,zone,,nowhere
,甲局,,,
"""


def test_a_maintainer_creates_and_a_publisher_keeps_its_contact(desk: Portal) -> None:
    boss, clerk = desk.signed_in("boss", "en"), desk.signed_in("clerk", "en")
    for client, seen in ((boss, True), (clerk, False)):
        shown = client.get("/workspace/publishers").text
        check_page(shown)
        assert ("road-bureau" in shown, "water-bureau" in shown) == (seen, True)
    new = "/workspace/new-publisher"
    refused = send(boss, new, {"title": "", "code": "1", "contactPoint_email": "x", "division": "1"})
    assert refused.status_code == 422
    check_page(refused.text)
    for name in ("title", "code", "contactPoint_email", "division"):
        assert f'id="{name}-error"' in refused.text
    made = send(
        boss, new, {"id": "town", "title": "某镇", "title_en": "A Town", "kind": "town", "code": "11332500MB1601925J"}
    )
    assert made.headers["Location"].endswith("/workspace/publishers/town")
    assert "doesn&#39;t fit" in boss.get("/workspace/publishers/town").text
    own = "/workspace/publishers/water-bureau"
    saved = send(boss, own, {"title": "水利局", "parent": "town", "reason": "Reform", "revision": "1"})
    assert saved.status_code == 303
    assert send(boss, own, {"title": "别的", "revision": "1"}).status_code == 412
    page = clerk.get(own).text
    check_page(page)
    assert ('name="title"' in page, 'name="contactPoint_telephone"' in page) == (False, True)
    assert send(clerk, own, {"contactPoint_telephone": "0531-0000000", **PEOPLE}).status_code == 303
    public = desk.client("en").get("/publishers/water-bureau").text
    check_page(public)
    for text in ("水利局", "水务局", "Reform", "0531-0000000", "科员", "副局长", "A Town"):
        assert text in public
    assert ("某甲" in public, "某乙" in public) == (False, False)
    assert "某乙" in clerk.get(own).text
    assert desk.client().get("/api/v1/publishers/water-bureau").json["officer"] == {"post": "科员"}
    for path in (
        "/publishers",
        "/publishers?kind=town",
        "/publishers?q=水务",
        "/publishers?q=none",
        "/publishers/town",
    ):
        found = desk.client("en").get(path)
        assert found.status_code == 200
        check_page(found.text)
    assert clerk.get("/workspace/publishers/town").status_code == 403
    assert clerk.get("/workspace/publishers/water-bureau/future").status_code == 403


def test_datasets_move_and_a_merged_publisher_leads_on(desk: Portal) -> None:
    clerk = desk.services.accounts.sign_in("clerk", PASSWORD)[0]
    desk.services.datasets.create(clerk, DATASET)
    publish(desk.services, clerk, CSV)
    boss, reader = desk.signed_in("boss", "en"), desk.client("en")
    future = "/workspace/publishers/water-bureau/future"
    check_page(boss.get(future).text)
    place = "/workspace/publishers/water-bureau/"
    for form, fields in (("datasets", {}), ("merge", {"into": "road-bureau"}), ("close", {"close_reason": "x"})):
        refused = send(boss, place + form, fields, form=future)
        assert refused.status_code in (409, 422)
        check_page(refused.text)
    moved = send(boss, f"{place}datasets", {"dataset-reservoirs": "road-bureau", "reason": "Reform"}, form=future)
    assert moved.status_code == 303
    shown = reader.get("/publishers/road-bureau").text
    check_page(shown)
    assert ("reservoirs" in shown, "Rows in the newest versions" in shown) == (True, True)
    assert "/datasets/reservoirs/1.0.0/" in reader.get("/publishers/road-bureau/feed.atom").text
    merged = send(boss, f"{place}merge", {"into": "road-bureau", "merge_reason": "Reform"}, form=future)
    assert merged.headers["Location"].endswith("/publishers/water-bureau")
    gone = reader.get("/publishers/water-bureau")
    check_page(gone.text)
    assert ("Merged into:" in gone.text, "/publishers/road-bureau" in gone.text) == (True, True)
    check_page(boss.get(future).text)
    rest = reader.get("/api/v1/publishers/water-bureau").json
    assert (rest["ended"] is None, rest["history"][-1]["others"]) == (False, ["road-bureau"])
    moves = reader.get("/api/v1/datasets/reservoirs").json["moves"]
    assert [(move["source"], move["target"]) for move in moves] == [("water-bureau", "road-bureau")]
    assert "water-bureau" not in reader.get("/publishers").text
    assert reader.get("/publishers/water-bureau", headers={"Accept": "text/markdown"}).status_code == 200


def test_a_list_is_taken_in_whole_or_not_at_all_with_what_is_wrong_in_each_cell(desk: Portal) -> None:
    boss, place = desk.signed_in("boss", "en"), "/workspace/publisher-list"
    check_page(boss.get(place).text)
    empty = send(boss, place, {})
    assert empty.status_code == 422
    wrong = send(boss, place, {"file": (io.BytesIO(WRONG.encode("gb18030")), "w.csv")})
    assert wrong.status_code == 422
    check_page(wrong.text)
    for cell in ("C2", "D3", "A5", "B6"):
        assert f'<th scope="row">{cell}</th>' in wrong.text
    assert len(desk.services.publishers.list_all()) == 2


@pytest.mark.slow
def test_a_list_creates_publishers_and_comes_back_as_it_was(desk: Portal) -> None:
    boss, place = desk.signed_in("boss", "en"), "/workspace/publisher-list"
    taken = send(boss, place, {"file": (io.BytesIO(LIST.encode("utf-8")), "单位.csv")})
    assert taken.status_code == 303
    found = {item.id: item for item in desk.services.publishers.list_all()}
    assert (found["health"].parent, found["health"].kind) == ("huai-yin-qu", "department")
    assert (found["jie-dao-ban"].parent, found["jie-dao-ban"].kind) == ("health", "subdistrict")
    assert found["health"].i18n == {"en": {"title": "Health Bureau"}}
    kept = boss.get(f"{place}/publishers.csv").data.decode("utf-8-sig")
    public = desk.client("en").get("/publishers.csv").data.decode("utf-8-sig")
    assert ("某丙" in kept, "某丙" in public, "卫健局" in public) == (True, False, True)
    book = Workbook()
    for row in csv.reader(io.StringIO(kept)):
        book.active.append(row)
    sent = io.BytesIO()
    book.save(sent)
    sent.seek(0)
    again = desk.services.publisher_lists.read(SYSTEM, sent, "all.xlsx")
    assert (again.created, again.changed, len(again.equal)) == ([], [], 5)
    bad = send(boss, place, {"file": (io.BytesIO(b"\x89PNG\r\n\x1a\n"), "a.png")})
    assert bad.status_code in (415, 422)
