"""Table Schemas: reading one as hostile input, its Arrow types, and the form in which it is published.

Source: Table Schema v2 (datapackage.org, 2024-06); Arrow types and lexical options: docs/architecture.md.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from opendata.errors import N_, InvalidSchemaError
from opendata.tables.schema.check_faults import find_check_faults
from opendata.tables.schema.schema_faults import (
    BOUNDS,
    find_engine_faults,
    find_field_faults,
    find_key_faults,
    find_shape_faults,
)
from opendata.tables.types.field_type import LEXICAL

if TYPE_CHECKING:
    import frictionless

PROFILE = "https://datapackage.org/profiles/2.0/tableschema.json"

_TIMED = ("date", "time", "datetime")


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """Columns whose values must occur in columns of another resource (`""`: of this one).

    `package` names the published version that has the resource, as `dataset@1.0.0`; `""` is the table's own package.
    """

    fields: tuple[str, ...]
    resource: str
    reference_fields: tuple[str, ...]
    package: str = ""

    @property
    def target(self) -> str:
        """What the key refers to, in a word."""
        return f"{self.package}/{self.resource}" if self.package else self.resource


@dataclass(frozen=True, slots=True)
class TableSchema:
    """A checked Table Schema. `descriptor` is the source's own, with shorthand spelled out; never change it."""

    descriptor: Mapping[str, Any]

    @property
    def fields(self) -> Sequence[Mapping[str, Any]]:
        """The field descriptors, in order."""
        found: Sequence[Mapping[str, Any]] = self.descriptor["fields"]
        return found

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the fields, in order."""
        return tuple(item["name"] for item in self.fields)

    @property
    def labels(self) -> tuple[str, ...]:
        """The names and titles of the fields: what the columns of a file may be called."""
        texts = (item.get(key) for item in self.fields for key in ("name", "title"))
        return tuple(text for text in texts if isinstance(text, str) and text)

    @property
    def primary_key(self) -> tuple[str, ...]:
        """The names of the primary key's fields, or none."""
        return tuple(self.descriptor.get("primaryKey", ()))

    @property
    def unique_keys(self) -> tuple[tuple[str, ...], ...]:
        """The names of the fields of each unique key."""
        return tuple(tuple(key) for key in self.descriptor.get("uniqueKeys", ()))

    @property
    def fields_match(self) -> str:
        """How the columns of a file are matched with the fields: `exact` (by order) or one of four ways by name."""
        return str(self.descriptor.get("fieldsMatch", "exact"))

    @property
    def foreign_keys(self) -> tuple[ForeignKey, ...]:
        """The foreign keys, in order."""
        return tuple(
            ForeignKey(
                fields=tuple(key["fields"]),
                resource=key["reference"].get("resource", ""),
                reference_fields=tuple(key["reference"]["fields"]),
                package=key["reference"].get("package", ""),
            )
            for key in (*self.descriptor.get("foreignKeys", ()), *find_own(self.descriptor).get("foreignKeys", ()))
        )

    @property
    def null_text(self) -> str:
        """How canonical CSV writes a missing value: empty where that is allowed, else the first missing value."""
        return _choose_null_text(missing_values(self.descriptor))

    def null_text_of(self, field: Mapping[str, Any]) -> str:
        """The same for one column, whose field may have missing values of its own."""
        return _choose_null_text(self.missing_values_of(field))

    def missing_values_of(self, field: Mapping[str, Any]) -> list[str]:
        """The texts that stand for a missing value in one column: the field's own, else the schema's."""
        return missing_values(field if "missingValues" in field else self.descriptor)


def missing_values(descriptor: Mapping[str, Any]) -> list[str]:
    """The texts that stand for a missing value, labels of labelled ones left out."""
    found = descriptor.get("missingValues", [""])
    return [item["value"] if isinstance(item, Mapping) else item for item in found]


def _choose_null_text(values: Sequence[str]) -> str:
    return "" if "" in values or not values else values[0]


def read_schema(descriptor: object) -> TableSchema:
    """Check a Table Schema and spell out its shorthand.

    Raises `InvalidSchemaError` with one fault per point: not the standard's shape, an unknown type, a pattern that
    the linear-time engine (RE2) does not take, a bound its own type cannot read, a reference to somewhere else.
    """
    faults = list(find_shape_faults(descriptor))
    if faults:
        raise InvalidSchemaError(N_("The schema does not follow Table Schema"), faults=faults)
    assert isinstance(descriptor, Mapping)  # noqa: S101 - told by the shape check
    spelled = _spell_out(descriptor)
    faults = [*find_field_faults(spelled["fields"]), *find_key_faults(spelled)] or list(find_check_faults(spelled))
    if not faults:
        faults = list(find_engine_faults(spelled, build_engine_schema))
    if faults:
        raise InvalidSchemaError(N_("The schema does not follow Table Schema"), faults=faults)
    return TableSchema(spelled)


def text_schema(names: Iterable[str]) -> TableSchema:
    """The schema of a table about which nothing is known: every column is text."""
    return TableSchema({"$schema": PROFILE, "fields": [{"name": name, "type": "string"} for name in names]})


def publish_schema(schema: TableSchema) -> dict[str, Any]:
    """The schema as published beside canonical CSV: the same rules without the source's lexical options.

    It says that it follows Table Schema v2, some of whose rules a reader of v1 would refuse. Keys to other packages,
    of which the standard does not know, are moved into what is ours.
    """
    published = {**copy.deepcopy(dict(schema.descriptor)), "$schema": PROFILE}
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


def find_strength(descriptor: Mapping[str, Any], rule: str) -> str:
    """How much breaking a rule of a field or of a schema weighs: `error`, `warning` or `note`."""
    return str((find_own(descriptor).get("strengths") or {}).get(rule, "error"))


def find_own(descriptor: Mapping[str, Any]) -> Mapping[str, Any]:
    """What is ours in a descriptor; nothing where its `opendata` is somebody else's."""
    own = descriptor.get("opendata")
    return own if isinstance(own, Mapping) else {}


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
