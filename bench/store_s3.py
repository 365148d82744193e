"""Blobs of 1 kB and 256 MB put into a bucket and read back: ours against plain obstore, and against a folder.

The object store is a Ceph of this machine, as the tests start it, whose processes take a part of the same processor:
CPU seconds are those of this process alone. Sides alternate, and the median counts. Ours hashes, notes when a blob
came, and looks whether it is whole; plain obstore only moves bytes.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path

from bench._machine import describe_machine
from opendata.storage.local import LocalStore
from opendata.storage.objects.cache import BlobCache
from opendata.storage.objects.client import Clients, S3Access, S3Place
from opendata.storage.objects.store import S3Store
from opendata.storage.store import Store
from tests.ceph_server import CephServer

SMALL, LARGE = 1000, 256 * 10**6
PIECE = 1 << 20


def main() -> None:
    """Start a Ceph, measure each side, print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--small", type=int, default=200, help="how many small blobs a run puts and reads")
    options = parser.parse_args()
    print(describe_machine())
    server = CephServer()
    try:
        server.start()
        with tempfile.TemporaryDirectory() as folder:
            measure(server, Path(folder), options.runs, options.small)
    finally:
        server.remove()


def measure(server: CephServer, folder: Path, runs: int, small: int) -> None:
    """Put and read on each side in turn."""
    bucket = server.make_bucket()
    access = S3Access(endpoint=bucket.endpoint, key_id=bucket.key_id, secret=bucket.secret, seconds=30)
    cache = BlobCache(folder / "cache", 1 << 30)
    ours = S3Store(S3Place(bucket.name, "ours", access), cache, lambda _: nullcontext(lambda: None))
    plain = Plain(Clients(S3Place(bucket.name, "plain", access)))
    sides: dict[str, Store | Plain] = {"ours": ours, "obstore": plain, "folder": LocalStore(folder / "store")}
    for size, count in ((SMALL, small), (LARGE, 1)):
        taken: dict[tuple[str, str], list[tuple[float, float]]] = {}
        for run in range(runs):
            paths = [write(folder / f"{run}-{number}", size) for number in range(count)]
            names = [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths]
            for side, store in sides.items():
                puts = [partial(store.put_blob, path, sha256=name) for path, name in zip(paths, names, strict=True)]
                taken.setdefault((side, "put"), []).append(clock(puts))
                taken.setdefault((side, "get"), []).append(clock([partial(read, store, name) for name in names]))
                for name in names:
                    store.delete_blob(name)
            for path in paths:
                path.unlink()
        for (side, what), times in sorted(taken.items(), key=lambda item: item[0][1]):
            wall, cpu = (statistics.median(values) / count for values in zip(*times, strict=True))
            speed = f"  {size / wall / 1e6:7.0f} MB/s" if size == LARGE else ""
            print(f"{size:>11} bytes {what} {side:8} {wall * 1000:9.2f} ms wall {cpu * 1000:9.2f} ms CPU{speed}")


class Plain:
    """What somebody writes who has only obstore."""

    def __init__(self, clients: Clients) -> None:
        self._client = clients.get(sending=True)

    def put_blob(self, path: Path, *, sha256: str) -> None:
        """Put a file."""
        import obstore

        obstore.put(self._client, sha256, path, max_concurrency=2, chunk_size=8 << 20)

    def read(self, name: str) -> None:
        """Read an object to its end."""
        import obstore

        for _ in obstore.get(self._client, name).stream(min_chunk_size=256 * 1024):
            pass

    def delete_blob(self, name: str) -> None:
        """Delete an object."""
        import obstore

        obstore.delete(self._client, name)


def read(store: Store | Plain, name: str) -> None:
    """Read a blob to its end."""
    if isinstance(store, Plain):
        store.read(name)
        return
    with store.open_blob(name) as file:
        while file.read(PIECE):
            pass


def write(path: Path, size: int) -> Path:
    """A file of noise."""
    with path.open("wb") as file:
        for place in range(0, size, PIECE):
            file.write(os.urandom(min(PIECE, size - place)))
    return path


def clock(calls: Sequence[Callable[[], object]]) -> tuple[float, float]:
    """Seconds by the clock and by the processor that calls take."""
    wall, cpu = time.perf_counter(), time.process_time()
    for call in calls:
        call()
    return time.perf_counter() - wall, time.process_time() - cpu


if __name__ == "__main__":
    main()
