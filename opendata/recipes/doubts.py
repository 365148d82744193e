"""Columns that a table without a schema keeps as text, though many of their cells are, or nearly are, of another type.

In, a column:      `12`, `13`, …, `…`            Out: integer, 11 of 12; row 11 is `…`, which usually means missing
In, a column:      `2018年`, `2019年`             Out: year, all of them after a repair
In, a column:      `12`, `13`, …, `8人`          Out: integer, 11 of 12; row 11 is `8人`, a number with a unit
In, a column:      `A001`, `12`                  Out: nothing, it is text

Every row is looked at. A column is skipped as soon as too many of its cells are something else.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from opendata.domain.findings import Finding, Place, Problem
from opendata.domain.recipes import Recipe
from opendata.recipes.candidates import KINDS, Candidate, IsUnit
from opendata.recipes.verbs import moves_rows
from opendata.tables.arrow.parquet import open_parquet
from opendata.tables.schema.proposal import is_code
from opendata.tables.text.dialect import Dialect

if TYPE_CHECKING:
    import pyarrow as pa

CODE = "kept-as-text"

_OF_THINGS = re.compile(r"(?<!序)号$|证$|num[eé]ro$", re.IGNORECASE)
"""Names of columns that number things, so that 11 bis is no number with something behind it."""


def find_type_doubts(
    parquet: Path,
    dialect: Dialect,
    first_row: int,
    wanted: Sequence[str] | None = None,
    *,
    recipe: Recipe,
    is_unit: IsUnit = lambda _: False,
) -> Sequence[Finding]:
    """The columns of texts in a Parquet file (these, or all) that may be of another type, one finding for each.

    `is_unit` knows the units that may follow a number.
    """

    with open_parquet(parquet) as file:
        names = file.schema_arrow.names
        columns = [
            [Candidate(kind, is_unit) for kind in KINDS]
            if (wanted is None or name in wanted) and not (is_code(name) or _OF_THINGS.search(name))
            else []
            for name in names
        ]
        start = 0
        for batch in file.iter_batches(batch_size=8192):
            for place, candidates in enumerate(columns):
                _take(candidates, batch.column(place), start)
            start += batch.num_rows
            if all(candidate.is_out for candidates in columns for candidate in candidates):
                break
    found = []
    for number, (name, candidates) in enumerate(zip(names, columns, strict=True), start=1):
        chosen = _choose(candidates)
        if chosen is not None:
            number_of = None if moves_rows(recipe) else lambda row: _find_number(row, dialect, first_row)
            problem = Problem(CODE, CODE, "warning", chosen.describe(number_of))
            found.append(Finding(problem, Place(field=name, number=number)))
    return found


def _choose(candidates: Sequence[Candidate]) -> Candidate | None:
    """The type that a column may be of; None where it is plainly of one, or text."""
    doubtful = [candidate for candidate in candidates if candidate.is_doubtful]
    chosen = min(doubtful, key=lambda candidate: candidate.rank, default=None)
    if chosen is None or not any(candidate.is_plain for candidate in candidates):
        return chosen
    # plain numbers, each of which is a day or a month: 20260831, 2026.08
    days = [item for item in doubtful if item.kind in ("date", "yearmonth") and item.is_whole]
    return days[0] if days else None


def _take(candidates: Sequence[Candidate], column: pa.Array, start: int) -> None:
    """Look at some rows of a column. Rows of whole numbers aren't looked at again as numbers."""
    whole = 0
    for candidate in candidates:
        if candidate.is_out:
            continue
        if candidate.kind == "number" and whole:
            candidate.count(whole)
        else:
            plain = candidate.take(column, start)
            whole = plain if candidate.kind == "integer" and plain == len(column) - column.null_count else whole


def _find_number(row: int, dialect: Dialect, first_row: int) -> int:
    """The number in the file of a row that is published, counted from 0."""
    number = first_row + row
    for left_out in sorted(dialect.comment_rows):
        number += first_row <= left_out <= number
    return number
