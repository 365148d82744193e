"""The one catalogue of what a check may find, keyed by rule: what each is called, what is wrong, what to do in Excel.

Source: the error types of Frictionless 5.21 and our own. Longer than most modules because it is one table of sentences.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext

from opendata.errors import N_
from opendata.tables.forms.sheets import Explanation, Words
from opendata.web.catalogue.tables import TYPES
from opendata.web.core.formats import format_cell
from opendata.web.core.wording import translate_phrase


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something found: where it is, what stands there, what is wrong and how to put it right."""

    row: int | None
    column: str
    value: str | None
    title: str
    message: str
    advice: str
    strength: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How often a rule is broken in a column; `query` picks these findings among all."""

    title: str
    column: str
    count: int
    strength: str
    query: Mapping[str, str]


LESSER: Mapping[str, str] = {"warning": N_("Warning"), "note": N_("Note")}
"""Strengths of rules that do not block publication → their names."""

KINDS: Mapping[str, tuple[str, str, str]] = {
    # cells
    "type-error": (N_("Wrong type"), N_("“%(value)s” is not of the type “%(type)s”"), ""),
    "constraint-error": (N_("Rule broken"), N_("“%(value)s” breaks the rule %(note)s"), N_("Correct the value")),
    "lax-integer": (
        N_("Whole number in another form"),
        N_("“%(value)s” is a whole number, but not in the digits 0 to 9 alone"),
        N_(
            "Take out blanks and other marks, and write full-width digits as ordinary ones. In Excel, “Find & Replace”"
            " takes out blanks, and =ASC(A2) makes full-width digits ordinary"
        ),
    ),
    "lax-number": (
        N_("Number in another form"),
        N_("“%(value)s” is a number, but not in the digits 0 to 9 with a decimal point"),
        N_(
            "Take out blanks and other marks, and write full-width digits as ordinary ones. In Excel, “Find & Replace”"
            " takes out blanks, and =ASC(A2) makes full-width digits ordinary"
        ),
    ),
    "lax-date": (
        N_("Date in another form"),
        N_("“%(value)s” is a date, but not written as year-month-day with all its digits"),
        N_(
            "Write it as 2025-03-07. In Excel, select the column, choose “Format Cells”, “Custom”, type yyyy-mm-dd,"
            " and save as “CSV UTF-8”"
        ),
    ),
    "lax-yearmonth": (
        N_("Month in another form"),
        N_("“%(value)s” is a month, but not written as year-month with all its digits"),
        N_(
            "Write it as 2025-03. In Excel, select the column, choose “Format Cells”, “Custom”, type yyyy-mm,"
            " and save as “CSV UTF-8”"
        ),
    ),
    "lax-duration": (
        N_("Duration without a number"),
        N_("“%(value)s” names a unit of time without a number"),
        N_("Write a number before each letter, such as P1D for a day or PT30M for 30 minutes, or leave the cell empty"),
    ),
    "lax-uri": (
        N_("Address in another form"),
        N_("“%(value)s” has characters that a web address may not have"),
        N_(
            "Take out blanks; open the address in a browser and copy it from the address bar, which encodes all other"
            " characters"
        ),
    ),
    "blank-cell": (
        N_("Only blanks"),
        N_("The cell has only blanks, but a value is needed"),
        N_("Blanks are no value: write the value into the cell"),
    ),
    "category-error": (
        N_("Not one of the categories"),
        N_("“%(value)s” is none of the categories of this column"),
        N_(
            "Use one of the categories, written exactly so: %(limit)s. In Excel, “Data Validation” with a list offers"
            " nothing else"
        ),
    ),
    "custom-check": (
        N_("Check of the schema"),
        N_("This does not pass a check of the schema: %(note)s"),
        N_("Look at the values of this row together, and correct the one that is wrong"),
    ),
    "unique-error": (
        N_("Value twice"),
        N_("“%(value)s” stands in this column already: %(note)s"),
        N_(
            "Each value may occur once: delete the repeated row or correct the value. In Excel, “Conditional"
            " Formatting” shows duplicate values"
        ),
    ),
    # rows
    "primary-key": (
        N_("Key twice or empty"),
        N_("The key of this row is not usable: %(note)s"),
        N_("The key tells rows apart: delete the repeated row, or fill in and correct the key columns"),
    ),
    "unique-key": (
        N_("Values together twice"),
        N_("These values together stand in an earlier row already: %(note)s"),
        N_(
            "Together they may occur once: delete the repeated row or correct it. In Excel, sort by these columns to"
            " see such rows side by side"
        ),
    ),
    "foreign-key": (
        N_("Not in the other table"),
        N_("The value is not in the table it refers to: %(note)s"),
        N_("Correct the value, or add it to the other table and upload both"),
    ),
    "missing-cell": (
        N_("Cell missing"),
        N_("The row has fewer cells than the header has columns"),
        N_(
            "Add the missing cells; a separator is needed even for an empty one. Excel adds them when it saves as"
            " “CSV UTF-8”"
        ),
    ),
    "extra-cell": (
        N_("Cell too many"),
        N_("The row has more cells than the header has columns"),
        N_("Delete the extra cell; a text with a comma in it has to stand in quotation marks"),
    ),
    "blank-row": (
        N_("Empty row"),
        N_("The row has no content"),
        N_("Delete the row: in Excel with “Delete” on its number, not by emptying its cells"),
    ),
    # the header
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
        N_("Give each column a name of its own, or delete the column that is there twice"),
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
    # the file
    "unclosed-quote": (
        N_("Quotation mark not closed"),
        "%(note)s",
        N_("Close the quotation mark at this row; Excel writes them rightly when it saves as “CSV UTF-8”"),
    ),
    "nul-byte": (
        N_("Damaged text"),
        "%(note)s",
        N_("Open the file in Excel, look at this row, and save it again as “CSV UTF-8”"),
    ),
    "format-error": (
        N_("This kind of file is not a table"),
        "%(note)s",
        N_("Save the file as “CSV UTF-8”, then upload it"),
    ),
    "source-error": (N_("File cannot be read"), "%(note)s", N_("Repair or save the file again, then upload it")),
    "encoding-error": (N_("Wrong encoding"), "%(note)s", N_("Save the file as “CSV UTF-8”, then upload it")),
    "resource-error": (N_("Table missing"), "%(note)s", N_("Upload the table that is referred to as well")),
}
"""Type → title, what is wrong, how to put it right."""

_WITHOUT_VALUE: Mapping[str, str] = {
    "unique-error": N_("The value stands in this column already: %(note)s"),
}
"""What is wrong, where a stored finding does not repeat the cell."""

TYPE_ADVICE: Mapping[str, str] = {
    "integer": N_(
        "Write a whole number in digits only, such as 1200: no spaces, thousands separators or units. In Excel, choose"
        " “Format Cells”, “Number”, without decimals or separator"
    ),
    "number": N_(
        "Write a number such as 12.5: no spaces, thousands separators or units. In Excel, choose “Format Cells”,"
        " “Number”, without the separator"
    ),
    "date": N_(
        "Write the date as year-month-day, such as 2025-03-07. In Excel, choose “Format Cells”, “Custom”, and type"
        " yyyy-mm-dd"
    ),
    "datetime": N_("Write date and time as 2025-03-07T09:30:00"),
    "time": N_("Write the time as 09:30:00"),
    "year": N_("Write the year in four digits, such as 2025"),
    "yearmonth": N_("Write year and month as 2025-03. In Excel, choose “Format Cells”, “Custom”, and type yyyy-mm"),
    "boolean": N_("Write true or false"),
    "geopoint": N_("Write longitude and latitude as 120.15, 30.28"),
    "duration": N_("Write the duration as P1D for a day or PT30M for 30 minutes"),
    "object": N_('Write a JSON object, such as {"a": 1}, with straight quotation marks'),
    "array": N_("Write a JSON list, such as [1, 2], with straight quotation marks"),
    "list": N_("Write the items one after the other, with the separator that the schema asks for"),
    "geojson": N_("Write a GeoJSON object; a map program exports it"),
    "email": N_("Write an e-mail address such as name@example.org, without blanks"),
    "uri": N_("Write the whole web address, with https:// and without blanks"),
    "uuid": N_("Write the identifier in the form 123e4567-e89b-12d3-a456-426614174000"),
    "binary": N_("Write the bytes in Base64, without blanks"),
}
"""Type, or format of a text → how to write it."""

CONSTRAINTS: Mapping[str, tuple[str, str, str]] = {
    "required": (
        N_("Value missing"),
        N_("The cell is empty"),
        N_(
            "Fill in the value; this column may not be empty. In Excel, filter the column by “(Blanks)” to see them all"
        ),
    ),
    "unique": (N_("Value twice"), N_("“%(value)s” stands in this column already"), N_("Each value may occur once")),
    "enum": (
        N_("Value not allowed"),
        N_("“%(value)s” is not one of the values allowed"),
        N_("Use one of %(limit)s"),
    ),
    "pattern": (
        N_("Wrong form"),
        N_("“%(value)s” does not have the form %(limit)s"),
        N_(
            "Write the value in the form the schema asks for. Where Excel has taken the zeros from a code, set the"
            " column to “Text” first, then write it again"
        ),
    ),
    "minimum": (
        N_("Too small"),
        N_("“%(value)s” is less than %(limit)s"),
        N_("The value has to be at least %(limit)s"),
    ),
    "maximum": (
        N_("Too large"),
        N_("“%(value)s” is more than %(limit)s"),
        N_("The value may be at most %(limit)s"),
    ),
    "exclusiveMinimum": (
        N_("Too small"),
        N_("“%(value)s” is not more than %(limit)s"),
        N_("The value has to be more than %(limit)s"),
    ),
    "exclusiveMaximum": (
        N_("Too large"),
        N_("“%(value)s” is not less than %(limit)s"),
        N_("The value has to be less than %(limit)s"),
    ),
    "minLength": (
        N_("Too short"),
        N_("“%(value)s” is too short"),
        N_("At least %(limit)s characters are needed"),
    ),
    "maxLength": (
        N_("Too long"),
        N_("“%(value)s” is too long"),
        N_("At most %(limit)s characters are allowed"),
    ),
    "jsonSchema": (
        N_("JSON of another form"),
        N_("“%(value)s” is JSON, but not of the form the schema asks for"),
        N_("Compare it with the same cell of a row that is in order, and correct it"),
    ),
}
"""Constraint → title, what is wrong, how to put it right."""

_TYPE_NOTE = re.compile(r'type is "(?P<type>\w+)/(?P<format>.*)"', re.DOTALL)
_CONSTRAINT_NOTE = re.compile(r'constraint "(?P<name>\w+)" is "(?P<limit>.*?)(?:"|…)', re.DOTALL)
_CATEGORIES_NOTE = re.compile(r"the categories are: (?P<limit>.*)", re.DOTALL)


def explain_error(error: Mapping[str, Any]) -> Finding:
    """An error descriptor of a report, or a row of a findings file, in the reader's words."""
    kind, note = str(error.get("type") or ""), str(error.get("note") or "")
    rule = str(error.get("rule") or "")
    value = str(error["cell"]) if error.get("cell") is not None else None
    label = str(error.get("label") or (value if kind.endswith("-label") else "") or "")
    column = str(error.get("fieldName") or label)
    shown = {
        "value": format_cell(value or ""),
        "note": translate_phrase(note) or rule,
        "column": column,
        "label": label,
        "number": error.get("fieldNumber") or "",
    }
    message, advice = _choose(kind, rule, note, shown, is_told=value is not None)
    row = error.get("rowNumber", error.get("row"))
    return Finding(
        row=row,
        column=column,
        value=format_cell(value) if value is not None else None,
        title=name_kind(kind, rule or _find_constraint(note)),
        message=message,
        advice=advice,
        strength=str(error.get("strength") or (error.get("opendata") or {}).get("strength") or "error"),
    )


def choose_words() -> Words:
    """What lists of findings say in the language of this request."""

    def explain(finding: Mapping[str, Any]) -> Explanation:
        found = explain_error(finding)
        return Explanation(found.title, found.message, found.advice)

    return Words(
        headings=(
            gettext("Row"),
            gettext("Column"),
            gettext("Value"),
            gettext("Rule"),
            gettext("What is wrong"),
            gettext("How to put it right"),
        ),
        sheet=gettext("Findings"),
        rest=gettext(
            "This workbook has no room for everything: rows, or ends of long texts, are missing."
            " The CSV file has them all"
        ),
        explain=explain,
    )


def name_kind(kind: str, rule: str = "") -> str:
    """The name of an error type; of a broken constraint its own where it is told."""
    known = CONSTRAINTS.get(rule) if kind == "constraint-error" else None
    known = known or KINDS.get(kind)
    return str(gettext(known[0])) if known else kind


def list_counts(task: Mapping[str, Any]) -> Sequence[Count]:
    """The counts of a task per rule and column, the most frequent first."""
    counts = (task.get("opendata") or {}).get("counts", ())
    return [_describe_count(item) for item in sorted(counts, key=lambda item: -item["count"])]


def _describe_count(item: Mapping[str, Any]) -> Count:
    kind, rule, strength = item["type"], item.get("rule") or "", item.get("strength") or "error"
    column = item.get("fieldName") or ""
    query = {"type": kind, "rule": rule, "strength": strength, "field": column}
    return Count(
        title=name_kind(kind, rule),
        column=column,
        count=item["count"],
        strength=strength,
        query={name: value for name, value in query.items() if value},
    )


def _choose(kind: str, rule: str, note: str, shown: dict[str, Any], *, is_told: bool) -> tuple[str, str]:
    """What is wrong, and how to put it right."""
    found = _TYPE_NOTE.fullmatch(note)
    if kind == "type-error" and found:
        return _choose_of_type(found["type"], found["format"], shown)
    if kind == "type-error":
        return shown["note"], gettext("Correct the value, or choose another schema")
    limit = _find_limit(note)
    constraint = rule if rule in CONSTRAINTS else _find_constraint(note)
    if kind == "constraint-error" and constraint in CONSTRAINTS and (limit or constraint == "required"):
        _, message, advice = CONSTRAINTS[constraint]
        return _fill(message, shown, limit=limit), _fill(advice, shown, limit=limit)
    if kind in KINDS:
        _, message, advice = KINDS[kind]
        if not is_told:
            message = _WITHOUT_VALUE.get(kind, message)
        return _fill(message, shown), _fill(advice, shown, limit=limit) if advice else ""
    return shown["note"] or kind, ""


_FORMS = {"%Y": "YYYY", "%m": "MM", "%d": "DD", "%H": "hh", "%M": "mm", "%S": "ss", "%y": "YY"}


def _spell_form(form: str) -> str:
    """A form of dates as people write it: YYYY-MM-DD."""
    for sign, letters in _FORMS.items():
        form = form.replace(sign, letters)
    return form


def _choose_of_type(kind: str, form: str, shown: dict[str, Any]) -> tuple[str, str]:
    named = gettext(TYPES[kind]) if kind in TYPES else kind
    message = _fill(KINDS["type-error"][1], shown, type=named)
    if form not in ("default", "", "any") and kind in ("date", "datetime", "time"):
        return message, gettext("Write it in the form %(form)s", form=_spell_form(form))
    return message, gettext(TYPE_ADVICE.get(form if kind == "string" else kind, N_("Correct the value")))


def _find_constraint(note: str) -> str:
    found = _CONSTRAINT_NOTE.fullmatch(note)
    return found["name"] if found else ""


def _find_limit(note: str) -> str:
    """What the schema allows, as a note tells it; a list without its brackets."""
    found = _CONSTRAINT_NOTE.fullmatch(note) or _CATEGORIES_NOTE.fullmatch(note)
    if found is None:
        return ""
    text = found["limit"]
    if found.groupdict().get("name") == "enum":
        try:
            text = ", ".join(str(item) for item in ast.literal_eval(text))
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            pass  # cut short: shown as it is
    return format_cell(text)


def _fill(template: str, shown: Mapping[str, Any], **more: str) -> str:
    return str(gettext(template)) % {**shown, **more}
