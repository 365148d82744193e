"""The documentation in a real browser: it is drawn and can be tried, with nothing from elsewhere and no complaint."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import sync_playwright
from werkzeug.serving import make_server


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()


def test_an_operation_is_tried_in_the_browser(address: str, chromium_path: Path) -> None:
    complaints: list[str] = []
    asked: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=["--no-sandbox"])
        page = browser.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{address}/api/docs")
        page.locator("#operations-datasets-list_datasets").click()
        page.locator("#operations-datasets-list_datasets .execute").click()
        status = page.locator("#operations-datasets-list_datasets .live-responses-table tbody .response-col_status")
        assert status.first.inner_text().strip() == "200"
        browser.close()
    assert complaints == []
    assert [url for url in asked if not url.startswith((address, "data:"))] == []
