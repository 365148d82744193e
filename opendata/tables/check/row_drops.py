"""Rows that aren't rows of the table: its header again, where files were joined end to end, and totals of other rows.

In, the labels of the header and a batch of rows: `code,name` below `code,name`, `合计,30` at the end
Out: which rows repeat the header; which of the first and last rows are totals; the batch without them, where a recipe
leaves them out
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from threading import Lock
from typing import TYPE_CHECKING

from opendata.domain.findings import Finding, Place, Problem
from opendata.tables.arrow.arrays import make_texts, no_to_nulls, view_flags
from opendata.tables.notation.totals import find_totals, is_total
from opendata.tables.repair.repairs import REPEATED_HEADER, TOTAL_ROW
from opendata.tables.text.records import Records

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

_LAST_ROWS = 3
_LABELS = 2
"""A total is named in one of the first two columns."""


Ends = list[tuple[int, list[str]]]
DropState = tuple[Ends, Ends, Counter[tuple[str, str]]]
"""The first and the last rows, and how many were left out of each kind."""


class RowDrops:
    """Finds such rows in one table; `names` are the fields of its columns, `repairs` what is accepted for each."""

    def __init__(self, labels: Sequence[str], names: Sequence[str], repairs: Mapping[str, Sequence[str]]) -> None:
        self._labels = labels if len(labels) > 1 and any(labels) else ()
        self._names = names
        self._drops_headers = bool(names) and REPEATED_HEADER in repairs.get(names[0], ())
        self._totals = [place for place, name in enumerate(names) if TOTAL_ROW in repairs.get(name, ())]
        self._last: list[tuple[int, list[str]]] = []
        self._first: list[tuple[int, list[str]]] = []
        self._lock = Lock()
        self.counts: Counter[tuple[str, str]] = Counter()

    def drop(self, records: Records) -> Records:
        """A batch without the rows that the recipe leaves out."""
        if not self._drops_headers and not self._totals:
            return records
        import numpy as np

        gone = np.zeros(records.rows, bool)
        if self._drops_headers:
            self._count(self._names[0], REPEATED_HEADER, gone, self.find_repeated(records.columns))
        for place in self._totals:
            self._count(self._names[place], TOTAL_ROW, gone, find_totals(records.columns[place]))
        if not gone.any():
            return records
        kept = np.flatnonzero(~gone)
        indices = np.arange(records.rows) if records.numbers is None else records.numbers
        extra = records.extra
        if extra is not None:
            extra = {new: extra[old] for new, old in enumerate(kept.tolist()) if old in extra}
        return replace(
            records,
            columns=[column.filter(_make_mask(~gone)) for column in records.columns],
            rows=len(kept),
            sizes=None if records.sizes is None else records.sizes[kept],
            extra=extra,
            numbers=indices[kept] if records.numbers is not None else None,
            kept=kept,
            before=records.rows,
            plain=None,
            casts=None,
            places=records.places and [place if isinstance(place, int) else place[kept] for place in records.places],
        )

    def _count(self, name: str, kind: str, gone: np.ndarray, found: np.ndarray) -> None:
        fresh = int((found & ~gone).sum())
        gone |= found
        with self._lock:  # batches are checked in several threads
            self.counts[name, kind] += fresh

    def find_repeated(self, columns: Sequence[pa.Array]) -> np.ndarray:
        """Which rows are the header again, a byte order mark before it or not."""
        import numpy as np
        import pyarrow.compute as pc

        rows = len(columns[0]) if columns else 0
        if not self._labels or len(self._labels) != len(columns) or not rows:
            return np.zeros(rows, bool)
        first = self._labels[0]
        same = no_to_nulls(pc.is_in(columns[0], value_set=make_texts([first, f"\ufeff{first}"])))
        for column, label in zip(columns[1:], self._labels[1:], strict=True):
            if not pc.any(same, min_count=0).as_py():
                break
            same = pc.and_(same, no_to_nulls(pc.equal(column, label)))
        return view_flags(same)

    def remember_ends(self, records: Records, numbers: range | np.ndarray) -> None:
        """Keep the first and the last rows, among which totals are looked for."""
        if len(records.columns) < _LABELS or not records.rows:
            return
        start = max(0, records.rows - _LAST_ROWS)
        last = [(int(numbers[row]), _read_start(records, row)) for row in range(start, records.rows)]
        if not self._first:
            self._first = [(int(numbers[0]), _read_start(records, 0))]
        self._last = [*self._last, *last][-_LAST_ROWS:]

    def describe(self) -> DropState:
        """What is known so far, for `join`."""
        return self._first, self._last, self.counts

    def join(self, other: DropState, offset: int) -> None:
        """Take in what is known of a later piece of the table, whose rows are `offset` further down."""
        first, last = ([(number + offset, cells) for number, cells in rows] for rows in other[:2])
        self._first = self._first or first
        self._last = [*self._last, *last][-_LAST_ROWS:]
        self.counts.update(other[2])

    def list_totals(self) -> list[tuple[Finding, str, str]]:
        """The totals among the first and the last rows: the finding, the column that names it, and its cell."""
        found: dict[int, tuple[Finding, str, str]] = {}
        for number, cells in [*self._first, *self._last]:
            for place, cell in enumerate(cells):
                if cell and is_total(cell):
                    problem = Problem(TOTAL_ROW, TOTAL_ROW, "note")
                    name = self._names[place]
                    spot = Place(row=number, number=place + 1, field=name, cell=cell, cells=[cell])
                    found.setdefault(number, (Finding(problem, spot), name, cell))
        return list(found.values())


def _read_start(records: Records, row: int) -> list[str]:
    """The first cells of a row, in which a total is named."""
    if records.lines is not None:
        return records.lines.read_row(row)[:_LABELS]
    return [column[row].as_py() for column in records.columns[:_LABELS]]


def _make_mask(flags: np.ndarray) -> pa.Array:
    import pyarrow as pa

    return pa.array(flags.tolist(), pa.bool_())
