"""Counts are those of the hits, whatever way they are come to, and whatever way the hits are put in order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from opendata.search import asking, counting
from opendata.search.asking import SearchAnswer, SearchRequest, ask
from opendata.search.documents import FACETS, SearchDocument
from opendata.search.folding import fold
from opendata.search.index import SearchIndex
from opendata.search.kept import Kept
from opendata.search.synonyms import load_synonyms
from tests.search.judged.catalogue import list_entries
from tests.search.judged.grades import list_queries

TODAY = date(2026, 11, 30)
THEMES = ("教育", "交通运输", "生态环保", 'a "b", c')
FORMATS = ("csv", "xlsx", "parquet")
QUERIES = [query.text for query in list_queries()]
HARD = (
    "水库 蝴蝶 gonjiao",
    "公交站点77773",
    "第7局",
    "shui ku",
    "gong jiao zhan dian",
    "停",
    "2024年",
    "bus stpos",
    "。",
)


def make_documents() -> list[SearchDocument]:
    """The judged catalogue, each dataset with any number of values."""
    found = []
    for number, entry in enumerate(list_entries()):
        values = {
            **entry.values,
            "theme": [name for place, name in enumerate(THEMES) if number >> place & 1],
            "format": FORMATS[: number % 4],
            "publisher": [f"p{number % 7}"],
            "period": [str(year) for year in range(2015, 2015 + number % 5)],
        }
        day = TODAY + timedelta(days=number % 5 - 2) if number % 3 else None
        found.append(replace(entry.as_document(), values=values, due=day))
    return found


DOCUMENTS = {item.id: item for item in make_documents()}


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> SearchIndex:
    made = SearchIndex(Path(tmp_path_factory.mktemp("counted")))
    made.rebuild(DOCUMENTS.values(), 0)
    return made


def search(index: SearchIndex, text: str, kept: Kept | None = None, **options: object) -> SearchAnswer:
    searcher = index.open_searcher()
    assert searcher is not None
    wanted = SearchRequest(text=text, today=TODAY, **{"limit": len(DOCUMENTS), **options})  # type: ignore[arg-type]
    return ask(searcher, wanted, load_synonyms(), kept)


def count_by_hand(names: Sequence[str]) -> Mapping[str, Mapping[str, int]]:
    """What the facets of these datasets are."""
    found = {
        name: Counter(value for item in names for value in DOCUMENTS[item].values.get(name, ())) for name in FACETS
    }
    days = [DOCUMENTS[item].due for item in names]
    late = Counter("late" if day < TODAY else "onTime" for day in days if day is not None)
    return {**found, "punctuality": late}


def require_counts_of_hits(answer: SearchAnswer) -> None:
    names = [hit.id for hit in answer.hits]
    assert len({*names}) == len(names) == answer.total
    assert {name: dict(values) for name, values in answer.facets.items()} == count_by_hand(names)
    for values in (answer.facets[name] for name in FACETS):
        assert [count for _, count in values] == sorted((count for _, count in values), reverse=True)


def test_what_is_counted_is_what_is_ranked(index: SearchIndex) -> None:
    for text in ("", *HARD, *QUERIES[::6]):
        require_counts_of_hits(search(index, text))


@pytest.mark.slow
def test_what_is_counted_is_what_is_ranked_for_every_judged_query(index: SearchIndex) -> None:
    for text in QUERIES:
        require_counts_of_hits(search(index, text))
        assert search(index, text, sort="updated").total == search(index, text, sort="title").total


@pytest.mark.parametrize("text", ["", "公交", "水库 蝴蝶"])
def test_a_filter_leaves_out_of_its_own_facet_only_itself(index: SearchIndex, text: str) -> None:
    chosen = {"theme": ["教育", THEMES[3]], "publisher": ["p1", "p2", "p3"], "punctuality": ["late"]}
    everything = [hit.id for hit in search(index, text).hits]
    answer = search(index, text, filters=chosen)
    left = {
        name: [item for item in everything if all(_has(item, key, chosen[key]) for key in chosen if key != name)]
        for name in (*FACETS, "punctuality")
    }
    if answer.exact or not text:
        assert {name: dict(values) for name, values in answer.facets.items()} == {
            name: dict(count_by_hand(names)[name]) for name, names in left.items()
        }
        assert {hit.id for hit in answer.hits} == {item for item in left["format"] if _has(item, "format", FORMATS)} | {
            item for item in left["format"] if not DOCUMENTS[item].values["format"]
        }
    assert len(answer.hits) == answer.total


def _has(item: str, name: str, values: Sequence[str]) -> bool:
    if name == "punctuality":
        day = DOCUMENTS[item].due
        return day is not None and ("late" if day < TODAY else "onTime") in values
    return not {*values}.isdisjoint(DOCUMENTS[item].values.get(name, ()))


def test_more_combinations_than_are_counted_change_no_count(
    index: SearchIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = search(index, "").facets
    monkeypatch.setattr(counting, "MOST_VALUES", len(THEMES))
    assert search(index, "").facets["theme"] == usual["theme"]


@pytest.mark.parametrize("text", ["公交", "停车场", "学校", "水库 蝴蝶", "医院 2099"])
def test_very_many_hits_have_those_first_that_say_it_in_their_titles(
    index: SearchIndex, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    usual = search(index, text)
    monkeypatch.setattr(asking, "MANY", 3)
    answer = search(index, text)
    require_counts_of_hits(answer)
    assert {hit.id for hit in answer.hits} == {hit.id for hit in usual.hits}
    assert (answer.exact, answer.facets) == (usual.exact, usual.facets)
    scores = [hit.score for hit in answer.hits]
    assert scores == sorted(scores, reverse=True)
    rest = [hit.id for hit in answer.hits if not hit.score]
    assert [DOCUMENTS[name].updated for name in rest] == sorted(
        (DOCUMENTS[name].updated for name in rest), reverse=True
    )
    if answer.exact == answer.total:
        titles = [fold(" ".join(DOCUMENTS[hit.id].texts["title"])) for hit in answer.hits if hit.score]
        assert all(word in title for title in titles for word in answer.words)
    paged = [hit.id for offset in range(0, answer.total, 7) for hit in search(index, text, limit=7, offset=offset).hits]
    assert paged == [hit.id for hit in answer.hits]


def test_those_with_all_words_come_first_of_very_many(index: SearchIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    found = next(
        (text, usual)
        for text in (f"{name} {word}" for name in ("公交", "停车场") for word in sorted(list_rare_words()))
        if 0 < (usual := search(index, text)).exact < 3 and usual.total > 10
    )
    monkeypatch.setattr(asking, "MANY", 3)
    text, usual = found
    answer = search(index, text)
    assert (answer.exact, answer.total) == (usual.exact, usual.total)
    first = {hit.id for hit in usual.hits[: usual.exact]}
    assert {hit.id for hit in answer.hits[: usual.exact]} == first


def list_rare_words() -> set[str]:
    counts = Counter(word for item in DOCUMENTS.values() for word in item.texts["publisher"])
    return {word for word, count in counts.items() if count < 3}


def test_an_answer_is_kept_until_the_index_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index = SearchIndex(tmp_path)
    now = datetime(2026, 5, 1, tzinfo=UTC)
    one, two = (SearchDocument(id=name, texts={"title": ["水库"]}, updated=now) for name in ("a", "b"))
    index.rebuild([one], 0)
    asked: list[object] = []
    count = counting.count_all

    def note(*arguments: object) -> object:
        asked.append(arguments)
        return count(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(asking, "count_all", note)

    def find(**options: object) -> list[str]:
        opened = index.open()
        assert opened is not None
        wanted = SearchRequest(text="水库", sort="updated", today=TODAY, **options)  # type: ignore[arg-type]
        return [hit.id for hit in ask(opened.searcher, wanted, {}, opened.kept).hits]

    assert (find(), find(), find(offset=1), len(asked)) == (["a"], ["a"], [], 1)
    index.update([two], [], 1)
    assert (sorted(find()), len(asked)) == (["a", "b"], 2)
    index.update([], ["a"], 2)
    assert (find(), len(asked)) == (["b"], 3)
    index.update([], [], 3)  # most events change nothing that is found
    assert (find(), len(asked)) == (["b"], 3)
    index.rebuild([one], 4)
    assert (find(), len(asked)) == (["a"], 4)


def test_kept_answers_take_no_more_room_than_they_may() -> None:
    kept = Kept(most=10)
    made: list[int] = []

    def find(number: int, size: int) -> int:
        def make() -> int:
            made.append(number)
            return number

        return kept.find(number, make, lambda _: size)

    assert [find(number, 4) for number in (1, 2, 1, 3, 1, 2)] == [1, 2, 1, 3, 1, 2]
    assert made == [1, 2, 3, 2]  # the one that nobody had asked for for longest went
    assert (find(9, 11), find(9, 11), made) == (9, 9, [1, 2, 3, 2, 9, 9])
