"""Work on drafts: one worker at a time, failures tried again, nothing done for a draft that was given up."""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from opendata.db.models import Draft
from opendata.domain.stages import Stage
from opendata.errors import StateError
from opendata.services.access.kept_forms import KeptForms
from opendata.services.catalogue.entries import find_dataset
from opendata.services.core.actors import Actor
from opendata.services.core.context import Context, read_clock
from opendata.services.core.values import DraftView
from opendata.services.drafts import lease as lease_module
from opendata.services.drafts.lease import Lease, LostLeaseError, take_lease
from opendata.services.operations.checking import Checking
from opendata.services.operations.screening import Screening
from opendata.services.uploads.upload_values import UploadedFile
from opendata.services.uploads.uploads import Uploads
from opendata.services.work import processing
from opendata.services.work.processing import Processing
from opendata.services.work.work import Work
from opendata.storage.local import LocalStore
from opendata.wiring import Services, build_context, build_services
from tests.instances import CSV, DATASET, make_actor, make_services, publish, upload

WORKERS = 6


class Clock:
    """A clock that tests put forward."""

    def __init__(self) -> None:
        self.now = read_clock()

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def context(services: Services, clock: Clock) -> Iterator[Context]:
    """The instance under a clock of ours."""
    found = build_context(services.settings, clock=clock)
    yield found
    found.database.dispose()


@pytest.fixture
def work(services: Services, clock: Clock) -> Iterator[Work]:
    """The same work under a clock of ours."""
    found = build_services(services.settings, clock=clock)
    yield found.work
    found.database.dispose()


def receive(services: Services, editor: Actor, text: str = CSV) -> str:
    """A draft that nobody has worked on yet, nor told the queue of."""
    file = UploadedFile("levels.csv", io.BytesIO(text.encode()))
    view, _ = services.drafts.create(editor, "reservoirs", [file], enqueue=False)
    return view.id


def list_queued(services: Services) -> list[str]:
    """The drafts that the queue tells of."""
    return [message.args[0] for message in services.queue.open().pending()]


def row_of(services: Services, draft: str) -> Draft:
    with services.database.unit() as session:
        row = session.get(Draft, draft)
        assert row is not None
        return row


def tell(context: Context, lease: Lease, progress: float) -> None:
    """Report progress at once."""
    with context.write() as session:
        lease.extend(session, stage="check levels", progress=progress)


def break_processing(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Make processing fail until the function given back is called."""
    attempts = []

    def fail(self: Processing, lease: Lease, row: Draft) -> None:
        attempts.append(lease)
        raise OSError("the disk is full")

    monkeypatch.setattr(Processing, "run", fail)
    return monkeypatch.undo


@pytest.mark.both_databases
def test_two_workers_never_hold_one_draft(services: Services, editor: Actor, context: Context) -> None:
    for _ in range(5):
        draft = receive(services, editor)
        barrier = threading.Barrier(WORKERS)

        def take(_: int, draft: str = draft, barrier: threading.Barrier = barrier) -> Lease | None:
            barrier.wait()
            return take_lease(context, draft)

        with ThreadPoolExecutor(WORKERS) as pool:
            leases = [lease for lease in pool.map(take, range(WORKERS)) if lease]
        assert len(leases) == 1
        assert row_of(services, draft).attempts == 1


@pytest.mark.both_databases
def test_many_workers_on_one_draft_publish_one_version(services: Services, editor: Actor) -> None:
    draft = receive(services, editor)
    with ThreadPoolExecutor(WORKERS) as pool:
        assert sum(pool.map(lambda _: services.work.run(draft), range(WORKERS))) == 1
        services.drafts.submit(editor, draft)
        assert sum(pool.map(lambda _: services.work.run(draft), range(WORKERS))) == 1
    assert services.drafts.get(editor, draft).status == "published"
    assert [item.version for item in services.versions.list("reservoirs")] == ["1.0.0"]


@pytest.mark.both_databases
def test_a_lease_is_held_until_it_runs_out_and_longer_where_the_worker_gets_on(
    services: Services, editor: Actor, context: Context, clock: Clock, work: Work
) -> None:
    draft = receive(services, editor)
    lease = take_lease(context, draft)
    assert lease is not None
    seconds = services.settings.lease_seconds
    clock.pass_(seconds)
    assert take_lease(context, draft) is None
    assert work.find() == []
    tell(context, lease, 0.5)
    assert (row_of(services, draft).stage, row_of(services, draft).progress) == ("check levels", 0.5)
    clock.pass_(seconds)
    assert take_lease(context, draft) is None
    clock.pass_(1)
    assert work.find() == [draft]
    assert take_lease(context, draft) is not None


def test_progress_is_written_once_a_second_at_most(
    services: Services, editor: Actor, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = 100.0
    monkeypatch.setattr(lease_module, "time", SimpleNamespace(monotonic=lambda: seconds))
    draft = receive(services, editor)
    lease = take_lease(context, draft)
    assert lease is not None
    lease.report(Stage("early"), 0.1)
    assert row_of(services, draft).stage == ""
    seconds += 1
    lease.report(Stage("later"), 1.7)
    assert (row_of(services, draft).stage, row_of(services, draft).progress) == ("later", 1.0)


@pytest.mark.both_databases
def test_what_a_worker_does_after_losing_its_lease_is_void(
    services: Services, editor: Actor, context: Context, clock: Clock
) -> None:
    draft = receive(services, editor)
    first = take_lease(context, draft)
    clock.pass_(services.settings.lease_seconds + 1)
    second = take_lease(context, draft)
    assert first is not None
    assert second is not None
    with pytest.raises(LostLeaseError):
        tell(context, first, 0.9)
    with services.database.unit(write=True) as session, pytest.raises(LostLeaseError):
        first.lock(session)
    services.work.do(first)
    assert row_of(services, draft).status == "validating"
    services.work.do(second)
    assert services.drafts.get(editor, draft).status == "valid"


def test_a_worker_that_is_overtaken_half_way_changes_nothing(
    services: Services, editor: Actor, context: Context, clock: Clock, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = receive(services, editor)
    prepare = processing.prepare_table
    overtaken = []

    def overtake(*args: object, **options: object) -> object:
        if not overtaken:
            clock.pass_(services.settings.lease_seconds + 1)
            overtaken.append(take_lease(context, draft))
        return prepare(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(processing, "prepare_table", overtake)
    assert work.run(draft) is True
    row = row_of(services, draft)
    assert (row.status, row.error, row.resources[0].checked) == ("validating", None, False)
    assert row.lease_owner == overtaken[0].owner  # type: ignore[attr-defined]


@pytest.mark.parametrize("step", ["taken", "working"])
def test_a_draft_given_up_while_a_worker_has_it_stays_given_up(
    services: Services, editor: Actor, context: Context, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    # A sound first version, so that publishing what was discarded would be possible.
    publish(services, editor)
    draft = receive(services, editor, CSV + "A003,南湖,3,2026-02-02\n")

    def discard() -> None:
        if row_of(services, draft).status in ("received", "validating"):
            services.drafts.discard(editor, draft)

    if step == "taken":
        take = take_lease

        def take_and_discard(*args: object) -> Lease | None:
            lease = take(*args)  # type: ignore[arg-type]
            discard()
            return lease

        monkeypatch.setattr("opendata.services.work.work.take_lease", take_and_discard)
    else:
        run = Processing.run

        def discard_and_run(self: Processing, lease: Lease, row: Draft) -> None:
            discard()
            run(self, lease, row)

        monkeypatch.setattr(Processing, "run", discard_and_run)
    services.work.run(draft)
    assert services.drafts.get(editor, draft).status == "discarded"
    assert services.work.find() == []
    assert services.datasets.get("reservoirs").latest == "1.0.0"


def test_a_failure_of_ours_is_noted_and_tried_again_with_growing_pauses(
    services: Services, editor: Actor, work: Work, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = receive(services, editor)
    repair = break_processing(monkeypatch)
    pauses = []
    for _ in range(services.settings.max_attempts):
        assert work.run(draft) is True
        row = row_of(services, draft)
        assert row.status == "failed"
        assert row.error == {"type": "OSError", "detail": "the disk is full"}
        assert row.due is not None
        assert row.lease_owner is None
        pauses.append((row.due - clock.now).total_seconds())
        assert work.run(draft) is False
        assert work.sweep() == 0
        clock.pass_(pauses[-1])
        assert work.sweep() == 1
    assert pauses == sorted(pauses)
    assert len(set(pauses)) == len(pauses)
    assert list_queued(services) == [draft] * services.settings.max_attempts
    repair()
    assert services.drafts.get(editor, draft).status == "failed"


def test_a_repaired_failure_goes_on_by_itself(
    services: Services, editor: Actor, work: Work, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = receive(services, editor)
    repair = break_processing(monkeypatch)
    work.run(draft)
    repair()
    clock.pass_(3600)
    assert work.run(draft) is True
    view = services.drafts.get(editor, draft)
    assert (view.status, view.error) == ("valid", None)
    assert row_of(services, draft).attempts == 0


def test_after_the_last_attempt_it_is_given_up_until_somebody_asks_again(
    services: Services, editor: Actor, work: Work, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = receive(services, editor)
    repair = break_processing(monkeypatch)
    for _ in range(services.settings.max_attempts + 1):
        clock.pass_(3600)
        assert work.run(draft) is True
    clock.pass_(10 * 365 * 24 * 3600)
    assert work.find() == []
    assert work.run(draft) is False
    view = services.drafts.get(editor, draft)
    assert view.status == "failed"
    assert view.error is not None
    assert view.error["detail"] == "the disk is full"
    repair()
    assert services.drafts.retry(editor, draft).status == "received"
    services.work.run_to_end(draft)
    assert services.drafts.get(editor, draft).status == "valid"
    with pytest.raises(StateError):
        services.drafts.retry(editor, draft)


def test_a_worker_that_dies_every_time_is_given_up_with_a_reason(
    services: Services, editor: Actor, context: Context, work: Work, clock: Clock
) -> None:
    draft = receive(services, editor)
    for _ in range(services.settings.max_attempts):
        assert take_lease(context, draft) is not None  # and then nothing more is heard of it
        clock.pass_(services.settings.lease_seconds + 1)
    assert work.run(draft) is True
    view = services.drafts.get(editor, draft)
    assert view.status == "failed"
    assert view.error is not None
    assert view.error["type"] == "WorkerDied"
    assert work.find() == []


def test_a_publication_that_fails_is_tried_again_and_makes_the_version_once(
    services: Services, editor: Actor, work: Work, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = upload(services, editor)
    services.drafts.submit(editor, view.id)

    def fail(*_: object) -> None:
        raise OSError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(LocalStore, "put_record", fail)
        work.run(view.id)
    assert services.drafts.get(editor, view.id).status == "failed"
    with pytest.raises(StateError):
        services.drafts.discard(editor, view.id)
    clock.pass_(3600)
    assert work.run(view.id) is True
    assert services.drafts.get(editor, view.id).version == "1.0.0"
    assert work.run(view.id) is False


@pytest.mark.both_databases
def test_one_publication_of_a_dataset_goes_first_and_the_other_waits(
    services: Services, editor: Actor, work: Work, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = upload(services, editor, "a\n1\n", name="one", schema=None)
    second = upload(services, editor, "a\n1\n", name="two", schema=None)
    for view in (first, second):
        services.drafts.submit(editor, view.id)

    def fail(*_: object) -> None:
        raise OSError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(LocalStore, "put_record", fail)
        work.run(first.id)
    for _ in range(services.settings.max_attempts * 2):
        assert work.run(second.id) is True
        assert services.drafts.get(editor, second.id).status == "submitted"
        clock.pass_(1)
    clock.pass_(3600)
    work.run(first.id)
    work.run(second.id)
    assert services.drafts.get(editor, first.id).version == "1.0.0"
    assert services.drafts.get(editor, second.id).version == "1.1.0"


def test_who_waited_for_a_dataset_sees_what_was_done_to_it_meanwhile(tmp_path: Path, postgresql_tables: str) -> None:
    """On PostgreSQL alone: SQLite has one writer at a time, who begins by waiting."""
    services = make_services(tmp_path / "instance", database_url=postgresql_tables)
    editor = make_actor(services, "editor")
    services.datasets.create(editor, DATASET)
    draft = receive(services, editor)
    with services.database.unit(write=True) as session:
        assert session.get_one(Draft, draft).dataset.publishing_id is None
        with services.database.unit(write=True) as other:
            find_dataset(other, "reservoirs", lock=True).publishing_id = "somebody else's"
        assert find_dataset(session, "reservoirs", lock=True).publishing_id == "somebody else's"
    services.database.dispose()


@pytest.mark.both_databases
def test_the_sweep_finds_what_the_queue_lost_oldest_first(services: Services, editor: Actor, work: Work) -> None:
    drafts = [receive(services, editor) for _ in range(3)]
    assert list_queued(services) == []
    assert work.sweep() == 3
    assert list_queued(services) == drafts
    services.work.run_to_end(drafts[1])
    assert work.find() == [drafts[0], drafts[2]]


def test_old_temporary_files_are_removed_and_young_ones_kept(services: Services, editor: Actor) -> None:
    settings = services.settings
    publish(services, editor)
    kept = {path for path in settings.home.rglob("*") if path.is_file()}
    for folder in (settings.private_folder / "work", settings.private_folder / "tmp", settings.public_folder / "tmp"):
        (folder / "old-folder").mkdir(parents=True)
        (folder / "old-folder" / "half.parquet").write_text("half")
        (folder / "old").write_text("half")
        (folder / "young").write_text("half")
        for name in ("old-folder", "old"):
            yesterday = read_clock().timestamp() - 25 * 3600
            os.utime(folder / name, (yesterday, yesterday))
    services.work.tidy()
    left = {path for path in settings.home.rglob("*") if path.is_file()} - kept
    names = sorted(path.name for path in left if "audit" not in path.parts)  # signed records of the audit log
    assert names == ["young"] * 3


def test_tidying_is_not_upset_by_a_file_that_goes_meanwhile(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = services.settings.private_folder / "tmp"
    for name in ("a", "b"):
        (folder / name).write_text("half")
    glob = Path.glob

    def vanishing(self: Path, pattern: str) -> list[Path]:
        found = list(glob(self, pattern))
        for path in found:
            path.unlink()
        return found

    monkeypatch.setattr(Path, "glob", vanishing)
    services.work.tidy()
    assert list(folder.iterdir()) == []


def test_one_step_of_tidying_that_fails_leaves_the_others_be(
    services: Services, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    old = services.settings.private_folder / "tmp" / "old"
    old.write_text("half")
    os.utime(old, (0, 0))

    def fail(*_: object) -> None:
        raise KeyError("broken")

    for owner, step in ((Uploads, "tidy"), (KeptForms, "tidy"), (Screening, "run_slice"), (Checking, "run_slice")):
        monkeypatch.setattr(owner, step, fail)
    services.work.tidy()
    assert not old.exists()
    assert [record.args for record in caplog.records] == [
        ("uploads",),
        ("kept forms",),
        ("screening",),
        ("checking",),
    ]


def test_an_unknown_draft_has_no_work(services: Services) -> None:
    assert services.work.run("0" * 24) is False
    services.work.run_to_end("0" * 24)


def test_a_draft_that_has_failed_is_not_waited_for(
    services: Services, editor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = receive(services, editor)
    break_processing(monkeypatch)
    services.work.run_to_end(draft)
    view: DraftView = services.drafts.get(editor, draft)
    assert view.status == "failed"
