"""Whole instances for tests: real stores, a real database (SQLite, and PostgreSQL where it is to be had), no mocks."""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from sqlalchemy import event, inspect

from opendata.db.session import Database
from opendata.services.actors import SYSTEM, Actor
from opendata.services.intake import ResourceOption, UploadedFile
from opendata.services.values import DraftView
from opendata.settings import Settings
from opendata.storage.signing import create_signing_key
from opendata.wiring import Services, build_services
from tests.servers import postgresql_copy

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
    """The real hash at its least cost: tests make hundreds of accounts."""
    with pytest.MonkeyPatch.context() as patch:
        hasher = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
        patch.setattr("opendata.services.accounts._hasher", lambda: hasher)
        yield


@pytest.fixture(scope="session", autouse=True)
def _no_waiting_for_disks() -> Iterator[None]:
    """What a test leaves need not outlive a power cut; processes of their own, which are killed, wait as ever."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda descriptor: None)
        yield


def make_services(home: Path, *, database_url: str = "", review: str = "none", **settings: object) -> Services:
    """An instance that is ready: keys, tables, one publisher; nothing published."""
    services = build_services(Settings(home=home, database_url=database_url, review=review, **settings))  # type: ignore[arg-type]
    create_signing_key(services.settings.key_folder)
    _make_tables(services)
    services.publishers.ensure(SYSTEM, PUBLISHER)
    return services


def _make_tables(services: Services) -> None:
    """The tables as the migrations make them, which run once for all instances of SQLite."""
    database, file = services.database, services.settings.home / "opendata.sqlite"
    if database.engine.dialect.name == "sqlite":
        event.listen(database.engine, "connect", _let_sqlite_not_wait)
        if not file.exists():
            file.write_bytes(_make_empty_sqlite())
    elif not inspect(database.engine).has_table("alembic_version"):
        database.migrate()


@cache
def _make_empty_sqlite() -> bytes:
    with tempfile.TemporaryDirectory(prefix="opendata-sqlite-") as folder:
        file = Path(folder) / "empty.sqlite"
        database = Database(f"sqlite:///{file}")
        database.migrate()
        database.dispose()
        return file.read_bytes()


def _let_sqlite_not_wait(connection: Any, record: object) -> None:
    connection.execute("PRAGMA synchronous=OFF")


def make_actor(services: Services, name: str, role: str = "editor", publisher: str | None = "water-bureau") -> Actor:
    """An account with the password `a long password`, as the actor it signs in to be."""
    services.accounts.create_user(name, "a long password", role, publisher if role == "editor" else None)
    return services.accounts.sign_in(name, "a long password")[0]


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


def publish(services: Services, actor: Actor, text: str | bytes = CSV, **options: object) -> DraftView:
    """The same, submitted and published."""
    view = upload(services, actor, text, **options)  # type: ignore[arg-type]
    services.drafts.submit(actor, view.id)
    services.work.run_to_end(view.id)
    return services.drafts.get(actor, view.id)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest) -> str:
    """The address of a database without tables: the default one (empty text), then a fresh one of PostgreSQL."""
    return "" if request.param == "sqlite" else str(request.getfixturevalue("postgresql_database"))


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The same for `make_services`: that of PostgreSQL has its tables."""
    return "" if request.param == "sqlite" else str(request.getfixturevalue("postgresql_tables"))


@pytest.fixture
def postgresql_tables(postgresql_url: str, _postgresql_template: str) -> Iterator[str]:
    """The address of a fresh PostgreSQL database of this one test, with our tables and nothing in them."""
    with postgresql_copy(postgresql_url, _postgresql_template) as url:
        yield url


@pytest.fixture(scope="session")
def _postgresql_template(postgresql_url: str) -> Iterator[str]:
    with postgresql_copy(postgresql_url) as url:
        database = Database(url)
        database.migrate()
        database.dispose()  # a template may have no connections
        yield url.rpartition("/")[2]


@pytest.fixture
def services(tmp_path: Path, database_url: str) -> Iterator[Services]:
    """An instance without review, on each kind of database."""
    built = make_services(tmp_path / "instance", database_url=database_url)
    yield built
    built.database.dispose()


@pytest.fixture
def editor(services: Services) -> Actor:
    """An editor of the water bureau, whose dataset `reservoirs` exists."""
    actor = make_actor(services, "editor")
    services.datasets.create(actor, DATASET)
    return actor
