"""Which of the datasets that a query finds come first: by score, by a field, by downloads.

Where very many have all words, no score is computed for each of them: those with the words in their titles come first,
by a score of their titles alone, and then all others, the newest first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from opendata.search.counting import count_hits
from opendata.search.index import make_schema
from opendata.search.queries import join, unscored

if TYPE_CHECKING:
    from tantivy import Query, Searcher

MANY = 50_000
"""For more hits than these no score is computed for each: it takes 2 microseconds for a dataset."""

_MOST_LIKELY = 1_000
"""Of the ranked ids so many are looked at first: most searches need no more of them for a page."""


@dataclass(frozen=True, slots=True)
class Page:
    """Which hits are wanted, counted from the first."""

    limit: int
    offset: int


@dataclass(frozen=True, slots=True)
class Hit:
    """A dataset that was found."""

    id: str
    score: float


def rank_by_score(searcher: Searcher, query: Query, page: Page) -> Sequence[Hit]:
    """The best first."""
    found = searcher.search(query, page.limit, count=False, offset=page.offset)
    return [Hit(_read_id(searcher, place), float(score)) for score, place in found.hits]


def rank_by_field(searcher: Searcher, query: Query, page: Page, field: str, *, descending: bool) -> Sequence[Hit]:
    """In the order of a fast field."""
    from tantivy import Order

    order = Order.Desc if descending else Order.Asc
    found = searcher.search(query, page.limit, count=False, offset=page.offset, order_by_field=field, order=order)
    return [Hit(_read_id(searcher, place), 0.0) for _, place in found.hits]


def rank_in_tiers(searcher: Searcher, tiers: Sequence[Query], query: Query, page: Page) -> Sequence[Hit]:
    """The hits that a first query finds too, by its score, then those of the next, then all others, newest first."""
    hits: list[Hit] = []
    offset = page.offset
    before: list[Query] = []
    for tier in tiers:
        own = _leave_out(join([tier, unscored(query)]), before)
        before.append(tier)
        found = rank_by_score(searcher, own, Page(page.limit - len(hits), offset))
        hits += found
        if len(hits) == page.limit:
            return hits
        offset = 0 if found or not offset else offset - count_hits(searcher, own)
    rest = _leave_out(query, before)
    return [*hits, *rank_by_field(searcher, rest, Page(page.limit - len(hits), offset), "updated", descending=True)]


def rank_by_list(searcher: Searcher, query: Query, page: Page, names: Sequence[str]) -> Sequence[Hit]:
    """The hits that have these ids, in their order, before all others, which come newest first.

    The index knows nothing of downloads, which change all the time: it is asked which of the ranked ids are hits.
    """
    first: list[str] = []
    end = page.offset + page.limit
    for part in (names[:_MOST_LIKELY], names[_MOST_LIKELY:]):
        if part and len(first) < end:
            terms = {"terms": {"field": "id", "size": len(part), "segment_size": len(part)}}
            counted = searcher.aggregate(join([query, _ask_for_ids(part)]), {"id": terms})
            known = {str(item["key"]) for item in counted["id"]["buckets"]}
            first.extend(name for name in part if name in known)
    hits = [Hit(name, 0.0) for name in first[page.offset : end]]
    if len(hits) == page.limit:
        return hits
    others = _leave_out(query, [_ask_for_ids(first)] if first else [])
    rest = Page(page.limit - len(hits), max(0, page.offset - len(first)))
    return [*hits, *rank_by_field(searcher, others, rest, "updated", descending=True)]


def _leave_out(query: Query, others: Sequence[Query]) -> Query:
    from tantivy import Occur, Query

    if not others:
        return query
    return Query.boolean_query([(Occur.Must, query), *((Occur.MustNot, other) for other in others)])


def _ask_for_ids(names: Sequence[str]) -> Query:
    from tantivy import Query

    return unscored(Query.term_set_query(make_schema(), "id", list(names)))


def _read_id(searcher: Searcher, place: object) -> str:
    return str(searcher.doc(place).get_first("id"))  # type: ignore[arg-type]
