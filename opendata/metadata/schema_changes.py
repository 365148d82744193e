"""How the Table Schema of a published table differs from that of the version before, and what that breaks.

Source: the Data Package version recipe, made computable. What a reader of the old schema relies on and no longer
finds is MAJOR, and so is a promise that was made stricter; what only promises less is MINOR, words alone are PATCH.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from opendata.domain.schema import Field, TableSchema
from opendata.metadata.canonical import fingerprint
from opendata.metadata.reasons import Reason

_STRENGTHS = ("", "note", "warning", "error")
_LEAST = ("minimum", "exclusiveMinimum", "minLength")
_MOST = ("maximum", "exclusiveMaximum", "maxLength")
_COUNTED = ("minLength", "maxLength")
_NUMERIC = ("integer", "number", "year")
_LENIENCE = {"exact": 0, "equal": 1, "subset": 2, "superset": 2, "partial": 3}


def compare_schemas(resource: str, old: TableSchema, new: TableSchema) -> list[Reason]:
    """The reasons found in the schemas, as published, of two versions of a table."""
    found = [
        *_compare_columns(resource, old, new),
        *(
            reason
            for field in new.fields
            for earlier in old.fields
            if earlier.name == field.name
            for reason in _compare_fields(resource, (old, earlier), (new, field))
        ),
        *_compare_matches(resource, old, new),
        *_compare_keys(resource, old, new),
        *_compare_checks(resource, old, new),
    ]
    if not found and fingerprint(old.descriptor) != fingerprint(new.descriptor):
        found.append(Reason("schema-described", "patch", {"resource": resource}))
    return found


def _compare_columns(resource: str, old: TableSchema, new: TableSchema) -> Iterator[Reason]:
    """Columns that were added, removed or moved.

    A new one doesn't harm readers who asked for a subset of the columns.
    """
    gone = [name for name in old.names if name not in new.names]
    came = [name for name in new.names if name not in old.names]
    open_ended = old.fields_match in ("subset", "partial")
    for name in list(gone):
        later = _find_renamed(old, new, name)
        if later in came:
            gone.remove(name)
            came.remove(later)
            yield Reason("column-renamed", "major", {"resource": resource, "field": later, "old": name})
    for name in gone:
        yield Reason("column-removed", "major", {"resource": resource, "field": name})
    for name in came:
        yield Reason("column-added", "minor" if open_ended else "major", {"resource": resource, "field": name})
    kept = [name for name in old.names if name in new.names]
    if kept != [name for name in new.names if name in kept]:
        yield Reason("columns-moved", "major", {"resource": resource})


def _find_renamed(old: TableSchema, new: TableSchema, name: str) -> str:
    """The column that stands where one stood, and differs in nothing but its name."""
    place = old.names.index(name)
    if place >= len(new.fields) or len(old.fields) != len(new.fields):
        return ""
    earlier, later = (
        fingerprint({key: value for key, value in schema.fields[place].descriptor.items() if key != "name"})
        for schema in (old, new)
    )
    return new.names[place] if earlier == later else ""


def _compare_fields(resource: str, old: tuple[TableSchema, Field], new: tuple[TableSchema, Field]) -> Iterator[Reason]:
    (before, earlier), (after, field) = old, new
    place = {"resource": resource, "field": field.name}
    if _name_type(earlier) != _name_type(field):
        yield Reason("column-retyped", "major", {**place, "old": _name_type(earlier), "new": _name_type(field)})
        return
    units = (str(item.own.get("unit") or "") for item in (earlier, field))
    yield from compare_units(place, *units)
    for name, verdict in (
        *_compare_constraints(earlier, field),
        ("missingValues", _compare_missing(before.missing_values_of(earlier), after.missing_values_of(field))),
        *_compare_strengths(earlier, field),
    ):
        if verdict:
            bump = "major" if verdict == "tightened" else "minor"
            yield Reason(f"constraint-{verdict}", bump, {**place, "constraint": name})


def compare_units(place: Mapping[str, str], old: str, new: str) -> Iterator[Reason]:
    """Another unit makes every number mean something else, so it is MAJOR; one less promises less, so it is MINOR.

    A unit that is said for the first time harms nobody: words that were added are PATCH.
    """
    if old and new and old != new:
        yield Reason("unit-changed", "major", {**place, "old": old, "new": new})
    elif old and not new:
        yield Reason("unit-removed", "minor", {**place, "old": old})
    elif new and not old and "field" not in place:
        yield Reason("unit-added", "patch", {**place, "new": new})


def _name_type(field: Field) -> str:
    """The type with all that changes what a reader gets: the format of anything but text, the scale, the zone."""
    scale, zone = field.own.get("scale"), field.own.get("zone")
    form = field.format if field.type != "string" else "default"
    details = [form if form != "default" else "", f"scale {scale}" if scale is not None else "", zone or ""]
    return " ".join([field.type, *(f"({detail})" for detail in details if detail)])


def _compare_constraints(old: Field, new: Field) -> Iterator[tuple[str, str | None]]:
    """Each constraint that differs, and whether it is `tightened` or `loosened`."""
    before, after = _list_constraints(old), _list_constraints(new)
    for name in dict.fromkeys([*before, *after]):
        if name not in before:
            yield name, "tightened"
        elif name not in after:
            yield name, "loosened"
        elif fingerprint(before[name]) != fingerprint(after[name]):
            yield name, _compare_values(name, new.type, before[name], after[name])


def _list_constraints(field: Field) -> dict[str, Any]:
    """The constraints that forbid something, the format of text and the categories among them."""
    found = {name: value for name, value in field.constraints.items() if value is not False}
    if field.type == "string" and field.format != "default":
        found["format"] = field.format
    if field.categories is not None:
        found["categories"] = field.categories
        if field.descriptor.get("categoriesOrdered"):
            found["categoriesOrdered"] = found["categories"]
    return found


def _compare_values(name: str, kind: str, old: Any, new: Any) -> str | None:
    if name in ("enum", "categories"):
        before, after = ({fingerprint(item) for item in values} for values in (old, new))
        return None if before == after else "loosened" if before < after else "tightened"
    if name in (*_LEAST, *_MOST):
        try:
            before, after = (_read_bound(item, kind if name not in _COUNTED else "integer") for item in (old, new))
            if before == after:
                return None
            return "tightened" if (after > before) == (name in _LEAST) else "loosened"
        except (InvalidOperation, TypeError, ValueError):
            return "tightened"
    return "tightened"  # what cannot be compared may be stricter


def _read_bound(value: Any, kind: str) -> Any:
    """A bound as something with an order; ISO 8601 has the order of its text."""
    return Decimal(str(value)) if kind in _NUMERIC else str(value)


def _compare_missing(old: Sequence[str], new: Sequence[str]) -> str | None:
    """More texts that stand for a missing value forbid less; for readers who use the old ones, the rows are checked."""
    before, after = set(old), set(new)
    return None if before == after else "loosened" if before < after else "tightened"


def _compare_strengths(old: Field, new: Field) -> Iterator[tuple[str, str | None]]:
    before, after = old.strengths, new.strengths
    ruled = {*_list_constraints(old)} & {*_list_constraints(new)}
    for name in sorted({*before, *after} & ({"type"} | ruled)):
        verdict = _compare_strength(before.get(name, "error"), after.get(name, "error"))
        if verdict:
            yield name, verdict


def _compare_strength(old: str, new: str) -> str | None:
    return None if old == new else "tightened" if _STRENGTHS.index(new) > _STRENGTHS.index(old) else "loosened"


def _compare_matches(resource: str, old: TableSchema, new: TableSchema) -> Iterator[Reason]:
    before, after = old.fields_match, new.fields_match
    if before != after:
        bump = "minor" if _LENIENCE.get(after, 0) > _LENIENCE.get(before, 0) else "major"
        yield Reason("match-changed", bump, {"resource": resource, "old": before, "new": after})


def _compare_keys(resource: str, old: TableSchema, new: TableSchema) -> Iterator[Reason]:
    pairs = (
        ("primary key", old.primary_key, new.primary_key),
        ("unique keys", set(old.unique_keys), set(new.unique_keys)),
        ("foreign keys", set(old.foreign_keys), set(new.foreign_keys)),
    )
    for name, before, after in pairs:
        if before != after:
            yield Reason("key-changed", "major", {"resource": resource, "key": name})


def _compare_checks(resource: str, old: TableSchema, new: TableSchema) -> Iterator[Reason]:
    """Checks by name. One that says something else may be stricter; its title isn't part of what it says."""
    before, after = (dict(_list_checks(schema)) for schema in (old, new))
    for name in dict.fromkeys([*before, *after]):
        if name not in after:
            verdict = "loosened"
        elif name in before and _rule(before[name]) == _rule(after[name]):
            continue
        else:
            verdict = "tightened"
        bump = "major" if verdict == "tightened" else "minor"
        yield Reason(f"check-{verdict}", bump, {"resource": resource, "check": name})


def _list_checks(schema: TableSchema) -> Iterator[tuple[str, Mapping[str, Any]]]:
    own = schema.own
    yield from ((item["name"], item) for item in own.get("checks") or ())
    yield from ((name, {"strength": strength}) for name, strength in (own.get("strengths") or {}).items())


def _rule(check: Mapping[str, Any]) -> str:
    return fingerprint({key: value for key, value in check.items() if key not in ("title", "i18n")})
