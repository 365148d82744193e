"""What the values of a column are, beyond their type: credit codes, division codes, coordinates, days.

Source: GB 32100-2015 (unified social credit code), GB/T 2260 (division codes, also with the 9 and 12 digits of towns
and villages).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from opendata.domain.schema import Field
from opendata.errors import N_
from opendata.metadata.properties.code_lists import find_codes, find_counties

if TYPE_CHECKING:
    import pyarrow as pa

KINDS: Mapping[str, str] = {
    "creditCode": N_("Unified social credit code"),
    "divisionCode": N_("Administrative division code"),
    "date": N_("Day"),
    "datetime": N_("Moment"),
    "month": N_("Month"),
    "year": N_("Year"),
    "longitude": N_("Longitude"),
    "latitude": N_("Latitude"),
}
"""Each kind, and what it is called."""

WRONG_KIND = N_("“kind” must be creditCode, divisionCode, date, datetime, month, year, longitude or latitude")

_TYPES = {"date": "date", "datetime": "datetime", "yearmonth": "month", "year": "year"}
_COORDINATES = {
    "longitude": (180, ("经度", "lon", "lng", "longitude")),
    "latitude": (90, ("纬度", "lat", "latitude")),
}
_LEAST_SHARE = 0.9
"""So many of a column's values are what it is called: a few typing errors don't change it."""
_CREDIT_CODE = r"^[0-9A-Z]{18}$"
_DIVISION_CODE = r"^(?:[0-9]{6}|[0-9]{9}|[0-9]{12})$"
_YEAR = r"^(?:19|20)[0-9]{2}$"


def detect_kind(item: Field, texts: pa.Array) -> str:
    """The kind of a column by its field and some of its different values, as texts; empty where it has none."""
    if item.type in _TYPES:
        return _TYPES[item.type]
    if not len(texts):
        return ""
    words = f"{item.name} {item.title}".lower()
    for kind, (bound, names) in _COORDINATES.items():
        if item.type == "number" and any(_is_called(words, name) for name in names) and _lie_within(texts, bound):
            return kind
    if item.type not in ("string", "integer", "any"):
        return ""
    if item.type != "integer" and _share(texts, _CREDIT_CODE) >= _LEAST_SHARE and _are_credit_codes(texts):
        return "creditCode"
    if _share(texts, _DIVISION_CODE) >= _LEAST_SHARE and _are_divisions(texts):
        return "divisionCode"
    return "year" if _share(texts, _YEAR) == 1 else ""


def _is_called(words: str, name: str) -> bool:
    return (
        name in words.split()
        or any(part == name for part in words.replace("_", " ").split())
        or (not name.isascii() and name in words)
    )


def _share(texts: pa.Array, pattern: str) -> float:
    import pyarrow.compute as pc

    return float(pc.mean(pc.match_substring_regex(texts, pattern)).as_py())


def _lie_within(texts: pa.Array, bound: int) -> bool:
    return all(abs(float(text)) <= bound for text in texts.to_pylist())


def _are_credit_codes(texts: pa.Array) -> bool:
    from opendata.tables.check.rules.check_digits import find_wrong_credit_codes

    return bool(1 - find_wrong_credit_codes(texts).mean() >= _LEAST_SHARE)


def _are_divisions(texts: pa.Array) -> bool:
    regions, counties = find_codes("regions"), find_counties()
    known = [text[:6] in regions or text[:6] in counties for text in texts.to_pylist()]
    return sum(known) >= _LEAST_SHARE * len(known)
