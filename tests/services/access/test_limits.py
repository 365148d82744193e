"""Wrong sign-ins: guessers are refused, whatever they mix; owners get in."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from opendata.db.models import Base, Failures, KnownPlace
from opendata.domain.access.origin import Origin
from opendata.domain.access.waiting import Gate, find_wait
from opendata.errors import NotSignedInError, TooManyAttemptsError
from opendata.services.access import limits
from opendata.services.core.actors import SYSTEM
from opendata.services.core.context import read_clock
from opendata.wiring import Services, build_services
from tests.instances import make_services

PASSWORD = "a long password"
HOME = "203.0.113.9"


class Doors:
    """An instance with an owner `clerk` who has signed in from home, and a clock that the test sets."""

    def __init__(self, services: Services) -> None:
        self.now = read_clock()
        self.services = build_services(services.settings, clock=lambda: self.now)
        for name in ("clerk", *(f"other{number}" for number in range(10))):
            self.services.accounts.create_user(name, PASSWORD, "reader")
        actor, _ = self.services.accounts.sign_in("clerk", PASSWORD, Origin(address=HOME))
        self.device = self.services.limits.remember(actor, Origin(address=HOME))

    def try_in(self, password: str, *, name: str = "clerk", address: str = HOME, device: str = "") -> int:
        """0 where it is right, -1 where it is wrong, else the seconds to wait."""
        try:
            self.services.accounts.sign_in(name, password, Origin(address=address, device=device))
        except TooManyAttemptsError as error:
            return error.seconds
        except NotSignedInError:
            return -1
        return 0


@pytest.fixture
def doors(services: Services) -> Doors:
    return Doors(services)


def one_account(number: int) -> tuple[str, str]:
    return "clerk", f"198.51.100.{number}"


def one_address(number: int) -> tuple[str, str]:
    return (f"somebody{number}" if number % 4 else "clerk"), "198.51.100.1"


def one_of_each(number: int) -> tuple[str, str]:
    return "clerk", "198.51.100.1" if number else "198.51.100.2"


def ten_of_each(number: int) -> tuple[str, str]:
    return ("clerk", *(f"other{place}" for place in range(9)))[number % 10], f"198.51.100.{number // 10 % 10}"


def networks_of_ipv6(number: int) -> tuple[str, str]:
    return "clerk", f"2001:db8:0:{number}::1"


def from_home(number: int) -> tuple[str, str]:
    return ("clerk", *(f"other{place}" for place in range(9)))[number % 10], HOME


MIXTURES = [
    one_address,
    *(
        pytest.param(rare, marks=pytest.mark.slow)
        for rare in (one_account, one_of_each, ten_of_each, networks_of_ipv6, from_home)
    ),
]


@pytest.mark.parametrize("mixture", MIXTURES)
def test_after_200_wrong_sign_ins_the_owner_gets_in_and_the_guesser_does_not(
    doors: Doors, mixture: Callable[[int], tuple[str, str]]
) -> None:
    checked = 0
    for number in range(200):
        name, address = mixture(number)
        answer = doors.try_in("a wrong guess", name=name, address=address)
        assert answer != 0
        checked += answer == -1
        doors.now += timedelta(milliseconds=50)
    assert checked <= 100
    name, address = mixture(0)
    assert doors.try_in(PASSWORD, name=name, address=address) > 0  # a guess that would be right is refused
    assert doors.try_in(PASSWORD, device=doors.device, address=address) == 0
    if mixture is not from_home:
        assert doors.try_in(PASSWORD) == 0
    wait = doors.try_in(PASSWORD, address="192.0.2.200")
    assert 0 <= wait <= 60
    doors.now += timedelta(seconds=wait)
    assert doors.try_in(PASSWORD, address="192.0.2.200") == 0


@pytest.mark.both_databases
def test_guesses_at_the_same_time_do_not_slip_through_together(services: Services) -> None:
    doors = Doors(services)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda number: doors.try_in("wrong", address=f"198.51.100.{number}"), range(12)))
    assert answers.count(-1) == 5


def test_an_account_that_does_not_exist_is_refused_like_one_that_does(doors: Doors) -> None:
    for name in ("clerk", "nobody"):
        answers = [doors.try_in("wrong", name=name, address=f"198.51.{len(name)}.{number}") for number in range(6)]
        assert answers == [-1] * 5 + [1], name


@pytest.mark.slow
def test_the_wait_doubles_and_has_an_end(doors: Doors) -> None:
    waits = []
    for number in range(16):
        wait = doors.try_in("wrong", address=f"198.51.100.{number}")
        if wait > 0:
            waits.append(wait)
            doors.now += timedelta(seconds=wait)
            assert doors.try_in("wrong", address=f"198.51.100.{number}") == -1
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60]
    doors.now += timedelta(hours=1)
    assert doors.try_in("wrong", address="198.51.100.99") == -1
    assert doors.try_in("wrong", address="198.51.100.99") == -1


@pytest.mark.slow
def test_right_sign_ins_of_many_from_one_new_address_do_not_count(doors: Doors) -> None:
    for number in range(30):
        assert doors.try_in(PASSWORD, name=f"other{number % 10}", address="192.0.2.1") == 0


def test_an_attack_on_the_whole_instance_leaves_fewer_free_guesses(
    doors: Doors, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "PRESSURE", 10)
    for number in range(10):
        assert doors.try_in("wrong", name=f"a{number}", address=f"198.51.100.{number}") == -1
    assert doors.try_in("wrong", name="b", address="198.51.101.1") == -1
    assert doors.try_in("wrong", name="b", address="198.51.101.2") > 0
    assert doors.try_in(PASSWORD) == 0
    assert doors.try_in(PASSWORD, address="192.0.2.7") == 0


def test_a_device_is_known_for_its_account_alone_and_a_text_of_others_is_replaced(doors: Doors) -> None:
    for number in range(6):
        doors.try_in("wrong", name="other1", address=f"198.51.100.{number}")
    assert doors.try_in(PASSWORD, name="other1", address="192.0.2.9", device=doors.device) > 0
    actor, _ = doors.services.accounts.sign_in("other2", PASSWORD, Origin(address="192.0.2.8"))
    origin = Origin(address="192.0.2.8", device="planted-by-somebody")
    assert doors.services.limits.remember(actor, origin) != "planted-by-somebody"
    assert doors.services.limits.remember(actor, Origin(device=doors.device)) == doors.device


@pytest.mark.slow
def test_guesses_from_a_known_device_wait_too(doors: Doors) -> None:
    answers = [doors.try_in("wrong", device=doors.device) for _ in range(12)]
    assert answers == [-1] * 10 + [1, 1]
    assert doors.try_in(PASSWORD) == 0  # the same place without the cookie


def test_the_database_has_no_address_and_refusals_are_written_down_once(doors: Doors) -> None:
    for number in range(30):
        doors.try_in("wrong", address=f"198.51.100.{number}")
    refused = [item for item in doors.services.events.list(SYSTEM).items if item["action"] == "sign-in-refused"]
    assert [(item["subject"]["id"], item["address"]) for item in refused] == [("clerk", "198.51.100.0/24")]
    with doors.services.database.unit() as session:
        kept = [str(tuple(row)) for table in Base.metadata.sorted_tables for row in session.execute(select(table))]
    assert len(kept) > 10
    assert not [row for row in kept if "198.51.100.0/24" not in row and "198.51.100" in row]
    assert not [row for row in kept if doors.device in row]


def test_what_does_not_count_any_longer_is_forgotten(doors: Doors) -> None:
    doors.try_in("wrong", address="198.51.100.1")

    def count() -> tuple[int | None, int | None]:
        with doors.services.database.unit() as session:
            return session.scalar(select(func.count(Failures.key))), session.scalar(select(func.count(KnownPlace.id)))

    assert count() == (4, 2)
    doors.now += timedelta(hours=1, seconds=1)
    doors.services.limits.tidy()
    assert count() == (0, 2)
    doors.now += timedelta(days=limits.DEVICE_DAYS)
    doors.services.limits.tidy()
    assert count() == (0, 0)


def test_the_counters_are_those_of_all_processes(tmp_path: Path) -> None:
    services = make_services(tmp_path / "a")
    services.accounts.create_user("clerk", PASSWORD, "reader")
    both = [build_services(services.settings) for _ in range(2)]
    answers = []
    for number in range(8):
        try:
            both[number % 2].accounts.sign_in("clerk", "wrong", Origin(address=f"198.51.100.{number}"))
        except TooManyAttemptsError:
            answers.append(429)
        except NotSignedInError:
            answers.append(401)
    assert answers == [401] * 5 + [429] * 3


def test_waiting_is_measured_from_the_last_wrong_sign_in() -> None:
    last = datetime.fromisoformat("2026-01-01T00:00:00+00:00")
    gate = Gate("a", 2, 10)
    for failures, seconds, wait in [(1, 0, 0), (2, 0, 1), (3, 0.5, 2), (4, 3, 1), (4, 4, 0), (9, 0, 10), (999, 9, 1)]:
        assert find_wait(gate, failures, last, last + timedelta(seconds=seconds)) == wait, (failures, seconds)
    assert find_wait(Gate("a", 1, 10**9), 99, last, last + timedelta(hours=1)) == 0
