"""The migrations make exactly the tables the models describe, on both databases, and can be taken back."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect

from opendata.db.models import Base
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
def test_migrations_can_be_taken_back(tmp_path: Path, empty_database_url: str) -> None:
    database = Database(empty_database_url or f"sqlite:///{tmp_path / 'a.sqlite'}")
    database.migrate()
    command.downgrade(database.migration_config(), "base")
    assert set(inspect(database.engine).get_table_names()) <= {"alembic_version"}
    database.dispose()
