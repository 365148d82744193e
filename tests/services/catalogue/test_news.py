"""What was said last of versions: in which order, from which index, after a rebuild and on databases of before."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import event, insert, text

from opendata.db.models import Dataset, Version
from opendata.db.session import Database
from opendata.errors import InputError
from opendata.services.catalogue.versions import Versions
from opendata.services.core.actors import SYSTEM, Actor
from opendata.services.core.context import Context
from opendata.services.core.paging import write_cursor
from opendata.wiring import Services, build_services
from tests.instances import CSV, make_actor, make_services, publish

MOMENT = datetime(2026, 1, 1, tzinfo=UTC)


def list_numbers(versions: Versions, dataset: str | None = None, *, limit: int = 2) -> list[str]:
    """All the news, a page at a time."""
    found, cursor = [], None
    while True:
        page = versions.list_news(dataset, limit=limit, cursor=cursor)
        found += [item.version.version for item in page.items]
        cursor = page.next
        if cursor is None:
            return found


def publish_three(services: Services, editor: Actor) -> None:
    rows = CSV
    for number in range(3):
        publish(services, editor, rows)
        rows += f"B{number:03},湖,1,2026-02-02\n"


def read_second(context: Context) -> datetime:
    return context.clock().replace(microsecond=0)


def set_times(services: Services) -> None:
    """Have the versions published on three days, so that what is said today is what was said last."""
    with services.database.unit(write=True) as session:
        for row in session.query(Version).order_by(Version.id):
            row.published = row.changed = MOMENT + timedelta(days=row.id)


@pytest.mark.both_databases(slow=True)
def test_an_old_version_is_news_again_when_it_is_corrected_or_withdrawn(services: Services, editor: Actor) -> None:
    publish_three(services, editor)
    set_times(services)
    assert list_numbers(services.versions) == ["1.2.0", "1.1.0", "1.0.0"]
    services.withdrawals.withdraw(SYSTEM, "reservoirs", "1.0.0", reason="x")
    assert list_numbers(services.versions) == ["1.0.0", "1.2.0", "1.1.0"]
    assert list_numbers(services.versions, "reservoirs", limit=1) == ["1.0.0", "1.2.0", "1.1.0"]
    set_times(services)
    services.withdrawals.report_erratum(SYSTEM, "reservoirs", "1.0.0", text="x", successor="1.1.0")
    assert list_numbers(services.versions) == ["1.1.0", "1.0.0", "1.2.0"]


def test_a_rebuilt_catalogue_has_the_same_news(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    services = make_services(tmp_path / "instance")
    days = count(1)  # from now on: a key signs nothing that is older than itself
    monkeypatch.setattr(Context, "now", lambda context: read_second(context) + timedelta(days=next(days)))
    boss = make_actor(services, "boss", role="maintainer")
    services.datasets.create(boss, {"id": "reservoirs", "title": "水库", "publisher": "water-bureau"})
    publish_three(services, boss)
    services.withdrawals.withdraw(SYSTEM, "reservoirs", "1.0.0", reason="x")
    services.withdrawals.report_erratum(SYSTEM, "reservoirs", "1.1.0", text="x")
    before = [item.version for item in services.versions.list_news(limit=9).items]
    assert [item.version for item in before] == ["1.1.0", "1.0.0", "1.2.0"]
    services.database.dispose()
    fresh = build_services(replace(services.settings, database_url=f"sqlite:///{tmp_path / 'fresh.sqlite'}"))
    fresh.database.migrate()
    fresh.rebuilding.run()
    assert [item.version for item in fresh.versions.list_news(limit=9).items] == before
    fresh.database.dispose()


@pytest.mark.parametrize("place", ["x", "2026-01-01T00:00:00+00:00", "2026-01-01 1", "2026-01-01T00:00:00+00:00 -1"])
def test_a_place_that_is_none_is_refused(services: Services, place: str) -> None:
    for cursor in (write_cursor(place), write_cursor(f"{place} {10**30}"), "%"):
        with pytest.raises(InputError):
            services.versions.list_news(limit=1, cursor=cursor)


def test_a_page_reads_a_page_however_many_versions_there_are(tmp_path: Path) -> None:
    """SQLite says how it goes about it: along an index, without sorting, and no further than the limit."""
    services = make_services(tmp_path / "instance")
    boss = make_actor(services, "boss", role="maintainer")
    services.datasets.create(boss, {"id": "reservoirs", "title": "水库", "publisher": "water-bureau"})
    with services.database.unit(write=True) as session:
        session.get_one(Dataset, "reservoirs").head = "10.0.0"
        rows = [describe_row(number) for number in range(300)]
        session.execute(insert(Version), rows)
    asked: list[tuple[str, Any]] = []
    event.listen(services.database.engine, "before_cursor_execute", lambda *call: asked.append((str(call[2]), call[3])))
    cursor = services.versions.list_news(limit=100).next
    for dataset in (None, "reservoirs"):
        assert len(services.versions.list_news(dataset, limit=100, cursor=cursor).items) == 100
    page = services.versions.list_page("reservoirs", limit=100)
    assert [item.version for item in page.items[:2]] == ["1.299.0", "1.298.0"]
    wanted = [(sql, values) for sql, values in asked if "FROM versions" in sql]
    assert len(wanted) == 4
    with services.database.engine.connect() as connection:
        for sql, values in wanted:
            plan = " ".join(row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values))
            assert "LIMIT" in sql
            assert "INDEX" in plan, plan
            assert "TEMP B-TREE" not in plan, plan
    services.database.dispose()


def describe_row(number: int) -> dict[str, Any]:
    moment = MOMENT + timedelta(hours=number)
    counts = {"resources": 1, "rows": 1, "bytes": 1, "reasons": []}
    times = {"created": moment, "published": moment, "changed": moment}
    return {"dataset_id": "reservoirs", "version": f"1.{number}.0", "manifest": "0" * 64, **times, **counts}


@pytest.mark.both_databases(slow=True)
def test_versions_of_before_take_the_times_of_their_tombstones_and_errata(
    tmp_path: Path, empty_database_url: str
) -> None:
    database = Database(empty_database_url or f"sqlite:///{tmp_path / 'a.sqlite'}")
    command.upgrade(database.migration_config(), "0007")
    day = "2026-01-01 00:00:00+00:00"
    errata = '[{"version": "1.0.0", "successor": "1.2.0", "created": "2026-04-01T00:00:00Z"}]'
    tombstone = '{"changed": "2026-03-01T00:00:00Z"}'
    with database.engine.begin() as connection:
        for statement in (
            f"INSERT INTO publishers (id, title, description, i18n, created, modified, editions)"
            f" VALUES ('p', 't', '', '{{}}', '{day}', '{day}', 0)",
            f"INSERT INTO datasets (id, uuid, publisher_id, meta, errata, created, modified, revision, editions)"
            f" VALUES ('d', 'u', 'p', '{{}}', :errata, '{day}', '{day}', 1, 0)",
        ):
            connection.execute(text(statement), {"errata": errata} if ":errata" in statement else {})
        for version, withdrawal in (("1.0.0", tombstone), ("1.1.0", tombstone), ("1.2.0", None), ("1.3.0", None)):
            connection.execute(
                text(
                    "INSERT INTO versions (dataset_id, version, manifest, created, published, notes, reasons,"
                    f" resources, rows, bytes, withdrawal, unfinished) VALUES ('d', :version, '', '{day}', '{day}',"
                    " '', '[]', 1, 1, 1, :withdrawal, :no)"
                ),
                {"version": version, "withdrawal": withdrawal, "no": False},
            )
    database.migrate()
    with database.unit() as session:
        found = {row.version: row.changed.month for row in session.query(Version)}
    assert found == {"1.0.0": 4, "1.1.0": 3, "1.2.0": 4, "1.3.0": 1}
    database.dispose()
