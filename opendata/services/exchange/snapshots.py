"""The catalogue as a Data Package: all tables of one moment, in the public store, made again where it changed.

    a request → the newest snapshot is some minutes old, or the catalogue is as it was → that one
              → one process of all machines makes the next: all rows in one pass, then each table as CSV, Parquet and
                JSON Lines, then the descriptor with their digests; all others get the one before meanwhile

A snapshot has an address of its own, so what is downloaded belongs together. It is called by what the catalogue is
like, and equal catalogues make equal bytes: any machine can make it, and nothing is missed when it is deleted.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from opendata.domain.catalogue.entries import Portal
from opendata.domain.resources import StoredFile
from opendata.errors import N_, BusyError, NotFoundError
from opendata.exchange.tables.definitions import TABLES
from opendata.exchange.tables.package import FORMS, Snapshot, describe_package
from opendata.metadata.canonical import write_canonical
from opendata.services.core.context import Context
from opendata.services.exchange.catalogue_rows import FRESH, LISTS, SETTLED, CatalogueRows
from opendata.services.exchange.entries import Entries
from opendata.services.exchange.snapshot_shelf import ShelvedSnapshot, SnapshotFile, SnapshotShelf, Turn
from opendata.services.exchange.table_files import hold_rows, write_table

_EDITION = 3
_PACKAGE = "package.json"
_LOOK_SECONDS = 0.2
_WAIT_SECONDS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    """What the catalogue is like: the name of its snapshot, and since when it is so."""

    name: str
    since: datetime


class Snapshots:
    """Makes snapshots and gives their files."""

    def __init__(self, context: Context, entries: Entries, rows: CatalogueRows) -> None:
        self._context = context
        self._entries = entries
        self._rows = rows
        self._shelf = SnapshotShelf(context)
        self._checked: tuple[str, datetime] | None = None
        """Of which snapshot this process has seen last that it is that of the catalogue as it is, and when."""

    def get(self, portal: Portal) -> SnapshotFile:
        """The descriptor of the newest snapshot, which is made if need be. Raises `BusyError`."""
        newest = self._shelf.find_newest()
        if newest is not None and not self._shelf.is_whole(newest):
            newest = None
        if newest is None or not self._is_fresh(newest):
            newest = self._make_once(portal, newest)
        found = self._shelf.find_file(newest, _PACKAGE)
        if found is None:
            raise _refuse()
        return found

    def find(self, snapshot: str, table: str, form: str, portal: Portal) -> SnapshotFile:
        """A file of a snapshot, made again where it is that of the catalogue as it is.

        Raises `NotFoundError` for a snapshot that is gone, or never was; `BusyError`.
        """
        if table not in TABLES or form not in FORMS or not snapshot.isalnum():
            raise _refuse()
        shelved = self._shelf.find(snapshot)
        if shelved is None or not self._shelf.is_whole(shelved):
            if snapshot != self._find_state().name:
                raise _refuse()
            self._make_once(portal, None)
            shelved = self._shelf.find(snapshot)
        found = self._shelf.find_file(shelved, f"{table}.{form}") if shelved is not None else None
        if found is None:
            raise _refuse()
        return found

    def tidy(self) -> None:
        """Let old snapshots go."""
        self._shelf.tidy()

    def _is_fresh(self, newest: ShelvedSnapshot) -> bool:
        """Whether a snapshot was made, or compared with the catalogue here, some minutes ago or is as it should be."""
        now = self._context.clock()
        moments = [newest.made, *([self._checked[1]] if self._checked and self._checked[0] == newest.name else [])]
        if any(timedelta() <= now - moment < FRESH for moment in moments):
            return True
        if newest.state != self._find_state().name:
            return False
        self._checked = newest.name, now
        return True

    def _make_once(self, portal: Portal, before: ShelvedSnapshot | None) -> ShelvedSnapshot:
        """Make the next snapshot, unless another process does: then the one before, or the one that it makes."""
        ends = time.monotonic() + _WAIT_SECONDS
        while True:
            with self._shelf.take_turn() as turn:
                if turn is not None:
                    newest = self._shelf.find_newest()
                    if newest is not None and self._shelf.is_whole(newest) and self._is_fresh(newest):
                        return newest
                    return self._make(portal, turn)
            if before is not None:
                return before
            if time.monotonic() > ends:
                raise BusyError(N_("Another machine makes the tables of the catalogue. Try again in a moment"))
            time.sleep(_LOOK_SECONDS)

    def _find_state(self) -> _State:
        """What the catalogue is like. A new day is another state: it has the downloads of the day before."""
        today, now = self._context.today(), self._context.clock()
        changed, numbers = self._rows.find_change()
        unsettled = now if changed and now - changed < SETTLED else None
        parts = (_EDITION, self._rows.addresses.base, self._entries.count(), changed, *numbers, today, unsettled)
        begun = datetime.combine(today, datetime.min.time(), ZoneInfo(self._context.settings.timezone))
        since = max(changed, begun) if changed else begun
        return _State(name=hashlib.sha256(repr(parts).encode()).hexdigest()[:16], since=since)

    def _make(self, portal: Portal, turn: Turn) -> ShelvedSnapshot:
        """Make the snapshot while it is this process's turn."""
        state = self._find_state()
        with self._context.work_folder() as folder:
            counts = self._write_tables(folder, turn)
            snapshot = state.name
            if self._find_state() != state:  # it changed meanwhile: this is neither the one state nor the other
                snapshot = hashlib.sha256(f"{state.name} {self._context.clock()}".encode()).hexdigest()[:16]
            files = {f"{table}.{form}": _measure(folder / f"{table}.{form}") for table in TABLES for form in FORMS}
            published = {entry.id for entry in self._entries.get_many(list(LISTS.values()))}
            descriptor = describe_package(
                portal,
                self._rows.addresses,
                Snapshot(
                    id=snapshot,
                    made=state.since,
                    rows=counts,
                    files={(table, form): files[f"{table}.{form}"] for table in TABLES for form in FORMS},
                    published={name: LISTS[name] for name in TABLES if LISTS[name] in published},
                ),
            )
            (folder / _PACKAGE).write_bytes(write_canonical(descriptor))
            files[_PACKAGE] = _measure(folder / _PACKAGE)
            turn.keep()
            return self._shelf.put(snapshot, state.name, folder, files)

    def _write_tables(self, folder: Path, turn: Turn) -> Mapping[str, int]:
        """Read the rows of all tables in one pass, and write one table after the other; how many rows each has."""
        with ExitStack() as opened:
            held = {name: opened.enter_context(hold_rows(table, folder)) for name, table in TABLES.items()}
            for name, rows in self._rows.read(self._rows.addresses):
                held[name].add(rows)
                turn.keep()
        for table in TABLES.values():
            write_table(table, folder)
            turn.keep()
        return {name: item.rows for name, item in held.items()}


def _measure(path: Path) -> StoredFile:
    with path.open("rb") as file:
        return StoredFile(hashlib.file_digest(file, "sha256").hexdigest(), path.stat().st_size)


def _refuse() -> NotFoundError:
    return NotFoundError(N_("This snapshot of the catalogue is gone. /datapackage.json has the newest one"))
