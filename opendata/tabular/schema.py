"""Table Schemas: reading one as hostile input, its Arrow types, and the form in which it is published.

Source: Table Schema v2 (datapackage.org, 2024-06); Arrow types and lexical options: docs/architecture.md.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from opendata.errors import N_, Fault, InvalidSchemaError, fault

if TYPE_CHECKING:
    import frictionless
    import pyarrow as pa

PROFILE = "https://datapackage.org/profiles/2.0/tableschema.json"

TYPES = frozenset(
    [
        "any",
        "array",
        "boolean",
        "date",
        "datetime",
        "duration",
        "geojson",
        "geopoint",
        "integer",
        "list",
        "number",
        "object",
        "string",
        "time",
        "year",
        "yearmonth",
    ]
)

MAX_FIELDS = 5000
MAX_PATTERN_LENGTH = 2000
MAX_DEPTH = 32

_LEXICAL = ("decimalChar", "groupChar", "bareNumber", "floatNumber", "trueValues", "falseValues")
"""Field options that tell how a value is written in the source; canonical CSV has no need of them."""

_TIMED = ("date", "time", "datetime")
_BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """Columns whose values must occur in columns of another resource (`""`: of this one)."""

    fields: tuple[str, ...]
    resource: str
    reference_fields: tuple[str, ...]


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
    def primary_key(self) -> tuple[str, ...]:
        """The names of the primary key's fields, or none."""
        return tuple(self.descriptor.get("primaryKey", ()))

    @property
    def foreign_keys(self) -> tuple[ForeignKey, ...]:
        """The foreign keys, in order."""
        return tuple(
            ForeignKey(
                fields=tuple(key["fields"]),
                resource=key["reference"].get("resource", ""),
                reference_fields=tuple(key["reference"]["fields"]),
            )
            for key in self.descriptor.get("foreignKeys", ())
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
    faults = list(_find_shape_faults(descriptor))
    if faults:
        raise InvalidSchemaError(N_("The schema does not follow Table Schema"), faults=faults)
    assert isinstance(descriptor, Mapping)  # noqa: S101 - told by the shape check
    spelled = _spell_out(descriptor)
    faults = [*_find_field_faults(spelled["fields"]), *_find_key_faults(spelled)]
    if not faults:
        faults = list(_find_engine_faults(spelled))
    if faults:
        raise InvalidSchemaError(N_("The schema does not follow Table Schema"), faults=faults)
    return TableSchema(spelled)


def text_schema(names: Iterable[str]) -> TableSchema:
    """The schema of a table about which nothing is known: every column is text."""
    return TableSchema({"$schema": PROFILE, "fields": [{"name": name, "type": "string"} for name in names]})


def publish_schema(schema: TableSchema) -> dict[str, Any]:
    """The schema as published beside canonical CSV: the same rules without the source's lexical options.

    It says that it follows Table Schema v2, some of whose rules a reader of v1 would refuse.
    """
    published = {**copy.deepcopy(dict(schema.descriptor)), "$schema": PROFILE}
    for item in published["fields"]:
        canonical = _find_canonical(item)
        for option in _LEXICAL:
            item.pop(option, None)
        if item["type"] in _TIMED:
            item.pop("format", None)
        if "example" in canonical:
            item["example"] = canonical.pop("example")
        if canonical:
            item["constraints"] = {**item["constraints"], **canonical}
    return published


def arrow_type(field: Mapping[str, Any]) -> pa.DataType:
    """The Arrow type of a field, told by its descriptor alone."""
    import pyarrow as pa

    scale = (field.get("opendata") or {}).get("scale")
    match field["type"]:
        case "integer":
            return pa.int64()
        case "boolean":
            return pa.bool_()
        case "date":
            return pa.date32()
        case "datetime":
            return pa.timestamp("us")
        case "number":
            return pa.float64() if scale is None else pa.decimal128(38, scale)
        case _:
            return pa.string()


def build_engine_schema(descriptor: Mapping[str, Any]) -> frictionless.Schema:
    """The frictionless schema that checks by these rules, with RE2 in place of Python's backtracking patterns.

    Labelled missing values and exclusive bounds are accepted by feature, whatever version the schema names.
    Raises `frictionless.FrictionlessException` where the descriptor is not one.
    """
    from frictionless import Schema

    from opendata.tabular.engine import use_linear_patterns

    plain = copy.deepcopy(dict(descriptor))
    plain["$schema"] = PROFILE
    plain.pop("foreignKeys", None)  # checked between the finished tables: see `keys`
    plain.pop("opendata", None)
    for item in plain["fields"]:
        item.pop("example", None)  # frictionless reads it without the field's lexical options: see `read_schema`
    return use_linear_patterns(Schema.from_descriptor(plain))


def _spell_out(descriptor: Mapping[str, Any]) -> dict[str, Any]:
    spelled = copy.deepcopy(dict(descriptor))
    for item in spelled["fields"]:
        item.setdefault("type", "any")
        if item.get("format") == "default":
            item.pop("format")
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


def _find_shape_faults(descriptor: object) -> Iterable[Fault]:
    if not isinstance(descriptor, Mapping):
        yield fault("", N_("A schema is a JSON object with a list “fields”"))
        return
    if _is_deeper(descriptor, MAX_DEPTH):
        yield fault("", N_("The schema is nested deeper than %(limit)s levels"), limit=MAX_DEPTH)
        return
    try:
        json.dumps(descriptor, ensure_ascii=False, allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        yield fault("", N_("The schema cannot be written as JSON: %(reason)s"), reason=str(error)[:200])
        return
    found = descriptor.get("fields")
    if not isinstance(found, list) or not found:
        yield fault("/fields", N_("A schema needs a list “fields” with at least one field"))
        return
    if len(found) > MAX_FIELDS:
        yield fault(
            "/fields",
            N_("A schema may have at most %(limit)s fields, this one has %(count)s"),
            limit=MAX_FIELDS,
            count=len(found),
        )
        return
    for number, item in enumerate(found):
        if not isinstance(item, Mapping) or not isinstance(item.get("name"), str) or not item["name"]:
            yield fault(f"/fields/{number}", N_("Each field is an object with a “name”"))
        elif "$ref" in item or (isinstance(item.get("constraints"), Mapping) and "$ref" in item["constraints"]):
            yield fault(
                f"/fields/{number}",
                N_("References (“$ref”) to somewhere else are not followed; write the field in full"),
            )
    if "$ref" in descriptor:
        yield fault("/$ref", N_("References (“$ref”) to somewhere else are not followed; write the schema in full"))
    if not isinstance(descriptor.get("missingValues", []), list):
        yield fault("/missingValues", N_("“missingValues” is a list of texts"))
    if not _is_names(descriptor.get("primaryKey") or []):
        yield fault("/primaryKey", N_("“primaryKey” is the name of a field or a list of names"))
    foreign_keys = descriptor.get("foreignKeys") or []
    if not isinstance(foreign_keys, list):
        yield fault("/foreignKeys", N_("“%(key)s” is a list"), key="foreignKeys")
        return
    for number, foreign in enumerate(foreign_keys):
        reference = foreign.get("reference") if isinstance(foreign, Mapping) else None
        if (
            not isinstance(reference, Mapping)
            or not _is_names(foreign.get("fields"))
            or not _is_names(reference.get("fields"))
            or not isinstance(reference.get("resource", ""), str)
        ):
            yield fault(f"/foreignKeys/{number}", N_("A foreign key has “fields” and a “reference” with “fields”"))
        elif "package" in reference or reference.get("resource", "").startswith(("http:", "https:")):
            yield fault(
                f"/foreignKeys/{number}/reference", N_("A foreign key may refer to resources of the same package only")
            )


def _is_names(value: object) -> bool:
    return isinstance(value, str) or (isinstance(value, list) and all(isinstance(name, str) for name in value))


def _is_deeper(value: object, limit: int) -> bool:
    parts = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return bool(parts) and (limit == 0 or any(_is_deeper(part, limit - 1) for part in parts))


def _find_field_faults(fields: Sequence[Mapping[str, Any]]) -> Iterable[Fault]:
    seen: set[str] = set()
    for number, item in enumerate(fields):
        place = f"/fields/{number}"
        if item["name"] in seen:
            yield fault(place, N_("Two fields have the same name “%(name)s”"), name=item["name"])
        seen.add(item["name"])
        if not isinstance(item["type"], str) or item["type"] not in TYPES:
            yield fault(f"{place}/type", N_("“%(type)s” is not a type of Table Schema"), type=item["type"])
        for key in ("title", "description", "format"):
            if not isinstance(item.get(key, ""), str):
                yield fault(f"{place}/{key}", N_("“%(key)s” is a text"), key=key)
        constraints = item.get("constraints")
        if constraints is not None and not isinstance(constraints, Mapping):
            yield fault(f"{place}/constraints", N_("“constraints” is an object"))
        elif constraints and "pattern" in constraints:
            yield from _find_pattern_faults(f"{place}/constraints/pattern", constraints["pattern"])
        scale = (item.get("opendata") or {}).get("scale") if isinstance(item.get("opendata", {}), Mapping) else "?"
        if scale is not None and (not isinstance(scale, int) or isinstance(scale, bool) or not 0 <= scale <= 37):
            yield fault(f"{place}/opendata/scale", N_("“scale” is a whole number from 0 to 37"))


def _find_pattern_faults(place: str, pattern: object) -> Iterable[Fault]:
    import re2

    if not isinstance(pattern, str):
        yield fault(place, N_("“pattern” is a text"))
    elif len(pattern) > MAX_PATTERN_LENGTH:
        yield fault(place, N_("A pattern may have at most %(limit)s characters"), limit=MAX_PATTERN_LENGTH)
    else:
        from opendata.tabular.engine import compile_pattern

        try:
            compile_pattern(pattern)
        except re2.error as error:
            reason = error.args[0].decode() if error.args and isinstance(error.args[0], bytes) else str(error)
            yield fault(
                place,
                N_(
                    "The pattern “%(pattern)s” cannot be run safely (%(reason)s);"
                    " look-around and back-references are not allowed"
                ),
                pattern=pattern[:80],
                reason=reason,
            )


def _find_key_faults(descriptor: Mapping[str, Any]) -> Iterable[Fault]:
    names = {item["name"] for item in descriptor["fields"]}
    for name in descriptor.get("primaryKey", ()):
        if name not in names:
            yield fault("/primaryKey", N_("The key names a field “%(name)s” that is not in the schema"), name=name)
    for number, key in enumerate(descriptor.get("foreignKeys", ())):
        for name in key["fields"]:
            if name not in names:
                yield fault(
                    f"/foreignKeys/{number}",
                    N_("The key names a field “%(name)s” that is not in the schema"),
                    name=name,
                )
        if len(key["fields"]) != len(key["reference"]["fields"]):
            yield fault(f"/foreignKeys/{number}", N_("A foreign key has as many fields as its reference"))


def _find_engine_faults(descriptor: Mapping[str, Any]) -> Iterable[Fault]:
    from frictionless import FrictionlessException

    try:
        engine = build_engine_schema(descriptor)
    except FrictionlessException as error:
        for reason in error.reasons or [error.error]:
            yield fault("", "%(note)s", note=reason.note)
        return
    except Exception as error:  # noqa: BLE001 - a hostile descriptor may break the engine in ways of its own
        yield fault("", N_("The schema cannot be read: %(reason)s"), reason=f"{type(error).__name__}: {error}")
        return
    for number, (item, field) in enumerate(zip(descriptor["fields"], engine.fields, strict=True)):
        constraints = item.get("constraints") or {}
        given = {f"constraints/{key}": [constraints[key]] for key in _BOUNDS if key in constraints}
        given |= {"constraints/enum": constraints.get("enum") or [], "example": [item.get("example") or None]}
        for key, values in given.items():
            try:
                read = field.create_value_reader()
                unreadable = [value for value in values if value is not None and read(value) is None]
            except Exception:  # noqa: BLE001 - see above
                unreadable = values
            if unreadable:
                yield fault(
                    f"/fields/{number}/{key}",
                    N_("“%(value)s” is not a value of the type “%(type)s”"),
                    value=str(unreadable[0])[:80],
                    type=item["type"],
                )
        if item["type"] in ("array", "object", "geojson", "list") and (
            constraints.get("unique") or item["name"] in descriptor.get("primaryKey", ())
        ):
            yield fault(
                f"/fields/{number}",
                N_("“unique” and keys are not possible for the type “%(type)s”"),
                type=item["type"],
            )
        try:
            field.create_cell_reader()
        except Exception as error:  # noqa: BLE001 - see above
            yield fault(f"/fields/{number}", N_("The field cannot be checked: %(reason)s"), reason=str(error)[:200])


def _find_canonical(field: Mapping[str, Any]) -> dict[str, Any]:
    """Bounds, enum and example where they are written in a lexical form of the source, in the canonical one."""
    if not any(option in field for option in _LEXICAL) and not (field["type"] in _TIMED and "format" in field):
        return {}
    from frictionless import Field

    from opendata.tabular.casting import write_text

    plain = {key: value for key, value in field.items() if key not in ("constraints", "example")}
    read = Field.from_descriptor(plain).create_value_reader()
    found = {**(field.get("constraints") or {}), **({"example": field["example"]} if field.get("example") else {})}
    canonical: dict[str, Any] = {}
    for key, value in found.items():
        if key == "enum":
            canonical[key] = [write_text(field["type"], read(item), str(item)) for item in value]
        elif key in (*_BOUNDS, "example") and value is not None:
            canonical[key] = write_text(field["type"], read(value), str(value))
    return canonical
