"""A reader's way from the box of a page to rows and their file: in the portal, and in a mirror that nginx serves."""

from __future__ import annotations

import contextlib
import csv
import io
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from werkzeug import Response

from tests.ceph_server import Bucket
from tests.mirror.serving import SCRIPTS, name_bucket, open_bucket, serve_bucket, serve_mirror, write_mirror
from tests.web.conftest import Portal
from tests.web.journeys import Clerk, Variant
from tests.web.test_browser import serve, serve_app
from tests.web.test_reader_journey import PLACE, civil, write_rows

__all__ = ["civil"]

_READ_PARTS = """async (address) => {
    const size = Number((await fetch(address, {method: "HEAD"})).headers.get("Content-Length"));
    const part = await fetch(address, {headers: {Range: `bytes=${size - 4}-${size - 1}`}});
    return [size, part.status, await part.text(), part.headers.get("Content-Range")];
}"""
"""What hyparquet does with an address."""

_NEXT = {"zh": "下一页", "en": "Next page"}


PLACES = ["portal", "mirror", "bucket", "website"]
"""Where a reader may be: in the portal, or in a mirror that is a folder or a bucket behind nginx, or a bucket alone."""


@contextlib.contextmanager
def open_place(kind: str, portal: Portal, folder: Path, ask: Callable[[str], object]) -> Iterator[str]:
    """The portal itself, or its mirror with the portal gone; `ask` gives fixtures."""
    with contextlib.ExitStack() as stack:
        if kind == "portal":
            yield stack.enter_context(serve(portal))
        elif kind == "mirror":
            write_mirror(portal.services, folder / "copy")
            yield stack.enter_context(serve_mirror(folder / "copy", folder / "nginx"))
        else:
            bucket = ask("bucket")
            assert isinstance(bucket, Bucket)
            write_mirror(portal.services, stack.enter_context(name_bucket(bucket)))
            address = open_bucket(bucket)
            yield address if kind == "website" else stack.enter_context(serve_bucket(bucket, folder / "nginx"))


@pytest.mark.slow
@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("kind", PLACES)
def test_a_reader_finds_a_dataset_looks_at_its_rows_and_takes_them(
    browser: Browser, civil: Portal, kind: str, language: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if kind != "portal" and not SCRIPTS.is_dir():
        pytest.skip("npm ci --prefix clients/mirror: it reads Parquet in the browser")
    with open_place(kind, civil, tmp_path, request.getfixturevalue) as address:
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
@pytest.mark.parametrize(
    ("kind", "language"), [("mirror", "zh"), ("mirror", "en"), ("bucket", "en"), ("website", "zh")]
)
def test_without_scripts_a_mirror_has_lists_first_rows_and_files(
    browser: Browser, civil: Portal, kind: str, language: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    with open_place(kind, civil, tmp_path, request.getfixturevalue) as address:
        reader = Clerk(browser, address, Variant(language, has_scripts=False))
        reader.visit("/datasets?lang=en" if language == "en" else "/datasets")
        reader.press("article.card a[href$='/datasets/weddings']")
        reader.press(f".section-head a[href$='{PLACE}']")
        expect(reader.page.locator("table.rows tbody tr")).to_have_count(50)
        reader.press(".tools a[rel=nofollow][href*='not-here']")
        expect(reader.page.locator("#live a")).to_have_count(1)
        reader.close()


@pytest.mark.slow
@pytest.mark.parametrize("kind", PLACES[1:])
def test_a_program_in_a_page_of_another_site_reads_parts_of_a_file(
    browser: Browser, civil: Portal, kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    other = Response("<!doctype html><title>other</title>", mimetype="text/html")
    with open_place(kind, civil, tmp_path, request.getfixturevalue) as address, serve_app(other) as site:
        page = browser.new_page()
        page.goto(site)
        found = page.evaluate(_READ_PARTS, f"{address}{PLACE}.parquet")
        size, status, magic, span = found
        assert (status, magic) == (206, "PAR1")
        assert span == f"bytes {size - 4}-{size - 1}/{size}"
        page.close()
