"""Error descriptors: the objects a report lists, frictionless' own and those of the rules it has not.

Source: Frictionless report descriptor (5.21).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

_TABLE, _HEADER, _ROW, _CELL = ("#table",), ("#table", "#header"), ("#table", "#row"), ("#table", "#row", "#cell")

_PLACE = 'The cell "{cell}" in row "{rowNumber}" and field "{fieldName}" at position "{fieldNumber}"'
_LAX = _PLACE + " is not written as its type asks: {note}"

_OWN: dict[str, tuple[str, str, tuple[str, ...], str]] = {
    "lax-integer": (
        "Lax Integer",
        "A whole number in another form than the standard's, plain enough to be repaired.",
        _CELL,
        _LAX,
    ),
    "lax-number": (
        "Lax Number",
        "A number in another form than the standard's, plain enough to be repaired.",
        _CELL,
        _LAX,
    ),
    "lax-date": ("Lax Date", "A date in another form than the standard's, plain enough to be repaired.", _CELL, _LAX),
    "lax-yearmonth": ("Lax Year and Month", "A month in another form than the standard's.", _CELL, _LAX),
    "lax-duration": ("Lax Duration", "A duration that names a unit without a number.", _CELL, _LAX),
    "lax-uri": ("Lax URI", "An address with characters that have to be percent-encoded.", _CELL, _LAX),
    "blank-cell": (
        "Blank Cell",
        "A cell that has to have a value has only blanks.",
        _CELL,
        _PLACE + " has only blanks: {note}",
    ),
    "category-error": (
        "Category Error",
        "The cell is none of the categories of its field.",
        _CELL,
        _PLACE + " is not a category: {note}",
    ),
    "custom-check": (
        "Custom Check",
        "The row does not hold to a check its schema declares.",
        _CELL,
        _PLACE + " does not pass a check: {note}",
    ),
    "unique-key": (
        "Unique Key Error",
        "The values of a unique key stood in an earlier row.",
        _ROW,
        'Row at position "{rowNumber}" violates a unique key: {note}',
    ),
    "unclosed-quote": (
        "Unclosed Quote",
        "A quotation mark is opened and never closed.",
        _TABLE,
        "A quotation mark is never closed: {note}",
    ),
    "nul-byte": (
        "NUL Byte",
        "The file contains a byte that no text has.",
        _TABLE,
        "The file contains a NUL byte: {note}",
    ),
}
"""Type → title, description, tags, message without its note."""


def describe_cell(
    kind: str, note: str, *, cells: Sequence[str], row: int, cell: str, field: str, number: int
) -> dict[str, Any]:
    """The descriptor of an error of one cell; `cells` are all of its row."""
    place = {"cells": list(cells), "rowNumber": row, "cell": cell, "fieldName": field, "fieldNumber": number}
    return _describe(kind, note, place)


def describe_row(kind: str, note: str, *, cells: Sequence[str], row: int) -> dict[str, Any]:
    """The descriptor of an error of a whole row."""
    return _describe(kind, note, {"cells": list(cells), "rowNumber": row})


def describe_label(
    kind: str, note: str, *, labels: Sequence[str], rows: Sequence[int], label: str, field: str, number: int | None
) -> dict[str, Any]:
    """The descriptor of an error of one label, or of the header as a whole (`number` None)."""
    place: dict[str, Any] = {"labels": list(labels), "rowNumbers": list(rows)}
    if number is not None:
        place |= {"label": label, "fieldName": field, "fieldNumber": number}
    return _describe(kind, note, place)


def describe_source(kind: str, note: str, *, row: int | None = None) -> dict[str, Any]:
    """The descriptor of an error of the file as a whole; `row` is where it shows."""
    return _describe(kind, note, {} if row is None else {"rowNumber": row})


def _describe(kind: str, note: str, place: dict[str, Any]) -> dict[str, Any]:
    title, description, tags, template = _OWN.get(kind) or _engine_words(kind)
    return {
        "type": kind,
        "title": title,
        "description": description,
        "message": template.format_map({**place, "note": note}),
        "tags": list(tags),
        "note": note,
        **place,
    }


@cache
def _engine_words(kind: str) -> tuple[str, str, tuple[str, ...], str]:
    """The words frictionless has for one of its types of error."""
    from frictionless import errors

    found: Any = next(item for item in vars(errors).values() if getattr(item, "type", None) == kind)
    return found.title, found.description, tuple(found.tags), found.template
