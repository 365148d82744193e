"""Connections to a PostgreSQL that may be away: nobody waits longer than a bound for a server that hangs.

A server that has stopped refuses connections at once. One that hangs (a frozen machine, a lost network) takes them and
says nothing, and none of its own limits hold. So the bounds are kept here, and by the server as well where it can:

    a new connection → CONNECT_SECONDS
    the question whether a connection of the pool still lives → PING_SECONDS
    a statement → the seconds of the engine; a server that runs gives it up first
"""

from __future__ import annotations

import threading
import time
from typing import Any, TypeVar

from psycopg import Connection, OperationalError
from psycopg.abc import PQGen
from sqlalchemy import Engine, create_engine, event

CONNECT_SECONDS = 3
PING_SECONDS = 3.0

_MARGIN_SECONDS = 2.0
_REST_SECONDS = 2.0
"""After a server hung for one request, so long the next ones are refused at once: they would hold all threads."""

_HANGS_SECONDS = 1.0
"""A connection that fails sooner was refused: such a server may be asked again at once."""

_POOL_SECONDS = 10

Value = TypeVar("Value")


class BoundedConnection(Connection[Any]):
    """A connection that is closed if the server doesn't answer in time. With 0 `seconds`, only pings have a limit."""

    seconds = 0

    def wait(self, gen: PQGen[Value], interval: float = 0.1, timeout: float | None = None) -> Value:
        """Wait for an answer. Raises `OperationalError` if it doesn't come; the connection is closed then."""
        bound = timeout if timeout is not None else self._choose_bound()
        begun = time.monotonic()
        try:
            return super().wait(gen, interval, bound)
        except OperationalError as error:
            if timeout is not None or bound is None or time.monotonic() - begun < bound:
                raise
            self.pgconn.finish()  # so that nobody asks it again, and the pool drops it
            raise OperationalError(f"no answer within {bound:.0f} seconds") from error

    def _choose_bound(self) -> float | None:
        if self.autocommit:  # there are only pings then, and what `_Door` asks
            return PING_SECONDS
        return self.seconds + _MARGIN_SECONDS if self.seconds else None


class _Door:
    """Opens connections. While the server hangs, one request at a time waits for it and the others fail at once."""

    def __init__(self, seconds: int) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._is_hanging = False
        self._closed_until = 0.0

    def connect(self, *arguments: Any, **parameters: Any) -> BoundedConnection:
        """A new connection. Raises `OperationalError`."""
        with self._lock:
            begun = time.monotonic()
            if begun < self._closed_until:
                raise OperationalError("the server didn't answer a moment ago")
            if self._is_hanging:
                self._closed_until = begun + CONNECT_SECONDS
        try:
            connection = self._open(*arguments, **{"connect_timeout": CONNECT_SECONDS, **parameters})
        except OperationalError:
            ended = time.monotonic()
            self._is_hanging = ended - begun > _HANGS_SECONDS
            self._closed_until = ended + _REST_SECONDS if self._is_hanging else 0.0
            raise
        self._is_hanging, self._closed_until = False, 0.0
        return connection

    def _open(self, *arguments: Any, **parameters: Any) -> BoundedConnection:
        connection = BoundedConnection.connect(*arguments, **parameters)
        connection.seconds = self._seconds
        if self._seconds:
            connection.autocommit = True
            connection.execute(f"SET statement_timeout = '{self._seconds}s'")
            connection.autocommit = False
        return connection


def create_postgresql_engine(url: str, seconds: int) -> Engine:
    """The engine of a PostgreSQL, each statement of which may take so many seconds; 0: as long as it takes."""
    engine = create_engine(url, pool_pre_ping=True, pool_timeout=_POOL_SECONDS, hide_parameters=True)
    door = _Door(seconds)

    @event.listens_for(engine, "do_connect")
    def _connect(dialect: object, record: object, arguments: Any, parameters: Any) -> BoundedConnection:  # noqa: ARG001
        return door.connect(*arguments, **parameters)

    return engine
