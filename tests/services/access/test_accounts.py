"""Accounts: passwords, sessions and tokens, and how each of them ends."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from opendata.errors import InvalidMetadataError, NotFoundError, NotSignedInError, StateError
from opendata.services.access.accounts import Accounts
from opendata.services.core.actors import SYSTEM
from opendata.services.core.context import read_clock
from opendata.wiring import Services, build_services
from tests.instances import make_actor

PASSWORD = "a long password"


def at(services: Services, moment: datetime) -> Accounts:
    """The same accounts as they are at another time."""
    return build_services(services.settings, clock=lambda: moment).accounts


def test_a_name_and_password_give_the_actor(services: Services) -> None:
    view = services.accounts.create_user("clerk", PASSWORD, "editor", "water-bureau")
    actor, _ = services.accounts.sign_in("clerk", PASSWORD)
    assert (actor.name, actor.role, actor.publisher, actor.id) == ("clerk", "editor", "water-bureau", view.id)
    assert actor.may_edit("water-bureau")
    assert not actor.may_edit("roads")


def test_a_wrong_name_or_password_is_refused_in_the_same_words(services: Services) -> None:
    services.accounts.create_user("clerk", PASSWORD, "editor", "water-bureau")
    for name, password in [
        ("clerk", "another password"),
        ("clerk", ""),
        ("clerk", PASSWORD + "\0"),
        ("clerk", "\ud800"),
        ("clerk", "x" * 100_000),
        ("nobody", PASSWORD),
        ("Clerk", PASSWORD),
        ("", PASSWORD),
        ("cl\0erk", PASSWORD),
        ("\ud800", PASSWORD),
        ("x" * 100_000, PASSWORD),
        ("' OR 1=1 --", PASSWORD),
    ]:
        with pytest.raises(NotSignedInError) as caught:
            services.accounts.sign_in(name, password)
        assert caught.value.text == "The name or password is incorrect"


def test_an_unknown_name_costs_a_hash_as_a_wrong_password_does(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    from opendata.services.access import passwords

    verified = []
    hasher = passwords.find_hasher()

    class Counting:
        def hash(self, password: Any) -> str:
            return hasher.hash(password)

        def verify(self, digest: str, password: bytes) -> bool:
            verified.append(digest)
            return hasher.verify(digest, password)

    services.accounts.create_user("clerk", PASSWORD, "editor", "water-bureau")
    monkeypatch.setattr(passwords, "find_hasher", Counting)
    for name in ("clerk", "nobody", "no such name"):
        with pytest.raises(NotSignedInError):
            services.accounts.sign_in(name, "another password")
    assert len(verified) == 3
    assert all(digest.startswith("$argon2id$") for digest in verified)


def test_an_account_that_may_not_be_made_says_why(services: Services) -> None:
    for values, pointers in [
        (("Clerk", PASSWORD, "editor", "water-bureau"), ["/name"]),
        (("cl\0erk", PASSWORD, "editor", "water-bureau"), ["/name"]),
        (("clerk", "short", "editor", "water-bureau"), ["/password"]),
        (("clerk", "x" * 1001, "editor", "water-bureau"), ["/password"]),
        (("clerk", "\ud800" * 20, "editor", "water-bureau"), ["/password"]),
        (("clerk", PASSWORD, "system", None), ["/role"]),
        (("clerk", PASSWORD, "editor", None), ["/publisher"]),
        (("", "", "", None), ["/name", "/password", "/role"]),
    ]:
        with pytest.raises(InvalidMetadataError) as caught:
            services.accounts.create_user(*values)
        assert [item.pointer for item in caught.value.faults] == pointers
        assert services.accounts.list_users() == []


@pytest.mark.both_databases
def test_a_name_is_given_once_and_a_publisher_has_to_exist(services: Services) -> None:
    services.accounts.create_user("clerk", PASSWORD, "editor", "water-bureau")
    with pytest.raises(StateError):
        services.accounts.create_user("clerk", PASSWORD, "maintainer")
    with pytest.raises(NotFoundError):
        services.accounts.create_user("other", PASSWORD, "editor", "nobody")
    assert [(user.name, user.role) for user in services.accounts.list_users()] == [("clerk", "editor")]


def test_a_password_is_kept_as_argon2id_alone(services: Services, tmp_path: Path) -> None:
    services.accounts.create_user("clerk", PASSWORD, "editor", "water-bureau")
    from opendata.db.models import User

    with services.database.unit() as session:
        (kept,) = [row.password for row in session.query(User)]
    assert kept.startswith("$argon2id$")
    assert PASSWORD not in kept


def test_closing_an_account_ends_its_sessions_and_tokens_and_opening_it_does_not_bring_them_back(
    services: Services,
) -> None:
    actor = make_actor(services, "clerk")
    assert actor.id is not None
    _, mark = services.accounts.sign_in("clerk", PASSWORD)
    text, _ = services.accounts.create_token("clerk")
    services.persons.close(SYSTEM, "clerk", confirmed=True)
    assert services.sessions.resume(mark) is None
    with pytest.raises(NotSignedInError):
        services.accounts.sign_in("clerk", PASSWORD)
    with pytest.raises(NotSignedInError):
        services.accounts.authenticate(text)
    assert [user.disabled for user in services.accounts.list_users()] == [True]
    services.persons.close(SYSTEM, "clerk", disabled=False)
    assert services.sessions.resume(mark) is None
    with pytest.raises(NotSignedInError):
        services.accounts.authenticate(text)
    assert services.accounts.sign_in("clerk", PASSWORD)[0] == actor


def test_a_token_carries_the_rights_of_its_account(services: Services) -> None:
    actor = make_actor(services, "clerk")
    text, view = services.accounts.create_token("clerk", "nightly upload")
    assert text.startswith("odt_")
    assert services.accounts.list_tokens() == [view]
    assert services.accounts.authenticate(text) == actor
    assert (view.user, view.name, view.expires, view.revoked) == ("clerk", "nightly upload", None, False)


def test_a_token_is_kept_as_its_digest_alone(services: Services) -> None:
    from opendata.db.models import Token

    make_actor(services, "clerk")
    text, _ = services.accounts.create_token("clerk")
    with services.database.unit() as session:
        (row,) = session.query(Token)
        assert text not in repr(vars(row))
        assert len(row.digest) == 64


def test_an_unknown_token_is_refused(services: Services) -> None:
    make_actor(services, "clerk")
    services.accounts.create_token("clerk")
    for text in ["", "odt_", "odt_" + "a" * 43, "\0", "\ud800", "x" * 100_000]:
        with pytest.raises(NotSignedInError, match="token isn't valid"):
            services.accounts.authenticate(text)


@pytest.mark.both_databases
def test_a_token_ends_on_its_day(services: Services) -> None:
    make_actor(services, "clerk")
    now = read_clock()
    text, view = at(services, now).create_token("clerk", days=7)
    assert view.expires == now + timedelta(days=7)
    assert at(services, now + timedelta(days=7, seconds=-1)).authenticate(text).name == "clerk"
    with pytest.raises(NotSignedInError, match="expired"):
        at(services, now + timedelta(days=7)).authenticate(text)


def test_a_token_lasts_a_day_at_least_and_ten_years_at_most(services: Services) -> None:
    make_actor(services, "clerk")
    for days in (0, -1, 3651, 10**12):
        with pytest.raises(InvalidMetadataError, match="3650"):
            services.accounts.create_token("clerk", days=days)
        assert services.accounts.list_tokens() == []


def test_a_revoked_token_is_refused_and_the_others_stay(services: Services) -> None:
    make_actor(services, "clerk")
    first, view = services.accounts.create_token("clerk")
    second, _ = services.accounts.create_token("clerk")
    services.accounts.revoke_token(view.id)
    with pytest.raises(NotSignedInError, match="revoked"):
        services.accounts.authenticate(first)
    assert services.accounts.authenticate(second).name == "clerk"
    assert [item.revoked for item in services.accounts.list_tokens()] == [True, False]


def test_what_is_not_there_is_not_found(services: Services) -> None:
    with pytest.raises(NotFoundError):
        services.accounts.revoke_token(12345)
    for name in ("nobody", "no\0body", "No Body"):
        with pytest.raises(NotFoundError):
            services.accounts.create_token(name)
        with pytest.raises(NotFoundError):
            services.persons.close(SYSTEM, name, confirmed=True)
    with pytest.raises(NotFoundError):
        services.accounts.set_password("nobody", PASSWORD)
