"""What becomes of a schema when steps change the columns that it is for.

In, fields 地区, 2018年, 2019年, and an unpivot    Out: 地区 as it was, year and value (proposed, as text); two are gone
In, the field a, and a renamed to b               Out: the field b, otherwise as it was
In, a field that the file doesn't have            Out: nothing, the check says that it is missing

Marks in the schema say what came of it (`tables/schema/origins`): the fields that are gone come back when a step is
undone, and so do the rules that were dropped.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from opendata.domain.recipes import Recipe
from opendata.domain.schema import find_own
from opendata.recipes.headers import join_labels
from opendata.recipes.verbs import DROP, JOIN_HEADERS, RENAME, REORDER, UNPIVOT
from opendata.tables.schema.header import make_distinct
from opendata.tables.schema.origins import BY_STEP, PROPOSED, STEPS, with_own, without_own


def follow_columns(
    schema: Mapping[str, Any], recipe: Recipe, labels: Sequence[str], columns: Sequence[str]
) -> dict[str, Any] | None:
    """The schema for the columns that come out of the steps, from the labels of the file; None where it stays as it is.

    A column that the steps didn't make, and that the schema doesn't have, is left to the check; so is a missing one.
    """
    kept = find_own(schema).get(STEPS) or {}
    gone: dict[str, Mapping[str, Any]] = {item["name"]: item for item in kept.get("gone", ())}
    joined = _find_joined(schema, recipe, labels, columns)
    labels = make_distinct(labels)
    renamed: dict[str, str] = dict(kept.get("renamed") or {})  # what it is called now → what it was called
    renames = {
        **_find_renames(schema, recipe, columns, joined),
        **{new: old for new, old in renamed.items() if (new not in columns or new in gone) and old in columns},
    }
    replaced = {last for first, last in renames.items() if last != first} - renames.keys()
    fields: dict[str, Mapping[str, Any]] = {}
    for item in schema["fields"]:
        name = renames.get(item["name"], item["name"])
        if item["name"] in replaced:
            gone[name] = item
        elif name in columns or not (item["name"] in labels or find_own(item).get(PROPOSED) == BY_STEP):
            # the row that joined the header was among its cells when its type was proposed
            is_open = item["name"] in joined and find_own(item).get(PROPOSED) and item.get("type") == "string"
            fields[name] = with_own({**item, "name": name}, {PROPOSED: BY_STEP} if is_open else {})
        elif find_own(item).get(PROPOSED) != BY_STEP:
            gone[name] = item
    for name in columns:
        if name not in fields and name in gone:
            fields[name] = gone.pop(name)
        elif name not in fields and name not in labels:
            fields[name] = with_own({"name": name, "type": "string"}, {PROPOSED: BY_STEP})
    is_moved = STEPS in find_own(schema) or any(step.verb in (REORDER, UNPIVOT) for step in recipe.steps)
    moves = is_moved or set(fields) != _list_names(schema)
    if moves and set(fields) == set(columns):
        fields = {name: fields[name] for name in columns}
    if list(fields.values()) == schema["fields"] and [*gone.values()] == [*kept.get("gone", ())]:
        return None
    found, keys = _follow_keys({**schema, "fields": list(fields.values())}, kept.get("keys", ()), renames, set(fields))
    again = {new: old for new, old in renamed.items() if new in fields and old not in fields}
    again |= {new: renamed.get(old, old) for old, new in renames.items() if renamed.get(old) != new}
    return with_own(found, {STEPS: {**kept, "gone": list(gone.values()), "keys": keys, "renamed": again}})


def _find_joined(
    schema: Mapping[str, Any], recipe: Recipe, labels: Sequence[str], columns: Sequence[str]
) -> Mapping[str, str]:
    """The names of fields whose columns got another one from a second header row."""
    names, joined = _list_names(schema), list(labels)
    for step in recipe.steps:
        if step.verb == JOIN_HEADERS:
            joined = join_labels(joined, step.params["labels"])
    pairs = zip(make_distinct(labels), make_distinct(joined), strict=False)
    return {old: new for old, new in pairs if old != new and old in names and old not in columns}


def _find_renames(
    schema: Mapping[str, Any], recipe: Recipe, columns: Sequence[str], joined: Mapping[str, str]
) -> Mapping[str, str]:
    """The names of fields that have another one after the steps."""
    names = _list_names(schema)
    found = dict(joined)
    for step in recipe.steps:
        if step.verb == DROP:
            names.discard(step.field)  # another column may have its name now
        if step.verb != RENAME:
            continue
        first = next((name for name, last in found.items() if last == step.field), step.field)
        if first in names and first not in columns and step.params["to"] not in names:
            found[first] = step.params["to"]
    return {name: last for name, last in found.items() if last in columns}


def _follow_keys(
    schema: dict[str, Any], fallen: Sequence[Mapping[str, Any]], renames: Mapping[str, str], names: set[str]
) -> tuple[dict[str, Any], Sequence[Mapping[str, Any]]]:
    """The schema with the keys of columns that it has, and the keys that fell: their `kind` and their `fields`."""
    keys = [*_list_keys(schema), *fallen]
    keys = [{**key, "fields": [renames.get(name, name) for name in key["fields"]]} for key in keys]
    kept = [key for key in keys if names.issuperset(key["fields"])]
    found = {name: value for name, value in schema.items() if name not in _KEYS}
    for kind in _KEYS:
        own = [key for key in kept if key["kind"] == kind]
        match kind:
            case "primaryKey" if own:
                found[kind] = own[0]["fields"]
            case "uniqueKeys" if own:
                found[kind] = [key["fields"] for key in own]
            case "foreignKeys" if own:
                found[kind] = [{**key["key"], "fields": key["fields"]} for key in own]
    return found, [key for key in keys if not names.issuperset(key["fields"])]


def _list_keys(schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    def spell(fields: Any) -> list[str]:
        return [fields] if isinstance(fields, str) else list(fields)

    if schema.get("primaryKey"):
        yield {"kind": "primaryKey", "fields": spell(schema["primaryKey"])}
    for key in schema.get("uniqueKeys") or ():
        yield {"kind": "uniqueKeys", "fields": spell(key)}
    for key in schema.get("foreignKeys") or ():
        yield {"kind": "foreignKeys", "fields": spell(key["fields"]), "key": key}


_KEYS = ("primaryKey", "uniqueKeys", "foreignKeys")


def find_broken(
    schema: Mapping[str, Any], recipe: Recipe, broken: Sequence[tuple[str, str]]
) -> Iterator[tuple[str, str, bool]]:
    """Which rules steps may have made false: field, name of the constraint, and whether it was only proposed.

    `broken` are the rules that cells break: field and constraint.
    """
    touched = _list_touched(recipe)
    for item in schema.get("fields", ()):
        for name, rule in broken:
            if name == item["name"] and name in touched and rule in (item.get("constraints") or {}):
                yield name, rule, bool(find_own(item).get(PROPOSED))


def loosen(schema: Mapping[str, Any], rules: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """The schema without some constraints of its fields, which are kept beside it."""
    dropped = {name: dict(items) for name, items in ((find_own(schema).get(STEPS) or {}).get("loosened") or {}).items()}
    fields = []
    for item in schema["fields"]:
        constraints = dict(item.get("constraints") or {})
        for rule in [rule for name, rule in rules if name == item["name"] and rule in constraints]:
            dropped.setdefault(item["name"], {})[rule] = constraints.pop(rule)
        plain = {key: value for key, value in item.items() if key != "constraints"}
        fields.append({**plain, **({"constraints": constraints} if constraints else {})})
    kept = find_own(schema).get(STEPS) or {}
    return with_own({**schema, "fields": fields}, {STEPS: {**kept, "loosened": dropped}})


def tighten(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema with the constraints that steps made false, before other steps are tried."""
    kept = dict(find_own(schema).get(STEPS) or {})
    dropped = kept.pop("loosened", None) or {}
    fields = [
        {**item, "constraints": {**(item.get("constraints") or {}), **dropped[item["name"]]}}
        if item.get("name") in dropped
        else item
        for item in schema["fields"]
    ]
    return with_own(without_own({**schema, "fields": fields}, STEPS), {STEPS: kept} if kept else {})


def _list_touched(recipe: Recipe) -> set[str]:
    """The columns whose cells steps may change, by their last names."""
    found: set[str] = set()
    for step in recipe.steps:
        if step.verb == RENAME and step.field in found:
            found = {*found - {step.field}, step.params["to"]}
        elif step.verb == UNPIVOT:
            found |= {step.params["name"], step.params["value"]}
        elif step.field and step.verb not in (DROP, RENAME):
            found.add(step.field)
    return found


def _list_names(schema: Mapping[str, Any]) -> set[str]:
    return {item["name"] for item in schema["fields"]}
