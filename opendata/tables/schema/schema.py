"""Table Schemas: reading one as hostile input, and the form in which it is published.

Source: Table Schema v2 (datapackage.org, 2024-06); Arrow types and lexical options: docs/architecture.md.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from opendata.domain.schema import TableSchema, find_own
from opendata.errors import N_, InvalidSchemaError
from opendata.tables.schema.check_faults import find_check_faults
from opendata.tables.schema.origins import drop_marks
from opendata.tables.schema.schema_faults import (
    BOUNDS,
    find_engine_faults,
    find_field_faults,
    find_key_faults,
    find_shape_faults,
)
from opendata.tables.types.datetime import LOCAL_ZONE, UTC_ZONE
from opendata.tables.types.field_type import LEXICAL

if TYPE_CHECKING:
    import frictionless

PROFILE = "https://datapackage.org/profiles/2.0/tableschema.json"

_TIMED = ("date", "time", "datetime")


def read_schema(descriptor: object) -> TableSchema:
    """Check a Table Schema and spell out its shorthand.

    Raises `InvalidSchemaError` with one fault per point: not the standard's shape, an unknown type, a pattern that
    the linear-time engine (RE2) does not take, a bound its own type cannot read, a reference to somewhere else.
    """
    faults = list(find_shape_faults(descriptor))
    if faults:
        raise InvalidSchemaError(N_("The schema doesn't follow Table Schema"), faults=faults)
    assert isinstance(descriptor, Mapping)  # noqa: S101 - told by the shape check
    spelled = _spell_out(descriptor)
    faults = [*find_field_faults(spelled["fields"]), *find_key_faults(spelled)] or list(find_check_faults(spelled))
    if not faults:
        faults = list(find_engine_faults(spelled, build_engine_schema))
    if faults:
        raise InvalidSchemaError(N_("The schema doesn't follow Table Schema"), faults=faults)
    return TableSchema(spelled)


def text_schema(names: Iterable[str]) -> TableSchema:
    """The schema of a table about which nothing is known: every column is text."""
    return TableSchema({"$schema": PROFILE, "fields": [{"name": name, "type": "string"} for name in names]})


def declare_zones(schema: TableSchema, zones: Mapping[str, bool]) -> TableSchema:
    """The schema with what is known of its moments: that they are instants (with a zone), or that they are local.

    It is published as `"opendata": {"zone": "UTC"}`, so that the Arrow type follows from the schema.
    """
    if not zones:
        return schema
    fields = [dict(item) for item in schema.descriptor["fields"]]
    for item in fields:
        if item["name"] in zones and item.get("type") == "datetime":
            item["opendata"] = {**find_own(item), "zone": UTC_ZONE if zones[item["name"]] else LOCAL_ZONE}
    return TableSchema({**schema.descriptor, "fields": fields})


def publish_schema(schema: TableSchema) -> dict[str, Any]:
    """The schema as published beside canonical CSV: the same rules without the source's lexical options.

    It says that it follows Table Schema v2, some of whose rules a reader of v1 would refuse. Keys to other packages,
    of which the standard does not know, are moved into what is ours.
    """
    published = {**copy.deepcopy(drop_marks(schema.descriptor)), "$schema": PROFILE}
    for item in published["fields"]:
        canonical = _find_canonical(item)
        for option in LEXICAL:
            item.pop(option, None)
        if item["type"] in _TIMED:
            item.pop("format", None)
        if "example" in canonical:
            item["example"] = canonical.pop("example")
        if canonical:
            item["constraints"] = {**item["constraints"], **canonical}
    keys = published.pop("foreignKeys", [])
    within = [key for key in keys if "package" not in key["reference"]]
    if within:
        published["foreignKeys"] = within
    if len(within) < len(keys):
        others = [key for key in keys if "package" in key["reference"]]
        published["opendata"] = {**find_own(published), "foreignKeys": others}
    return published


def build_engine_schema(descriptor: Mapping[str, Any]) -> frictionless.Schema:
    """The frictionless schema that checks by these rules, with RE2 in place of Python's backtracking patterns.

    Labelled missing values and exclusive bounds are accepted by feature, whatever version the schema names.
    Raises `frictionless.FrictionlessException` where the descriptor is not one.
    """
    from frictionless import Schema

    from opendata.tables.schema.linear import use_linear_patterns

    plain = copy.deepcopy(dict(descriptor))
    plain["$schema"] = PROFILE
    plain.pop("foreignKeys", None)  # checked between the finished tables: see `keys`
    plain.pop("opendata", None)
    for item in plain["fields"]:
        item.pop("example", None)  # frictionless reads it without the field's lexical options: see `read_schema`
        (item.get("constraints") or {}).pop("jsonSchema", None)  # ours to check: see `cells`
    return use_linear_patterns(Schema.from_descriptor(plain))


def build_engine_field(field: Mapping[str, Any], nulls: Sequence[str]) -> frictionless.Field:
    """The frictionless field that reads the cells of one column; `nulls` are its missing values."""
    schema = build_engine_schema({"fields": [{**field, "missingValues": list(nulls)}]})
    found: frictionless.Field = schema.fields[0]
    return found


def _spell_out(descriptor: Mapping[str, Any]) -> dict[str, Any]:
    spelled = copy.deepcopy(dict(descriptor))
    for item in spelled["fields"]:
        item.setdefault("type", "any")
        if item.get("format") == "default":
            item.pop("format")
    own = find_own(spelled)
    if own.get("foreignKeys"):  # as they are published
        spelled["foreignKeys"] = [*(spelled.get("foreignKeys") or []), *own["foreignKeys"]]
        spelled["opendata"] = {key: value for key, value in own.items() if key != "foreignKeys"}
    # In the standard both are lists of field names or objects; some descriptors carry empty ones.
    for name in ("primaryKey", "foreignKeys", "uniqueKeys"):
        if name in spelled and not spelled[name]:
            spelled.pop(name)
    if isinstance(spelled.get("primaryKey"), str):
        spelled["primaryKey"] = [spelled["primaryKey"]]
    for key in spelled.get("foreignKeys", ()):
        if isinstance(key["fields"], str):
            key["fields"] = [key["fields"]]
        if isinstance(key["reference"]["fields"], str):
            key["reference"]["fields"] = [key["reference"]["fields"]]
        key["reference"].setdefault("resource", "")
        if key["reference"]["resource"] == "self":  # the word of drafts before v1
            key["reference"]["resource"] = ""
    return spelled


def _find_canonical(field: Mapping[str, Any]) -> dict[str, Any]:
    """Bounds, enum and example where they are written in a lexical form of the source, in the canonical one."""
    if not any(option in field for option in LEXICAL) and not (field["type"] in _TIMED and "format" in field):
        return {}
    from frictionless import Field

    from opendata.tables.types.registry import write_text

    plain = {key: value for key, value in field.items() if key not in ("constraints", "example")}
    read = Field.from_descriptor(plain).create_value_reader()
    found = {**(field.get("constraints") or {}), **({"example": field["example"]} if field.get("example") else {})}
    canonical: dict[str, Any] = {}
    for key, value in found.items():
        if key == "enum":
            canonical[key] = [write_text(field["type"], read(item), str(item)) for item in value]
        elif key in (*BOUNDS, "example") and value is not None:
            canonical[key] = write_text(field["type"], read(value), str(value))
    return canonical
