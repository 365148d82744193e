"""Rows inside a table that don't belong to it: blank ones, headings of groups, the header of another table below."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from opendata.errors import N_
from opendata.intake.grid import Span
from opendata.intake.understanding import Decision, Layout

MOST = 1000
"""At most this many rows are left out inside a table; if there are more, all are kept and the report names them."""


@dataclass(slots=True)
class Gaps:
    """Watches the rows of a sheet from its first row of data on. Only merged cells prove a heading of a group.

    `label` is the name of the first column: a row that has it again, and names in most cells, heads another table.
    """

    layout: Layout
    label: str
    width: int
    headings: Collection[int] = ()
    blank: list[int] = field(default_factory=list)
    groups: dict[int, str] = field(default_factory=dict)
    heads: dict[int, str] = field(default_factory=dict)

    def watch(self, number: int, rows: Sequence[Sequence[str]]) -> None:
        """Take in the next rows, of which the first has this number."""
        first, last = self.layout.first_column - 1, self.layout.last_column
        start = max(0, self.layout.first_row - number)
        for at, row in enumerate(rows[start:], start=number + start):
            cell = row[first] if first < len(row) else ""
            if at in self.headings and cell.strip():
                self.groups[at] = _tidy(cell)
            elif not cell or cell.isspace():
                if self.width > 1 and len(self.blank) <= MOST and not any(map(str.strip, row)):
                    self.blank.append(at)
            elif self.label[:1] == cell[:1] and self.label == _tidy(cell) and len(self.heads) < MOST:
                filled = [text for text in row[first:last] if text.strip()]
                if len(filled) > 0.6 * self.width and not any(any(map(str.isdecimal, text)) for text in filled[1:]):
                    self.heads[at] = ", ".join(map(_tidy, filled[:3]))

    def decide(self, end: int) -> tuple[tuple[int, ...], list[Decision]]:
        """The rows up to `end` to leave out, and what there is to tell."""
        blank = [number for number in self.blank if number < end]
        groups = {number: text for number, text in self.groups.items() if number <= end}
        if len(blank) > MOST:
            blank = []
        if len(groups) > MOST or 2 * (len(groups) + len(blank)) >= end - self.layout.first_row + 1:
            groups = {}
        decisions = []
        if blank:
            text = N_("Blank rows between other rows are left out: %(count)s")
            decisions.append(Decision(rule="blank-rows", text=text, details={"count": len(blank)}))
        if groups:
            text = N_(
                "%(count)s rows are group headings merged across the table, and are left out (first in row"
                " %(row)s: %(sample)s). To keep them as rows, fill the merged cells"
            )
            row = min(groups)
            details = {"count": len(groups), "row": row, "sample": groups[row][:80]}
            decisions.append(Decision(rule="group-rows", text=text, details=details, sure=0.85))
        heads = {number: text for number, text in self.heads.items() if number <= end}
        if heads:
            text = N_(
                "Row %(row)s has column names again (%(sample)s), so another table seems to start below the"
                " first. Choose the last row, or put each table on its own sheet"
            )
            row = min(heads)
            details = {"row": row, "count": len(heads), "sample": heads[row][:80]}
            decisions.append(Decision(rule="second-table", text=text, details=details, sure=0.3))
        return tuple(sorted([*blank, *groups])), decisions


def find_headings(merges: Sequence[Span], layout: Layout, width: int) -> frozenset[int]:
    """The rows of the body in which one cell is merged across all columns: no row of data is."""
    first, last = layout.first_column, layout.last_column or width
    return frozenset(
        span.first_row
        for span in merges
        if span.first_row == span.last_row >= layout.first_row and span.first_column <= first < last <= span.last_column
    )


def _tidy(cell: str) -> str:
    return " ".join(cell.split())
