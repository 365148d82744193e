"""What somebody types → a query of the index, and its answer: hits, exact counts, near words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING

from opendata.search.counting import PUNCTUALITY_FACET, Counts, ask_if, count_all, count_hits
from opendata.search.index import make_schema
from opendata.search.kept import Kept
from opendata.search.queries import (
    Synonyms,
    ask_for_all,
    ask_for_some,
    ask_titles_for_all,
    ask_titles_for_some,
    find_all,
    find_some,
    join,
    unite,
    unscored,
)
from opendata.search.ranking import (
    MANY,
    Hit,
    Page,
    rank_by_field,
    rank_by_list,
    rank_by_score,
    rank_in_tiers,
)
from opendata.search.words import is_chinese, list_wanted

if TYPE_CHECKING:
    from tantivy import Query, Searcher

SORTS = ("relevance", "updated", "title", "downloads")

FEW = 3
"""Where fewer datasets have all words, those that have some are shown too."""

MOST_WORDS = 24
"""Further words of a query aren't looked up."""

_FIRST = 1000.0
_MOST_CHARACTERS = 4
"""So many words of one Chinese character are looked up: each is looked for in all pairs, which takes long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchRequest:
    """A search: what was typed, values to filter by (one of those of each name), the order, and which hits.

    `ranked` are the ids that come first, in this order, where it is `downloads`; all others follow, newest first.
    """

    text: str = ""
    filters: Mapping[str, Sequence[str]] = field(default_factory=dict)
    sort: str = "relevance"
    limit: int = 20
    offset: int = 0
    ranked: Sequence[str] = ()
    today: date


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchAnswer:
    """What was found. `total` counts all hits, `facets` the datasets for each value, most first.

    `words` are what was looked up, and `exact` counts the hits that have all of them. Where that are few, the others,
    which come last, have some of them, or words that sound or look alike.
    """

    hits: Sequence[Hit]
    total: int
    facets: Counts
    words: Sequence[str]
    exact: int


class _Reach(Enum):
    """What is found: what has all words, what has some, or both, and then all words come first."""

    ALL = "all"
    SOME = "some"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class _Counted:
    """How many there are, whatever page of them is shown."""

    reach: _Reach
    total: int
    exact: int
    facets: Counts


def ask(searcher: Searcher, request: SearchRequest, synonyms: Synonyms, kept: Kept | None = None) -> SearchAnswer:
    """Search an index. `kept` has what this state of it has answered."""
    return _Asking(searcher, request, synonyms, kept or Kept()).answer()


class _Asking:
    """One search."""

    def __init__(self, searcher: Searcher, request: SearchRequest, synonyms: Synonyms, kept: Kept) -> None:
        self._searcher = searcher
        self._request = request
        self._synonyms = synonyms
        self._kept = kept
        self._words = _choose_words(list_wanted(request.text, synonyms))
        self._filters = {
            name: _ask_for_values(name, values, request.today) for name, values in request.filters.items() if values
        }

    def answer(self) -> SearchAnswer:
        """The hits of the page, and all counts."""
        request = self._request
        chosen = tuple(sorted((name, tuple(sorted({*values}))) for name, values in request.filters.items() if values))
        is_best = request.sort == "relevance"
        asked = (request.text, chosen, request.today)
        counted = self._kept.find(("counts", is_best, asked), self._count, _measure_counts)
        page = (request.sort, request.limit, request.offset, tuple(request.ranked))
        hits = self._kept.find(("hits", page, asked), partial(self._rank, counted), len)
        return SearchAnswer(
            hits=hits, total=counted.total, facets=counted.facets, words=self._words, exact=counted.exact
        )

    def _count(self) -> _Counted:
        total, facets = self._count_all(_Reach.ALL)
        if not self._words or total >= FEW:
            return _Counted(_Reach.ALL, total, total, facets)
        exact = count_hits(self._searcher, self._find(_Reach.ALL)) if self._filters else total
        if exact >= FEW or (exact and self._request.sort != "relevance"):
            return _Counted(_Reach.ALL, total, total, facets)
        reach = _Reach.BOTH if exact else _Reach.SOME
        return _Counted(reach, *self._count_some(reach, total))

    def _count_some(self, reach: _Reach, exact: int) -> tuple[int, int, Counts]:
        total, facets = self._count_all(reach)
        return total, exact, facets

    def _count_all(self, reach: _Reach) -> tuple[int, Counts]:
        return count_all(self._searcher, self._find(reach), self._filters, self._request.today)

    def _rank(self, counted: _Counted) -> Sequence[Hit]:
        request = self._request
        page = Page(request.limit, request.offset)
        if page.offset >= counted.total:
            return []
        query = join([self._find(counted.reach), *self._filters.values()])
        if request.sort == "downloads":
            return rank_by_list(self._searcher, query, page, request.ranked)
        if request.sort == "updated":
            return rank_by_field(self._searcher, query, page, "updated", descending=True)
        if request.sort == "title":
            return rank_by_field(self._searcher, query, page, "titleKey", descending=False)
        if counted.total > MANY:
            return rank_in_tiers(self._searcher, self._list_tiers(counted.reach), query, page)
        if not self._words:
            return rank_by_score(self._searcher, query, page)
        return rank_by_score(self._searcher, join([self._ask_for(counted.reach), *self._filters.values()]), page)

    def _find(self, reach: _Reach) -> Query:
        """What is looked for, without the filters and without scores."""
        from tantivy import Query

        text = self._request.text
        if not self._words:  # marks alone are no word, and no dataset has them
            return Query.empty_query() if text.strip() else Query.all_query()
        if reach is _Reach.ALL:
            return find_all(self._words, self._synonyms)
        some = find_some(self._words, text, self._synonyms)
        return unite([find_all(self._words, self._synonyms), some]) if reach is _Reach.BOTH else some

    def _ask_for(self, reach: _Reach) -> Query:
        """The same with scores; there are words."""
        text = self._request.text
        if reach is _Reach.ALL:
            return ask_for_all(self._words, text, self._synonyms)
        some = ask_for_some(self._words, text, self._synonyms)
        return _put_first(self._ask_for(_Reach.ALL), some) if reach is _Reach.BOTH else some

    def _list_tiers(self, reach: _Reach) -> Sequence[Query]:
        """What comes first of very many hits."""
        if not self._words:
            return []
        if reach is _Reach.ALL:
            return [ask_titles_for_all(self._words, self._request.text)]
        some = ask_titles_for_some(self._words)
        return [_raise(self._ask_for(_Reach.ALL)), some] if reach is _Reach.BOTH else [some]


def _measure_counts(counted: _Counted) -> int:
    return 1 + sum(len(values) for values in counted.facets.values())


def _put_first(strict: Query, some: Query) -> Query:
    """What has all words before what has some."""
    from tantivy import Occur, Query

    return Query.boolean_query([(Occur.Should, _raise(strict)), (Occur.Should, some)])


def _raise(strict: Query) -> Query:
    """The same with scores above all others."""
    from tantivy import Occur, Query

    return Query.boolean_query([(Occur.Must, Query.const_score_query(strict, _FIRST)), (Occur.Must, strict)])


def _choose_words(words: Sequence[str]) -> Sequence[str]:
    """Those that are looked up."""
    kept = words[:MOST_WORDS]
    further = [word for word in kept if len(word) == 1 and is_chinese(word)][_MOST_CHARACTERS:]
    return [word for word in kept if word not in further]


def _ask_for_values(name: str, values: Sequence[str], today: date) -> Query:
    """Filters don't add to the score."""
    from tantivy import Occur, Query

    if name == PUNCTUALITY_FACET:
        return Query.boolean_query([(Occur.Should, ask_if(value, today)) for value in values])
    return unscored(Query.term_set_query(make_schema(), name, list(values)))
