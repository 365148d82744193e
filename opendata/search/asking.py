"""What somebody types → a query of the index, and its answer: hits, exact counts, near words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from opendata.search.documents import FACETS, PUNCTUALITY, WEIGHTS
from opendata.search.index import make_schema, make_stemmer, words_of
from opendata.search.words import (
    cut_pairs,
    is_chinese,
    list_coarse_words,
    list_runs,
    list_wanted,
    list_words,
    spell_neighbours,
)

if TYPE_CHECKING:
    from tantivy import Query, Searcher, SearchResult

SORTS = ("relevance", "updated", "title", "downloads")

FEW = 3
"""Where fewer datasets have all words, those that have some are shown too."""

_FIRST = 1000.0
MOST_WORDS = 24
"""Further words of a query aren't looked up."""

_MOST_CHARACTERS = 4
"""So many words of one Chinese character are looked up: each is looked for in all pairs, which takes long."""
_PAIRS_WEIGHT = 0.7
_TITLE_PAIRS_WEIGHT = 6.0
_PINYIN_WEIGHT = 3.0
_SYNONYM_WEIGHT = 0.6
_TRANSLATION_WEIGHT = 0.3
_PART_WEIGHT = 0.3
_WHOLE_TITLE_WEIGHT = 6.0
_WHOLE_WEIGHT = 3.0
_TIE = 0.2
"""What the fields beside the best one add to a word's score."""
_FOUND_WEIGHT = 30.0
"""What each of the words that is found adds where not all are: more words count more than rare ones."""
_SIMILAR_WEIGHT = 0.5
_SOUND_WEIGHT = 4.0
_LEAST_FUZZY = 4
"""A Latin word is at least so long before one letter of it may be wrong; twice as long, two may be."""
_MOST_VALUES = 10_000
_MOST_LIKELY = 1_000
"""Of the ranked ids so many are looked at first: most searches need no more of them for a page."""
_FACET = "punctuality"
_LAST_DAY = date.max.toordinal()


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


@dataclass(frozen=True, slots=True)
class Hit:
    """A dataset that was found."""

    id: str
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchAnswer:
    """What was found. `total` counts all hits, `facets` the datasets for each value, most first.

    `words` are what was looked up, and `exact` counts the hits that have all of them. Where that are few, the others,
    which come last, have some of them, or words that sound or look alike.
    """

    hits: Sequence[Hit]
    total: int
    facets: Mapping[str, Sequence[tuple[str, int]]]
    words: Sequence[str]
    exact: int


Synonyms = Mapping[str, Sequence[str]]
"""Other words for a folded word."""


def ask(searcher: Searcher, request: SearchRequest, synonyms: Synonyms) -> SearchAnswer:
    """Search an index."""
    from tantivy import Query

    words = _choose_words(list_wanted(request.text, synonyms))
    if words:
        wanted = _ask_for_all(words, request.text, synonyms)
    else:  # marks alone are no word, and no dataset has them
        wanted = Query.empty_query() if request.text.strip() else Query.all_query()
    filters = {name: _ask_for_values(name, values, request.today) for name, values in request.filters.items() if values}
    exact = _search_count(searcher, wanted) if words else FEW
    if not exact or (exact < FEW and request.sort == "relevance"):
        strict, some = wanted, _ask_for_some(words, request.text, synonyms)
        wanted = _put_first(strict, some) if exact else some
        exact = _search_count(searcher, _join([strict, *filters.values()])) if exact else 0
        hits, total = _search(searcher, _join([wanted, *filters.values()]), request)
    else:
        hits, total = _search(searcher, _join([wanted, *filters.values()]), request)
        exact = total
    facets = _count(searcher, wanted, filters, request.today)
    return SearchAnswer(hits=hits, total=total, facets=facets, words=words, exact=exact)


def _put_first(strict: Query, some: Query) -> Query:
    """What has all words before what has some."""
    from tantivy import Occur, Query

    first = Query.const_score_query(strict, _FIRST)
    return Query.boolean_query([(Occur.Should, first), (Occur.Should, strict), (Occur.Should, some)])


def _choose_words(words: Sequence[str]) -> Sequence[str]:
    """Those that are looked up."""
    kept = words[:MOST_WORDS]
    further = [word for word in kept if len(word) == 1 and is_chinese(word)][_MOST_CHARACTERS:]
    return [word for word in kept if word not in further]


def _search(searcher: Searcher, query: Query, request: SearchRequest) -> tuple[Sequence[Hit], int]:
    from tantivy import Order

    if request.sort == "downloads":
        return _search_ranked(searcher, query, request)
    if request.sort == "relevance":
        found = searcher.search(query, request.limit, offset=request.offset)
    else:
        fields = {"updated": "updated", "title": "titleKey"}
        order = Order.Asc if request.sort == "title" else Order.Desc
        found = searcher.search(
            query, request.limit, offset=request.offset, order_by_field=fields[request.sort], order=order
        )
    scored = request.sort == "relevance"
    hits = [
        Hit(str(searcher.doc(place).get_first("id")), float(score) if scored else 0.0) for score, place in found.hits
    ]
    return hits, _count_hits(found)


def _search_ranked(searcher: Searcher, query: Query, request: SearchRequest) -> tuple[Sequence[Hit], int]:
    """The hits that are ranked, in their order, before all others.

    The index knows nothing of downloads, which change all the time: it is asked which of the ranked ids are hits.
    """
    from tantivy import Occur, Order, Query

    first: list[str] = []
    end = request.offset + request.limit
    for names in (request.ranked[:_MOST_LIKELY], request.ranked[_MOST_LIKELY:]):
        if names and len(first) < end:
            terms = {"terms": {"field": "id", "size": len(names), "segment_size": len(names)}}
            counted = searcher.aggregate(_join([query, _ask_for_ids(names)]), {"id": terms})
            known = {str(item["key"]) for item in counted["id"]["buckets"]}
            first.extend(name for name in names if name in known)
    hits = [Hit(name, 0.0) for name in first[request.offset : end]]
    if len(hits) == request.limit:
        return hits, _search_count(searcher, query)
    others = Query.boolean_query([(Occur.Must, query), (Occur.MustNot, _ask_for_ids(first))]) if first else query
    found = searcher.search(
        others,
        request.limit - len(hits),
        offset=max(0, request.offset - len(first)),
        order_by_field="updated",
        order=Order.Desc,
    )
    hits += [Hit(str(searcher.doc(place).get_first("id")), 0.0) for _, place in found.hits]
    return hits, len(first) + _count_hits(found)


def _ask_for_ids(names: Sequence[str]) -> Query:
    from tantivy import Query

    return Query.const_score_query(Query.term_set_query(make_schema(), "id", list(names)), 0.0)


def _count_hits(found: SearchResult) -> int:
    return int(found.count)  # type: ignore[attr-defined]  # the stub leaves it out


def _count(
    searcher: Searcher, wanted: Query, filters: Mapping[str, Query], today: date
) -> Mapping[str, Sequence[tuple[str, int]]]:
    """Count by each facet under all filters but its own: what else could be chosen there."""
    found = _aggregate(searcher, _join([wanted, *filters.values()]), [name for name in FACETS if name not in filters])
    for name in filters:
        if name in FACETS:
            found |= _aggregate(searcher, _leave_out(name, wanted, filters), [name])
    around = _leave_out(_FACET, wanted, filters)
    counts = [(value, _search_count(searcher, _join([around, _ask_if(value, today)]))) for value in PUNCTUALITY]
    return {**{name: found[name] for name in FACETS}, _FACET: [item for item in counts if item[1]]}


def _leave_out(name: str, wanted: Query, filters: Mapping[str, Query]) -> Query:
    return _join([wanted, *(query for key, query in filters.items() if key != name)])


def _search_count(searcher: Searcher, query: Query) -> int:
    return _count_hits(searcher.search(query, 1))


def _ask_if(value: str, today: date) -> Query:
    """Datasets whose next edition is late today, or isn't."""
    from tantivy import FieldType, Query

    now = today.toordinal()
    bounds = (0, now - 1) if value == "late" else (now, _LAST_DAY)
    return Query.const_score_query(Query.range_query(make_schema(), "due", FieldType.Integer, *bounds), 0.0)


def _aggregate(searcher: Searcher, query: Query, names: Sequence[str]) -> dict[str, Sequence[tuple[str, int]]]:
    wanted: dict[str, Any] = {
        name: {"terms": {"field": name, "size": _MOST_VALUES, "segment_size": _MOST_VALUES}} for name in names
    }
    counted = searcher.aggregate(query, wanted) if names else {}
    return {name: [(str(item["key"]), int(item["doc_count"])) for item in counted[name]["buckets"]] for name in names}


def _join(queries: Sequence[Query]) -> Query:
    from tantivy import Occur, Query

    return queries[0] if len(queries) == 1 else Query.boolean_query([(Occur.Must, query) for query in queries])


def _ask_for_values(name: str, values: Sequence[str], today: date) -> Query:
    """Filters don't add to the score."""
    from tantivy import Occur, Query

    if name == _FACET:
        return Query.boolean_query([(Occur.Should, _ask_if(value, today)) for value in values])
    return Query.const_score_query(Query.term_set_query(make_schema(), name, list(values)), 0.0)


def _ask_for_all(words: Sequence[str], text: str, synonyms: Synonyms) -> Query:
    from tantivy import Occur, Query

    parts = [(Occur.Must, _ask_for_word(word, synonyms)) for word in words]
    for run in list_runs(text):
        if len(run) > 2 and run not in words:
            parts.append((Occur.Should, ask_for_phrase("titlePairs", run, _WHOLE_TITLE_WEIGHT)))
            parts.append((Occur.Should, ask_for_phrase("pairs", run, _WHOLE_WEIGHT)))
    whole = Query.boolean_query(parts)
    joined = "".join(words)
    if len(words) > 1 and joined.isascii() and joined.isalpha():  # pinyin with blanks between the syllables
        spelled = Query.boost_query(Query.term_query(make_schema(), "pinyin", joined), _PINYIN_WEIGHT)
        return Query.boolean_query([(Occur.Should, whole), (Occur.Should, spelled)])
    return whole


def _ask_for_some(words: Sequence[str], text: str, synonyms: Synonyms) -> Query:
    """At least half of the words, or what is written or sounds nearly like them."""
    from tantivy import Occur, Query

    parts = []
    for word in words:
        inner = [part for part in list_words(word) if len(part) > 1]
        inner = [
            part for part in dict.fromkeys([*inner, *(cut_pairs(word) if is_chinese(word) else ())]) if part != word
        ]
        ways = [_ask_for_word(word, synonyms)]
        ways.extend(Query.boost_query(_ask_for_text(part), _PART_WEIGHT) for part in inner)
        if word.isascii() and word.isalpha() and tolerate(word):
            ways.append(Query.boost_query(_ask_for_similar(word), _SIMILAR_WEIGHT))
        found = Query.disjunction_max_query(ways, tie_breaker=0.5)
        counted = Query.const_score_query(found, _FOUND_WEIGHT)
        parts.append((Occur.Should, Query.boolean_query([(Occur.Must, found), (Occur.Must, counted)])))
    some = Query.boolean_query(parts, minimum_number_should_match=max(1, len(words) // 2))
    sounds = [_ask_for_sound(sound) for sound in _list_sounds(text)]
    return Query.boolean_query([(Occur.Should, query) for query in (some, *sounds)])


def _ask_for_sound(sound: str) -> Query:
    from tantivy import Query

    return Query.boost_query(Query.term_query(make_schema(), "pinyin", sound), _SOUND_WEIGHT)


def _list_sounds(text: str) -> Sequence[str]:
    """The pinyin of Chinese words and of words side by side: what sounds the same may be spelt differently."""
    runs = (run for run in list_runs(text) if is_chinese(run))
    return list(dict.fromkeys(sound for run in runs for sound, _ in spell_neighbours(run)))


def _ask_for_similar(word: str) -> Query:
    """What is written nearly like a Latin word, also in pinyin."""
    from tantivy import Query

    schema, stem = make_schema(), _stem(word)
    ways = [Query.fuzzy_term_query(schema, "pinyin", word, distance=tolerate(word))]
    ways.extend(
        Query.fuzzy_term_query(schema, words_of(name), stem, distance=tolerate(stem)) for name in ("title", "keywords")
    )
    return Query.disjunction_max_query(ways)


def tolerate(word: str) -> int:
    """How many letters of a Latin word may be wrong."""
    return 0 if len(word) < _LEAST_FUZZY else 1 if len(word) < 2 * _LEAST_FUZZY else 2


def _ask_for_word(word: str, synonyms: Synonyms) -> Query:
    from tantivy import Query

    ways = [_ask_for_text(word)]
    for other in synonyms.get(word, ()):
        weight = _SYNONYM_WEIGHT if is_chinese(other) == is_chinese(word) else _TRANSLATION_WEIGHT
        ways.append(Query.boost_query(_ask_for_text(other), weight))
    return ways[0] if len(ways) == 1 else Query.disjunction_max_query(ways)


def _ask_for_text(text: str) -> Query:
    """One word or a few, in any field. Chinese words side by side are looked for side by side."""
    from tantivy import Occur, Query

    words = list(list_coarse_words(text))
    if len(words) > 1 and not is_chinese(text):
        return Query.boolean_query([(Occur.Must, _ask_in_fields(word)) for word in words])
    return _ask_in_fields(text)


def _ask_in_fields(word: str) -> Query:
    from tantivy import Query

    schema, stem = make_schema(), _stem(word)
    ways = [
        Query.boost_query(Query.term_query(schema, words_of(name), stem), weight) for name, weight in WEIGHTS.items()
    ]
    if is_chinese(word):
        ways.append(ask_for_phrase("pairs", word, _PAIRS_WEIGHT))
        ways.append(ask_for_phrase("titlePairs", word, _TITLE_PAIRS_WEIGHT))
    elif word.isascii() and word.isalpha():
        ways.append(Query.boost_query(Query.term_query(schema, "pinyin", word), _PINYIN_WEIGHT))
    return Query.disjunction_max_query(ways, tie_breaker=_TIE)


def ask_for_phrase(name: str, run: str, weight: float) -> Query:
    """A run of characters anywhere in a text."""
    from tantivy import Query

    schema, pairs = make_schema(), list[str | tuple[int, str]](cut_pairs(run))
    if len(pairs) > 1:
        return Query.boost_query(Query.phrase_query(schema, name, pairs), weight)
    if is_chinese(run) and len(run) == 1:  # pairs begin or end with it
        return Query.boost_query(
            Query.const_score_query(Query.regex_query(schema, name, f"{run}.?|.{run}"), 1.0), weight
        )
    return Query.boost_query(Query.term_query(schema, name, pairs[0]), weight)


@lru_cache(maxsize=10_000)
def _stem(word: str) -> str:
    stems = make_stemmer().analyze(word)
    return str(stems[0]) if stems else word
