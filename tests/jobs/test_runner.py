"""The heavy work in a process of its own: whatever a file does to it, the worker and the other drafts go on."""

from __future__ import annotations

import io
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from opendata.db.models import Draft
from opendata.errors import BackendError
from opendata.jobs.runner import ProcessRunner
from opendata.services.core.actors import Actor
from opendata.services.drafts.intake import ResourceOption
from opendata.services.drafts.lease import Lease
from opendata.services.uploads.upload_values import UploadedFile
from opendata.services.work.work import Work
from opendata.wiring import Services, build_services
from tests.crash.forge import Child, Forge
from tests.instances import CSV, SCHEMA

CHILD = Path(__file__).with_name("child.py")
PATIENCE = 60


Start = Callable[..., ProcessRunner]


class DeafEar:
    """The standard input of a process that dies with the words unread in it."""

    def __init__(self, child: Child) -> None:
        self._child = child
        self._stdin = child.stdin

    def write(self, words: bytes) -> None:
        self._child.send_signal(signal.SIGSTOP)
        self._stdin.write(words)
        self._child.send_signal(signal.SIGKILL)

    def close(self) -> None:
        self._stdin.close()


@pytest.fixture
def start(services: Services, forge: Forge, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Start a runner whose process minds what tables are called; it is forked, unless it is to start `cold`."""
    settings = services.settings
    environment = {
        "OPENDATA_HOME": str(settings.home),
        "OPENDATA_DATABASE_URL": settings.database_url,
        "OPENDATA_REVIEW": "none",
        "OPENDATA_WORK_MEMORY_BYTES": str(512 << 20),
    }
    started: list[ProcessRunner] = []
    children: list[Child] = []

    def fork(command: Sequence[str]) -> Child:
        children.append(forge.start("tests.jobs.child:work", environment=environment, with_pipes=True))
        return children[-1]

    def fork_deaf(command: Sequence[str]) -> Child:
        child = fork(command)
        if len(children) == 1:
            child.stdin = DeafEar(child)
        return child

    def build(
        *, seconds: float = PATIENCE, is_cold: bool = False, first_is_deaf: bool = False, work: Work = services.work
    ) -> ProcessRunner:
        if is_cold:
            for name, value in environment.items():
                monkeypatch.setenv(name, value)
            runner = ProcessRunner(work, [sys.executable, str(CHILD), str(os.getpid())], seconds=seconds)
        else:
            start_process = fork_deaf if first_is_deaf else fork
            runner = ProcessRunner(work, [], seconds=seconds, start_process=start_process)
        started.append(runner)
        runner.start()
        return runner

    yield build
    for runner in started:
        runner.stop()
    for child in children:
        child.end()


def receive(services: Services, editor: Actor, name: str = "levels") -> str:
    option = ResourceOption(file=f"{name}.csv", name=name, schema=SCHEMA)
    file = UploadedFile(f"{name}.csv", io.BytesIO(CSV.encode()))
    return services.drafts.create(editor, "reservoirs", [file], [option], enqueue=False)[0].id


def row_of(services: Services, draft: str) -> Draft:
    with services.database.unit() as session:
        row = session.get(Draft, draft)
        assert row is not None
        return row


def make_due(services: Services, draft: str) -> None:
    """Let the pause before the next attempt be over."""
    with services.database.unit(write=True) as session:
        row = session.get(Draft, draft)
        assert row is not None
        row.due = None


def pid_of(runner: ProcessRunner) -> int:
    assert runner.pid is not None
    return runner.pid


def until(reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not reached():
        assert time.monotonic() < deadline, "it does not happen"
        time.sleep(0.02)


def test_a_process_whose_draft_could_not_be_followed_answers_for_no_other(
    start: Start, services: Services, editor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(work: Work, lease: Lease) -> int:
        raise BackendError("the database is away")

    runner, first, second = start(), receive(services, editor, "first"), receive(services, editor, "second")
    with monkeypatch.context() as patch:
        patch.setattr(Work, "count_bytes", fail)
        with pytest.raises(BackendError):
            runner.run(first)
    assert runner.run(second)
    assert row_of(services, second).status == "valid"


@pytest.mark.slow
def test_drafts_are_checked_and_published_in_one_process_that_stays(
    services: Services, editor: Actor, start: Start
) -> None:
    runner = start(is_cold=True)
    process = pid_of(runner)
    for number in range(3):
        draft = receive(services, editor, f"table-{number}")
        assert runner.run(draft) is True
        services.drafts.submit(editor, draft)
        assert runner.run(draft) is True
        assert services.drafts.get(editor, draft).version == f"1.{number}.0"
        assert runner.run(draft) is False
    assert pid_of(runner) == process
    assert process != os.getpid()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["greedy", "hungry"])
def test_a_file_that_takes_too_much_memory_fails_alone_and_says_so(
    services: Services, editor: Actor, start: Start, name: str
) -> None:
    runner = start()
    bad, good = receive(services, editor, name), receive(services, editor, "good")
    assert runner.run(bad) is True
    assert runner.run(good) is True
    assert services.drafts.get(editor, good).status == "valid"
    view = services.drafts.get(editor, bad)
    assert (view.status, view.is_at_work, view.is_settled) == ("failed", True, False)
    assert view.error is not None
    assert "more than the 512 MiB of memory" in view.error["detail"]
    # Once more, and then it is left to somebody.
    for _ in range(2):
        make_due(services, bad)
        assert runner.run(bad) is True
    view = services.drafts.get(editor, bad)
    assert (view.is_given_up, view.is_at_work, view.is_settled) == (True, False, True)
    assert "more than the 512 MiB of memory" in view.error["detail"]  # type: ignore[index]
    make_due(services, bad)
    services.drafts.retry(editor, bad)
    assert services.drafts.get(editor, bad).is_at_work


def test_a_file_that_crashes_the_process_fails_alone_and_is_given_up_in_the_end(
    services: Services, editor: Actor, start: Start
) -> None:
    runner = start()
    bad, good = receive(services, editor, "crashing"), receive(services, editor, "good")
    assert runner.run(bad) is True
    assert runner.run(good) is True
    assert services.drafts.get(editor, good).status == "valid"
    error = services.drafts.get(editor, bad).error
    assert error is not None
    assert error["type"] == "WorkerDied"
    assert "Segmentation fault" in error["detail"]
    row = row_of(services, bad)
    assert (row.attempts, row.lease_owner) == (1, None)
    for _ in range(services.settings.max_attempts):
        make_due(services, bad)
        runner.run(bad)
    view = services.drafts.get(editor, bad)
    assert view.is_given_up
    assert "The file may be too large" in view.error["detail"]  # type: ignore[index]


def test_work_that_gets_nowhere_is_stopped_and_the_next_draft_goes_through(
    services: Services, editor: Actor, start: Start
) -> None:
    runner = start(seconds=3)  # a busy machine is slow, not stuck
    bad, good = receive(services, editor, "deaf"), receive(services, editor, "good")
    assert runner.run(bad) is True
    assert runner.run(good) is True
    assert services.drafts.get(editor, good).status == "valid"
    view = services.drafts.get(editor, bad)
    assert view.error is not None
    assert view.error["type"] == "TookTooLong"
    assert "no progress for 3 seconds" in view.error["detail"]


@pytest.mark.slow
@pytest.mark.both_databases
@pytest.mark.parametrize("name", [pytest.param("sleeping", marks=pytest.mark.slow), "deaf"])
def test_a_draft_discarded_while_it_is_checked_is_stopped_soon(
    services: Services, editor: Actor, start: Start, name: str
) -> None:
    runner = start()
    draft = receive(services, editor, name)
    thread = threading.Thread(target=runner.run, args=(draft,))
    thread.start()
    until(lambda: services.drafts.get(editor, draft).status == "validating")
    process = pid_of(runner)
    work_folder = services.settings.private_folder / "work"
    until(lambda: any(work_folder.rglob("half.parquet")))
    services.drafts.discard(editor, draft)
    thread.join(timeout=PATIENCE)
    assert not thread.is_alive()  # though the check would have gone on for ten minutes
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)
    view = services.drafts.get(editor, draft)
    assert (view.status, view.error, view.is_at_work) == ("discarded", None, False)
    if name == "sleeping":
        assert list(work_folder.rglob("half.parquet")) == []
    good = receive(services, editor, "good")
    assert runner.run(good) is True
    assert services.drafts.get(editor, good).status == "valid"


def test_a_process_killed_while_idle_is_replaced_and_nobody_notices(
    services: Services, editor: Actor, start: Start
) -> None:
    runner = start()
    process = pid_of(runner)
    os.kill(process, signal.SIGKILL)
    draft = receive(services, editor)
    assert runner.run(draft) is True
    view = services.drafts.get(editor, draft)
    assert (view.status, view.error) == ("valid", None)
    assert pid_of(runner) != process


def test_a_process_that_dies_before_it_has_taken_the_draft_is_replaced_and_nobody_notices(
    services: Services, editor: Actor, start: Start
) -> None:
    runner = start(first_is_deaf=True)
    process = pid_of(runner)
    draft = receive(services, editor)
    assert runner.run(draft) is True
    view = services.drafts.get(editor, draft)
    assert (view.status, view.error) == ("valid", None)
    assert pid_of(runner) != process


@pytest.mark.slow
def test_a_draft_taken_while_the_worker_stops_is_given_back_and_no_process_is_started(
    services: Services, editor: Actor, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner = start()
    process, draft, take = pid_of(runner), receive(services, editor), services.work.take

    def stop_after_taking(draft: str) -> Lease | None:
        lease = take(draft)
        runner.stop()
        return lease

    monkeypatch.setattr(services.work, "take", stop_after_taking)
    runner.run(draft)
    row = row_of(services, draft)
    assert (row.lease_owner, row.attempts) == (None, 0)
    assert pid_of(runner) == process


@pytest.mark.slow
@pytest.mark.both_databases
def test_a_lease_is_kept_while_the_process_says_nothing(services: Services, editor: Actor, start: Start) -> None:
    brief = build_services(replace(services.settings, lease_seconds=2))
    runner = start(work=brief.work)
    draft = receive(services, editor, "sleeping")
    thread = threading.Thread(target=runner.run, args=(draft,))
    thread.start()
    until(lambda: services.drafts.get(editor, draft).status == "validating")
    until(lambda: any((services.settings.private_folder / "work").rglob("half.parquet")))  # from here on it is silent
    before = row_of(services, draft).lease_until
    assert before is not None
    until(lambda: (row_of(services, draft).lease_until or before) > before)
    runner.stop()
    thread.join(timeout=PATIENCE)
    brief.database.dispose()


@pytest.mark.both_databases
def test_a_worker_that_is_stopped_leaves_its_draft_as_if_it_had_not_begun(
    services: Services, editor: Actor, start: Start
) -> None:
    runner = start()
    draft = receive(services, editor, "sleeping")
    thread = threading.Thread(target=runner.run, args=(draft,))
    thread.start()
    until(lambda: any((services.settings.private_folder / "work").rglob("half.parquet")))
    runner.stop()
    thread.join(timeout=PATIENCE)
    row = row_of(services, draft)
    assert (row.attempts, row.lease_owner, row.error) == (0, None, None)
    assert services.work.find() == [draft]
    assert runner.run(draft) is False  # it begins nothing more
