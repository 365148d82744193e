"""The pages about mail: an address for an account, a link for a forgotten password, what became of mail."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from tests.mail_office import mail_settings
from tests.mailbox import Mailbox
from tests.web.conftest import PASSWORD, Portal, make_portal, send

NEW = "three unrelated kettles"
ADDRESS = "/account/address"
BASE = {"base_url": "http://localhost"}


@pytest.fixture
def desk(tmp_path: Path, mailbox: Mailbox) -> Iterator[Portal]:
    """A portal that sends mail."""
    with make_portal(tmp_path / "desk", **mail_settings(mailbox.url()) | BASE) as built:
        yield built


def read(client: FlaskClient, path: str) -> str:
    """A page, as a person sees its characters."""
    return html.unescape(client.get(path).text)


def read_path(mailbox: Mailbox) -> str:
    """Where the link in the newest mail leads to."""
    found = re.search(r"^http://localhost(/\S+/od[mr]_\S+)$", mailbox.texts()[-1], re.MULTILINE)
    assert found, mailbox.texts()
    return found[1]


def enter_address(desk: Portal, mailbox: Mailbox, name: str, address: str) -> None:
    client = desk.signed_in(name, "en")
    data = {"address": address, "language": "en", "current_password": PASSWORD}
    assert send(client, ADDRESS, data).status_code == 303
    page = read(client, "/account")
    assert "A mail is on its way to the new address" in page
    assert f"{address} isn't confirmed yet" in page
    desk.services.sending.send_due()
    path = read_path(mailbox)
    reader = desk.client("en")
    shown = reader.get(path)
    assert shown.headers["Cache-Control"] == "private, no-store"
    assert address in shown.text
    assert f"{address} isn't confirmed yet" in read(client, "/account")  # opening it confirms nothing
    assert send(reader, path, {}).status_code == 303
    assert f"go to {address}." in read(client, "/account")
    assert reader.get(path).status_code == 404
    desk.services.sending.send_due()


def test_an_address_is_entered_confirmed_used_and_removed(desk: Portal, mailbox: Mailbox) -> None:
    enter_address(desk, mailbox, "clerk", "clerk@example.org")
    client = desk.client("en")
    answer = send(client, "/recover", {"name": "clerk"})
    assert answer.status_code == 200
    assert "a mail with a link is on its way" in html.unescape(answer.text)
    desk.services.sending.send_due()
    path = read_path(mailbox)
    assert send(client, path, {"password": NEW}).status_code == 303
    assert send(client, "/sign-in", {"name": "clerk", "password": NEW}).status_code == 303
    assert 'value="clerk@example.org"' in read(client, ADDRESS)
    wrong = send(client, ADDRESS, {"remove": "1", "current_password": PASSWORD})
    assert (wrong.status_code, "This isn't your current password" in html.unescape(wrong.text)) == (422, True)
    assert send(client, ADDRESS, {"remove": "1", "current_password": NEW}).status_code == 303
    assert "has no confirmed e-mail address" in read(client, "/account")


def test_the_answer_is_the_same_for_every_name(desk: Portal, mailbox: Mailbox) -> None:
    enter_address(desk, mailbox, "clerk", "clerk@example.org")
    client = desk.client("en")
    answers = [send(client, "/recover", {"name": name}) for name in ("clerk", "boss", "nobody", "x\r\nBcc: a@b.c")]
    texts = {re.sub(r'"csrf_token" value="[^"]*"', "", answer.text) for answer in answers}
    assert len(texts) == 1
    assert {answer.status_code for answer in answers} == {200}
    client.environ_base["REMOTE_ADDR"] = "203.0.113.9"
    for _ in range(5):
        send(client, "/recover", {"name": "nobody"})
    refused = send(client, "/recover", {"name": "nobody"})
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) >= 1
    assert "There were too many attempts" in refused.text


def test_a_link_leads_to_the_address_of_the_settings_whatever_host_is_asked(desk: Portal, mailbox: Mailbox) -> None:
    enter_address(desk, mailbox, "clerk", "clerk@example.org")
    count = len(mailbox.messages)
    client = desk.client("en")
    assert client.post("/recover", data={"name": "clerk"}, headers={"Host": "evil.example"}).status_code == 400
    send(client, "/recover", {"name": "clerk"})
    desk.services.sending.send_due()
    assert len(mailbox.messages) == count + 1
    assert "http://localhost/recover/odr_" in mailbox.texts()[-1]


def test_what_is_wrong_with_an_address_is_said_beside_it(desk: Portal) -> None:
    client = desk.signed_in("clerk", "en")
    answer = send(client, ADDRESS, {"address": "clerk", "language": "fr", "current_password": PASSWORD})
    assert answer.status_code == 422
    assert "This isn't an e-mail address" in html.unescape(answer.text)
    assert "isn't one of zh, en" in html.unescape(answer.text)
    assert desk.client().get(ADDRESS).status_code == 303


def test_a_portal_without_mail_says_so(portal: Portal) -> None:
    client = portal.client("en")
    assert 'href="/recover"' in client.get("/sign-in").text
    page = client.get("/recover").text
    assert "This portal sends no mail. Ask a maintainer of the portal for a link" in page
    assert 'name="name"' not in page
    account = portal.signed_in("clerk", "en")
    assert "This portal sends no mail" in read(account, "/account")
    answer = send(account, ADDRESS, {"address": "a@example.org", "language": "en", "current_password": PASSWORD})
    assert answer.status_code == 409
    assert "This portal sends no mail, so an account needs no address" in html.unescape(answer.text)
    assert "mail" not in client.get("/readyz").text


def test_maintainers_see_what_became_of_mail(desk: Portal, mailbox: Mailbox) -> None:
    enter_address(desk, mailbox, "clerk", "clerk@example.org")
    desk.signed_in("clerk")
    assert desk.client().get("/readyz").text == "ready\nmail: ready\n"
    mailbox.answers["DATA"] = ["451 <b>the disk is full"]
    desk.services.sending.send_due()
    assert desk.client().get("/readyz").text == "ready\nmail: not getting through\n"
    boss = desk.signed_in("boss", "en")
    assert 'href="/workspace/mail"' in boss.get("/workspace").text
    page = boss.get("/workspace/mail").text
    for said in (
        "At the moment no mail gets through.",
        "Waiting: 1.",
        "c…@example.org",
        "451 &lt;b&gt;the disk is full",
    ):
        assert said in page
    assert "clerk@example.org" not in page
    assert "Signed in from a new browser" in boss.get("/workspace/mail?state=waiting").text
    assert "There are no such mails" in boss.get("/workspace/mail?state=failed").text
    assert desk.signed_in("stranger").get("/workspace/mail").status_code == 403
    assert desk.client().get("/workspace/mail").status_code == 303
