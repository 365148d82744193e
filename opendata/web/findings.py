"""What a report says, in words a clerk can act on: for each error what is wrong and how to put it right.

Source: the error types of Frictionless 5.21. Longer than most modules because it is one table of sentences.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext

from opendata.errors import N_
from opendata.web.formats import format_cell
from opendata.web.tables import TYPES
from opendata.web.wording import translate_phrase


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One listed error: where it is, what stands there, what is wrong and how to put it right."""

    row: int | None
    column: str
    value: str | None
    message: str
    advice: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How often a rule is broken in a column; `advice` is what helps."""

    title: str
    column: str
    count: int


KINDS: Mapping[str, tuple[str, str, str]] = {
    "type-error": (N_("Wrong type"), N_("“%(value)s” is not of the type “%(type)s”"), ""),
    "constraint-error": (N_("Rule broken"), N_("“%(value)s” breaks the rule %(note)s"), N_("Correct the value")),
    "unique-error": (
        N_("Value twice"),
        N_("“%(value)s” stands in this column already: %(note)s"),
        N_("Each value may occur once: delete the repeated row or correct the value"),
    ),
    "primary-key": (
        N_("Key twice or empty"),
        N_("The key of this row is not usable: %(note)s"),
        N_("The key tells rows apart: delete the repeated row, or fill in and correct the key columns"),
    ),
    "foreign-key": (
        N_("Not in the other table"),
        N_("The value is not in the table it refers to: %(note)s"),
        N_("Correct the value, or add it to the other table and upload both"),
    ),
    "missing-cell": (
        N_("Cell missing"),
        N_("The row ends before this column"),
        N_("Add the missing cells; a separator is needed even for an empty one"),
    ),
    "extra-cell": (
        N_("Cell too many"),
        N_("The row has more cells than the header has columns"),
        N_("Delete the extra cell; a text with a comma in it has to stand in quotation marks"),
    ),
    "blank-row": (N_("Empty row"), N_("The row has no content"), N_("Delete the row")),
    "blank-header": (
        N_("Header missing"),
        N_("The first row is empty"),
        N_("Write the names of the columns into the first row"),
    ),
    "blank-label": (
        N_("Column without a name"),
        N_("The header has no name for column %(number)s"),
        N_("Write the column's name into the first row, or delete the column"),
    ),
    "duplicate-label": (
        N_("Column name twice"),
        N_("The column name “%(label)s” occurs more than once"),
        N_("Give each column a name of its own"),
    ),
    "missing-label": (
        N_("Column missing"),
        N_("The schema has a column “%(column)s” that the file lacks"),
        N_("Add the column with exactly this name, in the schema's order"),
    ),
    "extra-label": (
        N_("Column too many"),
        N_("The schema knows no column “%(label)s”"),
        N_("Delete the column, or choose a schema that has it"),
    ),
    "incorrect-label": (
        N_("Wrong column name"),
        N_("The column is called “%(label)s”, the schema expects “%(column)s”"),
        N_("Rename the column, or put the columns into the schema's order"),
    ),
    "unmatched-header": (
        N_("No column known"),
        N_("No column of the file is in the schema"),
        N_("Check that the file and the schema belong together, and that the first row names the columns"),
    ),
    "source-error": (N_("File cannot be read"), "%(note)s", N_("Repair or save the file again, then upload it")),
    "encoding-error": (N_("Wrong encoding"), "%(note)s", N_("Save the file as “CSV UTF-8”, then upload it")),
    "resource-error": (N_("Table missing"), "%(note)s", N_("Upload the table that is referred to as well")),
}
"""Type → title, what is wrong, how to put it right."""

_TYPE_ADVICE: Mapping[str, str] = {
    "integer": N_("Write a whole number in digits only, such as 1200: no spaces, thousands separators or units"),
    "number": N_("Write a number such as 12.5: no spaces, thousands separators or units"),
    "date": N_("Write the date as year-month-day, such as 2025-03-07"),
    "datetime": N_("Write date and time as 2025-03-07T09:30:00"),
    "time": N_("Write the time as 09:30:00"),
    "year": N_("Write the year in four digits, such as 2025"),
    "yearmonth": N_("Write year and month as 2025-03"),
    "boolean": N_("Write true or false"),
    "geopoint": N_("Write longitude and latitude as 120.15, 30.28"),
}

_CONSTRAINTS: Mapping[str, tuple[str, str]] = {
    "required": (N_("The cell is empty"), N_("Fill in the value; this column may not be empty")),
    "unique": (N_("“%(value)s” stands in this column already"), N_("Each value may occur once")),
    "enum": (N_("“%(value)s” is not one of the values allowed"), N_("Use one of %(limit)s")),
    "pattern": (
        N_("“%(value)s” does not have the form %(limit)s"),
        N_("Write the value in the form the schema asks for"),
    ),
    "minimum": (N_("“%(value)s” is less than %(limit)s"), N_("The value has to be at least %(limit)s")),
    "maximum": (N_("“%(value)s” is more than %(limit)s"), N_("The value may be at most %(limit)s")),
    "exclusiveMinimum": (N_("“%(value)s” is not more than %(limit)s"), N_("The value has to be more than %(limit)s")),
    "exclusiveMaximum": (N_("“%(value)s” is not less than %(limit)s"), N_("The value has to be less than %(limit)s")),
    "minLength": (N_("“%(value)s” is too short"), N_("At least %(limit)s characters are needed")),
    "maxLength": (N_("“%(value)s” is too long"), N_("At most %(limit)s characters are allowed")),
}

_TYPE_NOTE = re.compile(r'type is "(?P<type>\w+)/(?P<format>.*)"', re.DOTALL)
_CONSTRAINT_NOTE = re.compile(r'constraint "(?P<name>\w+)" is "(?P<limit>.*)"', re.DOTALL)


def explain_error(error: Mapping[str, Any]) -> Finding:
    """An error descriptor of a report in the reader's words."""
    kind, note = str(error.get("type", "")), str(error.get("note") or "")
    value = str(error["cell"]) if error.get("cell") is not None else None
    column = str(error.get("fieldName") or error.get("label") or "")
    shown = {
        "value": format_cell(value or ""),
        "note": translate_phrase(note),
        "column": column,
        "label": str(error.get("label") or ""),
        "number": error.get("fieldNumber") or "",
    }
    message, advice = _choose(kind, note, shown)
    return Finding(
        row=error.get("rowNumber"),
        column=column,
        value=format_cell(value) if value is not None else None,
        message=message,
        advice=advice,
    )


def name_kind(kind: str) -> str:
    """The name of an error type."""
    return gettext(KINDS[kind][0]) if kind in KINDS else kind


def list_counts(task: Mapping[str, Any]) -> Sequence[Count]:
    """The counts of a task per rule and column, the most frequent first."""
    counts = (task.get("opendata") or {}).get("counts", ())
    return [
        Count(title=name_kind(item["type"]), column=item.get("fieldName") or "", count=item["count"])
        for item in sorted(counts, key=lambda item: -item["count"])
    ]


def _choose(kind: str, note: str, shown: dict[str, Any]) -> tuple[str, str]:
    found = _TYPE_NOTE.fullmatch(note)
    if kind == "type-error" and found:
        named = gettext(TYPES.get(found["type"], "")) if found["type"] in TYPES else found["type"]
        advice = _TYPE_ADVICE.get(found["type"], N_("Correct the value"))
        if found["format"] not in ("default", "", "any") and found["type"] in ("date", "datetime", "time"):
            return _fill(KINDS[kind][1], shown, type=named), gettext(
                "Write it in the form %(form)s", form=found["format"]
            )
        return _fill(KINDS[kind][1], shown, type=named), gettext(advice)
    if kind == "type-error":
        return shown["note"], gettext("Correct the value, or choose another schema")
    found = _CONSTRAINT_NOTE.fullmatch(note)
    if kind == "constraint-error" and found and found["name"] in _CONSTRAINTS:
        message, advice = _CONSTRAINTS[found["name"]]
        limit = format_cell(found["limit"])
        return _fill(message, shown, limit=limit), _fill(advice, shown, limit=limit)
    if kind in KINDS:
        _, message, advice = KINDS[kind]
        return _fill(message, shown), gettext(advice) if advice else ""
    return shown["note"] or kind, ""


def _fill(template: str, shown: Mapping[str, Any], **more: str) -> str:
    return str(gettext(template)) % {**shown, **more}
