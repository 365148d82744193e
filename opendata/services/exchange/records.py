"""Public entries by when they changed last, for those who keep a copy of the catalogue: each once, page by page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select

from opendata.db.counts import read_count, read_counts
from opendata.db.models import Dataset
from opendata.services.core.access import where_listed
from opendata.services.core.context import Context


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What is known of an entry before it is read: `changed` is that of `CatalogueEntry`."""

    dataset: str
    uuid: str
    publisher: str
    changed: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Entries that changed last from `start` on and before `end`, of one publisher, if one is named."""

    start: datetime | None = None
    end: datetime | None = None
    publisher: str = ""


class Records:
    """Lists entries in the order of their UUIDs, which never change: so one that changes meanwhile keeps its place."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def list(self, span: Span, *, after: str = "", limit: int) -> tuple[Sequence[Record], bool]:
        """At most so many of them after a UUID, and whether there are more."""
        query = _choose(span).with_only_columns(Dataset.id, Dataset.uuid, Dataset.publisher_id, Dataset.changed)
        query = query.where(Dataset.uuid > after).order_by(Dataset.uuid).limit(limit + 1)
        with self._context.read() as session:
            rows = session.execute(query).all()
        found = [
            Record(dataset=name, uuid=uuid, publisher=publisher, changed=changed)
            for name, uuid, publisher, changed in rows
            if changed is not None
        ]
        return found[:limit], len(found) > limit

    def count(self, span: Span) -> int:
        """How many there are; of all times, they are kept counts, which cost the same however many there are."""
        with self._context.read() as session:
            if span.start is None and span.end is None:
                return read_count(session, span.publisher) if span.publisher else sum(read_counts(session).values())
            return int(session.scalar(_choose(span).with_only_columns(func.count(Dataset.id))) or 0)

    def find_first(self) -> datetime | None:
        """A moment before which no public entry changed last; None where there are none."""
        with self._context.read() as session:
            found: datetime | None = session.scalar(select(func.min(Dataset.created)).where(where_listed()))
            return found


def _choose(span: Span) -> Select[Dataset]:
    query = select(Dataset).where(Dataset.changed.is_not(None))
    if span.start is not None:
        query = query.where(Dataset.changed >= span.start)
    if span.end is not None:
        query = query.where(Dataset.changed < span.end)
    if span.publisher:
        query = query.where(Dataset.publisher_id == span.publisher)
    return query
