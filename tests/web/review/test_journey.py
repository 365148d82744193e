"""A review in a real browser: a check is refused at a cell, the file corrected, the checks signed, the table public."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from opendata.services.drafts.submission import Submission
from tests.instances import CSV
from tests.web.conftest import PASSWORD, Portal
from tests.web.review.test_answers import prepare
from tests.web.test_browser import WAIT_MILLISECONDS, keep_working, open_page, serve

WORDS = {
    "zh": {
        "name": "名称",
        "password": "密码",
        "sign in": "登录",
        "answers": "核对全部内容并提交",
        "submit": "提交审查",
        "review": "审查这份草稿",
        "privacy": "个人信息",
        "refused": "不通过",
        "passed": "通过",
        "remark and place": "意见和位置",
        "remark": "意见",
        "where": "指明位置",
        "only": "只签署所选审查项",
        "said": "表“levels”；列“name”；第 2 行",
        "corrected": "上传改正后的文件",
        "upload": "上传并校验",
        "valid": "校验通过",
        "approve": "签署并批准",
        "publish": "发布",
        "see": "查看版本 1.1.0",
    },
    "en": {
        "name": "Name",
        "password": "Password",
        "sign in": "Sign in",
        "answers": "Check your answers and submit",
        "submit": "Submit for review",
        "review": "Review this draft",
        "privacy": "Personal data",
        "refused": "Refused",
        "passed": "Passed",
        "remark and place": "Remark and place",
        "remark": "Remark",
        "where": "Say where it belongs",
        "only": "Sign the selected checks only",
        "said": "table “levels”; column “name”; row 2",
        "corrected": "Upload the corrected file",
        "upload": "Upload and check",
        "valid": "Passed the check",
        "approve": "Sign and approve",
        "publish": "Publish",
        "see": "See version 1.1.0",
    },
}


@pytest.fixture(scope="module")
def chromium(chromium_path: Path) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium_path, args=["--no-sandbox"])
        yield started
        started.close()


def sign_in(browser: Browser, complaints: list[str], address: str, name: str, language: str) -> Page:
    page = open_page(browser, complaints)
    words = WORDS[language]
    page.goto(f"{address}/sign-in")
    if language == "en":
        page.get_by_role("link", name="English").click()
    page.get_by_label(words["name"]).fill(name)
    page.get_by_label(words["password"]).fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name=words["sign in"], exact=True).click()
    return page


@pytest.mark.slow
@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_reviewer_refuses_a_check_at_a_cell_and_signs_the_corrected_file(
    chromium: Browser, office: Portal, tmp_path: Path, language: str
) -> None:
    words, complaints, place = WORDS[language], list[str](), prepare(office)
    file = tmp_path / "levels.csv"
    file.write_text(CSV + "C001,新库,3,2026-03-01\n", encoding="utf-8")
    with serve(office) as address, keep_working(office):
        clerk, boss = (sign_in(chromium, complaints, address, name, language) for name in ("clerk", "boss"))
        clerk.goto(address + place)
        clerk.get_by_role("link", name=words["answers"]).click()
        clerk.locator("#reason").fill("属实")
        clerk.get_by_role("button", name=words["submit"]).click()

        boss.goto(address + place)
        boss.get_by_role("link", name=words["review"]).click()
        check = boss.locator("fieldset#privacy")
        check.get_by_label(words["refused"], exact=True).check()
        check.get_by_text(words["remark and place"], exact=True).click()
        check.get_by_label(words["remark"], exact=True).fill("真实姓名")
        check.get_by_text(words["where"], exact=True).click()
        check.locator("#table_privacy").select_option("levels")
        check.locator("#column_privacy").fill("name")
        check.locator("#row_privacy").fill("2")
        boss.get_by_role("button", name=words["only"]).click()

        clerk.goto(address + place)
        expect(clerk.get_by_text("真实姓名").first).to_be_visible()
        expect(clerk.get_by_text(words["said"]).first).to_be_visible()
        clerk.get_by_role("link", name=words["corrected"]).click()
        clerk.locator("#file_0").set_input_files(file)
        clerk.get_by_role("button", name=words["upload"]).click()
        expect(clerk.get_by_role("heading", name=words["valid"])).to_be_visible(timeout=WAIT_MILLISECONDS)
        corrected = clerk.url
        clerk.get_by_role("link", name=words["answers"]).click()
        clerk.get_by_role("button", name=words["submit"]).click()

        boss.goto(corrected)
        boss.get_by_role("link", name=words["review"]).click()
        expect(boss.get_by_text("真实姓名").first).to_be_visible()
        for box in boss.get_by_label(words["passed"], exact=True).all():
            box.check()
        boss.get_by_role("button", name=words["approve"]).click()
        boss.get_by_role("button", name=words["publish"]).click()
        expect(boss.get_by_role("link", name=words["see"])).to_be_visible(timeout=WAIT_MILLISECONDS)
        for page in (clerk, boss):
            page.context.close()
    assert not complaints


@pytest.mark.slow
def test_the_page_of_a_draft_fits_a_narrow_screen(chromium: Browser, office: Portal) -> None:
    complaints: list[str] = []
    place = prepare(office)
    actor = office.services.accounts.sign_in("clerk", PASSWORD)[0]
    office.services.drafts.submit(actor, place.rpartition("/")[2], Submission(reason="属实"))
    with serve(office) as address:
        page = sign_in(chromium, complaints, address, "boss", "zh")
        page.set_viewport_size({"width": 360, "height": 800})
        for path in (f"{place}/check", "/workspace/review", place):
            page.goto(address + path)
            wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wide <= 0, f"{path} is {wide} pixels too wide"
        page.context.close()
    assert not complaints
