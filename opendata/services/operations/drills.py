"""Drills of a restore: a folder that is gone afterwards, what a backup lacks, and what was measured and found."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from opendata.errors import N_, OpendataError, StateError, UsageError
from opendata.services.core.records import read_keys
from opendata.services.operations.backups import Restored
from opendata.services.operations.ends import COUNTED
from opendata.services.operations.verification.verifying import Evidence
from opendata.services.privacy.pseudonyms import SECRET_FILE, has_pseudonyms
from opendata.storage.local import LocalStore
from opendata.storage.signing import KEY_FILE, Signer

_PREFIX = "drill-"
_YOUNG_SECONDS = 60
_TABLES_FACTOR = 3
"""Times their size in the backup: the space that tables take as a database, with its indexes and journal."""

WRONG_KEY = N_("the key in the backup isn't the newest one of the portal, so the restored portal couldn't sign")


@dataclass(frozen=True, slots=True)
class Missing:
    """A key that the backup doesn't have, and where it is on this machine, if it is."""

    name: str
    found: Path | None


@dataclass(slots=True)
class Drilled:
    """What a drill measured and found."""

    seconds: dict[str, float] = field(default_factory=dict)
    """By part, in the order in which they ran."""
    restored: Restored | None = None
    missing: Sequence[Missing] = ()
    findings: list[Evidence] = field(default_factory=list)

    @property
    def total(self) -> float:
        """Seconds from the first byte copied to the first page."""
        return sum(self.seconds.values())

    def describe(self) -> dict[str, Any]:
        """The drill as a document."""
        found = self.restored
        return {
            "created": found.created if found else None,
            "seconds": {name: round(value, 3) for name, value in (*self.seconds.items(), ("total", self.total))},
            "datasets": found.rows.get("datasets", 0) if found else None,
            "versions": found.rows.get("versions", 0) if found else None,
            "rows": sum(found.rows.values()) if found else None,
            "files": found.files if found else None,
            "bytes": found.bytes if found else None,
            "missing": [{"name": item.name, "found": item.found and str(item.found)} for item in self.missing],
            "closes": asdict(found.closed) if found else None,
            "ended": {name: getattr(found.ends, name) for name in COUNTED} if found else None,
            "sound": not self.findings,
            "findings": [{"where": item.where, "what": item.what} for item in self.findings],
        }


@contextmanager
def open_scratch(root: Path, source: Path) -> Iterator[Path]:
    """An empty folder in `root` with room for a backup. It is deleted at the end, also if a signal ends the process.

    What a drill that was killed left there is deleted first. Raises `UsageError` where `root` isn't a folder,
    `StateError` if its disk doesn't have the room.
    """
    if not root.is_dir():
        raise UsageError(N_("“%(folder)s” isn't a folder. Name one with --folder"), folder=root)
    _delete_left(root)
    needed, free = _measure(source), shutil.disk_usage(root).free
    if needed > free:
        raise StateError(
            N_("The drill needs %(needed)s MB, and the disk of “%(folder)s” has %(free)s MB free. Use --folder"),
            needed=-(-needed // 10**6),
            folder=root,
            free=free // 10**6,
        )
    before = {number: signal.signal(number, _interrupt) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=root))
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield folder
    finally:
        for number in before:
            signal.signal(number, signal.SIG_IGN)  # impatience leaves nothing behind
        try:
            shutil.rmtree(folder)
        finally:
            os.close(handle)
            for number, handler in before.items():
                signal.signal(number, handler)


def list_missing(source: Path, store: LocalStore, keys: Path) -> Sequence[Missing]:
    """The keys that a backup doesn't have and a restored portal needs; `keys` is where this instance has its own."""
    needed = [KEY_FILE, *([SECRET_FILE] if has_pseudonyms(store) else [])]
    absent = [name for name in needed if not (source / "keys" / name).is_file()]
    return [Missing(name, keys / name if (keys / name).is_file() else None) for name in absent]


def check_key(keys: Path, store: LocalStore) -> Sequence[Evidence]:
    """What is wrong with a restored signing key: nothing if the backup didn't have one."""
    if not (keys / KEY_FILE).is_file():
        return ()
    try:
        known = read_keys(store)
        is_newest = not known or Signer(keys).public_key() == known[-1].raw
    except (OpendataError, ValueError):
        is_newest = False
    return () if is_newest else [Evidence(f"keys/{KEY_FILE}", WRONG_KEY)]


def _interrupt(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the form of a handler
    raise KeyboardInterrupt


def _delete_left(root: Path) -> None:
    """Delete the folders of drills that were killed: nobody holds them any more."""
    for folder in root.glob(f"{_PREFIX}*"):
        if not folder.is_dir() or folder.is_symlink() or time.time() - folder.stat().st_mtime < _YOUNG_SECONDS:
            continue
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder)
        except BlockingIOError:
            pass  # a drill at work
        finally:
            os.close(handle)


def _measure(source: Path) -> int:
    """Bytes that a backup takes when it is restored."""
    sizes = {
        name: sum(path.stat().st_size for path in (source / name).rglob("*") if path.is_file())
        for name in ("public", "private", "database")
    }
    return sizes["public"] + sizes["private"] + _TABLES_FACTOR * sizes["database"]
