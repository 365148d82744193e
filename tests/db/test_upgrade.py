"""An instance of an earlier release is upgraded with all that it has, as a portal in use had it, and goes on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Boolean, Integer, MetaData, text

from opendata.db.session import Database
from opendata.services.core.actors import SYSTEM
from opendata.settings import Settings
from opendata.storage.signing import create_signing_key
from opendata.wiring import build_services
from tests.instances import upload

STORED = Path(__file__).with_name("stored")
PASSWORD = "a long password"


@pytest.mark.both_databases(slow=True)
@pytest.mark.parametrize("revision", ["0030"])
def test_an_instance_of_before_keeps_all_it_has_and_goes_on(
    tmp_path: Path, empty_database_url: str, revision: str
) -> None:
    settings = Settings(home=tmp_path, database_url=empty_database_url, review="two-person")
    create_signing_key(settings.key_folder)
    database = Database(settings.database)
    command.upgrade(database.migration_config(), revision)
    stored: dict[str, list[dict[str, Any]]] = json.loads((STORED / f"{revision}.json").read_text(encoding="utf-8"))
    columns = _fill(database, stored)
    before = _read(database, columns)
    assert {name: len(rows) for name, rows in before.items()} == {name: len(rows) for name, rows in stored.items()}
    database.migrate()
    assert _read(database, columns) == before
    database.dispose()
    services = build_services(settings)
    clerk, boss = (services.accounts.sign_in(name, PASSWORD)[0] for name in ("clerk", "boss"))
    assert (clerk.may_edit("water-bureau"), clerk.may_edit("road-bureau"), clerk.is_maintainer) == (True, False, False)
    assert boss.is_maintainer
    assert {one.id for one in services.datasets.list(None, limit=50).items} >= {"reservoirs", "guarded", "closed"}
    assert len(services.events.list(SYSTEM, limit=500).items) >= len(stored["events"])
    services.datasets.create(clerk, {"id": "fresh", "title": "新表", "publisher": "water-bureau"})
    draft = upload(services, clerk, dataset="fresh")
    services.work.run_to_end(draft.id)
    assert services.drafts.get(clerk, draft.id).status == "valid"
    assert {one.code: one.count for one in services.control.count_all(boss)}["closed"] == 1
    services.database.dispose()


def _fill(database: Database, stored: Mapping[str, list[dict[str, Any]]]) -> Mapping[str, list[str]]:
    """Write the rows into the tables as they were then; the columns of each table."""
    metadata = MetaData()
    with database.engine.begin() as connection:
        metadata.reflect(connection)
        for table in metadata.sorted_tables:
            if table.name in stored:
                connection.execute(table.delete())
            flags = {column.name for column in table.columns if isinstance(column.type, Boolean)}
            for row in stored.get(table.name, ()):
                names = ", ".join(f":{name}" for name in row)
                values = {
                    name: bool(value) if name in flags and value is not None else value for name, value in row.items()
                }
                connection.execute(text(f"INSERT INTO {table.name} ({', '.join(row)}) VALUES ({names})"), values)
        if connection.dialect.name == "postgresql":
            for name in stored:
                if "id" in metadata.tables[name].columns and isinstance(
                    metadata.tables[name].columns["id"].type, Integer
                ):
                    own = f"pg_get_serial_sequence('{name}', 'id')"
                    connection.execute(
                        text(f"SELECT setval({own}, (SELECT max(id) FROM {name})) WHERE {own} IS NOT NULL")
                    )
    return {name: [column.name for column in metadata.tables[name].columns] for name in stored}


def _read(database: Database, columns: Mapping[str, list[str]]) -> Mapping[str, list[str]]:
    """The rows of the tables in these columns, as texts."""
    with database.engine.connect() as connection:
        return {
            name: sorted(str(tuple(row)) for row in connection.execute(text(f"SELECT {', '.join(own)} FROM {name}")))
            for name, own in columns.items()
        }
