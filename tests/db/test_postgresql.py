"""A PostgreSQL that hangs: nobody waits for it longer than a bound."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import text

from opendata.db.postgresql import CONNECT_SECONDS
from opendata.db.session import Database
from opendata.errors import BackendError
from tests.servers import PostgresqlServer

SECONDS = 1
SLACK = 5.0
"""What a busy machine takes beyond the bound."""


@pytest.fixture
def silent_url() -> Iterator[str]:
    """The address of a server that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"postgresql://nobody@127.0.0.1:{server.getsockname()[1]}/none"


def ask(database: Database) -> float:
    """How long a question takes that isn't answered."""
    begun = time.monotonic()
    with pytest.raises(BackendError, match="Try again in a minute"), database.unit() as session:
        session.execute(text("SELECT 1"))
    return time.monotonic() - begun


@pytest.mark.slow
def test_a_server_that_says_nothing_is_waited_for_once_and_not_by_everybody(silent_url: str) -> None:
    database = Database(silent_url, seconds=SECONDS)
    assert ask(database) < CONNECT_SECONDS + SLACK
    assert ask(database) < 1.0
    database.dispose()


@pytest.mark.slow
def test_a_server_that_hangs_in_the_middle_of_a_transaction_is_given_up(postgresql_server: PostgresqlServer) -> None:
    database = Database(postgresql_server.url, seconds=SECONDS)
    begun = time.monotonic()
    with pytest.raises(BackendError):
        ask_around(database, postgresql_server.freeze)
    assert time.monotonic() - begun < SECONDS + 2 + SLACK
    assert ask(database) < CONNECT_SECONDS + SLACK
    postgresql_server.thaw()
    deadline = time.monotonic() + 60
    while not answers(database):
        assert time.monotonic() < deadline, "it isn't asked again"
    database.dispose()


@pytest.mark.slow
def test_a_statement_that_takes_too_long_is_ended_by_the_server(postgresql_server: PostgresqlServer) -> None:
    bounded, patient = (Database(postgresql_server.url, seconds=seconds) for seconds in (SECONDS, 0))
    sleep = text(f"SELECT pg_sleep({SECONDS + 1})")
    with pytest.raises(BackendError), bounded.unit() as session:
        session.execute(sleep)
    assert answers(bounded)
    with patient.unit() as session:
        session.execute(sleep)
    for database in (bounded, patient):
        database.dispose()


def ask_around(database: Database, event: Callable[[], None]) -> None:
    """Ask before and after an event, in one transaction."""
    with database.unit() as session:
        session.execute(text("SELECT 1"))
        event()
        session.execute(text("SELECT 1"))


def answers(database: Database) -> bool:
    try:
        with database.unit() as session:
            return session.scalar(text("SELECT 1")) == 1
    except BackendError:
        return False
