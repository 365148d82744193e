"""Passwords: easy ones are refused, hashes are made a few at a time, and who forgot theirs gets a link."""

from __future__ import annotations

from datetime import timedelta
from threading import Event, Thread

import pytest

from opendata.domain.access.origin import NOWHERE, Origin
from opendata.errors import (
    InvalidMetadataError,
    NotFoundError,
    NotPermittedError,
    NotSignedInError,
    OverloadedError,
    TooManyAttemptsError,
)
from opendata.services.access.passwords import HashQueue, find_password_faults, hash_password, is_right
from opendata.services.core.actors import SYSTEM
from opendata.services.core.context import read_clock
from opendata.wiring import Services, build_services
from tests.instances import make_actor

PASSWORD, NEW = "a long password", "three unrelated kettles"


@pytest.mark.parametrize(
    "password",
    [
        "password12",
        "1234567890",
        "qwertyuiop",
        "qazwsxedcrfv",
        "1qaz2wsx3edc",
        "aaaaaaaaaaaaaaaa",
        "woaini5201314",
        "administrator",
        "iloveyou1314",
        "20010203040506",
        "water-bureau",
        "shuiwuju2026",
        "clerk-of-water",
        "data.example",
        "x" * 1000,
    ],
)
def test_a_password_that_is_easy_to_guess_is_refused(password: str) -> None:
    words = ["clerk", "of", "water-bureau", "shuiwuju", "data.example.org"]
    assert [item.pointer for item in find_password_faults(password, words)] == ["/password"]


@pytest.mark.parametrize(
    "password", [PASSWORD, NEW, "Ex33oSpo0soMy_OA", "三只毫不相干的青花瓷水壶", NEW * 40, "clerk " + NEW]
)
def test_a_password_that_is_hard_to_guess_is_accepted(password: str) -> None:
    assert find_password_faults(password, ["clerk", "water-bureau"]) == []


def test_names_of_account_office_and_portal_are_known_to_guessers(services: Services) -> None:
    for password in ("zhang-wei-2026", "waterbureau1", "shuiwuju123"):
        with pytest.raises(InvalidMetadataError) as caught:
            services.accounts.create_user("zhang-wei", password, "editor", "water-bureau")
        assert "easy to guess" in caught.value.faults[0].text


def test_long_passwords_and_every_character_count() -> None:
    kept = hash_password("水" * 64 + "a")
    assert is_right(kept, "水" * 64 + "a")
    assert not is_right(kept, "水" * 64 + "b")
    assert not is_right(None, "anything")


def test_only_a_few_hashes_are_made_at_once_and_a_few_wait() -> None:
    queue, inside, leave = HashQueue(at_once=1, waiting=1, seconds=30), Event(), Event()
    passed = []

    def work(number: int) -> None:
        with queue.turn():
            inside.set()
            assert leave.wait(30)
            passed.append(number)

    first = Thread(target=work, args=(1,))
    first.start()
    assert inside.wait(30)
    second = Thread(target=work, args=(2,))
    second.start()
    refused = None
    while refused is None:  # until the second has got its place, somebody else may get it for no time
        try:
            with HashQueue.turn(queue):
                pytest.fail("two at once")
        except OverloadedError as error:
            refused = error
    assert refused.seconds > 0
    leave.set()
    first.join()
    second.join()
    assert sorted(passed) == [1, 2]
    with queue.turn():
        pass


def test_who_waits_too_long_is_sent_away() -> None:
    queue = HashQueue(at_once=1, waiting=1, seconds=0.01)
    with queue.turn(), pytest.raises(OverloadedError), queue.turn():
        pass


@pytest.mark.both_databases(slow=True)
def test_a_person_changes_their_password_and_their_other_sessions_end(services: Services) -> None:
    make_actor(services, "clerk")
    here, there = (services.accounts.sign_in("clerk", PASSWORD)[1] for _ in range(2))
    actor = services.sessions.resume(here)
    with pytest.raises(InvalidMetadataError) as caught:
        services.accounts.change_password(actor, "not it", NEW)
    assert caught.value.faults[0].pointer == "/current_password"
    with pytest.raises(InvalidMetadataError) as caught:
        services.accounts.change_password(actor, PASSWORD, "password12")
    assert caught.value.faults[0].pointer == "/password"
    services.accounts.change_password(actor, PASSWORD, NEW)
    assert services.sessions.resume(here) == actor
    assert services.sessions.resume(there) is None
    assert services.accounts.sign_in("clerk", NEW)[0] == actor
    with pytest.raises(NotSignedInError):
        services.accounts.change_password(None, NEW, PASSWORD)


@pytest.mark.slow
def test_a_stolen_session_cannot_guess_the_password(services: Services) -> None:
    make_actor(services, "clerk")
    actor = services.sessions.resume(services.accounts.sign_in("clerk", PASSWORD)[1])
    for _ in range(5):
        with pytest.raises(InvalidMetadataError):
            services.accounts.change_password(actor, "not it", NEW)
    with pytest.raises(TooManyAttemptsError):
        services.accounts.change_password(actor, PASSWORD, NEW)


@pytest.mark.both_databases(slow=True)
def test_a_link_sets_a_new_password_once(services: Services) -> None:
    make_actor(services, "clerk")
    _, session = services.accounts.sign_in("clerk", PASSWORD)
    old, text = (services.recoveries.issue(SYSTEM, "clerk") for _ in range(2))
    assert services.recoveries.find_account(text) == "clerk"
    with pytest.raises(NotFoundError):
        services.recoveries.accept(old, NEW, NOWHERE)
    with pytest.raises(InvalidMetadataError):
        services.recoveries.accept(text, "password12", NOWHERE)
    services.recoveries.accept(text, NEW, Origin(address="203.0.113.4"))
    assert services.sessions.resume(session) is None
    services.accounts.sign_in("clerk", NEW)
    with pytest.raises(NotFoundError):
        services.recoveries.accept(text, PASSWORD, NOWHERE)
    (event,) = [item for item in services.events.list(SYSTEM).items if item["action"] == "recovered"]
    assert (event["actor"], event["subject"]["id"], event["address"]) == ("", "clerk", "203.0.113.0/24")


def test_a_link_expires_and_ends_with_the_account(services: Services) -> None:
    clerk = make_actor(services, "clerk")
    text = services.recoveries.issue(SYSTEM, "clerk")
    moment = read_clock() + timedelta(hours=24, seconds=1)
    with pytest.raises(NotFoundError):
        build_services(services.settings, clock=lambda: moment).recoveries.find_account(text)
    services.persons.close(SYSTEM, "clerk", confirmed=True)
    with pytest.raises(NotFoundError):
        services.recoveries.find_account(text)
    with pytest.raises(NotPermittedError):
        services.recoveries.issue(clerk, "clerk")
    with pytest.raises(NotFoundError):
        services.recoveries.issue(SYSTEM, "nobody")
