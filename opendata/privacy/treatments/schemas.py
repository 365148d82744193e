"""The Table Schema of a treated table: rules that treated values can't keep fall, and so do keys on them.

Source: Table Schema v2; what is ours sits in objects named `opendata`.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from opendata.domain.privacy import Generalisation, Treatment
from opendata.domain.schema import Field, TableSchema, find_own
from opendata.privacy.treatments.decisions import Aggregation, Decision, Decisions

_KEPT = ("name", "title", "description", "rdfType")
_KEPT_OWN = ("i18n", "aliases")
_NULL_PRONE = (Treatment.GENERALISE,)
COUNT = "count"
"""The column of an aggregated table that says how many rows a group has; null where it is suppressed."""


def treat_schema(schema: TableSchema, decisions: Decisions) -> TableSchema:
    """The schema that the rows have once the decisions about columns are applied.

    A dropped column is gone. A changed one is text without pattern, enum and bounds (the year of a date: a year). Keys
    with such a column fall, except that pseudonyms of unique values are unique too. Foreign keys on it always fall,
    and so do checks that read it.
    """
    found = copy.deepcopy(dict(schema.descriptor))
    changed = {item.field: item for item in decisions.columns if item.changes_values}
    found["fields"] = [
        _treat_field(schema, field, changed[field.name]) if field.name in changed else dict(field.descriptor)
        for field in schema.fields
        if field.name not in changed or changed[field.name].treatment is not Treatment.DROP
    ]
    unstable = {name for name, item in changed.items() if item.treatment is not Treatment.PSEUDONYMISE}
    _drop_keys(found, schema, changed.keys(), unstable)
    _drop_checks(found, schema, changed.keys())
    return TableSchema(found)


def hide_rules(schema: TableSchema, decisions: Decisions) -> TableSchema:
    """A schema without its rules for columns that aren't published as they are.

    Of these only the name and the type stay: lists of values, patterns and bounds may have the data itself in them.
    """
    hidden = {item.field for item in decisions.columns if item.changes_values or item.treatment is Treatment.AGGREGATE}
    if decisions.aggregation is not None:
        shown = {*decisions.aggregation.by, *decisions.aggregation.sums}
        hidden |= {name for name in schema.names if name not in shown}
    found = copy.deepcopy(dict(schema.descriptor))
    found["fields"] = [
        {"name": item.name, "type": item.type} if item.name in hidden else dict(item.descriptor)
        for item in schema.fields
    ]
    _drop_checks(found, schema, hidden)
    return TableSchema(found)


def aggregate_schema(schema: TableSchema, aggregation: Aggregation) -> TableSchema:
    """The schema of the counts that replace the rows of `schema`: the columns counted by, counts, sums."""
    fields = {item.name: item for item in schema.fields}
    by = [_describe_group(fields[name]) for name in aggregation.by]
    count = {"name": name_count(aggregation), "type": "integer", "constraints": {"minimum": 0}}
    sums = [_describe_sum(name_sum(aggregation, name), fields[name]) for name in aggregation.sums]
    kept = {key: value for key, value in schema.descriptor.items() if key in ("$schema", "missingValues")}
    return TableSchema({**kept, "fields": [*by, count, *sums]})


def _describe_sum(name: str, field: Field) -> dict[str, Any]:
    """The descriptor of a column of sums: as many decimals as the column summed."""
    scale = field.own.get("scale") if field.type == "number" else None
    found: dict[str, Any] = {"name": name, "type": field.type}
    return found if scale is None else {**found, "opendata": {"scale": scale}}


def name_count(aggregation: Aggregation) -> str:
    """The name of the column of counts: one that no other column has."""
    name = COUNT
    while name in (*aggregation.by, *(f"{item}_sum" for item in aggregation.sums)):
        name = f"row_{name}"
    return name


def name_sum(aggregation: Aggregation, field: str) -> str:
    """The name of the column of sums of a field."""
    name = f"{field}_sum"
    return name if name not in aggregation.by else f"{name}_sum"


def _treat_field(schema: TableSchema, field: Field, decision: Decision) -> dict[str, Any]:
    """The descriptor of a column whose values are changed."""
    found = {key: field.descriptor[key] for key in _KEPT if key in field.descriptor}
    found["type"] = _choose_type(decision)
    constraints: dict[str, Any] = {}
    if field.is_required and decision.treatment not in _NULL_PRONE:
        constraints["required"] = True
    if decision.treatment is Treatment.PSEUDONYMISE and field.constraints.get("unique"):
        constraints["unique"] = True
    if constraints:
        found["constraints"] = constraints
    own = {key: value for key, value in field.own.items() if key in _KEPT_OWN}
    if own:
        found["opendata"] = own
    missing = schema.missing_values_of(field)
    if any("*" in text or len(text) >= 4 for text in missing):
        found["missingValues"] = [""]  # a masked value could be written like one of these
    elif "missingValues" in field.descriptor:
        found["missingValues"] = field.descriptor["missingValues"]
    return found


def _choose_type(decision: Decision) -> str:
    if decision.to is Generalisation.YEAR:
        return "year"
    return "yearmonth" if decision.to is Generalisation.MONTH else "string"


def _drop_keys(found: dict[str, Any], schema: TableSchema, changed: Any, unstable: set[str]) -> None:
    """Leave out the keys that no longer hold."""
    if unstable.intersection(schema.primary_key):
        found.pop("primaryKey")
    unique = [list(key) for key in schema.unique_keys if not unstable.intersection(key)]
    _put(found, "uniqueKeys", unique)
    names = set(changed)
    for holder in (found, found.get("opendata")):
        if isinstance(holder, dict) and holder.get("foreignKeys"):
            _put(holder, "foreignKeys", [key for key in holder["foreignKeys"] if not names & _list_key_fields(key)])


def _list_key_fields(key: Mapping[str, Any]) -> set[str]:
    """The fields of this table that a foreign key has: its own, and for a key within the table those it refers to."""

    def spell(names: object) -> set[str]:
        return {names} if isinstance(names, str) else set(names) if isinstance(names, list) else set()

    reference = key.get("reference") or {}
    own = spell(key.get("fields"))
    return own | (spell(reference.get("fields")) if reference.get("resource", "") in ("", "self") else set())


def _drop_checks(found: dict[str, Any], schema: TableSchema, changed: Any) -> None:
    """Leave out the checks of rows that read a changed column."""
    own = find_own(found)
    if not own.get("checks"):
        return
    from opendata.tables.check.rules.checks import build_checks

    names = set(changed)
    kept = [
        check
        for check, built in zip(own["checks"], build_checks(schema.descriptor), strict=True)
        if not names.intersection(built.fields)
    ]
    found["opendata"] = dict(own)
    _put(found["opendata"], "checks", kept)
    if not found["opendata"]:
        del found["opendata"]


def _put(holder: dict[str, Any], key: str, values: list[Any]) -> None:
    if values:
        holder[key] = values
    else:
        holder.pop(key, None)


def _describe_group(field: Field) -> dict[str, Any]:
    """The descriptor of a column that rows are counted by: its values stay, but each can appear more than once."""
    found = dict(field.descriptor)
    constraints = {key: value for key, value in field.constraints.items() if key != "unique"}
    found.pop("constraints", None)
    return {**found, "constraints": constraints} if constraints else found
