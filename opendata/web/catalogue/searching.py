"""The page of a search: words, filters, order, all in the address; works without JavaScript."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus

from flask import request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from opendata.errors import N_, InputError
from opendata.search.asking import SORTS
from opendata.search.documents import FACETS, PUNCTUALITY
from opendata.search.near import mark
from opendata.services.search.facets import LABELS, name_value
from opendata.services.search.searching import MOST_TEXT, FacetValue, Search, SearchResult
from opendata.web.core.instance import services
from opendata.web.core.languages import choose_language
from opendata.web.core.markdown import render_page

PAGE_SIZE = 20
SORT_LABELS: Mapping[str, str] = {
    "relevance": N_("Best match"),
    "updated": N_("Newest first"),
    "title": N_("By title"),
    "downloads": N_("Most downloaded"),
}
FILTERS = (*FACETS, "punctuality")
_SHOWN = 8
"""So many values of a facet are shown at once; the others are behind “more”."""
_MOST_SHOWN = 200
_PLACE = f"value-{secrets.token_hex(8)}"
"""Stands for a value in an address: nobody can send it in."""
_NOT_ESCAPED = "!$'()*,/:;?@"
"""What werkzeug leaves as it is in the query of an address."""
_MOST_CHOSEN = 1_000
"""So many characters all chosen values have together, with their names: each link of the page repeats them."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A value of a filter: its name, how many results it leaves, whether it is chosen; the address changes that."""

    title: str
    count: int
    is_chosen: bool
    address: str


@dataclass(frozen=True, slots=True)
class Facet:
    """A filter with its values, the chosen ones first."""

    name: str
    label: str
    shown: Sequence[Choice]
    more: Sequence[Choice]
    chosen: int


def read_search() -> Search:
    """What the address asks for. Raises `InputError` for what no search can be."""
    filters = {name: [value for value in request.args.getlist(name) if value][:50] for name in FILTERS}
    sort, text = request.args.get("sort", ""), request.args.get("q", "").strip()
    if sort and sort not in SORTS:
        raise InputError(N_("“sort” must be “relevance”, “updated”, “title” or “downloads”"))
    if sum(len(name) + len(value) for name, values in filters.items() for value in values) > _MOST_CHOSEN:
        raise InputError(N_("These are too many values"))
    if any(value not in PUNCTUALITY for value in filters["punctuality"]):
        raise InputError(N_("This must be “onTime” or “late”"))
    return Search(
        text=text[:MOST_TEXT],
        filters={name: values for name, values in filters.items() if values},
        sort=sort,
        limit=PAGE_SIZE,
        cursor=request.args.get("cursor") or None,
    )


def render_search(wanted: Search, found: SearchResult) -> Response:
    """The page of results."""
    sort = wanted.sort or ("relevance" if wanted.text else "updated")
    labels = {name: label for name, label in SORT_LABELS.items() if wanted.text or name != "relevance"}
    near = [Search(text=text, filters=wanted.filters, sort=wanted.sort) for text in found.suggestions]
    return render_page(
        "catalogue/search.html",
        wanted=wanted,
        found=found,
        updates=services().duties.find_updates([item.dataset.uuid for item in found.items]),
        facets=list(_list_facets(wanted, found)),
        removals=[(choice.title, choice.address) for choice in list_chosen(wanted, found)],
        sorts=[(label, link_search(wanted, sort=name), name == sort) for name, label in labels.items()],
        next_page=link_search(wanted, cursor=found.next) if found.next else "",
        first_page=link_search(wanted) if wanted.cursor else "",
        suggestions=[(search.text, link_search(search)) for search in near],
        without_filters=link_search(Search(text=wanted.text, sort=wanted.sort)) if wanted.filters else "",
        feed=link_search(wanted, "search_feeds.send_search_feed", sort=None, lang=choose_language()),
        json_feed=link_search(wanted, "search_feeds.send_search_feed_as_json", sort=None, lang=choose_language()),
        document=link_search(wanted, "api_search.search"),
        marked=lambda text: mark_words(text, found.words),
        most_text=MOST_TEXT,
    )


def mark_words(text: str, words: Sequence[str]) -> Markup:
    """A text as HTML with words marked."""
    parts, place = [], 0
    for start, end in mark(text, words):
        parts.append(Markup("{}<mark>{}</mark>").format(text[place:start], text[start:end]))
        place = end
    return Markup("").join([*parts, Markup.escape(text[place:])])


def _list_facets(wanted: Search, found: SearchResult) -> Iterator[Facet]:
    for name in FILTERS:
        values = list(found.facets.get(name, ()))[:_MOST_SHOWN]
        chosen = wanted.filters.get(name, ())
        if not chosen and all(item.count == found.total for item in values):
            continue  # nothing to choose from
        if name == "period":
            values.sort(key=lambda item: item.value, reverse=True)
        missing = [FacetValue(value, 0) for value in chosen if value not in {item.value for item in values}]
        find_address = _write_addresses(wanted, name)
        choices = [_make_choice(wanted, name, item, find_address) for item in [*missing, *values]]
        choices.sort(key=lambda choice: not choice.is_chosen)
        shown = max(_SHOWN, len(chosen))
        yield Facet(name, LABELS[name], choices[:shown], choices[shown:], len(chosen))


def _make_choice(wanted: Search, name: str, item: FacetValue, find_address: Callable[[str], str]) -> Choice:
    title = name_value(name, item.value, choose_language(), item.title, item.i18n)
    return Choice(title, item.count, item.value in wanted.filters.get(name, ()), find_address(item.value))


def _write_addresses(wanted: Search, name: str) -> Callable[[str], str]:
    """The address of the search with a value of a filter, or without it if it is chosen.

    A page has hundreds of these, which differ in one value: they are written from one address with a mark in its place.
    """
    chosen = wanted.filters.get(name, ())
    model = link_search(wanted, **{name: [*chosen, _PLACE]})

    def write(value: str) -> str:
        if value in chosen:
            return link_search(wanted, **{name: [item for item in chosen if item != value]})
        return model.replace(_PLACE, quote_plus(value, safe=_NOT_ESCAPED))

    return write


def list_chosen(wanted: Search, found: SearchResult) -> Iterator[Choice]:
    """Each chosen value; its address is that of the search without it."""
    for name, values in wanted.filters.items():
        known = {item.value: item for item in found.facets.get(name, ())}
        find_address = _write_addresses(wanted, name)
        for value in values:
            yield _make_choice(wanted, name, known.get(value, FacetValue(value, 0)), find_address)


def link_search(wanted: Search, endpoint: str = "catalogue.list_datasets", /, **changed: Any) -> str:
    """The address of a search like this one; a change always begins at its first page."""
    parts: dict[str, Any] = {"q": wanted.text or None, "sort": wanted.sort or None, **wanted.filters, **changed}
    return url_for(endpoint, **{name: value for name, value in parts.items() if value})
