"""A recipe: the repairs that were accepted for a dataset, read from JSON that anyone may have written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from opendata.domain.recipes import REPAIR, Recipe, Step
from opendata.errors import N_, Fault, InvalidMetadataError, fault
from opendata.tables.limits import MAX_FIELDS
from opendata.tables.repair.repairs import REPAIRS


def describe_recipe(recipe: Recipe) -> dict[str, Any]:
    """A recipe as JSON: `{"repairs": [{"fieldName": …, "kind": …}]}`."""
    return {"repairs": [{"fieldName": step.field, "kind": step.params["kind"]} for step in recipe.steps]}


def read_recipe(source: object) -> Recipe:
    """Read a recipe from JSON that anyone may have written; whether its fields exist is not asked.

    Raises `InvalidMetadataError` with one fault per point.
    """
    faults = list(_find_recipe_faults(source))
    if faults:
        raise InvalidMetadataError(N_("The list of repairs can't be used"), faults=faults)
    assert isinstance(source, Mapping)  # noqa: S101 - told by the faults
    given = {(item["fieldName"], item["kind"]) for item in source["repairs"]}
    names = dict.fromkeys(item["fieldName"] for item in source["repairs"])
    return Recipe(
        tuple(Step(REPAIR, name, {"kind": kind}) for name in names for kind in REPAIRS if (name, kind) in given)
    )


def _find_recipe_faults(source: object) -> Iterator[Fault]:
    if not isinstance(source, Mapping) or set(source) != {"repairs"}:
        yield fault("", N_("A list of repairs must be a JSON object with “repairs” and nothing else"))
        return
    items, limit = source["repairs"], MAX_FIELDS * len(REPAIRS)
    if not isinstance(items, list):
        yield fault("/repairs", N_("“%(key)s” must be a list"), key="repairs")
        return
    if len(items) > limit:
        yield fault("/repairs", N_("There are more than %(limit)s repairs"), limit=limit)
        return
    for number, item in enumerate(items):
        place = f"/repairs/{number}"
        if not isinstance(item, Mapping) or set(item) != {"fieldName", "kind"}:
            yield fault(place, N_("Each repair must be an object with “fieldName” and “kind” and nothing else"))
            continue
        name, kind = item["fieldName"], item["kind"]
        if not isinstance(name, str) or not name or not _is_writable(name):
            yield fault(f"{place}/fieldName", N_("“fieldName” must be the name of a field"))
        if not isinstance(kind, str) or kind not in REPAIRS:
            yield fault(f"{place}/kind", N_("“kind” must be one of %(names)s"), names=", ".join(REPAIRS))


def _is_writable(text: str) -> bool:
    """Whether a text can be stored: it has no half of a surrogate pair and no NUL."""
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)
