"""Whole instances for tests: real stores, a real database, no mocks.

A test that takes `services`, `database_url` or `empty_database_url` runs on SQLite; under `--all-databases`, or marked
`both_databases`, on PostgreSQL too; with `slow=True` that is a slow test.
"""

from __future__ import annotations

import atexit
import contextlib
import io
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import zxcvbn
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, Dialect, Engine, event, inspect
from werkzeug.test import TestResponse

from opendata.db.session import Database
from opendata.domain.roles import PUBLISHER_ROLES
from opendata.errors import NotFoundError
from opendata.services.core.actors import SYSTEM, Actor
from opendata.services.core.values import DraftView, ServedFile
from opendata.services.drafts.intake import ResourceOption
from opendata.services.drafts.submission import Submission
from opendata.services.uploads.upload_values import UploadedFile
from opendata.settings import Settings
from opendata.storage.signing import create_signing_key
from opendata.wiring import Services, build_services
from tests.servers import make_postgresql_template, postgresql_copy

PUBLISHER = {"id": "water-bureau", "title": "水务局", "i18n": {"en": {"title": "Water bureau"}}}
DATASET = {"id": "reservoirs", "title": "水库", "publisher": "water-bureau", "licenses": [{"name": "CC-BY-4.0"}]}
SCHEMA = {
    "fields": [
        {"name": "code", "type": "string", "constraints": {"required": True, "pattern": "[A-Z][0-9]{3}"}},
        {"name": "name", "type": "string"},
        {"name": "level", "type": "number", "constraints": {"minimum": 0}},
        {"name": "measured", "type": "date"},
    ],
    "primaryKey": ["code"],
}
CSV = "code,name,level,measured\nA001,东湖,12.50,2026-01-31\nA002,西湖,,2026-02-01\n"


@pytest.fixture(scope="session", autouse=True)
def _cheap_passwords() -> Iterator[None]:
    """The real hash at its least cost, and each password judged once: tests make hundreds of accounts."""
    judged: dict[tuple[str, ...], Any] = {}
    really = zxcvbn.zxcvbn

    def judge(password: str, user_inputs: Sequence[str]) -> Any:
        key = (password, *user_inputs)
        if key not in judged:
            judged[key] = really(password, user_inputs=user_inputs)
        return judged[key]

    with pytest.MonkeyPatch.context() as patch:
        hasher = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
        patch.setattr("opendata.services.access.passwords.find_hasher", lambda: hasher)
        patch.setattr(zxcvbn, "zxcvbn", judge)
        yield


@pytest.fixture(scope="session", autouse=True)
def _no_waiting_for_disks() -> Iterator[None]:
    """What a test leaves need not outlive a power cut; processes of their own, which are killed, wait as ever."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda descriptor: None)
        yield


@pytest.fixture(scope="session", autouse=True)
def _ask_parts_each_time() -> Iterator[None]:
    """Whether a part answers is asked each time: tests take parts away and give them back within a second."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("opendata.services.monitoring.probes.FRESH_SECONDS", 0.0)
        yield


@pytest.fixture(scope="session")
def _connected() -> Iterator[set[Engine]]:
    """The engines that have connected."""
    engines: set[Engine] = set()

    def note(connection: Connection) -> None:
        engines.add(connection.engine)

    event.listen(Engine, "engine_connect", note)
    yield engines
    event.remove(Engine, "engine_connect", note)


@pytest.fixture(autouse=True)
def _close_connections(_connected: set[Engine]) -> Iterator[None]:
    """Close what a test's instances leave open, also those that it builds by the way; an engine can connect again."""
    yield
    while _connected:
        _connected.pop().dispose()


Prepare = Callable[[Services], None]


def make_services(
    home: Path,
    *,
    database_url: str = "",
    review: str = "none",
    prepare: Prepare | None = None,
    **settings: object,
) -> Services:
    """An instance that is ready: keys, tables, one publisher; nothing published.

    What `prepare` adds is made once in a process, and is there in each instance that is made with it.
    """
    if not (database_url or (home / "opendata.sqlite").exists()):
        shutil.copytree(_make_first(prepare), home, dirs_exist_ok=True)
    services = build_services(Settings(home=home, database_url=database_url, review=review, **settings))  # type: ignore[arg-type]
    make_tables(services)
    if database_url:
        create_signing_key(services.settings.key_folder)
        services.publishers.ensure(SYSTEM, PUBLISHER)
        if prepare is not None:
            prepare(services)
    return services


@cache
def _make_first(prepare: Prepare | None) -> Path:
    """The instance that the others of this process begin as copies of: keys, tables, one publisher, and more."""
    folder = tempfile.mkdtemp(prefix="opendata-instance-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    home = Path(folder) / "instance"
    if prepare is not None:
        services = make_services(home)
        prepare(services)
    else:
        services = build_services(Settings(home=home, review="none"))
        create_signing_key(services.settings.key_folder)
        make_tables(services)
        services.publishers.ensure(SYSTEM, PUBLISHER)
    services.database.dispose()
    return home


def make_tables(services: Services) -> None:
    """The tables as the migrations make them, which run once for all instances of SQLite."""
    database, file = services.database, services.settings.home / "opendata.sqlite"
    if database.engine.dialect.name == "sqlite":
        event.listen(database.engine, "connect", _let_sqlite_not_wait)
        if not file.exists():
            file.write_bytes(_make_empty_sqlite())
    elif not inspect(database.engine).has_table("alembic_version"):
        database.migrate()
    _share_compiled(database.engine)


@cache
def _make_empty_sqlite() -> bytes:
    with tempfile.TemporaryDirectory(prefix="opendata-sqlite-") as folder:
        file = Path(folder) / "empty.sqlite"
        database = Database(f"sqlite:///{file}")
        database.migrate()
        database.dispose()
        return file.read_bytes()


def _share_compiled(engine: Engine) -> None:
    """Compile each statement once in a process, not once for each instance: that is half of what a small one costs.

    What is compiled is kept by the dialect that it was compiled for, so all engines of a kind have the same one.
    """
    name = engine.dialect.name
    if name not in _COMPILED:
        with engine.connect():  # which completes the dialect
            _COMPILED[name] = engine.dialect, {}
    engine.dialect, compiled = _COMPILED[name]
    engine.update_execution_options(compiled_cache=compiled)


_COMPILED: dict[str, tuple[Dialect, dict[Any, Any]]] = {}


def _let_sqlite_not_wait(connection: Any, record: object) -> None:
    connection.execute("PRAGMA synchronous=OFF")


@contextlib.contextmanager
def lend_app(services: Services) -> Iterator[Flask]:
    """An application that serves these services until the end: views and texts are put together once a process.

    Whoever has two at once gets two. What a test configures is gone afterwards.
    """
    from opendata.app import attach_services, create_app

    app = _APPS.pop() if _APPS else create_app(services=services)
    app.test_client_class = ReadingClient
    config = dict(app.config)
    attach_services(app, services)
    yield app
    services.downloads.flush()
    app.config.clear()
    app.config.update(config)
    _APPS.append(app)


_APPS: list[Flask] = []


class ReadingClient(FlaskClient):
    """A client that reads each answer to its end, so that no file stays open behind it."""

    def open(self, *arguments: Any, **options: Any) -> TestResponse:
        answer = super().open(*arguments, **{"buffered": True, **options})
        sent = answer.request.environ["wsgi.input"]
        if isinstance(sent, io.BufferedRandom):  # where werkzeug puts a large form together
            sent.close()
        return answer


def make_actor(services: Services, name: str, role: str = "editor", publisher: str | None = "water-bureau") -> Actor:
    """An account with the password `a long password`, as its actor; signing in has tests of its own.

    An `editor` of the tests has all roles at its publisher; a `clerk` only edits.
    """
    roles = {"editor": ("editor", "reviewer", "lead"), "clerk": ("editor",)}.get(role, (role,))
    is_at_publisher = bool({*roles} & {*PUBLISHER_ROLES})
    services.accounts.create_user(name, "a long password", roles, publisher if is_at_publisher else None)
    return services.accounts.get_actor(name)


def upload(
    services: Services,
    actor: Actor,
    text: str | bytes = CSV,
    *,
    dataset: str = "reservoirs",
    name: str = "levels",
    schema: object = SCHEMA,
    **options: object,
) -> DraftView:
    """A draft of one table, its work done."""
    data = text.encode() if isinstance(text, str) else text
    option = ResourceOption(file=f"{name}.csv", name=name, schema=schema, **options)  # type: ignore[arg-type]
    view, _ = services.drafts.create(actor, dataset, [UploadedFile(f"{name}.csv", io.BytesIO(data))], [option])
    services.work.run_to_end(view.id)
    return services.drafts.get(actor, view.id)


def locate(file: ServedFile) -> Path:
    """Where a file lies that is served: these instances keep theirs in folders."""
    with file.local_copy() as path:
        return path


def publish(services: Services, actor: Actor, text: str | bytes = CSV, **options: object) -> DraftView:
    """The same, submitted and published."""
    view = upload(services, actor, text, **options)  # type: ignore[arg-type]
    services.drafts.submit(actor, view.id, Submission(breaking="the reason of a test"))
    services.work.run_to_end(view.id)
    return services.drafts.get(actor, view.id)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Choose the databases of a test that takes one."""
    if "database_kind" in metafunc.fixturenames:
        marker = metafunc.definition.get_closest_marker("both_databases")
        is_both = marker is not None or metafunc.config.getoption("--all-databases")
        is_slow = marker is not None and marker.kwargs.get("slow", False)
        second = pytest.param("postgresql", marks=[pytest.mark.slow] if is_slow else [])
        metafunc.parametrize("database_kind", ["sqlite", second] if is_both else ["sqlite"])


@pytest.fixture
def empty_database_url(request: pytest.FixtureRequest, database_kind: str) -> str:
    """The address of a database without tables: the default one (empty text), then a fresh one of PostgreSQL."""
    return "" if database_kind == "sqlite" else str(request.getfixturevalue("postgresql_database"))


@pytest.fixture
def database_url(request: pytest.FixtureRequest, database_kind: str) -> str:
    """The same for `make_services`: that of PostgreSQL has its tables."""
    return "" if database_kind == "sqlite" else str(request.getfixturevalue("postgresql_tables"))


@pytest.fixture
def postgresql_tables(postgresql_url: str, _postgresql_template: str) -> Iterator[str]:
    """The address of a fresh PostgreSQL database of this one test, with our tables and nothing in them."""
    with postgresql_copy(postgresql_url, _postgresql_template) as url:
        yield url


@pytest.fixture(scope="session")
def _postgresql_template(postgresql_url: str) -> str:
    """The name of a database with our tables, which the processes of a run share as they share the server."""

    def fill(url: str) -> None:
        database = Database(url)
        database.migrate()
        database.dispose()  # a template may have no connections

    return make_postgresql_template(postgresql_url, fill)


@pytest.fixture
def services(request: pytest.FixtureRequest, tmp_path: Path, database_url: str) -> Iterator[Services]:
    """An instance without review."""
    built = make_services(tmp_path / "instance", database_url=database_url, prepare=choose_people(request))
    yield built
    built.database.dispose()


@pytest.fixture
def editor(services: Services) -> Actor:
    """An editor of the water bureau, whose dataset `reservoirs` exists."""
    with contextlib.suppress(NotFoundError):
        return services.accounts.get_actor("editor")
    hire_editor(services)
    return services.accounts.get_actor("editor")


def choose_people(request: pytest.FixtureRequest) -> Prepare | None:
    """What an instance is made with for a test that takes `editor`, unless its file has one of its own."""
    takes_editor = "editor" in request.fixturenames and not hasattr(request.module, "editor")
    return hire_editor if takes_editor else None


def hire_editor(services: Services) -> None:
    """Make the account `editor` and its dataset."""
    services.datasets.create(make_actor(services, "editor"), DATASET)


@pytest.fixture
def app(services: Services) -> Iterator[Flask]:
    """An application that serves this instance."""
    with lend_app(services) as app:
        yield app
