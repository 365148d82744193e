"""The draft of the basic catalogue: entries written, changed and left out, then put in force as the next version."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from opendata.db.models import BasicEdition, BasicEntry, BasicVersion
from opendata.domain.basics.entries import NAMES, Entry, read_entry, with_publisher
from opendata.errors import N_, InvalidMetadataError, Listed, StateError, fault
from opendata.services.catalogue.public_state.basics import find_free_number
from opendata.services.core.actors import Actor, require_lead, require_maintainer, require_publisher
from opendata.services.core.context import Context
from opendata.services.core.paging import write_cursor
from opendata.services.core.values import Page
from opendata.services.governance.basics.catalogue import view_version
from opendata.services.governance.basics.rows import (
    find_body,
    find_entry,
    find_newest,
    list_own_publishers,
    name_bodies,
    read_place,
    read_row,
    select_editions,
    where_own,
    write_content,
)
from opendata.services.governance.basics.values import BodyName, DraftEntry, VersionView, Wanted, read_id, write_id

INCOMPLETE = "incomplete"
"""A state of the draft to filter by; the others are `added`, `changed`, `removed`."""

_MOST_NOTE = 2000
_NAMED = 10


class BasicDrafts:
    """Edits the draft: maintainers all of it, the leads of a publisher its entries."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def list(self, actor: Actor | None, wanted: Wanted) -> Page[DraftEntry]:
        """One page of the entries that somebody may edit, by id. Raises `NotPermittedError`."""
        found = [view for view in self.list_all(actor, wanted) if view.id > read_place(wanted.cursor)]
        page = found[: wanted.limit]
        return Page(page, write_cursor(page[-1].id) if len(found) > len(page) else None)

    def list_all(self, actor: Actor | None, wanted: Wanted) -> Sequence[DraftEntry]:
        """All entries of the draft that somebody may edit. Raises `NotPermittedError`."""
        known = require_publisher(actor)
        with self._context.read() as session:
            query = select(BasicEntry).where(where_own(known)).order_by(BasicEntry.id)
            if wanted.domain:
                query = query.where(BasicEntry.domain == wanted.domain)
            if wanted.publisher:
                query = query.where(BasicEntry.publisher_id == wanted.publisher)
            bodies, in_force = name_bodies(session), _list_in_force(session)
            views = [_view(row, bodies, in_force.get(row.id)) for row in session.scalars(query)]
        words = wanted.text.casefold().split()
        return [
            view
            for view in views
            if (view.is_in_force or not view.is_removed)
            and (not wanted.state or wanted.state == view.change or (wanted.state == INCOMPLETE and view.missing))
            and all(word in _say(view.entry) for word in words)
        ]

    def get(self, actor: Actor | None, identifier: str) -> DraftEntry:
        """One entry of the draft. Raises `NotFoundError`, `NotPermittedError`."""
        with self._context.read() as session:
            row = find_entry(session, read_id(identifier))
            _require(actor, row.publisher_id)
            in_force = _list_in_force(session, [row.id])
            return _view(row, name_bodies(session), in_force.get(row.id))

    def list_bodies(self, actor: Actor | None) -> Sequence[BodyName]:
        """The publishers whose entries somebody may edit. Raises `NotPermittedError`."""
        known = require_publisher(actor)
        with self._context.read() as session:
            own = list_own_publishers(session, known)
            return [body for body in name_bodies(session).values() if body.id in own]

    def create(self, actor: Actor | None, values: Mapping[str, Any]) -> DraftEntry:
        """Add an entry to the draft. Raises `InvalidMetadataError`, `NotPermittedError`."""
        entry = _read(values)
        with self._context.write() as session:
            entry = self._settle(session, actor, entry)
            row = add_entry(self._context, session, _require(actor, entry.publisher), entry)
            session.flush()
            self._context.log(session, require_publisher(actor), "create", "basic-entry", write_id(row.id))
            identifier = write_id(row.id)
        return self.get(actor, identifier)

    def change(
        self, actor: Actor | None, identifier: str, values: Mapping[str, Any], *, revision: int | None = None
    ) -> DraftEntry:
        """Change an entry of the draft: what isn't named stays. One that was left out is in the draft again.

        Raises `InvalidMetadataError`, `NotFoundError`, `NotPermittedError`, and `StateError` where it has another
        revision now.
        """
        with self._context.write() as session:
            row = find_entry(session, read_id(identifier), lock=True)
            _require(actor, row.publisher_id)
            if revision is not None and revision != row.revision:
                raise StateError(N_("Somebody else has changed this entry. Open it again and repeat your changes"))
            entry = self._settle(session, actor, _read({**read_row(row).to_json(), **values}))
            known = _require(actor, entry.publisher)
            if put_entry(self._context, known, row, entry):
                self._context.log(session, known, "change", "basic-entry", identifier)
        return self.get(actor, identifier)

    def remove(self, actor: Actor | None, identifier: str) -> None:
        """Leave an entry out of the next version. Raises `NotFoundError`, `NotPermittedError`."""
        with self._context.write() as session:
            row = find_entry(session, read_id(identifier), lock=True)
            known = _require(actor, row.publisher_id)
            if not row.removed:
                row.removed, row.author, row.changed = True, known.name, self._context.now()
                row.revision += 1
                self._context.log(session, known, "remove", "basic-entry", identifier)

    def put_in_force(self, actor: Actor | None, note: str, *, leaves_incomplete: bool = False) -> VersionView:
        """Put the draft in force as the next version. Incomplete entries stay drafts where that is wanted.

        Raises `NotPermittedError`, `InvalidMetadataError` without a note, and `StateError` with the entries that lack
        an element, or where nothing has changed.
        """
        known = require_maintainer(actor)
        note = note.replace("\0", "").strip()
        if not note or len(note) > _MOST_NOTE:
            text = N_("Write a note of at most %(limit)s characters that says what is new in this version")
            raise InvalidMetadataError(faults=[fault("/note", text, limit=_MOST_NOTE)])
        with self._context.write() as session:
            number = find_free_number(self._context.public, find_newest(session))
            rows = list(session.scalars(select(BasicEntry).order_by(BasicEntry.id).with_for_update()))
            entries = {row.id: read_row(row) for row in rows}
            held = {row.id for row in rows if not row.removed and entries[row.id].list_missing()}
            if held and not leaves_incomplete:
                raise _refuse(sorted(held))
            counts = self._write_editions(session, number, [row for row in rows if row.id not in held])
            if not any(counts.values()):
                raise StateError(
                    N_("The draft is the same as the catalogue in force, so there is nothing to put in force")
                )
            total = len(_list_in_force(session))
            made = BasicVersion(number=number, at=self._context.now(), author=known.name, note=note, entries=total)
            made.added, made.changed, made.removed = counts["added"], counts["changed"], counts["removed"]
            session.add(made)
            self._context.log(session, known, "put-in-force", "basic-catalogue", str(number), **counts)
            session.flush()
            return view_version(made)

    def _write_editions(self, session: Session, number: int, rows: Sequence[BasicEntry]) -> dict[str, int]:
        in_force = _list_in_force(session)
        counts = {"added": 0, "changed": 0, "removed": 0}
        for row in rows:
            before = in_force.get(row.id)
            change = _find_change(row, before)
            if not change:
                continue
            counts[change] += 1
            if before is not None:
                before.until = number
            if not row.removed:
                session.add(
                    BasicEdition(
                        entry_id=row.id,
                        since=number,
                        publisher_id=row.publisher_id,
                        domain=row.domain,
                        content=row.content,
                    )
                )
        session.flush()
        return counts

    def _settle(self, session: Session, actor: Actor | None, entry: Entry) -> Entry:
        """The entry with its publisher: chosen, or the one with the name of its body, or the only one of the actor."""
        bodies = name_bodies(session, living=True)
        if entry.publisher and entry.publisher not in bodies:
            has_ended = entry.publisher in name_bodies(session)
            ended, missing = N_("The publisher “%(id)s” has ended"), N_("There is no publisher “%(id)s”")
            text = ended if has_ended else missing
            raise InvalidMetadataError(faults=[fault("/publisher", text, id=entry.publisher[:100])])
        entry = with_publisher(entry, list_names(bodies))
        known = require_publisher(actor)
        if entry.publisher or known.is_maintainer:
            return entry
        own = list(list_own_publishers(session, known))
        return replace(entry, publisher=own[0]) if len(own) == 1 else entry


def add_entry(context: Context, session: Session, actor: Actor, entry: Entry) -> BasicEntry:
    """Add a row to the draft."""
    row = BasicEntry(content={}, revision=0, author="", domain="", changed=context.now())
    put_entry(context, actor, row, entry)
    session.add(row)
    return row


def put_entry(context: Context, actor: Actor, row: BasicEntry, entry: Entry) -> bool:
    """Make the draft of a row say this; whether that changes anything."""
    content, publisher = write_content(entry), entry.publisher or None
    if (row.content, row.publisher_id) == (content, publisher) and not row.removed:
        return False
    row.content, row.domain, row.publisher_id = content, entry.domain, publisher
    row.removed, row.author, row.changed = False, actor.name, context.now()
    row.revision += 1
    return True


def list_names(bodies: Mapping[str, BodyName]) -> Mapping[str, str]:
    """The ids of publishers by their names in all languages, without spaces."""
    found: dict[str, str] = {}
    for body in bodies.values():
        titles = [body.title, *(str(texts.get("title", "")) for texts in body.i18n.values())]
        found.update({"".join(title.split()): body.id for title in titles if title.strip()})
    return found


def _require(actor: Actor | None, publisher: str | None) -> Actor:
    """Who edits an entry: the lead of its publisher or, without one, a maintainer."""
    return require_lead(actor, publisher) if publisher else require_maintainer(actor)


def _read(values: Mapping[str, Any]) -> Entry:
    known = {name: value for name, value in values.items() if name in NAMES.values()}
    entry, faults = read_entry(known)
    if faults:
        raise InvalidMetadataError(faults=faults)
    return entry


def _refuse(held: Sequence[int]) -> StateError:
    names = Listed(write_id(number) for number in held[:_NAMED])
    if len(held) > _NAMED:
        text = N_("%(count)s entries are incomplete, among them %(entries)s. Complete them, or leave them in the draft")
        return StateError(text, count=len(held), entries=names)
    return StateError(
        N_("These entries are incomplete: %(entries)s. Complete them, or leave them in the draft"), entries=names
    )


def _list_in_force(session: Session, some: Collection[int] | None = None) -> dict[int, BasicEdition]:
    query = select_editions()
    if some is not None:
        query = query.where(BasicEdition.entry_id.in_(some))
    return {row.entry_id: row for row in session.scalars(query)}


def _find_change(row: BasicEntry, in_force: BasicEdition | None) -> str:
    if in_force is None:
        return "" if row.removed else "added"
    if row.removed:
        return "removed"
    return "changed" if read_row(row) != read_row(in_force) else ""


def _view(row: BasicEntry, bodies: Mapping[str, BodyName], in_force: BasicEdition | None) -> DraftEntry:
    entry = read_row(row)
    return DraftEntry(
        id=write_id(row.id),
        entry=entry,
        body=find_body(bodies, row.publisher_id, entry),
        change=_find_change(row, in_force),
        missing=() if row.removed else entry.list_missing(),
        is_removed=row.removed,
        is_in_force=in_force is not None,
        revision=row.revision,
    )


def _say(entry: Entry) -> str:
    return " ".join((entry.matter, entry.item, entry.content, entry.body, entry.basis)).casefold()
