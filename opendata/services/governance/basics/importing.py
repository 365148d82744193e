"""Lists of the catalogue as departments have them: read, shown with what is wrong by cell, taken in one step.

A file is read once. What was understood waits for its author, so that what they take is what they saw.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import PurePath
from typing import IO, Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from opendata.db.models import BasicEntry, BasicGuide, BasicImport
from opendata.domain.basics.comparing import Change, list_absent, list_different, match_entries
from opendata.domain.basics.entries import Entry, with_publisher
from opendata.domain.basics.headings import Column
from opendata.domain.basics.sheets import MOST_ENTRIES, CellNote, SheetReading, read_sheet
from opendata.errors import N_, InputError, NotFoundError, StateError, TooLargeError
from opendata.intake.filled_sheets import MOST_BYTES, list_filled_sheets
from opendata.services.catalogue.publishers import find_publisher
from opendata.services.core.actors import Actor, require_lead, require_maintainer, require_publisher
from opendata.services.core.context import Context
from opendata.services.governance.basics.drafting import add_entry, list_names, put_entry
from opendata.services.governance.basics.rows import (
    find_entry,
    list_own_publishers,
    list_state,
    name_bodies,
    read_row,
    where_own,
)
from opendata.services.governance.basics.values import GuideView, ImportPreview, read_id, write_id

KEPT_DAYS = 7
"""Days for which what was read of a file waits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What taking a file has done to the draft: numbers of entries."""

    added: int
    changed: int
    removed: int


@dataclass(frozen=True, slots=True)
class _Plan:
    """The entries of a file with the ids of those that we have, and the ids that the file lacks."""

    entries: Sequence[tuple[Entry, str | None]]
    gone: Sequence[str]
    left_out: int


class BasicImports:
    """Reads files for those who edit the draft, and the guides of domains for maintainers."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def read(
        self,
        actor: Actor | None,
        stream: IO[bytes],
        file: str,
        *,
        domain: str = "",
        publisher: str = "",
        is_guide: bool = False,
    ) -> str:
        """Read a file and keep what was understood; the id by which its author finds it.

        `domain` and `publisher` are those of entries that don't say. Raises `InputError` where no table has the
        headings of a catalogue, `UnsupportedFormatError`, `UnreadableFileError`, `TooLargeError`,
        `NotPermittedError`, `NotFoundError` for a publisher that doesn't exist.
        """
        known = require_maintainer(actor) if is_guide or not publisher else require_lead(actor, publisher)
        file, domain = file.replace("\0", "")[:200], domain.replace("\0", "")
        if publisher:
            with self._context.read() as session:
                find_publisher(session, publisher)
        with self._context.work_folder() as folder:
            path = folder / "file"
            with path.open("wb") as target:
                while chunk := stream.read(1 << 20):
                    target.write(chunk)
                    if target.tell() > MOST_BYTES:
                        raise TooLargeError(N_("The file has more than %(size)s MB"), size=MOST_BYTES >> 20)
            sheets = [
                read_sheet(name or PurePath(file).stem, rows, domain=domain)
                for name, rows in list_filled_sheets(path, file)
            ]
        tables = [sheet for sheet in sheets if sheet.is_table]
        count = sum(len(sheet.entries) for sheet in tables)
        if not count:
            raise InputError(
                N_(
                    "No table in the file has the headings of a basic catalogue above its rows, such as 公开事项,"
                    " 公开内容, 公开时限, 公开主体. Download the template to see them"
                )
            )
        if count > MOST_ENTRIES:
            raise TooLargeError(N_("The file has more than %(limit)s entries. Send them in parts"), limit=MOST_ENTRIES)
        row = BasicImport(
            id=secrets.token_urlsafe(18),
            author=known.name,
            created=self._context.now(),
            file=file,
            publisher_id=publisher or None,
            is_guide=is_guide,
            content={"sheets": [_write_sheet(sheet) for sheet in tables]},
        )
        with self._context.write() as session:
            old = self._context.now() - timedelta(days=KEPT_DAYS)
            session.execute(delete(BasicImport).where(BasicImport.created < old))
            session.add(row)
            return row.id

    def show(self, actor: Actor | None, identifier: str) -> ImportPreview:
        """What was understood of a file, and what taking it changes. Raises `NotFoundError`, `NotPermittedError`."""
        known = require_publisher(actor)
        with self._context.read() as session:
            row = _find(session, known, identifier)
            plan = _plan(session, known, row)
            in_force = list_state(session)
            sheets = [_read_sheet(found) for found in row.content["sheets"]]
        changes, same = [], 0
        for number, (entry, found) in enumerate(plan.entries):
            before = in_force.get(found or "")
            if before == entry:
                same += 1
                continue
            fields = list_different(before, entry) if before is not None else ()
            changes.append(Change(found or f"#{number}", before, entry, fields))
        changes += [Change(found, in_force[found], None) for found in plan.gone if found in in_force]
        return ImportPreview(
            id=row.id,
            file=row.file,
            is_guide=row.is_guide,
            sheets=sheets,
            changes=changes,
            same=same,
            left_out=plan.left_out,
        )

    def take(self, actor: Actor | None, identifier: str, *, removes_gone: bool = False) -> Taken:
        """Put the entries of a file into the draft, all or nothing; those that it lacks are left out where wanted.

        Raises `NotFoundError`, `NotPermittedError`.
        """
        known = require_publisher(actor)
        counts = {"added": 0, "changed": 0, "removed": 0}
        with self._context.write() as session:
            row = _find(session, known, identifier)
            if row.is_guide:
                raise StateError(N_("This file was read as the guide of a domain. Keep it as a guide"))
            plan = _plan(session, known, row)
            for entry, found in plan.entries:
                if found is None:
                    add_entry(self._context, session, known, entry)
                    counts["added"] += 1
                else:
                    counts["changed"] += put_entry(self._context, known, find_entry(session, read_id(found)), entry)
            for found in plan.gone if removes_gone else ():
                gone = find_entry(session, read_id(found))
                gone.removed, gone.author, gone.changed = True, known.name, self._context.now()
                gone.revision += 1
                counts["removed"] += 1
            session.delete(row)
            self._context.log(session, known, "import", "basic-catalogue", row.file, **counts)
        return Taken(**counts)

    def keep_guide(self, actor: Actor | None, identifier: str) -> list[str]:
        """Keep what was read as the guides of its domains, in place of earlier ones; the domains. Maintainers only.

        Raises `NotFoundError`, `NotPermittedError`, and `StateError` where entries have no domain.
        """
        known = require_maintainer(actor)
        with self._context.write() as session:
            row = _find(session, known, identifier)
            entries = [
                entry for found in row.content["sheets"] for _, entry in _read_sheet(found).entries if entry.title
            ]
            if any(not entry.domain for entry in entries):
                raise StateError(N_("Some entries have no domain. Choose the domain when you send the file"))
            domains = sorted({entry.domain for entry in entries})
            for domain in domains:
                content = [entry.to_json() for entry in entries if entry.domain == domain]
                guide = session.get(BasicGuide, domain) or BasicGuide(domain=domain)
                guide.content, guide.file, guide.author = content, row.file, known.name
                guide.changed = self._context.now()
                session.add(guide)
            session.delete(row)
            self._context.log(session, known, "keep-guide", "basic-catalogue", ", ".join(domains), file=row.file)
        return domains

    def list_guides(self, actor: Actor | None) -> Sequence[GuideView]:
        """The guides, each with the entries that the draft lacks. Raises `NotPermittedError`."""
        require_publisher(actor)
        with self._context.read() as session:
            return [
                _compare(session, guide) for guide in session.scalars(select(BasicGuide).order_by(BasicGuide.domain))
            ]

    def get_guide(self, actor: Actor | None, domain: str) -> GuideView:
        """One guide. Raises `NotFoundError`, `NotPermittedError`."""
        require_publisher(actor)
        with self._context.read() as session:
            return _compare(session, _find_guide(session, domain))

    def adopt_guide(self, actor: Actor | None, domain: str) -> int:
        """Add the entries of a guide that the draft lacks, and say how many. Maintainers only.

        Raises `NotFoundError`, `NotPermittedError`.
        """
        known = require_maintainer(actor)
        with self._context.write() as session:
            absent = _compare(session, _find_guide(session, domain)).absent
            names = list_names(name_bodies(session, living=True))
            for entry in absent:
                add_entry(self._context, session, known, with_publisher(entry, names))
            if absent:
                self._context.log(session, known, "adopt-guide", "basic-catalogue", domain, added=len(absent))
        return len(absent)


def _find(session: Session, actor: Actor, identifier: str) -> BasicImport:
    row = session.get(BasicImport, identifier) if re.fullmatch(r"[\w-]{1,40}", identifier, re.ASCII) else None
    if row is None or row.author != actor.name:
        raise NotFoundError(
            N_("This file was taken already, or it was read more than %(days)s days ago. Send it again"), days=KEPT_DAYS
        )
    return row


def _find_guide(session: Session, domain: str) -> BasicGuide:
    row = session.get(BasicGuide, domain[:100].replace("\0", ""))
    if row is None:
        raise NotFoundError(N_("There is no guide for this domain"))
    return row


def _compare(session: Session, guide: BasicGuide) -> GuideView:
    entries = [Entry.from_json(found) for found in guide.content]
    rows = session.scalars(select(BasicEntry).where(BasicEntry.domain == guide.domain, BasicEntry.removed.is_(False)))
    absent = list(list_absent(entries, [read_row(row) for row in rows]))
    return GuideView(domain=guide.domain, entries=len(entries), absent=absent, file=guide.file, changed=guide.changed)


def _plan(session: Session, actor: Actor, row: BasicImport) -> _Plan:
    """Which entries of the draft those of a file are: among those of the same domains that the author may edit."""
    names = list_names(name_bodies(session, living=True))
    found = [entry for sheet in row.content["sheets"] for _, entry in _read_sheet(sheet).entries]
    given = row.publisher_id or ""
    entries = [with_publisher(entry, names) for entry in found if entry.title]
    entries = [replace(entry, publisher=entry.publisher or given) for entry in entries]
    own = list_own_publishers(session, actor)
    entries = [entry for entry in entries if entry.publisher in own or (actor.is_maintainer and not entry.publisher)]
    domains = {entry.domain for entry in entries}
    query = select(BasicEntry).where(BasicEntry.domain.in_(domains), where_own(actor))
    if given:
        query = query.where(BasicEntry.publisher_id == given)
    known = {write_id(item.id): item for item in session.scalars(query.order_by(BasicEntry.id))}
    matched = match_entries(entries, {identifier: read_row(item) for identifier, item in known.items()})
    gone = [identifier for identifier, item in known.items() if identifier not in matched and not item.removed]
    return _Plan(list(zip(entries, matched, strict=True)), gone, len(found) - len(entries))


def _write_sheet(sheet: SheetReading) -> dict[str, Any]:
    return {
        "name": sheet.name,
        "header": list(sheet.header_rows),
        "columns": [[letter, column.heading, column.field, column.code] for letter, column in sheet.columns],
        "entries": [[number, entry.to_json()] for number, entry in sheet.entries],
        "notes": [[note.cell, note.message, dict(note.params), note.is_fault] for note in sheet.notes],
    }


def _read_sheet(found: Mapping[str, Any]) -> SheetReading:
    return SheetReading(
        name=found["name"],
        header_rows=tuple(found["header"]),
        columns=[(letter, Column(heading, field, code)) for letter, heading, field, code in found["columns"]],
        entries=[(number, Entry.from_json(entry)) for number, entry in found["entries"]],
        notes=[
            CellNote(cell=cell, message=message, params=params, is_fault=is_fault)
            for cell, message, params, is_fault in found["notes"]
        ],
    )
