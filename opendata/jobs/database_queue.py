"""The queue in PostgreSQL: a table of messages, and a notification for each, so that a worker waits without asking.

    an upload → one row, one NOTIFY → all workers that wait wake up, one of them takes the row (SKIP LOCKED)

A process has one connection that listens, whose threads share it. So no server besides PostgreSQL is needed.
"""

from __future__ import annotations

import select as polling
import threading
from typing import TYPE_CHECKING, Any, cast

from huey import Huey
from huey.storage import MemoryStorage
from psycopg import OperationalError
from sqlalchemy import delete, event, func, select

from opendata.db.models import QueueMessage

if TYPE_CHECKING:
    from psycopg import Connection
    from sqlalchemy import PoolProxiedConnection

    from opendata.db.session import Database

CHANNEL = "opendata_queue"
_WAIT_SECONDS = 1.0
"""So long a worker waits before it looks whether it is to stop."""


class _Ear:
    """Hears of new messages."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: Connection[Any] | None = None
        self._lent: PoolProxiedConnection | None = None
        self._lock = threading.Lock()
        event.listen(database.engine, "engine_disposed", lambda _: self._close())

    def wait(self, seconds: float) -> None:
        """Wait until there may be a message, or so long."""
        if not self._lock.acquire(blocking=False):
            # Another thread listens. When it wakes up, there may be a second message.
            if self._lock.acquire(timeout=seconds):
                self._lock.release()
            return
        try:
            if self._connection is None:
                self._listen()  # what came before is seen at the next look
            elif polling.select([self._connection.pgconn.socket], [], [], seconds)[0]:
                self._hear(self._connection)
        except OperationalError:  # the server has gone, and may be back already: the next look says so
            self._close()
        except BaseException:
            self._close()
            raise
        finally:
            self._lock.release()

    def _listen(self) -> None:
        self._lent = self._database.engine.raw_connection()  # kept, for it closes what nobody refers to
        self._lent.detach()  # it never goes back into the pool: whoever got it would listen too
        self._connection = cast("Connection[Any]", self._lent.dbapi_connection)
        self._connection.autocommit = True
        self._connection.execute(f"LISTEN {CHANNEL}")

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _hear(self, connection: Connection[Any]) -> None:
        connection.pgconn.consume_input()
        while connection.pgconn.notifies() is not None:
            pass


class DatabaseStorage(MemoryStorage):  # type: ignore[misc]  # huey has no types
    """What huey asks of a queue; results and schedules, which we don't use, would be in memory."""

    blocking = True
    priority = False

    def __init__(self, name: str, database: Database) -> None:
        super().__init__(name)
        self._database = database
        self._engine = database.engine.execution_options(isolation_level="AUTOCOMMIT")
        self._ear = _Ear(database)
        self._looked = threading.local()

    def enqueue(self, data: bytes, priority: float | None = None) -> None:  # noqa: ARG002 - huey hands it over
        """Add a message, and wake the workers up."""
        with self._database.engine.begin() as connection:
            connection.execute(QueueMessage.__table__.insert().values(data=data))  # type: ignore[attr-defined]
            connection.execute(select(func.pg_notify(CHANNEL, "")))

    def dequeue(self) -> bytes | None:
        """Take the oldest message, waiting a moment for one.

        A thread that found none the last time waits first: what has come since has woken it, or will.
        """
        data = None if getattr(self._looked, "is_empty", False) else self._take()
        if data is None:
            self._ear.wait(_WAIT_SECONDS)
            data = self._take()
        self._looked.is_empty = data is None
        return data

    def queue_size(self) -> int:
        """How many messages wait."""
        with self._engine.connect() as connection:
            return connection.scalar(select(func.count()).select_from(QueueMessage)) or 0

    def enqueued_items(self, limit: int | None = None) -> list[bytes]:
        """The messages that wait, the oldest first."""
        with self._database.engine.connect() as connection:
            return list(connection.scalars(select(QueueMessage.data).order_by(QueueMessage.id).limit(limit)))

    def flush_queue(self) -> None:
        """Forget all messages."""
        with self._database.engine.begin() as connection:
            connection.execute(delete(QueueMessage))

    def _take(self) -> bytes | None:
        oldest = select(QueueMessage.id).order_by(QueueMessage.id).limit(1).with_for_update(skip_locked=True)
        with self._engine.connect() as connection:  # one statement, which commits itself
            query = delete(QueueMessage).where(QueueMessage.id == oldest.scalar_subquery()).returning(QueueMessage.data)
            return connection.scalar(query)


class DatabaseHuey(Huey):  # type: ignore[misc]  # huey has no types
    """Huey over such a queue."""

    storage_class = DatabaseStorage
