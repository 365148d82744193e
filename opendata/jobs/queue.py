"""The queue: huey over SQLite, over the PostgreSQL that several machines share, or over a Redis.

Messages carry a draft's id only, as JSON; the draft's row is the truth. So a queue that is away delays work until the
next sweep, and loses none.
"""

from __future__ import annotations

import json
import logging
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import SQLAlchemyError

from opendata.errors import N_, BackendError, UsageError

if TYPE_CHECKING:
    from huey.api import Huey

    from opendata.db.session import Database

logger = logging.getLogger(__name__)

NAME = "opendata"

_CONNECT_SECONDS = 2.0
_ANSWER_SECONDS = 5.0
"""How long an answer may take; longer than the second that a worker waits for its next message."""


class DraftQueue:
    """Puts drafts into the queue; a worker takes them out. Opened on first use, by each process for itself."""

    def __init__(self, file: Path, url: str = "", database: Database | None = None) -> None:
        """`url` is that of a Redis. Without it the queue is in the database, or in the file where that is SQLite."""
        self._file = file
        self._url = url
        is_shared = database is not None and database.engine.dialect.name == "postgresql"
        self._database = database if is_shared and not url else None
        self._huey: Huey | None = None
        self._put: Callable[[str], object] = _refuse
        self._opening = threading.Lock()
        self.run: Callable[[str], object] = _refuse
        """What a worker does with a draft; set by the worker process alone."""

    def check(self) -> None:
        """Raises `UsageError` where the Redis of the settings cannot be used: said at the start, not at midnight."""
        if not self._url:
            return
        try:
            import redis
        except ImportError:
            raise UsageError(N_("OPENDATA_QUEUE_URL needs the package redis: pip install 'opendata[redis]'")) from None
        try:
            redis.Redis(connection_pool=_build_pool(self._url)).ping()
        except (OSError, TypeError, ValueError, redis.RedisError) as error:  # an odd address raises the middle two
            raise UsageError(
                N_("The queue at %(address)s isn't responding: %(reason)s"),
                address=self._url.rpartition("@")[2],
                reason=error,
            ) from None

    def open(self) -> Huey:
        """The underlying queue, with its one task registered."""
        with self._opening:
            if self._huey is None:
                self._huey = self._choose()
                self._put = self._huey.task(name="work")(lambda draft: self.run(draft))
            return self._huey

    def put(self, draft: str) -> None:
        """Tell a worker about a draft. Where the queue fails, the worker's sweep will find the draft's row."""
        try:
            self.open()
            self._put(draft)
        except self._list_failures() as error:
            logger.warning("draft %s could not be put into the queue: %s", draft, error)

    def count(self) -> int:
        """How many messages wait. Raises `BackendError` if the queue is unavailable."""
        try:
            return int(self.open().pending_count())
        except self._list_failures() as error:
            raise BackendError(N_("The queue isn't responding: %(reason)s"), reason=str(error)) from error

    def _choose(self) -> Huey:
        if self._database is not None:
            return _open_database(self._database)
        return _open_redis(self._url) if self._url else _open_sqlite(self._file)

    def _list_failures(self) -> tuple[type[Exception], ...]:
        """What a queue raises that is away, full or damaged."""
        if not self._url:
            return OSError, sqlite3.Error, SQLAlchemyError
        import redis

        return OSError, redis.RedisError


def _refuse(draft: str) -> None:
    raise RuntimeError(f"no worker runs in this process, but draft {draft} was handed to it")


def _open_sqlite(file: Path) -> Huey:
    from huey import SqliteHuey

    file.parent.mkdir(parents=True, exist_ok=True)
    return SqliteHuey(NAME, filename=str(file), serializer=_build_serializer(), results=False)


def _open_database(database: Database) -> Huey:
    from opendata.jobs.database_queue import DatabaseHuey

    return DatabaseHuey(NAME, database=database, serializer=_build_serializer(), results=False)


def _open_redis(url: str) -> Huey:
    from huey import RedisHuey

    # Blocking: a worker waits in Redis for its next draft, and gets it at once.
    return RedisHuey(NAME, connection_pool=_build_pool(url), serializer=_build_serializer(), results=False)


def _build_pool(url: str) -> Any:
    from redis import ConnectionPool
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    # Try once more, at once: a connection that a restart of Redis has cut is opened again, but an upload does not wait
    # for a Redis that is away.
    return ConnectionPool.from_url(
        url,
        socket_connect_timeout=_CONNECT_SECONDS,
        socket_timeout=_ANSWER_SECONDS,
        retry=Retry(NoBackoff(), 1),
        health_check_interval=30,
    )


def _build_serializer() -> Any:
    from huey.registry import Message
    from huey.serializer import Serializer

    class JsonSerializer(Serializer):  # type: ignore[misc]  # huey has no types
        """Messages as JSON instead of pickle: nothing in the queue is ever executed."""

        def _serialize(self, data: Any) -> bytes:
            return json.dumps(data).encode()

        def _deserialize(self, data: bytes) -> Any:
            return Message(*json.loads(data))

    return JsonSerializer()
