"""How good answers are on the judged queries: a floor under what was reached."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from statistics import mean

import pytest

from opendata.search.asking import SearchAnswer, SearchRequest, ask
from opendata.search.index import SearchIndex
from opendata.search.synonyms import load_synonyms
from tests.search.judged.catalogue import list_entries
from tests.search.judged.grades import Query, list_queries, score_all

Asking = Callable[[str], SearchAnswer]

FLOORS = {"tuned": 0.89, "unseen": 0.88}


@pytest.fixture(scope="module")
def search(tmp_path_factory: pytest.TempPathFactory) -> Asking:
    index = SearchIndex(Path(tmp_path_factory.mktemp("judged")))
    index.rebuild((entry.as_document() for entry in list_entries()), 0)
    searcher = index.open_searcher()
    assert searcher is not None
    return lambda text: ask(searcher, SearchRequest(text=text, limit=10, today=date(2026, 11, 30)), load_synonyms())


def measure(search: Asking, queries: Sequence[Query]) -> float:
    return mean(score_all(lambda text: [hit.id for hit in search(text).hits], queries).values())


def list_half(half: str) -> Sequence[Query]:
    return [query for query in list_queries() if query.half == half]


def test_a_sample_of_the_judged_queries_is_answered_as_well_as_before(search: Asking) -> None:
    sample = list_half("tuned")[::3]
    assert measure(search, sample) > FLOORS["tuned"]


def test_what_nothing_answers_finds_nothing_or_says_that_not_all_words_were_found(search: Asking) -> None:
    unanswered = [query.text for query in list_queries() if not query.grades]
    assert [text for text in unanswered if (answer := search(text)).total and answer.exact] == []


@pytest.mark.slow
@pytest.mark.parametrize("half", FLOORS)
def test_all_judged_queries_are_answered_as_well_as_before(search: Asking, half: str) -> None:
    assert measure(search, list_half(half)) > FLOORS[half]
