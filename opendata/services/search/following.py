"""Following the audit log, which no change of the catalogue passes by: what an index has still to take in.

An index remembers up to which event it has seen all. A process that dies in between does the same again, and what is
written twice is the same. So nothing is lost, and there is no second queue.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from opendata.db.models import Dataset, Event, EventChain

_AT_ONCE = 2_000
"""So many events are looked at together."""

FULL = 500
"""Who has taken in fewer events in one look has come to the end of the log."""


@dataclass(frozen=True, slots=True)
class Changes:
    """The datasets that events may have changed, and whether everything may have.

    `count` is the number of events, at least 1; `position` is the last one's.
    """

    touched: frozenset[str]
    is_whole: bool
    position: int
    digest: str
    count: int = 1


def read_changes(
    session: Session, position: int, digest: str, is_fresh: Callable[[datetime], bool] = lambda _: False
) -> Changes | None:
    """What has happened since an event; None where nothing has, or where the moment of the first of it is fresh.

    Everything may have changed where the index is of another database: a backup was restored.
    """
    query = select(Event).where(Event.position > position).order_by(Event.position).limit(_AT_ONCE)
    events = session.scalars(query).all()
    if not events:
        end, last = find_end(session)
        if end > position or (end == position and last == digest):
            return None
        return Changes(frozenset(), True, end, last)
    if is_fresh(events[0].at):
        return None
    touched, is_whole = _list_touched(session, events)
    if (events[0].position, events[0].previous or "") != (position + 1, digest):
        touched, is_whole = set(), True
    last_event = events[-1]
    return Changes(frozenset(touched), is_whole, int(last_event.position or 0), last_event.digest or "", len(events))


def find_end(session: Session) -> tuple[int, str]:
    """The position and the digest of the last event."""
    found = session.execute(select(EventChain.position, EventChain.digest)).first()
    return (found[0], found[1] or "") if found is not None else (0, "")


def _list_touched(session: Session, events: Sequence[Event]) -> tuple[set[str], bool]:
    found: set[str] = set()
    is_whole = False
    for event in events:
        if event.subject_kind == "catalogue":
            return set(), True
        if event.subject_kind == "publisher":
            found |= set(session.scalars(select(Dataset.id).where(Dataset.publisher_id == event.subject)))
        elif event.subject_kind in ("dataset", "version"):
            found.add(event.subject.partition("@")[0].partition("/")[0])
            found |= {str(event.details[name]) for name in ("to", "new", "old") if name in event.details}
            # The words of a document that was replaced stay in the files of the full-text index.
            is_whole |= event.subject_kind == "version" and event.verb == "erase"
    return found, is_whole
