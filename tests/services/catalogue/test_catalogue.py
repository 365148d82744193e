"""Publishers, datasets and schemas: who sees what, how lists are walked, and what is made only once."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opendata.errors import (
    IdempotencyError,
    InputError,
    InvalidMetadataError,
    InvalidSchemaError,
    NotFoundError,
    NotPermittedError,
    NotSignedInError,
    OpendataError,
    StateError,
)
from opendata.services.core.actors import SYSTEM, Actor
from opendata.services.core.once import Once
from opendata.services.core.paging import cut_page, read_cursor, write_cursor
from opendata.services.core.values import Page
from opendata.storage.local import LocalStore
from opendata.storage.store import schema_key
from opendata.wiring import Services
from tests.instances import CSV, DATASET, SCHEMA, locate, make_actor, publish

WRITERS = 6
NONSENSE = ["a\0b", "a\ud800b", "", "../x", "A B", "x" * 10_000]


def walk(list_page: Callable[..., Page[Any]], *, limit: int) -> list[list[Any]]:
    """All pages of a collection, following the cursors."""
    pages, cursor = [], None
    while True:
        page = list_page(cursor=cursor, limit=limit)
        pages.append(list(page.items))
        cursor = page.next
        if cursor is None:
            return pages


def at_once(function: Callable[[int], Any]) -> list[Any]:
    """What `function` gives or raises in each of several threads that begin together."""
    barrier = threading.Barrier(WRITERS)

    def run(number: int) -> Any:
        barrier.wait()
        try:
            return function(number)
        except OpendataError as error:
            return error

    with ThreadPoolExecutor(WRITERS) as pool:
        return list(pool.map(run, range(WRITERS)))


# ------------------------------------------------------------------------------------------------------ visibility


def test_a_dataset_without_a_version_is_seen_by_its_publisher_and_maintainers_alone(
    services: Services, editor: Actor
) -> None:
    services.publishers.ensure(SYSTEM, {"id": "roads", "title": "交通局"})
    maintainer = make_actor(services, "maintainer", "maintainer")
    stranger = make_actor(services, "stranger", publisher="roads")
    for actor, sees in ((editor, True), (maintainer, True), (SYSTEM, True), (stranger, False), (None, False)):
        found = [item.id for item in services.datasets.list(actor).items]
        assert found == (["reservoirs"] if sees else [])
        if sees:
            assert services.datasets.get("reservoirs", actor).latest is None
        else:
            with pytest.raises(NotFoundError):
                services.datasets.get("reservoirs", actor)
    assert services.publishers.get("water-bureau").datasets == 0
    assert services.datasets.list_recent(5) == ()
    publish(services, editor)
    for actor in (stranger, None):
        assert [item.id for item in services.datasets.list(actor).items] == ["reservoirs"]
        assert services.datasets.get("reservoirs", actor).latest == "1.0.0"
    assert services.publishers.get("water-bureau").datasets == 1
    assert [item.id for item in services.datasets.list_recent(5)] == ["reservoirs"]


def test_an_editor_acts_for_their_own_publisher_alone(services: Services, editor: Actor) -> None:
    services.publishers.ensure(SYSTEM, {"id": "roads", "title": "交通局"})
    stranger = make_actor(services, "stranger", publisher="roads")
    with pytest.raises(NotPermittedError):
        services.datasets.create(stranger, {**DATASET, "id": "other"})
    with pytest.raises(NotPermittedError):
        services.datasets.update(stranger, "reservoirs", {"title": "我们的"})
    with pytest.raises(NotSignedInError):
        services.datasets.create(None, DATASET)
    with pytest.raises(NotPermittedError):
        services.publishers.create(editor, {"title": "新局"})
    with pytest.raises(NotPermittedError):
        services.schemas.add(editor, "levels", "1.0.0", SCHEMA)
    found, created = services.datasets.create(stranger, {"title": "道路"})
    assert (found.id, found.publisher.id, created) == ("dao-lu", "roads", True)


@pytest.mark.both_databases
def test_a_name_that_is_none_is_not_found_on_any_database(services: Services) -> None:
    for name in NONSENSE:
        for find in (services.datasets.get, services.publishers.get, services.schemas.get, services.schemas.resolve):
            with pytest.raises(NotFoundError):
                find(name)
        with pytest.raises(NotFoundError):
            services.datasets.update(SYSTEM, name, {"title": "x"})
        assert services.schemas.list_versions(name) == ()
        if name:
            assert services.datasets.list(publisher=name).items == []
        with pytest.raises(NotFoundError):
            services.schemas.get("levels", name or "x")


# ------------------------------------------------------------------------------------------------------- datasets


def test_a_taken_id_is_refused_and_a_suggested_one_made_free(services: Services, editor: Actor) -> None:
    with pytest.raises(StateError):
        services.datasets.create(editor, DATASET)
    first, _ = services.datasets.create(editor, {"title": "空气质量"})
    second, _ = services.datasets.create(editor, {"title": "空气质量"})
    assert (first.id, second.id) == ("kong-qi-zhi-liang", "kong-qi-zhi-liang-2")
    assert first.uuid != second.uuid


def test_a_dataset_that_may_not_be_made_says_why(services: Services, editor: Actor) -> None:
    for found, pointers in [
        ({"title": "x", "id": "Not An Id"}, ["/id"]),
        ({"title": "x", "id": 5}, ["/id"]),
        ({"title": "x", "id": ""}, ["/id"]),
        ({"title": "x", "publisher": "water-bureau", "keywords": ["\ud800"]}, ["/keywords/0"]),
        ({"publisher": {"id": "water-bureau"}}, ["/title"]),
    ]:
        with pytest.raises(InvalidMetadataError) as caught:
            services.datasets.create(editor, found)
        assert [item.pointer for item in caught.value.faults] == pointers
        assert len(services.datasets.list(editor).items) == 1


def test_a_publisher_that_is_not_there_is_a_fault_of_the_dataset(services: Services) -> None:
    for publisher in ("nobody", "no\0body", {"id": "nobody"}):
        with pytest.raises(InvalidMetadataError) as caught:
            services.datasets.create(SYSTEM, {"title": "x", "publisher": publisher})
        assert [item.pointer for item in caught.value.faults] == ["/publisher"]


def test_a_change_replaces_what_it_names_and_counts(services: Services, editor: Actor) -> None:
    services.datasets.update(editor, "reservoirs", {"description": "水位", "keywords": ["水"]})
    found = services.datasets.update(editor, "reservoirs", {"keywords": None})
    assert (found.title, found.description, found.keywords, found.revision) == ("水库", "水位", (), 3)
    assert services.datasets.update(editor, "reservoirs", {"title": "水库"}).revision == 3
    with pytest.raises(InvalidMetadataError):
        services.datasets.update(editor, "reservoirs", {"title": None})
    deep = {"i18n": {"en": {"title": "Reservoirs", "description": "Levels"}}}
    services.datasets.update(editor, "reservoirs", deep)
    merged = services.datasets.update(editor, "reservoirs", {"i18n": {"en": {"description": None}}}, deep=True)
    assert merged.i18n == {"en": {"title": "Reservoirs"}}


def test_the_public_entry_of_a_dataset_is_kept_in_editions(services: Services, editor: Actor) -> None:
    store = LocalStore(services.settings.public_folder)
    services.datasets.update(editor, "reservoirs", {"description": "未公开"})
    assert list(store.list_records("entries")) == []
    publish(services, editor)
    services.datasets.update(editor, "reservoirs", {"description": "水位"})
    services.datasets.update(editor, "reservoirs", {"description": "水位"})
    first, second = (
        json.loads(store.get_record(key)) for key in store.list_records("entries") if key.endswith(".json")
    )
    assert [first["metadata"]["description"], second["metadata"]["description"]] == ["未公开", "水位"]
    assert first["uuid"] == second["uuid"] == services.datasets.get("reservoirs").uuid


# ----------------------------------------------------------------------------------------------------- publishers


def test_a_publisher_that_may_not_be_made_says_why(services: Services) -> None:
    for found, pointer in [
        ({}, "/title"),
        ({"title": " "}, "/title"),
        ({"title": "x" * 301}, "/title"),
        ({"title": ["x"]}, "/title"),
        ({"title": "a\0"}, "/title"),
        ({"title": "a", "description": {}}, "/description"),
        ({"title": "ab", "i18n": "abc"}, "/i18n"),
        ({"title": "ab", "i18n": {"en": 5}}, "/i18n/en"),
        ({"title": "ab", "id": "A B"}, "/id"),
        ({"title": "ab", "id": {"a": 1}}, "/id"),
    ]:
        with pytest.raises(InvalidMetadataError) as caught:
            services.publishers.create(SYSTEM, found)
        assert [item.pointer for item in caught.value.faults] == [pointer]
        assert len(services.publishers.list().items) == 1


def test_a_publisher_is_made_once(services: Services) -> None:
    found, created = services.publishers.create(SYSTEM, {"title": " 交通局 ", "i18n": {"en": {"title": "Roads"}}})
    assert (found.id, found.title, found.i18n, created) == ("jiao-tong-ju", "交通局", {"en": {"title": "Roads"}}, True)
    with pytest.raises(StateError):
        services.publishers.create(SYSTEM, {"title": "交通局"})
    assert services.publishers.ensure(SYSTEM, {"id": "jiao-tong-ju", "title": "别的"}) == found


# -------------------------------------------------------------------------------------------------------- schemas


@pytest.mark.both_databases(slow=True)
def test_the_newest_version_of_a_schema_is_the_highest_number(services: Services) -> None:
    for version in ("1.9.0", "1.10.0", "1.2.0"):
        services.schemas.add(SYSTEM, "levels", version, {**SCHEMA, "title": version})
    assert services.schemas.get("levels").version == "1.10.0"
    assert services.schemas.resolve("levels").title == "1.10.0"
    assert services.schemas.resolve("levels@1.9.0").title == "1.9.0"
    assert services.schemas.list_versions("levels") == ("1.10.0", "1.9.0", "1.2.0")
    assert [item.ref for item in services.schemas.list().items] == ["levels@1.10.0"]
    for ref in ("levels@2.0.0", "levels@1.9", "other"):
        with pytest.raises(NotFoundError):
            services.schemas.resolve(ref)


def test_a_schema_is_never_changed(services: Services) -> None:
    first, created = services.schemas.add(SYSTEM, "levels", "1.0.0", SCHEMA)
    assert created
    again, created = services.schemas.add(SYSTEM, "levels", "1.0.0", dict(reversed(SCHEMA.items())))
    assert (again, created) == (first, False)
    with pytest.raises(StateError, match="new version number"):
        services.schemas.add(SYSTEM, "levels", "1.0.0", {**SCHEMA, "title": "other"})
    assert services.schemas.get("levels").schema.descriptor == SCHEMA
    assert json.loads(LocalStore(services.settings.public_folder).get_record(schema_key("levels", "1.0.0"))) == SCHEMA


def test_a_schema_left_in_the_store_by_a_crash_keeps_its_number(services: Services) -> None:
    from opendata.metadata.canonical import write_canonical

    store = LocalStore(services.settings.public_folder)
    store.put_record(schema_key("levels", "1.0.0"), write_canonical(SCHEMA))
    with pytest.raises(StateError):
        services.schemas.add(SYSTEM, "levels", "1.0.0", {**SCHEMA, "title": "other"})
    assert services.schemas.add(SYSTEM, "levels", "1.0.0", SCHEMA)[1] is True


def test_a_schema_that_may_not_be_added_says_why(services: Services) -> None:
    for name, version, descriptor, error in [
        ("A B", "1.0.0", SCHEMA, InvalidMetadataError),
        ("levels", "1.0", SCHEMA, InvalidMetadataError),
        ("levels", "1.0.0", {}, InvalidSchemaError),
        ("levels", "1.0.0", {**SCHEMA, "title": "a\0"}, InvalidSchemaError),
        ("levels", "1.0.0", {**SCHEMA, "description": "a\ud800"}, InvalidSchemaError),
    ]:
        with pytest.raises(error):
            services.schemas.add(SYSTEM, name, version, descriptor)
        assert services.schemas.list().items == []
        assert list(LocalStore(services.settings.public_folder).list_records("schemas")) == []


def test_translations_of_another_form_count_as_none(services: Services) -> None:
    forms: list[Any] = [5, "text", [], {"i18n": 5}, {"i18n": {"en": 5}}, {"i18n": {"en": None}}]
    for number, ours in enumerate(forms):
        view, _ = services.schemas.add(SYSTEM, "levels", f"1.{number}.0", {**SCHEMA, "opendata": ours})
        assert view.i18n == {}
    ours = {"i18n": {"en": {"title": "Levels"}, "fr": None}}
    assert services.schemas.add(SYSTEM, "levels", "2.0.0", {**SCHEMA, "opendata": ours})[0].i18n == {
        "en": {"title": "Levels"}
    }


def test_a_folder_of_schemas_is_loaded_once(services: Services, tmp_path: Path) -> None:
    for version in ("1.0.0", "1.1.0"):
        path = tmp_path / "schemas" / "levels" / version / "schema.json"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps({**SCHEMA, "title": version}))
    assert services.schemas.load_folder(SYSTEM, tmp_path / "schemas") == 2
    assert services.schemas.load_folder(SYSTEM, tmp_path / "schemas") == 0
    path.write_text("{")
    with pytest.raises(InvalidSchemaError, match=str(path)):
        services.schemas.load_folder(SYSTEM, tmp_path / "schemas")


# ------------------------------------------------------------------------------------------------------ only once


@pytest.mark.both_databases
def test_a_request_that_comes_again_gets_the_first_answer(services: Services, editor: Actor) -> None:
    once = Once("key", "request")
    first, created = services.datasets.create(editor, {"title": "空气"}, once=once)
    again, created_again = services.datasets.create(editor, {"title": "空气"}, once=once)
    assert (created, created_again) == (True, False)
    assert first == again
    assert [item.id for item in services.datasets.list(editor).items] == ["kong-qi", "reservoirs"]


def test_a_key_belongs_to_one_request_of_one_account(services: Services, editor: Actor) -> None:
    services.datasets.create(editor, {"title": "空气"}, once=Once("key", "request"))
    with pytest.raises(IdempotencyError):
        services.datasets.create(editor, {"title": "噪声"}, once=Once("key", "other request"))
    other = make_actor(services, "other")
    _, created = services.datasets.create(other, {"title": "噪声"}, once=Once("key", "other request"))
    assert created
    assert len(services.datasets.list(editor).items) == 3


@pytest.mark.both_databases
def test_a_refused_request_does_not_use_its_key_up(services: Services, editor: Actor) -> None:
    once = Once("key", "request")
    with pytest.raises(StateError):
        services.datasets.create(editor, DATASET, once=once)
    assert services.datasets.create(editor, {"title": "空气"}, once=once)[1] is True


@pytest.mark.both_databases
def test_concurrent_requests_of_one_key_make_one_thing(services: Services, editor: Actor) -> None:
    once = Once("key", "request")
    found = at_once(lambda _: services.datasets.create(editor, {"title": "空气"}, once=once))
    assert [item for item in found if isinstance(item, Exception)] == []
    assert {view.id for view, _ in found} == {"kong-qi"}
    assert sorted(created for _, created in found) == [False] * (WRITERS - 1) + [True]
    assert len(services.datasets.list(editor).items) == 2


@pytest.mark.both_databases
def test_concurrent_requests_for_one_id_make_one_thing(services: Services, editor: Actor) -> None:
    found = at_once(lambda _: services.datasets.create(editor, {"id": "air", "title": "空气"}))
    assert sum(isinstance(item, tuple) for item in found) == 1
    assert sum(isinstance(item, StateError) for item in found) == WRITERS - 1


@pytest.mark.both_databases
def test_concurrent_additions_of_one_schema_agree(services: Services) -> None:
    found = at_once(lambda _: services.schemas.add(SYSTEM, "levels", "1.0.0", SCHEMA))
    assert [item for item in found if isinstance(item, Exception)] == []
    assert sorted(created for _, created in found) == [False] * (WRITERS - 1) + [True]
    found = at_once(lambda number: services.schemas.add(SYSTEM, "levels", "2.0.0", {**SCHEMA, "title": str(number)}))
    assert sum(isinstance(item, tuple) for item in found) == 1
    assert sum(isinstance(item, StateError) for item in found) == WRITERS - 1


# --------------------------------------------------------------------------------------------------------- paging


@pytest.mark.both_databases(slow=True)
def test_a_walk_over_the_pages_meets_everything_once_in_order(services: Services) -> None:
    names = [f"set-{number:02}" for number in range(7)]
    for name in reversed(names):
        services.datasets.create(SYSTEM, {"id": name, "title": name, "publisher": "water-bureau"})
        services.publishers.create(SYSTEM, {"id": name, "title": name})
        for version in ("1.0.0", "1.1.0"):
            services.schemas.add(SYSTEM, name, version, {**SCHEMA, "title": version})
    collections: list[tuple[Callable[..., Page[Any]], str, list[str]]] = [
        (partial(services.datasets.list, SYSTEM), "id", names),
        (services.publishers.list, "id", [*names, "water-bureau"]),
        (services.schemas.list, "name", names),
    ]
    for limit in (1, 2, 3, 7, 8, 100):
        for list_page, key, expected in collections:
            pages = walk(list_page, limit=limit)
            assert [getattr(item, key) for page in pages for item in page] == expected
            assert [len(page) for page in pages[:-1]] == [limit] * (len(pages) - 1)
            assert pages[-1]
    assert {item.version for page in walk(services.schemas.list, limit=2) for item in page} == {"1.1.0"}


@pytest.mark.both_databases
def test_a_walk_is_not_disturbed_by_what_comes_and_goes(services: Services) -> None:
    for name in ("bb", "dd", "ff"):
        services.publishers.create(SYSTEM, {"id": name, "title": name})
    first = services.publishers.list(limit=2)
    services.publishers.create(SYSTEM, {"id": "aa", "title": "aa"})
    services.publishers.create(SYSTEM, {"id": "ee", "title": "ee"})
    rest = services.publishers.list(limit=10, cursor=first.next)
    assert [item.id for item in [*first.items, *rest.items]] == ["bb", "dd", "ee", "ff", "water-bureau"]


def test_an_empty_collection_is_one_empty_page(services: Services) -> None:
    assert services.datasets.list(SYSTEM) == Page([], None)
    assert services.schemas.list() == Page([], None)


@pytest.mark.parametrize("cursor", ["!", "a", "é", "gIA", "AA", "////", "Zg==", "Zg\0", " Zg", "Zh", "\ud800"])
def test_a_cursor_that_is_none_of_ours_is_refused(cursor: str) -> None:
    with pytest.raises(InputError):
        read_cursor(cursor)


def test_a_cursor_of_another_collection_is_refused_where_all_is_at_hand() -> None:
    with pytest.raises(InputError):
        cut_page(["a", "b"], str, cursor=write_cursor("c"), limit=1)


@given(st.lists(st.from_regex(r"[a-z0-9][a-z0-9_.-]{0,9}", fullmatch=True), unique=True), st.integers(1, 5))
def test_pages_of_a_list_put_together_are_the_list(items: Sequence[str], limit: int) -> None:
    found, cursor = [], None
    while True:
        page = cut_page(items, str, cursor=cursor, limit=limit)
        assert page.items or not items
        found += page.items
        cursor = page.next
        if cursor is None:
            break
        assert len(page.items) == limit
    assert found == list(items)


@given(st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1))
def test_a_cursor_gives_back_its_key(key: str) -> None:
    assert read_cursor(write_cursor(key)) == key


def test_the_rows_of_a_published_version_are_those_of_the_file(services: Services, editor: Actor) -> None:
    publish(services, editor)
    assert services.datasets.get("reservoirs").latest == "1.0.0"
    assert locate(services.versions.find_file("reservoirs", "1.0.0", "levels", "csv")).read_text() == CSV


@pytest.mark.both_databases
def test_characters_that_a_database_cannot_keep_are_no_fault_of_ours(services: Services, editor: Actor) -> None:
    with pytest.raises((InputError, NotFoundError)):
        services.versions.get("a\0b", "1.0.0")
    with pytest.raises((InputError, NotFoundError)):
        services.drafts.get(editor, "a\0b")
