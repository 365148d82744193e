"""Pages, reports and the basic catalogue are in the public store: signed, listed, and restored from it alone."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from opendata.domain.reports.annual import CODES, Part
from opendata.domain.site.kinds import PageKind
from opendata.errors import BackendError
from opendata.services.core.actors import Actor
from opendata.services.core.records import RECORDS
from opendata.services.governance.basics.values import Wanted
from opendata.services.governance.site.pages import IDENTITY_ID
from opendata.services.operations.verification.sources import open_source
from opendata.services.operations.verification.verifying import Trust, verify
from opendata.settings import Settings
from opendata.storage.local import LocalStore
from opendata.storage.store import basic_version_key, site_order_key, site_page_key
from opendata.wiring import Services, build_services
from tests.instances import DATASET, make_actor, make_services, make_tables, publish
from tests.services.governance.registers.test_operation import OPERATOR
from tests.services.governance.test_basics import WHOLE
from tests.web.site_fill import GUIDE, IDENTITY, LOGO

pytestmark = pytest.mark.slow

YEAR = 2025
ENTRY = {**WHOLE, "publisher": "water-bureau"}
TEXTS = {"zh": {part: f"{part}已写" for part in (Part.GENERAL, Part.PROBLEMS, Part.OTHER)}}


def fill(services: Services) -> Actor:
    """Pages that were changed, hidden and deleted; three versions of the basic catalogue, with links; a report."""
    boss, editor = make_actor(services, "boss", role="maintainer"), make_actor(services, "editor")
    services.datasets.create(editor, DATASET)
    publish(services, editor)
    services.datasets.create(editor, {**DATASET, "id": "hidden"})
    pages = services.pages
    logo = services.site_files.add_picture(boss, "logo.svg", LOGO)
    pages.put(boss, PageKind.IDENTITY, "", {**IDENTITY, "logo": logo})
    pages.put(boss, PageKind.GUIDE, "guide", {**GUIDE, "body": "旧"})
    pages.put(boss, PageKind.GUIDE, "guide", GUIDE)
    pages.put(boss, PageKind.RULES, "draft", {"title": "草稿", "body": "不公开"}, is_public=False)
    pages.put(boss, PageKind.RULES, "over", {"title": "旧办法", "body": "旧"})
    services.work.tidy()
    pages.delete(boss, PageKind.RULES, "over")
    drafts = services.basic_drafts
    first, second = (drafts.create(boss, {**ENTRY, "matter": name}).id for name in ("医院", "学校"))
    drafts.put_in_force(boss, "首版")
    drafts.change(boss, first, {"content": "名称、地址"})
    drafts.put_in_force(boss, "补充")
    drafts.remove(boss, second)
    drafts.create(boss, {**ENTRY, "matter": "药店"})
    drafts.put_in_force(boss, "第三版")
    services.basic_links.link(boss, first, "reservoirs")
    services.basic_links.link(boss, first, "hidden")
    numbers = {code: 1 for code in CODES if not code.startswith("added")}
    services.annual_reports.save(editor, YEAR, "water-bureau", {"texts": TEXTS, "numbers": numbers})
    services.annual_reports.publish(editor, YEAR, "water-bureau")
    services.annual_reports.save(boss, YEAR, "", {"texts": TEXTS})
    services.annual_reports.publish(boss, YEAR)
    said = {"roles": ["operator"], "rows": OPERATOR, "notes": {"fees": "不收费"}}
    services.operation_reports.save(editor, YEAR, "water-bureau", said)
    services.operation_reports.publish(editor, YEAR, "water-bureau")
    services.work.tidy()
    return boss


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of such an instance."""
    home = tmp_path_factory.mktemp("filled") / "instance"
    services = make_services(home)
    fill(services)
    services.database.dispose()
    return home


@pytest.fixture
def found(filled: Path, tmp_path: Path) -> Iterator[Services]:
    """A copy of that instance."""
    shutil.copytree(filled, tmp_path / "instance")
    services = make_services(tmp_path / "instance")
    yield services
    services.database.dispose()


def make_empty(services: Services, home: Path) -> Services:
    """Another instance with a copy of the store and the keys, and an empty database."""
    shutil.copytree(services.settings.public_folder, home / "store")
    shutil.copytree(services.settings.key_folder, home / "keys")
    other = build_services(Settings(home=home, review="none"))
    make_tables(other)
    return other


def describe(services: Services) -> Any:
    """What everybody reads of pages, reports and the basic catalogue."""
    pages = {kind: services.pages.list(None, kind) for kind in PageKind}
    plain = [(item.kind, item.id, item.data, item.position, item.published) for kind in pages for item in pages[kind]]
    history = [services.pages.list_versions(None, item.kind, item.id) for kind in pages for item in pages[kind]]
    logo = services.pages.get(None, PageKind.IDENTITY, IDENTITY_ID).data["logo"]["sha256"]
    catalogue = services.basics
    versions = [(item.number, item.at, item.note, item.entries, item.added) for item in catalogue.list_versions()]
    entries = [item for number in (1, 2, 3) for item in catalogue.list_all(Wanted(version=number))]
    shown = [replace(item, datasets=[linked for linked in item.datasets if linked.is_listed]) for item in entries]
    return (
        (plain, history, services.site_files.get(logo).content),
        (versions, shown, catalogue.cover()),
        (services.annual_reports.list_published(), services.annual_reports.get_published(YEAR).report.list_cells()),
        services.operation_reports.list_published(),
    )


def test_pages_reports_and_the_basic_catalogue_come_back_from_the_store(found: Services, tmp_path: Path) -> None:
    other = make_empty(found, tmp_path / "other")
    rebuilt = other.rebuilding.run()
    assert (rebuilt.wrong, rebuilt.basics, rebuilt.pages, rebuilt.reports) == ([], 3, 2, 3)
    assert describe(other) == describe(found)
    again = other.rebuilding.run()
    assert (again.wrong, again.basics, again.reports) == ([], 0, 0)
    before = sorted(LocalStore(other.settings.public_folder).list_files())
    other.work.tidy()
    assert sorted(LocalStore(other.settings.public_folder).list_files()) == before
    boss = make_actor(other, "boss", role="maintainer")
    other.basic_drafts.create(boss, {**ENTRY, "matter": "诊所"})
    assert other.basic_drafts.put_in_force(boss, "第四版").number == 4
    assert other.pages.put(boss, PageKind.GUIDE, "guide", {**GUIDE, "body": "新"})[0].revision == 3
    other.work.tidy()
    assert other.checking.run().findings == []
    other.database.dispose()


def test_the_records_are_signed_and_listed_and_have_nothing_that_isnt_public(found: Services) -> None:
    store = found.settings.public_folder
    checked = verify(open_source(str(store)), Trust())
    assert checked.findings == []
    listed: list[str] = []
    cursor: str | None = None
    while True:
        page = found.public_records.list(cursor)
        listed += page.items
        cursor = page.next
        if cursor is None:
            break
    files = {key for key, _ in LocalStore(store).list_files() if key.endswith(".json")}
    left_out = ("aliases/", "datasets/", "entries/", "keys/", "publishers/", "schemas/")
    assert set(listed) == {key for key in files if not key.startswith(left_out)}
    assert {key.partition("/")[0] for key in listed} >= {"basics", "basic-links", "site-pages", "site-files"}
    assert {key.partition("/")[0] for key in files} <= {*RECORDS, "keys"}
    for key in listed:
        assert found.public_records.read(f"{key}.sig")
    text = "".join(
        path.read_text() for folder in ("basic-links", "site-pages") for path in (store / folder).rglob("*.json")
    )
    hidden = found.datasets.get("hidden", make_actor(found, "other", role="maintainer")).uuid
    assert "不公开" not in text
    assert hidden not in text


def test_a_deleted_page_stays_deleted(found: Services, tmp_path: Path) -> None:
    store = found.settings.public_folder
    assert (store / site_page_key("rules", "over", 1)).is_file()
    assert (store / site_order_key("rules", 2)).is_file()
    other = make_empty(found, tmp_path / "other")
    other.rebuilding.run()
    assert other.pages.list(None, PageKind.RULES) == []
    other.database.dispose()


def test_what_was_changed_by_somebody_restores_nothing_and_is_named(found: Services, tmp_path: Path) -> None:
    other = make_empty(found, tmp_path / "other")
    for key, before in ((site_page_key("guide", "guide", 2), "指南"), (basic_version_key(2), "补充")):
        path = other.settings.public_folder / key
        path.chmod(0o644)
        path.write_text(path.read_text().replace(before, "伪造"))
    rebuilt = other.rebuilding.run()
    wrong = [key for key, _ in rebuilt.wrong]
    assert wrong == [basic_version_key(2), basic_version_key(3), site_page_key("guide", "guide", 2)]
    assert [item.number for item in other.basics.list_versions()] == [1]
    assert other.pages.get(None, PageKind.GUIDE, "guide").data["body"] == "旧"
    other.database.dispose()


def test_a_sweep_that_is_killed_anywhere_is_finished_by_the_next(
    found: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = found.settings.public_folder
    wanted = sorted(LocalStore(store).list_files())
    for kind in ("basics", "basic-links", "site-pages", "site-files", "site-orders", "annual-reports"):
        shutil.rmtree(store / kind)
    put, left = LocalStore.put_record, [0]

    def fail(self: LocalStore, key: str, data: bytes) -> None:
        if not left[0]:
            raise BackendError("killed")
        left[0] -= 1
        put(self, key, data)

    monkeypatch.setattr(LocalStore, "put_record", fail)
    for number in range(1, 60):
        left[0] = number % 3
        another = build_services(found.settings)
        another.work.tidy()
        another.database.dispose()
    once = ("site-orders/rules/", "site-pages/rules/")  # what was deleted since then isn't written again
    now = sorted(LocalStore(store).list_files())
    assert [item for item in now if not item[0].startswith(once)] == [
        item for item in wanted if not item[0].startswith(once)
    ]


def test_a_rebuild_that_is_killed_is_finished_by_the_next(
    found: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = make_empty(found, tmp_path / "other")
    get, left = LocalStore.get_record, [0]

    def fail(self: LocalStore, key: str) -> bytes:
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        return get(self, key)

    monkeypatch.setattr(LocalStore, "get_record", fail)
    for number in (2, 5, 10, 20):
        left[0] = number
        with pytest.raises(KeyboardInterrupt):
            other.rebuilding.run()
    monkeypatch.undo()
    other.rebuilding.run()
    assert describe(other) == describe(found)
    other.database.dispose()


def test_a_database_that_is_older_than_the_store_goes_on_with_free_numbers(found: Services, tmp_path: Path) -> None:
    shutil.copytree(tmp_path / "instance", tmp_path / "older")
    boss = found.accounts.get_actor("boss")
    found.basic_drafts.create(boss, {**ENTRY, "matter": "丢失"})
    found.basic_drafts.put_in_force(boss, "丢失的一版")
    found.pages.put(boss, PageKind.GUIDE, "guide", {**GUIDE, "body": "丢失"})
    found.work.tidy()
    shutil.copytree(found.settings.public_folder, tmp_path / "older" / "store", dirs_exist_ok=True)
    older = build_services(Settings(home=tmp_path / "older", review="none"))
    older.basic_drafts.create(boss, {**ENTRY, "matter": "另一条"})
    assert older.basic_drafts.put_in_force(boss, "另一版").number == 5
    assert older.pages.put(boss, PageKind.GUIDE, "guide", {**GUIDE, "body": "另外"})[0].revision == 4
    older.work.tidy()
    other = make_empty(older, tmp_path / "other")
    rebuilt = other.rebuilding.run()
    assert rebuilt.wrong == []
    assert [item.number for item in other.basics.list_versions()] == [5, 3, 2, 1]
    assert "丢失" not in str(other.basics.list_all(Wanted()))
    assert other.pages.get(None, PageKind.GUIDE, "guide").data["body"] == "另外"
    for item in (older, other):
        item.database.dispose()
