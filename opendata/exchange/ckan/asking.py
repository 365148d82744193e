"""The parameters of `package_search` → what is asked, in the form that is understood; and its answer's counts.

Source: package_search of ckan/logic/action/get.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from opendata.exchange.ckan.faults import ParameterError, QueryError
from opendata.exchange.ckan.fields import SORTS
from opendata.exchange.ckan.grammar import parse, parse_query
from opendata.exchange.ckan.parameters import Parameters, read_list, read_number, read_switch, read_text
from opendata.exchange.ckan.tree import Node, join, require_modest

DEFAULT_SORT = "score desc, metadata_modified desc"
MOST_ROWS = 1_000
_MOST_LISTED = 50

_KNOWN = frozenset(
    """
    q fq fq_list rows start sort facet facet.field facet.limit facet.mincount fl include_private include_drafts
    include_deleted use_default_schema defType qf mm bf boost tie wt df q.op hl hl.fl hl.simple.pre hl.snippets bq ps
    pf qs site_id
    """.split()  # noqa: SIM905 - so many words are read more easily so
)
_IGNORED = ("ext_", "extras")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A search. `sort` is its one key that counts: equal scores and titles have an order of their own."""

    wanted: Node
    filters: Node
    rows: int
    start: int
    sort: str
    orders: Sequence[tuple[str, bool]]
    facets: Sequence[str]
    facet_limit: int
    fields: Sequence[str]


def read_asked(parameters: Parameters, now: datetime) -> Asked:
    """Understand a search. Raises `QueryError`, `ParameterError`."""
    unknown = [name for name in parameters if name not in _KNOWN and not name.startswith(_IGNORED)]
    if unknown:
        listed = ", ".join(repr(name[:60]) for name in unknown[:10])
        raise QueryError(f"Invalid search parameters: [{listed}]")
    text = read_text(parameters, "q").strip()
    wanted, filters = parse_query(text or "*:*", now), [parse(item, now) for item in _list_filters(parameters)]
    require_modest(wanted, *filters)
    sort = read_text(parameters, "sort").strip() or DEFAULT_SORT
    read_number(parameters, "facet.mincount", 1)
    return Asked(
        wanted=wanted,
        filters=join(filters),
        rows=min(read_number(parameters, "rows", 10), MOST_ROWS),
        start=read_number(parameters, "start", 0),
        sort=sort,
        orders=tuple(_read_orders(sort)),
        facets=_read_facets(parameters),
        facet_limit=read_number(parameters, "facet.limit", 50, least=-1),
        fields=_read_fields(parameters),
    )


def write_facets(
    counts: Mapping[str, Mapping[str, int]], fields: Iterable[str], limit: int, names: Mapping[str, Mapping[str, str]]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """`facets` and `search_facets` of an answer; `names` has what values are shown as, where that is something else."""
    facets: dict[str, Any] = {}
    shown: dict[str, Any] = {}
    for field in fields:
        ranked = sorted(counts.get(field, {}).items(), key=lambda item: (-item[1], item[0]))
        kept = ranked if limit < 0 else ranked[:limit]
        known = names.get(field, {})
        items = [{"name": value, "display_name": known.get(value, value), "count": count} for value, count in kept]
        facets[field] = dict(kept)
        shown[field] = {
            "title": field,
            "items": sorted(items, key=lambda item: (str(item["display_name"]), str(item["name"])), reverse=True),
        }
    return facets, shown


def _list_filters(parameters: Parameters) -> Sequence[str]:
    found: list[str] = []
    for name in ("fq", "fq_list"):
        value = parameters.get(name)
        items = value if isinstance(value, list) else [value] if value not in (None, "") else []
        if not all(isinstance(item, str) for item in items):
            raise ParameterError(name, "Must be a text")
        found += [item for item in items if item.strip()]
    if len(found) > _MOST_LISTED:
        raise QueryError(f"Search Query is invalid: it has more than {_MOST_LISTED} filters")
    return found


def _read_orders(text: str) -> Iterable[tuple[str, bool]]:
    for part in text.split(","):
        words = part.split()
        if not 1 <= len(words) <= 2 or (len(words) == 2 and words[1].lower() not in ("asc", "desc")):
            raise QueryError(f'Invalid "sort" parameter: “{part.strip()[:60]}”. Write “field asc” or “field desc”')
        name = {"title": "title_string"}.get(words[0], words[0])
        if name not in SORTS:
            raise QueryError(f"Can't sort by “{words[0][:60]}”. Fields: {', '.join(SORTS)}")
        yield name, len(words) == 2 and words[1].lower() == "desc"


def _read_facets(parameters: Parameters) -> Sequence[str]:
    names = dict.fromkeys(read_list(parameters, "facet.field"))
    if not read_switch(parameters, "facet", default=True):
        return ()
    if len(names) > _MOST_LISTED:
        raise QueryError(f"At most {_MOST_LISTED} fields can be counted by")
    return tuple(names)


def _read_fields(parameters: Parameters) -> Sequence[str]:
    value = parameters.get("fl")
    if isinstance(value, str) and not value.strip().startswith("["):
        return tuple(dict.fromkeys(value.replace(",", " ").split()))
    return tuple(dict.fromkeys(read_list(parameters, "fl")))
