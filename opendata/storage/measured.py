"""A store whose calls are counted: how often, how long, how many bytes, how many failed. It keeps nothing itself.

What is missing (`NotFoundError`) or too large isn't a failure of the store. Lists take as long as their reader takes,
so they aren't measured.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import BinaryIO

from opendata.errors import BackendError, IntegrityError
from opendata.storage.store import BlobState, Store
from opendata.telemetry.instruments import STORE_BYTES, STORE_ERRORS, STORE_SECONDS, is_enabled
from opendata.telemetry.tracing import is_tracing, note_span

_IN, _OUT = "in", "out"
_NOTHING: AbstractContextManager[None] = nullcontext()


class MeasuredStore:
    """A store (see `store.Store`), measured under a name."""

    def __init__(self, store: Store, name: str) -> None:
        self._store = store
        self._name = name

    def put_blob(self, path: Path, *, sha256: str | None = None) -> tuple[str, int]:
        """Keep a file."""
        with self._measure("put_blob"):
            found = self._store.put_blob(path, sha256=sha256)
        STORE_BYTES.add(found[1], self._name, _IN)
        return found

    def put_stream(self, stream: BinaryIO, *, limit: int | None = None) -> tuple[str, int]:
        """Keep what a stream holds."""
        with self._measure("put_stream"):
            found = self._store.put_stream(stream, limit=limit)
        STORE_BYTES.add(found[1], self._name, _IN)
        return found

    def open_blob(self, name: str) -> BinaryIO:
        """A blob's bytes; all of them count as read."""
        with self._measure("open_blob"):
            found = self._store.open_blob(name)
            size = self._store.find_state(name).size if is_enabled() else 0
        STORE_BYTES.add(size, self._name, _OUT)
        return found

    def local_copy(self, name: str) -> AbstractContextManager[Path]:
        """A local file with a blob's bytes."""
        return self._copy(name)

    @contextmanager
    def _copy(self, name: str) -> Iterator[Path]:
        copy = self._store.local_copy(name)
        with self._measure("local_copy"):
            path = copy.__enter__()
        try:
            yield path
        except BaseException as error:
            if not copy.__exit__(type(error), error, error.__traceback__):
                raise
        else:
            copy.__exit__(None, None, None)

    def find_state(self, name: str) -> BlobState:
        """Size, times and mark of a blob."""
        with self._measure("find_state"):
            return self._store.find_state(name)

    def has_blob(self, name: str) -> bool:
        """Whether the store has a blob."""
        with self._measure("has_blob"):
            return self._store.has_blob(name)

    def list_blobs(self) -> Iterator[tuple[str, int]]:
        """Every blob's name and size."""
        return self._store.list_blobs()

    def delete_blob(self, name: str) -> None:
        """Let a blob go for good."""
        with self._measure("delete_blob"):
            self._store.delete_blob(name)

    def put_record(self, key: str, data: bytes) -> None:
        """Write a record once."""
        with self._measure("put_record"):
            self._store.put_record(key, data)
        STORE_BYTES.add(len(data), self._name, _IN)

    def get_record(self, key: str) -> bytes:
        """A record's bytes."""
        with self._measure("get_record"):
            data = self._store.get_record(key)
        STORE_BYTES.add(len(data), self._name, _OUT)
        return data

    def has_record(self, key: str) -> bool:
        """Whether there is a record of this key."""
        with self._measure("has_record"):
            return self._store.has_record(key)

    def find_written(self, key: str) -> float:
        """When a record was written."""
        with self._measure("find_written"):
            return self._store.find_written(key)

    def list_records(self, prefix: str) -> Iterator[str]:
        """The keys of all records below a folder."""
        return self._store.list_records(prefix)

    def list_files(self) -> Iterator[tuple[str, int]]:
        """The key and size of every blob and record."""
        return self._store.list_files()

    def check(self) -> None:
        """Raises `BackendError` where the store can't be read."""
        with self._measure("check"):
            self._store.check()

    @property
    def can_sign(self) -> bool:
        """Whether it can hand out addresses."""
        return self._store.can_sign

    def sign_address(self, name: str, *, media_type: str, disposition: str) -> str:
        """The address of a blob."""
        return self._store.sign_address(name, media_type=media_type, disposition=disposition)

    def _measure(self, call: str) -> AbstractContextManager[None]:
        return _Measured(self._name, call) if is_enabled() or is_tracing() else _NOTHING


class _Measured:
    """A call at hand. A class, since it costs half of what a generator does."""

    __slots__ = ("_begun", "_call", "_store")

    def __init__(self, store: str, call: str) -> None:
        self._store, self._call = store, call
        self._begun = time.perf_counter()

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        seconds = time.perf_counter() - self._begun
        STORE_SECONDS.observe(seconds, self._store, self._call)
        if isinstance(error, OSError | BackendError | IntegrityError):
            STORE_ERRORS.add(1, self._store, self._call)
        if is_tracing():
            note_span(f"store {self._call}", seconds, store=self._store)
