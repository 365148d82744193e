"""Machines die at random, database and queue go away, while people publish and read: nothing is lost or half visible.

`python -m tests.nodes.chaos` runs it at length. The environment says how much, `OPENDATA_CHAOS_` and a field of `Plan`:
OPENDATA_CHAOS_PUBLICATIONS, OPENDATA_CHAOS_READS, OPENDATA_CHAOS_QUEUE (redis, postgresql), OPENDATA_CHAOS_STORE
(folder, ceph). Where this machine has network namespaces, workers are also cut off for longer than their leases last.
"""

from __future__ import annotations

import json
import os
import random
import tempfile
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from opendata.services.core.damages import Damages
from opendata.services.core.values import ServedFile
from opendata.services.operations.checking import Checking
from opendata.wiring import Services, build_context, build_services
from tests.instances import publish
from tests.nodes.fleet import LEASE_SECONDS, Fleet, Machine, run_fleet
from tests.nodes.traffic import FIRST, SCHEMA, Read, Traffic, read_number, write_table

GRACE_SECONDS = 1.5
"""So long after a server is back a read may still fail."""


@dataclass(frozen=True)
class Plan:
    """How much there is to do."""

    publications: int = 500
    reads: int = 20_000
    webs: int = 3
    workers: int = 3
    datasets: int = 4
    readers: int = 3
    store: str = "folder"
    queue: str = "redis"
    seed: int = 1
    pause: float = 3.0
    faults: int = 0
    """At most so many; 0: for as long as people publish."""

    @classmethod
    def read(cls) -> Plan:
        """The plan of the environment."""
        found = {
            name: type(getattr(cls, name))(os.environ[f"OPENDATA_CHAOS_{name.upper()}"])
            for name in cls.__dataclass_fields__
            if f"OPENDATA_CHAOS_{name.upper()}" in os.environ
        }
        return cls(**found)


@dataclass(frozen=True)
class Absence:
    """When something didn't answer (monotonic)."""

    what: str
    begin: float
    end: float

    def touches(self, read: Read) -> bool:
        """Whether a read may have noticed."""
        return read.began <= self.end and read.ended >= self.begin


@dataclass
class Faults:
    """Makes faults, and keeps book of when readers may have noticed."""

    fleet: Fleet
    chance: random.Random
    pause: float
    most: int
    away: list[Absence] = field(default_factory=list)
    kills: list[Absence] = field(default_factory=list)
    """When machines that serve readers were killed: from just before to just after."""

    told: list[Absence] = field(default_factory=list)
    """Each fault: its kind, and from when to when it was made and mended."""

    def run(self, stop: threading.Event) -> None:
        """One fault after the other, each kind before any comes again, until it is to stop and each kind was there."""
        kinds = ["web", "worker", "process", *self.fleet.servers]
        kinds += ["cable"] if self.fleet.workers[0].place.cable else []
        waiting: list[str] = []
        while not stop.is_set() or len(self.told) < len(kinds):
            if self.most and len(self.told) >= self.most:
                break
            if not waiting:
                waiting = self.chance.sample(kinds, len(kinds))
            kind = waiting.pop()
            begin = time.monotonic()
            getattr(self, f"_kill_{kind}", lambda kind=kind: self._stop_server(kind))()
            self.told.append(Absence(kind, begin, time.monotonic()))
            self._revive()
            time.sleep(self.pause * self.chance.uniform(0.5, 1.5))
        self._revive()

    def excuse(self, read: Read) -> bool:
        """Whether a read fell into a time in which something that every machine needs was away."""
        return any(absence.touches(read) for absence in self.away)

    def explains(self, read: Read) -> bool:
        """Whether an answer may have been cut off by the death of its machine."""
        return any(absence.touches(read) for absence in (*self.kills, *self.away))

    def tell(self, read: Read) -> str:
        """A read with the last faults before it, in seconds from its begin."""
        before = [absence for absence in self.told if absence.begin < read.ended][-4:]
        made = ", ".join(
            f"{item.what} {item.begin - read.began:+.1f} to {item.end - read.began:+.1f}" for item in before
        )
        return f"{read.path} took {read.ended - read.began:.1f} s: {read.what}; faults: {made}"

    def count(self, reads: Sequence[Read]) -> str:
        """How many reads failed while what was away, and for how long that was in all."""
        parts = []
        for what in sorted({absence.what for absence in self.away}):
            absences = [absence for absence in self.away if absence.what == what]
            number = sum(any(absence.touches(read) for absence in absences) for read in reads)
            seconds = sum(absence.end - absence.begin - GRACE_SECONDS for absence in absences)
            parts.append(f"{number} while {what} was away ({len(absences)} times, {seconds:.0f} s)")
        return ", ".join(parts) or "nothing was away"

    def _kill_web(self) -> None:
        self._kill_one(self.fleet.webs)

    def _kill_worker(self) -> None:
        self._kill_one(self.fleet.workers)

    def _kill_cable(self) -> None:
        """Cut off a worker until others have taken over its work, then let it go on."""
        place = self.chance.choice(self.fleet.workers).place
        place.pull()
        time.sleep(LEASE_SECONDS * self.chance.uniform(1.2, 2.0))
        place.plug()

    def _kill_process(self) -> None:
        """One process of a machine that does no reading; its neighbours start it again."""
        machine = self.chance.choice(self.fleet.workers)
        processes = machine.list_processes()
        if len(processes) > 1:
            os.kill(self.chance.choice(processes[1:]), 9)

    def _kill_one(self, machines: Sequence[Machine]) -> None:
        machine = self.chance.choice(machines)
        others = [other for other in self.fleet.webs if other is not machine]
        is_last = machine.is_web and not any(other.is_ready() for other in others)
        begin = time.monotonic()
        machine.kill()
        if machine.is_web:
            self.kills.append(Absence(machine.name, begin, time.monotonic()))
        if is_last:
            machine.start()
            self.fleet.wait_until_ready()
            self.away.append(Absence("every web server", begin, time.monotonic() + GRACE_SECONDS))
        else:
            time.sleep(self.chance.uniform(0.0, 1.0))
            machine.start()

    def _stop_server(self, name: str) -> None:
        server = self.fleet.servers[name]
        begin = time.monotonic()
        server.stop()
        time.sleep(self.chance.uniform(0.3, 1.5))
        server.start()
        if name != "queue":  # of which no reader hears
            self.away.append(Absence(f"the {name}", begin, time.monotonic() + GRACE_SECONDS))

    def _revive(self) -> None:
        """Start again what found no database when it started: an operator's service manager does so."""
        for machine in self.fleet.machines:
            if machine.process is not None and machine.process.poll() is not None:
                machine.start()


def run_chaos(folder: Path, plan: Plan) -> str:
    """Do all of it; a line about it. Raises `AssertionError` where something was lost, half visible or there twice."""

    def fill(services: Services) -> None:
        editor = services.accounts.get_actor("editor")
        for number in range(plan.datasets):
            name = f"reservoirs-{number}"
            licenses = [{"name": "CC-BY-4.0"}]
            services.datasets.create(
                editor, {"id": name, "title": f"水库 {number}", "publisher": "water-bureau", "licenses": licenses}
            )
            publish(services, editor, write_table(FIRST + number), dataset=name, schema=json.loads(SCHEMA))

    with (
        run_fleet(folder, fill, webs=plan.webs, workers=plan.workers, store=plan.store, queue=plan.queue) as fleet,
        ThreadPoolExecutor(plan.datasets + plan.readers + 1) as pool,
    ):
        traffic = Traffic(fleet.base, fleet.token, plan.datasets)
        faults = Faults(fleet, random.Random(plan.seed), plan.pause, plan.faults)
        stop, began = threading.Event(), time.monotonic()
        each, rest = divmod(plan.publications, plan.datasets)
        making = [pool.submit(faults.run, stop)]
        publishing = [pool.submit(traffic.publish, number, each + (number < rest)) for number in range(plan.datasets)]
        # Readers go on for as long as anything may break.
        is_enough = lambda: traffic.reads >= plan.reads and making[0].done()  # noqa: E731
        reading = [pool.submit(traffic.read, plan.seed + number, is_enough) for number in range(plan.readers)]
        try:
            for future in publishing:
                future.result()
            while traffic.reads < plan.reads and not all(future.done() for future in reading):
                time.sleep(0.1)
        finally:
            stop.set()
        for future in (*making, *reading):
            future.result()
        seconds = time.monotonic() - began
        fleet.wait_until_ready()
        unexcused = [read for read in traffic.failed if not faults.excuse(read)]
        assert not traffic.unfinished, traffic.unfinished
        check_catalogue(fleet, traffic, plan)
        assert all(faults.explains(read) for read in traffic.cut), traffic.cut
        assert not unexcused, (len(unexcused), [faults.tell(read) for read in unexcused[:5]])
        count = sum(map(len, traffic.published.values()))
        return (
            f"{count} versions, {len(traffic.refused)} reports, {traffic.reads} reads in {seconds:.0f} s,"
            f" {len(faults.told)} faults; {len(traffic.failed)} reads failed: {faults.count(traffic.failed)};"
            f" {len(traffic.cut)} were cut off by a dying machine and came whole the second time;"
            f" the longest publication took {traffic.longest:.1f} s; seed {plan.seed}"
        )


def check_catalogue(fleet: Fleet, traffic: Traffic, plan: Plan) -> None:
    """Each acknowledged table is a version, none is there twice, and the stores are as they should be."""
    services = build_services(fleet.first.settings)
    published = sum(map(len, traffic.published.values()))
    assert published + len(traffic.refused) == plan.publications
    for number in range(plan.datasets):
        name, wanted = f"reservoirs-{number}", [FIRST + number, *traffic.published.get(number, [])]
        versions = [item.version for item in services.versions.list(name)]
        texts = [read_text(services.versions.find_file(name, version, "levels", "csv")) for version in versions]
        found = [read_number(text) for text in texts]
        assert sorted(found, key=str) == sorted(wanted, key=str), (name, found, wanted)
        assert all(text == write_table(item) for text, item in zip(texts, found, strict=True) if item)
    context = build_context(fleet.first.settings)
    checked = Checking(context, Damages(context)).run(full=True)
    assert checked.is_sound, checked.findings
    for one in (services.database, context.database):
        one.dispose()


def read_text(file: ServedFile) -> str:
    """What a file says, wherever it lies."""
    with file.local_copy() as path:
        return path.read_text()


def main() -> None:
    """Run the plan of the environment."""
    plan = Plan.read()
    with tempfile.TemporaryDirectory(prefix="opendata-chaos-") as folder:
        try:
            print(run_chaos(Path(folder), plan))
        except pytest.skip.Exception as missing:
            print(f"skipped: {missing}")


if __name__ == "__main__":
    main()
