"""The basic catalogue in force: entries, versions and what changed between them, and how far datasets cover it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from sqlalchemy import select

from opendata.db.models import BasicEdition, BasicVersion
from opendata.domain.basics.codes import DOMAINS
from opendata.domain.basics.comparing import list_changes
from opendata.errors import N_, NotFoundError
from opendata.services.core.context import Context
from opendata.services.core.paging import write_cursor
from opendata.services.core.values import Page
from opendata.services.governance.basics.rows import (
    find_newest,
    find_view,
    list_due_entries,
    list_entries,
    list_page,
    list_state,
    name_bodies,
    require_version,
)
from opendata.services.governance.basics.values import (
    NOBODY,
    OVERDUE,
    BodyName,
    Cell,
    Comparison,
    Coverage,
    CoverageRow,
    DueEntry,
    EntryView,
    VersionView,
    Wanted,
    read_id,
)


class Basics:
    """Reads what is in force, for everybody."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def list(self, wanted: Wanted) -> Page[EntryView]:
        """One page of the entries that somebody asks for. Raises `NotFoundError` for a version that doesn't exist."""
        with self._context.read() as session:
            page, has_more = list_page(self._context, session, wanted)
        return Page(page, write_cursor(page[-1].id) if has_more else None)

    def list_all(self, wanted: Wanted) -> Sequence[EntryView]:
        """All entries that somebody asks for. Raises `NotFoundError`."""
        with self._context.read() as session:
            return list_entries(self._context, session, wanted)

    def get(self, identifier: str) -> EntryView:
        """An entry that is in force. Raises `NotFoundError`."""
        with self._context.read() as session:
            found = find_view(self._context, session, read_id(identifier))
        if found is None:
            raise NotFoundError(N_("The basic catalogue has no entry “%(id)s”"), id=identifier)
        return found

    def list_versions(self) -> Sequence[VersionView]:
        """The versions that were put in force, the newest first."""
        with self._context.read() as session:
            rows = session.scalars(select(BasicVersion).order_by(BasicVersion.number.desc()))
            return [view_version(row) for row in rows]

    def compare(self, old: int, new: int) -> Comparison:
        """What changed between two versions; 0 is the empty catalogue before the first. Raises `NotFoundError`."""
        with self._context.read() as session:
            states = []
            for number in (old, new):
                if number:
                    require_version(session, number)
                states.append(list_state(session, number) if number else {})
        return Comparison(old=old, new=new, changes=list_changes(*states))

    def list_due(self) -> Sequence[DueEntry]:
        """The entries in force with the last day on which their publication is in time."""
        with self._context.read() as session:
            return list_due_entries(self._context, session)

    def list_filters(self) -> tuple[Sequence[BodyName], Sequence[str]]:
        """The publishers and the domains that the entries in force have."""
        with self._context.read() as session:
            in_force = BasicEdition.until.is_(None)
            bodies = set(session.scalars(select(BasicEdition.publisher_id).where(in_force).distinct()))
            domains = sorted(session.scalars(select(BasicEdition.domain).where(in_force).distinct()))
            return [body for body in name_bodies(session).values() if body.id in bodies], domains

    def cover(self) -> Coverage:
        """How far datasets cover each domain and each body. Each pilot domain is there, with or without entries."""
        with self._context.read() as session:
            views = list_entries(self._context, session, Wanted())
            version = find_newest(session)
        counts: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        bodies = {}
        for view in views:
            domain, body = view.entry.domain, view.body.id or NOBODY
            bodies[body] = view.body if view.body.id else BodyName()
            found = ["entries", view.state, *([OVERDUE] if view.is_overdue else [])]
            for place in (("", ""), (domain, ""), (domain, body)):
                counts[place].update(found)
        own = sorted({view.entry.domain for view in views} - {*DOMAINS})
        rows = [
            CoverageRow(
                domain=domain,
                total=Cell(**counts[domain, ""]),
                bodies={body: Cell(**counts[domain, body]) for body in sorted(bodies) if counts[domain, body]},
            )
            for domain in (*DOMAINS, *own)
        ]
        return Coverage(rows=rows, bodies=dict(sorted(bodies.items())), total=Cell(**counts["", ""]), version=version)


def view_version(row: BasicVersion) -> VersionView:
    """The value of a row."""
    return VersionView(
        number=row.number,
        at=row.at,
        note=row.note,
        entries=row.entries,
        added=row.added,
        changed=row.changed,
        removed=row.removed,
    )
