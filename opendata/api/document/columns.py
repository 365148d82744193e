"""The columns of a table as JSON Schema: what its rows have in JSON, and what each can be filtered by."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from opendata.domain.schema import Field
from opendata.wording.schemas.units import show_unit

_NUMBERS = ("integer", "year", "number")
_FORMATS = {"email": "email", "uri": "uri", "uuid": "uuid"}
_RANGE = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
_LENGTH = ("minLength", "maxLength")
_MOST_CODES = 500
_MOST_EXAMPLES = 3

_EQUAL, _ORDERED, _LISTED = ("exact", "not"), ("gt", "gte", "lt", "lte"), ("in", "notin")
_WORDED = ("contains", "notcontains", "startswith", "endswith")
SAYS: Mapping[str, str] = {
    "exact": "equals the value",
    "not": "isn't the value",
    "gt": "is greater than the value",
    "gte": "is the value or greater",
    "lt": "is less than the value",
    "lte": "is the value or less",
    "in": "is one of the values, with commas between",
    "notin": "isn't one of the values, with commas between",
    "contains": "contains the text, whatever the letter case",
    "notcontains": "doesn't contain the text, whatever the letter case",
    "startswith": "begins with the text, whatever the letter case",
    "endswith": "ends with the text, whatever the letter case",
    "isnull": "has no value (`true`) or has one (`false`)",
}
"""Operator → what a column does that it finds."""


def list_operators(field: Field) -> Sequence[str]:
    """The operators that fit the type of a column."""
    if field.type in (*_NUMBERS, "date", "datetime"):
        return (*_EQUAL, *_ORDERED, *_LISTED, "isnull")
    if field.type == "boolean":
        return (*_EQUAL, "isnull")
    return (*_EQUAL, *_LISTED, *_WORDED, "isnull")


def describe_value(field: Field, *, is_wide: bool | None, has_zone: bool) -> dict[str, Any]:
    """A value of a column that isn't missing. `is_wide` tells that numbers are text in JSON; None: they may be."""
    kind = field.type
    if kind in _NUMBERS:
        return _describe_number(field, is_wide=is_wide)
    if kind == "boolean":
        return {"type": "boolean"}
    found: dict[str, Any] = {"type": "string"}
    if kind == "date":
        found["format"] = "date"
    elif kind == "datetime" and has_zone:
        found["format"] = "date-time"
    elif kind == "string":
        found |= {"format": _FORMATS[field.format]} if field.format in _FORMATS else {}
        found |= {name: field.constraints[name] for name in _LENGTH if _is_whole(field.constraints.get(name))}
        found |= _describe_pattern(field)
        found |= _describe_codes(field)
    return found


def describe_column(
    field: Field, values: Sequence[Any], languages: Sequence[str], *, is_wide: bool | None, has_zone: bool
) -> dict[str, Any]:
    """A column of a row, with its titles, its unit, and examples from `values`."""
    found = describe_value(field, is_wide=is_wide, has_zone=has_zone)
    if not field.is_required:
        found = _allow_null(found)
    titles = {languages[0]: field.title}
    titles |= {language: str(texts.get("title") or "") for language, texts in field.i18n.items()}
    titles = {language: text for language, text in titles.items() if text}
    unit = field.own.get("unit")
    about = [field.description, f"Unit: {show_unit(unit)}" if isinstance(unit, str) and unit else ""]
    about += ["A percentage, as a share of 1" if field.own.get("percent") is True else ""]
    extra: dict[str, Any] = {
        "title": titles.get(languages[0]) or next(iter(titles.values()), ""),
        "description": ". ".join(filter(None, about)),
        "examples": list(dict.fromkeys(value for value in values if value is not None))[:_MOST_EXAMPLES],
        "x-titles": titles if len(titles) > 1 else {},
        "x-unit": unit if isinstance(unit, str) else "",
    }
    return {**found, **{key: value for key, value in extra.items() if value}}


def _describe_number(field: Field, *, is_wide: bool | None) -> dict[str, Any]:
    number = "number" if field.type == "number" else "integer"
    if is_wide:
        return {"type": "string", "description": "A number of more than 15 digits, as text"}
    if is_wide is None or (field.type == "number" and "scale" not in field.own):
        return {"type": [number, "string"]}  # a float may be NaN or INF, which JSON has no number for
    limits = {name: field.constraints[name] for name in _RANGE if _is_number(field.constraints.get(name))}
    return {"type": number, **limits}


def _describe_codes(field: Field) -> dict[str, Any]:
    labelled = [item for item in field.descriptor.get("categories") or () if isinstance(item, Mapping)]
    if labelled and len(labelled) <= _MOST_CODES and all(isinstance(item.get("value"), str) for item in labelled):
        return {"oneOf": [_describe_code(item) for item in labelled]}
    values = field.constraints.get("enum") or field.categories or ()
    if values and len(values) <= _MOST_CODES and all(isinstance(item, str) for item in values):
        return {"enum": list(dict.fromkeys(values))}
    return {}


def _describe_code(item: Mapping[str, Any]) -> dict[str, Any]:
    label = item.get("label")
    return {"const": item["value"], **({"title": label} if isinstance(label, str) and label else {})}


def _describe_pattern(field: Field) -> dict[str, Any]:
    """The pattern, which must match the whole text, where JSON Schema has the same signs."""
    pattern = field.constraints.get("pattern")
    if not isinstance(pattern, str):
        return {}
    try:
        re.compile(pattern)
    except re.error:
        return {}
    return {"pattern": f"^(?:{pattern})$"}


def _allow_null(found: dict[str, Any]) -> dict[str, Any]:
    if "oneOf" in found:
        return {**found, "type": [found["type"], "null"], "oneOf": [*found["oneOf"], {"type": "null"}]}
    kinds = found["type"] if isinstance(found["type"], list) else [found["type"]]
    codes = {"enum": [*found["enum"], None]} if "enum" in found else {}
    return {**found, "type": [*kinds, "null"], **codes}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
