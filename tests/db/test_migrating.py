"""Migrations of a database that is in use: no reader is ended or waits long, and no migration is left out."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from opendata.db.migrating import LOCK_MILLISECONDS, migrate_patiently
from opendata.db.session import Database
from opendata.errors import StateError

FILES = """
from alembic import op
import sqlalchemy as sa

revision = "{number}"
down_revision = {before}


def upgrade():
    for name in {tables}:
        op.add_column(name, sa.Column("column_{number}", sa.Integer()))
"""


@pytest.fixture
def database(postgresql_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """A database with the tables of before, and with two migrations to come: each changes `drafts` and `datasets`."""
    database = Database(postgresql_database)
    command.upgrade(database.migration_config(), "0050")
    (tmp_path / "versions").mkdir()
    (tmp_path / "env.py").write_text((Path("migrations") / "env.py").read_text())
    for number, before, tables in (("0050", None, ()), ("0998", "0050", ["drafts"]), ("0999", "0998", ["datasets"])):
        (tmp_path / "versions" / f"{number}_a.py").write_text(
            FILES.format(number=number, before=repr(before), tables=tables)
        )
    monkeypatch.setattr("opendata.db.session.MIGRATIONS", tmp_path)
    yield database
    database.dispose()


def test_a_reader_of_what_a_migration_changes_is_not_ended_and_the_migration_comes_later(database: Database) -> None:
    engine = create_engine(database.url)
    with ThreadPoolExecutor(1) as pool, engine.connect() as reader:
        reader.execute(text("SELECT 1 FROM datasets"))
        migrating = pool.submit(database.migrate)
        time.sleep(3 * LOCK_MILLISECONDS / 1000)
        assert not migrating.done()
        begun = time.monotonic()
        reader.execute(text("SELECT column_0998 FROM drafts"))  # it came before, and its table is free again
        with engine.connect() as other:
            other.execute(text("SELECT 1 FROM datasets"))
        assert time.monotonic() - begun < 2 * LOCK_MILLISECONDS / 1000 + 0.5
        reader.rollback()
        migrating.result(timeout=30)
    with engine.connect() as connection:
        connection.execute(text("SELECT column_0999 FROM datasets"))
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == "0999"
        assert connection.scalar(text("SHOW lock_timeout")) == "0"
    with database.engine.connect() as connection:
        assert connection.scalar(text("SHOW lock_timeout")) == "0"
    engine.dispose()


def test_what_is_no_lock_is_not_tried_again() -> None:
    def fail() -> None:
        raise OperationalError("SELECT", {}, Exception("gone"))

    begun = time.monotonic()
    with pytest.raises(OperationalError):
        migrate_patiently(fail)
    assert time.monotonic() - begun < 0.1


def test_a_table_that_stays_in_use_is_named_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    class LockedOutError(Exception):
        sqlstate = "55P03"

    def fail() -> None:
        raise OperationalError("ALTER TABLE", {}, LockedOutError())

    monkeypatch.setattr("opendata.db.migrating.PATIENCE_SECONDS", 0.1)
    with pytest.raises(StateError, match="run “opendata init” again"):
        migrate_patiently(fail)
