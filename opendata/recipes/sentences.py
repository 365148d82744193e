"""Steps in words, in a reader's language: what one does, and what is to be asked of it in a file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opendata.domain.recipes import REPAIR, Applied, Recipe, Step
from opendata.errors import N_
from opendata.recipes.columns import MONTHS, YEARS
from opendata.recipes.recipe import describe_step, read_recipe
from opendata.recipes.rows import TOTALS
from opendata.recipes.verbs import (
    ADD_YEAR,
    DROP,
    FILL_DOWN,
    JOIN_HEADERS,
    MISSING,
    RENAME,
    REORDER,
    REPLACE,
    STRIP_SUFFIX,
)
from opendata.settings import SOURCE_LANGUAGE
from opendata.tables.repair.repairs import REPAIRS
from opendata.wording.voice import Voice, voice_of

QUESTION = "step"
"""The rule of what is asked of a step, among the questions about how a file is read."""

_UNSURE = 0.3
_SHOWN = 60
_SENTENCES: Mapping[str, str] = {
    REPAIR: N_("In the column “%(column)s”: %(repair)s"),
    MISSING: N_("In the column “%(column)s”, %(texts)s means that the value is missing"),
    REPLACE: N_("In the column “%(column)s”, every “%(old)s” becomes “%(new)s”"),
    STRIP_SUFFIX: N_("In the column “%(column)s”, “%(suffix)s” after numbers is removed"),
    ADD_YEAR: N_("In the column “%(column)s”, dates without a year are in the year %(year)s"),
    FILL_DOWN: N_("In the column “%(column)s”, a blank cell takes the value above it"),
    DROP: N_("The column “%(column)s” is left out"),
    RENAME: N_("The column “%(column)s” is called “%(to)s”"),
    REORDER: N_("The columns begin with %(fields)s"),
    JOIN_HEADERS: N_("The row below the header (%(labels)s) is part of the names of the columns"),
}
_UNIT = N_("In the column “%(column)s”, the unit “%(unit)s” is removed and becomes the unit of the column")
_UNITS = N_("In the column “%(column)s”, the units are moved into the column “%(to)s”")
_ROWS_AT_ENDS = N_("Rows of totals at the start and the end are left out, as the column “%(column)s” names them")
_ROWS_ANYWHERE = N_("Rows of totals and subtotals are left out, as the column “%(column)s” names them")
_ROWS_OF_TEXT = N_("Rows with “%(text)s” in the column “%(column)s” are left out")
_YEARS_DOWN = N_("The columns named by a year become rows: “%(name)s” has the year, “%(value)s” the value")
_MONTHS_DOWN = N_("The columns named by a month become rows: “%(name)s” has the month, “%(value)s” the value")
_COLUMNS_DOWN = N_("The columns %(columns)s become rows: “%(name)s” has their names, “%(value)s” the value")
_EDIT_OF_ROW = N_("In row %(row)s of the file, column “%(column)s”, “%(old)s” becomes “%(new)s”")
_EDIT_OF_KEY = N_("Where %(key)s, in the column “%(column)s”, “%(old)s” becomes “%(new)s”")
_HIDDEN = N_("a text that isn't published")


def say_step(voice: Voice, step: Step) -> str:
    """What a step does."""
    details: dict[str, str] = {"column": step.field}
    for name, value in step.params.items():
        details[name] = _say_value(voice, value)
    if step.verb == REPAIR:
        details["repair"] = voice.translate(REPAIRS[step.params["kind"]].title)
    hidden = voice.translate(_HIDDEN)
    text = _choose_sentence(step)
    # the texts are those of a file: none of them is one of ours
    return voice.translate(text) % _Default({**details, "missing": hidden})


def describe_doubts(applied: Applied) -> list[dict[str, Any]]:
    """What is asked of a step in a file, as questions about how the file is read are kept."""
    said = say_step(voice_of(SOURCE_LANGUAGE), applied.step)
    return [
        {
            "rule": QUESTION,
            "text": doubt.text % {**doubt.details, "step": said},
            "template": doubt.text,
            "sure": _UNSURE,
            "details": dict(doubt.details),
            "step": describe_step(applied.step),
            "asks": True,
        }
        for doubt in applied.doubts
    ]


def describe_applied(applied: Applied) -> dict[str, Any]:
    """A step and how many cells, rows or columns it changed, as a report has it."""
    return {**describe_step(applied.step), "count": applied.count}


def say_doubt(voice: Voice, question: Mapping[str, Any], *, is_beside: bool = False) -> str:
    """What is asked of a step in a file, from how it is kept; the step itself is left out beside it."""
    (step,) = read_recipe({"steps": [question["step"]]}).steps
    said = "" if is_beside else say_step(voice, step)
    return (voice.translate(question["template"]) % {**question["details"], "step": said}).rstrip(" :：")


def say_steps(voice: Voice, recipe: Recipe) -> list[str]:
    """What each step of a recipe does."""
    return [say_step(voice, step) for step in recipe.steps]


def _choose_sentence(step: Step) -> str:
    params = step.params
    match step.verb:
        case "split-unit":
            return _UNITS if params.get("to") else _UNIT
        case "leave-out" if params["what"] == TOTALS:
            return _ROWS_ANYWHERE if params.get("within") else _ROWS_AT_ENDS
        case "leave-out":
            return _ROWS_OF_TEXT
        case "unpivot":
            return {YEARS: _YEARS_DOWN, MONTHS: _MONTHS_DOWN}.get(str(params["columns"]), _COLUMNS_DOWN)
        case "edit":
            return _EDIT_OF_KEY if params.get("key") else _EDIT_OF_ROW
    return _SENTENCES[step.verb]


def _say_value(voice: Voice, value: object) -> str:
    """A parameter in a sentence; what is long of it is cut."""
    if isinstance(value, list | tuple):
        quoted = [f"“{_shorten(str(item))}”" for item in value if item]
        return voice.separator.join(quoted[:10]) + ("…" if len(quoted) > 10 else "")
    if isinstance(value, Mapping):
        return voice.separator.join(f"{name} = {_shorten(str(text))}" for name, text in value.items())
    return _shorten(str(value))


def _shorten(text: str) -> str:
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


class _Default(dict[str, str]):
    """Parameters of a sentence; one that was left out of what is published is said to be so."""

    def __missing__(self, name: str) -> str:
        return self["missing"]
