"""Whole blobs of an object store on the disk of this machine: fetched once, proven on arrival, the least used dropped.

A blob is the file `{first two digits}/{name}`. Who uses it holds a shared lock (flock(2)) on the file, so that nobody
drops it meanwhile; who fetches it holds the lock of the folder, so that others wait instead of fetching it too.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import secrets
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from opendata.errors import N_, IntegrityError

Fetch = Callable[[], Iterator[bytes]]

_BESIDE = "."
_ABANDONED_SECONDS = 6 * 3600
_UNUSED_SECONDS = 24 * 3600
"""What nobody used for so long goes with the next that comes: it may have been erased elsewhere."""


class BlobCache:
    """A folder of whole blobs, together at most `limit` bytes besides those that are in use."""

    def __init__(self, folder: Path, limit: int) -> None:
        self._folder = folder
        self._limit = limit

    @contextlib.contextmanager
    def lend(self, name: str, size: int, fetch: Fetch) -> Iterator[Path]:
        """A file with a blob, there inside the context. Raises `IntegrityError` where other bytes came."""
        path = self._folder / name[:2] / name
        with contextlib.ExitStack() as held:
            while not self._hold(path, size, held):
                with self._alone(path.parent):
                    if not _has(path, size):
                        self._make_room(size)
                        _fetch(path, name, size, fetch)
            with contextlib.suppress(OSError):
                os.utime(path)
            yield path

    @contextlib.contextmanager
    def make_temporary(self) -> Iterator[Path]:
        """A place for a file on the way to the store, gone at the end."""
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{_BESIDE}{os.getpid()}-{secrets.token_hex(8)}"
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)

    def forget(self, name: str) -> None:
        """Drop a blob that the store doesn't have any more; those who use it keep what they have open."""
        (self._folder / name[:2] / name).unlink(missing_ok=True)

    def _hold(self, path: Path, size: int, held: contextlib.ExitStack) -> bool:
        """Use the file until `held` is closed; whether it is there."""
        try:
            handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        with contextlib.ExitStack() as opened:
            opened.callback(os.close, handle)
            fcntl.flock(handle, fcntl.LOCK_SH)
            found = os.fstat(handle)
            with contextlib.suppress(FileNotFoundError):
                if found.st_size == size and path.stat().st_ino == found.st_ino:
                    held.push(opened.pop_all())
                    return True
        return False

    @contextlib.contextmanager
    def _alone(self, folder: Path) -> Iterator[None]:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / f"{_BESIDE}lock").open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _make_room(self, size: int) -> None:
        """Drop the least used until `size` more bytes fit, what nobody used for a day, what a killed process left."""
        kept, now = [], time.time()
        for path in (*self._folder.glob("??/*"), *self._folder.glob(f"{_BESIDE}*-*")):
            with contextlib.suppress(FileNotFoundError):
                found = path.stat()
                if not path.name.startswith(_BESIDE):
                    kept.append((found.st_mtime, found.st_size, path))
                elif path.name != f"{_BESIDE}lock" and now - found.st_mtime > _ABANDONED_SECONDS:
                    path.unlink()
        total = size + sum(item[1] for item in kept)
        for used, bytes_, path in sorted(kept):
            if total <= self._limit and now - used < _UNUSED_SECONDS:
                break
            if _drop_unused(path):
                total -= bytes_


def _has(path: Path, size: int) -> bool:
    with contextlib.suppress(FileNotFoundError):
        return path.stat().st_size == size
    return False


def _fetch(path: Path, name: str, size: int, fetch: Fetch) -> None:
    beside = path.with_name(f"{_BESIDE}{os.getpid()}-{secrets.token_hex(8)}")
    digest = hashlib.sha256()
    try:
        with beside.open("xb") as file:
            for piece in fetch():
                digest.update(piece)
                file.write(piece)
            count = file.tell()
        if digest.hexdigest() != name or count != size:
            raise IntegrityError(N_("The blob %(name)s is damaged"), name=name)
        beside.chmod(0o444)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def _drop_unused(path: Path) -> bool:
    """Delete a file unless somebody uses it; whether it is gone."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink(missing_ok=True)
    except BlockingIOError:
        return False
    finally:
        os.close(handle)
    return True
