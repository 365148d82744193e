"""Where the machines of a fleet keep published files: a folder that all of them mount, or buckets of a Ceph."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from tests.ceph_server import KEY_ID, SECRET, Bucket, CephServer, require_ceph


class Server(Protocol):
    """Something that all machines need and that may go away for a while."""

    def start(self) -> None:
        """Run until it answers."""
        ...

    def stop(self) -> None:
        """End at once."""
        ...


class SharedStore(Protocol):
    """Where published files are. `server` is what can be stopped, if that is one."""

    server: Server | None

    def describe(self) -> Mapping[str, str]:
        """The settings that name it."""
        ...

    def remove(self) -> None:
        """End it, and leave nothing behind."""
        ...


class FolderStore:
    """A file system that all machines mount."""

    server: Server | None = None

    def __init__(self, folder: Path, host: str) -> None:
        self._folder = folder

    def describe(self) -> Mapping[str, str]:
        """Both stores, beside each other."""
        return {
            "OPENDATA_STORE": str(self._folder / "store"),
            "OPENDATA_PRIVATE_STORE": str(self._folder / "private"),
        }

    def remove(self) -> None:
        """The folder goes with that of the fleet."""


BUCKETS = ("public", "private")


class Gateway:
    """The gateway of a Ceph: what is stored outlives it."""

    def __init__(self, ceph: CephServer) -> None:
        self._ceph = ceph
        self._is_made = False

    def start(self) -> None:
        """Run until it answers; the first time with all that is behind it, and empty buckets."""
        if self._is_made:
            self._ceph.start_gateway()
            return
        self._ceph.start()
        for name in BUCKETS:
            Bucket(self._ceph.endpoint, name).make()
        self._is_made = True

    def stop(self) -> None:
        """End at once."""
        self._ceph.kill_gateway()


class CephStore:
    """Two buckets of a Ceph."""

    def __init__(self, folder: Path, host: str) -> None:
        require_ceph()
        self.ceph = CephServer(host)
        self.server: Server | None = Gateway(self.ceph)

    def describe(self) -> Mapping[str, str]:
        """The buckets, the gateway and the key."""
        public, private = (f"s3://{name}/portal" for name in BUCKETS)
        return {
            "OPENDATA_STORE": public,
            "OPENDATA_PRIVATE_STORE": private,
            "OPENDATA_S3_ENDPOINT": self.ceph.endpoint,
            "OPENDATA_S3_KEY_ID": KEY_ID,
            "OPENDATA_S3_SECRET": SECRET,
        }

    def remove(self) -> None:
        """End all of it."""
        self.ceph.remove()


STORES: dict[str, Callable[[Path, str], SharedStore]] = {"folder": FolderStore, "ceph": CephStore}
"""What makes a store of each kind, below a folder, for machines that reach this one at an address."""
