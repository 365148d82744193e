"""Where a mirror is written: a folder, or the objects of a bucket. Whatever is there under a key is there whole.

A bucket is sent as it is, so its objects have the headers that a web server gives to files of a folder: media types,
names of downloads, and that caches ask each time whether a file is still there.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any, BinaryIO, Protocol

from opendata.errors import N_, BackendError, UsageError
from opendata.mirror.addresses import media_type
from opendata.settings import Settings
from opendata.storage.objects.client import name_fault
from opendata.storage.opening import read_access

logger = logging.getLogger(__name__)

OWN = ".mirror/"
"""What the mirror keeps for itself; nobody needs to be sent it."""
MARK = f"{OWN}mirror.json"
"""Says that a folder or prefix is a mirror, so that nothing else is ever deleted."""

_BUCKET = re.compile(r"(s3|s3a|gs|az|azure|memory|file)://")
_PIECE = 1 << 20
_FLAT = re.compile(r"(s3|s3a|gs|memory)://")
_CACHED = "no-cache"
"""Caches keep a file, and ask each time whether it is still the same: a version may be withdrawn at any moment."""
_RETRY_SECONDS = 30
_ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")


class Target(Protocol):
    """What a mirror is written through. Raises `BackendError` where it can't be reached or written."""

    name: str
    is_flat: bool
    """Whether a key may also be the beginning of others, as a name can't be both a file and a folder."""

    def put(self, key: str, file: Path, kind: str = "", disposition: str = "") -> None:
        """Have a key hold the bytes of a file, which may be moved there, whole or not at all.

        It is sent as this media type, and with this Content-Disposition, where the target keeps headers.
        """
        ...

    def copy(self, key: str, other: str) -> None:
        """Have `other` hold what `key` holds."""
        ...

    def get(self, key: str) -> bytes | None:
        """The bytes under a key, None where there is nothing."""
        ...

    def read(self, key: str) -> Iterator[bytes] | None:
        """The same, piece by piece."""
        ...

    def delete(self, key: str) -> None:
        """Have nothing under a key."""
        ...

    def list(self) -> Iterator[tuple[str, int]]:
        """All keys but the mirror's own, with their sizes in bytes."""
        ...


def open_target(text: str, settings: Settings | None = None) -> Target:
    """A target by its name: a folder, or an address such as `s3://bucket/prefix`. Raises `UsageError`.

    Where the environment names no object store for other tools, it is that of the settings.
    """
    return BucketTarget(text, settings) if _BUCKET.match(text) else FolderTarget(Path(text))


class FolderTarget:
    """A folder. Files are written beside their place and renamed into it."""

    is_flat = False

    def __init__(self, folder: Path) -> None:
        self.name = str(folder.resolve())
        self._folder = folder
        self._made: set[Path] = set()

    def put(self, key: str, file: Path, kind: str = "", disposition: str = "") -> None:  # noqa: ARG002
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

    def read(self, key: str) -> Iterator[bytes] | None:
        """See `Target`."""
        try:
            file = self._place(key).open("rb")
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None
        except OSError as error:
            raise _fail(key, error) from error
        return _read_pieces(key, file)

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

    def __init__(self, address: str, settings: Settings | None = None) -> None:
        if find_spec("obstore") is None:
            raise UsageError(N_("A mirror in a bucket needs the extra “s3”: pip install 'opendata[s3]'"))
        from obstore.exceptions import BaseError
        from obstore.store import from_url

        self.name = address.rstrip("/")
        self.is_flat = _FLAT.match(self.name) is not None
        is_s3 = self.name.startswith(("s3:", "s3a:"))
        try:
            self._store: Any = from_url(self.name, **(_read_options(settings) if is_s3 else {}))
        except (BaseError, ValueError) as error:
            raise UsageError(
                N_("“%(target)s” isn't the address of a bucket: %(reason)s"), target=address, reason=str(error)[:300]
            ) from error

    def put(self, key: str, file: Path, kind: str = "", disposition: str = "") -> None:
        """See `Target`."""
        import obstore

        heads = {"Content-Type": media_type(key, kind), "Cache-Control": _CACHED}
        if disposition:
            heads["Content-Disposition"] = disposition
        with _telling(key), file.open("rb") as opened:
            self._put(obstore, key, opened, heads)
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

    def read(self, key: str) -> Iterator[bytes] | None:
        """See `Target`."""
        import obstore

        with _telling(key):
            try:
                found = obstore.get(self._store, key)
            except FileNotFoundError:
                return None
        return self._read_pieces(key, found)

    def _read_pieces(self, key: str, found: Any) -> Iterator[bytes]:
        with _telling(key):
            yield from map(bytes, found.stream(min_chunk_size=_PIECE))

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

    def _put(self, obstore: Any, key: str, opened: IO[bytes], heads: dict[str, str]) -> None:
        if self.name.startswith("file://"):  # a folder has no headers
            obstore.put(self._store, key, opened)
        else:
            obstore.put(self._store, key, opened, attributes=heads)


def _read_options(settings: Settings | None) -> dict[str, Any]:
    """How an S3 store is reached: as the environment says to other tools, else as the settings say of the stores."""
    options: dict[str, Any] = {"retry_config": {"max_retries": 8, "retry_timeout": timedelta(seconds=_RETRY_SECONDS)}}
    endpoint = next((found for name in _ENDPOINTS if (found := os.environ.get(name, ""))), "")
    if settings is not None and not endpoint and not os.environ.get("AWS_ACCESS_KEY_ID"):
        access = read_access(settings)
        endpoint = access.endpoint
        options |= {"region": access.region, "virtual_hosted_style_request": not access.has_path_style}
        if endpoint:
            options["endpoint"] = endpoint
        if access.key_id:
            options |= {"access_key_id": access.key_id, "secret_access_key": access.secret}
    if endpoint.startswith("http://"):
        options["client_options"] = {"allow_http": True}
    return options


def _read_pieces(key: str, file: BinaryIO) -> Iterator[bytes]:
    try:
        with file:
            while piece := file.read(_PIECE):
                yield piece
    except OSError as error:
        raise _fail(key, error) from error


class _telling:  # noqa: N801 - used as a statement
    """Errors of a bucket, told as ours."""

    def __init__(self, key: str) -> None:
        self._key = key

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        from obstore.exceptions import BaseError

        if isinstance(error, BaseError | OSError) and not isinstance(error, FileNotFoundError):
            logger.error("the object store: %s", str(error).partition("\n")[0][:1000])
            raise _name_fault(self._key, error) from error


def _name_fault(key: str, error: Exception) -> BackendError:
    """What the object store means; all of its own words are in the log."""
    from obstore.exceptions import BaseError

    if isinstance(error, BaseError):
        return _fail(key, name_fault(error))
    return _fail(key, error)


def _fail(key: str, error: BaseException) -> BackendError:
    return BackendError(
        N_("“%(key)s” of the mirror can't be read or written: %(reason)s"), key=key, reason=str(error)[:300]
    )
