"""The snapshots that are there: a row and a blob of the public store each, the same for all machines.

One process of all machines makes the next one, under a lease. The newest stay for as long as somebody may still be
loading their files; the others go.
"""

from __future__ import annotations

import io
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO, cast

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from opendata.db.models import CatalogueSnapshot, SnapshotTurn
from opendata.domain.resources import StoredFile
from opendata.errors import N_, BusyError
from opendata.services.core.context import Context
from opendata.storage.windows import Window

KEPT = timedelta(days=1)
"""So long a snapshot stays after the next one was made."""

MOST_KEPT = 12
"""So many snapshots stay at most; the newest always does."""

LASTS = timedelta(minutes=2)
_KEPT_AGAIN = timedelta(seconds=10)
_PIECE = 1 << 20
_TURN = 1
_JOINED = ".joined"


@dataclass(frozen=True, slots=True)
class SnapshotFile:
    """A file of a snapshot: hexadecimal SHA-256 of its bytes, size in bytes, and what opens them."""

    sha256: str
    size: int
    open: Callable[[], BinaryIO]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShelvedSnapshot:
    """A snapshot that is whole. `files` has the place, size and digest of each file in its blob."""

    name: str
    state: str
    made: datetime
    blob: str
    files: Mapping[str, Any]


@dataclass(slots=True)
class Turn:
    """The lease of who makes a snapshot. `keep` is called again and again meanwhile."""

    context: Context
    owner: str
    due: datetime = field(init=False)

    def __post_init__(self) -> None:
        self.due = self.context.clock() + _KEPT_AGAIN

    def keep(self) -> None:
        """Hold it for some time more. Raises `BusyError` where another process took it over."""
        now = self.context.clock()
        if now < self.due:
            return
        self.due = now + _KEPT_AGAIN
        with self.context.write() as session:
            row = session.get(SnapshotTurn, _TURN, with_for_update=True)
            if row is None or row.owner != self.owner:
                raise BusyError(N_("Another machine makes the tables of the catalogue. Try again in a moment"))
            row.held_until = now + LASTS


class SnapshotShelf:
    """Takes snapshots in, gives their files, lets old ones go."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def find_newest(self) -> ShelvedSnapshot | None:
        """The newest snapshot."""
        query = select(CatalogueSnapshot).order_by(CatalogueSnapshot.made.desc(), CatalogueSnapshot.name).limit(1)
        with self._context.read() as session:
            row = session.scalar(query)
            return None if row is None else _describe(row)

    def find(self, name: str) -> ShelvedSnapshot | None:
        """A snapshot by its name."""
        with self._context.read() as session:
            row = session.get(CatalogueSnapshot, name)
            return None if row is None else _describe(row)

    def find_file(self, snapshot: ShelvedSnapshot, name: str) -> SnapshotFile | None:
        """A file of a snapshot."""
        if name not in snapshot.files:
            return None
        start, size, sha256 = snapshot.files[name]

        def read() -> BinaryIO:
            window = Window(self._context.public.open_blob(snapshot.blob), start, size)
            return cast(BinaryIO, io.BufferedReader(window, _PIECE))

        return SnapshotFile(sha256, size, read)

    def is_whole(self, snapshot: ShelvedSnapshot) -> bool:
        """Whether the store still has its bytes."""
        return self._context.public.has_blob(snapshot.blob)

    @contextmanager
    def take_turn(self) -> Iterator[Turn | None]:
        """Hold the making of snapshots on all machines; None while another process does."""
        turn = self._take()
        try:
            yield turn
        finally:
            if turn is not None:
                with self._context.write() as session:
                    row = session.get(SnapshotTurn, _TURN, with_for_update=True)
                    if row is not None and row.owner == turn.owner:
                        row.owner = row.held_until = None

    def put(self, name: str, state: str, folder: Path, files: Mapping[str, StoredFile]) -> ShelvedSnapshot:
        """Take in files of a folder."""
        joined, places = folder / _JOINED, _join(folder, name, files)
        blob, _ = self._context.public.put_blob(joined)
        made, before = self._context.clock(), None
        with suppress(IntegrityError), self._context.write() as session:  # another process took the same in just now
            row = session.get(CatalogueSnapshot, name) or CatalogueSnapshot(name=name)
            before = row.blob
            row.state, row.made, row.blob, row.files = state, made, blob, dict(places)
            session.add(row)
        if before is not None and before != blob:
            self._context.public.delete_blob(before)
        self.tidy()
        return ShelvedSnapshot(name=name, state=state, made=made, blob=blob, files=places)

    def tidy(self) -> None:
        """Let go of snapshots that are too old, or too many."""
        order = CatalogueSnapshot.made.desc(), CatalogueSnapshot.name
        with self._context.write() as session:
            rows = list(session.scalars(select(CatalogueSnapshot).order_by(*order)))
            due = self._context.clock() - KEPT
            late = [row for newer, row in pairwise(rows) if newer.made < due]
            gone = {row.name: row for row in (*rows[MOST_KEPT:], *late)}
            blobs = {row.blob for row in gone.values()} - {row.blob for row in rows if row.name not in gone}
            for row in gone.values():
                session.delete(row)
        for blob in blobs:
            self._context.public.delete_blob(blob)

    def _take(self) -> Turn | None:
        now, owner = self._context.clock(), secrets.token_hex(16)
        try:
            with self._context.write() as session:
                row = session.get(SnapshotTurn, _TURN, with_for_update=True)
                if row is None:
                    row = SnapshotTurn(id=_TURN)
                    session.add(row)
                elif row.held_until is not None and row.held_until > now:
                    return None
                row.owner, row.held_until = owner, now + LASTS
        except IntegrityError:  # two at once found no row
            return None
        return Turn(self._context, owner)


def _join(folder: Path, name: str, files: Mapping[str, StoredFile]) -> Mapping[str, list[Any]]:
    """Write files one behind the other; where each is. No other file of the store begins as this one does."""
    places: dict[str, list[Any]] = {}
    with (folder / _JOINED).open("wb") as target:
        target.write(f"opendata catalogue snapshot {name}\n".encode())
        for key, stored in files.items():
            places[key] = [target.tell(), stored.bytes, stored.sha256]
            with (folder / key).open("rb") as source:
                shutil.copyfileobj(source, target, _PIECE)
            (folder / key).unlink()
    return places


def _describe(row: CatalogueSnapshot) -> ShelvedSnapshot:
    return ShelvedSnapshot(name=row.name, state=row.state, made=row.made, blob=row.blob, files=row.files)
