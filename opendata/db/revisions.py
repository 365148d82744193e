"""The revision of what everybody may read: another one once anything is committed that a public page could show.

    a statement that writes → its table isn't in `QUIET` or `LOGGED` → the unit of work adds 1 to a counter before it
        commits, unless it logs an event, which moves the end of the audit log
    a reader → the sum of the counters, and the last event of the audit log

The counter is committed with the change, so a process never sees one without the other, whatever machine it runs on.
There are several counters so that two writers seldom wait for each other.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from typing import Any

from sqlalchemy import Engine, event, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from opendata.db.models import Base
from opendata.telemetry.trail import find_trail

QUIET: Mapping[str, str] = {
    "failures": "counters of refused sign-ins and of requests in a minute",
    "queue_messages": "hints to workers",
    "sessions": "who is signed in",
    "tokens": "when a token was used",
    "idempotency_keys": "repeated requests of one account",
    "key_marks": "digests of secrets",
    "known_places": "devices of accounts",
    "challenges": "sign-ins under way",
    "uploads": "bytes received",
    "outbox": "mail to be sent",
    "control_counts": "what the control room counted",
    "control_rounds": "when it did",
    "webhook_deliveries": "what is sent to one receiver",
    "duty_progress": "how far the duties have followed the audit log",
    "public_event_progress": "how far the public events have",
}
"""Tables whose changes no page for everybody shows at once, with what is in them. All others move the revision."""

LOGGED: Mapping[str, str] = {
    "drafts": "what is announced of one",
    "draft_resources": "its tables",
    "draft_attachments": "its other files",
    "draft_comments": "what is said about it",
}
"""Tables of which a page for everybody shows only what changes with an event of the audit log."""

_FOLLOWED = frozenset(("events", "event_chain", "page_revisions"))
"""What the revision itself is read from: no counter need say that it was written."""

FIGURES = "downloads"
"""Written every few seconds and shown by few pages: it has counters of its own, which only those pages depend on."""

Revision = tuple[int, int, int]
"""The counters, the last event, and the counters of figures."""

_COUNTERS = 16
"""Of each kind: those of figures come after the others."""

_MOVED, _MOVED_FIGURES, _LOGGED = "opendata_moved", "opendata_moved_figures", "opendata_logged"
_WRITES = re.compile(
    r"\s*(?:INSERT\s+(?:OR\s+\w+\s+)?INTO|UPDATE(?:\s+OR\s+\w+)?|DELETE\s+FROM)\s+\"?(\w+)", re.IGNORECASE
)
_ANY_WRITE = re.compile(r"\b(?:INSERT|UPDATE|DELETE|MERGE|TRUNCATE|COPY)\b", re.IGNORECASE)
_READS = re.compile(r"\s*(?:SELECT|PRAGMA|BEGIN|SET|SHOW|SAVEPOINT|RELEASE|ROLLBACK|VALUES)\b", re.IGNORECASE)
_ADD = text(
    "INSERT INTO page_revisions (counter, number) VALUES (:counter, 1)"
    " ON CONFLICT (counter) DO UPDATE SET number = page_revisions.number + 1"
)
_READ = (
    "SELECT (SELECT coalesce(sum(number), 0) FROM page_revisions WHERE counter < 16),"
    " (SELECT coalesce(max(position), 0) FROM event_chain),"
    " (SELECT coalesce(sum(number), 0) FROM page_revisions WHERE counter >= 16)"
)
_PATIENCE_SECONDS = 0.2
_COUNTED = frozenset(Base.metadata.tables) - frozenset((*QUIET, *LOGGED, FIGURES)) - _FOLLOWED


@lru_cache(maxsize=4096)
def find_written(statement: str) -> str | None:
    """The table that a statement writes; None if it only reads, and empty where that can't be told."""
    if _READS.match(statement):
        return None
    found = _WRITES.match(statement)
    if found is not None:
        return found[1].lower()
    return "" if _ANY_WRITE.search(statement) else None


def watch_writes(engine: Engine) -> Engine:
    """Have the connections of an engine note what they write; the engine itself."""

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        connection.info.pop(_MOVED, None)
        connection.info.pop(_MOVED_FIGURES, None)
        connection.info.pop(_LOGGED, None)

    @event.listens_for(engine, "after_cursor_execute")
    def _note(connection: Any, _cursor: Any, statement: str, _values: Any, _context: Any, _many: bool) -> None:
        written = find_written(statement)
        trail = find_trail()
        if written is None:
            if trail is not None and _reads_figures(statement):
                trail.reads_figures = True
            return
        if trail is not None:
            trail.writes += 1
        if not written or (written in _COUNTED):
            connection.info[_MOVED] = True
        elif written == FIGURES:
            connection.info[_MOVED_FIGURES] = True
        elif written == "event_chain":
            connection.info[_LOGGED] = True

    return engine


@lru_cache(maxsize=4096)
def _reads_figures(statement: str) -> bool:
    return FIGURES in statement


def move_revision(session: Session) -> None:
    """Move the revision if the unit of work, which is about to be committed, has written what it depends on."""
    session.flush()
    if not session.in_transaction():
        return
    connection = session.connection()
    if connection.info.pop(_LOGGED, False):  # a logged event has moved it
        connection.info.pop(_MOVED, None)
    for mark, first in ((_MOVED, 0), (_MOVED_FIGURES, _COUNTERS)):
        if connection.info.pop(mark, False):
            connection.execute(_ADD, {"counter": first + os.getpid() % _COUNTERS})


class Revisions:
    """Reads the revision over a connection of its own, one for each process."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._lent: Any = None
        self._connection: Any = None
        self._process = 0
        event.listen(engine, "engine_disposed", lambda _: self.close())

    def read(self) -> Revision | None:
        """The revision of what is committed now; None where it can't be read, or others wait for a slow answer."""
        if not self._lock.acquire(timeout=_PATIENCE_SECONDS):
            return None
        try:
            return self._ask()
        except (SQLAlchemyError, self._engine.dialect.loaded_dbapi.Error):
            self._close()
            return None
        finally:
            self._lock.release()

    def close(self) -> None:
        """Close the connection; the next reading opens another one."""
        with self._lock:
            self._close()

    def _ask(self) -> Revision:
        if self._connection is None or self._process != os.getpid():
            self._open()
        ((moved, position, figures),) = self._connection.execute(_READ).fetchall()
        return int(moved), int(position), int(figures)

    def _open(self) -> None:
        self._process = os.getpid()
        self._lent = self._engine.raw_connection()  # kept, for it closes what nobody refers to
        self._connection = self._lent.dbapi_connection
        self._lent.detach()
        if self._engine.dialect.name == "postgresql":
            self._connection.autocommit = True

    def _close(self) -> None:
        lent, self._lent, self._connection = self._lent, None, None
        if lent is not None and self._process == os.getpid():
            with suppress(Exception):
                lent.close()
