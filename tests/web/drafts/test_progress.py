"""How far a draft is, on its page: a bar that moves by events or by asking; without JavaScript the page reloads."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from opendata.services.drafts.intake import ResourceOption
from opendata.services.drafts.lease import Lease, release
from opendata.services.uploads.upload_values import UploadedFile
from tests.instances import CSV, DATASET, SCHEMA
from tests.web.conftest import PASSWORD, Portal
from tests.web.test_browser import serve

WAIT_MILLISECONDS = 20_000


@pytest.fixture(scope="module")
def browser(chromium_path: Path) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium_path, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def draft(desk: Portal) -> str:
    """A draft nobody has worked on yet."""
    actor = desk.services.accounts.sign_in("clerk", PASSWORD)[0]
    desk.services.datasets.create(actor, DATASET)
    option = ResourceOption(file="levels.csv", name="levels", schema=SCHEMA)
    file = UploadedFile("levels.csv", io.BytesIO(CSV.encode()))
    return desk.services.drafts.create(actor, "reservoirs", [file], [option], enqueue=False)[0].id


class Work:
    """A worker's hold on a draft, moved by the test."""

    def __init__(self, desk: Portal, draft: str) -> None:
        self._database = desk.services.database
        lease = desk.services.work.take(draft)
        assert lease is not None
        self._lease: Lease = lease
        self._set(status="validating")

    def reach(self, progress: float) -> None:
        """Tell how far it is."""
        with self._database.unit(write=True) as session:
            self._lease.extend(session, stage="check levels", progress=progress)

    def end(self) -> None:
        """Be done, and find nothing wrong."""
        self._set(status="valid", stage="", progress=1.0)

    def _set(self, **values: Any) -> None:
        with self._database.unit(write=True) as session:
            row = self._lease.lock(session)
            for name, value in values.items():
                setattr(row, name, value)
            if values["status"] == "valid":
                release(row, done=True)


def open_draft(browser: Browser, address: str, draft: str, complaints: list[str], **options: Any) -> Page:
    """The draft's page as the clerk sees it."""
    page = browser.new_context(locale="zh-CN", **options).new_page()
    page.set_default_timeout(WAIT_MILLISECONDS)
    page.on(
        "console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{address}/sign-in?next=/workspace/drafts/{draft}")
    page.get_by_label("名称").fill("clerk")
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录", exact=True).click()
    return page


@pytest.mark.slow
def test_the_bar_moves_by_events_and_the_page_shows_the_end_by_itself(
    browser: Browser, desk: Portal, draft: str
) -> None:
    complaints: list[str] = []
    loads: list[str] = []
    work = Work(desk, draft)
    work.reach(0.25)
    with serve(desk) as address:
        page = open_draft(browser, address, draft, complaints)
        bar = page.get_by_role("progressbar")
        expect(bar).to_have_attribute("value", "0.25")
        page.on("framenavigated", lambda frame: loads.append(frame.url))
        work.reach(0.5)
        expect(page.locator("[data-words]")).to_have_text("正在校验 levels.csv · 50%")
        work.reach(0.75)
        expect(page.locator("[data-words]")).to_contain_text("75%")
        assert page.evaluate("document.querySelector('progress').value") == 0.75
        assert loads == []  # nothing was loaded again for that
        work.end()
        expect(page.get_by_role("heading", name="校验通过")).to_be_visible()
        expect(bar).to_have_count(0)
        page.context.close()
    assert not complaints


@pytest.mark.slow
def test_where_streams_are_refused_the_page_asks_instead(browser: Browser, desk: Portal, draft: str) -> None:
    desk.app.config["EVENT_STREAMS"] = 0
    work = Work(desk, draft)
    work.reach(0.25)
    with serve(desk) as address:
        page = open_draft(browser, address, draft, [])
        expect(page.locator("[data-words]")).to_contain_text("25%")
        work.reach(0.5)
        expect(page.locator("[data-words]")).to_have_text("正在校验 levels.csv · 50%")
        work.end()
        expect(page.get_by_role("heading", name="校验通过")).to_be_visible()
        page.context.close()


@pytest.mark.slow
def test_without_javascript_the_page_reloads_itself(browser: Browser, desk: Portal, draft: str) -> None:
    work = Work(desk, draft)
    work.reach(0.25)
    with serve(desk) as address:
        page = open_draft(browser, address, draft, [], java_script_enabled=False)
        expect(page.locator("[data-words]")).to_contain_text("25%")
        assert "本页每两秒自动刷新" in page.content()
        work.end()
        expect(page.get_by_role("heading", name="校验通过")).to_be_visible()
        page.context.close()


@pytest.mark.slow
def test_a_check_under_way_is_given_up_by_its_button(browser: Browser, desk: Portal, draft: str) -> None:
    complaints: list[str] = []
    work = Work(desk, draft)
    work.reach(0.25)
    with serve(desk) as address:
        page = open_draft(browser, address, draft, complaints)
        page.get_by_role("link", name="放弃草稿").click()
        page.get_by_role("button", name="放弃草稿").click()
        expect(page.get_by_role("heading", name="已放弃")).to_be_visible()
        expect(page.get_by_role("progressbar")).to_have_count(0)
        page.context.close()
    assert not complaints
