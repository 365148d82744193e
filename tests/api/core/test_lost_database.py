"""The database gone, or the clock set back an hour, in the middle of any writing: no 500, and nothing is lost.

Both happen at the n-th statement. A database that is gone stays away until it is brought back.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from opendata.services.core.actors import SYSTEM
from tests.api.core.test_faults import READS, Instance, finish
from tests.instances import CSV, DATASET, lend_app, make_actor
from tests.web.conftest import PASSWORD, find_token

Steps = Iterator[tuple[str, int]]
Writing = Callable[["Office", FlaskClient, str], Steps]

DONE = (200, 201, 202, 204, 303)
TOLD = (*DONE, 503)
DONE_BEFORE = 409
"""What a repetition may get: the first request did it, and only its answer was lost."""


class Statements:
    """Counts the statements of an instance, commits included; at the `first`, `strike` is called, and at all later."""

    def __init__(self, instance: Instance) -> None:
        self.count = 0
        self.first: int | None = None
        self._instance = instance
        self._strike: Callable[[], None] = self._lose
        self._engine = instance.services.database.engine
        for name, listener in self._listeners:
            event.listen(self._engine, name, listener)

    def remove(self) -> None:
        for name, listener in self._listeners:
            event.remove(self._engine, name, listener)

    @contextmanager
    def losing(self, first: int) -> Iterator[None]:
        """The database is gone from this statement on."""
        self.count, self.first, self._strike = 0, first, self._lose
        yield
        self.first = None

    @contextmanager
    def turning_back(self, first: int) -> Iterator[None]:
        """The clock is an hour behind from this statement on."""
        self.count, self.first, self._strike = 0, first, self._turn_back
        yield
        self.first, self._instance.later = None, timedelta()

    @property
    def _listeners(self) -> Sequence[tuple[str, Any]]:
        return (("do_execute", self._execute), ("commit", self._commit), ("handle_error", self._handle))

    def _execute(self, cursor: Any, statement: str, parameters: Any, context: Any) -> None:
        if context.engine is self._engine:  # engines of tests share their dialect
            self._step()

    def _commit(self, connection: Any) -> None:
        try:
            self._step()
        except sqlite3.OperationalError as error:
            raise OperationalError("COMMIT", None, error, connection_invalidated=True) from error

    def _handle(self, context: Any) -> None:
        """What fails now has lost its connection."""
        context.is_disconnect = self.first is not None and self._strike == self._lose

    def _step(self) -> None:
        self.count += 1
        if self.first is not None and self.count >= self.first:
            self._strike()

    def _lose(self) -> None:
        raise sqlite3.OperationalError("server closed the connection unexpectedly")

    def _turn_back(self) -> None:
        self._instance.later = -timedelta(hours=1)


def publish(instance: Office, client: FlaskClient, key: str) -> Steps:
    """Send a table, have it checked and published."""
    yield from instance.bring_out(client, f"{CSV}B{int(key):03},湖,1,2026-01-01\n", key)


def send_in_pieces(instance: Office, client: FlaskClient, key: str) -> Steps:
    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": "5"}
    begun = instance.ask(client, "POST", "/uploads", headers=headers)
    yield "begin", begun.status_code
    if begun.status_code == 201:
        address = begun.headers["Location"].partition("/api/v1")[2]
        headers = {"Tus-Resumable": "1.0.0", "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
        yield "piece", instance.ask(client, "PATCH", address, data=b"a,b\n1", headers=headers).status_code


def discard(instance: Office, client: FlaskClient, key: str) -> Steps:
    """Send a draft that was read, and discard it."""
    answer = instance.send(client, CSV, f"discarded-{key}")
    yield "send", answer.status_code
    if answer.status_code == 202:
        yield "discard", instance.ask(client, "POST", f"/drafts/{answer.json['id']}/discard").status_code


def create_dataset(instance: Office, client: FlaskClient, key: str) -> Steps:
    document = {**DATASET, "id": f"dataset-{key}"}
    yield "create", instance.ask(client, "POST", "/datasets", json=document).status_code


def change_dataset(instance: Office, client: FlaskClient, key: str) -> Steps:
    found = instance.ask(client, "GET", "/datasets/reservoirs")
    yield "read", found.status_code
    if found.status_code == 200:
        headers = {"If-Match": found.headers["ETag"], "Content-Type": "application/merge-patch+json"}
        data = f'{{"title": "水库 {key}"}}'
        yield "change", instance.ask(client, "PATCH", "/datasets/reservoirs", data=data, headers=headers).status_code


def create_token(instance: Office, client: FlaskClient, key: str) -> Steps:
    made = instance.ask(client, "POST", "/tokens", json={"name": key})
    yield "create", made.status_code
    if made.status_code == 201:
        yield "revoke", instance.ask(client, "DELETE", f"/tokens/{made.json['id']}").status_code


def stop(instance: Office, client: FlaskClient, key: str) -> Steps:
    """Stop the first version, and release it."""

    for step in ("suspend", "release"):
        path = f"/datasets/reservoirs/versions/1.0.0/{step}"
        headers = {"Authorization": f"Bearer {instance.boss}"}
        yield step, instance.ask(client, "POST", path, json={"reason": key}, headers=headers).status_code


def sign_in(instance: Office, client: FlaskClient, key: str) -> Steps:
    """Sign in on the pages, look at the workspace, and sign out."""
    form = client.get("/sign-in")
    yield "form", form.status_code
    if form.status_code != 200:
        return
    data = {"name": "editor", "password": PASSWORD, "csrf_token": find_token(form.text)}
    yield "sign in", client.post("/sign-in", data=data).status_code
    page = client.get("/workspace")
    yield "workspace", page.status_code
    if page.status_code == 200:
        yield "sign out", client.post("/sign-out", data={"csrf_token": find_token(page.text)}).status_code


WRITINGS: Sequence[Writing] = (
    *(publish, send_in_pieces, discard, create_dataset, change_dataset, create_token, stop, sign_in),
)


class Office(Instance):
    """The same with a maintainer, whose token is `boss`."""

    def __init__(self, home: Path, patch: pytest.MonkeyPatch) -> None:
        super().__init__(home, patch)
        make_actor(self.services, "boss", role="maintainer")
        self.boss, _ = self.services.accounts.create_token("boss")


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    made = Office(tmp_path / "instance", monkeypatch)
    yield made
    made.services.database.dispose()


@pytest.fixture
def statements(instance: Office) -> Iterator[Statements]:
    made = Statements(instance)
    yield made
    made.remove()


def check_points(
    instance: Office, statements: Statements, writing: Writing, points: Callable[[int], list[int]], *, is_lost: bool
) -> None:
    with lend_app(instance.services) as app:
        app.config["PROPAGATE_EXCEPTIONS"] = False
        for _, code in instance.bring_out(app.test_client(), CSV, "the-first"):
            assert code in DONE
        statements.count = 0
        assert {code for _, code in writing(instance, app.test_client(), "0")} <= {*DONE}
        for round_, first in enumerate(points(statements.count), start=1):
            client, key = app.test_client(), str(round_)
            fault = statements.losing if is_lost else statements.turning_back
            with fault(first):
                for step, code in writing(instance, client, key):
                    assert code in (TOLD if is_lost else DONE), (first, step, code)
                for path in READS:
                    assert client.get(path).status_code in (200, 410, 503), (first, path)  # it may be stopped
                assert client.get("/healthz").status_code == 200
                assert client.get("/readyz").status_code == (503 if is_lost else 200)
            instance.later += timedelta(hours=1)
            for step, code in writing(instance, app.test_client(), key):
                assert code in (*DONE, DONE_BEFORE), (first, step, code)
            for path in READS:
                assert client.get(path).status_code == 200, (first, path)
            if writing is publish:
                text = f"{CSV}B{round_:03},湖,1,2026-01-01\n"
                assert finish(instance, client, text, key) == f"1.{round_ + 1}.0", first
        assert instance.services.checking.run(full=True).findings == []
        assert instance.services.verifying.run(SYSTEM).found is None


@pytest.mark.parametrize("is_lost", [True, False], ids=["lost", "clock"])
def test_a_database_that_is_lost_or_a_clock_that_is_set_back_loses_nothing(
    instance: Office, statements: Statements, *, is_lost: bool
) -> None:
    chance = random.Random(7)
    check_points(
        instance, statements, publish, lambda count: chance.sample(range(1, count + 1), 1 + is_lost), is_lost=is_lost
    )


@pytest.mark.slow
@pytest.mark.parametrize("is_lost", [True, False], ids=["lost", "clock"])
@pytest.mark.parametrize("writing", WRITINGS, ids=lambda item: item.__name__)
def test_so_it_is_at_each_statement_of_each_writing(
    instance: Office, statements: Statements, writing: Writing, *, is_lost: bool
) -> None:
    check_points(instance, statements, writing, lambda count: list(range(1, count + 1)), is_lost=is_lost)
