"""The tables of a version as the schema of a data contract: columns with types, keys, references and rules.

Source: Open Data Contract Standard 3.2.0 (bitol-io), sections Schema, References and Data Quality.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from opendata.domain.resources import TableResource
from opendata.domain.schema import Field, TableSchema
from opendata.exchange.core.texts import choose_text, list_texts

Json = dict[str, Any]

_ID = re.compile(r"[A-Za-z0-9_-]+")
_TYPES: Mapping[str, str] = {
    "integer": "integer",
    "year": "integer",
    "number": "number",
    "boolean": "boolean",
    "date": "date",
    "time": "time",
    "datetime": "timestamp",
    "object": "object",
    "geojson": "object",
    "array": "array",
    "list": "array",
}
_FORMATS = frozenset({"email", "uri", "uuid", "binary"})
_BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
_MOMENTS = frozenset({"date", "time", "timestamp"})
_SEVERITIES: Mapping[str, str] = {"error": "error", "warning": "warning", "note": "info"}


def describe_tables(tables: Sequence[TableResource], language: str) -> Iterator[Json]:
    """Each table with its columns; foreign keys are to tables among these."""
    ids = {table.name: identify_columns(table.schema) for table in tables}
    for table in tables:
        found: Json = {
            "id": table.name,
            "name": table.name,
            "physicalName": table.path,
            "physicalType": "file",
            "logicalType": "object",
            **_say(table.title, table.description, table.i18n, language, table.name),
            "properties": [
                _describe_column(table.schema, item, ids[table.name], language) for item in table.schema.fields
            ],
            "relationships": list(_list_relationships(table, ids)),
            "quality": list(_list_table_rules(table)),
        }
        yield {key: value for key, value in found.items() if value not in ("", [])}


def identify_columns(schema: TableSchema) -> Mapping[str, str]:
    """Column → its stable id: its name where that can be one, otherwise its place."""
    names = set(schema.names)
    found: dict[str, str] = {}
    for place, name in enumerate(schema.names, start=1):
        usual = f"column-{place}"
        while usual in names:
            usual += "_"
        found[name] = name if _ID.fullmatch(name) else usual
    return found


def _say(title: str, description: str, i18n: Any, language: str, name: str) -> Json:
    titles = list_texts(title, i18n, "title", language)
    return {
        "businessName": choose_text(titles, language),
        "description": choose_text(list_texts(description, i18n, "description", language), language),
        "synonyms": [
            {"synonym": text, "locale": key} for key, text in titles.items() if key != language and text != name
        ],
    }


def _describe_column(schema: TableSchema, item: Field, ids: Mapping[str, str], language: str) -> Json:
    kind = _TYPES.get(item.type, "string")
    key = schema.primary_key
    unit = item.own.get("unit")
    found: Json = {
        "id": ids[item.name],
        "name": item.name,
        "physicalType": item.type,
        "logicalType": kind,
        **_say(item.title, item.description, item.i18n, language, item.name),
        "logicalTypeOptions": _describe_options(item, kind),
        "enum": _list_choices(item),
        "items": {"name": "item", "logicalType": _TYPES.get(str(item.descriptor.get("itemType")), "string")}
        if item.type == "list"
        else {},
        "required": item.is_required or item.name in key,
        "unique": bool(item.constraints.get("unique")) or key == (item.name,),
        "primaryKey": item.name in key,
        "primaryKeyPosition": key.index(item.name) + 1 if item.name in key else "",
        "customProperties": [{"property": "unit", "value": unit}] if isinstance(unit, str) and unit else [],
        "quality": list(_list_column_rules(item)),
    }
    return {name: value for name, value in found.items() if value not in ("", [], {}) and value is not False}


def _describe_options(item: Field, kind: str) -> Json:
    rules = item.constraints
    found: Json = {}
    if kind == "string":
        found |= {name: rules[name] for name in ("minLength", "maxLength") if isinstance(rules.get(name), int)}
        if isinstance(rules.get("pattern"), str):
            found["pattern"] = f"^(?:{rules['pattern']})$"
        if item.type == "string" and item.format in _FORMATS:
            found["format"] = item.format
    elif kind in ("integer", "number"):
        found |= {name: rules[name] for name in _BOUNDS if _is_number(rules.get(name))}
        found |= {"format": "i32" if item.type == "year" else "i64"} if kind == "integer" else {}
    elif kind in _MOMENTS:
        found |= {name: str(rules[name]) for name in _BOUNDS if rules.get(name) not in (None, "")}
        if kind == "timestamp":
            found["timezone"] = item.own.get("zone") == "UTC"
    return found


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _list_choices(item: Field) -> list[Json]:
    """The values that a column may have, with what they stand for."""
    found = item.descriptor.get("categories")
    labels = {str(one["value"]): one.get("label") for one in found or () if isinstance(one, Mapping) and "value" in one}
    choices = item.constraints.get("enum") or item.categories or ()
    return [
        {"value": value, **({"label": str(labels[str(value)])} if labels.get(str(value)) else {})}
        for value in dict.fromkeys(one for one in choices if isinstance(one, str | int | float))
    ]


def _list_column_rules(item: Field) -> Iterator[Json]:
    rules = item.constraints
    for rule, metric, dimension in (
        ("required", "nullValues", "completeness"),
        ("unique", "duplicateValues", "uniqueness"),
    ):
        if rules.get(rule):
            yield _rule(rule, metric, dimension, item.find_strength(rule))
    if isinstance(rules.get("pattern"), str):
        arguments: Json = {"pattern": f"^(?:{rules['pattern']})$"}
        yield {**_rule("pattern", "invalidValues", "conformity", item.find_strength("pattern")), "arguments": arguments}
    if isinstance(rules.get("enum"), list | tuple):
        arguments = {"validValues": list(rules["enum"])}
        yield {**_rule("enum", "invalidValues", "conformity", item.find_strength("enum")), "arguments": arguments}


def _list_table_rules(table: TableResource) -> Iterator[Json]:
    schema = table.schema
    if len(schema.primary_key) > 1:
        yield _rule_of_key("primaryKey", schema, schema.primary_key)
    for place, key in enumerate(schema.unique_keys, start=1):
        yield {**_rule_of_key("uniqueKeys", schema, key), "id": f"uniqueKey-{place}"}
    for check in schema.own.get("checks") or ():
        if isinstance(check, Mapping) and check.get("name"):
            text = str(check.get("message") or check.get("description") or check["name"])
            severity = _SEVERITIES.get(str(check.get("strength", "error")), "error")
            yield {"name": str(check["name"]), "type": "text", "description": text, "severity": severity}
    yield {"id": "rowCount", "metric": "rowCount", "mustBe": table.rows, "dimension": "completeness"}


def _rule(name: str, metric: str, dimension: str, strength: str) -> Json:
    severity = _SEVERITIES.get(strength, "error")
    return {"id": name, "metric": metric, "mustBe": 0, "dimension": dimension, "severity": severity}


def _rule_of_key(rule: str, schema: TableSchema, key: Sequence[str]) -> Json:
    found = _rule(rule, "duplicateValues", "uniqueness", schema.find_strength(rule))
    return {**found, "arguments": {"properties": list(key)}}


def _list_relationships(table: TableResource, ids: Mapping[str, Mapping[str, str]]) -> Iterator[Json]:
    for key in table.schema.foreign_keys:
        target = key.resource or table.name
        own, others = ids[table.name], ids.get(target, {})
        is_known = all(name in own for name in key.fields) and all(name in others for name in key.reference_fields)
        if key.package or not is_known:
            continue
        ends = [f"schema/{table.name}/properties/{own[name]}" for name in key.fields]
        starts = [f"schema/{target}/properties/{others[name]}" for name in key.reference_fields]
        is_single = len(ends) == 1
        yield {
            "type": "foreignKey",
            "from": ends[0] if is_single else ends,
            "to": starts[0] if is_single else starts,
        }
