"""The chain of the audit log: each event carries the digest of itself and of the one before.

    event n (position, time, actor, verb, subject, address, details) + digest of event n-1
        → canonical JSON (RFC 8785) → SHA-256 → digest of event n

Events are numbered and linked when their unit of work ends, under the lock of one row, so that writers wait for each
other only that long. What a process of an earlier release writes during a rolling upgrade has no digest; for a day it
is chained with the next event.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypedDict

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from opendata.db.models import Base, Event, EventChain
from opendata.db.session import Database
from opendata.metadata.canonical import write_canonical

_HEAD = 1
_ADOPTED_FOR = timedelta(days=1)
"""For so long after an upgrade events without a digest may still come from processes of the release before."""

_AT_ONCE = 1000
_LOGGED = "logged"


def collect_events(session: Session) -> None:
    """Begin to collect what a unit of work logs."""
    session.info[_LOGGED] = []


def add_event(session: Session, event: Event) -> None:
    """Have an event chained at the end of the unit of work, which must be one that writes."""
    session.info[_LOGGED].append(event)


def chain_events(session: Session, now: datetime) -> None:
    """Write and link what the unit of work has logged; to be called right before it is committed."""
    logged: Sequence[Event] = session.info.pop(_LOGGED, ())
    if not logged:
        return
    session.flush()
    chain = _Chain(session, now)
    chain.adopt()
    for event in logged:
        chain.link(event)
    session.add_all(logged)
    chain.save()


def chain_past(database: Database, now: datetime) -> None:
    """Link the events that have no digest yet, while that is allowed; a thousand in each unit of work."""
    found = _AT_ONCE
    while found == _AT_ONCE:
        with database.unit(write=True) as session:
            chain = _Chain(session, now)
            found = chain.adopt()
            chain.save()


def begin_after(session: Session, position: int, digest: str, now: datetime) -> bool:
    """Have the first event of a database without events follow this one; whether there are no events."""
    if session.scalar(select(Event.id).limit(1)) is not None:
        return False
    chain = _Chain(session, now)
    chain.move(position, digest)
    chain.save()
    return True


class EventDocument(TypedDict):
    """An event as JSON: `number` is its place in the chain, None until it has one."""

    number: int | None
    at: str
    actor: str
    action: str
    subject: Mapping[str, str]
    address: str
    details: Mapping[str, Any]
    previous: str | None
    digest: str | None


def describe_event(event: Event) -> EventDocument:
    """An event as it is shown, exported and, without its own digest, hashed."""
    return {
        "number": event.position,
        "at": write_moment(event.at),
        "actor": event.actor,
        "action": event.verb,
        "subject": {"kind": event.subject_kind, "id": event.subject},
        "address": event.address,
        "details": event.details,
        "previous": event.previous,
        "digest": event.digest,
    }


def hash_event(document: Mapping[str, Any]) -> str:
    """The hexadecimal SHA-256 over the canonical JSON of an event without its digest."""
    return hashlib.sha256(write_canonical({**document, "digest": None})).hexdigest()


def write_moment(moment: datetime) -> str:
    """RFC 3339 in UTC to the microsecond, as the database keeps it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


# Each change of anything goes through these two: as statements on the table itself they take half the time.
_END = Base.metadata.tables[EventChain.__tablename__]
_LOCK_END = select(_END.c.position, _END.c.digest, _END.c.adopts_until).where(_END.c.id == _HEAD).with_for_update()
_MOVE_END = (
    update(_END).where(_END.c.id == _HEAD).values(position=bindparam("new_position"), digest=bindparam("new_digest"))
)


class _Chain:
    """The end of the chain, held by this unit of work."""

    def __init__(self, session: Session, now: datetime) -> None:
        self._session = session
        self._now = now
        self._position = 0
        self._digest: str | None = None
        self._adopts_until: datetime | None = None
        if not self._lock():
            self._begin()
            self._lock()

    def link(self, event: Event) -> None:
        """Give an event its place at the end."""
        self._position += 1
        event.position, event.previous = self._position, self._digest
        event.address = event.address or ""
        self._digest = event.digest = hash_event(describe_event(event))

    def move(self, position: int, digest: str) -> None:
        """Go on after an event that is no longer in the database."""
        self._position, self._digest = position, digest

    def adopt(self) -> int:
        """Link events that were written without a digest, the oldest first, while that is allowed."""
        if self._adopts_until is None or self._adopts_until <= self._now:
            return 0
        query = select(Event).where(Event.position.is_(None)).order_by(Event.id).limit(_AT_ONCE)
        rows = self._session.scalars(query).all()
        for row in rows:
            self.link(row)
        return len(rows)

    def save(self) -> None:
        """Write down where the chain ends now."""
        self._session.execute(_MOVE_END, {"new_position": self._position, "new_digest": self._digest})

    def _lock(self) -> bool:
        """Hold the row of the end, and know where that is; False where there is no such row."""
        found = self._session.execute(_LOCK_END).first()
        if found is None:
            return False
        self._position, self._digest, self._adopts_until = found
        return True

    def _begin(self) -> None:
        """Write the row of the end: after the last event that has a place; before the first, what is there is past."""
        if self._session.get_bind().dialect.name == "postgresql":
            from sqlalchemy.dialects.postgresql import insert
        else:
            from sqlalchemy.dialects.sqlite import insert  # type: ignore[assignment]
        last = self._session.execute(
            select(Event.position, Event.digest).where(Event.position.is_not(None)).order_by(Event.position.desc())
        ).first()
        has_past = last is None and self._session.scalar(select(Event.id).limit(1)) is not None
        values = {
            "id": _HEAD,
            "position": last[0] if last else 0,
            "digest": last[1] if last else None,
            "adopts_until": self._now + _ADOPTED_FOR if has_past else None,
        }
        self._session.execute(insert(EventChain).values(**values).on_conflict_do_nothing())
