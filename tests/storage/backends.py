"""The kinds of stores that the common suite runs over: what they are opened with, and how a test looks behind them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import obstore.store
import pytest

from opendata.db.locks import Locks
from opendata.db.session import Database
from opendata.storage.local import LocalStore
from opendata.storage.objects.cache import BlobCache
from opendata.storage.objects.client import Clients, S3Access, S3Place
from opendata.storage.objects.store import S3Store
from opendata.storage.store import Store, blob_key
from tests.ceph_server import Bucket, CephServer, SpoilingProxy, refuse_conditions

CACHE_BYTES = 64 << 20


class FolderBackend:
    """A folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def open(self) -> Store:
        """The store; opening it again gives the same one."""
        return LocalStore(self.folder / "store")

    def list_names(self) -> list[str]:
        """The names of all that is kept, and of what was left behind."""
        store = self.folder / "store"
        return sorted(path.relative_to(store).as_posix() for path in store.rglob("*") if path.is_file())

    def overwrite(self, name: str, data: bytes) -> None:
        """Have somebody else write to a blob."""
        path = self.folder / "store" / blob_key(name)
        path.chmod(0o644)
        path.write_bytes(data)


class BucketBackend:
    """A bucket, or a part of one."""

    def __init__(self, folder: Path, bucket: Bucket, endpoint: str = "", **access: object) -> None:
        self.folder = folder
        self.access = S3Access(
            endpoint=endpoint or bucket.endpoint,
            key_id=bucket.key_id,
            secret=bucket.secret,
            **access,  # type: ignore[arg-type]
        )
        self.bucket = bucket
        self.locks = Locks(Database(f"sqlite:///{folder / 'unused.sqlite'}"), folder / "locks")

    def open(self, **changed: object) -> S3Store:
        """The store, as another process would open it."""
        return S3Store(self._place(**changed), self.open_cache(), self.locks.hold)

    def open_cache(self) -> BlobCache:
        """The cache of this machine."""
        return BlobCache(self.folder / "cache", CACHE_BYTES)

    def list_names(self) -> list[str]:
        """The names of all objects, and of what was left in the cache on the way."""
        left = [path.name for path in (self.folder / "cache").glob(".*-*")]
        pages = obstore.list(self._client(), None)
        return sorted([*(item["path"] for page in pages for item in page), *left])

    def overwrite(self, name: str, data: bytes) -> None:
        """Have somebody else write to a blob."""
        obstore.put(self._client(), blob_key(name), data)

    def _client(self) -> obstore.store.S3Store:
        return Clients(self._place()).get()

    def _place(self, **changed: object) -> S3Place:
        access = S3Access(**{**self._values(), **changed})  # type: ignore[arg-type]
        return S3Place(self.bucket.name, "part/of-it", access)

    def _values(self) -> dict[str, object]:
        return {name: getattr(self.access, name) for name in self.access.__dataclass_fields__}


Backend = FolderBackend | BucketBackend

KINDS = [
    "folder",
    pytest.param("ceph", marks=pytest.mark.slow),
    pytest.param("without-conditions", marks=pytest.mark.slow),
]
"""The kinds, of which the last refuses conditional writes as OpenStack Swift does."""


@contextlib.contextmanager
def open_backend(kind: str, folder: Path, ask: Callable[[str], object]) -> Iterator[Backend]:
    """A new, empty store of a kind; `ask` gives what fixtures are asked for."""
    folder.mkdir(exist_ok=True)
    if kind == "folder":
        yield FolderBackend(folder)
        return
    server = ask("ceph")
    assert isinstance(server, CephServer)
    if kind == "ceph":
        yield BucketBackend(folder, server.make_bucket())
        return
    proxy = SpoilingProxy(server.endpoint)
    proxy.spoil = refuse_conditions
    try:
        yield BucketBackend(folder, server.make_bucket(), proxy.endpoint)
    finally:
        proxy.close()
