"""Rows of the basic catalogue: read by version and filter, with the datasets that fulfil them and what is overdue."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, cast
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session

from opendata.db.models import BasicEdition, BasicEntry, BasicLink, BasicVersion, Dataset, Publisher, Version
from opendata.domain.basics.entries import Entry
from opendata.domain.clocks.calendar import WorkingCalendar
from opendata.domain.clocks.limits import Limit, find_due
from opendata.errors import N_, NotFoundError, UnknownYearError
from opendata.services.core.access import is_listed, where_acting_for, where_open, where_standing
from opendata.services.core.actors import Actor
from opendata.services.core.context import Context
from opendata.services.core.paging import read_cursor, refuse_cursor
from opendata.services.governance.basics.values import (
    NOBODY,
    OVERDUE,
    BodyName,
    DueEntry,
    EntryView,
    LinkedDataset,
    State,
    Wanted,
    read_id,
    write_id,
)
from opendata.services.governance.duties.calendars import read_calendar

_AT_ONCE = 500


def find_newest(session: Session) -> int:
    """The number of the version in force; 0 before the first."""
    return session.scalar(select(func.max(BasicVersion.number))) or 0


def require_version(session: Session, number: int) -> BasicVersion:
    """The row of a version. Raises `NotFoundError`."""
    row = session.get(BasicVersion, number)
    if row is None:
        raise NotFoundError(N_("The basic catalogue has no version %(number)s"), number=number)
    return row


def select_editions(version: int = 0) -> Select[BasicEdition]:
    """The editions of a version; of the one in force where it is 0."""
    query = select(BasicEdition).order_by(BasicEdition.entry_id)
    if not version:
        return query.where(BasicEdition.until.is_(None))
    return query.where(BasicEdition.since <= version, or_(BasicEdition.until.is_(None), BasicEdition.until > version))


def where_own(actor: Actor) -> ColumnElement[bool]:
    """The condition on rows of `basic_entries` under which somebody may edit them."""
    return where_acting_for(actor, cast("ColumnElement[str]", BasicEntry.publisher_id))


def list_own_publishers(session: Session, actor: Actor) -> set[str]:
    """The publishers whose entries somebody may edit."""
    return set(session.scalars(select(Publisher.id).where(where_acting_for(actor, Publisher.id))))


def read_row(row: BasicEntry | BasicEdition) -> Entry:
    """What a row says. The publisher has a column of its own, so that its entries can be moved to another."""
    return replace(Entry.from_json(row.content), publisher=row.publisher_id or "")


def write_content(entry: Entry) -> dict[str, Any]:
    """What a row keeps of an entry beside the publisher."""
    return replace(entry, publisher="").to_json()


def list_state(session: Session, version: int = 0) -> dict[str, Entry]:
    """The entries of a version by id."""
    return {write_id(row.entry_id): read_row(row) for row in session.scalars(select_editions(version))}


def read_place(cursor: str | None) -> str:
    """The id after which a page begins. Raises `InputError`."""
    place = read_cursor(cursor) or ""
    if place:
        try:
            read_id(place)
        except NotFoundError:
            raise refuse_cursor() from None
    return place


def list_entries(context: Context, session: Session, wanted: Wanted) -> list[EntryView]:
    """The entries that somebody asks for, by id, all of them. Raises `NotFoundError`."""
    return _keep_state(_view(context, session, _list_rows(session, wanted)), wanted.state)


def list_page(context: Context, session: Session, wanted: Wanted) -> tuple[list[EntryView], bool]:
    """One page of these entries, and whether there are more. Raises `NotFoundError`, `InputError` for a cursor."""
    after = read_place(wanted.cursor)
    rows = _list_rows(session, wanted, after=read_id(after) if after else 0)
    if not wanted.state:  # most rows needn't be looked at any closer
        return _view(context, session, rows[: wanted.limit]), len(rows) > wanted.limit
    views = _keep_state(_view(context, session, rows), wanted.state)
    return views[: wanted.limit], len(views) > wanted.limit


def find_view(context: Context, session: Session, identifier: int) -> EntryView | None:
    """An entry in force; None where it isn't."""
    rows = list(session.scalars(select_editions().where(BasicEdition.entry_id == identifier)))
    return next(iter(_view(context, session, rows)), None)


def _list_rows(session: Session, wanted: Wanted, *, after: int | None = None) -> list[BasicEdition]:
    """The editions that somebody asks for: those of a page and one more, where `after` is given and they are known."""
    if wanted.version:
        require_version(session, wanted.version)
    query = select_editions(wanted.version)
    if wanted.domain:
        query = query.where(BasicEdition.domain == wanted.domain)
    if wanted.publisher:
        is_nobody = wanted.publisher == NOBODY
        query = query.where(BasicEdition.publisher_id == (None if is_nobody else wanted.publisher))
    if after is not None:
        query = query.where(BasicEdition.entry_id > after)
        if not (wanted.state or wanted.level or wanted.audience or wanted.text):
            query = query.limit(wanted.limit + 1)
    return [row for row in session.scalars(query) if _fits(row, wanted)]


def _keep_state(views: list[EntryView], state: str) -> list[EntryView]:
    if not state:
        return views
    return [view for view in views if (view.is_overdue if state == OVERDUE else view.state == state)]


def list_due_entries(context: Context, session: Session) -> list[DueEntry]:
    """The entries in force for the list of what is due, each with its last day where that can be computed."""
    return [
        DueEntry(
            id=view.id,
            title=view.entry.title,
            publisher=view.body.id,
            begun=view.begun,
            limit=view.entry.limit.limit,
            due=view.due,
            is_fulfilled=view.state == State.PUBLISHED,
            is_overdue=view.is_overdue,
        )
        for view in list_entries(context, session, Wanted())
    ]


def name_bodies(session: Session, *, living: bool = False) -> Mapping[str, BodyName]:
    """The publishers by id; those that are `living` can be given entries."""
    query = select(Publisher.id, Publisher.title, Publisher.i18n).order_by(Publisher.id)
    rows = session.execute(query.where(Publisher.ended.is_(None)) if living else query)
    return {identifier: BodyName(id=identifier, title=title, i18n=i18n) for identifier, title, i18n in rows}


def find_body(bodies: Mapping[str, BodyName], publisher: str | None, entry: Entry) -> BodyName:
    """The name of who is responsible: a publisher, or the text of the entry."""
    return bodies.get(publisher or "") or BodyName(title=entry.body)


def list_datasets(session: Session, entries: Collection[int] | None = None) -> Mapping[int, Sequence[LinkedDataset]]:
    """The datasets linked with entries, of all entries or some."""
    query = (
        select(BasicLink.entry_id, Dataset, Version.id)
        .join(Dataset, Dataset.uuid == BasicLink.dataset_uuid)
        .outerjoin(
            Version,
            (Version.dataset_id == Dataset.id)
            & (Version.version == Dataset.latest)
            & where_standing()
            & where_open()
            & Dataset.archived.is_(None),
        )
        .order_by(BasicLink.entry_id, Dataset.id)
    )
    if entries is not None:
        query = query.where(BasicLink.entry_id.in_(entries))
    found: defaultdict[int, list[LinkedDataset]] = defaultdict(list)
    for entry, row, version in session.execute(query):
        found[entry].append(
            LinkedDataset(
                id=row.id,
                title=row.meta.get("title", ""),
                i18n=row.meta.get("i18n", {}),
                publisher=row.publisher_id,
                is_public=version is not None,
                is_listed=is_listed(row),
            )
        )
    return found


def _fits(row: BasicEdition, wanted: Wanted) -> bool:
    if wanted.level and wanted.level not in row.content.get("levels", ()):
        return False
    if wanted.audience and wanted.audience not in row.content.get("audiences", ()):
        return False
    text = wanted.text.casefold().split()
    if not text:
        return True
    words = " ".join(value for value in row.content.values() if isinstance(value, str)).casefold()
    return all(word in words for word in text)


def _view(context: Context, session: Session, rows: Sequence[BasicEdition]) -> list[EntryView]:
    zone = ZoneInfo(context.settings.timezone)
    days = {
        number: at.astimezone(zone).date()
        for number, at in session.execute(select(BasicVersion.number, BasicVersion.at))
    }
    some = [row.entry_id for row in rows] if len(rows) <= _AT_ONCE else None
    first = select(BasicEdition.entry_id, func.min(BasicEdition.since)).group_by(BasicEdition.entry_id)
    if some is not None:
        first = first.where(BasicEdition.entry_id.in_(some))
    begun: dict[int, int] = {row[0]: row[1] for row in session.execute(first)}
    datasets, bodies = list_datasets(session, some), name_bodies(session)
    today, calendar = context.today(), read_calendar(session)
    known: dict[tuple[date, Limit | None], date | None] = {}
    found = []
    for row in rows:
        entry, since = read_row(row), begun[row.entry_id]
        clock = (days[since], entry.limit.limit)
        if clock not in known:  # a few clocks for many entries
            known[clock] = find_due_day(entry, days[since], calendar)
        view = EntryView(
            id=write_id(row.entry_id),
            entry=entry,
            body=find_body(bodies, row.publisher_id, entry),
            since=since,
            begun=days[since],
            datasets=datasets.get(row.entry_id, ()),
            due=known[clock],
        )
        found.append(_mark(view, today))
    return found


def _mark(view: EntryView, today: date) -> EntryView:
    from dataclasses import replace

    is_overdue = view.due is not None and view.due < today and view.state != State.PUBLISHED
    return replace(view, is_overdue=is_overdue)


def find_due_day(entry: Entry, begun: date, calendar: WorkingCalendar) -> date | None:
    """The last day on which the first publication of an entry is in time; None where that can't be computed.

    The clock starts on the day on which the entry came into force: nobody here knows when information is made.
    """
    limit = entry.limit.limit
    return None if limit is None else _find_last_day(begun, limit, calendar)


def _find_last_day(begun: date, limit: Limit, calendar: WorkingCalendar) -> date | None:
    try:
        return find_due(begun, limit, calendar)
    except (UnknownYearError, OverflowError, ValueError):
        return None


def find_entry(session: Session, identifier: int, *, lock: bool = False) -> BasicEntry:
    """The row of an entry. Raises `NotFoundError`."""
    query = select(BasicEntry).where(BasicEntry.id == identifier)
    row = session.scalar(query.with_for_update() if lock else query)
    if row is None:
        raise NotFoundError(N_("The basic catalogue has no entry “%(id)s”"), id=write_id(identifier))
    return row
