"""Makes the pictures of the clerk's guide: serves a fresh instance, walks through three months, and writes WebP files.

The texts of the guide are `opendata/web/help/guide-*.md`. All pictures have the same size. They show the pages of this
checkout: when those change, run it again (`make guide`).
"""

from __future__ import annotations

import base64
import io
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click
import requests
import xlsxwriter
from playwright.sync_api import Browser, Page, sync_playwright

from opendata.web.help.guide import HEIGHT, PICTURES, WIDTH

WAIT_MILLISECONDS = 30_000
QUALITY = 60
PASSWORD = "only for the pictures"  # noqa: S105 - of an instance that ends with this program
FILES = "#files, input[name=file_0]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """The words of the made-up files in one language."""

    locale: str
    languages: str
    publisher: str
    title: str
    unit: str
    note: str
    source: str
    header: Sequence[str]
    towns: Sequence[str]
    file: str
    months: Sequence[str]


STORIES: Mapping[str, Story] = {
    "zh": Story(
        locale="zh-CN",
        languages="zh,en",
        publisher="云溪县统计局",
        title="云溪县各乡镇人口",
        unit="单位：人",
        note="注：包括居住半年以上的外来人口。",
        source="资料来源：云溪县统计局",
        header=("月份", "乡镇", "常住人口", "户数"),
        towns=("东湖镇", "西湖镇", "南山乡", "北岭乡", "白沙镇", "青石镇", "柳河镇", "大坪乡", "枫林乡", "石桥镇"),
        file="云溪县各乡镇人口{month}.xlsx",
        months=("2026年9月", "2026年10月", "2026年11月"),
    ),
    "en": Story(
        locale="en-GB",
        languages="en,zh",
        publisher="Yunxi Statistics Office",
        title="Population of the towns of Yunxi",
        unit="Unit: persons",
        note="Note: People who have lived here for half a year are included.",
        source="Source: Yunxi Statistics Office",
        header=("Month", "Town", "Residents", "Households"),
        towns=(
            *("Donghu", "Xihu", "Nanshan", "Beiling", "Baisha"),
            *("Qingshi", "Liuhe", "Daping", "Fenglin", "Shiqiao"),
        ),
        file="Population of the towns of Yunxi {month}.xlsx",
        months=("2026-09", "2026-10", "2026-11"),
    ),
}


def make_file(story: Story, month: int, more: Sequence[tuple[int, int, str | int]] = ()) -> dict[str, object]:
    """The file of a month, from 0. `more` are cells (row, column, value) that differ or are added."""
    target = io.BytesIO()
    named = story.months[month]
    with xlsxwriter.Workbook(target) as book:
        sheet = book.add_worksheet()
        sheet.write(0, 0, f"{story.title}（{named}）" if story.locale == "zh-CN" else f"{story.title} ({named})")
        sheet.write(1, 3, story.unit)
        sheet.write_row(2, 0, story.header)
        for place, town in enumerate(story.towns):
            people = 8200 + 731 * place + 13 * month
            sheet.write_row(3 + place, 0, (f"2026-{9 + month:02}", town, people, people // 3))
        last = 3 + len(story.towns)
        for row, column, value in more:
            sheet.write(row, column, value)
            last = max(last, row + 1)
        sheet.write(last, 0, story.note)
        sheet.write(last + 1, 0, story.source)
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return {"name": story.file.format(month=named), "mimeType": kind, "buffer": target.getvalue()}


@contextmanager
def serve(story: Story) -> Iterator[str]:
    """A fresh instance with one clerk, until it isn't needed any more."""
    with tempfile.TemporaryDirectory(prefix="opendata-guide-") as home, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        kept = {name: value for name, value in os.environ.items() if not name.startswith("OPENDATA_")}
        settings = {"OPENDATA_HOME": f"{home}/var", "OPENDATA_LANGUAGES": story.languages}
        environment = {**kept, **settings, "LC_ALL": "C.UTF-8"}

        def run(*words: str, given: str = "") -> None:
            command = [sys.executable, "-m", "opendata", *words]
            subprocess.run(command, env=environment, input=given, text=True, check=True, stdout=subprocess.DEVNULL)

        run("init", "--review", "none")
        run("publisher", "create", "statistics", story.publisher)
        run("user", "create", "clerk", "--publisher", "statistics", "--password-stdin", given=PASSWORD)
        command = [sys.executable, "-m", "opendata", "serve", "--port", str(port), "--workers", "1"]
        with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as server:
            try:
                address = f"http://127.0.0.1:{port}"
                _wait_for(f"{address}/healthz")
                yield address
            finally:
                server.terminate()


def _wait_for(address: str) -> None:
    for _ in range(200):
        try:
            requests.get(address, timeout=5)
        except requests.RequestException:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError(address)


class Walk:
    """Three months of a clerk, with a picture at each stop."""

    def __init__(self, browser: Browser, address: str, language: str, folder: Path) -> None:
        self._story = STORIES[language]
        self._language = language
        self._address = address
        self._folder = folder
        viewport = {"width": WIDTH, "height": HEIGHT}
        context = browser.new_context(locale=self._story.locale, viewport=viewport, color_scheme="light")  # type: ignore[arg-type]
        context.set_default_timeout(WAIT_MILLISECONDS)
        self._page: Page = context.new_page()
        self._devtools = context.new_cdp_session(self._page)

    def make(self) -> None:
        """Walk."""
        page, story = self._page, self._story
        page.goto(f"{self._address}/sign-in?next=/workspace/datasets/new")
        page.fill("input[name=name]", "clerk")
        page.fill("input[name=password]", PASSWORD)
        page.press("input[name=password]", "Enter")
        page.locator("main input[id^=title_]").first.fill(story.title)
        page.locator("main form button.strong").click()
        page.wait_for_url("**/upload*")
        upload = page.url
        self._shoot("upload", "h1")
        self._send(make_file(story, 0, [(5, 2, "1O024"), (8, 2, "…")]))
        self._shoot("questions", "section:has(form[action$='/types'])")
        form = page.locator("form[action$='/types']").last
        for circle in form.locator("input[type=radio][value=type]").all():
            circle.check()
        form.locator("button").click()
        self._wait()
        page.locator("main a[href$='/fix']").first.click()
        page.locator("input[name^=new_]").fill("10024")
        self._shoot("cells", "form[action$='/fix']")
        page.locator("form[action$='/fix'] button").click()
        self._wait()
        self._shoot("meaning", "#meaning")
        self._publish("submit")
        for month, name, more in (
            (1, "next", []),
            (2, "correct", [(13, 0, "2026-10"), (13, 1, story.towns[1]), (13, 2, 8990), (13, 3, 2996)]),
        ):
            page.goto(upload)
            self._send(make_file(story, month, more))
            for folded in page.locator("section[id^=edition-] details:has(table)").all():
                folded.evaluate("item => { item.open = true; }")
            self._shoot(name, "section[id^=edition-]")
            if page.locator("button[name=confirm]").count():
                page.locator("button[name=confirm]").first.click()
                page.wait_for_url("**/check")
            self._publish("")
        page.context.close()

    def _send(self, file: Mapping[str, object]) -> None:
        page = self._page
        chosen = page.locator(FILES).first
        form = chosen.locator("xpath=ancestor::form")
        is_sent = form.get_attribute("data-at-once") is not None
        chosen.set_input_files(file)  # type: ignore[arg-type]
        if not is_sent:
            form.locator("button[type=submit]").click()
        page.wait_for_url("**/workspace/drafts/*")
        self._wait()

    def _wait(self) -> None:
        """Until nothing is at work any more."""
        self._page.wait_for_url("**/workspace/drafts/*")
        self._page.wait_for_selector("#state")
        self._page.wait_for_selector("[data-progress]", state="detached")

    def _publish(self, picture: str) -> None:
        page = self._page
        if not page.url.endswith("/check"):
            page.locator("main a.strong[href$='/check']").first.click()
        page.locator("input[name=check]").first.wait_for()
        for box in page.locator("input[name=check]").all():
            box.check()
        if picture:
            self._shoot(picture, "form[action$='/submit']")
        page.locator("form[action$='/submit'] button.strong").click()
        self._wait()

    def _shoot(self, name: str, selector: str) -> None:
        """A picture that begins just above what a selector finds."""
        place = self._page.locator(selector).first.evaluate("item => item.getBoundingClientRect().top + scrollY")
        height = self._page.evaluate("document.documentElement.scrollHeight")
        top = max(0, min(place - 12, height - HEIGHT))
        clip = {"x": 0, "y": top, "width": WIDTH, "height": HEIGHT, "scale": 1}
        wanted = {"format": "webp", "quality": QUALITY, "clip": clip, "captureBeyondViewport": True}
        taken = self._devtools.send("Page.captureScreenshot", wanted)
        (self._folder / f"{name}-{self._language}.webp").write_bytes(base64.b64decode(taken["data"]))


def main() -> None:
    """Make all pictures, then put them in place of the old ones."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with tempfile.TemporaryDirectory() as made, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        for language, story in STORIES.items():
            with serve(story) as address:
                Walk(browser, address, language, Path(made)).make()
        browser.close()
        PICTURES.mkdir(exist_ok=True)
        for old in PICTURES.glob("*.webp"):
            old.unlink()
        for new in sorted(Path(made).glob("*.webp")):
            shutil.copy(new, PICTURES)
            click.echo(f"{new.name}: {new.stat().st_size} bytes")


if __name__ == "__main__":
    main()
