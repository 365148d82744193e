"""Searching the catalogue: datasets, counts, what was meant."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, select

from opendata.db.models import Dataset, Publisher
from opendata.domain.texts import I18n
from opendata.errors import N_, InputError
from opendata.search.asking import SearchRequest, ask
from opendata.search.index import SearchIndex, UnreadableIndexError
from opendata.search.near import find_near, find_similar, list_titles, mark
from opendata.search.synonyms import load_synonyms
from opendata.search.words import list_words
from opendata.services.catalogue.entries import read_views, select_views
from opendata.services.catalogue.publishers import follow_publishers
from opendata.services.core.access import where_listed
from opendata.services.core.context import Context
from opendata.services.core.values import DatasetView

MOST_TEXT = 200
"""How many characters somebody may search for."""

MOST_RESULTS = 10_000
"""Further results are reached by asking more exactly, not by going on."""

_NAMED = select_views().where(Dataset.__table__.c.id.in_(bindparam("names", expanding=True)), where_listed())
_SETTLED = timedelta(minutes=10)
"""So long after midnight the downloads of the day before are all in the database of all web processes."""

_SIMILAR = 30
_TYPED = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A dataset that was found. `highlights` are the parts to mark: property → (text, places in it)."""

    dataset: DatasetView
    score: float
    highlights: Mapping[str, tuple[str, Sequence[tuple[int, int]]]]


@dataclass(frozen=True, slots=True)
class FacetValue:
    """A value to filter by, and how many results it leaves. `title` and `i18n` are those of a publisher."""

    value: str
    count: int
    title: str = ""
    i18n: I18n = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResult:
    """One page of results. `words` are what was looked up, `suggestions` other texts that find something.

    `exact` counts those that have all the words. `is_ready` is False where there is no index, or it can't be read.
    """

    items: Sequence[Found]
    total: int
    facets: Mapping[str, Sequence[FacetValue]]
    words: Sequence[str] = ()
    suggestions: Sequence[str] = ()
    exact: int = 0
    is_ready: bool = True
    next: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What somebody asks for: the text, values of facets (any of those of one name), order, page."""

    text: str = ""
    filters: Mapping[str, Sequence[str]] = field(default_factory=dict)
    sort: str = ""
    limit: int = 20
    cursor: str | None = None


class Searching:
    """Answers searches from the index of this machine, which has only what is public."""

    def __init__(self, context: Context, index: SearchIndex, rank: Callable[[date], Sequence[str]]) -> None:
        self._context = context
        self._index = index
        self._rank = rank

    def search(self, wanted: Search) -> SearchResult:
        """Search. Raises `InputError` for a cursor that isn't of this search."""
        offset, day = self._read_cursor(wanted)
        opened = self._index.open()
        if opened is None:
            return SearchResult(items=(), total=0, facets={}, is_ready=False)
        request = SearchRequest(
            text=wanted.text,
            filters=self._follow_publishers(wanted.filters),
            sort=wanted.sort or ("relevance" if wanted.text.strip() else "updated"),
            limit=wanted.limit,
            offset=offset,
            ranked=self._rank(day) if wanted.sort == "downloads" else (),
            today=self._find_today(),
        )
        similar: Sequence[str] = ()
        try:
            with self._index.guard():
                answer = ask(opened.searcher, request, load_synonyms(), opened.kept)
                if answer.words and answer.exact == 0:
                    similar = find_similar(opened.searcher, answer.words, _SIMILAR)
        except UnreadableIndexError:
            return SearchResult(items=(), total=0, facets={}, is_ready=False)
        views = self._view([hit.id for hit in answer.hits])
        marked = (
            {*answer.words, *(part for word in answer.words for part in list_words(word))}
            if answer.exact < answer.total
            else answer.words
        )
        items = [
            Found(dataset=views[hit.id], score=hit.score, highlights=_highlight(views[hit.id], marked))
            for hit in answer.hits
            if hit.id in views
        ]
        near = find_near(answer.words, [view.title for view in self._view(similar).values()]) if similar else {}
        suggestions = [_replace(wanted.text, near)] if near else ()
        end = offset + wanted.limit
        return SearchResult(
            items=items,
            total=answer.total,
            facets=self._name_facets(answer.facets),
            words=answer.words,
            suggestions=suggestions,
            exact=answer.exact,
            next=_write_cursor(wanted, end, day) if end < min(answer.total, MOST_RESULTS) else None,
        )

    def is_ready(self) -> bool:
        """Whether there is an index."""
        return self._index.read_generation() is not None

    def complete(self, typed: str) -> Sequence[str]:
        """Titles that have what was typed so far, at most 8."""
        searcher = self._index.open_searcher()
        if searcher is None or not typed.strip():
            return []
        try:
            with self._index.guard():
                names = list_titles(searcher, typed, _TYPED)
        except UnreadableIndexError:
            return []
        views = self._view(names)
        return list(dict.fromkeys(view.title for view in views.values()))

    def _follow_publishers(self, filters: Mapping[str, Sequence[str]]) -> Mapping[str, Sequence[str]]:
        """Links to the datasets of a publisher that was merged or split go on finding them."""
        if not filters.get("publisher"):
            return filters
        with self._context.read() as session:
            return {**filters, "publisher": follow_publishers(session, filters["publisher"])}

    def _find_today(self) -> date:
        return self._context.clock().astimezone(ZoneInfo(self._context.settings.timezone)).date()

    def _read_cursor(self, wanted: Search) -> tuple[int, date]:
        """Where a page begins, and the day before which downloads count for its order.

        That is the day on which the first page was asked for, so that no result is left out at midnight.
        """
        now = (self._context.clock() - _SETTLED).astimezone(ZoneInfo(self._context.settings.timezone)).date()
        if not wanted.cursor:
            return 0, now
        place, day = _parse_cursor(wanted)
        return place, max(min(day, now), now - timedelta(days=1))

    def _view(self, names: Sequence[str]) -> dict[str, DatasetView]:
        """Datasets by id, in this order; those that are public now."""
        if not names:
            return {}
        with self._context.read() as session:
            found = {view.id: view for view in read_views(session, _NAMED, {"names": list(names)})}
        return {name: found[name] for name in names if name in found}

    def _name_facets(self, facets: Mapping[str, Sequence[tuple[str, int]]]) -> Mapping[str, Sequence[FacetValue]]:
        publishers = [value for value, _ in facets.get("publisher", ())]
        with self._context.read() as session:
            columns = (Publisher.id, Publisher.title, Publisher.i18n)
            rows = session.execute(select(*columns).where(Publisher.id.in_(publishers))).all() if publishers else []
        known = {row.id: (row.title, row.i18n or {}) for row in rows}
        named: dict[str, Sequence[FacetValue]] = {}
        for name, found in facets.items():
            texts = known if name == "publisher" else {}
            named[name] = [FacetValue(value, count, *texts.get(value, ())) for value, count in found]
        return named


def _highlight(
    view: DatasetView, words: Sequence[str] | set[str]
) -> Mapping[str, tuple[str, Sequence[tuple[int, int]]]]:
    texts = {"title": view.title, "description": view.description}
    return {name: (text, places) for name, text in texts.items() if (places := mark(text, words))}


def _replace(text: str, near: Mapping[str, str]) -> str:
    from opendata.search.folding import fold

    found = fold(text)
    for word, other in near.items():
        found = found.replace(word, other)
    return found


def _fingerprint(wanted: Search) -> str:
    """What a cursor belongs to: with another search it would leave results out."""
    said = json.dumps([wanted.text, sorted((k, sorted(v)) for k, v in wanted.filters.items()), wanted.sort])
    return hashlib.sha256(said.encode()).hexdigest()[:12]


def _write_cursor(wanted: Search, offset: int, day: date) -> str:
    said = f"{offset} {_fingerprint(wanted)} {day.toordinal()}"
    return base64.urlsafe_b64encode(said.encode()).decode().rstrip("=")


def _parse_cursor(wanted: Search) -> tuple[int, date]:
    text = wanted.cursor or ""
    try:
        padded = text + "=" * (-len(text) % 4)
        offset, fingerprint, number = base64.urlsafe_b64decode(padded).decode("ascii").split(" ")
        place, day = int(offset), date.fromordinal(int(number))
    except (ValueError, OverflowError):
        place, fingerprint, day = -1, "", date.min
    if not 0 < place <= MOST_RESULTS or fingerprint != _fingerprint(wanted):
        raise InputError(N_("The cursor doesn't belong to this search. Take the one in “next” of its last answer"))
    return place, day
