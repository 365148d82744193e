"""The work on a draft followed as it goes on, read from the bare connection."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from werkzeug.serving import make_server

from opendata.db.models import Draft
from opendata.services.drafts.lease import Lease, release
from opendata.wiring import Services
from tests.api.conftest import Caller
from tests.instances import CSV, SCHEMA

PATIENCE = 30


class Stream:
    """A reader that knows nothing but HTTP/1.0 and lines."""

    def __init__(self, port: int, draft: str, token: str | None, language: str = "en") -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        lines = [f"GET /api/v1/drafts/{draft}/events HTTP/1.0", "Host: x", f"Accept-Language: {language}"]
        if token:
            lines.append(f"Authorization: Bearer {token}")
        self._socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        self._file = self._socket.makefile("rb")
        self.status = int(self._file.readline().split()[1])
        self.headers: dict[str, str] = {}
        while line := self._file.readline().strip():
            name, _, value = line.decode().partition(": ")
            self.headers[name.lower()] = value

    def read_event(self) -> tuple[str, Any]:
        """The next event; an empty name where the stream has ended. A comment is named `:`."""
        name, data = "", None
        for line in self._file:
            word, _, value = line.decode().strip().partition(": ")
            if word == "event":
                name = value
            elif word == "data":
                data = json.loads(value)
            elif line.startswith(b":"):
                name = ":"
            elif not word and name:
                return name, data
        return "", None

    def close(self) -> None:
        self._file.close()
        self._socket.close()


@contextmanager
def serve(app: Flask) -> Iterator[int]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()


@pytest.fixture
def port(app: Flask) -> Iterator[int]:
    app.config["EVENT_STREAMS"] = 2
    with serve(app) as found:
        yield found


@pytest.fixture
def draft(editor: Caller) -> str:
    """A draft nobody has worked on yet."""
    sent = editor.upload(("levels.csv", CSV), schema=SCHEMA)
    assert sent.status_code == 202, sent.text
    return str(sent.json["id"])


def hold(services: Services, draft: str) -> Lease:
    lease = services.work.take(draft)
    assert lease is not None
    return lease


def tell(services: Services, lease: Lease) -> None:
    with services.database.unit(write=True) as session:
        lease.extend(session, stage="check levels", progress=0.5)


def finish(services: Services, lease: Lease, status: str) -> None:
    with services.database.unit(write=True) as session:
        row = lease.lock(session)
        row.status, row.stage, row.progress = status, "", 1.0
        release(row, done=True)


def test_each_step_of_the_work_is_an_event_and_done_is_the_last(
    editor: Caller, services: Services, draft: str, port: int
) -> None:
    stream = Stream(port, draft, editor.token)
    assert stream.status == 200
    assert stream.headers["content-type"].startswith("text/event-stream")
    assert stream.headers["cache-control"] == "private, no-store"
    total = len(CSV.encode())
    start = {"status": "received", "stage": "", "text": "", "progress": 0.0, "bytes": 0, "total": total}
    assert stream.read_event() == ("progress", start)
    lease = hold(services, draft)
    tell(services, lease)
    name, data = stream.read_event()
    assert (name, data["stage"], data["text"]) == ("progress", "check levels", "Checking levels.csv")
    assert (data["progress"], data["bytes"], data["total"]) == (0.5, total // 2, total)
    finish(services, lease, "valid")
    name, data = stream.read_event()
    assert (name, data["status"], data["progress"], data["bytes"]) == ("done", "valid", 1.0, total)
    assert stream.read_event() == ("", None)
    stream.close()


def test_a_stage_is_told_in_the_language_of_the_request(
    editor: Caller, services: Services, draft: str, port: int
) -> None:
    tell(services, hold(services, draft))
    stream = Stream(port, draft, editor.token, language="zh")
    _, data = stream.read_event()
    assert data["stage"] == "check levels"
    assert data["text"] != "check levels"
    stream.close()


def test_a_draft_that_waits_for_nobody_but_people_is_done_at_once(editor: Caller, port: int) -> None:
    found = editor.check(("levels.csv", CSV), schema=SCHEMA)
    assert (found["atWork"], found["bytes"], found["total"]) == (False, len(CSV.encode()), len(CSV.encode()))
    stream = Stream(port, found["id"], editor.token)
    assert stream.read_event()[0] == "done"
    assert stream.read_event() == ("", None)
    stream.close()


@pytest.mark.slow
def test_a_draft_given_up_by_the_machine_ends_its_stream(
    editor: Caller, services: Services, draft: str, port: int
) -> None:
    stream = Stream(port, draft, editor.token)
    assert stream.read_event()[0] == "progress"
    with services.database.unit(write=True) as session:
        row = session.get(Draft, draft)
        assert row is not None
        row.status, row.error = "failed", {"type": "WorkerDied", "detail": "x", "final": True}
    name, data = stream.read_event()
    assert (name, data["status"]) == ("done", "failed")
    stream.close()
    assert editor.get(f"/drafts/{draft}").json["atWork"] is False


def test_only_those_who_may_see_a_draft_may_follow_it(editor: Caller, gardener: Caller, draft: str, port: int) -> None:
    for reader, status in ((None, 401), (gardener.token, 403)):
        stream = Stream(port, draft, reader)
        assert stream.status == status
        stream.close()
    stream = Stream(port, "0" * 24, editor.token)
    assert stream.status == 404
    stream.close()


def test_beyond_so_many_streams_one_is_sent_away_until_a_reader_leaves(editor: Caller, draft: str, port: int) -> None:
    first, second = (Stream(port, draft, editor.token) for _ in range(2))
    third = Stream(port, draft, editor.token)
    assert third.status == 503
    assert int(third.headers["retry-after"]) > 0
    assert third.headers["content-type"] == "application/problem+json"
    third.close()
    assert editor.get(f"/drafts/{draft}").json["atWork"] is True  # which one reads instead
    first.close()
    deadline = time.monotonic() + PATIENCE
    while True:
        again = Stream(port, draft, editor.token)
        if again.status == 200:
            break
        again.close()
        assert time.monotonic() < deadline, "the place is not given back"
    again.close()
    second.close()


def test_a_question_for_the_head_alone_keeps_no_place(editor: Caller, draft: str, app: Flask) -> None:
    app.config["EVENT_STREAMS"] = 1
    for _ in range(3):  # the second would find no place
        with editor.send("HEAD", f"/drafts/{draft}/events") as answer:
            assert answer.status_code == 200


@pytest.mark.slow
def test_where_nothing_happens_a_comment_keeps_the_connection_open(
    editor: Caller, draft: str, app: Flask, port: int
) -> None:
    app.config["EVENT_BEAT_SECONDS"] = 0.1
    stream = Stream(port, draft, editor.token)
    assert [stream.read_event()[0] for _ in range(3)] == ["progress", ":", ":"]
    stream.close()


def test_a_stream_ends_with_the_process_that_sends_it(editor: Caller, draft: str, app: Flask, port: int) -> None:
    alive = [True]
    app.config["IS_ALIVE"] = lambda: alive[0]
    stream = Stream(port, draft, editor.token)
    assert stream.read_event()[0] == "progress"
    alive.clear()
    alive.append(False)
    assert stream.read_event() == ("", None)
    stream.close()


def test_a_check_under_way_can_be_given_up_by_the_api(editor: Caller, services: Services, draft: str) -> None:
    lease = hold(services, draft)
    with services.database.unit(write=True) as session:
        lease.lock(session).status = "validating"
    answer = editor.post(f"/drafts/{draft}/discard")
    assert answer.status_code == 200, answer.text
    assert (answer.json["status"], answer.json["atWork"]) == ("discarded", False)
