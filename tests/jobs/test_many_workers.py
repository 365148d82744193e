"""Several workers, as on several machines: one database, one Redis that comes and goes, and every draft done once."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from opendata.jobs.queue import DraftQueue
from opendata.services.core.actors import Actor
from opendata.services.drafts.intake import ResourceOption
from opendata.services.uploads.upload_values import UploadedFile
from opendata.wiring import Services, build_services
from tests.crash.forge import Child, Forge
from tests.instances import CSV, SCHEMA, make_actor, make_services
from tests.servers import CHECKOUT, RedisServer, free_port

PATIENCE = 40
WORKERS = 3
DRAFTS = 6
PROGRAM = """
import os, sys
from opendata.jobs.runner import ProcessRunner
from opendata.jobs.worker import run_worker
from opendata.settings import read_settings
from opendata.wiring import build_services

services = build_services(read_settings())
runner = ProcessRunner(services.work, [sys.executable, "tests/jobs/child.py", str(os.getpid())], seconds=60)
runner.start()
try:
    run_worker(services.work, services.queue, sweep_seconds=1, run=runner.run)
finally:
    runner.stop()
"""


class Fleet:
    """Workers over one instance."""

    def __init__(self, forge: Forge, services: Services) -> None:
        self._forge = forge
        settings = services.settings
        self.notes = settings.home / "notes"
        self.log = settings.home / "worker.log"
        self._environment = {
            "OPENDATA_HOME": str(settings.home),
            "OPENDATA_DATABASE_URL": settings.database_url,
            "OPENDATA_QUEUE_URL": settings.queue_url,
            "OPENDATA_LEASE_SECONDS": "3",
            "OPENDATA_SWEEP_SECONDS": "1",
            "OPENDATA_REVIEW": "none",
            "OPENDATA_TEST_NOTES": str(self.notes),
        }
        self._forked: list[Child] = []
        self._cold: list[subprocess.Popen[bytes]] = []

    def start(self) -> Child:
        """One worker more, forked like its process."""
        self._forked.append(self._forge.start("tests.jobs.child:run_workers_work", environment=self._environment))
        return self._forked[-1]

    def start_cold(self, *words: str) -> subprocess.Popen[bytes]:
        """One worker more, by what follows `python` in its command."""
        environment = {**os.environ, **self._environment}
        with self.log.open("ab") as log:
            worker = subprocess.Popen([sys.executable, *words], stdout=log, stderr=log, cwd=CHECKOUT, env=environment)
        self._cold.append(worker)
        return worker

    def stop(self) -> None:
        """Kill all that still runs."""
        for child in self._forked:
            child.kill()
            child.end()
        for worker in self._cold:
            worker.kill()
            worker.wait(timeout=PATIENCE)


@pytest.fixture
def shared(services: Services, redis_server: RedisServer) -> Iterator[Services]:
    """The instance with a Redis as its queue."""
    built = build_services(replace(services.settings, queue_url=redis_server.url))
    yield built
    built.database.dispose()


@pytest.fixture
def fleet(forge: Forge, shared: Services) -> Iterator[Fleet]:
    built = Fleet(forge, shared)
    yield built
    built.stop()


def receive(services: Services, editor: Actor, name: str) -> str:
    option = ResourceOption(file=f"{name}.csv", name=name, schema=SCHEMA)
    file = UploadedFile(f"{name}.csv", io.BytesIO(CSV.encode()))
    return services.drafts.create(editor, "reservoirs", [file], [option])[0].id


def until(reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not reached():
        assert time.monotonic() < deadline, "it does not happen"
        time.sleep(0.05)


def status_of(services: Services, editor: Actor, draft: str) -> str:
    return services.drafts.get(editor, draft).status


@pytest.mark.slow
def test_several_workers_share_a_redis_and_work_at_each_draft_once(
    shared: Services, editor: Actor, fleet: Fleet
) -> None:
    drafts = [receive(shared, editor, f"table-{number}") for number in range(DRAFTS)]
    for _ in range(WORKERS):
        fleet.start()
    for draft in drafts * 2:  # messages that come twice do no harm
        shared.queue.put(draft)
    until(lambda: all(status_of(shared, editor, draft) == "valid" for draft in drafts))
    until(lambda: shared.queue.count() == 0)
    notes = [line.split() for line in fleet.notes.read_text().splitlines()]
    for draft in drafts:
        assert [word for word, of, _ in notes if of == draft] == ["begin", "end"]
    for draft in drafts:
        shared.drafts.submit(editor, draft)
    until(lambda: all(status_of(shared, editor, draft) == "published" for draft in drafts))
    versions = [item.version for item in shared.versions.list("reservoirs")]
    assert sorted(versions) == sorted(f"1.{number}.0" for number in range(DRAFTS))


@pytest.mark.slow
def test_a_redis_that_goes_away_stops_no_worker_and_one_that_comes_back_is_used_again(
    shared: Services, editor: Actor, fleet: Fleet, redis_server: RedisServer
) -> None:
    worker = fleet.start()
    first = receive(shared, editor, "first")
    until(lambda: status_of(shared, editor, first) == "valid")
    redis_server.stop()
    without = receive(shared, editor, "without")
    until(lambda: status_of(shared, editor, without) == "valid")  # by the sweep
    assert worker.poll() is None
    redis_server.start()
    again = receive(shared, editor, "again")
    until(lambda: status_of(shared, editor, again) == "valid")
    until(lambda: shared.queue.count() == 0)
    assert worker.poll() is None
    worker.send_signal(signal.SIGINT)
    assert worker.wait(timeout=PATIENCE) == 0
    log = worker.end().output
    assert "the worker goes on without it" in log
    assert "Traceback" not in log


@pytest.mark.skipif(sys.platform != "linux", reason="processes are read from /proc")
@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_the_process_ends_with_its_worker_and_another_worker_finishes_the_draft(
    shared: Services, editor: Actor, fleet: Fleet, number: signal.Signals
) -> None:
    first = fleet.start_cold("-c", PROGRAM)
    draft = receive(shared, editor, "deaf")
    until(lambda: fleet.notes.exists() and fleet.notes.read_text().endswith("\n"))
    assert status_of(shared, editor, draft) == "validating"
    process = int(fleet.notes.read_text().split()[2])
    first.send_signal(number)
    first.wait(timeout=PATIENCE)
    until(lambda: not Path(f"/proc/{process}").exists() or is_zombie(process))
    fleet.start_cold("-m", "opendata", "worker")  # in which nothing is deaf
    until(lambda: status_of(shared, editor, draft) == "valid")


def is_zombie(process: int) -> bool:
    """Whether it has ended and only waits for somebody to ask how: in a container there may be nobody."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


@pytest.mark.slow
@pytest.mark.parametrize("command", [["worker"], ["serve", "--port", "PORT"]], ids=["worker", "serve"])
def test_a_redis_that_is_not_there_is_told_at_the_start(tmp_path: Path, command: list[str]) -> None:
    services = make_services(tmp_path / "instance")
    make_actor(services, "editor")
    services.database.dispose()
    port = free_port()
    environment = {
        **os.environ,
        "OPENDATA_HOME": str(tmp_path / "instance"),
        "OPENDATA_QUEUE_URL": f"redis://127.0.0.1:{port}/0",
        "LC_ALL": "C.UTF-8",
    }
    words = [str(free_port()) if word == "PORT" else word for word in command]
    ended = subprocess.run(
        [sys.executable, "-m", "opendata", *words],
        capture_output=True,
        text=True,
        env=environment,
        cwd=tmp_path,
        timeout=PATIENCE,
    )
    assert ended.returncode == 2, ended.stderr
    assert f"127.0.0.1:{port}" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_instances_apart_by_the_number_of_their_database_do_not_see_each_other(
    tmp_path: Path, redis_server: RedisServer
) -> None:
    one, other = (DraftQueue(tmp_path / "unused", redis_server.url[:-1] + number) for number in "01")
    one.put("0" * 24)
    assert (one.count(), other.count()) == (1, 0)
