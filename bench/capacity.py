"""What each station of an instance does for a page, a call of REST, a range and a publication, and what 100 nodes do.

A web server, a worker, PostgreSQL, Redis, nginx and a Ceph run on this machine; what each takes of the processor for a
kind of request is its service time, beyond what it takes when nobody asks. Besides: how long a publication holds the
row of the audit log that all writers wait for, what every further machine does for it (its own indexes), and what
1,000 datasets and a terabyte cost. `bench._queueing` makes the throughput of 1 to 100 nodes of that.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

import psycopg
import requests
from sqlalchemy import event
from sqlalchemy.orm import Session

from bench._machine import describe_machine, measure_cpu
from bench._queueing import Demands, show_model
from opendata.services.core import context as core
from opendata.wiring import Services, build_context, build_services
from tests.instances import publish
from tests.nodes.fleet import Fleet
from tests.nodes.stores import CephStore
from tests.nodes.traffic import FIRST, SCHEMA, Traffic, write_table

DATASETS = 4
REQUESTS = int(os.environ.get("REQUESTS", "600"))
PUBLICATIONS = int(os.environ.get("PUBLICATIONS", "32"))
MORE_DATASETS = 40
IDLE_SECONDS = 15.0
RANGE = 1_000_000
BLOB = 256 * 10**6

Sample = Mapping[str, float]


class Stations:
    """Which processes are which station."""

    def __init__(self, fleet: Fleet) -> None:
        assert isinstance(fleet.store, CephStore)
        assert fleet.redis is not None
        web, worker = fleet.machines
        assert web.process is not None
        assert worker.process is not None
        self._pids = {
            "web": [web.process.pid],
            "worker": [worker.process.pid],
            "database": [fleet.database.pid],
            "object store": fleet.store.ceph.list_pids(),
            "queue": [fleet.redis.pid],
            "nginx": [fleet.nginx_pid],
        }
        self.idle: Sample = dict.fromkeys(self._pids, 0.0)
        seconds, found = self.take(lambda: time.sleep(IDLE_SECONDS))
        self.idle = {name: value / seconds for name, value in found.items()}

    def take(self, do: Callable[[], object]) -> tuple[float, Sample]:
        """How long something takes, and what each station takes of the processor beyond its idling."""
        before, began = self._count(), time.monotonic()
        do()
        seconds = time.monotonic() - began
        after = self._count()
        return seconds, {name: max(0.0, after[name] - before[name] - self.idle[name] * seconds) for name in after}

    def _count(self) -> Sample:
        return {name: sum(map(measure_cpu, pids)) for name, pids in self._pids.items()}


def fill(services: Services) -> None:
    """Some datasets with a version each, and one with a table of some megabytes."""
    editor = services.accounts.get_actor("editor")
    for number in range(DATASETS):
        make_dataset(services, editor, f"reservoirs-{number}", write_table(FIRST + number))
    rows = "".join(f"{number},{number}\n" for number in range(400_000))
    make_dataset(services, editor, "large", f"of,n\n{rows}")


def make_dataset(services: Services, editor: Any, name: str, text: str) -> None:
    """A dataset with its first version."""
    licenses = [{"name": "CC-BY-4.0"}]
    services.datasets.create(
        editor, {"id": name, "title": f"水库 {name}", "publisher": "water-bureau", "licenses": licenses}
    )
    publish(services, editor, text, dataset=name, schema=json.loads(SCHEMA))


def ask(base: str, path: str, headers: Mapping[str, str], count: int) -> None:
    """Ask for an address so often, two readers at once."""

    def read(number: int) -> None:
        session = requests.Session()
        session.headers.update(headers)
        for _ in range(number):
            answer = session.get(f"{base}{path}", timeout=60)
            assert answer.ok, (path, answer.status_code)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(read, (count // 2, count - count // 2)))


def measure_requests(fleet: Fleet, stations: Stations) -> dict[str, Sample]:
    """What each station takes for one request of each kind."""
    wanted = {
        "page": ("/datasets/reservoirs-0", {"Accept": "text/html"}, REQUESTS),
        "REST": ("/api/v1/datasets/reservoirs-0", {}, REQUESTS),
        "range of 1 MB": ("/datasets/large/1.0.0/levels.csv", {"Range": f"bytes=0-{RANGE - 1}"}, REQUESTS // 2),
    }
    found = {}
    for kind, (path, headers, count) in wanted.items():
        ask(fleet.base, path, headers, 40)  # loads what is loaded once
        _, taken = stations.take(lambda path=path, headers=headers, count=count: ask(fleet.base, path, headers, count))  # type: ignore[misc]
        found[kind] = {name: value / count for name, value in taken.items()}
    return found


def measure_publications(fleet: Fleet, stations: Stations) -> Sample:
    """What each station takes for one publication, with all that its publisher asks meanwhile."""
    traffic = Traffic(fleet.base, fleet.token, DATASETS)

    def publish_all(count: int) -> None:
        with ThreadPoolExecutor(DATASETS) as pool:
            list(pool.map(lambda number: traffic.publish(number, count // DATASETS), range(DATASETS)))
        time.sleep(5)  # until indexes have followed

    publish_all(2 * DATASETS)
    _, taken = stations.take(lambda: publish_all(PUBLICATIONS))
    assert not traffic.unfinished, traffic.unfinished
    return {name: value / PUBLICATIONS for name, value in taken.items()}


def measure_apart(fleet: Fleet, folder: Path) -> dict[str, float]:
    """What publications take within one process: the lock, a further machine's indexes, and room on disks."""
    services = build_services(fleet.first.settings)
    editor = services.accounts.get_actor("editor")
    home = folder / "further"
    home.mkdir()
    shutil.copytree(services.settings.key_folder, home / "keys")
    further = build_services(replace(services.settings, home=home))
    followers = (further.indexing, further.sketching)
    follow(followers)
    held: list[float] = []
    with psycopg.connect(fleet.database.url.replace("+psycopg", ""), autocommit=True) as connection:

        def measure_room() -> dict[str, float]:
            row = connection.execute("SELECT pg_database_size(current_database())").fetchone()
            files = [path for path in home.rglob("*") if path.is_file() and "cache" not in path.parts]
            return {"database bytes": row[0] if row else 0, "index bytes": sum(path.stat().st_size for path in files)}

        before = measure_room()  # the first figures of a table and an index have room for more already
        of_process, of_database = 0.0, 0.0
        with hold_times(held):
            for number in range(MORE_DATASETS):
                make_dataset(services, editor, f"further-{number}", write_table(number))
                begun, began = time.process_time(), measure_cpu(fleet.database.pid)
                follow(followers)
                of_process += time.process_time() - begun
                of_database += measure_cpu(fleet.database.pid) - began
        after = measure_room()
    (folder / "blob").write_bytes(os.urandom(1 << 20) * (BLOB >> 20))
    context = build_context(services.settings)
    begun = time.process_time()
    name, size = context.private.put_blob(folder / "blob")
    put, begun = time.process_time() - begun, time.process_time()
    digest = hashlib.sha256()
    with context.private.open_blob(name) as file:
        for piece in iter(lambda: file.read(1 << 20), b""):
            digest.update(piece)
    assert digest.hexdigest() == name
    got = time.process_time() - begun
    for one in (services, further, context):
        one.database.dispose()
    return {
        "lock": sum(held) / MORE_DATASETS,
        "follow": of_process / MORE_DATASETS,
        "database for a follower": of_database / MORE_DATASETS,
        **{key: (after[key] - before[key]) / MORE_DATASETS for key in after},
        "seconds to store a byte": put / size,
        "seconds to read a byte": got / size,
    }


def follow(followers: Sequence[Any]) -> None:
    """Have indexes take in all that has happened."""
    for follower in followers:
        while follower.follow():
            pass


@contextlib.contextmanager
def hold_times(held: list[float]) -> Iterator[None]:
    """How long each change holds the last row of the audit log: from when it asks for it to the end of its commit."""
    chain = core.chain_events

    def note(session: Session, now: datetime) -> None:
        begun = time.perf_counter()
        chain(session, now)
        event.listen(session, "after_commit", lambda _: held.append(time.perf_counter() - begun), once=True)

    with patch.object(core, "chain_events", note):
        yield


def main() -> None:
    """Measure, print the service times, and what follows."""
    print(f"{describe_machine()}, {datetime.now(UTC):%Y-%m-%d}, load {os.getloadavg()[0]:.1f}")
    with ExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="opendata-capacity-")))
        fleet = Fleet(folder, webs=1, workers=1, store="ceph")
        opened.callback(fleet.stop)
        fleet.start(fill)
        time.sleep(10)
        stations = Stations(fleet)
        kinds = measure_requests(fleet, stations)
        kinds["publication"] = measure_publications(fleet, stations)
        for machine in fleet.machines:
            machine.stop()  # they would take work from what is measured now
        apart = measure_apart(fleet, folder)
    show(stations.idle, kinds, apart)
    show_model(
        Demands(
            kinds=kinds,
            lock=apart["lock"],
            follow=apart["follow"],
            follow_database=apart["database for a follower"],
            idle_node=stations.idle["web"] + stations.idle["worker"],
            idle_database=stations.idle["database"],
        )
    )


def show(idle: Sample, kinds: Mapping[str, Sample], apart: Mapping[str, float]) -> None:
    """Print what was measured."""
    names = list(idle)
    print(f"{'ms of processor time':22}" + "".join(f"{name:>14}" for name in names))
    for kind, taken in kinds.items():
        print(f"{kind:22}" + "".join(f"{1000 * taken[name]:14.2f}" for name in names))
    print(f"{'idling, each second':22}" + "".join(f"{1000 * idle[name]:14.2f}" for name in names))
    print(f"a change holds the end of the audit log; all of a publication's: {1000 * apart['lock']:.1f} ms")
    print(
        f"each further machine's indexes: {1000 * apart['follow']:.1f} ms a publication,"
        f" and {1000 * apart['database for a follower']:.1f} ms of the database"
    )
    print(
        f"1,000 datasets with a small table: {apart['database bytes'] / 1000:.0f} MB of database,"
        f" {apart['index bytes'] / 1000:.0f} MB of indexes on each machine"
    )
    terabyte = 1e12 / 3600
    print(
        f"1 TB: {apart['seconds to store a byte'] * terabyte:.1f} hours of a core to store it,"
        f" {apart['seconds to read a byte'] * terabyte:.1f} to read and hash it once"
    )


if __name__ == "__main__":
    main()
