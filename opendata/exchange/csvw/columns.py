"""The columns of a table as CSV on the Web has them: names, titles by language, datatypes, missing values.

The datatypes are those of the canonical CSV, in which dates are ISO 8601 and numbers have no grouping. Source: Metadata
Vocabulary for Tabular Data (W3C, 2015-12-17), sections 5.6 and 5.11; names are variables of RFC 6570.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from opendata.domain.schema import Field, TableSchema
from opendata.exchange.core.texts import list_texts

Json = dict[str, Any]

_PLAIN = re.compile(r"[A-Za-z0-9_]")
_BASES: Mapping[tuple[str, str] | str, str] = {
    ("string", "uri"): "anyURI",
    "integer": "integer",
    "number": "double",
    "boolean": "boolean",
    "date": "date",
    "time": "time",
    "datetime": "dateTime",
    "year": "gYear",
    "yearmonth": "gYearMonth",
    "duration": "duration",
    "object": "json",
    "array": "json",
    "geojson": "json",
}
_LENGTHS = ("minLength", "maxLength")
_BOUNDS = {
    "minimum": "minimum",
    "maximum": "maximum",
    "exclusiveMinimum": "minExclusive",
    "exclusiveMaximum": "maxExclusive",
}
_BOUNDED = frozenset({"integer", "double", "decimal", "date", "time", "dateTime", "duration"})
"""Datatypes that may have bounds: years and months may not, a document that bounds them is an error."""

_NUMERIC = frozenset({"integer", "double", "decimal"})


def describe_column(item: Field, schema: TableSchema, language: str) -> Json:
    """One column. Its header, which is the name of the field, is its title in no language."""
    titles = {"und": item.name, **list_texts(item.title, item.i18n, "title", language)}
    descriptions = list_texts(item.description, item.i18n, "description", language)
    unit = item.own.get("unit")
    is_list = item.type == "list"
    found: Json = {
        "name": name_column(item.name),
        "titles": titles,
        "dc:description": tag_texts(descriptions),
        "datatype": _BASES.get(str(item.descriptor.get("itemType", "string")), "string") if is_list else _type(item),
        "required": item.is_required,
        "null": [schema.null_text_of(item)],
        "separator": str(item.descriptor.get("delimiter") or ",") if is_list else "",
        "schema:unitText": unit if isinstance(unit, str) else "",
    }
    return {key: value for key, value in found.items() if value not in ("", [], False)}


def name_column(name: str) -> str:
    """The name of a column as a variable: other characters than letters, digits and `_` are percent-encoded."""
    parts = [
        letter if _PLAIN.fullmatch(letter) else "".join(f"%{byte:02X}" for byte in letter.encode("utf-8", "replace"))
        for letter in name
    ]
    if parts and parts[0] == "_":
        parts[0] = "%5F"
    return "".join(parts)


def tag_texts(texts: Mapping[str, str]) -> Sequence[Json]:
    """Texts by language as JSON-LD has them."""
    return [{"@value": text, "@language": name} for name, text in texts.items()]


def _type(item: Field) -> str | Json:
    base = _BASES.get((item.type, item.format)) or _BASES.get(item.type, "string")
    if base == "double" and "scale" in item.own:
        base = "decimal"
    found: Json = {}
    rules = item.constraints
    if base == "string" and item.type == "string":
        found |= {rule: rules[rule] for rule in _LENGTHS if isinstance(rules.get(rule), int)}
        pattern = rules.get("pattern") or _write_choices(rules.get("enum"))
        if isinstance(pattern, str) and pattern:
            found["format"] = f"^(?:{pattern})$"
    elif base in _BOUNDED:
        for rule, name in _BOUNDS.items():
            if rule in rules:
                bound = rules[rule]
                found[name] = bound if base in _NUMERIC else str(bound)
    return {"base": base, **found} if found else base


def _write_choices(found: object) -> str:
    """A pattern of the values that a text may have."""
    if not isinstance(found, list | tuple):
        return ""
    return "|".join(re.sub(r"([\\^$.|?*+()\[\]{}/])", r"\\\1", str(value)) for value in found)
