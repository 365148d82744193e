"""The queue is a hint: its messages carry ids alone, and losing one loses nothing."""

from __future__ import annotations

import json
import logging
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from huey import SqliteHuey

from opendata.jobs.queue import DraftQueue
from opendata.services.actors import Actor
from opendata.wiring import Services
from tests.instances import CSV, upload

DRAFT = "0123456789abcdef01234567"


def read_messages(file: Path) -> list[bytes]:
    with sqlite3.connect(file) as connection:
        return [bytes(row[0]) for row in connection.execute("SELECT data FROM task ORDER BY id")]


def test_a_message_is_json_with_the_id_of_a_draft_and_nothing_else_of_it(tmp_path: Path) -> None:
    DraftQueue(tmp_path / "queue.sqlite").put(DRAFT)
    (message,) = [json.loads(data) for data in read_messages(tmp_path / "queue.sqlite")]
    texts = [part for part in message if isinstance(part, str)]
    lists = [part for part in message if isinstance(part, list | dict) and part]
    assert lists == [[DRAFT]]
    assert len(texts) == 2  # huey's own id of the message, and the name of the task
    assert any(text.endswith("work") for text in texts)


def test_nothing_of_an_upload_is_in_the_queue(services: Services, editor: Actor) -> None:
    view = upload(services, editor, CSV)
    data = b"".join(read_messages(services.settings.queue_file))
    assert view.id.encode() in data
    for word in ("reservoirs", "levels", "A001", "东湖", "editor"):
        assert word.encode() not in data
    assert b"\x80" not in data  # every pickle begins with it


def test_messages_are_counted_and_taken_out_in_order(tmp_path: Path) -> None:
    queue = DraftQueue(tmp_path / "new" / "queue.sqlite")
    assert queue.count() == 0
    for draft in ("first", "second"):
        queue.put(draft)
    assert DraftQueue(tmp_path / "new" / "queue.sqlite").count() == 2
    done: list[str] = []
    queue.run = done.append
    huey = queue.open()
    while task := huey.dequeue():
        huey.execute(task)
    assert done == ["first", "second"]
    assert queue.count() == 0


def test_a_process_without_a_worker_refuses_the_work(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    queue = DraftQueue(tmp_path / "queue.sqlite")
    queue.put(DRAFT)
    huey = queue.open()
    with caplog.at_level(logging.ERROR):
        huey.execute(huey.dequeue())
    assert "no worker runs in this process" in caplog.text


def test_threads_that_put_their_first_message_at_once_lose_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The second thread arrives while the first one is still opening the queue.
    queue = DraftQueue(tmp_path / "queue.sqlite")
    opening, arrived = threading.Event(), threading.Event()
    register = SqliteHuey.task

    def slow(*args: object, **kwargs: object) -> object:
        opening.set()
        arrived.wait(timeout=0.2)
        return register(*args, **kwargs)

    monkeypatch.setattr(SqliteHuey, "task", slow)

    def put_second() -> None:
        opening.wait(timeout=30)
        queue.put("second")
        arrived.set()

    with ThreadPoolExecutor(2) as pool:
        for future in [pool.submit(queue.put, "first"), pool.submit(put_second)]:
            future.result()
    assert queue.count() == 2


def test_a_queue_that_fails_is_no_failure_of_the_upload(
    services: Services, editor: Actor, caplog: pytest.LogCaptureFixture
) -> None:
    services.settings.queue_file.write_bytes(b"no database " * 100)
    view = upload(services, editor)
    assert view.status == "valid"
    assert "could not be put into the queue" in caplog.text


def test_a_folder_that_cannot_be_made_is_no_failure_either(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("")
    DraftQueue(tmp_path / "file" / "queue.sqlite").put(DRAFT)
    assert DRAFT in caplog.text
