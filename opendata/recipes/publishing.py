"""What of a recipe readers may see: every step, but none of the texts of cells that aren't published.

In: `edit` of a phone number to nothing; `rename` of a column
Out: `edit`, its texts left out; `rename` as it is
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

from opendata.domain.recipes import Recipe, Step
from opendata.recipes.recipe import describe_recipe, describe_step, read_recipe
from opendata.recipes.rows import TOTALS
from opendata.recipes.verbs import DROP, EDIT, JOIN_HEADERS, LEAVE_OUT, MISSING, REPLACE, UNPIVOT

_OF_CELLS = {
    EDIT: ("old", "new", "key"),
    REPLACE: ("old", "new"),
    LEAVE_OUT: ("text",),
    MISSING: ("texts",),
}
"""The parameters of each verb that are texts of cells."""

_MARK = re.compile(r"[\W_]*|无|空|n/?a|null|none|nan", re.IGNORECASE)
"""Texts for a missing value that say nothing about anybody."""

_OF_COLUMNS = ("field", "fields", "to", "columns")
"""The parameters that name columns: names that are cells of the published table once columns are turned into rows."""

_NEVER = ("again",)
"""What says something about one file alone."""


def publish_recipe(
    recipe: Recipe, *, hides_all: bool, hidden: Collection[str], is_personal: Callable[[str], bool]
) -> dict[str, Any] | None:
    """A recipe for the manifest; None without steps.

    `hides_all` leaves out all texts of cells: the rows aren't for everybody, or were treated. `hidden` are the columns
    of the published table whose texts are left out; so are those of columns that the steps drop. `is_personal` says
    whether a text looks like personal data.
    """
    if not recipe.steps:
        return None
    names, steps, hides_labels = set(hidden), [], False
    for step in reversed(recipe.steps):  # from the names that are published back to those of the file
        found = {name: value for name, value in describe_step(step).items() if name not in _NEVER}
        texts = [name for name in _OF_CELLS.get(step.verb, ()) if name in found]
        columns = {step.field, *step.params.get("key", {})}
        if step.verb == DROP:
            names = {*names, step.field}
        if texts and (hides_all or columns & names or any(map(is_personal, _list_texts(step, texts)))):
            found = {name: value for name, value in found.items() if name not in texts}
        if step.verb == JOIN_HEADERS and hides_all:
            found.pop("labels", None)  # a row that may be data in another file
        if hides_labels:
            found = _without_columns(found)
        elif step.verb == UNPIVOT and not isinstance(step.params["columns"], str):
            turned = {step.params["name"], step.params["value"]}
            hides_labels = hides_all or bool(turned & names) or any(map(is_personal, step.params["columns"]))
            found = {name: value for name, value in found.items() if not (hides_labels and name == "columns")}
        steps.append(found)
        hides_all = hides_all or (step.verb == UNPIVOT and step.params["value"] in names)
        names = _step_back(step, names)
    return {"steps": steps[::-1]}


def withhold_texts(published: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """A published recipe without the texts of cells, once its rows aren't for everybody any more."""
    if published is None:
        return None
    hidden = {verb: {*names} for verb, names in {**_OF_CELLS, JOIN_HEADERS: ("labels",)}.items()}
    steps, is_turned = [], False
    for step in reversed(published["steps"]):
        found = {name: value for name, value in step.items() if name not in hidden.get(step["verb"], ())}
        if is_turned:
            found = _without_columns(found)
        elif step["verb"] == UNPIVOT and not isinstance(step.get("columns"), str):
            found.pop("columns", None)
            is_turned = True
        steps.append(found)
    return {"steps": steps[::-1]}


def forget_texts(kept: Mapping[str, Any]) -> dict[str, Any]:
    """A recipe without the steps that hold what a file said: texts of cells, and columns that became cells."""
    steps = [step for step in read_recipe(kept).steps if not _tells_cells(step)]
    turned = [
        at for at, step in enumerate(steps) if step.verb == UNPIVOT and not isinstance(step.params["columns"], str)
    ]
    return describe_recipe(Recipe(tuple(steps[turned[-1] + 1 if turned else 0 :])))


def _tells_cells(step: Step) -> bool:
    if step.verb == MISSING:
        return not all(_MARK.fullmatch(text) for text in step.params["texts"])
    return step.verb in (*_OF_CELLS, JOIN_HEADERS) and step.params.get("what") != TOTALS


def _without_columns(step: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in step.items() if name not in _OF_COLUMNS}


def _step_back(step: Step, names: set[str]) -> set[str]:
    """The columns that are hidden before a step, from those that are after it."""
    match step.verb:
        case "rename" if step.params["to"] in names:
            return {*names - {step.params["to"]}, step.field}
    return names


def _list_texts(step: Step, names: Collection[str]) -> list[str]:
    found: list[str] = []
    for name in names:
        value = step.params[name]
        found += value.values() if isinstance(value, dict) else value if isinstance(value, list) else [value]
    return [str(text) for text in found]
