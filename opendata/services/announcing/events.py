"""Public events: the worker makes them from the audit log, everybody reads them on from a cursor.

A line of the log becomes an event only if it is for everybody: of a dataset, from its first public moment on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, union_all
from sqlalchemy.orm import Session

from opendata.db.models import (
    Alias,
    Dataset,
    DraftResource,
    Event,
    PublicEvent,
    PublicEventProgress,
    Publisher,
    Version,
)
from opendata.domain.catalogue.public_events import LOGGED, EventKind
from opendata.errors import N_, InvalidMetadataError, fault
from opendata.services.announcing.payloads import Payloads
from opendata.services.announcing.queueing import queue_deliveries
from opendata.services.announcing.values import EventPage
from opendata.services.core.access import is_listed
from opendata.services.core.context import Context
from opendata.services.core.paging import read_cursor, refuse_cursor, write_cursor
from opendata.services.search.following import FULL

_HIDDEN = ("contactPoint", "responsible", "officer", "supervisor")
"""Properties of publishers of which not even the change is public: persons may be behind them."""


class PublicEvents:
    """Makes and reads public events."""

    def __init__(self, context: Context, payloads: Payloads) -> None:
        self._context = context
        self._payloads = payloads

    def follow(self, *, rest_seconds: float = 0.0) -> int:
        """Take in what the audit log has since the last time: how many lines. One worker does so at once.

        While the first of them is younger than `rest_seconds`, they are left to a later look, which finds more.

        Where the database is an older one, restored from a backup, events that were told stay told.
        """
        with self._context.read() as session:
            row = session.get(PublicEventProgress, 1)
            newest = session.scalar(select(func.max(Event.position))) or 0
            if row is not None and row.position == newest:
                return 0
            if rest_seconds and row is not None:
                later = select(Event.at).where(Event.position > row.position).order_by(Event.position).limit(1)
                first = session.scalar(later)
                if first is not None and self._context.is_fresh(first, rest_seconds):
                    return 0
        with self._context.write() as session:
            row = _lock(session)
            if row.position > newest:  # the log ends earlier than it did: everything of it is told already
                row.position = newest
            query = select(Event).where(Event.position > row.position).order_by(Event.position).limit(FULL)
            events = list(session.scalars(query))
            for event in events:
                made = _make(session, event)
                if made is not None:
                    session.add(made)
                    session.flush()
                    queue_deliveries(session, made, self._context.clock())
            if events:
                row.position, row.digest = int(events[-1].position or 0), events[-1].digest or ""
            return len(events)

    def list(
        self,
        *,
        since: str | None = None,
        kinds: Sequence[str] = (),
        dataset: str | None = None,
        publisher: str | None = None,
        limit: int = 100,
    ) -> EventPage:
        """Events after a cursor, the oldest first: of some kinds, of a dataset, of a publisher.

        Raises `InputError` for a cursor that isn't ours, `InvalidMetadataError` for a kind that there isn't.
        """
        after = _read_place(since)
        require_kinds(kinds)
        query = select(PublicEvent).where(PublicEvent.id > after).order_by(PublicEvent.id)
        if kinds:
            query = query.where(PublicEvent.kind.in_(kinds))
        with self._context.read() as session:
            if dataset:
                own = select(Dataset.uuid).where(Dataset.id == dataset)
                renamed = select(Dataset.uuid).join(Alias, Alias.dataset_id == Dataset.id).where(Alias.old == dataset)
                uuids = session.scalars(union_all(own, renamed)).all()
                # Nearly always one: its events are read in order by their index.
                query = query.where(PublicEvent.dataset_uuid.in_(uuids))
            if publisher:
                query = query.where(PublicEvent.publisher_id == publisher)
            end = session.scalar(select(func.max(PublicEvent.id))) or 0
            rows = list(session.scalars(query.limit(limit + 1)))
            items = self._payloads.write_all(session, rows[:limit])
        more = len(rows) > limit
        last = rows[limit - 1].id if more else max(end, after)
        return EventPage(
            items=items, next=write_cursor(f"event:{last}") if more else None, since=write_cursor(f"event:{last}")
        )


def require_kinds(kinds: Sequence[str]) -> None:
    """Raises `InvalidMetadataError` for a kind of event that there isn't."""
    for number, kind in enumerate(kinds):
        if kind not in list(EventKind):
            wrong = fault(f"/types/{number}", N_("There is no kind of event “%(kind)s”"), kind=kind[:60])
            raise InvalidMetadataError(faults=[wrong])


def _read_place(cursor: str | None) -> int:
    key = read_cursor(cursor)
    if key is None:
        return 0
    word, _, number = key.partition(":")
    if word != "event" or not number.isascii() or not number.isdecimal() or len(number) > 18:
        raise refuse_cursor()
    return int(number)


def _lock(session: Session) -> PublicEventProgress:
    row = session.scalar(select(PublicEventProgress).where(PublicEventProgress.id == 1).with_for_update())
    if row is None:
        row = PublicEventProgress(id=1, position=0, digest="")
        session.add(row)
        session.flush()
    return row


def _make(session: Session, event: Event) -> PublicEvent | None:
    """The public event of a line of the log; None for other lines, and for one that has its event already."""
    kind = LOGGED.get((event.subject_kind, event.verb))
    if kind is None or event.position is None:
        return None
    if session.scalar(select(PublicEvent.id).where(PublicEvent.position == event.position)) is not None:
        return None
    made = PublicEvent(position=event.position, at=event.at, kind=kind, details={})
    if event.subject_kind in ("dataset", "version"):
        name, _, version = event.subject.partition("@")
        dataset = _find_dataset(session, name)
        if dataset is None or not _was_public(session, dataset, event.at, kind):
            return None
        made.dataset_id, made.dataset_uuid, made.publisher_id = dataset.id, dataset.uuid, dataset.publisher_id
        made.version = version or None
    elif event.subject_kind == "publisher":
        if session.get(Publisher, event.subject) is None:
            return None
        made.publisher_id = event.subject
    else:
        made.schema = event.subject
    details = dict(_choose_details(session, kind, event))
    if kind == EventKind.PUBLISHER_UPDATED and not details.get("properties"):
        return None
    made.details = details
    return made


def _find_dataset(session: Session, name: str) -> Dataset | None:
    found = session.get(Dataset, name)
    if found is None:
        alias = session.get(Alias, name)
        found = session.get(Dataset, alias.dataset_id) if alias is not None else None
    return found if found is not None and is_listed(found) else None


def _was_public(session: Session, dataset: Dataset, at: datetime, kind: EventKind) -> bool:
    """Whether the entry was public by then: a version makes it so, and being listed."""
    if kind.startswith("version.") or kind == EventKind.DATASET_LISTED:
        return True
    first = session.scalar(select(func.min(Version.published)).where(Version.dataset_id == dataset.id))
    told = session.scalar(select(func.min(PublicEvent.at)).where(PublicEvent.dataset_uuid == dataset.uuid))
    return any(found is not None and found <= at for found in (first, told))


def _choose_details(session: Session, kind: EventKind, event: Event) -> Iterator[tuple[str, Any]]:
    """What of a line of the log is for everybody."""
    details = event.details or {}
    for name in ("reason", "text"):
        if details.get(name) and kind != EventKind.DATASET_UPDATED:
            yield "reason", str(details[name])
    if kind in (EventKind.DATASET_UPDATED, EventKind.PUBLISHER_UPDATED):
        given = details.get("properties") or ()
        yield "properties", [str(item) for item in given if item not in _HIDDEN]
    elif kind == EventKind.DATASET_RENAMED:
        yield "before", str(details.get("old") or "")
    elif kind == EventKind.DATASET_MOVED:
        yield "before", str(details.get("before") or "")
    elif kind == EventKind.PUBLISHER_ENDED:
        into = details.get("into") or ()
        yield "how", event.verb
        yield "successors", [into] if isinstance(into, str) else [str(item) for item in into]
    elif kind == EventKind.VERSION_PUBLISHED:
        yield "changes", list(_list_changes(session, str(details.get("draft") or "")))


def _list_changes(session: Session, draft: str) -> Iterator[Mapping[str, Any]]:
    """How many rows of each table differ from the version before, and what the check said, as the draft knows it."""
    for row in session.scalars(
        select(DraftResource).where(DraftResource.draft_id == draft).order_by(DraftResource.position)
    ):
        stats = (row.report or {}).get("stats") or {}
        found: dict[str, Any] = {
            "resource": row.name,
            "valid": row.valid,
            "warnings": int(stats.get("warnings") or 0) if isinstance(stats, Mapping) else 0,
        }
        if row.changes is not None:
            found["rows"] = {name: row.changes[name] for name in ("added", "removed", "changed")}
        yield found
