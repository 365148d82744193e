"""Where a mirror is written: a folder, or the objects of a bucket. Whatever is there under a key is there whole."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Protocol

from opendata.errors import N_, BackendError, UsageError
from opendata.mirror.addresses import media_type

OWN = ".mirror/"
"""What the mirror keeps for itself; nobody needs to be sent it."""
MARK = f"{OWN}mirror.json"
"""Says that a folder or prefix is a mirror, so that nothing else is ever deleted."""

_BUCKET = re.compile(r"(s3|s3a|gs|az|azure|memory|file)://")
_PIECE = 1 << 20


class Target(Protocol):
    """What a mirror is written through. Raises `BackendError` where it can't be reached or written."""

    name: str

    def put(self, key: str, file: Path, kind: str = "") -> None:
        """Have a key hold the bytes of a file, which may be moved there, as this media type; whole or not at all."""
        ...

    def copy(self, key: str, other: str) -> None:
        """Have `other` hold what `key` holds."""
        ...

    def get(self, key: str) -> bytes | None:
        """The bytes under a key, None where there is nothing."""
        ...

    def delete(self, key: str) -> None:
        """Have nothing under a key."""
        ...

    def list(self) -> Iterator[tuple[str, int]]:
        """All keys but the mirror's own, with their sizes in bytes."""
        ...


def open_target(text: str) -> Target:
    """A target by its name: a folder, or an address such as `s3://bucket/prefix`. Raises `UsageError`."""
    return BucketTarget(text) if _BUCKET.match(text) else FolderTarget(Path(text))


class FolderTarget:
    """A folder. Files are written beside their place and renamed into it."""

    def __init__(self, folder: Path) -> None:
        self.name = str(folder.resolve())
        self._folder = folder
        self._made: set[Path] = set()

    def put(self, key: str, file: Path, kind: str = "") -> None:  # noqa: ARG002
        """See `Target`."""
        place = self._place(key)
        try:
            self._make(place.parent)
            try:
                file.chmod(0o644)
                file.replace(place)
            except OSError:  # another file system
                beside = self._folder / OWN / f"new.{os.getpid()}"
                self._make(beside.parent)
                shutil.copyfile(file, beside)
                beside.chmod(0o644)
                beside.replace(place)
                file.unlink(missing_ok=True)
        except OSError as error:
            raise _fail(key, error) from error

    def copy(self, key: str, other: str) -> None:
        """See `Target`. It is the same file under two names: files of versions never change."""
        source, place = self._place(key), self._place(other)
        beside = self._folder / OWN / f"new.link.{os.getpid()}"
        try:
            self._make(place.parent)
            self._make(beside.parent)
            beside.unlink(missing_ok=True)
            try:
                beside.hardlink_to(source)
            except OSError:  # a file system without links
                shutil.copyfile(source, beside)
            beside.replace(place)
            beside.unlink(missing_ok=True)  # where both were the same file already, renaming left it
        except OSError as error:
            raise _fail(other, error) from error

    def get(self, key: str) -> bytes | None:
        """See `Target`."""
        try:
            return self._place(key).read_bytes()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None
        except OSError as error:
            raise _fail(key, error) from error

    def delete(self, key: str) -> None:
        """See `Target`. Folders that are empty now go too."""
        place = self._place(key)
        try:
            with suppress(NotADirectoryError):
                place.unlink(missing_ok=True)
        except OSError as error:
            raise _fail(key, error) from error
        with suppress(OSError):
            for parent in place.parents:
                if parent == self._folder:
                    break
                parent.rmdir()
                self._made.discard(parent)

    def list(self) -> Iterator[tuple[str, int]]:
        """See `Target`."""
        own = OWN.rstrip("/")
        waiting = [("", str(self._folder))]
        while waiting:
            prefix, folder = waiting.pop()
            with suppress(FileNotFoundError), os.scandir(folder) as entries:
                for entry in entries:
                    key = prefix + entry.name
                    if entry.is_dir(follow_symlinks=False):
                        if key != own:
                            waiting.append((f"{key}/", entry.path))
                    else:
                        yield key, entry.stat(follow_symlinks=False).st_size

    def _place(self, key: str) -> Path:
        return self._folder / key

    def _make(self, folder: Path) -> None:
        if folder not in self._made or not folder.is_dir():
            folder.mkdir(parents=True, exist_ok=True)
            self._made.add(folder)


class BucketTarget:
    """The objects below a prefix of a bucket, by obstore; keys and addresses come from its environment variables."""

    def __init__(self, address: str) -> None:
        from obstore.exceptions import BaseError
        from obstore.store import from_url

        self.name = address.rstrip("/")
        try:
            self._store: Any = from_url(self.name)
        except (BaseError, ValueError) as error:
            raise UsageError(
                N_("“%(target)s” isn't the address of a bucket: %(reason)s"), target=address, reason=str(error)[:300]
            ) from error

    def put(self, key: str, file: Path, kind: str = "") -> None:
        """See `Target`."""
        import obstore

        with _telling(key), file.open("rb") as opened:
            self._put(obstore, key, opened, media_type(key, kind))
        file.unlink(missing_ok=True)

    def copy(self, key: str, other: str) -> None:
        """See `Target`."""
        import obstore

        with _telling(other):
            obstore.copy(self._store, key, other)

    def get(self, key: str) -> bytes | None:
        """See `Target`."""
        import obstore

        with _telling(key):
            try:
                return bytes(obstore.get(self._store, key).bytes())
            except FileNotFoundError:
                return None

    def delete(self, key: str) -> None:
        """See `Target`."""
        import obstore

        with _telling(key), suppress(FileNotFoundError):
            obstore.delete(self._store, key)

    def list(self) -> Iterator[tuple[str, int]]:
        """See `Target`."""
        import obstore

        with _telling(self.name):
            for chunk in obstore.list(self._store):
                for item in chunk:
                    key = str(item["path"])
                    if not key.startswith(OWN):
                        yield key, int(item["size"])

    def _put(self, obstore: Any, key: str, opened: IO[bytes], kind: str) -> None:
        if self.name.startswith("file://"):  # a folder has no media types
            obstore.put(self._store, key, opened)
        else:
            obstore.put(self._store, key, opened, attributes={"Content-Type": kind})


class _telling:  # noqa: N801 - used as a statement
    """Errors of a bucket, told as ours."""

    def __init__(self, key: str) -> None:
        self._key = key

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        from obstore.exceptions import BaseError

        if isinstance(error, BaseError | OSError) and not isinstance(error, FileNotFoundError):
            raise _fail(self._key, error) from error


def _fail(key: str, error: BaseException) -> BackendError:
    return BackendError(
        N_("“%(key)s” of the mirror can't be read or written: %(reason)s"), key=key, reason=str(error)[:300]
    )
