"""Passkeys with a browser's virtual authenticator: registered, used without a password, removed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from sqlalchemy import select
from werkzeug.serving import make_server

from opendata.db.models import Challenge, Passkey
from tests.web.conftest import PASSWORD, Portal, make_portal, send

pytestmark = pytest.mark.slow


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Portal, str]]:
    """A portal at an address of its own, under the name that browsers trust without a certificate."""
    with make_portal(tmp_path / "desk") as desk:
        server = make_server("127.0.0.1", 0, desk.app, threaded=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield desk, f"http://localhost:{server.server_port}"
        server.shutdown()
        thread.join()
        server.server_close()


def open_page(browser: Browser) -> Page:
    """A page whose device has a virtual authenticator with a fingerprint reader."""
    page = browser.new_context(locale="en").new_page()
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    device.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return page


def test_a_person_signs_in_with_a_passkey_alone(served: tuple[Portal, str], browser: Browser) -> None:
    desk, base = served
    page = open_page(browser)
    page.goto(f"{base}/sign-in")
    page.fill("#name", "clerk")
    page.fill("#password", PASSWORD)
    page.click("form.card button[type=submit]")
    page.goto(f"{base}/account/second-factor")
    page.fill("#name", "办公室电脑")
    page.fill("#passkey_password", PASSWORD)
    page.click("text=Add a passkey")
    page.wait_for_selector("text=The passkey is added")
    assert "办公室电脑" in page.inner_text("main")

    page.click(".tools button.link")
    page.goto(f"{base}/sign-in?next=/workspace/control")
    page.click("text=Sign in with a passkey")
    page.wait_for_url("**/workspace/control")
    sent = page.context.cookies()
    assert sent
    with desk.services.database.unit() as session:
        (row,) = session.scalars(select(Passkey))
        assert (row.used is not None, row.name) == (True, "办公室电脑")
        assert session.scalars(select(Challenge)).all() == []
    refused = send(desk.client("en"), "/sign-in", {"name": "clerk", "password": PASSWORD})
    assert refused.status_code == 401
    assert "Sign in with that" in refused.text

    page.goto(f"{base}/account/second-factor")
    page.fill(f"#password-{row.id}", PASSWORD)
    page.click("text=Remove the passkey")
    page.wait_for_selector("text=The passkey is removed")
    assert desk.signed_in("clerk").get("/workspace").status_code == 200
    page.context.close()


def test_answers_that_no_device_gave_are_refused(served: tuple[Portal, str]) -> None:
    desk, _ = served
    for credential in ("", "{}", "[]", '{"response":{"clientDataJSON":"e30"}}', "x" * 30_000):
        answer = send(desk.client("en"), "/sign-in/passkey", {"credential": credential}, form="/sign-in")
        assert answer.location == "/sign-in?next="
        form = {"current_password": PASSWORD, "name": "x", "credential": credential}
        kept = send(desk.signed_in("clerk"), "/account/passkeys", form, form="/account/second-factor")
        assert kept.status_code == 400
