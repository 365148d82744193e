"""Merged cells, of which only the first has the value: the value copied into all of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from opendata.errors import N_, TooLargeError
from opendata.intake.grid import Span

_MAX_FILLED = 10_000_000
"""Cells that merged areas may fill."""


def copy_merged(rows: Iterable[Sequence[str]], merges: Sequence[Span]) -> Iterator[Sequence[str]]:
    """Copy the first cell of each merged area into the others, as far down as there are rows.

    Raises `TooLargeError` on the way.
    """
    waiting = iter([*merges, None])
    coming = next(waiting)
    active: list[tuple[Span, str]] = []
    filled = 0
    for number, cells in enumerate(rows, start=1):
        row = [*cells]
        while coming is not None and coming.first_row <= number:
            if coming.first_row == number:
                value = row[coming.first_column - 1] if coming.first_column <= len(row) else ""
                active.append((coming, value))
            coming = next(waiting)
        for span, value in active:
            filled += span.last_column - span.first_column + 1
            if filled > _MAX_FILLED:
                raise TooLargeError(N_("The merged areas of the sheet contain too many cells"))
            row.extend([""] * (span.last_column - len(row)))
            row[span.first_column - 1 : span.last_column] = [value] * (span.last_column - span.first_column + 1)
        active = [(span, value) for span, value in active if span.last_row > number]
        yield row
