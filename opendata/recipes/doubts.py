"""Columns that a table without a schema keeps as text, though most of their values are of another type.

In, a column:      `12`, `13`, …, `…`            Out: integer, 11 of 12; row 11 is `…`, which usually means missing
In, a column:      `2018年`, `2019年`             Out: year, all of them after a repair
In, a column:      `A001`, `12`                  Out: nothing, it is text

Every row is looked at. A column is skipped as soon as too many of its values are something else.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from opendata.domain.findings import Finding, Place, Problem, shorten_param
from opendata.domain.recipes import Recipe
from opendata.domain.schema import Field, TableSchema
from opendata.recipes.verbs import moves_rows
from opendata.tables.arrow.arrays import view_flags
from opendata.tables.check.cells import CellRule
from opendata.tables.repair.repairs import MISSING_MARK, REPAIRS, Repairer, is_missing_mark
from opendata.tables.schema.proposal import is_code
from opendata.tables.text.dialect import Dialect
from opendata.tables.types.registry import TYPES

if TYPE_CHECKING:
    import pyarrow as pa

CODE = "kept-as-text"
_YEAR = "^(19|20)[0-9]{2}$"
_KINDS = ("year", "integer", "number", "date")
"""In the order in which they are preferred."""

_LEAST = 3
"""At least this many values must be of the type."""

_WRONG_SHARE = 0.5
_MOST_WRONG = 10
"""At most this many different values may be something else."""

_MOST_TEXTS = 20_000
"""At most this many different values are tried with repairs."""

_SHOWN = 5


def find_type_doubts(parquet: Path, dialect: Dialect, first_row: int, *, recipe: Recipe) -> Sequence[Finding]:
    """The columns of a Parquet file of texts that may be of another type, one finding for each."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(parquet) as file:
        names = file.schema_arrow.names
        columns = [[_Candidate(kind) for kind in _KINDS] if not is_code(name) else [] for name in names]
        start = 0
        for batch in file.iter_batches(batch_size=8192):
            for place, candidates in enumerate(columns):
                _take(candidates, batch.column(place), start)
            start += batch.num_rows
            if all(candidate.is_out for candidates in columns for candidate in candidates):
                break
    numbers = None if moves_rows(recipe) else dialect
    found = []
    for number, (name, candidates) in enumerate(zip(names, columns, strict=True), start=1):
        doubtful = [candidate for candidate in candidates if candidate.is_doubtful]
        chosen = min(doubtful, key=lambda candidate: candidate.total - candidate.fits, default=None)
        is_plain = any(not item.wrong and not item.repaired and item.plain for item in candidates if not item.is_out)
        if chosen is not None and not is_plain:
            problem = Problem(CODE, CODE, "warning", chosen.describe(numbers, first_row))
            found.append(Finding(problem, Place(field=name, number=number)))
    return found


def _take(candidates: Sequence[_Candidate], column: pa.Array, start: int) -> None:
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


class _Candidate:
    """A type that a column may be of: how many values are, plainly or after a repair, and which aren't."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        field = Field.from_json({"name": "value", "type": kind})
        rule = CellRule(TableSchema({"fields": [field.descriptor]}), field)
        kinds = [name for name in REPAIRS if name != MISSING_MARK]
        self._repairer = Repairer(field, rule.nulls, kinds, rule.is_right)
        self._pattern = TYPES[kind].proposed or _YEAR
        self._known: dict[str, tuple[str, ...] | None] = {}
        self.plain = 0
        self.repaired: dict[str, int] = {}
        self.fits = 0
        self.total = 0
        self.wrong: dict[str, tuple[int, int]] = {}
        self.is_out = False

    @property
    def is_doubtful(self) -> bool:
        """Whether the column may be of the type, but not without a decision."""
        wrong = self.total - self.fits
        is_likely = not self.is_out and self.fits >= _LEAST and wrong <= _WRONG_SHARE * self.total
        is_own = self.kind != "year" or "date-form" in self.repaired  # plain years are numbers
        return is_likely and is_own and bool(wrong or self.repaired)

    def count(self, plain: int) -> None:
        """Count values that are plainly of the type."""
        self.total += plain
        self.plain += plain
        self.fits += plain

    def take(self, column: pa.Array, start: int) -> int:
        """Look at some rows, of which `start` come before; how many are plainly of the type."""
        import numpy as np
        import pyarrow.compute as pc

        present = view_flags(column.is_valid())
        same = view_flags(pc.fill_null(pc.match_substring_regex(column, self._pattern), False))
        plain = int(same.sum())
        self.count(plain)
        others = np.flatnonzero(present & ~same)
        self.total += len(others)
        for row, text in zip(others.tolist(), column.take(others).to_pylist(), strict=True):
            self._take_other(text, start + row)
            if self.is_out:
                return plain
        self.is_out = self.total - self.fits > max(_MOST_WRONG, _WRONG_SHARE * self.total)
        return plain

    def _take_other(self, text: str, row: int) -> None:
        if text not in self._known:
            if len(self._known) >= _MOST_TEXTS:
                self.is_out = True
                return
            repaired = self._repairer.repair(text)
            self._known[text] = repaired.kinds if repaired is not None and repaired.text is not None else None
        kinds = self._known[text]
        if kinds is not None:
            self.fits += 1
            for kind in kinds:
                self.repaired[kind] = self.repaired.get(kind, 0) + 1
            return
        if text not in self.wrong and len(self.wrong) >= _MOST_WRONG:
            self.is_out = True
            return
        count, first = self.wrong.get(text, (0, row))
        self.wrong[text] = count + 1, first

    def describe(self, dialect: Dialect | None, first_row: int) -> dict[str, object]:
        """The parameters of the finding. Without a dialect nothing tells which row of the file a row is."""
        texts = [*self.wrong][:_SHOWN]
        shown = [
            shorten_param(text) for text in texts or [text for text, kinds in self._known.items() if kinds][:_SHOWN]
        ]
        rows = [self.wrong[text][1] for text in texts]
        return {
            "type": self.kind,
            "fits": self.fits,
            "of": self.total,
            "values": shown,
            "rows": [_find_number(row, dialect, first_row) for row in rows] if dialect is not None else [],
            "repairs": [kind for kind in REPAIRS if kind in self.repaired],
            "are_marks": bool(self.wrong) and all(map(is_missing_mark, self.wrong)),
        }


def _find_number(row: int, dialect: Dialect, first_row: int) -> int:
    """The number in the file of a row that is published, counted from 0."""
    number = first_row + row
    for left_out in sorted(dialect.comment_rows):
        number += first_row <= left_out <= number
    return number
