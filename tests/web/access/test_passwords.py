"""The pages on which people change their password, or set a new one with a link."""

from __future__ import annotations

import pytest

from opendata.services.access import passwords
from opendata.services.access.passwords import HashQueue
from opendata.services.core.actors import SYSTEM
from tests.web.conftest import PASSWORD, Portal, find_token, send

NEW = "three unrelated kettles"
OWN = "/account/password"


def test_a_person_changes_their_own_password(desk: Portal) -> None:
    client, other = desk.signed_in("clerk", "en"), desk.signed_in("clerk")
    wrong = send(client, OWN, {"current_password": "not it", "password": NEW})
    assert wrong.status_code == 422
    assert "This isn&#39;t your current password" in wrong.text
    weak = send(client, OWN, {"current_password": PASSWORD, "password": "password12"})
    assert "This password is easy to guess" in weak.text
    assert "password12" not in weak.text
    assert send(client, OWN, {"current_password": PASSWORD, "password": NEW}).status_code == 303
    assert "Your password is changed" in client.get("/account").text
    assert other.get("/account").status_code == 303
    assert desk.client().get(OWN).status_code == 303


def test_no_password_is_kept_of_a_form_that_comes_after_the_session(desk: Portal) -> None:
    client = desk.signed_in("clerk")
    token = find_token(client.get(OWN).text)
    desk.services.accounts.set_password("clerk", "yet another kettle")
    data = {"csrf_token": token, "current_password": PASSWORD, "password": NEW}
    assert client.post(OWN, data=data, headers={"Origin": "http://localhost"}).status_code == 303
    kept = [path.read_text() for path in (desk.services.settings.private_folder / "forms").glob("*")]
    assert all(PASSWORD not in text and NEW not in text for text in kept)


def test_a_link_leads_to_a_new_password_and_this_browser_is_known_from_then_on(desk: Portal) -> None:
    path = f"/recover/{desk.services.recoveries.issue(SYSTEM, 'clerk')}"
    client = desk.client("en")
    assert client.get(path).headers["Cache-Control"] == "private, no-store"
    assert send(client, path, {"password": "password12"}).status_code == 422
    assert send(client, path, {"password": NEW}).status_code == 303
    assert client.get_cookie("opendata_device") is not None
    assert client.get(path).status_code == 404
    assert send(client, "/sign-in", {"name": "clerk", "password": NEW}).status_code == 303


def test_a_portal_that_is_asked_for_too_many_hashes_says_when_to_come_again(
    desk: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = HashQueue(at_once=1, waiting=0, seconds=0)
    monkeypatch.setattr(passwords, "queue", queue)
    client = desk.client("en")
    with queue.turn():
        answer = send(client, "/sign-in", {"name": "clerk", "password": PASSWORD})
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert send(client, "/sign-in", {"name": "clerk", "password": PASSWORD}).status_code == 303
