"""Whole instances for tests: real stores, a real database (SQLite, and PostgreSQL where it is to be had), no mocks."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from opendata.services.actors import SYSTEM, Actor
from opendata.services.intake import ResourceOption, UploadedFile
from opendata.services.values import DraftView
from opendata.settings import Settings
from opendata.storage.signing import create_signing_key
from opendata.wiring import Services, build_services

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


def make_services(home: Path, *, database_url: str = "", review: str = "none", **settings: object) -> Services:
    """An instance that is ready: keys, tables, one publisher; nothing published."""
    services = build_services(Settings(home=home, database_url=database_url, review=review, **settings))  # type: ignore[arg-type]
    create_signing_key(services.settings.key_folder)
    services.database.migrate()
    services.publishers.ensure(SYSTEM, PUBLISHER)
    return services


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
def database_url(request: pytest.FixtureRequest) -> str:
    """The address of an empty database: the default one (empty text), then a fresh one of PostgreSQL."""
    return "" if request.param == "sqlite" else str(request.getfixturevalue("postgresql_database"))


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
