"""Signing in through a real provider of OpenID Connect, a process of its own, over HTTP."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pyotp
import pytest
import requests
from flask.testing import FlaskClient
from sqlalchemy import select

from opendata.db.models import Event, ExternalIdentity, User
from opendata.errors import InvalidMetadataError
from opendata.services.core.actors import SYSTEM
from tests import openid_provider
from tests.mail_office import mail_settings
from tests.mailbox import Mailbox
from tests.web.conftest import PASSWORD, Portal, make_portal, send

pytestmark = pytest.mark.slow

DONE = "/sign-in/openid/done"


@dataclass(frozen=True)
class World:
    """A portal and the provider beside it."""

    portal: Portal
    issuer: str

    def tell(self, **said: Any) -> None:
        """Tell the provider whom it signs in, and what it does wrong."""
        requests.post(f"{self.issuer}/control", json=said, timeout=10).raise_for_status()

    def go(self, client: FlaskClient, path: str = "/sign-in/openid", form: str = "/sign-in", **data: str) -> str:
        """Press a button, follow the provider, and come back; the address that leads back."""
        page = send(client, path, data, form=form)
        assert page.status_code == 200, (page.status, page.location)
        found = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', page.text)
        assert found, page.text
        answer = requests.get(unescape(found[1]), allow_redirects=False, timeout=10)
        assert answer.status_code == 302, answer.text
        parts = urlsplit(answer.headers["Location"])
        assert (parts.netloc, parts.path) == ("localhost", DONE)
        return f"{parts.path}?{parts.query}"

    def enter(self, client: FlaskClient, **data: str) -> str:
        """Sign in; where that leads to."""
        return client.get(self.go(client, **data)).location or ""

    def verbs(self) -> list[str]:
        """What the audit log has seen last."""
        with self.portal.services.database.unit() as session:
            return list(session.scalars(select(Event.verb).order_by(Event.id.desc()).limit(4)))

    def reason(self) -> str:
        """Why the newest answer was refused."""
        query = select(Event.details).where(Event.verb == "openid-failed").order_by(Event.id.desc()).limit(1)
        with self.portal.services.database.unit() as session:
            return str(session.scalars(query).one()["reason"])


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """The address of a provider that runs."""
    command = [sys.executable, str(Path(openid_provider.__file__))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.terminate()


@pytest.fixture
def make_world(tmp_path: Path, issuer: str) -> Iterator[Callable[..., World]]:
    """Makes a portal with the provider, and with further settings."""
    opened = []

    def make(**settings: object) -> World:
        base = {"base_url": "http://localhost", "oidc_issuer": issuer, "oidc_name": "政务账号"}
        client = {"oidc_client_id": openid_provider.CLIENT, "oidc_client_secret": openid_provider.SECRET}
        context = make_portal(tmp_path / f"desk-{len(opened)}", **{**settings, **base, **client})
        opened.append(context)
        world = World(context.__enter__(), issuer)
        world.tell()
        return world

    yield make
    for context in opened:
        context.__exit__(None, None, None)


def read_note(client: FlaskClient, path: str) -> str:
    """What a page says on top."""
    found = re.search(r'<p class="note [a-z]+" role="status">([^<]+)</p>', client.get(path).text)
    assert found
    return unescape(found[1])


def test_a_person_connects_signs_in_through_it_and_disconnects(
    make_world: Callable[..., World], mailbox: Mailbox
) -> None:
    world = make_world(**mail_settings(mailbox.url()))
    services = world.portal.services
    with services.database.unit(write=True) as session:
        session.scalars(select(User).where(User.name == "clerk")).one().mail_address = "clerk@example.org"
    stranger = world.portal.client("en")
    assert world.enter(stranger) == "/sign-in?next="
    assert "No account here is connected with yours at “政务账号”" in read_note(stranger, "/sign-in")
    assert world.verbs()[0] == "openid-unknown"

    clerk = world.portal.signed_in("clerk", "en")
    wrong = send(clerk, "/account/openid", {"current_password": "x"})
    assert (wrong.status_code, "This isn&#39;t your current password" in wrong.text) == (422, True)
    back = world.go(clerk, "/account/openid", "/account/openid", current_password=PASSWORD)
    assert clerk.get(back).location == "/account"
    assert "Your account is connected" in read_note(clerk, "/account")
    assert world.verbs()[0] == "connect"
    mailbox.clear()
    services.sending.send_due()
    assert any("通过“政务账号”登录账号“clerk”" in text for text in mailbox.texts())
    world.tell(person={"sub": "another"})
    clerk = world.portal.signed_in("clerk", "en")
    (own,) = services.own_data.export(services.accounts.get_actor("clerk"))["externalIdentities"]
    assert (own["issuer"], own["subject"]) == (world.issuer, "248289761001")

    world.tell()
    browser = world.portal.client("en")
    assert world.enter(browser, next="/workspace/control") == "/workspace/control"
    assert browser.get("/workspace/control").status_code == 200
    assert "sign-in" in world.verbs()
    page = send(browser, "/sign-out", {}, form="/account")
    assert (page.status_code, page.headers["Clear-Site-Data"]) == (200, '"cache", "storage"')
    found = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', page.text)
    assert found
    ended = requests.get(unescape(found[1]), allow_redirects=False, timeout=10)
    assert ended.headers["Location"] == "http://localhost/"
    assert browser.get("/workspace").status_code == 303
    assert send(clerk, "/sign-out", {}, form="/account").location == "/"

    elsewhere = world.portal.client("en")
    assert world.enter(elsewhere, next="https://evil.example.org/") == "/workspace"
    boss = world.portal.signed_in("boss", "en")  # the same account there can't be connected twice
    back = world.go(boss, "/account/openid", "/account/openid", current_password=PASSWORD)
    assert boss.get(back).location == "/account"
    assert "is connected already" in read_note(boss, "/account")

    clerk = world.portal.signed_in("clerk", "en")
    form = {"current_password": PASSWORD}
    assert send(clerk, "/account/openid/1/remove", {"current_password": "x"}, form="/account/openid").status_code == 422
    assert send(boss, "/account/openid/1/remove", form, form="/account/openid").status_code == 404
    assert send(clerk, "/account/openid/1/remove", form, form="/account/openid").status_code == 303
    assert world.verbs()[0] == "disconnect"
    assert world.enter(world.portal.client()) == "/sign-in?next="


def test_what_a_provider_must_not_say_is_refused(make_world: Callable[..., World]) -> None:
    world = make_world(oidc_create=True)
    now = int(time.time())
    for said, reason in (
        ({"claims": {"nonce": "another"}}, "nonce"),
        ({"claims": {"aud": "another"}}, "audience"),
        ({"claims": {"aud": [openid_provider.CLIENT, "another"]}}, "authorized-party"),
        ({"claims": {"exp": now - 61}}, "expired"),
        ({"claims": {"iss": "https://login.example.org"}}, "issuer"),
        ({"sign": "none"}, "algorithm"),
        ({"sign": "secret"}, "algorithm"),
        ({"sign": "other"}, "signature"),
        ({"cancel": "access_denied"}, "access_denied"),
        ({"cancel": "<script>"}, "error"),
    ):
        world.tell(**said)
        browser = world.portal.client("en")
        assert world.enter(browser) == "/sign-in?next=", reason
        assert world.reason() == reason
        said_there = "You cancelled" if reason == "access_denied" else f"isn't right ({reason})"
        assert said_there in read_note(browser, "/sign-in")
        assert browser.get("/workspace").status_code == 303
    with world.portal.services.database.unit() as session:
        assert session.scalars(select(ExternalIdentity)).all() == []


def test_an_answer_counts_once_and_in_its_browser_alone(make_world: Callable[..., World]) -> None:
    world = make_world(oidc_create=True)
    browser = world.portal.client("en")
    back = world.go(browser)
    kept = browser.get_cookie("opendata_openid")
    assert kept is not None
    assert kept.http_only
    victim = world.portal.client("en")
    assert victim.get(back).location == "/sign-in?next="
    assert "begun in another browser" in read_note(victim, "/sign-in")
    other = world.portal.client("en")
    world.go(other)
    assert other.get(back).location == "/sign-in?next="
    assert world.reason() == "state"
    assert browser.get(back).location == "/workspace"
    assert browser.get_cookie("opendata_openid") is None
    again = world.portal.client("en")
    again.set_cookie("opendata_openid", kept.value)
    assert again.get(back).location == "/sign-in?next="
    assert world.reason() == "used"
    for broken in ("", "?state=x", "?code=x&state=%00", "?error=x&state=é"):
        assert world.portal.client("en").get(DONE + broken).location == "/sign-in?next="
    assert browser.get("/sign-in/openid").location == "/sign-in?next="


def test_a_provider_that_changes_its_keys_or_is_away_is_borne(make_world: Callable[..., World], tmp_path: Path) -> None:
    world = make_world(oidc_create=True)
    assert world.enter(world.portal.client()) == "/workspace"
    world.tell(rotate=True)
    assert world.enter(world.portal.client()) == "/workspace"
    world.tell(slow=8)
    late = world.portal.client("en")
    begun = time.monotonic()
    assert world.enter(late) == "/sign-in?next="
    assert time.monotonic() - begun < 20
    assert "can't be reached" in read_note(late, "/sign-in")
    settings = {"base_url": "http://localhost", "oidc_client_id": "portal"}
    with make_portal(tmp_path / "away", oidc_issuer="http://127.0.0.1:1", **settings) as portal:
        client = portal.client("en")
        assert send(client, "/sign-in/openid", {}, form="/sign-in").location == "/sign-in?next="
        assert "“127.0.0.1:1” can't be reached" in read_note(client, "/sign-in")
        page = send(portal.signed_in("boss", "en"), "/account/openid", {"current_password": PASSWORD})
        assert page.status_code == 503
    with make_portal(tmp_path / "none") as portal:
        client = portal.client("en")
        assert "/sign-in/openid" not in client.get("/sign-in").text
        assert send(client, "/sign-in/openid", {}, form="/sign-in").status_code == 404


def test_an_invitation_is_accepted_through_it(make_world: Callable[..., World]) -> None:
    world = make_world()
    services = world.portal.services
    _, text = services.invitations.invite(SYSTEM, "mei@example.org", "editor", "water-bureau")
    link = f"/join/{text}"
    world.tell(person={"sub": "7", "preferred_username": "李梅", "amr": ["pwd"]})
    browser = world.portal.client("en")
    assert "Accept through “政务账号”" in browser.get(link).text
    assert world.enter(browser, form=link, invitation=str(text)) == link
    assert browser.get("/workspace").status_code == 200
    actor = services.accounts.get_actor("li-mei")
    assert actor.may_edit("water-bureau")
    assert world.portal.client().get(link).status_code == 404
    assert world.enter(world.portal.client()) == "/workspace"
    services.persons.close(SYSTEM, "li-mei", confirmed=True)
    closed = world.portal.client("en")
    assert world.enter(closed) == "/sign-in?next="
    assert "This account is closed" in read_note(closed, "/sign-in")


def test_a_second_factor_counts_if_the_provider_says_so(make_world: Callable[..., World]) -> None:
    world = make_world(second_factor="required")
    services = world.portal.services
    clerk = world.portal.signed_in("clerk", "en")
    back = world.go(clerk, "/account/openid", "/account/openid", current_password=PASSWORD)
    assert clerk.get(back).location == "/account"
    weak, strong = world.portal.client("en"), world.portal.client("en")
    assert world.enter(weak) == "/workspace"
    assert weak.get("/workspace").location == "/account/second-factor"
    world.tell(person={"sub": "248289761001", "amr": ["pwd", "otp"]})
    assert world.enter(strong) == "/workspace"
    assert strong.get("/workspace").status_code == 200

    actor = services.accounts.get_actor("clerk")
    secret, _ = services.second_factors.begin(actor)
    code = pyotp.TOTP(secret).now()
    services.second_factors.confirm(actor, PASSWORD, code)
    assert world.enter(world.portal.client()) == "/workspace"
    world.tell()
    asked = world.portal.client("en")
    assert world.enter(asked, next="/workspace/control") == "/sign-in/code?next=/workspace/control"
    assert asked.get("/workspace").status_code == 303


def test_newcomers_become_readers_where_the_portal_wants_that(
    make_world: Callable[..., World], mailbox: Mailbox
) -> None:
    world = make_world(oidc_create=True, **mail_settings(mailbox.url()))
    services = world.portal.services
    # The name and the address of somebody who has an account here give nobody that account.
    claims = {"preferred_username": "boss", "email": "boss@example.org", "email_verified": True}
    for subject, name in (("1", "boss-2"), ("2", "boss-3")):
        world.tell(person={"sub": subject, **claims})
        reader = world.portal.client("en")
        assert world.enter(reader) == "/workspace"
        actor = services.accounts.get_actor(name)
        assert not actor.works
        with services.database.unit() as session:
            assert session.get_one(User, actor.id).mail_address == "boss@example.org"
    world.tell(person={"sub": "3", "preferred_username": "system"})
    world.enter(world.portal.client())
    with pytest.raises(InvalidMetadataError):
        services.own_data.delete(services.accounts.get_actor("system-2"), "x" * 12)


def test_a_provider_of_another_name_is_none(issuer: str, tmp_path: Path) -> None:
    settings = {"base_url": "http://localhost", "oidc_client_id": "portal", "oidc_issuer": f"{issuer}/"}
    with make_portal(tmp_path / "desk", **settings) as portal:
        client = portal.client("en")
        assert send(client, "/sign-in/openid", {}, form="/sign-in").location == "/sign-in?next="
        assert "can't be reached" in read_note(client, "/sign-in")
