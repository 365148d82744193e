"""A limit of requests in a minute, for each account, token and address, over all processes."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select

from opendata.db.models import Failures
from opendata.domain.access.costs import Cost
from opendata.domain.roles import Role
from opendata.errors import RateLimitError
from opendata.services.core.actors import Actor
from opendata.wiring import Services, build_services
from tests.instances import make_services

CLERK = Actor("clerk", Role.EDITOR, 1, "water-bureau")
HOME = "203.0.113.9"


class Minute:
    """Some processes of one instance with this limit, and their clock."""

    def __init__(self, home: Path, limit: int, processes: int = 1) -> None:
        self.now = datetime(2026, 3, 1, 8, 30, 15, tzinfo=UTC)
        settings = make_services(home, requests_per_minute=limit).settings
        self.processes: Sequence[Services] = [
            build_services(settings, clock=lambda: self.now) for _ in range(processes)
        ]

    def count(self, times: int, actor: Actor | None = CLERK, address: str = HOME, process: int = 0) -> int:
        """How many of so many requests are let through."""
        for done in range(times):
            try:
                self.processes[process].pace.count(Cost.CHANGES, actor, address)
            except RateLimitError:
                return done
        return times

    def count_rows(self) -> int:
        with self.processes[0].database.unit() as session:
            return session.scalar(select(func.count()).select_from(Failures)) or 0


def test_each_account_token_and_address_has_its_own_limit_until_the_next_minute(tmp_path: Path) -> None:
    minute = Minute(tmp_path, 3)
    senders = (CLERK, replace(CLERK, token=1), replace(CLERK, token=2), replace(CLERK, id=2))
    assert [minute.count(5, actor) for actor in senders] == [3, 3, 3, 3]
    assert [minute.count(5, None, address) for address in (HOME, "203.0.113.8", "2001:db8::1")] == [3, 3, 3]
    assert minute.count(1, None, "2001:db8::2") == 0
    minute.now += timedelta(seconds=44)
    assert minute.count(1) == 0
    minute.now += timedelta(seconds=1)
    assert minute.count(5) == 3


def test_what_is_left_is_told_with_the_seconds_until_the_next_minute(tmp_path: Path) -> None:
    minute = Minute(tmp_path, 3)
    found = [minute.processes[0].pace.count(Cost.CHANGES, CLERK, HOME) for _ in range(3)]
    assert [(item.limit, item.left, item.seconds) for item in found if item] == [(3, 2, 45), (3, 1, 45), (3, 0, 45)]


def test_requests_that_come_at_once_are_let_through_no_more_than_others(tmp_path: Path) -> None:
    minute = Minute(tmp_path, 100, processes=3)
    with ThreadPoolExecutor(12) as pool:
        passed = sum(pool.map(lambda number: minute.count(1, process=number % 3), range(300)))
    assert 100 <= passed <= 100 + 3 * 100 // 50


def test_processes_share_the_limit_and_ordinary_use_writes_nothing(tmp_path: Path) -> None:
    minute = Minute(tmp_path, 500, processes=2)
    assert minute.count(9) == 9
    assert minute.count_rows() == 0
    assert minute.count(1000) == 491
    assert minute.count(1000, process=1) == 9
    assert minute.count_rows() == 1
    minute.now += timedelta(minutes=1)
    assert minute.count(300) + minute.count(300, process=1) <= 500 + 2 * 10


def test_without_a_limit_nothing_is_counted(tmp_path: Path) -> None:
    minute = Minute(tmp_path, 0)
    assert minute.processes[0].pace.count(Cost.CHANGES, CLERK, HOME) is None
    assert minute.count(5000) == 5000
