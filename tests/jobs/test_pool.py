"""Several processes at the work: whose turn it is, and that no publisher's files hold those of the others."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import cast

import pytest

from opendata.db.models import Draft
from opendata.jobs import runner as runner_module
from opendata.jobs.pool import RunnerPool
from opendata.jobs.queue import DraftQueue
from opendata.jobs.runner import ProcessRunner
from opendata.services.core.actors import Actor
from opendata.services.drafts.intake import ResourceOption
from opendata.services.uploads.upload_values import UploadedFile
from opendata.wiring import Services
from tests.crash.forge import Child, Forge
from tests.instances import CSV, DATASET, SCHEMA, make_actor

PATIENCE = 60


@pytest.fixture
def other(services: Services) -> Actor:
    """An editor of another publisher, which has a dataset of its own."""
    maintainer = make_actor(services, "head", "maintainer")
    services.publishers.create(maintainer, {"id": "road-office", "title": "Road office"})
    actor = make_actor(services, "roads", publisher="road-office")
    services.datasets.create(actor, {**DATASET, "id": "roads", "publisher": "road-office"})
    return actor


@pytest.fixture
def pool(services: Services, forge: Forge) -> Iterator[RunnerPool]:
    """A pool of two processes, which mind what tables are called."""
    environment = {"OPENDATA_HOME": str(services.settings.home), "OPENDATA_REVIEW": "none"}
    environment |= {"OPENDATA_DATABASE_URL": services.settings.database_url}
    children: list[Child] = []

    def fork(command: object) -> Child:
        children.append(forge.start("tests.jobs.child:work", environment=environment, with_pipes=True))
        return children[-1]

    runners = [ProcessRunner(services.work, [], seconds=PATIENCE, start_process=fork) for _ in range(2)]
    built = RunnerPool(services.work, cast("DraftQueue", services.queue), runners)
    yield built
    built.stop()
    for child in children:
        child.end()


def receive(services: Services, editor: Actor, name: str, dataset: str = "reservoirs") -> str:
    option = ResourceOption(file=f"{name}.csv", name=name, schema=SCHEMA)
    file = UploadedFile(f"{name}.csv", io.BytesIO(CSV.encode()))
    return services.drafts.create(editor, dataset, [file], [option], enqueue=False)[0].id


def until(reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not reached():
        assert time.monotonic() < deadline, "it does not happen"
        time.sleep(0.02)


@pytest.mark.both_databases
def test_the_publisher_with_the_fewest_drafts_at_work_goes_first_and_then_the_oldest(
    services: Services, editor: Actor, other: Actor
) -> None:
    first, second = (receive(services, editor, name) for name in ("one", "two"))
    late = receive(services, other, "three", "roads")
    order = []
    while (found := services.work.take_next()) is not None:
        order.append((found[0], found[1].draft))
    assert order == [("water-bureau", first), ("road-office", late), ("water-bureau", second)]


def test_a_publisher_that_is_passed_over_waits_and_a_draft_that_is_put_off_too(
    services: Services, editor: Actor, other: Actor
) -> None:
    own = receive(services, editor, "one")
    assert services.work.take_next({"water-bureau"}) is None
    with services.database.unit(write=True) as session:
        row = session.get(Draft, own)
        assert row is not None
        row.due = datetime(2100, 1, 1, tzinfo=UTC)
    assert services.work.take_next() is None


def test_the_files_of_one_publisher_never_hold_those_of_another(
    services: Services, editor: Actor, other: Actor, pool: RunnerPool
) -> None:
    stuck = [receive(services, editor, "sleeping") for _ in range(2)]
    threads = [threading.Thread(target=pool.run, args=(draft,)) for draft in stuck]
    threads[0].start()
    until(lambda: services.drafts.get(editor, stuck[0]).status == "validating")
    threads[1].start()
    threads[1].join(PATIENCE)
    assert services.drafts.get(editor, stuck[1]).status == "received"
    quick = receive(services, other, "quick", "roads")
    assert pool.run(quick) is True
    assert services.drafts.get(other, quick).status == "valid"
    pool.stop()
    threads[0].join(PATIENCE)


def test_what_was_passed_over_is_put_into_the_queue_again_once_a_process_is_free(
    services: Services, editor: Actor, pool: RunnerPool
) -> None:
    drafts = [receive(services, editor, name) for name in ("one", "two")]
    before = services.queue.count()
    assert pool.run(drafts[0]) is True
    assert services.queue.count() == before + 1
    assert pool.run("whatever") is True
    assert services.queue.count() == before + 1
    assert [services.drafts.get(editor, draft).status for draft in drafts] == ["valid", "valid"]


def test_work_that_goes_on_and_on_is_stopped_however_much_progress_it_makes(
    services: Services, editor: Actor, pool: RunnerPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner_module, "TOTAL", 0)
    draft = receive(services, editor, "sleeping")
    assert pool.run(draft) is True
    view = services.drafts.get(editor, draft)
    assert view.error is not None
    assert (view.error["type"], view.error["code"]) == ("TookTooLong", "no-end")
