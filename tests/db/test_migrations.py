"""The migrations make exactly the tables the models describe, on both databases, and can be taken back."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, select, text
from sqlalchemy.exc import IntegrityError

from opendata.db.models import Base, Draft, Token, User, Version
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


def insert_draft(database: Database, **more: str) -> None:
    """A draft `x` of a dataset `d` that was approved, as earlier releases kept it."""
    day = "2026-01-01 00:00:00+00:00"
    with database.engine.begin() as connection:
        for table, values in (
            ("publishers", {"id": "p", "title": "t", "description": "", "i18n": "{}", "editions": 0}),
            ("datasets", {"id": "d", "uuid": "u", "publisher_id": "p", "meta": "{}", "revision": 1, "editions": 0}),
            (
                "drafts",
                {"id": "x", "dataset_id": "d", "status": "approved", "dropped": "[]", "notes": "", "reason": ""}
                | {"comment": "", "stage": "", "progress": 0, "author": "editor", "revision": 1, "wanted": ""}
                | {"attempts": 0, "key_reports": "{}", "privacy": "[]", **more},
            ),
        ):
            row = {**values, "created": day, "modified": day}
            names = ", ".join(row)
            connection.execute(text(f"INSERT INTO {table} ({names}) VALUES (:{', :'.join(row)})"), row)


@pytest.mark.both_databases
def test_drafts_and_datasets_of_before_have_nothing_proposed_and_nothing_sealed(
    tmp_path: Path, empty_database_url: str
) -> None:
    database = Database(empty_database_url or f"sqlite:///{tmp_path / 'a.sqlite'}")
    command.upgrade(database.migration_config(), "0008")
    insert_draft(database)
    database.migrate()
    with database.unit() as session:
        draft = session.get_one(Draft, "x")
        assert (draft.sealed, draft.contributors, draft.dataset.proposed) == (None, None, None)
    database.dispose()


@pytest.mark.both_databases
def test_drafts_in_review_keep_the_seal_of_their_time_and_have_nothing_signed(
    tmp_path: Path, empty_database_url: str
) -> None:
    database = Database(empty_database_url or f"sqlite:///{tmp_path / 'a.sqlite'}")
    command.upgrade(database.migration_config(), "0009")
    insert_draft(database, sealed="a" * 64, approver="boss", comment="单位不明")
    database.migrate()
    with database.unit(write=True) as session:
        draft = session.get_one(Draft, "x")
        assert (draft.seal_edition, draft.sealed, draft.approver, draft.comment) == (1, "a" * 64, "boss", "单位不明")
        assert (draft.publish_at, draft.checks, draft.comments) == (None, [], [])
        later = Draft(id="y", dataset=draft.dataset, status=draft.status, dropped=[], author="editor", privacy=[])
        later.created = later.modified = draft.created
        later.key_reports = {}
        session.add(later)
        session.flush()
        assert later.seal_edition == 2
    database.dispose()


@pytest.mark.both_databases
def test_accounts_of_before_keep_their_tokens_and_files_that_are_not_public_are_to_move(
    tmp_path: Path, empty_database_url: str
) -> None:
    database = Database(empty_database_url or f"sqlite:///{tmp_path / 'a.sqlite'}")
    command.upgrade(database.migration_config(), "0009")
    day = "2026-01-01 00:00:00+00:00"
    with database.engine.begin() as connection:

        def insert(table: str, **row: object) -> None:
            names = ", ".join(row)
            connection.execute(text(f"INSERT INTO {table} ({names}) VALUES (:{', :'.join(row)})"), row)

        times = {"created": day, "modified": day}
        insert("publishers", id="p", title="t", description="", i18n="{}", editions=0, **times)
        insert("users", id=1, name="clerk", password="x", role="editor", session="s", created=day, disabled=False)
        insert("tokens", id=1, user_id=1, name="", digest="d", created=day, revoked=False)
        for name, attribute in (("shut", "closed"), ("free", "open")):
            meta = f'{{"disclosure": {{"attribute": "{attribute}"}}}}'
            insert("datasets", id=name, uuid=name, publisher_id="p", meta=meta, revision=1, editions=1, **times)
            version = {"version": "1.0.0", "manifest": name, "notes": "", "reasons": "[]", "resources": 1, "rows": 1}
            moments = {"created": day, "published": day, "changed": day}
            insert("versions", dataset_id=name, bytes=1, unfinished=False, **version, **moments)
    database.migrate()
    with database.unit(write=True) as session:
        assert session.get_one(Token, 1).user_id == session.get_one(User, 1).id
        found = {row.dataset_id: row.unfinished for row in session.scalars(select(Version))}
        assert found == {"shut": True, "free": False}
        session.add(Token(user_id=2, name="", digest="e", created=datetime.now(UTC)))
        with pytest.raises(IntegrityError):  # references are checked again
            session.flush()
        session.rollback()
    database.dispose()


@pytest.mark.both_databases
def test_drafts_of_before_have_not_been_scanned(tmp_path: Path, empty_database_url: str) -> None:
    database = Database(empty_database_url or f"sqlite:///{tmp_path / 'a.sqlite'}")
    command.upgrade(database.migration_config(), "0014")
    insert_draft(database, sealed="a" * 64)
    database.migrate()
    with database.unit(write=True) as session:
        draft = session.get_one(Draft, "x")
        assert (draft.scans, draft.sealed) == (None, "a" * 64)
        draft.scans = {"b" * 64: {"found": "", "by": "ClamAV 1.4.6"}}
    with database.unit() as session:
        assert session.get_one(Draft, "x").scans == {"b" * 64: {"found": "", "by": "ClamAV 1.4.6"}}
    database.dispose()


@pytest.mark.both_databases
def test_migrations_can_be_taken_back(tmp_path: Path, empty_database_url: str) -> None:
    database = Database(empty_database_url or f"sqlite:///{tmp_path / 'a.sqlite'}")
    database.migrate()
    command.downgrade(database.migration_config(), "base")
    assert set(inspect(database.engine).get_table_names()) <= {"alembic_version"}
    database.dispose()
