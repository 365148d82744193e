"""A tree of the CKAN interface's search language → a query of the index, and its answer: ids, counts.

What it must find is said by `exchange.ckan.evaluating`. Words rank as CKAN ranks them: name and title count most, then
tags and groups; conditions don't count.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from opendata.exchange.ckan.analysis import ANY, ONE, Token, fold, is_chinese, list_wanted
from opendata.exchange.ckan.evaluating import is_inner
from opendata.exchange.ckan.faults import QueryError
from opendata.exchange.ckan.fields import ALL, FACETS, Kind, kind_of
from opendata.exchange.ckan.tree import (
    Alike,
    Between,
    Both,
    Either,
    Everything,
    Exists,
    Match,
    Node,
    Not,
    Together,
    Within,
)
from opendata.search.index import make_schema
from opendata.search.packages import MARK, TITLE, TOKENS, VALUES, name_facet, name_number, name_order

if TYPE_CHECKING:
    from tantivy import Query, Searcher

MOST_DEEP = 10_000
"""Results sorted by a text are found up to here."""

_MOST_VALUES = 65_000
_TITLE_WEIGHT, _NAMED_WEIGHT = 4.0, 2.0
_HALVES = (0xD800, 0xDFFF)
_LAST = 0x10FFFF
_TEXTS = {"name": "id", "title_string": TITLE}
_ANYTHING = r"(?s:.*)"


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageSearch:
    """What is asked: a tree that ranks, one that filters, a field and direction to sort by, which hits, what to count.

    `sort` is `score` or one of the fields that sort.
    """

    wanted: Node
    filters: Node
    sort: str
    descending: bool
    limit: int
    offset: int
    facets: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class PackageHits:
    """The ids of datasets that were found, how many there are, and how many have each value of what was counted."""

    names: Sequence[str]
    total: int
    facets: Mapping[str, Mapping[str, int]]


def find_packages(searcher: Searcher, asked: PackageSearch) -> PackageHits:
    """Search an index. Raises `QueryError` for what it can't do."""
    from tantivy import Occur, Order, Query

    try:
        wanted = _compile(asked.wanted)
        query = Query.boolean_query(
            [(Occur.Must, wanted), (Occur.Must, Query.const_score_query(_compile(asked.filters), 0.0))]
        )
        limit = max(1, asked.limit)
        offset = min(asked.offset, int(searcher.num_docs))  # the index makes room for all before the page
        if asked.sort == "score":
            found = searcher.search(query, limit, offset=offset)
        else:
            field = _TEXTS.get(asked.sort) or name_order(asked.sort)
            if asked.sort in _TEXTS and offset + limit > MOST_DEEP:
                told = f"sorted by “{asked.sort}”, only {MOST_DEEP:,} results can be paged through. Use sort=id asc"
                raise QueryError(f"Search Query is invalid: {told}")
            order = Order.Desc if asked.descending else Order.Asc
            found = searcher.search(query, limit, offset=offset, order_by_field=field, order=order)
        names = [str(searcher.doc(place).get_first("id")) for _, place in found.hits[: asked.limit]]
        total = int(found.count)  # type: ignore[attr-defined]  # the stub leaves it out
        return PackageHits(names, total, _count(searcher, query, asked.facets) if total else {})
    except ValueError as error:
        if "Regex" in str(error) or "expansion" in str(error).lower():
            raise QueryError("Search Query is invalid: it fits too many words. Write more letters") from None
        raise


def find_names(searcher: Searcher, field: str, value: str) -> Sequence[str]:
    """The ids of datasets with an exact value, such as that of `res_id`; at most a few."""
    from tantivy import Query

    found = searcher.search(Query.term_query(make_schema(), VALUES, f"{field}{MARK}{fold(value)}"), 5)
    return [str(searcher.doc(place).get_first("id")) for _, place in found.hits]


def has_words(node: Node) -> bool:
    """Whether a tree ranks what it finds."""
    match node:
        case Match(field=field):
            return kind_of(field) is Kind.WORDS
        case Alike() | Together():
            return True
        case Both(nodes=nodes) | Either(nodes=nodes):
            return any(map(has_words, nodes))
        case _:
            return False


def _count(searcher: Searcher, query: Query, fields: Sequence[str]) -> Mapping[str, Mapping[str, int]]:
    names = [name for name in dict.fromkeys(fields) if name in FACETS]
    wanted: dict[str, Any] = {
        name: {"terms": {"field": name_facet(name), "size": _MOST_VALUES, "segment_size": _MOST_VALUES}}
        for name in names
    }
    found = searcher.aggregate(query, wanted) if names else {}
    return {name: {str(item["key"]): int(item["doc_count"]) for item in found[name]["buckets"]} for name in names}


def _compile(node: Node) -> Query:
    from tantivy import FieldType, Occur, Query

    schema = make_schema()
    match node:
        case Everything():
            return Query.const_score_query(Query.all_query(), 0.0)
        case Not(node=inner):
            parts = [(Occur.Must, Query.all_query()), (Occur.MustNot, _compile(inner))]
            return Query.const_score_query(Query.boolean_query(parts), 0.0)
        case Both(nodes=nodes):
            return Query.boolean_query([(Occur.Must, _compile(item)) for item in nodes])
        case Either(nodes=nodes):
            return Query.boolean_query([(Occur.Should, _compile(item)) for item in nodes])
        case Exists(field=field):
            if kind_of(field) in (Kind.MOMENT, Kind.NUMBER):
                return _compile(Everything())
            return _ask_exactly(field)
        case Within(low=None, high=None):
            return _compile(Everything())
        case Within(field=field, low=low, high=high):
            if low is not None and high is not None and low > high:
                return Query.empty_query()
            name = name_number(field)
            return Query.const_score_query(Query.range_query(schema, name, FieldType.Integer, low, high), 0.0)
        case Between():
            return _ask_between(node)
        case Match(field=field, pattern=pattern):
            return _ask_for(field, pattern)
        case Alike(field=field, token=token, edits=edits):
            return Query.fuzzy_term_query(schema, TOKENS, f"{field}{MARK}{token}", distance=edits)
        case Together(field=field, pattern=pattern):
            return Query.boolean_query([(Occur.Must, _ask_phrase(field, [item])) for item in list_wanted(pattern)])


def _ask_for(field: str, pattern: str) -> Query:
    from tantivy import Occur, Query

    if kind_of(field) is Kind.EXACT:
        if ANY in pattern or ONE in pattern:
            return _ask_shape(VALUES, field, _write_shape(fold(pattern)))
        return _ask_exactly(f"{field}{MARK}{fold(pattern)}")
    if is_inner(pattern):
        return _ask_shape(TOKENS, field, _write_shape(fold(pattern)))
    wanted = list_wanted(pattern)
    found = _ask_phrase(field, wanted)
    if field != ALL:
        return found
    title = Query.boost_query(_ask_phrase("title", wanted), _TITLE_WEIGHT)
    named = [_ask_exactly(f"{name}{MARK}{fold(pattern)}") for name in ("tags", "groups")]
    boosts = [(Occur.Should, Query.const_score_query(item, _NAMED_WEIGHT)) for item in named]
    return Query.boolean_query([(Occur.Must, found), (Occur.Should, title), *boosts])


def _ask_exactly(value: str) -> Query:
    from tantivy import Query

    return Query.const_score_query(Query.term_query(make_schema(), VALUES, value), 0.0)


def _ask_phrase(field: str, wanted: Sequence[Token]) -> Query:
    from tantivy import Query

    schema, begin = make_schema(), f"{field}{MARK}"
    if not any(item.is_open for item in wanted):
        words = [f"{begin}{item.text}" for item in wanted]
        if len(words) == 1:
            return Query.term_query(schema, TOKENS, words[0])
        return Query.phrase_query(schema, TOKENS, list[str | tuple[int, str]](words))
    shapes = [_escape(f"{begin}{item.text}") + (_end(item) if item.is_open else "") for item in wanted]
    if len(shapes) == 1:
        return Query.const_score_query(Query.regex_query(schema, TOKENS, shapes[0]), 1.0)
    return Query.regex_phrase_query(schema, TOKENS, list[str | tuple[int, str]](shapes))


def _end(item: Token) -> str:
    """What may come after the beginning of a token: of a pair of Chinese characters, the second."""
    return "(?s:.?)" if is_chinese(item.text) else _ANYTHING


def _ask_shape(name: str, field: str, shape: str) -> Query:
    from tantivy import Query

    shape = f"{_escape(f'{field}{MARK}')}(?:{shape})"
    return Query.const_score_query(Query.regex_query(make_schema(), name, shape), 0.0)


def _ask_between(node: Between) -> Query:
    from tantivy import Query

    low = "" if node.low is None else fold(node.low)
    with_low = node.low is None or node.with_low
    high = None if node.high is None else fold(node.high)
    shape = _write_between(low, high, with_low=with_low, with_high=node.with_high)
    if shape is None:
        return Query.empty_query()
    return _ask_shape(TOKENS if kind_of(node.field) is Kind.WORDS else VALUES, node.field, shape)


def _write_between(low: str, high: str | None, *, with_low: bool, with_high: bool) -> str | None:
    """The shape of all texts from one to another; None without one."""
    if high is None:
        return _write_from(low, with_low=with_low)
    if low > high or (low == high and not (with_low and with_high)):
        return None
    shared = 0
    while shared < min(len(low), len(high)) and low[shared] == high[shared]:
        shared += 1
    begin, low, high = _escape(low[:shared]), low[shared:], high[shared:]
    if not high:  # the two are equal
        return begin
    if not low:
        least = [""] if with_low else []
        above = 0
    else:
        least = [_escape(low[0]) + f"(?:{_write_from(low[1:], with_low=with_low)})"]
        above = ord(low[0]) + 1
    middle = _write_class(above, ord(high[0]) - 1)
    ways = [*least, *([middle + _ANYTHING] if middle else [])]
    last = _write_to(high[1:], with_high=with_high)
    if last is not None:
        ways.append(_escape(high[0]) + f"(?:{last})")
    return f"{begin}(?:{'|'.join(ways)})" if ways else None


def _write_from(low: str, *, with_low: bool) -> str:
    """The shape of all texts from one on: what is equal up to a character and greater there, and what is longer."""
    ways = []
    for place, letter in enumerate(low):
        greater = _write_class(ord(letter) + 1, _LAST)
        if greater:
            ways.append(_escape(low[:place]) + greater + _ANYTHING)
    ways.append(_escape(low) + (_ANYTHING if with_low else r"(?s:.+)"))
    return "|".join(ways)


def _write_to(high: str, *, with_high: bool) -> str | None:
    """The shape of all texts up to one: its beginnings, and what is equal up to a character and smaller there."""
    ways = []
    for place, letter in enumerate(high):
        ways.append(_escape(high[:place]))
        smaller = _write_class(0, ord(letter) - 1)
        if smaller:
            ways.append(_escape(high[:place]) + smaller + _ANYTHING)
    if with_high:
        ways.append(_escape(high))
    return "|".join(ways) if ways else None


def _write_class(first: int, last: int) -> str:
    """Any one character from one to another; empty without one."""
    parts = [(first, min(last, _HALVES[0] - 1)), (max(first, _HALVES[1] + 1), last)]
    spans = "".join(f"\\x{{{low:x}}}-\\x{{{high:x}}}" for low, high in parts if low <= high)
    return f"[{spans}]" if spans else ""


def _write_shape(pattern: str) -> str:
    marks = {ANY: _ANYTHING, ONE: "(?s:.)"}
    return "".join(marks.get(letter) or _escape(letter) for letter in pattern)


def _escape(text: str) -> str:
    return "".join(letter if letter.isascii() and letter.isalnum() else f"\\x{{{ord(letter):x}}}" for letter in text)
