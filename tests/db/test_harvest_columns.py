"""The migration of harvesting: datasets of before are of this portal, and it can be taken back."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import inspect, text

from opendata.db.session import Database
from opendata.settings import Settings
from opendata.storage.signing import create_signing_key
from opendata.wiring import build_services

_DAY = "2026-01-01 00:00:00+00:00"


@pytest.mark.slow
@pytest.mark.both_databases
def test_datasets_of_before_have_no_origin(tmp_path: Path, empty_database_url: str) -> None:
    settings = Settings(home=tmp_path, database_url=empty_database_url)
    create_signing_key(settings.key_folder)
    database = Database(settings.database)
    config = database.migration_config()
    command.upgrade(config, "0041")
    with database.engine.begin() as connection:
        for table, row in (
            ("publishers", {"id": "p1", "title": "t", "description": "", "i18n": "{}", "editions": 0}),
            (
                "datasets",
                {"id": "d1", "uuid": "u", "publisher_id": "p1", "meta": '{"title": "t"}', "revision": 1, "editions": 1},
            ),
        ):
            values = {**row, "created": _DAY, "modified": _DAY}
            names = f"{', '.join(values)}) VALUES (:{', :'.join(values)}"
            connection.execute(text(f"INSERT INTO {table} ({names})"), values)
    command.upgrade(config, "0046")
    database.migrate()
    services = build_services(settings)
    (entry,) = services.entries.iterate()
    assert (entry.origin, entry.external, services.harvests.list()) == (None, [], [])
    services.database.dispose()
    command.downgrade(config, "0041")
    assert "harvest_sources" not in inspect(database.engine).get_table_names()
    with database.engine.begin() as connection:
        assert connection.execute(text("SELECT title FROM publishers")).scalar() == "t"
    database.dispose()
