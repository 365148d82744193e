"""Tables below one another on one sheet, as yearbooks print what is too wide for a page: where each begins.

A table below another has lines of its own above its header, or a blank row. Its first column has the name of the first
table's first column, its others don't. A header that is only repeated, page by page, begins no new table.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from opendata.errors import N_
from opendata.intake.grid import Grid
from opendata.intake.layout.layout import are_labels, is_title
from opendata.intake.understanding import Choices, Decision

MOST_ROWS = 2000
"""A sheet with more rows is one table: nobody prints such a one in pieces."""

_MOST_CELLS = 2_000_000
_MOST_TITLES = 8
_LEAST_ROWS = 2
_LEAST_NAMES = 2


@dataclass(frozen=True, slots=True)
class Part:
    """One of the `count` tables of a sheet, from 1: its first and last row, the latter None for up to the end."""

    sheet: str
    number: int
    count: int
    first_row: int
    last_row: int | None

    def decide(self) -> Decision:
        """The decision to report about it."""
        text = N_(
            "The sheet “%(sheet)s” has %(count)s tables, one below the other. Each is read as a separate"
            " table. This is number %(number)s, from row %(first)s. To read all as one table, set the last"
            " row of the first table to the end of the last one"
        )
        details = {"count": self.count, "sheet": self.sheet, "number": self.number, "first": self.first_row}
        return Decision(rule="stacked-tables", text=text, details=details, sure=0.85)


def read_start(rows: Iterable[Sequence[str]], most: int) -> list[Sequence[str]]:
    """The first rows, at most `most`, and fewer if they are so wide that holding them would take much memory."""
    kept, cells = [], 0
    for row in islice(rows, most):
        kept.append(row)
        cells += len(row)
        if cells > _MOST_CELLS:
            break
    return kept


def find_parts(sheet: str, rows: Sequence[Sequence[str]]) -> list[Part]:
    """The tables of a sheet from top to bottom; none where it holds one alone."""
    headers = ((number, names) for number, row in enumerate(rows, start=1) if (names := _read_names(row)))
    header, names = next(headers, (0, []))
    known, label, starts = {*names}, names[:1], [1]
    for number, others in headers:
        fresh, start = {*others} - known, _find_start(rows, number)
        if others[:1] == label and fresh and starts[-1] < start < number and header < start and _has_rows(rows, number):
            starts.append(start)
            known |= fresh
    if len(starts) == 1:
        return []
    ends = [*(start - 1 for start in starts[1:]), None]
    return [
        Part(sheet, number, len(starts), start, end)
        for number, (start, end) in enumerate(zip(starts, ends, strict=True), start=1)
    ]


def cut_out(grid: Grid, part: Part, choices: Choices) -> Grid:
    """The rows of one part, those before it blank, so that numbers stay true; more where a person chose more."""
    last = part.last_row
    chosen = max([choices.last_row or 0, *(choices.header_rows or ())])
    is_whole = choices.kept is not None and choices.kept.is_whole_sheet
    if choices.exact or is_whole or (last is not None and chosen > last):
        return grid

    rows = grid.rows

    def give() -> Iterator[Sequence[str]]:
        for number, row in enumerate(rows, start=1):  # to its end, where the decisions are complete
            if number < part.first_row:
                yield []
            elif last is None or number <= last:
                yield row

    grid.decisions.append(part.decide())
    grid.merges = [
        span for span in grid.merges if part.first_row <= span.first_row and span.last_row <= (last or MOST_ROWS)
    ]
    grid.rows, grid.first_row = give(), part.first_row
    return grid


def _find_start(rows: Sequence[Sequence[str]], header: int) -> int:
    """The first of the lines above a header that don't belong to the table before it: titles, else a blank row."""
    start, titles = header, 0
    while start > 1 and titles < _MOST_TITLES:
        above = [cell for cell in rows[start - 2] if cell.strip()]
        if len(above) > 2 or (len(above) == 2 and not is_title(above[0].strip())) or (titles and not above):
            break
        titles += bool(above)
        start -= 1
    return start


def _read_names(row: Sequence[str]) -> list[str]:
    """What a row names if it may be a header, as it is compared; else nothing."""
    cells = [cell.strip() for cell in row if cell.strip()]
    if len(cells) < _LEAST_NAMES or is_title(cells[0]) or not are_labels(cells):
        return []
    return ["".join(cell.split()).casefold() for cell in cells]


def _has_rows(rows: Sequence[Sequence[str]], header: int) -> bool:
    return sum(_count(row) > 1 for row in rows[header : header + 2 * _LEAST_ROWS]) >= _LEAST_ROWS


def _count(row: Sequence[str]) -> int:
    return sum(bool(cell.strip()) for cell in row)
