"""A reader's way from the box of a page to rows and their file: in the portal, and in a mirror that nginx serves."""

from __future__ import annotations

import contextlib
import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.mirror.serving import SCRIPTS, serve_mirror, write_mirror
from tests.web.conftest import Portal
from tests.web.journeys import Clerk, Variant
from tests.web.test_browser import serve
from tests.web.test_reader_journey import PLACE, civil, write_rows

__all__ = ["civil"]

_NEXT = {"zh": "下一页", "en": "Next page"}


@contextlib.contextmanager
def open_place(kind: str, portal: Portal, folder: Path) -> Iterator[str]:
    """The portal itself, or its mirror with the portal gone."""
    if kind == "portal":
        with serve(portal) as address:
            yield address
        return
    write_mirror(portal.services, folder / "copy")
    with serve_mirror(folder / "copy", folder / "nginx") as address:
        yield address


@pytest.mark.slow
@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("kind", ["portal", "mirror"])
def test_a_reader_finds_a_dataset_looks_at_its_rows_and_takes_them(
    browser: Browser, civil: Portal, kind: str, language: str, tmp_path: Path
) -> None:
    if kind == "mirror" and not SCRIPTS.is_dir():
        pytest.skip("npm ci --prefix clients/mirror: it reads Parquet in the browser")
    with open_place(kind, civil, tmp_path) as address:
        reader = Clerk(browser, address, Variant(language))
        page = reader.page
        reader.visit("/publishers?lang=en" if language == "en" else "/publishers")
        reader.fill("#search-head", "民政")
        page.keyboard.press("Enter")
        expect(page.locator("article.card")).to_have_count(1)
        reader.press("article.card a[href$='/datasets/weddings']")
        reader.press(f".section-head a[href$='{PLACE}']")
        expect(page.locator("table.rows tbody tr")).to_have_count(50)
        page.wait_for_load_state("load")
        lines = list(csv.reader(io.StringIO(write_rows())))[1:]
        assert page.locator("table.rows tbody tr td:nth-child(3)").first.text_content() == lines[0][1]
        page.locator(".grid-foot .pager").get_by_text(_NEXT[language]).click()
        expect(page.locator("table.rows tbody th").first).to_have_text("51")
        expect(page.locator("table.rows tbody tr")).to_have_count(len(lines) - 50)
        shown = page.locator("table.rows tbody tr").first.locator("td").all_text_contents()
        assert shown[:2] == lines[50][:2]
        assert shown[2].replace("\u202f", "").replace(",", "") == lines[50][2]
        with page.expect_download() as download:
            reader.press("a[download][href$='rows.csv'], a[download][href$='counts.csv']")
        download.value.save_as(tmp_path / "rows.csv")
        assert list(csv.reader(io.StringIO((tmp_path / "rows.csv").read_text(encoding="utf-8"))))[1:] == lines
        page.evaluate("delete document.documentElement.dataset.left")
        reader.close()


@pytest.mark.slow
@pytest.mark.parametrize("language", ["zh", "en"])
def test_without_scripts_a_mirror_has_lists_first_rows_and_files(
    browser: Browser, civil: Portal, language: str, tmp_path: Path
) -> None:
    with open_place("mirror", civil, tmp_path) as address:
        reader = Clerk(browser, address, Variant(language, has_scripts=False))
        reader.visit("/datasets?lang=en" if language == "en" else "/datasets")
        reader.press("article.card a[href$='/datasets/weddings']")
        reader.press(f".section-head a[href$='{PLACE}']")
        expect(reader.page.locator("table.rows tbody tr")).to_have_count(50)
        reader.press(".tools a[rel=nofollow][href*='not-here']")
        expect(reader.page.locator("#live a")).to_have_count(1)
        reader.close()
