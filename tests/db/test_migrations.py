"""The migrations make exactly the tables the models describe, on both databases, and can be taken back."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, text

from opendata.db.models import Base, Draft
from opendata.db.session import Database


@pytest.mark.both_databases
def test_migrated_tables_equal_the_models(tmp_path: Path, empty_database_url: str) -> None:
    database = Database(empty_database_url or f"sqlite:///{tmp_path / 'a.sqlite'}")
    assert not database.is_current()
    database.migrate()
    assert database.is_current()
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
    database.dispose()


@pytest.mark.both_databases
def test_drafts_and_datasets_of_before_have_nothing_proposed_and_nothing_sealed(
    tmp_path: Path, empty_database_url: str
) -> None:
    database = Database(empty_database_url or f"sqlite:///{tmp_path / 'a.sqlite'}")
    command.upgrade(database.migration_config(), "0008")
    day = "2026-01-01 00:00:00+00:00"
    with database.engine.begin() as connection:
        for table, values in (
            ("publishers", {"id": "p", "title": "t", "description": "", "i18n": "{}", "editions": 0}),
            ("datasets", {"id": "d", "uuid": "u", "publisher_id": "p", "meta": "{}", "revision": 1, "editions": 0}),
            (
                "drafts",
                {"id": "x", "dataset_id": "d", "status": "approved", "dropped": "[]", "notes": "", "reason": ""}
                | {"comment": "", "stage": "", "progress": 0, "author": "editor", "revision": 1, "wanted": ""}
                | {"attempts": 0, "key_reports": "{}", "privacy": "[]"},
            ),
        ):
            row = {**values, "created": day, "modified": day}
            names = ", ".join(row)
            connection.execute(text(f"INSERT INTO {table} ({names}) VALUES (:{', :'.join(row)})"), row)
    database.migrate()
    with database.unit() as session:
        draft = session.get_one(Draft, "x")
        assert (draft.sealed, draft.contributors, draft.dataset.proposed) == (None, None, None)
    database.dispose()


@pytest.mark.both_databases
def test_migrations_can_be_taken_back(tmp_path: Path, empty_database_url: str) -> None:
    database = Database(empty_database_url or f"sqlite:///{tmp_path / 'a.sqlite'}")
    database.migrate()
    command.downgrade(database.migration_config(), "base")
    assert set(inspect(database.engine).get_table_names()) <= {"alembic_version"}
    database.dispose()
