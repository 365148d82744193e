"""Reads the audit log: by page, and whole for exports."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, or_, select

from opendata.db.models import Event
from opendata.domain.moments import read_moment
from opendata.errors import N_, InputError
from opendata.services.core.actors import Actor, require_maintainer
from opendata.services.core.context import Context
from opendata.services.core.event_chain import EventDocument, describe_event
from opendata.services.core.paging import read_cursor, refuse_cursor, write_cursor
from opendata.services.core.values import Page
from opendata.tables.forms.csv_lines import write_csv_line

_AT_ONCE = 500
_COLUMNS = ("number", "at", "actor", "action", "kind", "subject", "address", "details", "previous", "digest")


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFilter:
    """Which events: what isn't given doesn't matter.

    `subject` is the id of a subject, or its kind and id as `dataset:reservoirs`. `since` counts in, `until` doesn't.
    """

    actor: str | None = None
    action: str | None = None
    subject: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    @classmethod
    def from_texts(cls, said: Mapping[str, Any]) -> EventFilter:
        """The filter that somebody wrote down; a property that is missing or None doesn't matter.

        Raises `InputError` for what isn't a time.
        """
        since, until = (said.get(name) for name in ("since", "until"))
        return cls(
            actor=said.get("actor"),
            action=said.get("action"),
            subject=said.get("subject"),
            since=read_time(since) if since is not None else None,
            until=read_time(until) if until is not None else None,
        )


EVERYTHING = EventFilter()


def read_time(text: str) -> datetime:
    """A time in RFC 3339, or the beginning of a day, in UTC where no zone is given. Raises `InputError`."""
    found = read_moment(text.strip(), UTC)
    if found is None:
        raise InputError(
            N_("“%(value)s” isn't a date or time. Write it like 2026-03-31 or 2026-03-31T08:00:00Z"), value=text[:100]
        )
    return found


class Events:
    """Shows the audit log to maintainers."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def list(
        self, actor: Actor | None, wanted: EventFilter = EVERYTHING, *, limit: int = 50, cursor: str | None = None
    ) -> Page[EventDocument]:
        """One page of events, the newest first. Raises `NotPermittedError`, `InputError` for a wrong cursor."""
        require_maintainer(actor)
        query = _select(wanted).order_by(Event.id.desc()).limit(limit + 1)
        key = read_cursor(cursor)
        if key is not None:
            if not key.isascii() or not key.isdigit() or len(key) > 18:
                raise refuse_cursor()
            query = query.where(Event.id < int(key))
        with self._context.read() as session:
            rows = session.scalars(query).all()
            found = [describe_event(row) for row in rows[:limit]]
        return Page(found, write_cursor(str(rows[limit - 1].id)) if len(rows) > limit else None)

    def note_download(self, actor: Actor, path: str) -> None:
        """Write down that somebody got a file that isn't for everybody."""
        self._context.note(actor, "download", "file", path[:500])

    def export_lines(self, actor: Actor | None, wanted: EventFilter = EVERYTHING) -> Iterator[str]:
        """The events as JSON Lines, the oldest first; each line has all that its digest covers."""
        require_maintainer(actor)
        return (json.dumps(document, ensure_ascii=False) + "\n" for document in self._read(wanted))

    def export_csv(self, actor: Actor | None, wanted: EventFilter = EVERYTHING) -> Iterator[str]:
        """The events as CSV for a spreadsheet, the oldest first. A text that it would take for a formula is quoted."""
        require_maintainer(actor)
        return self._write_csv(wanted)

    def _write_csv(self, wanted: EventFilter) -> Iterator[str]:
        yield ",".join(_COLUMNS) + "\n"
        for document in self._read(wanted):
            subject, details = document["subject"], json.dumps(document["details"], ensure_ascii=False)
            row = {**document, "kind": subject["kind"], "subject": subject["id"], "details": details}
            yield write_csv_line(row[name] for name in _COLUMNS)

    def _read(self, wanted: EventFilter) -> Iterator[EventDocument]:
        last = 0
        while True:
            query = _select(wanted).where(Event.id > last).order_by(Event.id).limit(_AT_ONCE)
            with self._context.read() as session:
                rows = session.scalars(query).all()
                documents = [describe_event(row) for row in rows]
            if not rows:
                return
            last = rows[-1].id
            yield from documents


def _select(wanted: EventFilter) -> Select[Event]:
    return select(Event).where(*_list_conditions(wanted))


def _list_conditions(wanted: EventFilter) -> Iterator[ColumnElement[bool]]:
    if wanted.actor is not None:
        yield Event.actor == wanted.actor
    if wanted.action is not None:
        yield Event.verb == wanted.action
    if wanted.subject is not None:
        kind, colon, name = wanted.subject.partition(":")
        named = Event.subject == wanted.subject
        yield or_(named, (Event.subject_kind == kind) & (Event.subject == name)) if colon else named
    if wanted.since is not None:
        yield Event.at >= wanted.since
    if wanted.until is not None:
        yield Event.at < wanted.until
