"""Backups of a running instance into a folder, and instances restored from one.

A backup is `public/` and `private/` (stores), `database/{table}.jsonl` (rows, one a line; `files` lists what is in the
stores) and, written last, `backup.json`. The database is read first, in one transaction; then come the records and
blobs. A version that is published meanwhile is left to the next backup, so that a restored instance meets no number
that it doesn't have.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from opendata.db.counts import recount
from opendata.db.locks import Locks
from opendata.db.models import (
    Base,
    Dataset,
    Event,
    EventChain,
    NegativeList,
    OpeningDate,
    PageRevision,
    SnapshotTurn,
    User,
)
from opendata.db.session import Database
from opendata.domain.moments import format_time
from opendata.errors import N_, InputError, IntegrityError, NotFoundError, StateError
from opendata.metadata.versions import parse_version
from opendata.services.audit.checkpoints import read_position
from opendata.services.catalogue.grounds.list_records import list_unknown
from opendata.services.core.actors import SYSTEM
from opendata.services.core.context import Context, read_clock
from opendata.services.core.event_chain import add_event, chain_events, chain_past, collect_events
from opendata.services.core.instance import SESSION_FILE, create_instance, is_instance
from opendata.services.operations.doors import Closed, close_doors
from opendata.services.operations.ends import COUNTED, Ends, keep_ends, take_ends
from opendata.services.operations.table_files import dump_table, load_table
from opendata.services.operations.verification.sources import find_store
from opendata.services.privacy.pseudonyms import SECRET_FILE
from opendata.settings import Settings
from opendata.storage.copying import copy_in, copy_out
from opendata.storage.local import PASSING, LocalStore, sync_folder
from opendata.storage.opening import open_stores
from opendata.storage.secrets import SECRET_FILE as SOURCE_FILE
from opendata.storage.signing import KEY_FILE
from opendata.storage.store import Store, manifest_key

FORMAT = 1
LACKING = N_("the backup had this file, and it is gone")
_AT_ONCE = 500
_FILES = "files"
"""What the list of the files of both stores is called, which lies beside the tables."""


@dataclass(frozen=True, slots=True)
class BackedUp:
    """What a backup holds, and what of it was new: files of the stores, and rows."""

    files: int
    new_files: int
    new_bytes: int
    rows: int


class Backups:
    """Writes backups."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def write(
        self, dest: Path, *, with_keys: bool = False, on_progress: Callable[[float], object] | None = None
    ) -> BackedUp:
        """Bring a backup in a folder up to date; only what is new is copied. The instance may be at work.

        The keys are copied only `with_keys`. A backup that is interrupted leaves the previous one as it was,
        apart from further blobs. Raises `InputError` where the folder holds something else.
        """
        if dest.exists() and any(dest.iterdir()) and not (dest / "public").is_dir():
            raise InputError(N_("“%(folder)s” contains something that isn't a backup"), folder=dest)
        (dest / "public").mkdir(parents=True, exist_ok=True)
        fresh = dest / "database.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        with self._context.read() as session:
            if session.get_bind().dialect.name == "postgresql":
                session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            tables = {table.name: dump_table(session, table, fresh) for table in Base.metadata.sorted_tables}
            left_out = self._list_unknown(session)
            last_event = session.scalar(select(func.max(Event.position))) or 0
        settings = self._context.settings
        files = [
            *(("public", name) for name, _ in self._context.public.list_files() if name not in left_out),
            *(("private", name) for name, _ in self._context.private.list_files() if read_position(name) <= last_event),
        ]
        new_files = new_bytes = 0
        for number, (store, name) in enumerate(files, 1):
            if not (dest / store / name).exists():
                copied = self._copy_file(dest, store, name)
                new_files += copied is not None
                new_bytes += copied or 0
            if on_progress is not None:
                on_progress(number / len(files))
        self._take_erased_away(dest, set(files))
        if with_keys:
            for path in settings.key_folder.iterdir():
                (dest / "keys").mkdir(mode=0o700, exist_ok=True)
                (dest / "keys" / path.name).unlink(missing_ok=True)
                _copy(path, dest / "keys" / path.name)
        listed = [f"{store}/{name}" for store, name in files if (dest / store / name).is_file()]
        tables[_FILES] = _write_list(fresh, listed)
        shutil.rmtree(dest / "database.old", ignore_errors=True)
        if (dest / "database").exists():
            (dest / "database").rename(dest / "database.old")
        fresh.rename(dest / "database")
        described = {"format": FORMAT, "created": format_time(self._context.clock()), "tables": tables}
        _write(dest / "backup.json", json.dumps(described, indent=1).encode())
        shutil.rmtree(dest / "database.old", ignore_errors=True)
        rows = sum(item["rows"] for name, item in tables.items() if name != _FILES)
        return BackedUp(len(files), new_files, new_bytes, rows)

    def _list_unknown(self, session: Session) -> set[str]:
        """The records of versions that were published, or came in force, after the database was read."""
        versions, aliases = (Base.metadata.tables[name] for name in ("versions", "aliases"))
        rows = session.execute(select(versions.c.dataset_id, versions.c.version))
        former = {name for (name,) in session.execute(select(aliases.c.old))}
        known = {manifest_key(dataset, version) for dataset, version in rows}
        unknown = set()
        for key in self._context.public.list_records("datasets"):
            _, _, dataset, *rest = key.split("/")
            if dataset in former:
                continue
            if len(rest) == 1:
                number = rest[0].removesuffix(".sig").removesuffix(".json")
                if parse_version(number) is not None and key.removesuffix(".sig") not in known:
                    unknown.add(key)
            elif rest[0] in ("suspended", "withdrawn"):
                number = rest[1].removesuffix(".sig").removesuffix(".json").partition("-")[0]
                if manifest_key(dataset, number) not in known:
                    unknown.add(key)
        return unknown | list_unknown(self._context.public, session)

    def _copy_file(self, dest: Path, store: str, name: str) -> int | None:
        """Copy a file into the store where it was listed, also if it has moved to the other since; how many bytes.

        None if it was erased or collected meanwhile.
        """
        for place in self._find_stores(store):
            with suppress(NotFoundError):
                return copy_out(place, name, dest / store / name)
        return None

    def _find_stores(self, store: str) -> tuple[Store, Store]:
        """The store of this name, and the one into which its files move."""
        stores = self._context.public, self._context.private
        return stores if store == "public" else stores[::-1]

    def _take_erased_away(self, dest: Path, listed: Collection[tuple[str, str]]) -> None:
        """What the law made us erase goes from the backup as well, and what was in another store before this backup."""
        stores = self._context.public, self._context.private
        public, private = ({key for key, _ in store.list_files()} for store in stores)
        for store, (here, there) in (("public", (public, private)), ("private", (private, public))):
            for path in (dest / store / "blobs").rglob("*"):
                name = path.relative_to(dest / store).as_posix()
                if path.is_file() and name not in here and not (name in there and (store, name) in listed):
                    path.unlink()


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What a restored backup holds, what was ended in it, and how long its two parts took."""

    created: str
    rows: Mapping[str, int]
    """By table."""
    files: int
    bytes: int
    lacking: Sequence[str]
    """Files that were in the backup and aren't any more."""
    closed: Closed
    ends: Ends
    copy_seconds: float
    database_seconds: float


def restore_backup(
    source: Path,
    settings: Settings,
    *,
    keep_tokens: bool = False,
    end_passwords: bool = False,
    newer: Path | None = None,
    on_progress: Callable[[float], object] | None = None,
) -> Restored:
    """Make an instance out of a backup, in which nothing opens a door that was closed after the backup was made.

    `close_doors` says what `keep_tokens` and `end_passwords` do. `newer` is a newer copy of the public store, to
    take from it what has ended since. Raises `StateError` where there is an instance already, in the folder or in the
    database, `InputError` if the folder isn't a complete backup, `IntegrityError` where its tables are not those it was
    written with.
    """
    if is_instance(settings):
        raise StateError(
            N_("“%(home)s” already contains an instance. Restore into an empty folder"), home=settings.home
        )
    if newer is not None:
        find_store(newer)
    started = time.monotonic()
    created, rows = _read_description(source)
    locks = Locks(Database(settings.database), settings.home / "locks")
    stores = open_stores(settings, locks.hold)
    files = [
        *((path, stores.public, name) for name, path in _walk(source / "public")),
        *((path, stores.private, name) for name, path in _walk(source / "private")),
    ]
    copied = 0
    for number, (path, target, name) in enumerate(files, 1):
        copied += copy_in(target, path, name)
        if on_progress is not None:
            on_progress(number / len(files))
    between = time.monotonic()
    closed, ends = _restore_database(
        source, settings, stores.public, newer, keep_tokens=keep_tokens, end_passwords=end_passwords
    )
    if (source / "keys").is_dir():
        settings.key_folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for name in (SESSION_FILE, SECRET_FILE, SOURCE_FILE, KEY_FILE):  # with the key the instance counts as made
            if (source / "keys" / name).is_file():
                _copy(source / "keys" / name, settings.key_folder / name)
        if is_instance(settings):
            create_instance(settings)
    return Restored(
        created=created,
        rows={name: count for name, count in rows.items() if name != _FILES},
        lacking=_list_lacking(source),
        files=len(files),
        bytes=copied,
        closed=closed,
        ends=ends,
        copy_seconds=between - started,
        database_seconds=time.monotonic() - between,
    )


def _read_description(source: Path) -> tuple[str, Mapping[str, int]]:
    """When a backup was made, and the rows of its tables, which are as they were written then."""
    try:
        described: Mapping[str, Any] = json.loads((source / "backup.json").read_bytes())
        digests = {str(name): str(item["sha256"]) for name, item in described["tables"].items()}
        rows = {str(name): int(item["rows"]) for name, item in described["tables"].items()}
        created = str(described["created"])
        known = described["format"] == FORMAT
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        known = False
    if not known:
        raise InputError(N_("“%(folder)s” isn't a complete backup in this format"), folder=source)
    for name, expected in digests.items():
        try:
            with (source / "database" / f"{name}.jsonl").open("rb") as file:
                is_same = hashlib.file_digest(file, "sha256").hexdigest() == expected
        except FileNotFoundError:
            is_same = False
        if not is_same:
            raise IntegrityError(N_("The table “%(name)s” of the backup was changed or is damaged"), name=name)
    return created, rows


def _restore_database(
    source: Path, settings: Settings, store: Store, newer: Path | None, *, keep_tokens: bool, end_passwords: bool
) -> tuple[Closed, Ends]:
    """Make the database, all in one transaction: nobody meets it before its doors are closed."""
    from opendata.services.core.instance import migrate_database

    settings.home.mkdir(parents=True, exist_ok=True)
    migrate_database(settings)
    database = Database(settings.database)
    ends = Ends()
    try:
        with database.unit(write=True) as session:
            if any(session.scalar(select(func.count()).select_from(model)) for model in (User, Dataset, Event)):
                raise StateError(N_("The database already contains an instance. Restore into an empty one"))
            session.execute(delete(EventChain))  # the backup has its own, or events that aren't chained yet
            session.execute(delete(PageRevision))
            session.execute(delete(SnapshotTurn))
            for table in Base.metadata.sorted_tables:
                load_table(session, table, source / "database" / f"{table.name}.jsonl")
            recount(session)  # those of the backup and those that came with its datasets
            for model in (NegativeList, OpeningDate):  # records of the store can be newer
                session.execute(update(model).values(unfinished=True))
            closed = close_doors(session, keep_tokens=keep_tokens, end_passwords=end_passwords)
            if newer is not None:
                take_ends(session, newer, store, ends)
            keep_ends(session, store, ends)
        chain_past(database, read_clock())
        event = Event(at=read_clock(), actor=SYSTEM.name, verb="restore", subject_kind="instance", subject="")
        event.details = {**asdict(closed), **{name: getattr(ends, name) for name in COUNTED}}
        with database.unit(write=True) as session:
            collect_events(session)
            add_event(session, event)
            chain_events(session, event.at)
    finally:
        database.dispose()
    return closed, ends


def _walk(folder: Path) -> Iterator[tuple[str, Path]]:
    """The files of a store by their relative names, in a stable order."""
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and name.partition("/")[0] not in PASSING:
            yield name, path


def _copy(source: Path, target: Path) -> int:
    """Copy a file with its times, whole or not at all; how many bytes."""
    return copy_out(LocalStore(source.parent, writes=False), source.name, target)


def _write(target: Path, data: bytes) -> None:
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(target)
    sync_folder(target.parent)


def _write_list(folder: Path, names: Sequence[str]) -> dict[str, Any]:
    """Write which files a backup has, one a line as JSON; how many, and the digest of the list."""
    data = "".join(json.dumps(name) + "\n" for name in names).encode()
    _write(folder / f"{_FILES}.jsonl", data)
    return {"rows": len(names), "sha256": hashlib.sha256(data).hexdigest()}


def _list_lacking(source: Path) -> list[str]:
    """The files that a backup should have and doesn't; nothing if it is older than such lists."""
    try:
        lines = (source / "database" / f"{_FILES}.jsonl").read_text().splitlines()
    except FileNotFoundError:
        return []
    return [name for name in map(json.loads, lines) if not (source / name).is_file()]
