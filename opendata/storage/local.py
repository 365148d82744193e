"""A store in a local folder: written beside, fsynced, then linked into place; a crash leaves whole files only."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from opendata.errors import N_, BackendError, IntegrityError, TooLargeError
from opendata.storage.store import (
    BLOB_NAME,
    BlobState,
    require_blob_name,
    require_record_key,
    unknown_blob,
    unknown_record,
)

PASSING = ("tmp", "work", "uploads", "forms")
"""Folders beside a store with what is only passing through."""

_CHUNK = 1 << 20


class LocalStore:
    """A folder as a store (see `store.Store`). Files it has written are read-only."""

    def __init__(self, folder: Path, *, writes: bool = True) -> None:
        self._folder = folder
        self._temporary = folder / "tmp"
        if writes:
            self._temporary.mkdir(parents=True, exist_ok=True)

    def put_blob(self, path: Path, *, sha256: str | None = None) -> tuple[str, int]:
        """Keep a file; return its name and size in bytes. A file on the same disk is linked, not copied.

        `sha256` is its digest if the writer computed it on the way.
        """
        temporary = self._new_temporary()
        try:
            os.link(path, temporary)
        except OSError:
            with path.open("rb") as stream:
                return self.put_stream(stream)
        try:
            with temporary.open("rb") as stream:
                name = sha256 or hashlib.file_digest(stream, "sha256").hexdigest()
                size = os.fstat(stream.fileno()).st_size
                os.fsync(stream.fileno())
            self._place(temporary, self._blob(name))
        finally:
            temporary.unlink(missing_ok=True)
        return name, size

    def put_stream(self, stream: BinaryIO, *, limit: int | None = None) -> tuple[str, int]:
        """Keep what a stream holds; return its name and size in bytes."""
        digest = hashlib.sha256()
        size = 0
        temporary = self._new_temporary()
        try:
            with temporary.open("xb") as target:
                while chunk := stream.read(_CHUNK):
                    size += len(chunk)
                    if limit is not None and size > limit:
                        raise TooLargeError(N_("The file is larger than the %(limit)s bytes allowed"), limit=limit)
                    digest.update(chunk)
                    target.write(chunk)
                _sync(target)
            name = digest.hexdigest()
            self._place(temporary, self._blob(name))
        finally:
            temporary.unlink(missing_ok=True)
        return name, size

    def open_blob(self, name: str) -> BinaryIO:
        """A blob's bytes, seekable."""
        try:
            return self._blob(name).open("rb")
        except FileNotFoundError:
            raise unknown_blob(name) from None

    @contextlib.contextmanager
    def local_copy(self, name: str) -> Iterator[Path]:
        """The file that holds a blob; nothing is copied."""
        path = self._blob(name)
        if not path.is_file():
            raise unknown_blob(name)
        yield path

    def find_state(self, name: str) -> BlobState:
        """Size, times and mark of a blob."""
        try:
            found = self._blob(name).stat()
        except FileNotFoundError:
            raise unknown_blob(name) from None
        mark = (found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
        return BlobState(found.st_size, found.st_mtime, found.st_ctime, mark)

    def has_blob(self, name: str) -> bool:
        """Whether the store has a blob."""
        return self._blob(name).is_file()

    def list_blobs(self) -> Iterator[tuple[str, int]]:
        """Every blob's name and size in bytes, in the order of their names."""
        root = self._folder / "blobs" / "sha256"
        for folder in sorted(root.iterdir()) if root.is_dir() else ():
            with os.scandir(folder) as entries:
                found = sorted(
                    (entry.name, entry.stat().st_size) for entry in entries if BLOB_NAME.fullmatch(entry.name)
                )
            yield from found

    def delete_blob(self, name: str) -> None:
        """Let a blob go for good."""
        path = self._blob(name)
        path.unlink(missing_ok=True)
        if path.parent.is_dir():
            sync_folder(path.parent)

    def put_record(self, key: str, data: bytes) -> None:
        """Write a record once."""
        path = self._record(key)
        temporary = self._new_temporary()
        try:
            with temporary.open("xb") as target:
                target.write(data)
                _sync(target)
            self._place(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
        if path.read_bytes() != data:
            raise IntegrityError(N_("The record %(key)s already exists with different bytes"), key=key)

    def get_record(self, key: str) -> bytes:
        """A record's bytes."""
        try:
            return self._record(key).read_bytes()
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            raise unknown_record(key) from None

    def has_record(self, key: str) -> bool:
        """Whether there is a record of this key."""
        return self._record(key).is_file()

    def find_written(self, key: str) -> float:
        """When a record was written, in seconds since 1970."""
        try:
            return self._record(key).stat().st_mtime
        except (FileNotFoundError, NotADirectoryError):
            raise unknown_record(key) from None

    def list_records(self, prefix: str) -> Iterator[str]:
        """The keys of all records below a folder, in the order of their characters."""
        files = (path for path in self._record(prefix).rglob("*") if path.is_file())
        yield from sorted(path.relative_to(self._folder).as_posix() for path in files)

    def list_files(self) -> Iterator[tuple[str, int]]:
        """The key and size of every blob and record, in the order of their characters."""
        kinds = (path for path in self._folder.iterdir() if path.is_dir() and path.name not in PASSING)
        files = (path for kind in kinds for path in kind.rglob("*") if path.is_file())
        for key, path in sorted((path.relative_to(self._folder).as_posix(), path) for path in files):
            with contextlib.suppress(FileNotFoundError):
                yield key, path.stat().st_size

    def find_path(self, key: str) -> Path:
        """Where a blob or record lies, or would."""
        return self._folder / key

    def check(self) -> None:
        """Raises `BackendError` where the folder is gone."""
        if not self._folder.is_dir():
            raise BackendError(N_("The public store is missing"))

    @property
    def can_sign(self) -> bool:
        """A folder has no addresses."""
        return False

    def sign_address(self, name: str, *, media_type: str, disposition: str) -> str:  # noqa: ARG002 - as stores have it
        """Raises `NotFoundError`: a folder has no addresses."""
        raise unknown_blob(name)

    def _blob(self, name: str) -> Path:
        return self._folder / require_blob_name(name)

    def _record(self, key: str) -> Path:
        return self._folder / require_record_key(key)

    def _new_temporary(self) -> Path:
        return self._temporary / f"{os.getpid()}-{secrets.token_hex(8)}"

    def _place(self, temporary: Path, path: Path) -> None:
        """Give a finished file its name, unless a file of that name exists."""
        if not path.exists():
            temporary.chmod(0o444)
            _make_folder(path.parent, self._folder)
            with contextlib.suppress(FileExistsError):
                os.link(temporary, path)
        else:
            path.chmod(0o444)  # the time of its status tells that it was wanted again
        sync_folder(path.parent)  # also where another has linked it: they may have died before this


def _sync(target: BinaryIO) -> None:
    target.flush()
    os.fsync(target.fileno())


def _make_folder(folder: Path, root: Path) -> None:
    """Make a folder and its parents durable, not only present."""
    missing = []
    while folder != root and not folder.exists():
        missing.append(folder)
        folder = folder.parent
    for item in reversed(missing):
        item.mkdir(exist_ok=True)
        sync_folder(item.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
