"""The basic catalogue in force: entries, versions and what changed between them, and how far datasets cover it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from sqlalchemy import select

from opendata.db.models import BasicVersion
from opendata.domain.basics.codes import DOMAINS
from opendata.domain.basics.comparing import list_changes
from opendata.errors import N_, NotFoundError
from opendata.services.core.context import Context
from opendata.services.core.paging import write_cursor
from opendata.services.core.values import Page
from opendata.services.governance.basics.rows import (
    find_newest,
    list_due_entries,
    list_entries,
    list_state,
    name_bodies,
    read_place,
    require_version,
)
from opendata.services.governance.basics.values import (
    NOBODY,
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
    write_id,
)


class Basics:
    """Reads what is in force, for everybody."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def list(self, wanted: Wanted) -> Page[EntryView]:
        """One page of the entries that somebody asks for. Raises `NotFoundError` for a version that doesn't exist."""
        after = read_place(wanted.cursor)
        found = [view for view in self.list_all(wanted) if view.id > after]
        rest = found[wanted.limit :]
        page = found[: wanted.limit]
        return Page(page, write_cursor(page[-1].id) if rest else None)

    def list_all(self, wanted: Wanted) -> Sequence[EntryView]:
        """All entries that somebody asks for. Raises `NotFoundError`."""
        with self._context.read() as session:
            return list_entries(self._context, session, wanted)

    def get(self, identifier: str) -> EntryView:
        """An entry that is in force. Raises `NotFoundError`."""
        number = read_id(identifier)
        found = next((view for view in self.list_all(Wanted()) if view.id == write_id(number)), None)
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

    def list_bodies(self) -> Sequence[BodyName]:
        """The publishers, by id."""
        with self._context.read() as session:
            return list(name_bodies(session).values())

    def cover(self) -> Coverage:
        """How far datasets cover each domain and each body. Each pilot domain is there, with or without entries."""
        with self._context.read() as session:
            views = list_entries(self._context, session, Wanted())
            version = find_newest(session)
        own = sorted({view.entry.domain for view in views} - {*DOMAINS})
        bodies = {(view.body.id or NOBODY): view.body for view in views}
        bodies |= {NOBODY: BodyName()} if NOBODY in bodies else {}
        rows = []
        for domain in (*DOMAINS, *own):
            inside = [view for view in views if view.entry.domain == domain]
            parts = {
                body: _count(view for view in inside if (view.body.id or NOBODY) == body)
                for body in sorted({view.body.id or NOBODY for view in inside})
            }
            rows.append(CoverageRow(domain=domain, total=_count(inside), bodies=parts))
        return Coverage(rows=rows, bodies=dict(sorted(bodies.items())), total=_count(views), version=version)


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


def _count(views: Iterable[EntryView]) -> Cell:
    found = Counter[str]()
    for view in views:
        found.update(["entries", view.state, *(["overdue"] if view.is_overdue else [])])
    return Cell(**found)
