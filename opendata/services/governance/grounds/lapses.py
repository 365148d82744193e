"""What isn't open and has no ground: foreseen before a list is in force, told to its publishers, and listed after."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, func, not_, or_, select
from sqlalchemy.orm import Session

from opendata.db.models import Dataset, NegativeList
from opendata.domain.disclosure import CLOSED, OPEN
from opendata.domain.grounds.entries import Entry, Holder, find_lapses
from opendata.domain.mail.letters import LetterKind
from opendata.metadata.text import find_value_faults
from opendata.services.access.notices import notify
from opendata.services.access.people.members import list_members
from opendata.services.catalogue.grounds.gate import find_list, read_entries
from opendata.services.catalogue.publishers import view_publisher
from opendata.services.core.access import disclosure_of, where_acting_for
from opendata.services.core.actors import Actor, require_publisher
from opendata.services.core.context import Context
from opendata.services.core.paging import DEFAULT_LIMIT, read_cursor, write_cursor
from opendata.services.core.values import Page
from opendata.services.governance.grounds.values import LapseView, UngroundedView

ATTRIBUTE = func.coalesce(Dataset.meta[("disclosure", "attribute")].as_string(), OPEN)
GROUND = func.coalesce(Dataset.meta[("disclosure", "ground")].as_string(), "")


class Ungrounded:
    """Lists the datasets that aren't open and have no ground in force, for those who decide about them."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def list(
        self,
        actor: Actor | None,
        *,
        publisher: str | None = None,
        cursor: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> Page[UngroundedView]:
        """Those of the publishers that the actor acts for, by id. Raises `NotSignedInError`, `NotPermittedError`."""
        found = require_publisher(actor)
        with self._context.read() as session:
            entries = read_entries(find_list(session))
            query = select(Dataset).where(
                where_acting_for(found, Dataset.publisher_id), self._where_ungrounded(entries)
            )
            if publisher is not None and any(find_value_faults(publisher)):
                return Page([])  # a text that no database can hold
            if publisher:
                query = query.where(Dataset.publisher_id == publisher)
            after = read_cursor(cursor)
            if after:
                query = query.where(Dataset.id > after)
            rows = list(session.scalars(query.order_by(Dataset.id).limit(limit + 1)))
            known = {**_list_known(session), **{item.id: item for item in entries}} if rows else {}
            items = [
                UngroundedView(
                    id=row.id,
                    title=str(row.meta.get("title", "")),
                    publisher=view_publisher(row.publisher),
                    disclosure=disclosure_of(row),
                    entry=known.get(disclosure_of(row).ground),
                )
                for row in rows[:limit]
            ]
        return Page(items, write_cursor(items[-1].id) if len(rows) > limit else None)

    def count(self, actor: Actor) -> int:
        """How many there are of the publishers that somebody acts for."""
        with self._context.read() as session:
            where = self._where_ungrounded(read_entries(find_list(session)))
            query = (
                select(func.count()).select_from(Dataset).where(where_acting_for(actor, Dataset.publisher_id), where)
            )
            return session.scalar(query) or 0

    def _where_ungrounded(self, entries: Sequence[Entry]) -> ColumnElement[bool]:
        """Closed without an entry in force, or on application with one that isn't in force."""
        today = self._context.today()
        held = [item for item in entries if item.is_in_force(today)]
        fits: list[ColumnElement[bool]] = [GROUND.in_([item.id for item in held if not item.publishers])]
        fits += [
            and_(GROUND.in_([item.id]), Dataset.publisher_id.in_(item.publishers)) for item in held if item.publishers
        ]
        needs = or_(ATTRIBUTE == CLOSED, and_(ATTRIBUTE != OPEN, GROUND != ""))
        return and_(needs, not_(or_(*fits)))


def foresee_lapses(context: Context, session: Session, entries: Sequence[Entry]) -> Sequence[LapseView]:
    """The datasets that lose their ground if these entries take the place of those in force today."""
    query = select(Dataset).where(ATTRIBUTE != OPEN, GROUND != "").order_by(Dataset.publisher_id, Dataset.id)
    rows = {row.id: row for row in session.scalars(query)}
    holders = [Holder(row.id, row.publisher_id, disclosure_of(row).ground) for row in rows.values()]
    before = read_entries(find_list(session))
    return [
        LapseView(
            dataset=item.holder.dataset,
            title=str(rows[item.holder.dataset].meta.get("title", "")),
            publisher=item.holder.publisher,
            publisher_title=rows[item.holder.dataset].publisher.title,
            entry=item.entry,
            day=item.day,
        )
        for item in find_lapses(before, entries, holders, context.today())
    ]


def tell_publishers(context: Context, session: Session, lapses: Sequence[LapseView]) -> None:
    """Write a mail to the people of each publisher of which datasets lose their ground, where they have an address."""
    counts = Counter((item.publisher, item.publisher_title) for item in lapses)
    for (publisher, title), count in sorted(counts.items()):
        for user in list_members(session, publisher):
            notify(
                context,
                session,
                user,
                LetterKind.GROUND_LOST,
                count=str(count),
                publisher=" ".join(title.split()),
                path="/workspace/grounds",
            )


def _list_known(session: Session) -> dict[str, Entry]:
    """All entries that ever were on the list, each in its newest form."""
    query = select(NegativeList).where(NegativeList.number.is_not(None)).order_by(NegativeList.number)
    return {item.id: item for row in session.scalars(query) for item in read_entries(row)}
