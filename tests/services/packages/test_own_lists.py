"""The portal's own lists: one version a day where something has changed, by one worker, and faults that are kept."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from opendata.errors import NotFoundError, NotPermittedError, StateError
from opendata.exchange.tables.definitions import TABLES
from opendata.services.core.actors import SYSTEM
from opendata.services.exchange.catalogue_rows import LISTS
from opendata.services.packages.own_lists import OwnList, OwnLists
from opendata.wiring import Services, build_context, build_services
from tests.instances import DATASET, make_actor, make_services, publish

FIELDS = [
    {"name": "id", "type": "string", "title": "编号", "constraints": {"required": True}},
    {"name": "day", "type": "date", "title": "日期"},
    {"name": "isOpen", "type": "boolean", "title": "是否开放"},
]
LIST = OwnList(
    id="working-list",
    title="清单",
    description="本门户的清单",
    i18n={"en": {"title": "List", "description": "A list of this portal"}},
    schema={"fields": FIELDS, "primaryKey": ["id"]},
    read=lambda: [("a", date(2026, 1, 1), True), ("b", None, False)],
)


def test_a_list_makes_a_version_a_day_where_it_has_changed(tmp_path: Path) -> None:
    services = make_services(tmp_path, review="two-person", lists_publisher="water-bureau")
    times = [datetime(2026, 3, 1, 18, 30, tzinfo=UTC)]  # 02:30 of the second in Shanghai
    context = replace(build_context(services.settings), clock=lambda: times[0])
    rows: list[Sequence[object]] = list(LIST.read())
    workers = [OwnLists(context, services.imports, [replace(LIST, read=lambda: list(rows))]) for _ in range(2)]

    def publish() -> list[int]:
        return [one.run_due(lambda: False) for one in workers]

    def find_version() -> str:
        return str(workers[0].list(SYSTEM)[0].version)

    assert publish() == [0, 0]  # it is early in the morning
    times[0] += timedelta(hours=1)
    assert publish() == [1, 0]
    assert find_version() == services.datasets.get("working-list").latest == "1.0.0"
    table = services.versions.get_manifest("working-list", "1.0.0").tables[0]
    with context.public.open_blob(table.file.sha256) as content:
        assert content.read() == b"id,day,isOpen\na,2026-01-01,true\nb,,false\n"
    times[0] += timedelta(days=1)
    assert publish() == [1, 0]
    assert find_version() == "1.0.0"
    times[0] += timedelta(days=1)
    rows[1] = ("b", date(2026, 3, 1), True)
    assert publish() == [1, 0]
    assert find_version() == "1.0.1"
    times[0] += timedelta(days=1)
    rows.append(("a", None, None))  # the key is there twice
    assert publish() == [1, 0]
    view = workers[1].list(SYSTEM)[0]
    assert (view.version, view.fault and view.fault["type"]) == ("1.0.1", "Refused")
    assert services.events.list(SYSTEM).items[0]["action"] == "list-failed"
    rows.pop()
    times[0] += timedelta(days=1)
    assert publish() == [1, 0]
    assert workers[0].list(SYSTEM)[0].fault is None
    with pytest.raises(NotFoundError, match="Lists: working-list"):
        workers[0].publish("other")
    with pytest.raises(NotPermittedError):
        workers[0].list(make_actor(services, "clerk"))


def _publish_lists(tmp_path: Path, wanted: Callable[[str], bool]) -> Services:
    services = make_services(tmp_path, lists_publisher="water-bureau")
    editor = make_actor(services, "clerk")
    services.datasets.create(editor, {**DATASET, "contactPoint": {"telephone": "0371-65500000"}})
    publish(services, editor)
    for view in services.own_lists.list(SYSTEM):
        if wanted(view.id):
            found = services.own_lists.publish(view.id)
            assert (found.dataset, found.version, found.refused) == (view.id, "1.0.0", False), found
            assert not services.own_lists.publish(view.id).created or view.id == "catalogue-inventory"
    return services


def test_every_list_of_the_portal_is_published(tmp_path: Path) -> None:
    services = _publish_lists(tmp_path, lambda name: name not in LISTS.values())
    counts = {name: services.versions.get_manifest(name, "1.0.0").tables[0].rows for name in ("working-calendar",)}
    assert counts["working-calendar"] > 150
    rows = services.versions.get_manifest("catalogue-inventory", "1.0.0").tables[0].rows
    assert rows == 1


@pytest.mark.slow
def test_the_tables_of_the_catalogue_are_published_as_lists(tmp_path: Path) -> None:
    services = _publish_lists(tmp_path, lambda name: name in LISTS.values())
    tables = {name: services.versions.get_manifest(LISTS[name], "1.0.0").tables[0] for name in LISTS}
    assert {name: table.rows for name, table in tables.items()} == {
        **{"datasets": 1, "resources": 1, "columns": 4, "publishers": 1, "schemas": 0, "quality": 0, "usage": 0}
    }
    assert all(table.schema.names == tuple(TABLES[name].columns) for name, table in tables.items())


def test_without_a_publisher_nothing_is_published(tmp_path: Path) -> None:
    services = make_services(tmp_path)
    lists = OwnLists(build_context(services.settings), services.imports, [LIST])
    assert lists.run_due(lambda: False) == 0
    with pytest.raises(StateError, match="OPENDATA_LISTS_PUBLISHER"):
        lists.publish("working-list")


@pytest.fixture(scope="module")
def listed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An instance whose list was published under the water bureau, beside two other publishers."""
    home = tmp_path_factory.mktemp("listed") / "instance"
    services = make_services(home, lists_publisher="water-bureau")
    for name in ("lake-bureau", "river-bureau"):
        services.publishers.create(SYSTEM, {"id": name, "title": name})
    make_lists(services).publish("working-list")
    services.database.dispose()
    return home


@pytest.fixture
def services(listed: Path, tmp_path: Path) -> Services:
    shutil.copytree(listed, tmp_path / "instance")
    return make_services(tmp_path / "instance", lists_publisher="water-bureau")


def make_lists(services: Services, rows: Sequence[Sequence[object]] = (("a", None, True),), **more: str) -> OwnLists:
    """The list of the tests, and with `fresh` another one that was never published."""
    lists = [replace(LIST, id=name, read=lambda: rows) for name in ("working-list", *more)]
    return OwnLists(build_context(services.settings), services.imports, lists)


def test_a_list_follows_its_publisher_when_that_is_merged_again_and_again(services: Services) -> None:
    services.succession.merge(SYSTEM, ["water-bureau"], "lake-bureau", reason="改革")
    services.succession.merge(SYSTEM, ["lake-bureau"], "river-bureau", reason="改革")
    lists = make_lists(services, [("b", None, True)], fresh="")
    assert [lists.publish(name).refused for name in ("working-list", "fresh")] == [False, False]
    owners = [services.datasets.get(name).publisher.id for name in ("working-list", "fresh")]
    assert owners == ["river-bureau", "river-bureau"]
    wrong = lists.find_wrong_setting(SYSTEM)
    assert wrong is not None
    assert "OPENDATA_LISTS_PUBLISHER to “river-bureau”" in wrong.text


def test_a_list_follows_its_dataset_when_that_is_renamed_or_moved(services: Services) -> None:
    services.renaming.rename(SYSTEM, "working-list", "portal-list")
    services.succession.move(SYSTEM, {"portal-list": "lake-bureau"}, reason="移交")
    services.renaming.rename(SYSTEM, "portal-list", "last-list")
    found = make_lists(services, [("b", None, True)]).publish("working-list")
    assert (found.dataset, found.version, found.refused) == ("last-list", "1.1.0", False)
    assert make_lists(services).find_wrong_setting(SYSTEM) is None


def test_a_split_or_closed_publisher_of_the_lists_is_named_with_what_to_set(
    services: Services, caplog: pytest.LogCaptureFixture
) -> None:
    noon = datetime(2026, 3, 1, 4, tzinfo=UTC)
    services.succession.split(
        SYSTEM,
        "water-bureau",
        datasets={"working-list": "lake-bureau"},
        accounts={},
        rest="river-bureau",
        reason="改革",
    )
    lists = make_lists(services, [("b", None, True)], fresh="")
    assert lists.publish("working-list").version == "1.1.0"
    with pytest.raises(StateError, match="OPENDATA_LISTS_PUBLISHER to one of: lake-bureau, river-bureau"):
        lists.publish("fresh")
    services.publishers.create(SYSTEM, {"id": "closed", "title": "已撤销"})
    services.succession.close(SYSTEM, "closed", reason="撤销")
    for name, text in (("closed", "was closed"), ("nowhere", "no publisher"), ("river-bureau", "belongs to")):
        others = build_services(replace(services.settings, lists_publisher=name))
        with pytest.raises(StateError, match=text):
            make_lists(others, fresh="").publish("fresh" if name != "river-bureau" else "working-list")
        if name == "closed":
            context = replace(build_context(others.settings), clock=lambda: noon)
            assert OwnLists(context, others.imports, [replace(LIST, id="fresh")]).run_due(lambda: False) == 1
        others.database.dispose()
    assert "“closed” was closed" in caplog.text
