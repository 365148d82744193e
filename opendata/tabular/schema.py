"""Table Schemas: reading one as hostile input, its Arrow types, and the form in which it is published.

Source: Table Schema v2 (datapackage.org, 2024-06); Arrow types and lexical options: docs/architecture.md.
"""

from __future__ import annotations

import copy
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
        values = missing_values(self.descriptor)
        return "" if "" in values or not values else values[0]


def missing_values(descriptor: Mapping[str, Any]) -> list[str]:
    """The texts that stand for a missing value, labels of labelled ones left out."""
    found = descriptor.get("missingValues", [""])
    return [item["value"] if isinstance(item, Mapping) else item for item in found]


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
    """The schema as published beside canonical CSV: the same rules without the source's lexical options."""
    published = copy.deepcopy(dict(schema.descriptor))
    for item in published["fields"]:
        bounds = _canonical_bounds(item)
        for option in _LEXICAL:
            item.pop(option, None)
        if item["type"] in _TIMED:
            item.pop("format", None)
        if bounds:
            item["constraints"] = {**item["constraints"], **bounds}
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
    return use_linear_patterns(Schema.from_descriptor(plain))


def _spell_out(descriptor: Mapping[str, Any]) -> dict[str, Any]:
    spelled = copy.deepcopy(dict(descriptor))
    for item in spelled["fields"]:
        item.setdefault("type", "any")
        if item.get("format") == "default":
            item.pop("format")
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
    # In the standard both are lists of field names or objects; some descriptors carry empty ones.
    for name in ("primaryKey", "foreignKeys", "uniqueKeys"):
        if name in spelled and not spelled[name]:
            spelled.pop(name)
    return spelled


def _find_shape_faults(descriptor: object) -> Iterable[Fault]:
    if not isinstance(descriptor, Mapping):
        yield fault("", N_("A schema is a JSON object with a list “fields”"))
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
        elif "$ref" in item or "$ref" in (item.get("constraints") or {}):
            yield fault(
                f"/fields/{number}",
                N_("References (“$ref”) to somewhere else are not followed; write the field in full"),
            )
    if "$ref" in descriptor:
        yield fault("/$ref", N_("References (“$ref”) to somewhere else are not followed; write the schema in full"))
    if not isinstance(descriptor.get("missingValues", []), list):
        yield fault("/missingValues", N_("“missingValues” is a list of texts"))
    for key in ("primaryKey", "foreignKeys", "uniqueKeys"):
        if not isinstance(descriptor.get(key, []), list | str):
            yield fault(f"/{key}", N_("“%(key)s” is a list"), key=key)
    for number, foreign in enumerate(descriptor.get("foreignKeys") or ()):
        reference = foreign.get("reference") if isinstance(foreign, Mapping) else None
        if (
            not isinstance(reference, Mapping)
            or not isinstance(foreign.get("fields"), list | str)
            or not isinstance(reference.get("fields"), list | str)
        ):
            yield fault(f"/foreignKeys/{number}", N_("A foreign key has “fields” and a “reference” with “fields”"))
        elif "package" in reference or str(reference.get("resource", "")).startswith(("http:", "https:")):
            yield fault(
                f"/foreignKeys/{number}/reference", N_("A foreign key may refer to resources of the same package only")
            )


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
        options = re2.Options()
        options.log_errors = False
        options.max_mem = 1 << 20
        try:
            re2.compile(pattern, options)
        except re2.error as error:
            reason = error.args[0].decode() if error.args and isinstance(error.args[0], bytes) else str(error)
            yield fault(
                place,
                N_(
                    "The pattern “%(pattern)s” cannot be run safely (%(reason)s); look-around and back-references are not allowed"
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
        read = None
        for key in (*_BOUNDS, "enum"):
            if key not in constraints:
                continue
            try:
                read = read or field.create_value_reader()
                values = constraints[key] if key == "enum" else [constraints[key]]
                unreadable = [value for value in values if read(value) is None and read(str(value)) is None]
            except Exception:  # noqa: BLE001 - see above
                unreadable = [constraints[key]]
            if unreadable:
                yield fault(
                    f"/fields/{number}/constraints/{key}",
                    N_("“%(value)s” is not a value of the type “%(type)s”"),
                    value=str(unreadable[0])[:80],
                    type=item["type"],
                )
        if constraints.get("unique") and item["type"] in ("array", "object", "geojson", "list"):
            yield fault(
                f"/fields/{number}/constraints/unique",
                N_("“unique” is not possible for the type “%(type)s”"),
                type=item["type"],
            )
        try:
            field.create_cell_reader()
        except Exception as error:  # noqa: BLE001 - see above
            yield fault(f"/fields/{number}", N_("The field cannot be checked: %(reason)s"), reason=str(error)[:200])


def _canonical_bounds(field: Mapping[str, Any]) -> dict[str, Any]:
    """Bounds and enums written in a lexical form of the source, rewritten in the canonical one."""
    constraints = field.get("constraints") or {}
    lexical = any(option in field for option in _LEXICAL) or (field["type"] in _TIMED and "format" in field)
    if not lexical or not any(key in constraints for key in (*_BOUNDS, "enum")):
        return {}
    from frictionless import Field

    from opendata.tabular.casting import write_text

    read = Field.from_descriptor({k: v for k, v in field.items() if k != "constraints"}).create_value_reader()
    rewritten: dict[str, Any] = {}
    for key in _BOUNDS:
        if key in constraints:
            rewritten[key] = write_text(field["type"], read(constraints[key]), str(constraints[key]))
    if "enum" in constraints:
        rewritten["enum"] = [write_text(field["type"], read(item), str(item)) for item in constraints["enum"]]
    return rewritten
