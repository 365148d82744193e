"""A disk that is full, read-only or broken, and a database that has no room: no 500, nothing lost, readers are served.

The disk fails at the n-th call that writes into the instance and at all later ones, until it is mended.
"""

from __future__ import annotations

import errno
import io
import os
import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError

from opendata.errors import BackendError
from opendata.receiving import SMALL_BYTES, receive_into
from opendata.services.core.context import read_clock
from opendata.settings import Settings
from opendata.wiring import Services, build_services
from tests.instances import CSV, DATASET, lend_app, make_actor, make_services, make_tables

KINDS = (errno.ENOSPC, errno.EIO, errno.EROFS)
ROWS = "".join(f"A{number:05},湖{number},{number % 90}.5,2026-02-01\n" for number in range(SMALL_BYTES // 24))
LARGE = CSV.splitlines(keepends=True)[0] + ROWS
READS = (
    "/",
    "/datasets/reservoirs",
    "/datasets/reservoirs/1.0.0/levels.csv",
    "/datasets/reservoirs/1.0.0/levels.parquet",
)
ENDS = ("valid", "published")


class Disk:
    """Counts the calls that write into a folder; from the `first` failing one on they raise."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.count = 0
        self.first: int | None = None
        self.kind = errno.ENOSPC
        self._folder = str(folder)
        patch.setattr(os, "fsync", self._guard(os.fsync, lambda *_: True))
        for name in ("link", "replace", "rename", "mkdir"):
            patch.setattr(os, name, self._guard(getattr(os, name), self._is_ours))
        patch.setattr(os, "open", self._guard(os.open, lambda path, flags, *_: self._is_ours(path) and flags & 3))
        patch.setattr(io, "open", self._guard(io.open, self._writes))

    @contextmanager
    def failing(self, first: int, kind: int) -> Iterator[None]:
        self.count, self.first, self.kind = 0, first, kind
        yield
        self.first = None

    def step(self) -> None:
        """One call more."""
        self.count += 1
        if self.first is not None and self.count >= self.first:
            raise OSError(self.kind, os.strerror(self.kind))

    def commit(self, connection: Any) -> None:
        """The database's own writing; what only reads commits nothing."""
        if connection.get_execution_options().get("sqlite_begin") != "IMMEDIATE":
            return
        self.count += 1
        if self.first is not None and self.count >= self.first:
            text = "database or disk is full" if self.kind == errno.ENOSPC else "disk I/O error"
            raise OperationalError("COMMIT", None, sqlite3.OperationalError(text))

    def _is_ours(self, *paths: object) -> bool:
        return any(str(path).startswith(self._folder) for path in paths)

    def _writes(self, file: object, mode: str = "r", *_: object) -> bool:
        return self._is_ours(file) and not mode.startswith("r")

    def _guard(self, function: Callable[..., Any], counts: Callable[..., Any]) -> Callable[..., Any]:
        def guarded(*arguments: Any, **options: Any) -> Any:
            if counts(*arguments, *options.values()):
                self.step()
            return function(*arguments, **options)

        return guarded


class Instance:
    """An instance with a version, its clock ahead by `later`, on a disk that may fail."""

    def __init__(self, home: Path, patch: pytest.MonkeyPatch) -> None:
        made = make_services(home)
        editor = make_actor(made, "editor")
        made.datasets.create(editor, DATASET)
        self.token, _ = made.accounts.create_token("editor")
        made.database.dispose()
        self.later = timedelta()
        self.services = build_services(Settings(home=home, review="none"), clock=lambda: read_clock() + self.later)
        make_tables(self.services)
        self.disk = Disk(home, patch)
        event.listen(self.services.database.engine, "commit", self.disk.commit)

    def ask(self, client: FlaskClient, method: str, path: str, **options: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.token}", **options.pop("headers", {})}
        return client.open(f"/api/v1{path}", method=method, headers=headers, **options)

    def send(self, client: FlaskClient, text: str, key: str) -> Any:
        data = {"file": (io.BytesIO(text.encode()), "levels.csv"), "name": "levels"}
        headers = {"Idempotency-Key": key}
        return self.ask(client, "POST", "/datasets/reservoirs/drafts", data=data, headers=headers)

    def work(self, draft: str) -> None:
        """A worker's turn: where it can't even take the draft, its queue logs that, and the sweep comes again."""
        with suppress(BackendError):
            self.services.work.run(draft)

    def bring_out(self, client: FlaskClient, text: str, key: str) -> Iterator[tuple[str, int]]:
        """Send a table and publish it: what each step answers, up to the one that fails. The worker's step has none."""
        answer = self.send(client, text, key)
        yield "send", answer.status_code
        if answer.status_code != 202:
            return
        draft = answer.json["id"]
        self.work(draft)
        found = self.ask(client, "GET", f"/drafts/{draft}")
        yield "look", found.status_code
        if found.json["status"] not in ENDS:
            return
        if found.json["status"] == "valid":
            sent = self.ask(client, "POST", f"/drafts/{draft}/submit")
            yield "submit", sent.status_code
            if sent.status_code != 202:
                return
        self.work(draft)
        yield "look", self.ask(client, "GET", f"/drafts/{draft}").status_code


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Instance]:
    made = Instance(tmp_path / "instance", monkeypatch)
    yield made
    made.services.database.dispose()


def finish(instance: Instance, client: FlaskClient, text: str, key: str) -> str:
    """What the same request ends in once the disk is mended and an hour has passed."""
    instance.later += timedelta(hours=1)
    answer = instance.send(client, text, key)
    assert answer.status_code == 202, answer.text
    draft = answer.json["id"]
    instance.services.work.run_to_end(draft)
    if instance.ask(client, "GET", f"/drafts/{draft}").json["status"] == "valid":
        assert instance.ask(client, "POST", f"/drafts/{draft}/submit").status_code == 202
        instance.services.work.run_to_end(draft)
    return str(instance.ask(client, "GET", f"/drafts/{draft}").json["version"])


def check_points(instance: Instance, points: Callable[[int], list[int]]) -> None:
    services: Services = instance.services
    with lend_app(services) as app:
        client = app.test_client()
        instance.disk.count = 0
        assert [code for _, code in instance.bring_out(client, LARGE, "first")] == [202, 200, 202, 200]
        for round_, first in enumerate(points(instance.disk.count), start=1):
            kind, text = KINDS[round_ % len(KINDS)], LARGE + f"B{round_:03},湖,1,2026-01-01\n"
            with instance.disk.failing(first, kind):
                for step, code in instance.bring_out(client, text, f"round-{round_}"):
                    assert code in (200, 202, 503, 507), (first, step, code)
                for path in READS:
                    answer = client.get(path, headers={"Accept-Encoding": "gzip"})
                    assert answer.status_code == 200, (first, path)
            assert finish(instance, client, text, f"round-{round_}") == f"1.{round_}.0", first
        assert services.checking.run(full=True).findings == []
    home = services.settings
    left = [path for folder in (home.private_folder, home.public_folder) for path in (folder / "tmp").glob("*")]
    assert [*left, *home.receiving_folder.glob("*")] == []


@pytest.mark.slow
def test_a_disk_that_fails_at_some_call_loses_nothing_and_all_goes_on_by_itself(instance: Instance) -> None:
    chance = random.Random(5)
    check_points(instance, lambda count: sorted(chance.sample(range(1, count + 1), 4)))


@pytest.mark.slow
@pytest.mark.parametrize("part", range(6))
def test_so_it_is_at_each_call(instance: Instance, part: int) -> None:
    check_points(instance, lambda count: list(range(1 + part, count + 1, 6)))


def test_a_file_that_would_take_the_last_room_is_refused_early_and_readers_are_served(instance: Instance) -> None:
    services = build_services(replace(instance.services.settings, free_bytes=1 << 60))
    with lend_app(services) as app:
        app.request_class = receive_into(services.settings.receiving_folder, services.settings.free_bytes)
        client = app.test_client()
        answer = instance.send(client, CSV, "full")
        assert (answer.status_code, answer.json["type"]) == (507, "/problems/insufficient-storage")
        headers = {"Tus-Resumable": "1.0.0", "Upload-Length": "5"}
        assert instance.ask(client, "POST", "/uploads", headers=headers).status_code == 507
        assert client.get("/datasets").status_code == 200
        ready = client.get("/readyz")
        assert (ready.status_code, ready.text.splitlines()[0]) == (200, "ready")
        assert "disk is full" in ready.text
    services.database.dispose()


def test_a_lease_that_no_clock_could_have_given_holds_nobody_up(instance: Instance) -> None:
    with lend_app(instance.services) as app:
        client = app.test_client()
        draft = instance.send(client, CSV, "ahead").json["id"]
        instance.later = timedelta(hours=1)
        assert instance.services.work.take(draft) is not None  # by a worker whose clock is ahead, and which dies
        instance.later = timedelta()
        instance.services.work.run_to_end(draft)
        assert instance.ask(client, "GET", f"/drafts/{draft}").json["status"] == "valid"


def test_a_process_goes_on_serving_when_a_later_release_has_brought_the_database_up_to_date(instance: Instance) -> None:
    def note(revision: str) -> int:
        with instance.services.database.unit(write=True) as session:
            session.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})
        return client.get("/readyz").status_code

    with lend_app(instance.services) as app:
        client = app.test_client()
        assert note("9999") == 200
        assert note("0001") == 503
