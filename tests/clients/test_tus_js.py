"""Uploads by tus-js-client, the browser library other portals use, in a real browser over lines that break."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Request, Route, sync_playwright

from tests.clients.test_uploads import DIGEST, ROWS, Served
from tests.clients.test_uploads import served as served
from tests.servers import require

pytestmark = pytest.mark.slow

PIECE = 1_000_003
LINES = f"Array.from({{length: {ROWS}}}, (_, n) => `${{n}},${{n * n}}\\n`)"
FILE = f'new File(["n,square\\n", ...{LINES}], "平方数.csv", {{type: "text/csv"}})'
SEND = """
([token, piece, attempts, stop]) => new Promise((resolve) => {
    let sent = 0
    const upload = new tus.Upload(window.file, {
        endpoint: `${location.origin}/api/v1/uploads`,
        headers: {Authorization: `Bearer ${token}`},
        chunkSize: piece,
        retryDelays: Array(attempts).fill(50),
        metadata: {filename: window.file.name, filetype: window.file.type},
        onError: (error) => resolve({error: String(error)}),
        onSuccess: () => resolve({url: upload.url}),
        onChunkComplete: (_, accepted) => {
            sent += 1
            if (sent === stop) upload.abort().then(() => resolve({url: upload.url, offset: accepted}))
        },
    })
    upload.findPreviousUploads().then((before) => {
        if (before.length) upload.resumeFromPreviousUpload(before[0])
        upload.start()
    })
})
"""


@pytest.fixture(scope="module")
def browser(chromium_path: Path) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium_path, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def page(browser: Browser, served: Served) -> Iterator[Page]:
    """A page of another program at the portal's address, with the library loaded and a file chosen."""
    context = browser.new_context()
    page = context.new_page()
    page.route("**/uploader", lambda route: route.fulfill(body="<!doctype html>", content_type="text/html"))
    page.goto(f"{served.address}/uploader")
    page.add_script_tag(path=require("tus-js-client"))
    page.evaluate(f"() => {{ window.file = {FILE} }}")
    yield page
    context.close()


def test_a_library_in_a_browser_sends_a_file_in_pieces(served: Served, page: Page) -> None:
    found = page.evaluate(SEND, [served.token, PIECE, 0, 0])
    assert served.digest(found["url"]) == DIGEST
    assert served.session.get(found["url"]).json()["filename"] == "平方数.csv"


@pytest.mark.slow
def test_it_goes_on_over_a_line_that_breaks_five_times(served: Served, page: Page) -> None:
    broken: list[Request] = []

    def break_off(route: Route) -> None:
        pieces_before = len(sent)
        sent.append(route.request)
        if pieces_before % 2 and len(broken) < 5:
            broken.append(route.request)
            route.abort("connectionreset")
        else:
            route.continue_()

    sent: list[Request] = []
    page.route("**/api/v1/uploads/*", lambda route: break_off(route) if is_piece(route) else route.continue_())
    found = page.evaluate(SEND, [served.token, PIECE, 10, 0])
    assert len(broken) == 5
    assert served.digest(found["url"]) == DIGEST


@pytest.mark.slow
def test_it_goes_on_where_it_was_stopped(served: Served, page: Page) -> None:
    first = page.evaluate(SEND, [served.token, PIECE, 0, 2])
    assert first["offset"] == served.offset(first["url"]) == 2 * PIECE
    second = page.evaluate(SEND, [served.token, PIECE, 0, 0])
    assert second["url"] == first["url"]
    assert served.digest(first["url"]) == DIGEST


@pytest.mark.slow
def test_it_is_told_what_is_wrong(served: Served, page: Page) -> None:
    assert "response code: 401" in page.evaluate(SEND, ["nobody", PIECE, 0, 0])["error"]


def is_piece(route: Route) -> bool:
    """Whether a request carries data."""
    return route.request.method == "PATCH"
