"""Which entries a platform may have to get again: those that the audit log says something of since it was last read.

Whether anything is to be sent is decided once a record is looked at, by what is public then.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, String, cast, func, insert, literal, select, update
from sqlalchemy.orm import Session

from opendata.db.models import Alias, Dataset, Event, EventChain, HigherPlatform, UpwardRecord
from opendata.domain.upward.records import RecordState
from opendata.services.core.access import where_listed
from opendata.services.core.context import Context

ALL = -1
"""The position of a platform for which all entries are to be looked at."""

_AT_ONCE = 1000
_NAMES = 500


class Following:
    """Marks records of platforms."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def follow(self, platform: str) -> bool:
        """Take in what the audit log has for a platform since the last time; whether there was anything."""
        with self._context.read() as session:
            row = session.get(HigherPlatform, platform)
            end = _find_end(session)
            if row is None or not row.is_active or (row.position, row.digest) == end:
                return False
        with self._context.write() as session:
            row = session.get(HigherPlatform, platform, with_for_update=True)
            if row is None or not row.is_active:
                return False
            now = self._context.clock()
            end = _find_end(session)
            events = _list_events(session, row.position)
            if row.position == ALL or not _follows(row, events):
                mark_all(session, platform, now)
                row.position, row.digest = end
                return False
            touched = _list_touched(session, events)
            if touched is None:
                mark_all(session, platform, now)
            else:
                mark_datasets(session, platform, touched, now)
            row.position, row.digest = int(events[-1].position or 0), events[-1].digest or ""
            return True


def mark_all(session: Session, platform: str, now: datetime) -> None:
    """Have all public entries looked at, and all that the platform has or may have."""
    there = select(UpwardRecord.dataset_uuid).where(UpwardRecord.platform_id == platform)
    fresh = select(*_list_values(platform, now)).where(where_listed(), Dataset.uuid.not_in(there))
    session.execute(insert(UpwardRecord).from_select(_COLUMNS, fresh))
    _mark(session, [UpwardRecord.platform_id == platform], now)


def mark_datasets(session: Session, platform: str, names: Collection[str], now: datetime) -> None:
    """Have some datasets looked at, by their ids."""
    listed = sorted(names)
    for start in range(0, len(listed), _NAMES):
        part = listed[start : start + _NAMES]
        there = select(UpwardRecord.dataset_uuid).where(UpwardRecord.platform_id == platform)
        fresh = select(*_list_values(platform, now)).where(
            where_listed(), Dataset.id.in_(part), Dataset.uuid.not_in(there)
        )
        session.execute(insert(UpwardRecord).from_select(_COLUMNS, fresh))
        own = select(Dataset.uuid).where(Dataset.id.in_(part))
        _mark(session, [UpwardRecord.platform_id == platform, UpwardRecord.dataset_uuid.in_(own)], now)


def _mark(session: Session, where: Iterable[ColumnElement[bool]], now: datetime) -> None:
    session.execute(
        update(UpwardRecord)
        .where(*where)
        .values(state=RecordState.WAITING, attempts=0, due=now, revision=UpwardRecord.revision + 1)
        .execution_options(synchronize_session=False)
    )


_COLUMNS = [
    "platform_id",
    "dataset_uuid",
    "state",
    "is_unsure",
    "is_new",
    "serial",
    "attempts",
    "revision",
    "due",
    "answer",
    "name",
    "there",
    "page",
]


def _list_values(platform: str, now: datetime) -> Sequence[ColumnElement[Any]]:
    empty = literal("")
    return [
        literal(platform),
        Dataset.uuid.expression,
        literal(str(RecordState.WAITING)),
        literal(False),
        literal(True),
        literal(0),
        literal(0),
        literal(0),
        literal(now, UpwardRecord.due.type),
        empty,
        empty,
        empty,
        empty,
    ]


def _find_end(session: Session) -> tuple[int, str]:
    found = session.execute(select(EventChain.position, EventChain.digest)).first()
    return (found[0], found[1] or "") if found is not None else (0, "")


def _list_events(session: Session, position: int) -> Sequence[Event]:
    query = select(Event).where(Event.position > position).order_by(Event.position).limit(_AT_ONCE)
    return session.scalars(query).all()


def _follows(row: HigherPlatform, events: Sequence[Event]) -> bool:
    """Whether events go on from where the platform was; not where the database was restored from a backup."""
    return bool(events) and (events[0].position, events[0].previous or "") == (row.position + 1, row.digest)


def _list_touched(session: Session, events: Sequence[Event]) -> set[str] | None:
    """The ids of the datasets that events may have changed; None for all."""
    names: set[str] = set()
    publishers: set[str] = set()
    for event in events:
        details = event.details or {}
        if event.subject_kind == "catalogue":
            return None
        if event.subject_kind == "publisher":
            publishers.add(event.subject)
        elif event.subject_kind in ("dataset", "version"):
            names.add(event.subject.partition("@")[0].partition("/")[0])
            names |= {str(details[name]) for name in ("to", "new", "old") if name in details}
    if publishers:
        names |= set(session.scalars(select(Dataset.id).where(Dataset.publisher_id.in_(publishers))))
    names |= set(session.scalars(select(Alias.dataset_id).where(Alias.old.in_(sorted(names)))))
    return names


def count_states(session: Session, platform: str) -> dict[RecordState, int]:
    """How many records of a platform are in each state."""
    query = (
        select(cast(UpwardRecord.state, String), func.count(UpwardRecord.id))
        .where(UpwardRecord.platform_id == platform)
        .group_by(UpwardRecord.state)
    )
    found = {str(state): count for state, count in session.execute(query)}
    return {state: found.get(str(state), 0) for state in RecordState}
