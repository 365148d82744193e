"""Files that can be made again at any time: each made once, complete or absent, the least used dropped for new ones.

The file of key `k` is stored at `k`, its digest and size at `k.json`, which is written last: without it, the file
counts as missing. What a file is made of is in its key, and where that would be too much for a name, in `k.json` too,
which then is there before the file. For each origin deleted recently, `.gone-{digest}` warns any process that is still
making something from it.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import logging
import os
import secrets
import threading
import time
import zlib
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from opendata.errors import N_, NotFoundError
from opendata.telemetry.instruments import DERIVED_MADE, DERIVED_SECONDS, DERIVED_SERVED

logger = logging.getLogger(__name__)

_MARK = ".json"
SLOTS = 4
"""At most this many files are made at once, by all processes of a machine."""

_FORMATS = frozenset(
    ("arrow", "csv", "excel", "gzip", "json", "jsonl", "parquet", "rows", "sha512", "xlsx", "zip", "zstd")
)
"""The last words of keys that are counted by their name."""

_GONE = ".gone-"
_TOUCHED_SECONDS = 60
_ABANDONED_SECONDS = 6 * 3600


@dataclass(frozen=True, slots=True)
class DerivedFile:
    """A finished file: hexadecimal SHA-256 of its bytes, size in bytes."""

    path: Path
    sha256: str
    size: int

    def open(self) -> BinaryIO:
        """Its bytes."""
        return self.path.open("rb")

    def local_copy(self) -> contextlib.AbstractContextManager[Path]:
        """Itself: it is always local."""
        return contextlib.nullcontext(self.path)


class DerivedFolder:
    """A folder of files made on demand, together at most `limit` bytes. Nothing in it is missed when it is deleted.

    What is made with another `lane` doesn't wait for this, and at most `slots` files are made at once.
    """

    def __init__(self, folder: Path, limit: int, *, lane: str = "", slots: int = SLOTS) -> None:
        self._folder = folder
        self._limit = limit
        self._lane, self._slots = lane, slots
        self._lock = threading.Lock()
        self._begun: set[str] = set()
        self._background: ThreadPoolExecutor | None = None

    def get(self, key: str, make: Callable[[Path], None], origins: Collection[str] = ()) -> DerivedFile:
        """The file of a key; `make` writes it to the path it is given where it is not there.

        `origins` are digests of blobs that it is made of, besides those in its key.
        Who asks while another makes it waits. Of two that make it after all, both make the same bytes. What `make`
        needs from this folder it must have before: it would wait for itself. Raises `NotFoundError` where one of its
        origins was forgotten meanwhile.
        """
        found = self.find(key)
        if found is not None:
            DERIVED_SERVED.add(1, _name_format(key))
            return found
        self._folder.mkdir(parents=True, exist_ok=True)
        with self._hold(key):
            found = self.find(key)
            return found or self._make(key, make, origins)

    def begin(self, key: str, make: Callable[[Path], None], origins: Collection[str] = ()) -> DerivedFile | None:
        """The file of a key, if it is there; else nothing yet, and a thread of this process begins to make it."""
        found = self.find(key)
        if found is None:
            with self._lock:
                if key not in self._begun:
                    self._begun.add(key)
                    self._background = self._background or ThreadPoolExecutor(1, "derived")
                    self._background.submit(self._make_later, key, make, origins)
        return found

    def find(self, key: str) -> DerivedFile | None:
        """The file of a key, if it is there."""
        path, mark = self._folder / key, self._folder / f"{key}{_MARK}"
        try:
            told = json.loads(mark.read_bytes())
            if path.stat().st_size != told["bytes"]:
                return None
            if time.time() - mark.stat().st_mtime > _TOUCHED_SECONDS:
                with contextlib.suppress(OSError):  # it is there, although its disk takes nothing in
                    os.utime(mark)
        except (OSError, ValueError, KeyError):
            return None
        return DerivedFile(path, told["sha256"], told["bytes"])

    def forget(self, origins: Collection[str]) -> None:
        """Delete what was made from blobs or manifests of these digests: parts of a key, between `-`."""
        wanted = {origin.removeprefix("sha256:") for origin in origins}
        self._folder.mkdir(parents=True, exist_ok=True)
        for origin in wanted:
            (self._folder / f"{_GONE}{origin}").write_text(secrets.token_hex(8))
        for path in self._list():
            if not wanted.isdisjoint([*path.name.split("-"), *self._list_origins(path)]):
                self._remove(path)

    def _make_later(self, key: str, make: Callable[[Path], None], origins: Collection[str]) -> None:
        try:
            self.get(key, make, origins)
        except Exception:  # nobody waits for it: the answer is sent in another format, and the work is begun again
            logger.warning("%s is not made in the background", key, exc_info=True)
        finally:
            with self._lock:
                self._begun.discard(key)

    def _make(self, key: str, make: Callable[[Path], None], origins: Collection[str]) -> DerivedFile:
        gone, begun = self._list_gone(key, origins), time.perf_counter()
        told: dict[str, object] = {"of": sorted(origins)} if origins else {}
        beside = self._folder / f".{os.getpid()}-{secrets.token_hex(8)}"
        try:
            make(beside)
            with beside.open("rb") as file:
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
                size = os.fstat(file.fileno()).st_size
            mark = self._folder / f"{key}{_MARK}"
            mark.unlink(missing_ok=True)
            if told:
                mark.write_text(json.dumps({**told, "sha256": "", "bytes": -1}))
            beside.replace(self._folder / key)
            beside.write_text(json.dumps({**told, "sha256": sha256, "bytes": size}))
            beside.replace(mark)
        finally:
            beside.unlink(missing_ok=True)
        if self._list_gone(key, origins) - gone:
            self._remove(self._folder / key)
            raise NotFoundError(N_("The data that this file is made from was deleted a moment ago"))
        self._make_room(key)
        DERIVED_MADE.add(1, _name_format(key))
        DERIVED_SECONDS.observe(time.perf_counter() - begun)
        return DerivedFile(self._folder / key, sha256, size)

    def _list_origins(self, path: Path) -> list[str]:
        """What a file is made of, besides what its key says."""
        try:
            return list(json.loads(path.with_name(f"{path.name}{_MARK}").read_bytes()).get("of", ()))
        except (OSError, ValueError):
            return []

    def _list_gone(self, key: str, origins: Collection[str]) -> set[bytes]:
        """What tells that something it is made of was forgotten: another thing each time."""
        found = set()
        for origin in (*key.split("-"), *origins):
            with contextlib.suppress(OSError):
                found.add((self._folder / f"{_GONE}{origin}").read_bytes())
        return found

    @contextlib.contextmanager
    def _hold(self, key: str) -> Iterator[None]:
        """One at a time for each key, and few at all."""
        place = self._folder / f".lock-{self._lane}{zlib.crc32(key.encode()) % self._slots}"
        with place.open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _make_room(self, newest: str) -> None:
        """Delete the least used until the rest fits, and what makers that died have left; the newest stays."""
        kept = []
        for path in self._list():
            with contextlib.suppress(OSError):
                mark = path.with_name(f"{path.name}{_MARK}")
                used = (mark if mark.exists() else path).stat().st_mtime
                kept.append((used, path.stat().st_size, path))
        total = sum(size for _, size, _ in kept)
        for _, size, path in sorted(kept):
            if total <= self._limit:
                break
            if path.name != newest:
                self._remove(path)
                total -= size
        for path in self._folder.glob(".*-*"):
            with contextlib.suppress(OSError):
                if "lock" not in path.name and time.time() - path.stat().st_mtime > _ABANDONED_SECONDS:
                    path.unlink()

    def _list(self) -> list[Path]:
        if not self._folder.is_dir():
            return []
        return [path for path in self._folder.iterdir() if not path.name.startswith(".") and path.suffix != _MARK]

    def _remove(self, path: Path) -> None:
        path.with_name(f"{path.name}{_MARK}").unlink(missing_ok=True)
        path.unlink(missing_ok=True)


def _name_format(key: str) -> str:
    word = key.rpartition("-")[2].partition(".")[0]
    return word if word in _FORMATS else "other"
