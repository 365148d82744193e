"""What the check of a table may find, as data: a code with its parameters, and the place.

Sentences are made of it only where somebody reads them (`wording`). Source: the error types of Frictionless 5.21.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple


class Code(NamedTuple):
    """One thing that can be wrong. `type` is its error type in a Frictionless report, `params` fill its sentences."""

    type: str
    params: tuple[str, ...] = ()


CODES: Mapping[str, Code] = {
    # a cell and its type
    "type-error": Code("type-error", ("type", "format")),
    "array-item-type": Code("type-error", ("type", "format")),
    "unreadable-value": Code("type-error", ("reason",)),
    "integer-too-large": Code("type-error"),
    "decimal-too-long": Code("type-error", ("scale",)),
    "double-too-large": Code("type-error"),
    "changed-number": Code("type-error"),
    "mixed-units": Code("mixed-units", ("units",)),
    "kept-as-text": Code(
        "kept-as-text",
        (
            "type",
            "fits",
            "of",
            "values",
            "rows",
            "repairs",
            "are_marks",
            "marks",
            "are_measured",
            "units",
            "withUnit",
            "withoutYear",
            "noDays",
        ),
    ),
    "moment-without-utc": Code("type-error"),
    "moment-with-zone": Code("type-error"),
    "moment-without-zone": Code("type-error"),
    "end-of-day": Code("type-error"),
    "value-like-missing": Code("type-error"),
    "lax-integer": Code("lax-integer"),
    "lax-number": Code("lax-number"),
    "lax-date": Code("lax-date"),
    "lax-year": Code("lax-year"),
    "lax-yearmonth": Code("lax-yearmonth"),
    "lax-duration": Code("lax-duration"),
    "lax-uri": Code("lax-uri"),
    # a cell and its constraints
    "blank-cell": Code("blank-cell"),
    "constraint-error": Code("constraint-error", ("limit",)),
    "array-item-constraint": Code("constraint-error", ("limit",)),
    "category-error": Code("category-error", ("limit",)),
    "unique-error": Code("unique-error", ("row",)),
    # a text that no rule forbids
    "broken-text": Code("odd-text"),
    "lost-digits": Code("odd-text"),
    "formula-text": Code("odd-text"),
    "stray-tab": Code("odd-text"),
    "inner-mark": Code("odd-text"),
    # a row that is none of the table's
    "repeated-header": Code("repeated-header"),
    "total-row": Code("total-row"),
    # the cells of a row
    "missing-cell": Code("missing-cell"),
    "extra-cell": Code("extra-cell"),
    "blank-row": Code("blank-row"),
    "primary-key": Code("primary-key", ("row",)),
    "empty-primary-key": Code("primary-key"),
    "unique-key": Code("unique-key", ("row",)),
    "foreign-key": Code("foreign-key", ("fields", "values", "table", "reference")),
    # a row and the checks its schema declares (docs/reference/checks.md)
    "uscc-check": Code("custom-check"),
    "resident-id-check": Code("custom-check"),
    "luhn-check": Code("custom-check"),
    "order-check": Code("custom-check", ("fields",)),
    "strict-order-check": Code("custom-check", ("fields",)),
    "sum-check": Code("custom-check", ("field", "fields")),
    "near-sum-check": Code("custom-check", ("field", "fields", "tolerance")),
    "codes-check": Code("custom-check", ("day",)),
    "codes-on-check": Code("custom-check", ("field",)),
    "condition-check": Code("custom-check", ("demand",)),
    "conditional-check": Code("custom-check", ("premise", "demand")),
    # the header
    "blank-header": Code("source-error", ("row",)),
    "blank-label": Code("blank-label"),
    "duplicate-label": Code("duplicate-label", ("places",)),
    "missing-label": Code("missing-label"),
    "extra-label": Code("extra-label"),
    "incorrect-label": Code("incorrect-label"),
    "unmatched-header": Code("unmatched-header"),
    # the file
    "empty-source": Code("source-error"),
    "too-many-cells": Code("source-error", ("row", "count", "limit")),
    "cell-too-long": Code("source-error", ("row", "limit")),
    "line-too-long": Code("source-error", ("row", "limit")),
    "unsplittable-row": Code("source-error", ("row", "reason")),
    "unclosed-quote": Code("unclosed-quote", ("row",)),
    "nul-byte": Code("nul-byte", ("row",)),
    "encoding-error": Code("encoding-error", ("line", "byte", "encoding")),
    "mistaken-encoding": Code("encoding-error", ("line", "byte", "encoding", "guess")),
    "refused-file": Code("source-error", ("message", "params")),
    "infected-file": Code("source-error", ("file", "signature")),
    "refused-format": Code("format-error", ("message", "params")),
    # the package around the table
    "refused-resource": Code("resource-error", ("pointer", "message", "params")),
    "missing-reference": Code("resource-error", ("table", "name")),
    "missing-reference-field": Code("resource-error", ("table", "name", "field")),
    # what is worth a warning
    "capped-list": Code("warning", ("listed", "total")),
    "rounded-numbers": Code("warning", ("field", "count")),
    "spaced-moments": Code("warning", ("field", "count")),
    "cut-moments": Code("warning", ("field", "count")),
    "bare-returns": Code("warning"),
    "open-question": Code("warning", ("message", "params")),
    "unchecked-tables": Code("warning", ("names",)),
    "unchecked-key": Code("warning", ("target",)),
}
"""Every code with its error type and parameters."""


LONGEST_PARAM = 300
"""Characters that are kept of a parameter, where a schema may make it very long."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A rule broken: the code that says how, the rule, how much it weighs (`error`, `warning`, `note`), parameters."""

    code: str
    rule: str = ""
    strength: str = "error"
    params: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @property
    def type(self) -> str:
        """Its error type in a Frictionless report."""
        return CODES[self.code].type


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where something was found; what does not apply is None. Rows are records of the file and columns its, from 1.

    Of a cell are known its row with all `cells`, its column and text; of a label the whole header; of a file `row` at
    most.
    """

    row: int | None = None
    number: int | None = None
    field: str | None = None
    cell: str | None = None
    cells: Sequence[str] | None = None
    label: str | None = None
    labels: Sequence[str] | None = None
    header_rows: Sequence[int] = ()

    def describe(self) -> Iterator[tuple[str, Any]]:
        """The properties of a Frictionless error that say where it is."""
        if self.cells is not None:
            yield "cells", list(self.cells)
        if self.labels is not None:
            yield "labels", list(self.labels)
            yield "rowNumbers", list(self.header_rows)
        for name, value in (
            ("rowNumber", self.row),
            ("cell", self.cell),
            ("label", self.label),
            ("fieldName", self.field),
            ("fieldNumber", self.number),
        ):
            if value is not None:
                yield name, value


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule broken at a place."""

    problem: Problem
    place: Place = Place()


def shorten_param(value: Any) -> Any:
    """A parameter that takes no more than `LONGEST_PARAM` characters; what is left out of a list shows as `…`."""
    if isinstance(value, str):
        return value if len(value) <= LONGEST_PARAM else value[: LONGEST_PARAM - 1] + "…"
    if not isinstance(value, list | tuple):
        return value
    kept: list[Any] = []
    length = 0
    for item in value:
        length += len(str(item)) + 2
        if length > LONGEST_PARAM:
            return [*kept, "…"]
        kept.append(item)
    return kept
