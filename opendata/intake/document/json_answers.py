"""What a JSON document says about the list in it: that it is a part of an answer only, and where its places are.

In, what is beside a list of 2 rows:     {"total": 500, "limit": 2}           {"next": "https://…?page=2"}
Out:                                     a part only: 2 of 500 rows           a part only: more follow

Sources: CKAN's datastore_search, Socrata, ArcGIS (`exceededTransferLimit`), OData 4 (`@odata.nextLink`), OGC API
Features (`numberMatched`, links with `rel`), Solr and Elasticsearch, JSON:API, the pages of Django and Laravel, GeoJSON
2008 (`crs`).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from opendata.errors import N_
from opendata.intake.understanding import Decision

_TOTALS = re.compile(
    "totals?(?:count|results|elements|records|rows|items|size|hits|num|number|features)?|records(?:total|totalcount|filtered)"
    "|(?:row|record|result|item|odata|all)?count|rowtotal|cnt|numfound|(?:num|number)?matched"
)
_NEXT = re.compile(
    "next(?:link|page|pageurl|url|href|cursor|pagetoken|token|recordsurl|marker)?|odatanextlink|continuationtoken"
)
_MORE = re.compile("has(?:more|next|nextpage)|more|(?:records)?truncated|exceededtransferlimit")
_LAST = re.compile("(?:is)?last(?:page)?|done")
_PAGES = re.compile("(?:total|num)?pages|pages?count|totalpage")
_LINK = frozenset(["rel", "href"])
_USUAL_LIMITS = frozenset([1000, 2000, 5000, 10_000, 50_000, 100_000])
_MOST = 2000
_LONGEST = 4096
_DEEPEST = 2
_WGS_84 = re.compile(r"(?:.*[:/])?(?:CRS84h?|4326|4979|WGS ?84)", re.IGNORECASE)

_PARTIAL = N_(
    "The file is a part of an answer only: it has %(rows)s rows of %(total)s. Get all rows from the service, or say why"
    " the part is enough"
)
_FOLLOWED = N_(
    "The file is a part of an answer only: “%(name)s” says that more rows follow these %(rows)s. Get all rows from the"
    " service, or say why the part is enough"
)
_ROUND = N_(
    "The file has exactly %(rows)s rows, and many services give no more than that at a time. Check whether it is"
    " complete"
)
_CRS = N_("The coordinates in “%(column)s” are in the reference system %(crs)s. The field keeps its name")
_NO_DEGREES = N_(
    "The coordinates in “%(column)s” aren't degrees (first %(sample)s), and the file doesn't say which reference system"
    " they are in. Convert them to WGS 84, or describe the system with the field"
)


@dataclass(slots=True)
class Surroundings:
    """What a document says outside of its lists: single values by their places, and links to the next page."""

    values: dict[str, Any] = field(default_factory=dict)
    nexts: list[str] = field(default_factory=list)

    def note(self, place: str, value: Any) -> None:
        """Keep a value that isn't in a list."""
        if len(self.values) < _MOST and (not isinstance(value, str) or len(value) <= _LONGEST):
            self.values[place] = value

    def note_links(self, place: str, items: Sequence[Any]) -> bool:
        """Whether a list is one of links, as web services add them; the link to the next page is kept."""
        if not items or not all(isinstance(item, dict) and item.keys() >= _LINK for item in items):
            return False
        self.nexts += [place for item in items if item["rel"] == "next"]
        return True

    def decide(self, place: str, rows: int, places: Collection[str]) -> list[Decision]:
        """Whether the list at a place is all there is, by what the document says; `places` are those of all lists."""
        near = {
            path: value for path, value in self.values.items() if _is_about(path, place, places) and value is not None
        }
        totals = {path: count for path, value in near.items() if (count := _read_total(path, value)) is not None}
        if totals:
            total = max(totals.values())
            if total > rows:
                return [_ask(_PARTIAL, rows=rows, total=total)]
            if total == rows:
                return []
        for path, value in near.items():
            if _says_more(_fold(path), value):
                return [_ask(_FOLLOWED, name=path.rpartition("/")[2], rows=rows)]
        if any(_is_about(path, place, places) for path in self.nexts):
            return [_ask(_FOLLOWED, name="next", rows=rows)]
        if rows in _USUAL_LIMITS:
            return [Decision(rule="round-rows", text=_ROUND, details={"rows": rows}, sure=0.8)]
        return []

    def find_crs(self) -> str:
        """The name of the reference system of a GeoJSON document; empty where it names none."""
        for path in ("/crs/properties/name", "/crs/properties/href", "/crs/name", "/crs"):
            if isinstance(value := self.values.get(path), str) and value:
                return str(value)
        code = self.values.get("/crs/properties/code")
        return f"EPSG:{code}" if isinstance(code, str) and code else ""


def describe_places(crs: str, column: str, position: Sequence[float] | None) -> list[Decision]:
    """What there is to say of the coordinates in a column, of which `position` is the first."""
    if crs:
        sure = 0.95 if _WGS_84.fullmatch(crs) else 0.85
        return [Decision(rule="crs", text=_CRS, details={"column": column, "crs": crs}, sure=sure)]
    if position is not None and not (-180 <= position[0] <= 360 and -90 <= position[1] <= 90):
        sample = ", ".join(f"{number:g}" for number in position[:2])
        return [Decision(rule="no-degrees", text=_NO_DEGREES, details={"column": column, "sample": sample}, sure=0.5)]
    return []


def find_position(geometry: Any) -> tuple[float, float] | None:
    """The first position in a geometry; None where it has none."""
    if not isinstance(geometry, Mapping):
        return None
    found = geometry.get("coordinates")
    while isinstance(found, list) and found and isinstance(found[0], list):
        found = found[0]
    try:
        return (float(found[0]), float(found[1]))  # type: ignore[index]
    except (TypeError, ValueError, IndexError, KeyError):
        return None


def _ask(text: str, **details: Any) -> Decision:
    return Decision(rule="partial-answer", text=text, details=details, sure=0.3, asks=True)


def _is_about(path: str, place: str, places: Collection[str]) -> bool:
    """Whether a value at a path is about the list at a place: beside it, or in an object beside it or above."""
    steps, list_steps = path.split("/")[1:-1], place.split("/")[1:-1]
    shared = 0
    while shared < min(len(steps), len(list_steps)) and steps[shared] == list_steps[shared]:
        shared += 1
    if len(steps) - shared > _DEEPEST:
        return False
    above = "".join(f"/{step}" for step in steps[:shared])
    return steps == list_steps or sum(one == above or one.startswith(f"{above}/") for one in places) == 1


def _fold(path: str) -> str:
    """The name of a value without what writers spell differently; `total/value` is `total`."""
    steps = [re.sub("[^a-z]", "", step.lower()) for step in path.split("/")]
    while len(steps) > 1 and steps[-1] in ("value", "href", "url"):
        steps.pop()
    return steps[-1]


def _read_total(path: str, value: Any) -> int | None:
    is_count = isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 16
    return int(value) if is_count and _TOTALS.fullmatch(_fold(path)) else None


def _says_more(name: str, value: Any) -> bool:
    if _NEXT.fullmatch(name):
        return isinstance(value, str) and bool(value.strip()) and value not in ("0", "-1")
    if _MORE.fullmatch(name):
        return value is True
    if _LAST.fullmatch(name):
        return value is False
    is_count = isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 10
    return bool(_PAGES.fullmatch(name)) and is_count and int(value) > 1
