"""Locks that hold on all machines of an instance: in PostgreSQL, or in files where SQLite keeps it to one machine."""

from __future__ import annotations

import fcntl
import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from opendata.db.session import AWAY, Database
from opendata.errors import BackendError

_WAIT_SECONDS = 30
_LOOK_SECONDS = 0.02
_FILES = 64


class Locks:
    """Holds names, each for one at a time."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self._folder = folder

    @contextmanager
    def hold(self, name: str) -> Iterator[Callable[[], None]]:
        """Hold a name. Gives a function that raises `BackendError` once it is lost. Raises it after a while, too."""
        number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
        hold = self._hold_row if self._database.engine.dialect.name == "postgresql" else self._hold_file
        with hold(number) as require:
            yield require

    @contextmanager
    def _hold_row(self, number: int) -> Iterator[Callable[[], None]]:
        """A lock of the server's that ends with its connection."""
        take = text("SELECT pg_try_advisory_xact_lock(:number)")
        try:
            connection = self._database.engine.connect()
        except SQLAlchemyError as error:
            raise BackendError(AWAY) from error
        with connection:

            def ask(found: str) -> bool:
                try:
                    return bool(connection.scalar(text(found), {"number": number}))
                except SQLAlchemyError as error:
                    raise BackendError(AWAY) from error

            def require() -> None:
                ask("SELECT 1")

            _wait(lambda: ask(take.text))
            yield require

    @contextmanager
    def _hold_file(self, number: int) -> Iterator[Callable[[], None]]:
        """A lock of the kernel's that ends with the process."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / f"{number % _FILES}.lock").open("ab") as file:

            def take() -> bool:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    return False
                return True

            _wait(take)
            yield lambda: None


def _wait(take: Callable[[], bool]) -> None:
    ends = time.monotonic() + _WAIT_SECONDS
    while not take():
        if time.monotonic() > ends:
            raise BackendError(AWAY)
        time.sleep(_LOOK_SECONDS)
