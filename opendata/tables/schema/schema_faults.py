"""What is wrong with a Table Schema, point by point: it is hostile input until nothing is found here.

Source: Table Schema v2 (datapackage.org, 2024-06); the syntax of patterns is RE2's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from opendata.domain.moments import read_day
from opendata.domain.schema import find_own
from opendata.errors import N_, Fault, fault
from opendata.tables.limits import MAX_FIELDS
from opendata.tables.types.datetime import ZONES
from opendata.tables.types.registry import TYPES
from opendata.wording.parser_faults import explain_pattern

if TYPE_CHECKING:
    import frictionless

MAX_PATTERN_LENGTH = 2000
MAX_DEPTH = 32

FIELDS_MATCH = ("exact", "equal", "subset", "superset", "partial")
STRENGTHS = ("error", "warning", "note")
MAX_STRICT_RULES = 64 * 1024
"""How long a JSON Schema within a field may be, written out."""

BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
"""The constraints whose values are of the field's own type."""


def find_shape_faults(descriptor: object) -> Iterable[Fault]:
    """What keeps a descriptor from having the shape of a Table Schema at all."""
    if not isinstance(descriptor, Mapping):
        yield fault("", N_("A schema must be a JSON object with a list “fields”"))
        return
    if _is_deeper(descriptor, MAX_DEPTH):
        yield fault("", N_("The schema is nested deeper than %(limit)s levels"), limit=MAX_DEPTH)
        return
    try:
        json.dumps(descriptor, ensure_ascii=False, allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        yield fault("", N_("The schema can't be written as JSON: %(reason)s"), reason=str(error)[:200])
        return
    found = descriptor.get("fields")
    if not isinstance(found, list) or not found:
        yield fault("/fields", N_("A schema needs a list “fields” with at least one field"))
        return
    if len(found) > MAX_FIELDS:
        yield fault(
            "/fields",
            N_("A schema can have at most %(limit)s fields. This one has %(count)s"),
            limit=MAX_FIELDS,
            count=len(found),
        )
        return
    for number, item in enumerate(found):
        if not isinstance(item, Mapping) or not isinstance(item.get("name"), str) or not item["name"]:
            yield fault(f"/fields/{number}", N_("Each field must be an object with a “name”"))
        elif "$ref" in item or (isinstance(item.get("constraints"), Mapping) and "$ref" in item["constraints"]):
            yield fault(
                f"/fields/{number}",
                N_("References (“$ref”) to other places aren't followed. Write the field in full"),
            )
    if "$ref" in descriptor:
        yield fault("/$ref", N_("References (“$ref”) to other places aren't followed. Write the schema in full"))
    if not _is_missing_values(descriptor.get("missingValues", [])):
        yield fault("/missingValues", N_("“missingValues” must be a list of text values"))
    if descriptor.get("fieldsMatch", "exact") not in FIELDS_MATCH:
        yield fault("/fieldsMatch", N_("“fieldsMatch” must be one of %(names)s"), names=", ".join(FIELDS_MATCH))
    unique_keys = descriptor.get("uniqueKeys") or []
    if not isinstance(unique_keys, list) or not all(isinstance(key, list) and _is_names(key) for key in unique_keys):
        yield fault("/uniqueKeys", N_("“uniqueKeys” must be a list of lists of field names"))
    if not _is_names(descriptor.get("primaryKey") or []):
        yield fault("/primaryKey", N_("“primaryKey” must be the name of a field or a list of field names"))
    own = descriptor.get("opendata")
    yield from _find_foreign_faults("/foreignKeys", descriptor.get("foreignKeys") or [])
    if isinstance(own, Mapping):
        yield from _find_foreign_faults("/opendata/foreignKeys", own.get("foreignKeys") or [])


_PUBLISHED = re.compile(r"[a-z0-9][a-z0-9_-]{1,99}@[0-9]{1,9}\.[0-9]{1,9}\.[0-9]{1,9}")


def _find_foreign_faults(place: str, foreign_keys: object) -> Iterable[Fault]:
    if not isinstance(foreign_keys, list):
        yield fault(place, N_("“%(key)s” must be a list"), key="foreignKeys")
        return
    for number, foreign in enumerate(foreign_keys):
        reference = foreign.get("reference") if isinstance(foreign, Mapping) else None
        if (
            not isinstance(reference, Mapping)
            or not _is_names(foreign.get("fields"))
            or not _is_names(reference.get("fields"))
            or not isinstance(reference.get("resource", ""), str)
        ):
            yield fault(f"{place}/{number}", N_("A foreign key must have “fields” and a “reference” with “fields”"))
        elif reference.get("resource", "").startswith(("http:", "https:")):
            yield fault(
                f"{place}/{number}/reference",
                N_(
                    "A foreign key can refer to resources of its own package or of a published dataset, but not"
                    " to web addresses"
                ),
            )
        elif "package" in reference and not (
            isinstance(reference["package"], str)
            and _PUBLISHED.fullmatch(reference["package"])
            and reference.get("resource")
        ):
            yield fault(
                f"{place}/{number}/reference",
                N_("A key to a published dataset must give its version, as in “dataset@1.0.0”, and name a “resource”"),
            )


def _is_names(value: object) -> bool:
    return isinstance(value, str) or (isinstance(value, list) and all(isinstance(name, str) for name in value))


def _is_missing_values(found: object) -> bool:
    return isinstance(found, list) and all(
        isinstance(item.get("value") if isinstance(item, Mapping) else item, str) for item in found
    )


def _is_deeper(value: object, limit: int) -> bool:
    parts = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return bool(parts) and (limit == 0 or any(_is_deeper(part, limit - 1) for part in parts))


def find_field_faults(fields: Sequence[Mapping[str, Any]]) -> Iterable[Fault]:
    """What is wrong with the fields of a descriptor of the right shape, one by one."""
    seen: set[str] = set()
    for number, item in enumerate(fields):
        place = f"/fields/{number}"
        if item["name"] in seen:
            yield fault(place, N_("Two fields have the same name “%(name)s”"), name=item["name"])
        seen.add(item["name"])
        if not isinstance(item["type"], str) or item["type"] not in TYPES:
            yield fault(f"{place}/type", N_("“%(type)s” isn't a type of Table Schema"), type=item["type"])
        for key in ("title", "description", "format"):
            if not isinstance(item.get(key, ""), str):
                yield fault(f"{place}/{key}", N_("“%(key)s” must be text"), key=key)
        constraints = item.get("constraints")
        if constraints is not None and not isinstance(constraints, Mapping):
            yield fault(f"{place}/constraints", N_("“constraints” must be an object"))
        elif constraints and "pattern" in constraints:
            yield from find_pattern_faults(f"{place}/constraints/pattern", constraints["pattern"])
        if constraints and isinstance(constraints, Mapping) and constraints.get("jsonSchema") is not None:
            yield from _find_json_faults(f"{place}/constraints/jsonSchema", item["type"], constraints["jsonSchema"])
        if item.get("categories") is not None:
            yield from _find_category_faults(place, item)
        yield from find_strength_faults(place, item)
        scale = (item.get("opendata") or {}).get("scale") if isinstance(item.get("opendata", {}), Mapping) else "?"
        if scale is not None and (not isinstance(scale, int) or isinstance(scale, bool) or not 0 <= scale <= 37):
            yield fault(f"{place}/opendata/scale", N_("“scale” must be a whole number from 0 to 37"))
        zone = find_own(item).get("zone")
        if zone is not None and (zone not in ZONES or item["type"] != "datetime"):
            names = ", ".join(ZONES)
            yield fault(
                f"{place}/opendata/zone", N_("“zone” must be one of %(names)s, on a date and time"), names=names
            )


def find_pattern_faults(place: str, pattern: object) -> Iterable[Fault]:
    """What keeps a pattern from being run safely."""
    if not isinstance(pattern, str) or len(pattern) > MAX_PATTERN_LENGTH:
        yield fault(place, N_("A pattern must be text with at most %(limit)s characters"), limit=MAX_PATTERN_LENGTH)
        return
    import re2

    from opendata.tables.schema.engine import compile_pattern

    try:
        compile_pattern(pattern)
    except (re2.error, UnicodeEncodeError) as error:
        message = N_(
            "The pattern “%(pattern)s” can't be run safely (%(reason)s). Look-around and back-references aren't allowed"
        )
        yield fault(place, message, pattern=pattern[:80], reason=explain_pattern(error))


def _find_json_faults(place: str, kind: object, rules: object) -> Iterable[Fault]:
    """What is wrong with a JSON Schema for the values of a field."""
    if kind not in ("array", "object"):
        yield fault(place, N_("“jsonSchema” is only for the types “object” and “array”"))
    elif not isinstance(rules, Mapping):
        yield fault(place, N_("“jsonSchema” must be an object"))
    elif len(json.dumps(rules)) > MAX_STRICT_RULES:
        yield fault(place, N_("“jsonSchema” can have at most %(limit)s characters"), limit=MAX_STRICT_RULES)
    elif _mentions(rules, ("$ref", "$dynamicRef", "$recursiveRef")):
        yield fault(place, N_("References (“$ref”) in “jsonSchema” aren't followed. Write the rules in full"))
    else:
        from jsonschema import SchemaError

        from opendata.tables.schema.engine import build_json_validator, list_patterns

        try:
            build_json_validator(rules)
        except SchemaError as error:
            where = "/".join(map(str, error.absolute_path)) or "/"
            message = N_("“jsonSchema” isn't a valid JSON Schema. Look at “%(place)s”")
            yield fault(place, message, place=where[:200])
            return
        for pattern in list_patterns(rules):
            yield from find_pattern_faults(place, pattern)


def _mentions(value: object, names: Sequence[str]) -> bool:
    if isinstance(value, Mapping):
        return any(name in value for name in names) or any(_mentions(part, names) for part in value.values())
    return isinstance(value, list) and any(_mentions(part, names) for part in value)


def _find_category_faults(place: str, item: Mapping[str, Any]) -> Iterable[Fault]:
    found, wanted = item["categories"], getattr(TYPES.get(str(item["type"])), "enum_kind", None)
    if wanted is None:
        yield fault(f"{place}/categories", N_("“categories” is only for the types “string” and “integer”"))
        return
    values = (
        [part.get("value") if isinstance(part, Mapping) else part for part in found] if isinstance(found, list) else []
    )
    assert found is not None  # noqa: S101 - told by the caller
    if not values or not all(type(value) is wanted for value in values):
        yield fault(
            f"{place}/categories",
            N_("“categories” must be a list of values of the field's type, or of objects with “value” and “label”"),
        )
        return
    labels = [part["label"] for part in found if isinstance(part, Mapping) and part.get("label") is not None]
    if len(set(map(str, values))) < len(values) or len(set(map(str, labels))) < len(labels):
        yield fault(f"{place}/categories", N_("Each category and each label can appear only once in “categories”"))
    enum = item["constraints"].get("enum") if isinstance(item.get("constraints"), Mapping) else None
    outside = [value for value in enum if value not in values] if isinstance(enum, list) else []
    if outside:
        yield fault(f"{place}/constraints/enum", N_("“%(value)s” isn't one of the categories"), value=outside[0])


def find_strength_faults(place: str, descriptor: Mapping[str, Any]) -> Iterable[Fault]:
    """What is wrong with the strengths of a field's or a schema's rules."""
    own = descriptor.get("opendata")
    if not isinstance(own, Mapping):  # not ours: others may have written it
        return
    strengths = own.get("strengths")
    if strengths is None:
        return
    if not isinstance(strengths, Mapping) or not all(value in STRENGTHS for value in strengths.values()):
        yield fault(
            f"{place}/opendata/strengths",
            N_("“strengths” must be an object: the name of a rule, and error, warning or note"),
        )
    elif "type" in strengths:
        yield fault(f"{place}/opendata/strengths", N_("A value of the wrong type is always an error"))


_NO_FIELD = N_("The key must name at least one field")


def find_key_faults(descriptor: Mapping[str, Any]) -> Iterable[Fault]:
    """What is wrong with the keys of a descriptor of the right shape."""
    names = {item["name"] for item in descriptor["fields"]}
    for name in descriptor.get("primaryKey", ()):
        if name not in names:
            yield fault("/primaryKey", N_("The key names a field “%(name)s” that isn't in the schema"), name=name)
    for number, unique_key in enumerate(descriptor.get("uniqueKeys", ())):
        if not unique_key:
            yield fault(f"/uniqueKeys/{number}", _NO_FIELD)
        for name in unique_key:
            if name not in names:
                place = f"/uniqueKeys/{number}"
                yield fault(place, N_("The key names a field “%(name)s” that isn't in the schema"), name=name)
    yield from find_strength_faults("", descriptor)
    for number, key in enumerate(descriptor.get("foreignKeys", ())):
        if not key["fields"]:
            yield fault(f"/foreignKeys/{number}", _NO_FIELD)
        for name in key["fields"]:
            if name not in names:
                yield fault(
                    f"/foreignKeys/{number}",
                    N_("The key names a field “%(name)s” that isn't in the schema"),
                    name=name,
                )
        if len(key["fields"]) != len(key["reference"]["fields"]):
            yield fault(f"/foreignKeys/{number}", N_("A foreign key must have as many fields as its reference"))


def find_engine_faults(
    descriptor: Mapping[str, Any], build: Callable[[Mapping[str, Any]], frictionless.Schema]
) -> Iterable[Fault]:
    """What the engine's schema, made by `build`, does not take: its own rules, and values its readers cannot read."""
    doubtful = [number for number, item in enumerate(descriptor["fields"]) if not _is_certain(item)]
    if not doubtful:
        return
    from frictionless import FrictionlessException

    try:
        engine = build(
            {**descriptor, "primaryKey": [], "fields": [descriptor["fields"][number] for number in doubtful]}
        )
    except FrictionlessException as error:
        for reason in error.reasons or [error.error]:
            yield fault("", "%(note)s", note=reason.note)
        return
    except Exception as error:  # noqa: BLE001 - a hostile descriptor may break the engine in ways of its own
        yield fault("", N_("The schema can't be read: %(reason)s"), reason=f"{type(error).__name__}: {error}")
        return
    for number, field in zip(doubtful, engine.fields, strict=True):
        item = descriptor["fields"][number]
        constraints = item.get("constraints") or {}
        given = {f"constraints/{key}": [constraints[key]] for key in BOUNDS if key in constraints}
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
                    N_("“%(value)s” isn't a value of the type “%(type)s”"),
                    value=str(unreadable[0])[:80],
                    type=item["type"],
                )
        if item["type"] in ("array", "object", "geojson", "list") and (
            constraints.get("unique") or item["name"] in _list_key_names(descriptor)
        ):
            yield fault(
                f"/fields/{number}",
                N_("“unique” and keys aren't possible for the type “%(type)s”"),
                type=item["type"],
            )
        try:
            field.create_cell_reader()
        except Exception as error:  # noqa: BLE001 - see above
            yield fault(f"/fields/{number}", N_("The field can't be checked: %(reason)s"), reason=str(error)[:200])


def _list_key_names(descriptor: Mapping[str, Any]) -> set[str]:
    keys = [descriptor.get("primaryKey", ()), *descriptor.get("uniqueKeys", ())]
    return {name for key in keys for name in key}


_PLAIN_KEYS = frozenset(["name", "type", "title", "description", "constraints", "opendata", "rdfType"])
_CERTAIN_TYPES = ("any", "boolean", "date", "datetime", "integer", "number", "string")


def _is_certain(item: Mapping[str, Any]) -> bool:
    """Whether a field is so plain that frictionless certainly takes it; nearly all are."""
    constraints = item.get("constraints") or {}
    return (
        (TYPES[item["type"]].is_own or item["type"] in _CERTAIN_TYPES)
        and _PLAIN_KEYS.issuperset(item)
        and isinstance(item.get("rdfType", ""), str)
        and all(_is_certain_rule(item["type"], name, value) for name, value in constraints.items())
    )


def _is_certain_rule(kind: str, name: str, value: object) -> bool:
    match name:
        case "required" | "unique":
            return isinstance(value, bool)
        case "minLength" | "maxLength":
            return kind == "string" and type(value) is int
        case "pattern":
            return kind == "string"
        case "enum":
            wanted = TYPES[kind].enum_kind
            return wanted is not None and isinstance(value, list) and all(type(item) is wanted for item in value)
        case "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum":
            if kind == "date":
                return read_day(value) is not None
            return (kind == "integer" and type(value) is int) or (kind == "number" and type(value) in (int, float))
    return False
