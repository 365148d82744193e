"""While a count is awaited the page says so calmly; the newest figures come, and nothing that isn't true stays."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Response, expect, sync_playwright

from opendata.services.drafts.intake import ResourceOption
from opendata.services.uploads.upload_values import UploadedFile
from opendata.storage.turns import Turns
from tests.instances import DATASET
from tests.web.conftest import PASSWORD, Portal
from tests.web.drafts.test_progress import open_draft
from tests.web.test_browser import serve

WAIT_MILLISECONDS = 30_000


@pytest.fixture(scope="module")
def browser(chromium_path: Path) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium_path, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.mark.slow
def test_an_edit_while_others_count_is_counted_in_its_turn_and_only_the_newest_is_shown(
    browser: Browser, desk: Portal
) -> None:
    clerk = desk.services.accounts.sign_in("clerk", PASSWORD)[0]
    desk.services.datasets.create(clerk, DATASET)
    file = UploadedFile("levels.csv", io.BytesIO("代码,水位\nA001,12.5\nA002,高\n".encode()))
    draft, _ = desk.services.drafts.create(clerk, DATASET["id"], [file], [ResourceOption(file=file.name)])
    desk.services.work.run_to_end(draft.id)
    counts: list[int] = []

    def note(answer: Response) -> None:
        if answer.request.method == "POST" and answer.url.endswith("/schema"):
            counts.append(answer.status)

    with serve(desk) as address:
        page = open_draft(browser, address, draft.id, [])
        page.on("response", note)
        page.goto(f"{address}/workspace/drafts/{draft.id}/resources/levels/schema")
        others = Turns(desk.services.settings.home / "turns")
        with others.take(DATASET["publisher"], "another table", "busy"):
            with page.expect_response(lambda answer: answer.status == 503):
                page.locator("#f1-type").select_option("number")
            expect(page.locator("#count-1")).to_have_text("正在统计……")
            expect(page.locator("#count-fault")).to_be_empty()
            page.locator("#row-1").get_by_text("的更多设置").click()
            page.locator("#f1-pattern").fill("(")
            page.wait_for_timeout(400)  # the next count is on its way
            page.locator("#f1-pattern").fill("")
        expect(page.locator("#count-1")).to_contain_text("第 3 行", timeout=WAIT_MILLISECONDS)
        page.locator("#f1-pattern").fill("(")
        expect(page.locator("#f1-pattern-error")).to_be_visible(timeout=WAIT_MILLISECONDS)
        page.locator("#f1-pattern").fill("")
        page.locator("#f1-type").select_option("string")
        expect(page.locator("#count-1")).to_have_text("全部符合", timeout=WAIT_MILLISECONDS)
        expect(page.locator("#f1-pattern-error")).to_have_count(0)
        expect(page.locator("#count-fault")).to_be_empty()
        page.context.close()
    assert counts[-1] == 200
