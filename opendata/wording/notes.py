"""Findings for programs: the notes of Frictionless errors and the warnings of a report, in English as its own are.

Source: the notes of Frictionless 5.21, where it has the same finding.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_LISTS = ("fields", "values", "reference", "places", "names", "units")
_SAVE = "In Excel choose “Save as”, type “CSV UTF-8 (comma delimited)”"

NOTES: Mapping[str, str] = {
    "type-error": 'type is "%(type)s/%(format)s"',
    "array-item-type": 'array item type is "%(type)s/%(format)s"',
    "unreadable-value": "the schema's rules cannot be applied to it: %(reason)s",
    "integer-too-large": 'the number does not fit 64 bits; declare the field as "string" if it is a code',
    "decimal-too-long": (
        'the number has more than %(scale)s decimals or more than 38 digits (the schema says "scale": %(scale)s)'
    ),
    "double-too-large": 'the number does not fit a 64-bit float; declare the field as "string"',
    "moment-without-utc": "the moment has no UTC time between the years 1 and 9999",
    "value-like-missing": "written in canonical form it is a text that the schema takes for a missing value",
    "lax-integer": "a whole number is written in the digits 0 to 9 alone, with a sign at most",
    "lax-number": "a number is written in the digits 0 to 9 with one decimal sign at most",
    "lax-date": "a date is written as YYYY-MM-DD, with all its digits",
    "changed-number": "what stands around the number may make it another one",
    "kept-as-text": '%(fits)s of %(of)s values can be read as "%(type)s"; look at %(values)s',
    "mixed-units": "the numbers have different units: %(units)s",
    "moment-with-zone": "other moments of the column have no zone",
    "moment-without-zone": "other moments of the column have a zone",
    "end-of-day": "24:00:00 is the end of a day, not its beginning",
    "broken-text": "characters were lost or read in another encoding before the file came here",
    "lost-digits": "a spreadsheet has rounded a long number, and its last digits are lost",
    "formula-text": "the text is wrapped in a formula",
    "stray-tab": "there is a tab beside the text",
    "inner-mark": "there is a byte order mark within the file",
    "lax-year": "a year is written in four of the digits 0 to 9",
    "lax-yearmonth": "year and month are written as YYYY-MM",
    "lax-duration": "a duration has a number before each of its letters, such as PT30M",
    "lax-uri": "an address has no blanks and only the characters of RFC 3986",
    "blank-cell": "there are only blanks where a value is required",
    "constraint-error": 'constraint "%(rule)s" is "%(limit)s"',
    "array-item-constraint": 'array item constraint "%(rule)s" is "%(limit)s"',
    "category-error": "the categories are: %(limit)s",
    "unique-error": "the same as in the row at position %(row)s",
    "primary-key": "the same as in the row at position %(row)s",
    "unique-key": "the same as in the row at position %(row)s",
    "empty-primary-key": 'cells composing the primary keys are all "None"',
    "foreign-key": 'for "%(fields)s": values "%(values)s" not found in the lookup table "%(table)s" as "%(reference)s"',
    "uscc-check": "a unified social credit code has 18 characters, and the last follows from the others (GB 32100)",
    "resident-id-check": (
        "a resident identity number has a region, a day of birth and a last character that follows from them (GB 11643)"
    ),
    "luhn-check": "the last digit of the number follows from the others (Luhn)",
    "order-check": "%(fields)s must be in ascending order",
    "strict-order-check": "%(fields)s must be in ascending order, and no two of them the same",
    "sum-check": "“%(field)s” must be the sum of %(fields)s",
    "near-sum-check": "“%(field)s” must be the sum of %(fields)s, give or take %(tolerance)s",
    "codes-check": "the value must be a code of the list that is valid on %(day)s",
    "codes-on-check": "the value must be a code of the list that is valid on the day in “%(field)s”",
    "condition-check": "it must be that %(demand)s",
    "conditional-check": "where %(premise)s, it must be that %(demand)s",
    "infected-file": 'the virus scanner found "%(signature)s" in "%(file)s", and the file was deleted',
    "blank-header": "row %(row)s is blank, but the names of the columns belong there",
    "duplicate-label": 'at position "%(places)s"',
    "empty-source": "the source is empty",
    "too-many-cells": "row %(row)s has %(count)s cells; a table may have at most %(limit)s columns",
    "cell-too-long": (
        "row %(row)s has a cell of more than %(limit)s characters; most likely a quotation mark in it is never closed"
    ),
    "line-too-long": "row %(row)s is a line of more than %(limit)s characters",
    "unsplittable-row": "row %(row)s cannot be split into cells: %(reason)s",
    "unclosed-quote": (
        "a quotation mark opened in row %(row)s is never closed, so the rest of the file would become one cell;"
        " close it, or write it twice if it belongs to the text"
    ),
    "nul-byte": (
        "row %(row)s contains a NUL byte, which no text has;"
        " the file is damaged or not a text file: save it again as “CSV UTF-8”"
    ),
    "encoding-error": f"line %(line)s (byte %(byte)s of the file) is not %(encoding)s. {_SAVE}",
    "mistaken-encoding": (
        f"line %(line)s (byte %(byte)s of the file) is not %(encoding)s; it looks like %(guess)s. {_SAVE}"
    ),
    "missing-reference": (
        'failed to handle a foreign key for resource "%(table)s" as resource "%(name)s" does not exist'
    ),
    "missing-reference-field": (
        'failed to handle a foreign key for resource "%(table)s" as resource "%(name)s" has no field "%(field)s"'
    ),
    "capped-list": "%(listed)s of %(total)s errors are listed; the counts are exact",
    "rounded-numbers": (
        'field "%(field)s": %(count)s numbers have more digits than a 64-bit float keeps;'
        " the CSV has them all, the Parquet file the nearest float"
    ),
    "spaced-moments": 'field "%(field)s": %(count)s moments have a blank between date and time; a "T" is published',
    "cut-moments": 'field "%(field)s": %(count)s moments are finer than a microsecond; the digits beyond are cut',
    "bare-returns": "the lines end in CR alone, as of old Macintosh files; they are read all the same",
    "unchecked-tables": "the schema is for one table; these were not checked: %(names)s",
    "unchecked-key": 'the key into "%(target)s" is not checked: there is no instance to look in',
}
"""Code → note; what has none says all by its type and place."""


def write_note(code: str, params: Mapping[str, Any], rule: str = "") -> str:
    """What a Frictionless error says beyond its type and place; empty where that is all."""
    if "message" in params:
        text = str(params["message"]) % params["params"] if params["params"] else str(params["message"])
        return f"{params['pointer']}: {text}" if params.get("pointer") else text
    texts = {name: _write(code, name, value) for name, value in params.items()}
    return NOTES.get(code, "") % {"rule": rule, **texts}


def quote_names(names: Sequence[Any]) -> str:
    """Names in quotation marks, one after the other."""
    return ", ".join(f"“{name}”" for name in names)


def _write(code: str, name: str, value: Any) -> Any:
    if name == "fields" and code.endswith("-check"):
        return quote_names(value)
    joined = name in _LISTS or code == "category-error"
    return ", ".join(map(str, value)) if joined else value
