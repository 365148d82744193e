"""Searching the catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import fields as dataclass_fields
from typing import Any

from marshmallow import Schema, fields, validate

from opendata.api.core.blueprints import ApiBlueprint
from opendata.api.core.current import services
from opendata.api.core.fields import Many, Shape, Text
from opendata.api.core.inputs import PageQuery
from opendata.api.core.shapes import DatasetShape
from opendata.errors import N_
from opendata.metering import cost_class
from opendata.problems import choose_voice
from opendata.search.asking import SORTS
from opendata.search.documents import FACETS, PUNCTUALITY
from opendata.services.core.values import DatasetView
from opendata.services.search.facets import name_value
from opendata.services.search.searching import MOST_TEXT, Found, Search, SearchResult

blueprint = ApiBlueprint("search", N_("Finding datasets."))

_FILTERS = (*FACETS, "punctuality")
_MOST_VALUES = 50


def _filter(description: str, **options: Any) -> Many:
    values = Text(longest=200, **options)
    limit = validate.Length(max=_MOST_VALUES, error=N_("These are too many values"))
    return Many(values, validate=limit, metadata={"description": description})


class SearchQuery(PageQuery):
    """What to search for. Give a filter several times to find what has any of these values."""

    q = Text(longest=MOST_TEXT, load_default="", metadata={"description": "Words, in Chinese, pinyin or English."})
    publisher = _filter(N_("Id of a publisher."))
    theme = _filter(N_("Code of a theme."))
    format = _filter(N_("Format of a download, such as `csv`."))
    updateCycle = _filter(N_("Update cycle, such as `monthly`."))  # noqa: N815 - the name in the API
    disclosure = _filter(N_("Disclosure attribute: `open`, `conditional` or `closed`."))
    license = _filter(N_("Name of a licence."))
    period = _filter(N_("A year that the data covers."))
    region = _filter(N_("Code of a region (GB/T 2260)."))
    punctuality = _filter(
        N_("`late` where the next edition is overdue, `onTime` where it isn't."),
        one_of=PUNCTUALITY,
        error=N_("This must be “onTime” or “late”"),
    )
    sort = Text(
        load_default="",
        one_of=("", *SORTS),
        error=N_("“sort” must be “relevance”, “updated”, “title” or “downloads”"),
        metadata={
            "description": "`relevance` (with words), `updated` (newest first), `title`, or `downloads` (most first, up"
            " to yesterday).",
            "enum": list(SORTS),
        },
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundDataset(DatasetView):
    """A dataset that was found."""

    score: float
    highlights: Mapping[str, Any]


class HighlightShape(Schema):
    """A text with the parts that were found, as pairs of places in it: from, and up to but not including."""

    text = fields.String(required=True)
    places = fields.List(fields.List(fields.Integer()), required=True)


class FoundShape(DatasetShape):
    """A dataset that was found."""

    score = fields.Float(required=True, metadata={"description": "How well it fits; 0 where sorted otherwise."})
    highlights = fields.Dict(
        keys=fields.String(),
        values=fields.Nested(HighlightShape),
        required=True,
        metadata={"description": "By property, what to mark in its text."},
    )


class FacetValueShape(Schema):
    """A value of a facet, and how many datasets have it."""

    value = fields.String(required=True)
    title = fields.String(required=True, metadata={"description": "Its name in the language of the request."})
    count = fields.Integer(required=True)


class SearchShape(Schema):
    """A page of results, with the counts of what to filter by."""

    items = fields.List(fields.Nested(FoundShape), required=True)
    total = fields.Integer(required=True)
    facets = fields.Dict(
        keys=fields.String(), values=fields.List(fields.Nested(FacetValueShape)), required=True,
        metadata={"description": "By name of a filter. A filter that is used doesn't narrow its own counts."},
    )  # fmt: skip
    suggestions = fields.List(
        fields.String(), required=True, metadata={"description": "Other texts that find something."}
    )
    words = fields.List(fields.String(), required=True, metadata={"description": "The words that were looked up."})
    loose = fields.Boolean(
        required=True,
        metadata={
            "description": "Whether the last results don't have all words, but some, or words that sound or look alike."
        },
    )
    next = fields.String(
        required=True, allow_none=True, metadata={"description": "The cursor of the next page, null at the end."}
    )


class SuggestionQuery(Shape):
    """What was typed so far."""

    q = Text(longest=MOST_TEXT, load_default="", metadata={"description": "The beginning of words or of pinyin."})


class SuggestionsShape(Schema):
    """Titles that have what was typed."""

    items = fields.List(fields.String(), required=True)


@blueprint.operation("GET", "/search", shape=SearchShape, query=SearchQuery, problems=(400, 422))
@cost_class("light")
def search(query: Mapping[str, Any]) -> Mapping[str, Any]:
    """Search the catalogue.

    Words are looked for in titles, keywords, publishers, themes, columns, code lists and descriptions. The same
    parameters after `/datasets` are a page.
    """
    filters = {name: query[name] for name in _FILTERS if query.get(name)}
    found = services().searching.search(
        Search(text=query["q"], filters=filters, sort=query["sort"], limit=query["limit"], cursor=query.get("cursor"))
    )
    return describe_result(found)


@blueprint.operation("GET", "/search/suggestions", shape=SuggestionsShape, query=SuggestionQuery, problems=(422,))
@cost_class("light")
def suggest(query: Mapping[str, Any]) -> Mapping[str, Any]:
    """Complete what somebody types in a search."""
    return {"items": services().searching.complete(query["q"])}


def describe_result(found: SearchResult) -> Mapping[str, Any]:
    """A result as JSON."""
    language = choose_voice().language
    return {
        "items": [_describe_item(item) for item in found.items],
        "total": found.total,
        "facets": {
            name: [
                {
                    "value": item.value,
                    "title": name_value(name, item.value, language, item.title, item.i18n),
                    "count": item.count,
                }
                for item in values
            ]
            for name, values in found.facets.items()
        },
        "suggestions": found.suggestions,
        "words": found.words,
        "loose": found.exact < found.total,
        "next": found.next,
    }


def _describe_item(item: Found) -> FoundDataset:
    parts = {part.name: getattr(item.dataset, part.name) for part in dataclass_fields(item.dataset)}
    marked = {name: {"text": text, "places": places} for name, (text, places) in item.highlights.items()}
    return FoundDataset(**parts, score=item.score, highlights=marked)
