"""The bytes of uploads: a file each, written by one at a time, and how far this process has hashed it."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Protocol

from opendata.errors import N_, BusyError
from opendata.storage.local import sync_folder

_CHUNK = 1 << 20
_POLL_SECONDS = 0.02
_HASHES = 256


class Hash(Protocol):
    """What `hashlib` gives."""

    def update(self, data: bytes, /) -> None: ...  # noqa: D102 - hashlib's own
    def digest(self) -> bytes: ...  # noqa: D102
    def hexdigest(self) -> str: ...  # noqa: D102
    def copy(self) -> Hash: ...  # noqa: D102


class UploadFiles:
    """The folder of uploads. Nobody but the owner of a file's lock writes to it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._hashes: OrderedDict[str, tuple[int, Hash]] = OrderedDict()
        self._guard = threading.Lock()

    def path(self, upload: str) -> Path:
        """Where the file lies, once something of it was received."""
        return self._folder / upload

    def measure(self, upload: str) -> int:
        """How long the file is in bytes, 0 if it doesn't exist."""
        try:
            return self.path(upload).stat().st_size
        except FileNotFoundError:
            return 0

    @contextlib.contextmanager
    def lock(self, upload: str, *, write: bool = False, patience: float = 0.0) -> Iterator[BinaryIO]:
        """Hold the file, made where it is missing, for this caller alone, in all processes.

        The kernel keeps the lock, so it ends with the process that held it. Raises `BusyError` if another still holds
        it after `patience` seconds: perhaps it hasn't noticed yet that its client has gone.
        """
        deadline = time.monotonic() + patience
        with self._open(upload, write=write) as file:
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() >= deadline:
                        raise BusyError(
                            N_("Another request is working on this upload. Try again when it has finished")
                        ) from None
                    time.sleep(_POLL_SECONDS)
            yield file

    def begin_hash(self, upload: str, offset: int) -> Hash | None:
        """The SHA-256 of the first `offset` bytes, to continue from, if this process has it."""
        if offset == 0:
            return hashlib.sha256()
        with self._guard:
            found = self._hashes.get(upload)
        return found[1].copy() if found is not None and found[0] == offset else None

    def keep_hash(self, upload: str, offset: int, found: Hash | None) -> None:
        """Remember how far the file is hashed. What is behind `offset` never changes, so it stays true."""
        if found is None:
            return
        with self._guard:
            self._hashes[upload] = (offset, found.copy())
            self._hashes.move_to_end(upload)
            if len(self._hashes) > _HASHES:
                self._hashes.popitem(last=False)

    def finish_hash(self, upload: str, file: BinaryIO) -> str:
        """The SHA-256 of the whole file: only what this process has not hashed on the way is read again."""
        with self._guard:
            offset, found = self._hashes.pop(upload, (0, None))
        digest = found or hashlib.sha256()
        file.seek(offset)
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
        return digest.hexdigest()

    def remove(self, upload: str) -> None:
        """Remove the file; blobs linked from it stay."""
        with self._guard:
            self._hashes.pop(upload, None)
        self.path(upload).unlink(missing_ok=True)

    def list(self) -> Iterator[tuple[str, float]]:
        """Every file there is, with the time of its last change."""
        for path in self._folder.glob("*"):
            with contextlib.suppress(FileNotFoundError):
                yield path.name, path.stat().st_mtime

    def _open(self, upload: str, *, write: bool) -> BinaryIO:
        path = self.path(upload)
        flags = (os.O_RDWR if write else os.O_RDONLY) | os.O_CREAT
        new = not path.exists()
        self._folder.mkdir(parents=True, exist_ok=True)
        file = os.fdopen(os.open(path, flags, 0o600), "r+b" if write else "rb")
        if new:
            sync_folder(self._folder)
        return file
