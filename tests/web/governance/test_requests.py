"""Pages of requests: without an account from the form to the reply, the board, the inbox; two journeys in a browser."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from opendata.domain.requests.steps import RequestStep
from opendata.services.governance.requests import bounds
from opendata.wiring import build_services
from tests.instances import CSV, DATASET, lend_app, publish
from tests.web.conftest import PASSWORD, Portal, make_portal, send
from tests.web.test_browser import open_page, serve

CLOSED = {"attribute": "closed", "reason": "涉及国家秘密", "legalBasis": "保守国家秘密法"}
NAME, TEXT = "某甲某乙", "请公开二〇二五年的水位"


def _find(pattern: str, page: str) -> str:
    found = re.search(pattern, page)
    assert found, page
    return found[1]


def test_a_stranger_asks_by_page_and_follows_the_request_to_its_reply(desk: Portal, monkeypatch: pytest.MonkeyPatch):
    asker, clerk = desk.client(), desk.signed_in("clerk")
    assert "政府信息公开申请" in asker.get("/requests/new").text
    form = "/requests/new?kind=application"
    opened = _find(r'name="opened" value="([^"]+)"', asker.get(form).text)
    said = {"kind": "application", "opened": opened, "publisher": "water-bureau", "subject": "水位", "text": TEXT}
    said |= {"name": NAME, "identity": "护照X0000001", "telephone": "010-00000000", "public": "on", "website": ""}
    quick = send(asker, "/requests/new", said, form=form)
    assert quick.status_code == 422
    assert "提交得太快了" in quick.text
    assert NAME in quick.text
    monkeypatch.setattr(bounds, "LEAST_SECONDS", 0)
    assert send(asker, "/requests/new", {**said, "website": "http://spam"}, form=form).status_code == 422
    done = send(asker, "/requests/new", said, form=form)
    assert done.status_code == 200
    assert done.headers["Cache-Control"] == "private, no-store"
    number, code = _find(r'id="number">([^<]+)<', done.text), _find(r'id="code">([^<]+)<', done.text)

    other = desk.client()
    assert send(other, "/requests/follow", {"number": number, "code": "AAAA"}).status_code == 404
    assert send(other, "/requests/follow/add", {"text": "x"}, form="/requests/follow").status_code == 403
    assert other.get(f"/requests/{number}").status_code == 404
    assert send(other, "/requests/follow", {"number": number, "code": code}).status_code == 303
    assert TEXT in other.get("/requests/follow").text
    assert TEXT not in desk.client().get("/requests/follow").text
    assert desk.signed_in("stranger").get(f"/workspace/requests/{number}").status_code == 403

    assert number in clerk.get("/workspace/requests").text
    assert NAME in clerk.get(f"/workspace/requests/{number}").text
    page = f"/workspace/requests/{number}"
    assert send(clerk, f"{page}/register", {"summary": "申请公开水位"}).status_code == 303
    assert send(clerk, f"{page}/clarify", {"text": "哪个水库？", "until": "9999-01-01"}).status_code == 303
    assert "哪个水库？" in other.get("/requests/follow").text
    assert send(other, "/requests/follow/answer", {"text": "东湖水库"}, form="/requests/follow").status_code == 303
    assert "东湖水库" in clerk.get(page).text
    reply = clerk.get(f"{page}/reply?outcome=process").text
    assert "第十六条第二款" in reply
    missing = send(clerk, f"{page}/reply", {"outcome": "process", "text": ""}, form=f"{page}/reply?outcome=process")
    assert missing.status_code == 422
    said = {"outcome": "process", "text": "属于过程性信息，不予公开。", "basis": "条例第十六条第二款"}
    assert send(clerk, f"{page}/reply", said, form=f"{page}/reply?outcome=process").status_code == 303
    assert "条例第十六条第二款" in other.get("/requests/follow").text

    public = [
        desk.client().get(path) for path in (f"/requests/{number}", "/requests", "/requests?q=水位&kind=application")
    ]
    public += [desk.client().get(f"/requests/{name}") for name in ("feed.atom", "board.csv", "statistics", "annual")]
    for answer in public:
        assert answer.status_code == 200
        assert not any(text in answer.text for text in (NAME, TEXT, "哪个水库", "东湖", "X0000001"))
    for answer in public[:5]:
        assert "申请公开水位" in answer.text
    assert number not in desk.client().get("/requests?q=无此").text
    cells = json.loads(desk.client().get("/requests/annual.json").text)["cells"]
    assert len(cells) == 175
    assert [c["value"] for c in cells if (c["row"], c["column"]) == ("process", "person")] == [1]
    assert desk.client().get("/requests/annual.csv").text.count("\r\n") == 176
    assert "application" in desk.client().get("/requests/statistics.csv").text
    for wrong in ("?kind=wish", "/statistics?year=x", "/annual?year=1"):
        assert desk.client().get(f"/requests{wrong}").status_code == 400
    left = send(other, "/requests/follow/leave", {}, form="/requests/follow")
    assert left.status_code == 303
    assert TEXT not in other.get("/requests/follow").text


@pytest.mark.slow
def test_each_step_has_a_page_and_an_account_finds_its_requests(desk: Portal, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(bounds, "LEAST_SECONDS", 0)
    boss, clerk = desk.signed_in("boss"), desk.signed_in("clerk")
    form = "/requests/new?kind=question"
    opened = _find(r'name="opened" value="([^"]+)"', boss.get(form).text)
    said = {
        "kind": "question",
        "opened": opened,
        "publisher": "water-bureau",
        "subject": "单位",
        "text": "单位是什么？",
    }
    number = _find(r'id="number">([^<]+)<', send(boss, "/requests/new", said, form=form).text)
    send(boss, "/requests/follow/leave", {}, form="/requests/follow")
    assert number in boss.get("/requests/follow").text
    assert send(boss, f"/requests/own/{number}", {}, form="/requests/follow").status_code == 303
    assert "单位是什么" in boss.get("/requests/follow").text
    assert send(clerk, f"/requests/own/{number}", {}, form="/requests/follow").status_code == 404

    page = f"/workspace/requests/{number}"
    for step in RequestStep:
        answer = clerk.get(f"{page}/{step}")
        is_ours = step not in (RequestStep.RECEIVE, RequestStep.ANSWER, RequestStep.ADD, RequestStep.WITHDRAW)
        assert answer.status_code == (200 if is_ours else 404), step
    assert send(clerk, f"{page}/opinion", {"text": "x"}).status_code == 409
    assert send(clerk, f"{page}/assign", {"person": "stranger"}).status_code == 422
    assert send(clerk, f"{page}/assign", {"person": "clerk"}).status_code == 303
    assert send(boss, f"{page}/pass-on", {"publisher": "road-bureau", "text": "由道路局负责"}).status_code == 303
    assert clerk.get(page).status_code == 403
    assert number in boss.get("/workspace/requests?publisher=road-bureau&kind=question&state=received").text
    assert number in boss.get("/workspace/requests/inbox.csv").text
    assert send(boss, f"{page}/spam", {}).status_code == 303
    assert number in boss.get("/workspace/requests?state=ended").text


@dataclass
class Time:
    """A clock that the test sets."""

    now: datetime = field(default=datetime(2026, 3, 2, 2, tzinfo=UTC))

    def wait(self, **parts: float) -> None:
        self.now += timedelta(**parts)


@contextmanager
def _make_timed(home: Path, time: Time) -> Iterator[Portal]:
    with make_portal(home) as built:
        services = build_services(built.services.settings, clock=lambda: time.now)
        with lend_app(services) as app:
            yield Portal(services, app)
        services.database.dispose()


def _sign_in(browser: Browser, address: str, complaints: list[str]) -> Page:
    page = open_page(browser, complaints, viewport={"width": 1280, "height": 900})
    page.goto(f"{address}/sign-in")
    page.get_by_label("名称").fill("clerk")
    page.get_by_label("密码").fill(PASSWORD)
    page.locator("main").get_by_role("button", name="登录", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("clerk")
    return page


@pytest.mark.slow
def test_a_citizen_asks_for_a_closed_dataset_and_gets_the_reply_with_its_legal_basis_in_time(
    browser: Browser, tmp_path: Path
):
    time, complaints = Time(), []
    with _make_timed(tmp_path / "desk", time) as portal:
        clerk = portal.services.accounts.get_actor("clerk")
        portal.services.datasets.create(
            clerk, {"id": "wells", "title": "水源井", "licenses": [{"name": "CC-BY-4.0"}], "disclosure": CLOSED}
        )
        draft = portal.services.drafts.create(clerk, "wells", [], [])[0].id  # the entry alone: its data isn't public
        portal.work()
        portal.services.drafts.submit(clerk, draft)
        portal.work()
        with serve(portal) as address:
            page = open_page(browser, complaints, viewport={"width": 1280, "height": 900})
            page.goto(f"{address}/datasets/wells")
            page.get_by_role("link", name="申请开放此数据").click()
            page.get_by_label("请描述所需的数据").fill("希望开放各水源井的位置")
            page.get_by_label("同意公示这件申请的摘要和答复").check()
            time.wait(seconds=40)
            page.get_by_role("button", name="提交申请").click()
            expect(page.get_by_role("heading", name="已收到您的申请")).to_be_visible()
            expect(page.get_by_text("应于2026年3月30日前答复")).to_be_visible()
            number, code = page.locator("#number").inner_text(), page.locator("#code").inner_text()
            page.context.close()

            time.wait(days=3)
            desk = _sign_in(browser, address, complaints)
            desk.goto(f"{address}/workspace/requests")
            desk.get_by_role("link", name=number).click()
            desk.get_by_role("link", name="登记", exact=True).click()
            desk.get_by_label("公示摘要").fill("希望开放水源井位置数据")
            desk.get_by_role("button", name="登记", exact=True).click()
            desk.get_by_role("link", name="答复", exact=True).click()
            desk.get_by_label("答复类型").select_option(label="不予公开：属于国家秘密")
            desk.get_by_role("button", name="撰写答复").click()
            expect(desk.get_by_label("法律依据")).to_have_value("政府信息公开条例（国务院令第711号）第十四条")
            desk.get_by_role("button", name="答复", exact=True).click()
            expect(desk.get_by_text("数据提供方已答复").first).to_be_visible()
            desk.context.close()

            page = open_page(browser, complaints, viewport={"width": 1280, "height": 900})
            page.goto(f"{address}/requests")
            page.get_by_role("link", name="查询办理进度").click()
            page.get_by_label("编号").fill(number)
            page.get_by_label("查询码").fill(code)
            page.get_by_role("button", name="打开申请").click()
            expect(page.get_by_text("您申请的信息属于国家秘密，不予公开。")).to_be_visible()
            expect(page.get_by_text("法律依据: 政府信息公开条例（国务院令第711号）第十四条")).to_be_visible()
            expect(page.get_by_text("办理用时 3 天，按时答复")).to_be_visible()
            assert code not in page.url
            page.goto(f"{address}/requests/{number}")
            expect(page.get_by_text("希望开放水源井位置数据")).to_be_visible()
            page.context.close()
    assert not complaints


@pytest.mark.slow
def test_a_reader_marks_a_wrong_cell_and_is_led_to_the_version_that_mends_it(browser: Browser, tmp_path: Path):
    time, complaints = Time(), []
    with _make_timed(tmp_path / "desk", time) as portal:
        clerk = portal.services.accounts.get_actor("clerk")
        portal.services.datasets.create(clerk, DATASET)
        publish(portal.services, clerk, CSV)
        with serve(portal) as address:
            page = open_page(browser, complaints, viewport={"width": 1280, "height": 900})
            page.goto(f"{address}/datasets/reservoirs/1.0.0/levels")
            page.get_by_role("link", name="数据纠错").click()
            page.get_by_label("行", exact=True).fill("A001")
            page.get_by_label("列", exact=True).fill("level")
            page.get_by_label("哪里有错？").fill("东湖的水位不对")
            page.get_by_label("应该是什么？").fill("13.00")
            time.wait(seconds=40)
            page.get_by_role("button", name="提交申请").click()
            number, code = page.locator("#number").inner_text(), page.locator("#code").inner_text()

            services, said = portal.services.requests.handling, {"outcome": "corrected", "text": "已更正，谢谢。"}
            services.take(clerk, number, RequestStep.REGISTER, {})
            time.wait(days=1)
            publish(portal.services, clerk, CSV.replace("12.50", "13.00"))
            mended = portal.services.datasets.get("reservoirs").latest or ""
            assert mended not in ("", "1.0.0")
            services.take(clerk, number, RequestStep.REPLY, {**said, "version": mended})

            page.goto(f"{address}/requests/follow")  # more than half an hour later, the browser needs the code again
            page.get_by_label("编号").fill(number)
            page.get_by_label("查询码").fill(code)
            page.get_by_role("button", name="打开申请").click()
            expect(page.get_by_text(f"版本 {mended} 已予更正。")).to_be_visible()
            page.get_by_role("link", name="更正后的数据表").click()
            expect(page).to_have_url(f"{address}/datasets/reservoirs/{mended}/levels")
            expect(page.get_by_role("cell", name="13", exact=True).first).to_be_visible()
            page.goto(f"{address}/datasets/reservoirs/1.0.0")
            page.get_by_role("link", name=f"已在版本 {mended} 中更正").click()
            expect(page).to_have_url(f"{address}/datasets/reservoirs/{mended}/")
            page.context.close()
    assert not complaints
