"""The catalogue as a Data Package: all tables of one moment, kept among the derived files, made again where it changed.

    a request → the newest snapshot is some minutes old, or the catalogue is as it was → that one
              → one process makes the next: all rows in one pass, each table as CSV, Parquet and JSON Lines, then the
                descriptor with their digests; all others get the one before meanwhile

A snapshot has an address of its own, so what is downloaded belongs together. It is called by what the catalogue is
like, and equal catalogues make equal bytes: any machine can make it, and nothing is missed when it is deleted.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

from opendata.domain.catalogue.entries import Portal
from opendata.domain.resources import StoredFile
from opendata.errors import N_, NotFoundError
from opendata.exchange.tables.definitions import TABLES
from opendata.exchange.tables.package import FORMS, Snapshot, describe_package
from opendata.metadata.canonical import write_canonical
from opendata.services.core.context import Context
from opendata.services.exchange.catalogue_rows import FRESH, LISTS, SETTLED, CatalogueRows
from opendata.services.exchange.entries import Entries
from opendata.services.exchange.table_files import open_table
from opendata.storage.derived import DerivedFile, DerivedFolder

_EDITION = 2
_PACKAGE = "package"
_MAKING = ".making-catalogue"


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    """What the catalogue is like: the name of its snapshot, and since when it is so."""

    name: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mark:
    """What the newest snapshot is called, for which state it was made, and when that was last looked at."""

    snapshot: str
    state: str
    checked: datetime


class Snapshots:
    """Makes snapshots and gives their files."""

    def __init__(self, context: Context, entries: Entries, rows: CatalogueRows) -> None:
        self._context = context
        self._entries = entries
        self._rows = rows
        self._place = context.settings.derived_folder
        self._folder = DerivedFolder(self._place, context.settings.derived_bytes, lane="catalogue-")

    def get(self, portal: Portal) -> DerivedFile:
        """The descriptor of the newest snapshot, which is made if need be."""
        found = self._find_newest()
        if found is not None:
            return found
        self._place.mkdir(parents=True, exist_ok=True)
        with self._lock() as is_held:
            if not is_held:
                before = self._find_whole(self._read_mark())
                if before is not None:
                    return before
        with self._lock(wait=True):
            found = self._find_newest()
            return found or self._make(portal)

    def find(self, snapshot: str, table: str, form: str, portal: Portal) -> DerivedFile:
        """A file of a snapshot, made again where it is that of the catalogue as it is.

        Raises `NotFoundError` for a snapshot that is gone, or never was.
        """
        if table in TABLES and form in FORMS and snapshot.isalnum():
            name = _name(snapshot, f"{table}.{form}")
            found = self._folder.find(name)
            if found is None and snapshot == self._find_state().name:
                self._place.mkdir(parents=True, exist_ok=True)
                with self._lock(wait=True):
                    if self._folder.find(name) is None:
                        self._make(portal)
                found = self._folder.find(name)
            if found is not None:
                return found
        raise NotFoundError(N_("This snapshot of the catalogue is gone. /datapackage.json has the newest one"))

    def _find_newest(self) -> DerivedFile | None:
        """The descriptor of the newest snapshot, unless it is to be made again."""
        mark = self._read_mark()
        found = self._find_whole(mark)
        if mark is None or found is None:
            return None
        now = self._context.clock()
        if timedelta() <= now - mark.checked < FRESH:
            return found
        if mark.state != self._find_state().name:
            return None
        self._write_mark(_Mark(snapshot=mark.snapshot, state=mark.state, checked=now))
        return found

    def _find_whole(self, mark: _Mark | None) -> DerivedFile | None:
        """The descriptor of a snapshot of which all is there."""
        if mark is None:
            return None
        names = [f"{table}.{form}" for table in TABLES for form in FORMS]
        if any(self._folder.find(_name(mark.snapshot, name)) is None for name in names):
            return None
        return self._folder.find(_name(mark.snapshot, _PACKAGE))

    def _find_state(self) -> _State:
        """What the catalogue is like. A new day is another state: it has the downloads of the day before."""
        today, now = self._context.today(), self._context.clock()
        changed, numbers = self._rows.find_change()
        unsettled = now if changed and now - changed < SETTLED else None
        parts = (_EDITION, self._rows.addresses.base, self._entries.count(), changed, *numbers, today, unsettled)
        begun = datetime.combine(today, time(), ZoneInfo(self._context.settings.timezone))
        since = max(changed, begun) if changed else begun
        return _State(name=hashlib.sha256(repr(parts).encode()).hexdigest()[:16], since=since)

    def _make(self, portal: Portal) -> DerivedFile:
        """Make the snapshot; the lock is held, so what others have left is nobody's."""
        for left in self._place.glob(f"{_MAKING}*"):
            shutil.rmtree(left, ignore_errors=True)
        state = self._find_state()
        with TemporaryDirectory(dir=self._place, prefix=_MAKING) as name:
            folder = Path(name)
            counts = self._write_tables(folder)
            snapshot = state.name
            if self._find_state() != state:  # it changed meanwhile: this is neither the one state nor the other
                snapshot = hashlib.sha256(f"{state.name} {self._context.clock()}".encode()).hexdigest()[:16]
            files = {
                (table, form): self._folder.get(
                    _name(snapshot, f"{table}.{form}"), partial(_move, folder / f"{table}.{form}")
                )
                for table in TABLES
                for form in FORMS
            }
        published = {entry.id for entry in self._entries.get_many(list(LISTS.values()))}
        descriptor = describe_package(
            portal,
            self._rows.addresses,
            Snapshot(
                id=snapshot,
                made=state.since,
                rows=counts,
                files={name: StoredFile(file.sha256, file.size) for name, file in files.items()},
                published={name: LISTS[name] for name in TABLES if LISTS[name] in published},
            ),
        )
        data = write_canonical(descriptor)
        found = self._folder.get(_name(snapshot, _PACKAGE), lambda path: _write(path, data))
        self._write_mark(_Mark(snapshot=snapshot, state=state.name, checked=self._context.clock()))
        return found

    def _write_tables(self, folder: Path) -> Mapping[str, int]:
        """Write all tables in one pass; how many rows each has."""
        from opendata.tables.forms.json_form import write_json

        with ExitStack() as opened:
            sinks = {name: opened.enter_context(open_table(table, folder)) for name, table in TABLES.items()}
            for name, rows in self._rows.read(self._rows.addresses):
                sinks[name].add(rows)
        for name in TABLES:
            write_json(folder / f"{name}.parquet", folder / f"{name}.jsonl", lines=True)
        return {name: sink.rows for name, sink in sinks.items()}

    @contextmanager
    def _lock(self, *, wait: bool = False) -> Iterator[bool]:
        """Hold the making of snapshots; whether it is held."""
        with (self._place / ".lock-catalogue-snapshots").open("ab") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            yield True

    def _read_mark(self) -> _Mark | None:
        try:
            told = json.loads((self._place / ".catalogue").read_bytes())
            checked = datetime.fromtimestamp(told["checked"], UTC)
            return _Mark(snapshot=str(told["snapshot"]), checked=checked, state=str(told["state"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _write_mark(self, mark: _Mark) -> None:
        told = {"snapshot": mark.snapshot, "checked": mark.checked.timestamp(), "state": mark.state}
        path = self._place / ".catalogue"
        beside = path.with_name(f"{path.name}.{mark.snapshot}")
        beside.write_text(json.dumps(told), encoding="ascii")
        beside.replace(path)


def _name(snapshot: str, part: str) -> str:
    return f"catalogue-{snapshot}-{part}"


def _move(source: Path, target: Path) -> None:
    shutil.move(source, target)


def _write(path: Path, data: bytes) -> None:
    path.write_bytes(data)
