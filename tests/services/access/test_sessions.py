"""Sessions: kept as digests, listed, ended one by one or all, and over when they are old."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import event, func, select

from opendata.db.models import User, UserSession
from opendata.domain.access.origin import Origin, name_browser
from opendata.errors import NotFoundError, NotSignedInError
from opendata.services.core.context import read_clock
from opendata.wiring import Services, build_services
from tests.instances import make_actor

PASSWORD = "a long password"


def at(services: Services, moment: datetime) -> Services:
    """The same instance at another time."""
    return build_services(services.settings, clock=lambda: moment)


@pytest.mark.both_databases
def test_a_session_is_resumed_until_the_password_changes(services: Services) -> None:
    actor = make_actor(services, "clerk")
    _, text = services.accounts.sign_in("clerk", PASSWORD)
    resumed = services.sessions.resume(text)
    assert resumed == actor
    assert services.sessions.resume(text[:-1] + "!") is None
    assert services.sessions.resume("") is None
    services.accounts.set_password("clerk", "another password")
    assert services.sessions.resume(text) is None
    _, renewed = services.accounts.sign_in("clerk", "another password")
    assert services.sessions.resume(renewed) == actor


def test_the_database_has_no_text_that_a_cookie_could_have(services: Services) -> None:
    make_actor(services, "clerk")
    _, text = services.accounts.sign_in("clerk", PASSWORD)
    with services.database.unit() as session:
        digests = list(session.scalars(select(UserSession.digest)))
    assert text not in digests
    assert all(services.sessions.resume(digest) is None for digest in digests)


def test_a_session_ends_when_it_is_not_used_and_when_it_is_old(services: Services) -> None:
    make_actor(services, "clerk")
    start = read_clock()
    _, text = services.accounts.sign_in("clerk", PASSWORD)
    idle, hours = services.settings.session_idle_minutes, services.settings.session_hours
    assert at(services, start + timedelta(minutes=idle + 1)).sessions.resume(text) is None
    moment = start
    while moment < start + timedelta(hours=hours) - timedelta(minutes=idle):
        moment += timedelta(minutes=idle - 1)
        assert at(services, moment).sessions.resume(text) is not None
    assert at(services, start + timedelta(hours=hours, seconds=1)).sessions.resume(text) is None
    later = at(services, start + timedelta(hours=hours, seconds=1))
    later.sessions.tidy()
    with services.database.unit() as session:
        assert session.scalar(select(func.count()).select_from(UserSession)) == 0


def test_the_last_use_is_written_once_a_minute(services: Services) -> None:
    make_actor(services, "clerk")
    _, text = services.accounts.sign_in("clerk", PASSWORD)
    written = []
    event.listen(
        services.database.engine,
        "before_cursor_execute",
        lambda conn, cursor, statement, *rest: written.append(statement) if "UPDATE" in statement else None,
    )
    for _ in range(3):
        assert services.sessions.resume(text)
    assert written == []
    start = read_clock()
    for seconds in (61, 70, 120, 122):
        later = at(services, start + timedelta(seconds=seconds))
        assert later.sessions.resume(text, "198.51.100.7")
        (view, *_) = [item for item in later.sessions.list(later.sessions.resume(text)) if item.is_current]
        assert view.seen == start + timedelta(seconds=122 if seconds == 122 else 61)
    assert view.address == "198.51.100.0/24"


@pytest.mark.both_databases(slow=True)
def test_a_person_lists_their_sessions_and_ends_them(services: Services) -> None:
    make_actor(services, "other")
    services.accounts.create_user("clerk", PASSWORD, "editor", "water-bureau")
    agent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:130.0) Gecko/20100101 Firefox/130.0"
    origins = [Origin(address="203.0.113.9", browser=name_browser(agent)), Origin(), Origin()]
    texts = [services.accounts.sign_in("clerk", PASSWORD, origin)[1] for origin in origins]
    actor = services.sessions.resume(texts[0])
    listed = services.sessions.list(actor)
    assert [item.is_current for item in listed].count(True) == 1
    first = next(item for item in listed if item.is_current)
    assert (first.browser, first.address) == ("Firefox, Windows", "203.0.113.0/24")
    stranger = services.sessions.resume(services.accounts.sign_in("other", PASSWORD)[1])
    with pytest.raises(NotFoundError):
        services.sessions.end(stranger, first.id)
    services.sessions.end(actor, next(item.id for item in listed if not item.is_current))
    assert [services.sessions.resume(text) is not None for text in texts].count(True) == 2
    assert services.sessions.end_others(actor) == 1
    assert [services.sessions.resume(text) is not None for text in texts] == [True, False, False]
    assert actor is not None
    services.sessions.sign_out(actor)
    assert services.sessions.resume(texts[0]) is None
    with pytest.raises(NotSignedInError):
        services.sessions.list(None)


def test_no_session_begins_with_a_password_that_is_changed_meanwhile(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_actor(services, "clerk")
    from opendata.services.access import passwords

    hasher = passwords.find_hasher()

    class Slow:
        def verify(self, digest: str, password: bytes) -> bool:
            found = hasher.verify(digest, password)
            with services.database.unit(write=True) as session:
                session.query(User).filter_by(name="clerk").update({"password": hasher.hash("another password")})
            return found

    monkeypatch.setattr(passwords, "find_hasher", Slow)
    with pytest.raises(NotSignedInError):
        services.accounts.sign_in("clerk", PASSWORD)


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/126.0 Safari/537.36 Edg/126.0", "Edge, Windows"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) AppleWebKit/605.1 Version/17.5 Safari/605.1", "Safari, macOS"),
        (
            "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/126.0 Safari MicroMessenger/8.0",
            "WeChat, Android",
        ),
        ("curl/8.5", ""),
        (None, ""),
    ],
)
def test_a_browser_is_named_as_a_person_would(agent: str | None, name: str) -> None:
    assert name_browser(agent) == name
