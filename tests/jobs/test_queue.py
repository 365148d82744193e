"""The queue is a hint: messages carry ids alone, losing one loses nothing. All kinds keep one contract."""

from __future__ import annotations

import json
import logging
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from huey import RedisHuey, SqliteHuey
from sqlalchemy import event
from sqlalchemy.exc import SQLAlchemyError

from opendata.db.session import Database
from opendata.errors import BackendError, UsageError
from opendata.jobs.database_queue import DatabaseHuey
from opendata.jobs.queue import DraftQueue
from opendata.services.core.actors import Actor
from opendata.wiring import Services, build_services
from tests.instances import CSV, upload
from tests.servers import PostgresqlServer, RedisServer, free_port

DRAFT = "0123456789abcdef01234567"
Build = Callable[[], DraftQueue]


@pytest.fixture(params=["sqlite", "redis", pytest.param("postgresql", marks=pytest.mark.slow)])
def build(request: pytest.FixtureRequest, tmp_path: Path) -> Build:
    """A further process's view of one and the same queue, each time it is called."""
    file = tmp_path / "new" / "queue.sqlite"
    if request.param == "sqlite":
        return lambda: DraftQueue(file)
    if request.param == "postgresql":
        url: str = request.getfixturevalue("postgresql_tables")
        return lambda: DraftQueue(file, database=Database(url))
    server: RedisServer = request.getfixturevalue("redis_server")
    return lambda: DraftQueue(file, server.url)


def read_messages(queue: DraftQueue) -> list[bytes]:
    return [bytes(data) for data in queue.open().storage.enqueued_items()]


def test_a_message_is_json_with_the_id_of_a_draft_and_nothing_else_of_it(build: Build) -> None:
    build().put(DRAFT)
    (message,) = [json.loads(data) for data in read_messages(build())]
    texts = [part for part in message if isinstance(part, str)]
    lists = [part for part in message if isinstance(part, list | dict) and part]
    assert lists == [[DRAFT]]
    assert len(texts) == 2  # huey's own id of the message, and the name of the task
    assert any(text.endswith("work") for text in texts)


def test_nothing_of_an_upload_is_in_the_queue(services: Services, editor: Actor) -> None:
    view = upload(services, editor, CSV)
    data = b"".join(read_messages(services.queue))
    assert view.id.encode() in data
    for word in ("reservoirs", "levels", "A001", "东湖", "editor"):
        assert word.encode() not in data
    assert b"\x80" not in data  # every pickle begins with it


def test_messages_are_counted_and_taken_out_in_order_each_once(build: Build) -> None:
    queue = build()
    assert queue.count() == 0
    for draft in ("first", "second", "third"):
        queue.put(draft)
    workers = [build(), build()]
    assert [worker.count() for worker in workers] == [3, 3]
    done: list[str] = []
    for worker in workers * 2:
        worker.run = done.append
        huey = worker.open()
        if task := huey.dequeue():
            huey.execute(task)
    assert done == ["first", "second", "third"]
    assert queue.count() == 0


def test_nothing_is_left_of_what_was_done(build: Build) -> None:
    queue = build()
    queue.run = lambda draft: {"result of": draft}
    queue.put(DRAFT)
    huey = queue.open()
    huey.execute(huey.dequeue())
    assert huey.result_count() == 0
    assert huey.scheduled_count() == 0


def test_messages_that_are_none_are_passed_over(build: Build) -> None:
    queue = build()
    done: list[str] = []
    queue.run = done.append
    huey = queue.open()
    for data in (b"\x80\x04N.", b"{", b"[1, 2]", b'["id", "no.such.task", null, 0, 0, null, [], {}, null, null]'):
        huey.storage.enqueue(data)
    queue.put(DRAFT)
    while queue.count():
        try:
            task = huey.dequeue()
        except Exception:  # noqa: BLE001, S112 - as huey's own worker does
            continue
        huey.execute(task)
    assert done == [DRAFT]


def test_a_process_without_a_worker_refuses_the_work(build: Build, caplog: pytest.LogCaptureFixture) -> None:
    queue = build()
    queue.put(DRAFT)
    huey = queue.open()
    with caplog.at_level(logging.ERROR):
        huey.execute(huey.dequeue())
    assert "no worker runs in this process" in caplog.text


def test_threads_that_put_their_first_message_at_once_lose_none(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    # The second thread arrives while the first one is still opening the queue.
    queue = build()
    opening, arrived = threading.Event(), threading.Event()
    register = SqliteHuey.task

    def slow(*args: object, **kwargs: object) -> object:
        opening.set()
        arrived.wait(timeout=0.2)
        return register(*args, **kwargs)

    monkeypatch.setattr(SqliteHuey, "task", slow)
    monkeypatch.setattr(RedisHuey, "task", slow)
    monkeypatch.setattr(DatabaseHuey, "task", slow)

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
    if services.settings.database_url:
        pytest.skip("the database is the queue: where it fails, nothing is uploaded")
    services.settings.queue_file.write_bytes(b"no database " * 100)
    view = upload(services, editor)
    assert view.status == "valid"
    assert "could not be put into the queue" in caplog.text
    with pytest.raises(BackendError):
        services.queue.count()


def test_a_folder_that_cannot_be_made_is_no_failure_either(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("")
    DraftQueue(tmp_path / "file" / "queue.sqlite").put(DRAFT)
    assert DRAFT in caplog.text


def test_an_upload_does_not_mind_a_redis_that_is_away_and_the_sweep_finds_it_afterwards(
    services: Services, editor: Actor, redis_server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    settings = replace(services.settings, queue_url=redis_server.url)
    services = build_services(settings)
    services.queue.check()
    redis_server.stop()
    view = upload(services, editor)
    assert view.status == "valid"
    assert "could not be put into the queue" in caplog.text
    with pytest.raises(BackendError):
        services.queue.count()
    services.drafts.change_resource(editor, view.id, "levels", {"repairs": []})
    redis_server.start()
    assert services.queue.count() == 0
    assert services.work.sweep() == 1
    assert services.queue.count() == 1
    services.database.dispose()


def test_connections_cut_by_a_restart_of_redis_are_made_anew(redis_server: RedisServer) -> None:
    queue = DraftQueue(Path("unused"), redis_server.url)
    queue.put("before")
    redis_server.stop()
    redis_server.start()
    queue.put("after")
    assert queue.count() == 1


def test_a_redis_that_is_not_there_is_named_at_the_start_without_its_password(tmp_path: Path) -> None:
    port = free_port()
    with pytest.raises(UsageError, match=f"127.0.0.1:{port}") as raised:
        DraftQueue(tmp_path / "queue.sqlite", f"redis://somebody:hush-hush@127.0.0.1:{port}/0").check()
    assert "hush-hush" not in str(raised.value)
    with pytest.raises(UsageError):
        DraftQueue(tmp_path / "queue.sqlite", "redis://127.0.0.1/zero?no=such").check()
    DraftQueue(tmp_path / "queue.sqlite").check()


def test_without_the_package_redis_is_refused_with_the_way_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "redis", None)
    with pytest.raises(UsageError, match=r"opendata\[redis\]"):
        DraftQueue(tmp_path / "queue.sqlite", "redis://127.0.0.1:6379/0").check()


@pytest.mark.slow
def test_a_worker_that_waits_hears_of_a_message_at_once_and_each_is_taken_once(postgresql_tables: str) -> None:
    databases = [Database(postgresql_tables) for _ in range(3)]
    queues = [DraftQueue(Path("unused"), database=database) for database in databases]
    storages = [queue.open().storage for queue in queues[1:] for _ in range(2)]  # two threads each
    for storage in storages:
        assert storage.dequeue() is None  # from here on it listens
    taken: list[bytes] = []
    waited: list[float] = []

    def take(storage: Any) -> None:
        while (began := time.monotonic()) < ends:
            if (data := storage.dequeue()) is not None:
                taken.append(data)
                waited.append(time.monotonic() - put_at)
            assert time.monotonic() - began < 30

    ends, put_at = time.monotonic() + 4, 0.0
    with ThreadPoolExecutor(len(storages)) as pool:
        running = [pool.submit(take, storage) for storage in storages]
        time.sleep(1.5)
        put_at = time.monotonic()
        for number in range(20):
            queues[0].put(f"{number:024}")
        for future in running:
            future.result()
    assert len(taken) == len({*taken}) == 20
    assert queues[0].count() == 0
    for database in databases:
        database.dispose()


@pytest.mark.slow
def test_a_worker_asks_once_for_a_message_that_another_has_taken(postgresql_tables: str) -> None:
    first, second = (Database(postgresql_tables) for _ in range(2))
    queue, storage = (DraftQueue(Path("unused"), database=database) for database in (first, second))
    waiting = storage.open().storage
    for _ in range(2):
        assert waiting.dequeue() is None
    asked: list[str] = []
    event.listen(second.engine, "before_cursor_execute", lambda *words: asked.append(words[2]))
    queue.put(DRAFT)
    assert queue.open().storage.dequeue() is not None
    assert waiting.dequeue() is None
    assert len(asked) == 1
    for database in (first, second):
        database.dispose()


@pytest.mark.slow
def test_a_worker_listens_again_after_postgresql_has_restarted(postgresql_server: PostgresqlServer) -> None:
    database = Database(postgresql_server.url)
    database.migrate()
    queue = DraftQueue(Path("unused"), database=database)
    storage = queue.open().storage
    for _ in range(2):
        assert storage.dequeue() is None
    postgresql_server.stop()
    queue.put(DRAFT)  # which is no failure
    with pytest.raises(BackendError):
        queue.count()
    for _ in range(2):
        with pytest.raises((SQLAlchemyError, psycopg.Error)):
            storage.dequeue()
    postgresql_server.start()
    for _ in range(2):
        assert storage.dequeue() is None
    queue.put(DRAFT)
    assert DRAFT.encode() in storage.dequeue()
    database.dispose()
