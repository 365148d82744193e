"""The negative list: prepared by a maintainer as a draft, put in force in one step, and readable in each version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import IO, Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from opendata.db.models import NegativeList, Publisher
from opendata.domain.disclosure import Disclosure
from opendata.domain.grounds.entries import Comparison, Entry, compare, find_entry_faults, make_id
from opendata.domain.moments import read_day
from opendata.errors import N_, Fault, InvalidMetadataError, NotFoundError, PreconditionError, StateError, fault
from opendata.metadata.text import find_value_faults
from opendata.services.catalogue.grounds.gate import find_list, list_fitting, read_entries
from opendata.services.catalogue.grounds.list_records import find_free_number, finish_lists
from opendata.services.core.actors import Actor, require_maintainer, require_overseer
from opendata.services.core.context import Context
from opendata.services.core.reasons import read_reason
from opendata.services.governance.grounds.lapses import foresee_lapses, tell_publishers
from opendata.services.governance.grounds.sheets import place_faults, read_form
from opendata.services.governance.grounds.values import LapseView, ListView, view_list

_KIND = "negative-list"


class GroundState(StrEnum):
    """Whether something has the ground that it needs; without a list in force, nothing needs one."""

    HELD = "held"
    MISSING = "missing"
    NO_LIST = "no-list"


class NegativeLists:
    """Prepares, puts in force and reads the versions of the negative list."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def read_today(self) -> date:
        """The day that it is at the portal."""
        return self._context.today()

    def get(self, number: int | None = None) -> ListView | None:
        """A version, or the one in force; None while none is. Raises `NotFoundError` for a number without one."""
        with self._context.read() as session:
            if number is None:
                row = find_list(session)
                return view_list(row) if row is not None else None
            return view_list(_find_version(session, number))

    def list_versions(self) -> Sequence[ListView]:
        """All versions that are or were in force, the newest first."""
        query = select(NegativeList).where(NegativeList.number.is_not(None)).order_by(NegativeList.number.desc())
        with self._context.read() as session:
            return [view_list(row) for row in session.scalars(query)]

    def compare(self, old: int, new: int) -> Comparison:
        """How two versions differ. Raises `NotFoundError`."""
        with self._context.read() as session:
            return compare(read_entries(_find_version(session, old)), read_entries(_find_version(session, new)))

    def find_entry(self, entry: str) -> tuple[Entry, bool] | None:
        """The newest form of an entry, and whether it holds now; None for one that was never on the list."""
        if not entry:
            return None
        today = self._context.today()
        for number, version in enumerate(self.list_versions()):
            for item in version.entries:
                if item.id == entry:
                    return item, number == 0 and item.is_in_force(today)
        return None

    def list_fitting(self, publisher: str) -> Sequence[Entry]:
        """The entries in force that a publisher can point to; without a publisher, all that are in force."""
        with self._context.read() as session:
            if publisher:
                return list_fitting(self._context, session, publisher)
            today = self._context.today()
            return [item for item in read_entries(find_list(session)) if item.is_in_force(today)]

    def judge(self, disclosure: Disclosure, publisher: str) -> GroundState:
        """Whether a disclosure has the ground that it needs."""
        if not disclosure.is_closed:
            return GroundState.HELD
        with self._context.read() as session:
            if find_list(session) is None:
                return GroundState.NO_LIST
            fitting = {item.id for item in list_fitting(self._context, session, publisher)}
        return GroundState.HELD if disclosure.ground in fitting else GroundState.MISSING

    def get_draft(self, actor: Actor | None) -> ListView | None:
        """The version that is prepared; None where nothing is. Raises `NotSignedInError`, `NotPermittedError`."""
        require_overseer(actor)
        with self._context.read() as session:
            row = _find_draft(session)
            return view_list(row) if row is not None else None

    def begin(self, actor: Actor | None) -> ListView:
        """Prepare the next version as a copy of the one in force. Raises `NotPermittedError`, `StateError`."""
        found = require_maintainer(actor)
        with self._context.write() as session:
            if _find_draft(session) is not None:
                raise StateError(N_("A change of the negative list is being prepared already"))
            return view_list(self._begin(session, found))

    def change(
        self, actor: Actor | None, entries: Sequence[Mapping[str, Any]], *, revision: int | None = None
    ) -> ListView:
        """Give the version that is prepared these entries; one is begun if nothing is prepared.

        An entry without an `id` gets the next number. Raises `InvalidMetadataError` with each fault,
        `PreconditionError`, `NotPermittedError`.
        """
        found = require_maintainer(actor)
        with self._context.write() as session:
            row = self._find_or_begin(session, found, revision)
            self._set(session, row, entries, found)
            return view_list(row)

    def take_form(self, actor: Actor | None, stream: IO[bytes], *, revision: int | None = None) -> ListView:
        """Give the version that is prepared the entries of a workbook or CSV file that was filled in.

        Raises `InvalidMetadataError` with the cells that are wrong, and as `change` and `read_form`.
        """
        require_maintainer(actor)
        entries = read_form(self._context, stream)
        try:
            return self.change(actor, entries, revision=revision)
        except InvalidMetadataError as error:
            raise InvalidMetadataError(faults=place_faults(error.faults, entries)) from None

    def put_entry(
        self, actor: Actor | None, entry: Mapping[str, Any], *, place: str = "", revision: int | None = None
    ) -> ListView:
        """Add an entry to the version that is prepared, or put it in the `place` of the one with that id.

        Raises as `change`, with pointers into the entry itself, and `NotFoundError`.
        """
        found = require_maintainer(actor)
        with self._context.write() as session:
            row = self._find_or_begin(session, found, revision)
            entries = list(row.entries)
            number = next((number for number, item in enumerate(entries) if item["id"] == place), len(entries))
            if place and number == len(entries):
                raise NotFoundError(N_("The list that is prepared has no entry “%(id)s”"), id=place[:60])
            entries[number : number + 1] = [entry]
            try:
                self._set(session, row, entries, found)
            except InvalidMetadataError as error:
                prefix = f"/entries/{number}"
                faults = [Fault(item.pointer.removeprefix(prefix), item.message, item.params) for item in error.faults]
                raise InvalidMetadataError(faults=faults) from None
            return view_list(row)

    def drop_entry(self, actor: Actor | None, entry: str, *, revision: int | None = None) -> ListView:
        """Leave an entry out of the version that is prepared. Raises `NotFoundError`, `NotPermittedError`."""
        found = require_maintainer(actor)
        with self._context.write() as session:
            row = self._find_or_begin(session, found, revision)
            kept = [item for item in row.entries if item["id"] != entry]
            if len(kept) == len(row.entries):
                raise NotFoundError(N_("The list that is prepared has no entry “%(id)s”"), id=entry[:60])
            self._set(session, row, kept, found)
            return view_list(row)

    def discard(self, actor: Actor | None) -> None:
        """Give up what is prepared. Raises `NotFoundError` where nothing is, `NotPermittedError`."""
        found = require_maintainer(actor)
        with self._context.write() as session:
            _require_draft(session)
            session.execute(delete(NegativeList).where(NegativeList.number.is_(None)))
            self._context.log(session, found, "discard", _KIND, "draft")

    def foresee(self, actor: Actor | None) -> Sequence[LapseView]:
        """The datasets that lose their ground once what is prepared is in force.

        Raises `NotFoundError` where nothing is prepared, `NotPermittedError`.
        """
        require_overseer(actor)
        with self._context.read() as session:
            return foresee_lapses(self._context, session, _require_draft(session))

    def enforce(
        self, actor: Actor | None, note: str, *, confirmed: bool = False, revision: int | None = None
    ) -> ListView:
        """Put what is prepared in force as the next version, with a note that everybody reads.

        Where datasets lose their ground by it, that must be `confirmed`; the people of their publishers get a mail.
        Nothing is opened by it. Raises `InvalidMetadataError`, `NotFoundError`, `PreconditionError`, `StateError` where
        nothing changes, `NotPermittedError`.
        """
        found = require_maintainer(actor)
        with self._context.write() as session:
            row = _require_draft(session, lock=True)
            _require_revision(row, revision)
            faults = list(find_value_faults({"note": note}))
            if faults:
                raise InvalidMetadataError(faults=faults)
            said = read_reason("/note", note, missing=N_("Say what changes and why. Everybody can read this"))
            before = find_list(session)
            entries = read_entries(row)
            _refuse_faults(session, entries)
            if before is not None and compare(read_entries(before), entries).is_empty:
                raise StateError(N_("Nothing has changed in the negative list"))
            lapses = foresee_lapses(self._context, session, row)
            if lapses and not confirmed:
                text = N_("Datasets lose their ground by this: %(count)s. Look at them, and confirm that you want it")
                raise InvalidMetadataError(faults=[fault("/confirmed", text, count=len(lapses))])
            newest = session.scalar(select(func.max(NegativeList.number))) or 0
            row.number, row.note = find_free_number(self._context, newest), said
            row.enforced, row.enforced_by = self._context.now(), found.name
            row.revision += 1
            tell_publishers(self._context, session, lapses)
            names = [item.dataset for item in lapses[:100]]
            self._context.log(session, found, "enforce", _KIND, str(row.number), lapsed=len(lapses), datasets=names)
            session.flush()
            view = view_list(row)
        finish_lists(self._context)
        return view

    def _find_or_begin(self, session: Session, actor: Actor, revision: int | None) -> NegativeList:
        row = _find_draft(session, lock=True)
        if row is None:
            return self._begin(session, actor)
        _require_revision(row, revision)
        return row

    def _begin(self, session: Session, actor: Actor) -> NegativeList:
        newest = find_list(session)
        row = NegativeList(
            entries=list(newest.entries) if newest is not None else [],
            note="",
            created=self._context.now(),
            created_by=actor.name,
            revision=1,
            enforced_by="",
        )
        session.add(row)
        self._context.log(session, actor, "create", _KIND, "draft")
        session.flush()
        return row

    def _set(self, session: Session, row: NegativeList, found: Sequence[Mapping[str, Any]], actor: Actor) -> None:
        faults = list(find_value_faults({"entries": [dict(item) for item in found]}))
        if faults:
            raise InvalidMetadataError(faults=faults)
        used = {item["id"] for kept in session.scalars(select(NegativeList.entries)) for item in kept}
        entries: list[Entry] = []
        for number, item in enumerate(found):
            entry, wrong = read_entry(item, f"/entries/{number}", used)
            used.add(entry.id)
            entries.append(entry)
            faults += wrong
        _refuse_faults(session, entries, faults)
        row.entries = [item.to_json() for item in entries]
        row.revision += 1
        self._context.log(session, actor, "change", _KIND, "draft", entries=len(entries))


def read_entry(found: Mapping[str, Any], place: str, taken: set[str]) -> tuple[Entry, list[Fault]]:
    """An entry as somebody sent it, and the days in it that can't be read; `taken` are the numbers that are used."""
    faults = []
    days = {}
    for name in ("from", "until"):
        text = str(found.get(name) or "").strip()
        days[name] = read_day(text) if text else None
        if text and days[name] is None:
            faults.append(fault(f"{place}/{name}", N_("Enter a date, such as 2026-12-31")))
    texts = {
        name: str(found.get(name) or "").strip() for name in ("id", "title", "description", "ground", "legalBasis")
    }
    entry = Entry(
        id=texts["id"] or make_id(taken),
        title=texts["title"],
        description=texts["description"],
        ground=texts["ground"],
        legal_basis=texts["legalBasis"],
        publishers=tuple(
            dict.fromkeys(str(name).strip() for name in found.get("publishers") or () if str(name).strip())
        ),
        begins=days["from"],
        ends=days["until"],
    )
    return entry, faults


def _refuse_faults(session: Session, entries: Sequence[Entry], faults: Sequence[Fault] = ()) -> None:
    """Raises `InvalidMetadataError` where something is wrong with the entries of a list."""
    publishers = set(session.scalars(select(Publisher.id)))
    found = [*faults, *find_entry_faults(entries, publishers)]
    if found:
        raise InvalidMetadataError(faults=found)


def _find_version(session: Session, number: int) -> NegativeList:
    row = session.scalar(select(NegativeList).where(NegativeList.number == number)) if number < 1 << 31 else None
    if row is None:
        raise NotFoundError(N_("The negative list has no version %(number)s"), number=number)
    return row


def _find_draft(session: Session, *, lock: bool = False) -> NegativeList | None:
    query = select(NegativeList).where(NegativeList.number.is_(None)).order_by(NegativeList.id).limit(1)
    return session.scalar(query.with_for_update() if lock else query)


def _require_draft(session: Session, *, lock: bool = False) -> NegativeList:
    row = _find_draft(session, lock=lock)
    if row is None:
        raise NotFoundError(N_("No change of the negative list is being prepared"))
    return row


def _require_revision(row: NegativeList, revision: int | None) -> None:
    if revision is not None and revision != row.revision:
        raise PreconditionError(N_("The list has changed since you read it. Read it again, then make your change"))
