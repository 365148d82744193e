"""A worker process takes drafts from the first byte to a version, and finds those the queue has lost."""

from __future__ import annotations

import io
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from opendata.errors import BackendError
from opendata.jobs import worker
from opendata.jobs.queue import DraftQueue
from opendata.services.core.actors import Actor
from opendata.services.drafts.intake import ResourceOption
from opendata.services.uploads.upload_values import UploadedFile
from opendata.wiring import Services
from tests.crash.forge import Child, Forge
from tests.instances import CSV, SCHEMA, locate
from tests.mail_office import mail_settings, make_office
from tests.mailbox import Mailbox

LONGEST = 60


def receive(services: Services, editor: Actor, *, enqueue: bool = True) -> str:
    option = ResourceOption(file="levels.csv", name="levels", schema=SCHEMA)
    file = UploadedFile("levels.csv", io.BytesIO(CSV.encode()))
    return services.drafts.create(editor, "reservoirs", [file], [option], enqueue=enqueue)[0].id


def wait_for(reached: Callable[[], bool], child: Child) -> None:
    """Look again and again until something is so; fail where the worker ends first."""
    deadline = time.monotonic() + LONGEST
    while not reached():
        assert time.monotonic() < deadline, "the worker did not get there"
        try:
            child.wait(timeout=0.05)
        except subprocess.TimeoutExpired:
            continue
        pytest.fail(f"the worker ended: {child.end()}")


@contextmanager
def run_process(forge: Forge, services: Services, **more: str) -> Iterator[Child]:
    settings = services.settings
    environment = {
        "OPENDATA_HOME": str(settings.home),
        "OPENDATA_DATABASE_URL": settings.database_url,
        "OPENDATA_REVIEW": "none",
        **more,
    }
    child = forge.start("tests.jobs.child:run_worker_alone", environment=environment)
    try:
        yield child
    finally:
        child.kill()
        child.end()


def test_a_worker_process_takes_a_draft_to_a_version_and_ends_when_asked(
    forge: Forge, services: Services, editor: Actor
) -> None:
    draft = receive(services, editor)
    with run_process(forge, services) as child:
        wait_for(lambda: services.drafts.get(editor, draft).status == "valid", child)
        services.drafts.submit(editor, draft)
        wait_for(lambda: services.drafts.get(editor, draft).status == "published", child)
        assert locate(services.versions.find_file("reservoirs", "1.0.0", "levels", "csv")).read_text() == CSV
        lost = receive(services, editor, enqueue=False)
        wait_for(lambda: services.drafts.get(editor, lost).status == "valid", child)
        child.send_signal(signal.SIGINT)
        assert child.wait(timeout=LONGEST) == 0
        assert "Traceback" not in child.end().output
    assert services.queue.count() == 0


def test_messages_that_are_none_do_not_stop_a_worker(forge: Forge, services: Services, editor: Actor) -> None:
    storage = services.queue.open().storage
    for data in (b"\x80\x04N.", b"{", b"[1, 2]", b'["id", "no.such.task", null, 0, 0, null, [], {}, null, null]'):
        storage.enqueue(data)
    draft = receive(services, editor)
    with run_process(forge, services) as child:
        wait_for(lambda: services.drafts.get(editor, draft).status == "valid", child)
        wait_for(lambda: services.queue.count() == 0, child)


def sweep_once(services: Services) -> None:
    stop = threading.Event()
    stop.set()
    worker.sweep(services.work, services.queue, stop, 1)


@pytest.mark.both_databases
def test_the_sweep_puts_lost_drafts_back_but_not_twice(services: Services, editor: Actor) -> None:
    draft = receive(services, editor, enqueue=False)
    assert services.queue.count() == 0
    sweep_once(services)
    assert services.queue.count() == 1
    sweep_once(services)
    assert services.queue.count() == 1
    services.work.run_to_end(draft)
    services.queue.open().flush()
    sweep_once(services)
    assert services.queue.count() == 0


def test_a_sweep_that_fails_is_tried_again(
    services: Services, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    rounds = []
    stop = threading.Event()

    def fail(self: DraftQueue) -> int:
        rounds.append(1)
        if len(rounds) == 3:
            stop.set()
        raise OSError("the disk is full")

    monkeypatch.setattr(DraftQueue, "count", fail)
    worker.sweep(services.work, services.queue, stop, 0)
    assert len(rounds) == 3
    assert caplog.text.count("the sweep failed and will be tried again") == 3


def test_a_message_about_a_draft_that_is_done_or_unknown_does_no_harm(services: Services, editor: Actor) -> None:
    draft = receive(services, editor)
    services.work.run_to_end(draft)
    services.queue.put("0" * 24)
    services.queue.run = services.work.run
    huey = services.queue.open()
    done = []
    while task := huey.dequeue():
        done.append(huey.execute(task))
    assert done == [False, False]
    assert services.drafts.get(editor, draft).status == "valid"


@pytest.mark.slow
def test_a_worker_process_sends_what_waits(forge: Forge, tmp_path: Path, mailbox: Mailbox) -> None:
    office = make_office(tmp_path / "instance", mailbox.url())
    office.clock.now = datetime.now(UTC)
    office.write()
    mail = {f"OPENDATA_{name.upper()}": str(value) for name, value in mail_settings(mailbox.url()).items()}
    with run_process(forge, office.services, **mail) as child:
        wait_for(lambda: office.states() == ["sent"], child)
    assert mailbox.recipients == ["wang@example.org"]
    office.services.database.dispose()


def test_a_worker_sends_mail_and_goes_on_after_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    stop, rounds = threading.Event(), []

    class Sender:
        def send_mail(self, is_stopping: Callable[[], bool]) -> int:
            rounds.append(is_stopping())
            if len(rounds) == 1:
                raise RuntimeError("the database is away")
            stop.set()
            return 0

    monkeypatch.setattr(worker, "MAIL_SECONDS", 0.0)
    worker.send_mail(Sender(), stop, 0.0)
    assert rounds == [False, False]


def test_a_worker_fetches_tables_and_continues_after_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    stop, rounds = threading.Event(), []

    class Fetcher:
        def run_due(self, is_stopping: Callable[[], bool]) -> int:
            rounds.append(is_stopping())
            if len(rounds) == 1:
                raise BackendError("the database is away")
            if len(rounds) == 2:
                raise RuntimeError("something else is wrong")
            stop.set()
            return 0

    monkeypatch.setattr(worker, "FETCH_SECONDS", 0.0)
    worker.fetch_sources(Fetcher(), stop, 0.0)
    assert rounds == [False, False, False]


def test_the_index_is_followed_again_after_whatever_failed(caplog: pytest.LogCaptureFixture) -> None:
    class PanicError(BaseException):
        """As a library in Rust raises it."""

    class Indexer:
        def __init__(self) -> None:
            self.left: list[BaseException] = [BackendError("the database is away"), PanicError(), OSError("disk full")]

        def follow(self) -> bool:
            if self.left:
                raise self.left.pop(0)
            stop.set()
            return False

    stop = threading.Event()
    worker.follow_changes(Indexer(), stop, 0.0)
    assert [record.levelname for record in caplog.records] == ["WARNING", "ERROR", "ERROR"]
