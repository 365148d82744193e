"""The negative list and the opening plan are in the public store: signed, restored from it, checked and kept."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update
from werkzeug.serving import make_server

from opendata.app import create_app
from opendata.db.models import NegativeList, OpeningDate
from opendata.services.core.actors import SYSTEM, Actor
from opendata.services.operations.backups import restore_backup
from opendata.services.operations.record_checking import LOST, OTHER, UNKNOWN
from opendata.services.operations.verification.sources import open_source
from opendata.services.operations.verification.verifying import FORGED, UNSIGNED, Trust, verify
from opendata.settings import Settings
from opendata.storage.store import negative_list_key, plan_key
from opendata.wiring import Services, build_services
from tests.instances import DATASET, make_actor, make_services, make_tables, publish

ENTRY = {"title": "未结案件", "ground": "enforcement-files", "legalBasis": "条例第十六条"}
PLANNED = {**DATASET, "id": "wells", "title": "水井"}


def fill(services: Services) -> Actor:
    """Two versions of the list, and a dataset whose day was moved, dropped and set again; one that isn't public."""
    editor = make_actor(services, "editor")
    services.negative_lists.put_entry(SYSTEM, ENTRY)
    services.negative_lists.enforce(SYSTEM, "首次发布")
    services.negative_lists.put_entry(SYSTEM, {**ENTRY, "title": "信访材料", "publishers": ["water-bureau"]})
    services.negative_lists.enforce(SYSTEM, "增加一条")
    for name in ("wells", "hidden"):
        services.datasets.create(editor, {**PLANNED, "id": name})
    services.plans.set_day(editor, "hidden", date(2099, 1, 1))
    services.plans.set_day(editor, "wells", date(2099, 1, 1))
    draft, _ = services.drafts.create(editor, "wells", [])
    services.work.run_to_end(draft.id)
    services.drafts.submit(editor, draft.id)
    services.work.run_to_end(draft.id)
    services.plans.set_day(editor, "wells", None, "暂缓")
    services.plans.set_day(editor, "wells", date(2098, 1, 1), "另有安排")
    services.renaming.rename(SYSTEM, "wells", "springs")
    services.datasets.create(editor, DATASET)
    publish(services, editor)
    return editor


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("filled") / "instance"
    services = make_services(home)
    fill(services)
    services.database.dispose()
    return home


@pytest.fixture
def found(filled: Path, tmp_path: Path) -> Services:
    """A copy of that instance."""
    shutil.copytree(filled, tmp_path / "instance")
    return make_services(tmp_path / "instance")


def describe(services: Services) -> Any:
    """What everybody reads of the list and the plan."""
    versions = services.negative_lists.list_versions()
    return (
        [(item.number, item.entries, item.note, item.enforced) for item in versions],
        services.plans.list_page().items,
        services.inventory.get(None, "springs").opens,
    )


def make_empty(services: Services, home: Path) -> Services:
    """Another instance with a copy of the store and the keys, and an empty database."""
    shutil.copytree(services.settings.public_folder, home / "store")
    shutil.copytree(services.settings.key_folder, home / "keys")
    other = build_services(Settings(home=home, review="none"))
    make_tables(other)
    return other


def find_uuid(services: Services) -> str:
    return services.datasets.get("springs").uuid


def name(services: Services) -> list[tuple[str, str]]:
    return [(item.where, item.what) for item in services.checking.run().findings if not item.is_note]


def change(path: Path, before: str, after: str) -> None:
    path.chmod(0o644)
    path.write_text(path.read_text().replace(before, after))


def test_calendars_and_reports_of_self_checks_come_back_from_the_store(found: Services, tmp_path: Path) -> None:
    year = found.calendars.today().year
    january = (date(year + 1, 1, number) for number in range(1, 31))
    off = "\n".join([day.isoformat() for day in january if day.weekday() < 5][:6])
    found.calendars.save(SYSTEM, year + 1, off, "", "国务院办公厅通知")
    found.self_checks.begin(SYSTEM, year)
    found.self_checks.close(SYSTEM, year)
    for _ in range(2):
        found.work.tidy()
    found.calendars.save(SYSTEM, year + 1, off, "", "更正")
    found.work.tidy()
    other = make_empty(found, tmp_path / "other")
    rebuilt = other.rebuilding.run()
    assert (rebuilt.wrong, rebuilt.years) == ([], 2)
    assert other.calendars.get(year + 1) == found.calendars.get(year + 1)
    assert other.calendars.get(year + 1).source == "更正"
    assert other.self_checks.get_report(year) == found.self_checks.get_report(year)
    assert name(found) == name(other) == []
    assert other.rebuilding.run().years == 0
    record = found.settings.public_folder / "calendar" / str(year + 1) / "2.json"
    change(record, "更正", "伪造")
    assert str(record.relative_to(found.settings.public_folder)) in {where for where, _ in name(found)}


def test_the_negative_list_and_the_plan_come_back_from_the_store(found: Services, tmp_path: Path) -> None:
    store, other = found.settings.public_folder, make_empty(found, tmp_path / "other")
    rebuilt = other.rebuilding.run()
    assert rebuilt.wrong == []
    assert (rebuilt.lists, rebuilt.plans) == (2, 1)
    assert describe(other) == describe(found)
    assert "hidden" not in "".join(path.read_text() for path in (store / "plans").rglob("*.json"))
    assert len(list((store / "plans").rglob("*.json"))) == 3
    again = other.rebuilding.run()
    assert (again.lists, again.plans) == (0, 0)
    assert name(other) == []
    other.negative_lists.put_entry(SYSTEM, {**ENTRY, "title": "内部事务"})
    assert other.negative_lists.enforce(SYSTEM, "再增加一条").number == 3
    other.plans.set_day(SYSTEM, "springs", date(2097, 1, 1), "提前")
    assert name(other) == []


def test_a_sweep_writes_what_an_earlier_release_left(found: Services) -> None:
    store = found.settings.public_folder
    for folder in ("plans", "negative-list"):
        shutil.rmtree(store / folder)
    with found.database.unit(write=True) as session:
        for model in (NegativeList, OpeningDate):
            session.execute(update(model).values(unfinished=True))
    assert name(found) == []
    found.work.sweep()
    assert sorted(path.name for path in (store / "negative-list").glob("*.json")) == ["1.json", "2.json"]
    assert [path.name for path in (store / "plans").rglob("*.json")] == ["1.json"]
    found.work.sweep()
    assert [path.name for path in (store / "plans").rglob("*.json")] == ["1.json"]
    assert name(found) == []


def test_fsck_and_verify_name_records_that_were_changed_are_gone_or_unknown(found: Services) -> None:
    store, plan = found.settings.public_folder, plan_key(find_uuid(found), 3)
    checked = verify(open_source(str(store)), Trust())
    assert (checked.findings, checked.records > 5) == ([], True)
    (store / negative_list_key(1)).unlink()
    shutil.copy(store / negative_list_key(2), store / negative_list_key(3))
    shutil.copy(store / f"{negative_list_key(2)}.sig", store / f"{negative_list_key(3)}.sig")
    change(store / plan, "2098", "2097")
    wrong = name(found)
    assert {(negative_list_key(1), LOST), (plan, OTHER), (negative_list_key(3), UNKNOWN)} <= {*wrong}
    assert plan in [where for where, what in wrong if what != OTHER]
    assert (plan, FORGED) in [(item.where, item.what) for item in verify(open_source(str(store)), Trust()).findings]


def test_a_record_that_was_changed_restores_nothing_and_is_named(found: Services, tmp_path: Path) -> None:
    other = make_empty(found, tmp_path / "other")
    plan = plan_key(find_uuid(found), 3)
    for key, before in ((negative_list_key(2), "信访"), (plan, "2098")):
        change(other.settings.public_folder / key, before, "2096")
    shutil.copy(
        other.settings.public_folder / negative_list_key(1), other.settings.public_folder / negative_list_key(7)
    )
    rebuilt = other.rebuilding.run()
    assert [where for where, _ in rebuilt.wrong] == [negative_list_key(2), negative_list_key(7), plan]
    assert (rebuilt.lists, rebuilt.plans) == (1, 0)


def test_a_restored_backup_goes_on_where_records_are_newer_than_its_database(found: Services, tmp_path: Path) -> None:
    expected = describe(found)
    found.backups.write(tmp_path / "backup", with_keys=True)
    found.negative_lists.put_entry(SYSTEM, {**ENTRY, "title": "只在之后"})
    found.negative_lists.enforce(SYSTEM, "之后生效")
    found.plans.set_day(SYSTEM, "springs", date(2096, 1, 1), "之后改期")
    shutil.copytree(found.settings.public_folder, tmp_path / "backup" / "public", dirs_exist_ok=True)
    restore_backup(tmp_path / "backup", Settings(home=tmp_path / "restored", review="none"))
    restored = build_services(Settings(home=tmp_path / "restored", review="none"))
    restored.work.sweep()
    assert describe(restored) == expected
    assert name(restored) == [(negative_list_key(3), UNKNOWN)]
    restored.negative_lists.put_entry(SYSTEM, {**ENTRY, "title": "另一条"})
    assert restored.negative_lists.enforce(SYSTEM, "另一版").number == 4
    restored.database.dispose()


def test_a_backup_leaves_out_a_list_that_came_in_force_after_its_database_was_read(
    found: Services, tmp_path: Path
) -> None:
    store = found.settings.public_folder
    for suffix in ("", ".sig"):
        shutil.copy(store / (negative_list_key(2) + suffix), store / (negative_list_key(3) + suffix))
    found.backups.write(tmp_path / "backup")
    kept = sorted(path.name for path in (tmp_path / "backup" / "public" / "negative-list").iterdir())
    assert kept == ["1.json", "1.json.sig", "2.json", "2.json.sig"]


@contextmanager
def serve(app: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


def test_a_verifier_over_http_checks_the_same_records(found: Services) -> None:
    store, app = found.settings.public_folder, create_app(services=found)
    with serve(app) as address:
        checked = verify(open_source(address), Trust(), files=False)
        assert (checked.findings, checked.records) == ([], 5)
        change(store / negative_list_key(2), "信访材料", "信访资料")
        (store / f"{plan_key(find_uuid(found), 3)}.sig").unlink()
        wrong = [(item.where, item.what) for item in verify(open_source(address), Trust(), files=False).findings]
        assert wrong == [(negative_list_key(2), FORGED), (plan_key(find_uuid(found), 3), UNSIGNED)]
        # what is one dataset's own is checked without them
        assert verify(open_source(f"{address}/datasets/springs"), Trust(), files=False).records == 0
    client = app.test_client()
    for path in ("publishers/water-bureau/1.json", "negative-list/9.json", "negative-list/../keys/1.json", "plans/x"):
        assert client.get(f"/.well-known/opendata-records/{path}").status_code == 404
    assert client.get("/.well-known/opendata-records.json?cursor=x").status_code == 400
