"""The migrations make exactly the tables the models describe, on both databases, and can be taken back."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, select, text
from sqlalchemy.exc import IntegrityError

from opendata.db.models import (
    Appointment,
    Base,
    Dataset,
    Draft,
    Event,
    OutboxMail,
    Publisher,
    Token,
    User,
    Version,
)
from opendata.db.session import Database, list_revisions
from opendata.domain.access.scopes import Verb
from opendata.domain.manifest import Manifest
from opendata.errors import NotSignedInError, SuspendedError
from opendata.metadata.canonical import digest, write_canonical
from opendata.services.access.posts import view_actor
from opendata.services.access.sessions import digest_text
from opendata.services.catalogue.manifests import Manifests
from opendata.services.core.actors import Actor, require_verb
from opendata.services.core.event_chain import chain_past
from opendata.services.drafts.intake import ResourceOption
from opendata.services.drafts.next_version import SEAL_EDITION, draw_manifest, list_resources
from opendata.services.uploads.upload_values import UploadedFile
from opendata.settings import Settings
from opendata.wiring import Services, build_services
from tests.instances import CSV, DATASET, SCHEMA, make_actor, make_services


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


def test_the_files_of_migrations_have_their_numbers_and_the_highest_is_the_newest(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'a.sqlite'}")
    scripts = ScriptDirectory.from_config(database.migration_config())
    assert [script.revision for script in scripts.walk_revisions()] == sorted(list_revisions(), reverse=True)


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


@pytest.mark.slow
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


def send(services: Services, editor: Actor, text: str, dataset: str = "reservoirs") -> str:
    """A draft of a table and an attachment."""
    files = {"levels.csv": text, "notes.txt": "水位的说明"}
    sent = [UploadedFile(name, io.BytesIO(content.encode())) for name, content in files.items()]
    options = [
        ResourceOption(file="levels.csv", name="levels", schema=SCHEMA),
        ResourceOption(file="notes.txt", type="attachment", name="notes"),
    ]
    draft = services.drafts.create(editor, dataset, sent, options)[0].id
    services.work.run_to_end(draft)
    return draft


def seal_manifest(row: Draft, base: Manifest) -> str:
    """The seal of the releases before there were checks: the digest of the manifest alone."""
    tables = list_resources(row, base, {})
    drawn = draw_manifest(row, tables, version="0.0.0", created=row.created, previous=row.base)
    return digest(write_canonical(drawn.to_json())).removeprefix("sha256:")


def approve(services: Services, boss: Actor, draft: str) -> str | None:
    """Publish a draft that was submitted; gives its version."""
    services.drafts.approve(boss, draft)
    services.drafts.publish(boss, draft)
    services.work.run_to_end(draft)
    return services.drafts.get(boss, draft).version


@pytest.mark.both_databases(slow=True)
def test_an_instance_from_before_the_gate_works_on_with_what_it_has(tmp_path: Path, database_url: str) -> None:
    migrate_instance(tmp_path, database_url, "0010")


@pytest.mark.parametrize(
    "revision", [*(pytest.param(name, marks=pytest.mark.slow) for name in ("0011", "0012")), "0013"]
)
def test_an_instance_of_a_later_release_works_on_as_well(tmp_path: Path, database_url: str, revision: str) -> None:
    migrate_instance(tmp_path, database_url, revision)


def migrate_instance(tmp_path: Path, database_url: str, revision: str) -> None:
    """Take a whole instance back to the tables of an earlier release, bring it up to date, and work with it."""
    services = make_services(tmp_path / "instance", database_url=database_url, review="two-person")
    editor, boss = make_actor(services, "editor"), make_actor(services, "boss", role="maintainer")
    for name in ("reservoirs", "lakes"):
        services.datasets.create(editor, {**DATASET, "id": name})
    first = send(services, editor, CSV)
    services.drafts.submit(editor, first)
    assert approve(services, boss, first) == "1.0.0"
    assert services.screening.run_slice() == 1
    waiting = send(services, editor, CSV + "A003,南湖,3,2026-02-02\n")
    services.drafts.submit(editor, waiting)
    valid = send(services, editor, CSV, "lakes")
    has_checks, is_screened = revision >= "0012", revision >= "0013"
    if not has_checks:
        with services.database.unit(write=True) as session:  # as it was sealed at that time
            row = session.get_one(Draft, waiting)
            row.seal_edition = 1
            row.sealed = seal_manifest(row, services.versions.get_manifest("reservoirs", "1.0.0"))

    command.downgrade(services.database.migration_config(), revision)
    services.database.migrate()
    with services.database.unit() as session:
        version = session.scalars(select(Version)).one()
        assert (version.suspended, version.suspension, version.alarming) == (False, None, False)
        assert version.screening == ([] if is_screened else None)
        for row in session.scalars(select(Draft)):
            assert (row.publish_at, row.replaces, row.comments, row.dataset.decisions) == (None, None, [], None)
            assert len(row.checks) == (5 if has_checks and row.id == first else 0)
            assert row.seal_edition == ((SEAL_EDITION if row.sealed else 2) if has_checks else 1)
            (table,), (attachment,) = row.resources, row.attachments
            assert (table.decisions, table.untreated, table.treated, table.risk) == (None, None, None, None)
            assert (attachment.texts, attachment.is_read, attachment.unread) == (None, None, "")

    services.stops.suspend(editor, "reservoirs", "1.0.0", reason="误发")
    with pytest.raises(SuspendedError):
        services.versions.get("reservoirs", "1.0.0")
    services.stops.release(boss, "reservoirs", "1.0.0", reason="误报")
    assert approve(services, boss, waiting) == "1.1.0"
    services.drafts.submit(editor, valid)
    with services.database.unit() as session:  # nobody has read the attachment: signing says that somebody did
        row = session.get_one(Draft, valid)
        assert (row.seal_edition, [item.unread for item in row.attachments]) == (SEAL_EDITION, ["not-screened"])
    assert approve(services, boss, valid) == "1.0.0"
    assert services.screening.run_slice() == (2 if is_screened else 3)
    assert services.checking.run().is_sound
    services.database.dispose()


@pytest.mark.slow
@pytest.mark.both_databases
def test_the_uses_of_schemas_in_versions_of_before_are_listed_when_somebody_asks(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = make_services(tmp_path / "instance", database_url=database_url, review="none")
    editor, boss = make_actor(services, "editor"), make_actor(services, "boss", role="maintainer")
    services.schemas.add(boss, "levels", "1.0.0", SCHEMA)
    for name in ("lakes", "reservoirs"):
        services.datasets.create(editor, {**DATASET, "id": name})
        draft = send(services, editor, CSV, name)
        services.drafts.change_resource(editor, draft, "levels", {"schema": "levels@1.0.0"})
        services.work.run_to_end(draft)
        services.drafts.submit(editor, draft)
        services.work.run_to_end(draft)
    read: list[str] = []
    get = Manifests.get

    def note(self: Manifests, dataset: str, version: str) -> Manifest:
        read.append(dataset)
        return get(self, dataset, version)

    monkeypatch.setattr(Manifests, "get", note)
    uses = services.schema_library.list_uses("levels")
    assert [(item.dataset, item.version, item.table, item.ref) for item in uses] == [
        ("lakes", "1.0.0", "levels", "levels@1.0.0"),
        ("reservoirs", "1.0.0", "levels", "levels@1.0.0"),
    ]
    assert read == []  # publication has listed them
    command.downgrade(services.database.migration_config(), "0027")
    services.database.migrate()
    assert services.schema_library.list_uses("levels") == uses
    assert read == ["lakes", "reservoirs"]
    assert services.schema_library.list_uses("levels") == uses
    assert len(read) == 2
    services.database.dispose()


@pytest.mark.both_databases(slow=True)
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


@pytest.mark.both_databases(slow=True)
def test_accounts_of_before_have_no_address_and_a_process_of_before_can_make_more(
    tmp_path: Path, empty_database_url: str
) -> None:
    database = Database(empty_database_url or f"sqlite:///{tmp_path / 'a.sqlite'}")
    command.upgrade(database.migration_config(), "0020")
    insert = text(
        "INSERT INTO users (name, password, role, session, created, disabled)"
        " VALUES (:name, 'x', 'maintainer', 's', '2026-01-01 00:00:00+00:00', :disabled)"
    )
    with database.engine.begin() as connection:
        connection.execute(insert, {"name": "before", "disabled": False})
    database.migrate()
    with database.engine.begin() as connection:
        connection.execute(insert, {"name": "after", "disabled": False})
    with database.unit() as session:
        rows = session.scalars(select(User).order_by(User.id)).all()
        assert [(row.name, row.mail_address, row.mail_language) for row in rows] == [
            ("before", None, None),
            ("after", None, None),
        ]
        assert session.scalars(select(OutboxMail)).all() == []
    database.dispose()


@pytest.mark.slow
@pytest.mark.both_databases
def test_migrations_can_be_taken_back(tmp_path: Path, empty_database_url: str) -> None:
    database = Database(empty_database_url or f"sqlite:///{tmp_path / 'a.sqlite'}")
    database.migrate()
    command.downgrade(database.migration_config(), "base")
    assert set(inspect(database.engine).get_table_names()) <= {"alembic_version"}
    database.dispose()


@pytest.mark.both_databases(slow=True)
def test_events_of_before_are_there_unchanged_and_a_process_of_before_can_write_more(
    tmp_path: Path, empty_database_url: str
) -> None:
    database = Database(empty_database_url or f"sqlite:///{tmp_path / 'a.sqlite'}")
    command.upgrade(database.migration_config(), "0014")
    insert = text(
        "INSERT INTO events (at, actor, verb, subject_kind, subject, details)"
        " VALUES ('2026-01-01 00:00:00+00:00', 'clerk', 'upload', 'draft', :s, '{}')"
    )
    with database.engine.begin() as connection:
        connection.execute(insert, {"s": "before"})
    database.migrate()
    with database.engine.begin() as connection:
        connection.execute(insert, {"s": "after"})
    chain_past(database, datetime.now(UTC))
    with database.unit() as session:
        rows = list(session.scalars(select(Event).order_by(Event.position)))
        assert [(row.position, row.subject, row.address) for row in rows] == [(1, "before", ""), (2, "after", "")]
        assert (rows[0].previous, rows[1].previous) == (None, rows[0].digest)
    database.dispose()


@pytest.mark.both_databases(slow=True)
def test_tokens_of_before_keep_all_rights_and_a_process_of_before_can_make_more(
    tmp_path: Path, empty_database_url: str
) -> None:
    settings = Settings(home=tmp_path, database_url=empty_database_url)
    services = build_services(settings)
    database = services.database
    command.upgrade(database.migration_config(), "0014")
    day = "2026-01-01 00:00:00+00:00"

    def insert(table: str, **row: object) -> None:
        names = ", ".join(row)
        with database.engine.begin() as connection:
            connection.execute(text(f"INSERT INTO {table} ({names}) VALUES (:{', :'.join(row)})"), row)

    insert("users", id=1, name="boss", password="x", role="maintainer", session="s", created=day, disabled=False)
    insert("tokens", user_id=1, name="a", digest=digest_text("odt_before"), created=day, revoked=False)
    database.migrate()
    insert("tokens", user_id=1, name="b", digest=digest_text("odt_after"), created=day, revoked=False)
    insert("tokens", user_id=1, name="c", digest=digest_text("odt_ended"), created=day, revoked=True)
    for token in ("odt_before", "odt_after"):
        actor = services.accounts.authenticate(token)
        assert actor.is_maintainer
        require_verb(actor, Verb.ADMIN)
    with pytest.raises(NotSignedInError):
        services.accounts.authenticate("odt_ended")
    database.dispose()


@pytest.mark.slow
@pytest.mark.both_databases(slow=True)
def test_publishers_of_before_are_departments_at_the_top_and_the_release_before_can_go_on_writing(
    tmp_path: Path, empty_database_url: str
) -> None:
    database = Database(empty_database_url or f"sqlite:///{tmp_path / 'a.sqlite'}")
    command.upgrade(database.migration_config(), "0030")
    day = "2026-01-01 00:00:00+00:00"

    def insert(table: str, **row: object) -> None:
        with database.engine.begin() as connection:
            names = ", ".join(row)
            connection.execute(text(f"INSERT INTO {table} ({names}) VALUES (:{', :'.join(row)})"), row)

    times = {"created": day, "modified": day}
    insert("publishers", id="p", title="t", description="", i18n="{}", editions=1, **times)
    insert("datasets", id="d", uuid="u", publisher_id="p", meta="{}", revision=1, editions=1, **times)
    insert(
        "users",
        id=1,
        name="clerk",
        password="x",
        role="editor",
        publisher_id="p",
        session="s",
        created=day,
        disabled=False,
    )
    database.migrate()
    insert("publishers", id="q", title="t", description="", i18n="{}", editions=0, **times)
    insert("datasets", id="e", uuid="v", publisher_id="q", meta="{}", revision=1, editions=0, **times)
    with database.unit(write=True) as session:
        for name in ("p", "q"):
            row = session.get_one(Publisher, name)
            assert (row.kind, row.code, row.parent_id, row.supervisor_id, row.details) == ("department",) + (None,) * 4
            assert (row.history, row.ended, row.revision, row.unfinished) == (None, None, 1, False)
        for name in ("d", "e"):
            dataset = session.get_one(Dataset, name)
            assert (dataset.moves, dataset.unfinished) == (None, False)
        session.get_one(Publisher, "p").parent_id = "nowhere"
        with pytest.raises(IntegrityError):
            session.flush()
        session.rollback()
    command.downgrade(database.migration_config(), "0030")
    with database.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM users WHERE publisher_id = 'p'")).scalar() == 1
        assert "parent_id" not in {column["name"] for column in inspect(connection).get_columns("publishers")}
    database.dispose()


@pytest.mark.both_databases(slow=True)
def test_accounts_of_before_get_the_appointments_that_their_roles_amounted_to(
    tmp_path: Path, empty_database_url: str
) -> None:
    database = Database(empty_database_url or f"sqlite:///{tmp_path / 'a.sqlite'}")
    command.upgrade(database.migration_config(), "0030")
    insert_draft(database)
    made = "2026-01-01 00:00:00+00:00"
    insert = text(
        "INSERT INTO users (name, password, role, publisher_id, session, created, disabled)"
        f" VALUES (:name, 'x', :role, :publisher, 's', '{made}', false)"
    )
    accounts = (("li", "editor", "p"), ("wang", "maintainer", None), ("anna", "reader", None), ("ben", "reader", "p"))
    with database.engine.begin() as connection:
        for name, role, publisher in accounts:
            connection.execute(insert, {"name": name, "role": role, "publisher": publisher})
    database.migrate()
    with database.engine.begin() as connection:  # a process of the release before makes one more
        connection.execute(insert, {"name": "after", "role": "editor", "publisher": "p"})
    with database.unit() as session:
        held = [
            (row.user_id, row.role, row.publisher_id, row.created_by) for row in session.scalars(select(Appointment))
        ]
        assert sorted(held) == [
            (1, "editor", "p", "system"),
            (1, "reviewer", "p", "system"),
            (2, "maintainer", None, "system"),
        ]
        people = {row.name: row for row in session.scalars(select(User))}
        assert people["li"].appointed == datetime(2026, 1, 1, tzinfo=UTC)
        assert {name: view_actor(session, row).may_review("p") for name, row in people.items()} == {
            "li": True,
            "wang": True,
            "anna": False,
            "ben": False,
            "after": True,
        }
    command.downgrade(database.migration_config(), "0030")
    database.migrate()
    database.dispose()


@pytest.mark.both_databases(slow=True)
def test_versions_of_before_that_are_stopped_are_found_by_an_index_of_them_alone(
    tmp_path: Path, empty_database_url: str
) -> None:
    database = Database(empty_database_url or f"sqlite:///{tmp_path / 'a.sqlite'}")
    command.upgrade(database.migration_config(), "0073")
    before = {item["name"] for item in inspect(database.engine).get_indexes("versions")}
    database.migrate()
    after = {item["name"] for item in inspect(database.engine).get_indexes("versions")}
    assert before - after == {"ix_versions_suspended", "ix_versions_alarming"}
    assert after - before == {"ix_versions_stopped", "ix_versions_in_alarm"}
    with database.engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            asked = "EXPLAIN QUERY PLAN SELECT id FROM versions WHERE versions.suspended ORDER BY changed"
            assert "ix_versions_stopped" in str(connection.execute(text(asked)).all())
    command.downgrade(database.migration_config(), "0073")
    assert {item["name"] for item in inspect(database.engine).get_indexes("versions")} == before
    database.dispose()
