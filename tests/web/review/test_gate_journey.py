"""The gate in a real browser, zh and en: a clerk decides column by column, an editor pulls the emergency stop."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from opendata.wording.voice import voice_of
from tests.instances import DATASET
from tests.services.work.test_privacy_gate import ROLL, SECRETS
from tests.web.conftest import PASSWORD, Portal
from tests.web.test_browser import WAIT_MILLISECONDS, keep_working, serve

LANGUAGES = [pytest.param("zh"), pytest.param("en", marks=pytest.mark.slow)]


@pytest.fixture(scope="module")
def chromium(chromium_path: Path) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium_path, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_roll_of_subsidies_is_decided_published_and_stopped(
    chromium: Browser, desk: Portal, tmp_path: Path, language: str
) -> None:
    say = voice_of(language).translate
    complaints: list[str] = []
    roll = tmp_path / "roll.csv"
    roll.write_text(ROLL, encoding="utf-8")
    clerk = desk.services.accounts.sign_in("clerk", PASSWORD)[0]
    desk.services.datasets.create(clerk, DATASET)
    with serve(desk) as address, keep_working(desk):
        page = _open(chromium, language, complaints)
        _sign_in(page, address, "clerk")
        page.goto(f"{address}/workspace/datasets/reservoirs/upload")
        page.locator("input[type=file]").first.set_input_files(roll)
        decide = page.get_by_role("link", name=voice_of(language).say("Decide about “%(name)s”", name="roll"))
        decide.click()
        for field, choice in (("姓名", "mask"), ("id", "drop"), ("phone", "drop")):
            label = voice_of(language).say("What is done with “%(name)s”", name=field)
            page.get_by_label(label).select_option(choice)
        assert not any(secret in page.content() for secret in SECRETS)
        page.get_by_role("button", name=say("Apply these decisions")).click()
        page.get_by_role("link", name=say("Check your answers and publish")).click()
        for check in ("secrecy", "privacy"):
            page.locator(f"#{check} input").check()
        page.get_by_role("button", name=say("Publish"), exact=True).click()
        page.get_by_role("link", name=voice_of(language).say("See version %(version)s", version="1.0.0")).click()
        expect(page.get_by_text("王*").first).to_be_visible()
        assert not any(secret in page.content() for secret in SECRETS)
        page.get_by_role("link", name=say("Stop this version")).click()
        page.get_by_label(say("Reason")).fill("户主姓名不应公开")
        page.get_by_role("button", name=voice_of(language).say("Stop version %(version)s now", version="1.0.0")).click()
        expect(page.get_by_text("户主姓名不应公开")).to_be_visible()
        page.context.close()
        assert not complaints
        reader = _open(chromium, language, [])
        answer = reader.goto(f"{address}/datasets/reservoirs/1.0.0/")
        assert answer is not None
        assert answer.status == 410
        expect(reader.get_by_text("户主姓名不应公开").first).to_be_visible()
        reader.context.close()


def _open(browser: Browser, language: str, complaints: list[str]) -> Page:
    locale = {"zh": "zh-CN", "en": "en-GB"}[language]
    page = browser.new_context(locale=locale, viewport={"width": 1280, "height": 800}).new_page()
    page.set_default_timeout(WAIT_MILLISECONDS)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return page


def _sign_in(page: Page, address: str, name: str) -> None:
    page.goto(f"{address}/sign-in")
    page.locator("#name").fill(name)
    page.locator("#password").fill(PASSWORD)
    page.locator("main").get_by_role("button", name=re.compile("^(登录|Sign in)$")).click()
    page.wait_for_url("**/workspace")
