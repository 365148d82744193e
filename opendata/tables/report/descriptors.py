"""Findings as the error descriptors of a report, for programs: frictionless' types and those it has not.

Source: Frictionless report descriptor (5.21).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from opendata.domain.findings import Finding
from opendata.tables.report.engine_kinds import read_engine_kinds
from opendata.wording.notes import write_note

_TABLE, _HEADER, _ROW, _CELL = ("#table",), ("#table", "#header"), ("#table", "#row"), ("#table", "#row", "#cell")

_PLACE = 'The cell "{cell}" in row "{rowNumber}" and field "{fieldName}" at position "{fieldNumber}"'
_LAX = _PLACE + " is not written as its type asks: {note}"


class Kind(NamedTuple):
    """An error type in Frictionless' words; `template` makes the message of a place and a note."""

    title: str
    description: str
    tags: Sequence[str]
    template: str


_OWN: Mapping[str, Kind] = {
    "lax-integer": Kind(
        "Lax Integer",
        "A whole number in another form than the standard's, plain enough to be repaired.",
        _CELL,
        _LAX,
    ),
    "lax-number": Kind(
        "Lax Number",
        "A number in another form than the standard's, plain enough to be repaired.",
        _CELL,
        _LAX,
    ),
    "lax-date": Kind(
        "Lax Date", "A date in another form than the standard's, plain enough to be repaired.", _CELL, _LAX
    ),
    "lax-year": Kind(
        "Lax Year", "A year in another form than the standard's, plain enough to be repaired.", _CELL, _LAX
    ),
    "lax-yearmonth": Kind("Lax Year and Month", "A month in another form than the standard's.", _CELL, _LAX),
    "lax-duration": Kind("Lax Duration", "A duration that names a unit without a number.", _CELL, _LAX),
    "lax-uri": Kind("Lax URI", "An address with characters that have to be percent-encoded.", _CELL, _LAX),
    "blank-cell": Kind(
        "Blank Cell",
        "A cell that has to have a value has only blanks.",
        _CELL,
        _PLACE + " has only blanks: {note}",
    ),
    "category-error": Kind(
        "Category Error",
        "The cell is none of the categories of its field.",
        _CELL,
        _PLACE + " is not a category: {note}",
    ),
    "mixed-units": Kind(
        "Mixed Units",
        "The numbers of a column have units that are taken off them, and these differ.",
        _TABLE,
        'The field "{fieldName}" at position "{fieldNumber}" is not one quantity: {note}',
    ),
    "kept-as-text": Kind(
        "Kept As Text",
        "Many values of a column are of a type, or nearly, but without a schema it is kept as text.",
        _TABLE,
        'The field "{fieldName}" at position "{fieldNumber}" is kept as text: {note}',
    ),
    "odd-text": Kind(
        "Odd Text",
        "A text that no rule forbids, but that has been damaged or wrapped on its way.",
        _CELL,
        _PLACE + " is odd: {note}",
    ),
    "repeated-header": Kind(
        "Repeated Header",
        "A row has the labels of the header in all its cells.",
        _CELL,
        'The row at position "{rowNumber}" is the header again',
    ),
    "total-row": Kind(
        "Total Row",
        "A row is a total of others.",
        _CELL,
        'The row at position "{rowNumber}" is a total of other rows',
    ),
    "custom-check": Kind(
        "Custom Check",
        "The row does not hold to a check its schema declares.",
        _CELL,
        _PLACE + " does not pass a check: {note}",
    ),
    "unique-key": Kind(
        "Unique Key Error",
        "The values of a unique key stood in an earlier row.",
        _ROW,
        'Row at position "{rowNumber}" violates a unique key: {note}',
    ),
    "unclosed-quote": Kind(
        "Unclosed Quote",
        "A quotation mark is opened and never closed.",
        _TABLE,
        "A quotation mark is never closed: {note}",
    ),
    "nul-byte": Kind(
        "NUL Byte",
        "The file contains a byte that no text has.",
        _TABLE,
        "The file contains a NUL byte: {note}",
    ),
}
"""Error types that frictionless has not."""


def describe_finding(found: Finding) -> dict[str, Any]:
    """A finding as Frictionless describes an error, with its code, rule and parameters under `opendata`."""
    problem = found.problem
    ours: dict[str, Any] = {"code": problem.code, "rule": problem.rule or problem.type, "params": dict(problem.params)}
    if problem.strength != "error":
        ours["strength"] = problem.strength
    place = dict(found.place.describe())
    if problem.code == "foreign-key":
        place |= _describe_reference(problem.params)
    return _word({"type": problem.type, **place, "opendata": ours}, find_kind(problem.type))


def strip_descriptor(error: Mapping[str, Any]) -> dict[str, Any]:
    """An error without the sentences that follow from the rest; `complete_descriptor` puts them back."""
    return {name: value for name, value in error.items() if name not in _WORDS}


def complete_descriptor(error: Mapping[str, Any], kinds: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    """An error with its sentences, of the `kinds` that are kept beside it; one kept with them stays as it is."""
    return dict(error) if "message" in error else _word(error, Kind(*kinds[error["type"]]))


def find_kind(kind: str) -> Kind:
    """The words of an error type: ours, else those of frictionless."""
    return _OWN.get(kind) or _find_engine_kind(kind)


_WORDS = ("title", "description", "message", "tags", "note")


def _word(error: Mapping[str, Any], kind: Kind) -> dict[str, Any]:
    ours = error["opendata"]
    note = write_note(ours["code"], ours["params"], ours["rule"])
    place = {name: value for name, value in error.items() if name not in ("type", "opendata")}
    return {
        "type": error["type"],
        "title": kind.title,
        "description": kind.description,
        "message": kind.template.format_map({"rowNumber": "unknown", "fieldNumber": "unknown", **place, "note": note}),
        "tags": list(kind.tags),
        "note": note,
        **place,
        "opendata": ours,
    }


def _describe_reference(params: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "fieldNames": list(params["fields"]),
        "fieldCells": list(params["values"]),
        "fieldName": ", ".join(params["fields"]),
        "referenceName": params["table"],
        "referenceFieldNames": list(params["reference"]),
    }


def _find_engine_kind(kind: str) -> Kind:
    words: Mapping[str, Any] = read_engine_kinds()[kind]
    return Kind(words["title"], words["description"], words["tags"], words["template"])
