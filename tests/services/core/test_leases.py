"""Rows under a lease: each is held once however many workers take, and is free again when its worker has died."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import ColumnElement, and_
from sqlalchemy.orm import Session

from opendata.db.models import OutboxMail
from opendata.domain.mail.letters import LetterState
from opendata.services.core.context import Context
from opendata.services.core.leases import Leases, find_pause, give_back
from opendata.wiring import build_context
from tests.mail_office import Office, make_office

ROWS, WORKERS = 12, 4
LASTS = timedelta(minutes=2)


@pytest.fixture
def office(tmp_path: Path, database_url: str) -> Iterator[Office]:
    built = make_office(tmp_path / "instance", "smtp://127.0.0.1:9", database_url)
    yield built
    built.services.database.dispose()


def is_due(now: datetime) -> ColumnElement[bool]:
    return and_(OutboxMail.state == LetterState.WAITING, OutboxMail.due <= now)


def leases_of(context: Context) -> Leases[OutboxMail]:
    return Leases(context=context, table=OutboxMail, is_due=is_due, order=(OutboxMail.id,), lasts=LASTS)


def hold(session: Session, row: OutboxMail, owner: str) -> tuple[int, str]:
    return row.id, owner


@pytest.mark.both_databases
def test_many_workers_hold_each_row_once(office: Office) -> None:
    for number in range(ROWS):
        office.write(to=f"p{number}@example.org")
    taken: list[int] = []
    contexts = [build_context(office.services.settings, clock=office.clock) for _ in range(WORKERS)]
    start = threading.Barrier(WORKERS)

    def work(context: Context) -> None:
        leases = leases_of(context)
        start.wait()
        while (found := leases.take(hold)) is not None:
            taken.append(found[0])

    threads = [threading.Thread(target=work, args=(context,)) for context in contexts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for context in contexts:
        context.database.dispose()
    assert Counter(taken) == Counter(row.id for row in office.rows())


def test_a_row_that_is_kept_stays_held_and_one_whose_worker_died_is_taken_again(office: Office) -> None:
    office.write()
    leases = leases_of(build_context(office.services.settings, clock=office.clock))
    number, owner = leases.take(hold) or (0, "")
    office.clock.pass_by(seconds=100)
    assert leases.keep(number, owner)
    office.clock.pass_by(seconds=100)
    assert leases.take(hold) is None
    office.clock.pass_by(seconds=20)
    again = leases.take(hold)
    assert again is not None
    assert (again[0], again[1] == owner) == (number, False)
    assert not leases.keep(number, owner)
    with leases.context.write() as session:
        assert leases.find(session, number, owner) is None
        row = leases.find(session, *again)
        assert row is not None
        give_back(row)
    assert leases.take(hold) is not None
    leases.context.database.dispose()


def test_a_row_that_turns_out_to_need_nothing_is_left_and_the_next_one_taken(office: Office) -> None:
    for number in range(3):
        office.write(to=f"p{number}@example.org")
    first, second, third = (row.id for row in office.rows())

    def prepare(session: Session, row: OutboxMail, owner: str) -> int | None:
        if row.id == first:
            session.delete(row)
        elif row.id == second:
            row.due += timedelta(hours=1)
        else:
            return row.id
        return None

    leases = leases_of(build_context(office.services.settings, clock=office.clock))
    assert leases.take(prepare) == third
    assert leases.take(prepare) is None
    assert [(row.id, row.owner) for row in office.rows() if row.id != third] == [(second, None)]
    leases.context.database.dispose()


def test_each_failure_doubles_the_pause_up_to_the_longest() -> None:
    first, longest = timedelta(minutes=5), timedelta(hours=6)
    pauses = [find_pause(tries, first, longest) // timedelta(minutes=1) for tries in (1, 2, 3, 8, 4000)]
    assert pauses == [5, 10, 20, 360, 360]
