"""A recipe as JSON, written and read: `{"steps": [{"verb": …, "field": …, …parameters}]}`.

The form of earlier releases, `{"repairs": [{"fieldName": …, "kind": …}]}`, is still read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from opendata.domain.recipes import REPAIR, Recipe, Step
from opendata.errors import N_, Fault, InvalidMetadataError, Listed, fault
from opendata.recipes.columns import MONTHS, YEARS
from opendata.recipes.rows import TEXT, TOTALS
from opendata.recipes.verbs import ONE_FILE, UNPIVOT, VERBS, Kind, Verb
from opendata.tables.limits import MAX_FIELDS
from opendata.tables.repair.repairs import REPAIRS

MOST_STEPS = 2000
"""At most this many steps are kept of a table, beside its repairs."""

_LONGEST = 10_000
_REFUSED = N_("The list of steps can't be used")


def describe_recipe(recipe: Recipe) -> dict[str, Any]:
    """A recipe as JSON."""
    return {"steps": [describe_step(step) for step in recipe.steps]}


def describe_step(step: Step) -> dict[str, Any]:
    """A step as JSON."""
    return {"verb": step.verb, **({"field": step.field} if step.field else {}), **step.params}


def read_recipe(source: object) -> Recipe:
    """Read a recipe from JSON that anyone may have written; whether its columns exist is not asked.

    Raises `InvalidMetadataError` with one fault per point.
    """
    if isinstance(source, Mapping) and set(source) == {"repairs"}:
        return read_repairs(source["repairs"])
    if not isinstance(source, Mapping) or set(source) != {"steps"}:
        raise InvalidMetadataError(
            _REFUSED, faults=[fault("", N_("A recipe must be a JSON object with “steps” and nothing else"))]
        )
    items = _require_list("steps", source["steps"], MOST_STEPS + MAX_FIELDS * len(REPAIRS))
    faults = [found for number, item in enumerate(items) for found in _find_faults(f"/steps/{number}", item)]
    if faults:
        raise InvalidMetadataError(_REFUSED, faults=faults)
    if sum(item["verb"] != REPAIR for item in items) > MOST_STEPS:
        raise _refuse_many("steps", MOST_STEPS)
    if sum(item["verb"] == UNPIVOT for item in items) > 1:
        text = N_("Columns can be turned into rows once only: each time multiplies the rows")
        raise InvalidMetadataError(_REFUSED, faults=[fault("/steps", text)])
    steps: list[Step] = []
    for item in items:
        step = _read_step(item)
        if step.verb != REPAIR or step not in steps:
            steps.append(step)
    return Recipe(tuple(steps))


def read_repairs(source: object) -> Recipe:
    """Read the repairs of wrong cells alone: `[{"fieldName": …, "kind": …}]`. Raises `InvalidMetadataError`."""
    items = _require_list("repairs", source, MAX_FIELDS * len(REPAIRS))
    faults = [found for number, item in enumerate(items) for found in _find_repair_faults(number, item)]
    if faults:
        raise InvalidMetadataError(N_("The list of repairs can't be used"), faults=faults)
    given = {(item["fieldName"], item["kind"]) for item in items}
    names = dict.fromkeys(item["fieldName"] for item in items)
    return Recipe(
        tuple(Step(REPAIR, name, {"kind": kind}) for name in names for kind in REPAIRS if (name, kind) in given)
    )


def replace_repairs(recipe: Recipe, repairs: Recipe) -> Recipe:
    """A recipe with other repairs of wrong cells; its other steps stay."""
    return Recipe((*(step for step in recipe.steps if step.verb != REPAIR), *repairs.steps))


def _require_list(key: str, source: object, limit: int) -> Sequence[Any]:
    if not isinstance(source, list):
        raise InvalidMetadataError(_REFUSED, faults=[fault(f"/{key}", N_("“%(key)s” must be a list"), key=key)])
    if len(source) > limit:
        raise _refuse_many(key, limit)
    return source


def _refuse_many(key: str, limit: int) -> InvalidMetadataError:
    text = N_("There are more than %(limit)s steps")
    return InvalidMetadataError(_REFUSED, faults=[fault(f"/{key}", text, limit=limit)])


def _find_repair_faults(number: int, item: object) -> Iterator[Fault]:
    place = f"/repairs/{number}"
    if not isinstance(item, Mapping) or set(item) != {"fieldName", "kind"}:
        yield fault(place, N_("Each repair must be an object with “fieldName” and “kind” and nothing else"))
        return
    name, kind = item["fieldName"], item["kind"]
    if not _is_text(name) or not name:
        yield fault(f"{place}/fieldName", N_("“fieldName” must be the name of a field"))
    if not isinstance(kind, str) or kind not in REPAIRS:
        yield fault(f"{place}/kind", N_("“kind” must be one of %(names)s"), names=Listed(REPAIRS))


def _find_faults(place: str, item: object) -> Iterator[Fault]:
    """What keeps a step from being one."""
    if not isinstance(item, Mapping) or not isinstance(item.get("verb"), str) or item["verb"] not in VERBS:
        yield fault(f"{place}/verb", N_("“verb” must be one of %(names)s"), names=Listed(VERBS))
        return
    verb = VERBS[item["verb"]]
    known = {"verb", *verb.needed, *verb.optional, *(["field"] if verb.has_field else [])}
    for name in item:
        if name not in known:
            yield fault(f"{place}/{str(name)[:100]}", N_("This option doesn't exist"))
    if verb.has_field and (not _is_text(item.get("field")) or not item["field"]):
        yield fault(f"{place}/field", N_("“field” must be the name of a column"))
    for name, kind in (*verb.needed.items(), *verb.optional.items()):
        if name not in item:
            if name in verb.needed:
                yield fault(f"{place}/{name}", N_("This is missing"))
        elif not _is_of(kind, item[name]):
            yield fault(f"{place}/{name}", _WRONG[kind], **_NAMES.get(kind, {}))
    yield from _find_contradictions(place, item)


def _find_contradictions(place: str, item: Mapping[str, Any]) -> Iterator[Fault]:
    match item["verb"]:
        case "edit" if "row" not in item and not item.get("key"):
            yield fault(place, N_("An edit needs “row” or “key” to say which cell is meant"))
        case "leave-out" if item.get("what") == TEXT and "text" not in item:
            yield fault(f"{place}/text", N_("This is missing"))
        case "split-unit" if ("unit" in item) == ("to" in item):
            yield fault(place, N_("Give either “unit”, which all cells have, or “to”, a column for the units"))


def _is_text(value: object) -> bool:
    """Whether it can be stored: it isn't endless, and has no half of a surrogate pair and no NUL."""
    return (
        isinstance(value, str)
        and len(value) <= _LONGEST
        and "\0" not in value
        and not any("\ud800" <= character <= "\udfff" for character in value)
    )


def _are_texts(value: object, *, least: int = 1, may_be_empty: bool = False) -> bool:
    return (
        isinstance(value, list)
        and least <= len(value) <= MAX_FIELDS
        and all(_is_text(item) and (item or may_be_empty) for item in value)
    )


def _is_of(kind: Kind, value: object) -> bool:
    match kind:
        case Kind.TEXT:
            return _is_text(value)
        case Kind.FILLED:
            return _is_text(value) and isinstance(value, str) and bool(value.strip())
        case Kind.TEXTS:
            return _are_texts(value)
        case Kind.NAMES:
            return _are_texts(value) and isinstance(value, list) and len(set(value)) == len(value)
        case Kind.LABELS:
            return _are_texts(value, may_be_empty=True) and isinstance(value, list) and any(value)
        case Kind.ROW:
            return type(value) is int and 0 < value < 2**53
        case Kind.YEAR:
            return isinstance(value, str) and len(value) == 4 and value.isascii() and value.isdigit() and value > "0000"
        case Kind.KEY:
            return isinstance(value, Mapping) and 0 < len(value) <= 50 and all(map(_is_text, (*value, *value.values())))
        case Kind.FLAG:
            return isinstance(value, bool)
        case Kind.ROWS_LEFT_OUT:
            return value in (TOTALS, TEXT)
        case Kind.COLUMNS:
            return value in (YEARS, MONTHS) if isinstance(value, str) else _is_of(Kind.NAMES, value)
        case Kind.REPAIR:
            return isinstance(value, str) and value in REPAIRS


_LIST = N_("This must be a list of texts, none of them empty")
_WRONG: Mapping[Kind, str] = {
    Kind.TEXT: N_("This must be a text"),
    Kind.FILLED: N_("This must be a text, and not be empty"),
    Kind.TEXTS: _LIST,
    Kind.NAMES: N_("This must be a list of columns, each of them once"),
    Kind.LABELS: N_("This must be a list of texts, not all of them empty"),
    Kind.ROW: N_("This must be a whole number, 1 or more"),
    Kind.YEAR: N_("This must be a year in four digits, as a text"),
    Kind.KEY: N_("This must be an object of columns and the texts of their cells"),
    Kind.FLAG: N_("This must be true or false"),
    Kind.ROWS_LEFT_OUT: N_("“what” must be one of %(names)s"),
    Kind.COLUMNS: N_("This must be “years”, “months” or a list of columns, each of them once"),
    Kind.REPAIR: N_("“kind” must be one of %(names)s"),
}
_NAMES: Mapping[Kind, Mapping[str, str]] = {
    Kind.ROWS_LEFT_OUT: {"names": f"{TOTALS}, {TEXT}"},
    Kind.REPAIR: {"names": ", ".join(REPAIRS)},
}


def _read_step(item: Mapping[str, Any]) -> Step:
    verb: Verb = VERBS[item["verb"]]
    names = (*verb.needed, *verb.optional)
    params = {name: item[name] for name in names if name in item and item[name] is not False}
    return Step(item["verb"], item.get("field", ""), params)


def recall_recipe(kept: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """What was done to a table's earlier file, as it applies to its next one: what was said of one file is asked."""
    if not kept:
        return None
    steps = [
        Step(step.verb, step.field, {**step.params, "again": True}) if step.verb in ONE_FILE else step
        for step in read_recipe(kept).steps
    ]
    return describe_recipe(Recipe(tuple(steps))) if steps else None
