"""Looking inside tables: columns, values, tables to join with; only of tables that anybody may have now."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest

from opendata.errors import InputError, NotFoundError, StateError
from opendata.search.columns.asking import ColumnSearch
from opendata.search.columns.index import FILE, ColumnIndex
from opendata.services.core.actors import SYSTEM, Actor
from opendata.services.search import inside
from opendata.wiring import Services
from tests.instances import DATASET, make_actor, make_services, publish, upload
from tests.services.work.test_privacy_gate import DECISIONS, ROLL

ORGANISATIONS = {
    "fields": [
        {"name": "org", "type": "string", "title": "机构代码", "constraints": {"required": True}},
        {"name": "name", "type": "string", "title": "名称"},
        {"name": "budget", "type": "number", "opendata": {"scale": 2}},
    ],
    "primaryKey": ["org"],
}
VISITS = {
    "fields": [
        {"name": "visit", "type": "integer"},
        {"name": "org", "type": "string", "title": "机构代码"},
        {"name": "day", "type": "date"},
    ],
    "primaryKey": ["visit"],
}
CODES = [f"HK{number:04}X" for number in range(0, 400, 7)]
ORGANISATION_ROWS = "org,name,budget\n" + "".join(
    f"{code},海口市第{place}中學,{place}.50\n" for place, code in enumerate(CODES)
)
VISIT_ROWS = "visit,org,day\n" + "".join(f"{place},{code},2026-01-31\n" for place, code in enumerate(CODES[:40] * 2))


def fill(services: Services, editor: Actor) -> Services:
    """Two open tables that have codes in common, and the second once more for applicants only."""
    services.datasets.create(editor, {**DATASET, "id": "organisations", "title": "机构"})
    publish(services, editor, ORGANISATION_ROWS, dataset="organisations", name="orgs", schema=ORGANISATIONS)
    services.datasets.create(editor, {**DATASET, "id": "visits", "title": "检查"})
    publish(services, editor, VISIT_ROWS, dataset="visits", name="visits", schema=VISITS)
    closed = {"attribute": "conditional", "reason": "涉密", "legalBasis": "保密法"}
    services.datasets.create(editor, {**DATASET, "id": "secret", "title": "内部检查", "disclosure": closed})
    publish(services, editor, VISIT_ROWS, dataset="secret", name="visits", schema=VISITS)
    assert services.sketching.follow()
    assert not services.sketching.follow()
    return services


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """An instance for tests that change nothing."""
    services = make_services(tmp_path_factory.mktemp("inside") / "instance")
    yield fill(services, make_actor(services, "editor"))
    services.database.dispose()


def find(services: Services, value: str, **options: Any) -> list[tuple[str, str, str, int]]:
    found = services.inside.find_value(value, **{"limit": 50, **options})
    return [(item.place.dataset.id, item.column.name, item.value, item.rows) for item in found.items]


def name_columns(services: Services, **options: Any) -> list[str]:
    found = services.inside.find_columns(ColumnSearch(**options), limit=50)
    return [f"{item.place.dataset.id}.{item.column.name}" for item in found.items]


def join(
    services: Services, dataset: str, resource: str, version: str = "latest"
) -> list[tuple[str, str, str, float, float]]:
    found = services.inside.find_joins(dataset, version, resource, limit=20)
    return [
        (
            item.join.column.name,
            item.place.dataset.id,
            item.join.other.name,
            round(item.here.share, 3),
            round(item.there.share, 3),
        )
        for item in found.items
    ]


def test_a_value_is_found_in_every_public_table_however_it_is_written(shared: Services) -> None:
    everywhere = [("organisations", "org", "HK0007X", 1), ("visits", "org", "HK0007X", 2)]
    for value in ("HK0007X", "hk0007x", " ＨＫ０００７Ｘ "):
        assert find(shared, value) == everywhere
    for value in ("海口市第7中学", "海口市第７中學"):
        assert find(shared, value) == [("organisations", "name", "海口市第7中學", 1)]
    assert find(shared, "7.5") == find(shared, "7.50") == [("organisations", "budget", "7.50", 1)]
    assert find(shared, "2026-01-31") == [("visits", "day", "2026-01-31", 80)]
    assert find(shared, "7") == [("visits", "visit", "7", 1)]
    for value in ("HK0007", "海口市", "2026", "7.51", "-7.5"):
        assert find(shared, value) == []


def test_columns_are_found_by_name_kind_type_schema_and_code_list(shared: Services) -> None:
    assert name_columns(shared, words="机构代碼") == ["organisations.org", "visits.org"]
    assert name_columns(shared, words="机构 代码", type="string") == ["organisations.org", "visits.org"]
    assert name_columns(shared, kind="date") == ["visits.day"]
    assert name_columns(shared, type="number") == ["organisations.budget"]
    assert name_columns(shared, words="budget", kind="date") == []
    assert name_columns(shared, schema="reservoir") == name_columns(shared, refers_to="organisations") == []


def test_tables_that_have_keys_in_common_are_joined_with_the_share_of_keys(shared: Services) -> None:
    assert join(shared, "organisations", "orgs") == [("org", "visits", "org", pytest.approx(40 / 58, abs=0.001), 1.0)]
    assert join(shared, "visits", "visits", "1.0.0") == [
        ("org", "organisations", "org", 1.0, pytest.approx(40 / 58, abs=0.001))
    ]
    found = shared.inside.find_joins("visits", "latest", "visits", limit=1).items[0]
    assert (found.join.is_unique, found.join.other_is_unique, found.here.margin) == (False, True, 0.0)


def test_what_is_not_public_is_answered_as_if_it_were_not_there(shared: Services) -> None:
    said = set()
    for dataset, version, resource in (
        ("secret", "latest", "visits"),
        ("secret", "1.0.0", "visits"),
        ("unknown", "latest", "visits"),
        ("visits", "9.9.9", "visits"),
        ("visits", "latest", "unknown"),
    ):
        with pytest.raises(NotFoundError) as error:
            shared.inside.find_joins(dataset, version, resource, limit=5)
        said.add((type(error.value), error.value.message, str(error.value.params)))
    assert len(said) == 1


def test_answers_come_in_parts(shared: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    first = shared.inside.find_columns(ColumnSearch(), limit=4)
    rest = shared.inside.find_columns(ColumnSearch(), limit=4, cursor=first.next)
    assert [item.column.name for item in (*first.items, *rest.items)] == [
        "org",
        "name",
        "budget",
        "visit",
        "org",
        "day",
    ]
    assert rest.next is None
    part = shared.inside.find_value("HK0007X", limit=1)
    assert find(shared, "HK0007X", cursor=part.next) == [("visits", "org", "HK0007X", 2)]
    monkeypatch.setattr(inside, "MOST_ROWS", 60)  # the second table is too much at once, not by itself
    part = shared.inside.find_value("HK0007X", limit=50)
    assert len(part.items) == 1
    assert find(shared, "HK0007X", cursor=part.next) == [("visits", "org", "HK0007X", 2)]
    monkeypatch.setattr("opendata.search.columns.asking.MOST_PROBED", 1)
    found, cursor = [], None
    for _ in range(6):  # one column that it fits after the other
        part = shared.inside.find_value("HK0007X", limit=50, cursor=cursor)
        found += [item.place.dataset.id for item in part.items]
        cursor = part.next
        if cursor is None:
            break
    assert (found, cursor) == (["organisations", "visits"], None)
    part = shared.inside.find_value("HK0007X", limit=1)
    for cursor in (part.next, "MQ", "!", "é", "a" * 400):
        with pytest.raises(InputError):
            shared.inside.find_value("another", limit=1, cursor=cursor)


@pytest.mark.parametrize("value", ["", " ", "　", "x" * 201, "\n"])
def test_what_no_cell_can_be_asked_for_is_refused(shared: Services, value: str) -> None:
    with pytest.raises(InputError, match="whole value"):
        shared.inside.find_value(value, limit=1)


@pytest.mark.parametrize("value", ["'; DROP TABLE columns; --", "%", "_", "\\", "😀", "9" * 200, "1" + "0" * 150, "‮"])
def test_hostile_values_and_words_are_only_texts(shared: Services, value: str) -> None:
    assert find(shared, value) == []
    assert name_columns(shared, words=value) == name_columns(shared, refers_to=value) == []
    assert name_columns(shared, schema=value) == []


def test_the_index_follows_and_never_tells_more_than_is_public(services: Services, editor: Actor) -> None:
    fill(services, editor)
    services.stops.suspend(SYSTEM, "visits", "1.0.0", reason="错误")
    assert find(services, "HK0007X") == [("organisations", "org", "HK0007X", 1)]  # before the index knows
    assert join(services, "organisations", "orgs") == []
    assert name_columns(services, words="机构代码") == ["organisations.org"]
    with pytest.raises(NotFoundError):
        services.inside.find_joins("visits", "1.0.0", "visits", limit=1)
    assert services.sketching.follow()
    assert list_rows(services, "SELECT DISTINCT dataset FROM tables") == [("organisations",)]
    for table in ("joins", "targets"):
        assert list_rows(services, f"SELECT * FROM {table}") == []
    services.stops.release(SYSTEM, "visits", "1.0.0", reason="无误")
    assert services.sketching.follow()
    assert len(join(services, "organisations", "orgs")) == 1
    publish(services, editor, VISIT_ROWS.replace("HK0007X", "HK9999X"), dataset="visits", name="visits", schema=VISITS)
    found = services.inside.find_value("HK0007X", limit=5).items
    assert [item.version for item in (place.place for place in found)] == ["1.0.0", "1.0.0"]  # until the index follows
    assert services.sketching.follow()
    assert find(services, "HK0007X") == [("organisations", "org", "HK0007X", 1)]
    newest = services.versions.find_latest("visits")
    assert find(services, "HK9999X") == [("visits", "org", "HK9999X", 2)]
    with pytest.raises(StateError, match="newest") as error:
        services.inside.find_joins("visits", "1.0.0", "visits", limit=5)
    assert error.value.params["version"] == newest
    services.datasets.update(
        editor, "organisations", {"disclosure": {"attribute": "closed", "reason": "涉密", "legalBasis": "保密法"}}
    )
    assert find(services, "HK0000X") == [("visits", "org", "HK0000X", 2)]
    services.sketching.follow()
    assert list_rows(services, "SELECT DISTINCT dataset FROM tables") == [("visits",)]


def list_rows(services: Services, query: str) -> list[tuple[Any, ...]]:
    with sqlite3.connect(services.settings.search_folder / FILE) as connection:
        return connection.execute(query).fetchall()


@pytest.mark.parametrize("damage", ["missing", "empty", "rubbish", "form", "table"])
def test_an_index_that_cannot_be_read_is_made_again(shared: Services, damage: str) -> None:
    file = shared.settings.search_folder / FILE
    if damage == "missing":
        file.unlink()
    elif damage == "empty":
        file.write_bytes(b"")
    elif damage == "rubbish":
        file.write_bytes(b"x" * 9_000)
    elif damage == "form":
        list_rows(shared, "UPDATE state SET form = 0")
    else:
        list_rows(shared, "DROP TABLE joins")
    assert not shared.inside.find_joins("visits", "latest", "visits", limit=1).is_ready
    assert not shared.inside.find_value("HK0007X", limit=1).is_ready
    with ColumnIndex(shared.settings.search_folder).write():  # one that has begun
        assert not shared.inside.find_columns(ColumnSearch(), limit=1).is_ready
    assert shared.sketching.follow()
    assert len(find(shared, "HK0007X")) == 2
    assert len(join(shared, "visits", "visits")) == 1


@pytest.mark.slow
def test_a_writer_that_dies_leaves_the_index_as_it_was(services: Services, editor: Actor, monkeypatch: Any) -> None:
    fill(services, editor)
    services.datasets.create(editor, {**DATASET, "id": "others", "title": "其他"})
    publish(services, editor, VISIT_ROWS, dataset="others", name="visits", schema=VISITS)
    with monkeypatch.context() as patch:
        patch.setattr("opendata.search.columns.index.join_table", _die)
        with pytest.raises(OSError, match="killed"):
            services.sketching.follow()
    assert list_rows(services, "SELECT count(*) FROM tables") == [(2,)]
    with ColumnIndex(services.settings.search_folder).write():
        assert not services.sketching.follow()  # another process writes
        with pytest.raises(StateError):
            services.sketching.rebuild()
    assert services.sketching.follow()
    assert len(find(services, "HK0007X")) == 3
    assert services.sketching.rebuild() == 3
    assert len(find(services, "HK0007X")) == 3


@pytest.mark.slow
def test_persons_are_not_looked_up_across_tables(services: Services, editor: Actor) -> None:
    draft = upload(services, editor, ROLL, name="roll", schema=None)
    services.drafts.change_resource(editor, draft.id, "roll", {"decisions": DECISIONS})
    services.work.run_to_end(draft.id)
    services.drafts.submit(editor, draft.id)
    services.work.run_to_end(draft.id)
    assert services.sketching.follow()
    with services.versions.find_file("reservoirs", "1.0.0", "roll", "csv").open() as file:
        masked, pseudonym, *_ = file.read().decode().splitlines()[1].split(",")  # who reads the table sees both
    assert find(services, "甲镇") == [("reservoirs", "town", "甲镇", 2)]
    assert find(services, masked) == find(services, pseudonym) == []
    assert name_columns(services, words="姓名") == ["reservoirs.姓名"]
    assert join(services, "reservoirs", "roll") == []


def _die(*_: object) -> None:
    raise OSError("killed")
