"""The bytes of uploads: a file each, written by one at a time, and how far this process has hashed it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from sqlalchemy.orm import Session

from opendata.errors import N_, BusyError
from opendata.services.uploads.hashes import Hashes
from opendata.services.uploads.upload_values import FinishedFile
from opendata.storage.local import sync_folder

_CHUNK = 1 << 20
_POLL_SECONDS = 0.02


class HeldFile:
    """A file that this request holds. What is written is safe once `secure` has returned."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file

    def begin(self, offset: int) -> None:
        """What is written next comes behind the first `offset` bytes; nothing is beyond them."""
        self.file.truncate(offset)
        self.file.seek(offset)

    def write(self, data: bytes) -> None:
        """Take bytes."""
        self.file.write(data)

    def secure(self) -> None:
        """Flush what was written to the disk."""
        self.file.flush()
        os.fsync(self.file.fileno())

    def read(self, offset: int) -> Iterator[bytes]:
        """All bytes from a place on."""
        self.file.seek(offset)
        while chunk := self.file.read(_CHUNK):
            yield chunk

    def count(self, session: Session) -> None:
        """The row of the upload counts it."""

    def settle(self) -> None:
        """The next piece goes behind it."""


class UploadFiles:
    """The folder of uploads. Nobody but the owner of a file's lock writes to it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.hashes = Hashes()

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
    def lock(self, upload: str, *, write: bool = False, patience: float = 0.0) -> Iterator[HeldFile]:
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
            yield HeldFile(file)

    def open(self, upload: str, sha256: str) -> FinishedFile:
        """All bytes. Raises `FileNotFoundError`."""
        return FinishedFile(self.path(upload), sha256)

    def remove(self, upload: str) -> None:
        """Remove the file; blobs linked from it stay."""
        self.hashes.forget(upload)
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
