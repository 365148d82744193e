"""Searching the catalogue of an instance: what is found, what isn't, and that the index follows."""

from __future__ import annotations

import os
import resource
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from opendata.errors import InputError, StateError
from opendata.search.asking import SearchRequest, ask
from opendata.search.documents import SearchDocument
from opendata.search.index import SearchIndex
from opendata.services.core.actors import SYSTEM, Actor
from opendata.services.search import searching
from opendata.services.search.searching import Search
from opendata.wiring import Services, build_services
from tests.instances import DATASET, SCHEMA, make_actor, make_services, publish

NOW = datetime(2026, 5, 1, tzinfo=UTC)
FIELDS = [{**item} for item in SCHEMA["fields"]]  # type: ignore[attr-defined]
FIELDS[0]["title"] = "统一社会信用代码"
FIELDS[1] |= {"constraints": {"enum": ["东湖", "西湖"]}}


@pytest.fixture(scope="module")
def read_only(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """The same for tests that change nothing."""
    services = make_services(tmp_path_factory.mktemp("lakes") / "instance")
    actor = make_actor(services, "editor")
    services.datasets.create(actor, DATASET)
    yield fill(services, actor)
    services.database.dispose()


def find(services: Services, text: str = "", **options: Any) -> list[str]:
    return [item.dataset.id for item in services.searching.search(Search(text=text, **options)).items]


@pytest.fixture
def lakes(services: Services, editor: Actor) -> Services:
    return fill(services, editor)


def fill(services: Services, editor: Actor) -> Services:
    """Three datasets: one open, one for applicants, one that nobody has published."""
    told = {"description": "全省水库每日水位", "keywords": ["水利", "防汛"], "temporal": "2024/2026"}
    services.datasets.update(editor, "reservoirs", {**DATASET, **told})
    publish(services, editor, schema={**SCHEMA, "fields": FIELDS})
    closed = {"attribute": "conditional", "reason": "涉密", "legalBasis": "保密法"}
    services.datasets.create(editor, {**DATASET, "id": "wells", "title": "地下水井名录", "disclosure": closed})
    publish(services, editor, dataset="wells", schema={**SCHEMA, "fields": FIELDS})
    services.datasets.create(editor, {**DATASET, "id": "hidden", "title": "未公布的水库"})
    assert services.indexing.follow()
    return services


@pytest.mark.parametrize(
    "text",
    [
        "水库",
        "水 库",
        "水庫",
        "shuiku",
        "sk",
        "shui ku",
        "每日水位",
        "防汛",
        "水务",
        "Water bureau",
        "ｒｅｓｅｒｖｏｉｒ",
    ],
)
def test_a_dataset_is_found_by_words_of_every_kind(read_only: Services, text: str) -> None:
    assert "reservoirs" in find(read_only, text)


def test_columns_are_found_everywhere_and_values_only_where_rows_are_public(read_only: Services) -> None:
    assert set(find(read_only, "统一社会信用代码")) == {"reservoirs", "wells"}
    assert find(read_only, "东湖") == ["reservoirs"]


def test_what_is_not_published_is_as_if_it_were_not_there(read_only: Services) -> None:
    known = read_only.searching.search(Search(text="未公布"))
    unknown = read_only.searching.search(Search(text="未发明"))
    assert (known.items, known.total, known.facets, known.suggestions) == (
        unknown.items,
        unknown.total,
        unknown.facets,
        unknown.suggestions,
    )
    assert read_only.searching.complete("未公布") == []


def test_marks_alone_find_nothing(read_only: Services) -> None:
    assert find(read_only, "%") == []
    assert len(find(read_only, " ")) == 2


def test_filters_count_what_else_could_be_chosen(read_only: Services) -> None:
    found = read_only.searching.search(Search(filters={"disclosure": ["conditional"]}))
    assert ([item.dataset.id for item in found.items], found.total) == (["wells"], 1)
    counts = {name: {item.value: item.count for item in values} for name, values in found.facets.items()}
    assert counts["disclosure"] == {"open": 1, "conditional": 1}
    assert counts["publisher"] == {"water-bureau": 1}
    assert counts["period"] == {}
    assert find(read_only, filters={"period": ["2025", "1999"]}) == ["reservoirs"]
    assert find(read_only, filters={"period": ["1999"]}) == []
    assert find(read_only, sort="title") == ["wells", "reservoirs"]


def test_pages_are_gone_through_by_cursor(read_only: Services) -> None:
    first = read_only.searching.search(Search(limit=1))
    second = read_only.searching.search(Search(limit=1, cursor=first.next))
    assert {first.items[0].dataset.id, second.items[0].dataset.id} == {"reservoirs", "wells"}
    assert second.next is None
    for cursor in (first.next, "MQ", "!", "é"):
        with pytest.raises(InputError):
            read_only.searching.search(Search(text="水", limit=1, cursor=cursor))


def test_near_words_are_found_and_offered_where_nothing_has_what_was_typed(read_only: Services) -> None:
    found = read_only.searching.search(Search(text="水裤"))  # sounds like 水库
    assert (found.exact, found.items[0].dataset.id, found.suggestions) == (0, "reservoirs", ["水库"])
    some = read_only.searching.search(Search(text="水库 蝴蝶 水位"))
    assert (some.exact, [item.dataset.id for item in some.items]) == (0, ["reservoirs"])
    assert read_only.searching.complete("dixia") == ["地下水井名录"]
    assert read_only.searching.search(Search(text="甲 乙 丙 丁 戊 己 水位")).words == ["甲", "乙", "丙", "丁", "水位"]


def test_the_index_follows_what_happens_and_repeats_what_was_cut_off(
    lakes: Services, editor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not lakes.indexing.follow()
    lakes.datasets.update(editor, "wells", {"title": "机井一览"})
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", _die)
        with pytest.raises(OSError, match="killed"):
            lakes.indexing.follow()
        kept = {path.name for path in lakes.settings.search_folder.iterdir()}
        with pytest.raises(OSError, match="killed"):
            lakes.indexing.rebuild()
        left = {path.name for path in lakes.settings.search_folder.iterdir() if path.is_dir()}
        assert left < kept  # a disk that is full isn't made fuller
    assert lakes.indexing.follow()
    assert not lakes.indexing.follow()
    assert (find(lakes, "机井"), find(lakes, "地下水井")) == (["wells"], [])
    assert lakes.searching.search(Search()).total == 2
    lakes.withdrawals.withdraw(SYSTEM, "reservoirs", "1.0.0", reason="错误")
    lakes.indexing.follow()
    assert find(lakes, "东湖") == []
    assert find(lakes, "水库") == ["reservoirs"]
    assert "东湖" in list_terms(lakes)  # the files of an index keep words that were replaced
    lakes.withdrawals.withdraw(SYSTEM, "reservoirs", "1.0.0", reason="错误", legal_basis="保密法", erase=True)
    lakes.indexing.follow()
    assert not lakes.indexing.follow()
    assert "东湖" not in list_terms(lakes)
    assert find(lakes, "水库") == ["reservoirs"]


def list_terms(services: Services) -> set[str]:
    """What is in the files of the index, whether it can be found or not."""
    searcher = SearchIndex(services.settings.search_folder).open_searcher()
    assert searcher is not None
    return {term for term, _ in searcher.terms_with_prefix("labelsWords", "")}


@pytest.mark.slow
def test_what_is_damaged_in_the_store_keeps_no_other_dataset_from_being_found(lakes: Services, editor: Actor) -> None:
    manifest = next(lakes.settings.public_folder.glob("datasets/*/reservoirs/1.0.0.json"))
    manifest.unlink()
    manifest.write_text("{")
    for name, title in (("reservoirs", "水塘"), ("wells", "机井一览")):
        lakes.datasets.update(editor, name, {"title": title})
    indexing = build_services(lakes.settings).indexing  # which has read no manifest before
    assert indexing.follow()
    assert (find(lakes, "水塘"), find(lakes, "机井"), find(lakes, "东湖")) == (["reservoirs"], ["wells"], [])
    assert indexing.rebuild() == 2


@pytest.mark.parametrize(
    "damage", ["folder", "generation", "files", "pointer", pytest.param("cut", marks=pytest.mark.slow)]
)
def test_an_index_that_is_deleted_is_made_again(lakes: Services, editor: Actor, damage: str) -> None:
    folder = lakes.settings.search_folder
    generation = next(path for path in folder.iterdir() if path.is_dir())
    fresh = SearchIndex(folder)
    if damage == "folder":
        shutil.rmtree(folder)
    elif damage == "generation":
        shutil.rmtree(generation)
    elif damage == "files":
        _empty(generation)
    elif damage == "cut":
        next(generation.glob("*.term")).write_bytes(b"")
    else:
        (folder / "current.json").write_text("{")
    assert fresh.open_searcher() is None
    lakes.datasets.update(editor, "wells", {"title": "机井一览"})
    while lakes.indexing.follow():
        pass
    assert find(lakes, "机井") == ["wells"]
    assert lakes.indexing.rebuild() == 2


class PanicException(BaseException):
    """A failed assertion."""


@pytest.mark.parametrize("error", [PanicException(), ValueError("Data corruption")])
def test_an_index_that_cannot_be_read_ends_no_process(
    read_only: Services, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(searching, "ask", fail)
    monkeypatch.setattr(searching, "list_titles", fail)
    assert not read_only.searching.search(Search(text="水库")).is_ready
    assert read_only.searching.complete("水库") == []
    monkeypatch.undo()
    assert find(read_only, "水库") == ["reservoirs"]


@pytest.mark.slow
def test_an_index_is_not_given_up_where_the_system_opens_no_more_files(tmp_path: Path) -> None:
    folder = tmp_path / "search"
    SearchIndex(folder).rebuild([SearchDocument(id="a", texts={}, updated=NOW)], 0)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    found = []
    for free in range(400):  # another file is refused each time; between them some are open already
        if True in found:
            break
        free_from = os.open(folder, os.O_RDONLY)
        os.close(free_from)
        resource.setrlimit(resource.RLIMIT_NOFILE, (free_from + free, hard))
        try:
            found.append(SearchIndex(folder).open_searcher() is not None)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert {*found} == {True, False}
    assert SearchIndex(folder).open_searcher() is not None


@pytest.mark.slow
@pytest.mark.parametrize("events", [0, 1, 2])
def test_an_index_of_another_database_is_made_again(tmp_path: Path, events: int) -> None:
    lakes = make_services(tmp_path / "instance")  # on SQLite, whose database is a file
    editor = make_actor(lakes, "editor")
    lakes.datasets.create(editor, DATASET)
    fill(lakes, editor)
    file = lakes.settings.home / "opendata.sqlite"
    with closing(sqlite3.connect(file)) as now, closing(sqlite3.connect(file.with_suffix(".kept"))) as kept:
        now.backup(kept)
    lakes.datasets.update(editor, "wells", {"title": "机井一览"})
    assert lakes.indexing.follow()
    lakes.database.dispose()
    with closing(sqlite3.connect(file)) as now, closing(sqlite3.connect(file.with_suffix(".kept"))) as kept:
        kept.backup(now)
    for number in range(events):
        lakes.datasets.update(editor, "reservoirs", {"description": f"{number}"})
    assert lakes.indexing.follow()
    assert not lakes.indexing.follow()
    assert (find(lakes, "机井"), find(lakes, "地下水井")) == ([], ["wells"])


def test_two_do_not_write_at_once(lakes: Services, editor: Actor) -> None:
    other = SearchIndex(lakes.settings.search_folder)
    lakes.datasets.update(editor, "wells", {"title": "机井一览"})
    with other.hold():
        assert not lakes.indexing.follow()
        with pytest.raises(StateError):
            lakes.indexing.rebuild()
    assert lakes.indexing.follow()


def test_late_is_told_by_the_day_of_the_search(tmp_path: Path) -> None:
    index = SearchIndex(tmp_path / "search")
    due = {"long-ago": date(2020, 1, 1), "today": date(2026, 5, 1), "some-day": date(2030, 1, 1), "never": None}
    index.rebuild((SearchDocument(id=name, texts={}, updated=NOW, due=day) for name, day in due.items()), 0)

    def ask_for(value: str) -> set[str]:
        searcher = index.open_searcher()
        assert searcher is not None
        found = ask(searcher, SearchRequest(filters={"punctuality": [value]}, today=date(2026, 5, 1)), {})
        assert dict(found.facets["punctuality"]) == {"onTime": 2, "late": 1}
        return {hit.id for hit in found.hits}

    assert (ask_for("late"), ask_for("onTime")) == ({"long-ago"}, {"today", "some-day"})


def _die(_: int) -> None:
    raise OSError("killed")


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()
