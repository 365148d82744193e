"""The migration of higher platforms: what is there stays, and it can be taken back."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import inspect, text

from opendata.db.session import Database
from opendata.services.core.actors import SYSTEM
from opendata.services.harvest.senders import SenderInput
from opendata.settings import Settings
from opendata.storage.signing import create_signing_key
from opendata.wiring import build_services

_DAY = "2026-01-01 00:00:00+00:00"
_TABLES = {"higher_platforms", "upward_records", "exchange_senders", "received_records"}


@pytest.mark.slow
@pytest.mark.both_databases
def test_a_portal_that_was_harvested_before_can_send(tmp_path: Path, empty_database_url: str) -> None:
    settings = Settings(home=tmp_path, database_url=empty_database_url)
    create_signing_key(settings.key_folder)
    database = Database(settings.database)
    config = database.migration_config()
    command.upgrade(config, "0050")
    source = {
        **{"id": "district", "title": "区", "url": "https://district.example.org", "kind": "opendata"},
        **{"publisher_id": "p1", "mapping": "{}", "most_gone": 20, "cycle": "daily", "at": "03:00", "day": 1},
        **{"takes_data": False, "is_active": True, "author": "boss", "changed": _DAY, "revision": 1},
        **{"wish": "nothing", "tries": 0, "etag": "", "modified": ""},
    }
    publisher = {"id": "p1", "title": "t", "description": "", "i18n": "{}", "editions": 0, "modified": _DAY}
    with database.engine.begin() as connection:
        for table, row in (("publishers", publisher), ("harvest_sources", source)):
            values = {**row, "created": _DAY}
            names = f"{', '.join(values)}) VALUES (:{', :'.join(values)}"
            connection.execute(text(f"INSERT INTO {table} ({names})"), values)
    command.upgrade(config, "0051")
    database.migrate()
    services = build_services(settings)
    assert (services.upward.platforms.list(SYSTEM), services.upward.senders.list(SYSTEM)) == ([], [])
    said = SenderInput(title="区", url="https://district.example.org", publisher="p1")
    assert services.upward.senders.put(SYSTEM, "district", said)[1]
    found = services.harvests.get("district")
    assert (found.is_active, found.cycle) == (True, "daily")
    services.database.dispose()
    command.downgrade(config, "0050")
    assert not _TABLES & set(inspect(database.engine).get_table_names())
    with database.engine.begin() as connection:
        assert connection.execute(text("SELECT title FROM harvest_sources")).scalar() == "区"
    database.dispose()
