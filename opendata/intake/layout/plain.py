"""A grid of cells as plain delimited text: record n is row n of the sheet, from row 1 to the last row of the table.

The first rows are held until the header is found, the last ones until the footnotes are; all between streams through.
"""

from __future__ import annotations

import csv
import secrets
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from pathlib import Path
from typing import Any

from opendata.errors import N_, TooLargeError, UnreadableFileError
from opendata.intake.grid import Grid
from opendata.intake.landmarks import Landmarks
from opendata.intake.layout.footnotes import find_footnotes
from opendata.intake.layout.gaps import Gaps, find_headings
from opendata.intake.layout.layout import find_layout, join_header, list_titles, name_columns
from opendata.intake.layout.replay import ask_positions, follow_end, follow_start, take_landmarks
from opendata.intake.layout.workbook_facts import merged_body
from opendata.intake.understanding import Choices, Decision, Layout
from opendata.tables.limits import MAX_FIELDS

HEAD_ROWS = 200
TAIL_ROWS = 60
MOST_BYTES = 4 * 1024**3
"""So large a table may become as text: a small file can hold an enormous one."""

_CHUNK_ROWS = 2000
_CHECKED_ROWS = 200


@dataclass(frozen=True, slots=True)
class PlainTable:
    """The layout that was found, the reasons, the widest row, and the rows seen up to the end of the grid.

    `left_out` are the numbers of rows inside the table that don't belong to it. `landmarks` say what numbers that a
    person chose mean. `marks` is what the fields of columns keep of their source, by the numbers of the columns in the
    table.
    """

    layout: Layout
    decisions: Sequence[Decision]
    width: int
    rows: int
    left_out: tuple[int, ...] = ()
    landmarks: Landmarks | None = None
    marks: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)


def new_file(folder: Path) -> Path:
    """A name in a folder that nothing has yet."""
    return folder / f"{secrets.token_hex(8)}.csv"


def write_plain(
    grid: Grid, target: Path, *, choices: Choices, known: Collection[str] = (), limit: int = MOST_BYTES
) -> PlainTable:
    """Write the table in a grid as UTF-8 CSV, the names of its columns whole in the last row of its header.

    Raises what reading the grid raises, `UnreadableFileError`, and `TooLargeError` beyond `limit` characters.
    """
    rows = iter(grid.rows)
    head = list(_check_widths(islice(rows, grid.first_row - 1 + HEAD_ROWS)))
    is_free = grid.has_header is None and not choices.exact
    if is_free:
        layout, decisions = find_layout(head, merges=grid.merges, known=known)
    else:
        layout = Layout() if grid.has_header is not False else Layout(header_rows=(), first_row=1)
        decisions = []
    kept = choices.kept if not choices.exact else None
    if kept is not None:
        layout, decisions = follow_start(kept, layout, head, decisions, grid.merges)
    layout, decisions = choose(layout, choices, head), drop_answered(decisions, choices)
    first_rows = list(head)
    label, named = "", 0
    if layout.header_rows and layout.header_rows[-1] <= len(head):
        names = head[layout.header_rows[-1] - 1] = name_columns(join_header(head, layout, grid.merges))
        named = max((place for place, name in enumerate(names, start=1) if name), default=0)
        label = names[layout.first_column - 1] if layout.first_column <= len(names) else ""
    width = max((len(row) for row in head), default=0)
    headings = find_headings(grid.merges, layout, named) if is_free and not choices.fill_merged else ()
    gaps = Gaps(layout, label, named, headings)
    tail: deque[Sequence[str]] = deque(head)
    written = 0
    last = layout.last_row
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        for row in _go_on(rows, last, len(head)):
            tail.append(row)
            if len(tail) > TAIL_ROWS + _CHUNK_ROWS:
                rest = [tail.popleft() for _ in range(_CHUNK_ROWS)]
                if is_free:
                    gaps.watch(written + 1, rest)
                for start in range(0, _CHUNK_ROWS, _CHECKED_ROWS):
                    written += _write(writer, rest[start : start + _CHECKED_ROWS], layout)
                    if file.tell() > limit:
                        raise TooLargeError(N_("The table is larger than %(limit)s bytes as text"), limit=limit)
        total = written + len(tail)
        if is_free and choices.last_row is None:
            numbered = list(enumerate(tail, start=written + 1))[-TAIL_ROWS:]
            last, notes, why = find_footnotes(numbered, layout, head[layout.first_row - 1 :])
            if kept is not None:
                last, notes, why = follow_end(kept, numbered, layout, head[layout.first_row - 1 :], (last, notes, why))
            layout = replace(layout, last_row=last, footnotes=notes)
            decisions += why
        if kept is not None:
            decisions += ask_positions(kept, layout, total)
        end = min(total, last if last is not None else total)
        rest = list(tail)[: max(0, end - written)]
        if is_free:
            gaps.watch(written + 1, rest)
        _write(writer, rest, layout)
    landmarks = take_landmarks(
        choices, layout, first_rows, chain(islice(tail, end - written, None), rows), merges=grid.merges
    )
    deque(rows, maxlen=0)  # the reader has said everything only when it has come to its end
    if grid.conclude is not None:
        grid.conclude(layout.first_row)
    left_out, why = gaps.decide(end)
    told = [decision for decision in grid.decisions if decision.rule != "merged-body"]
    if len(told) < len(grid.decisions):
        body = [span for span in grid.merges if span.first_row <= end and span.first_row not in left_out]
        merged = merged_body(body, layout.first_row)
        told += [merged] if merged else []
    return PlainTable(layout, [*decisions, *why, *told], width, total, left_out, landmarks, _place_marks(grid, layout))


def choose(layout: Layout, choices: Choices, head: Sequence[Sequence[str]]) -> Layout:
    """The layout with what a person said put in the place of what was found; `head` are the first rows."""
    if choices.header_rows is not None:
        first = max(choices.header_rows, default=0) + 1
        layout = replace(layout, header_rows=choices.header_rows, first_row=first, titles=())
    if layout.header_rows and not layout.titles:
        layout = replace(layout, titles=list_titles(head, layout.header_rows[0]))
    names = ("first_row", "last_row", "first_column", "last_column")
    given = {name: getattr(choices, name) for name in names if getattr(choices, name) is not None}
    layout = replace(layout, **given)
    if layout.header_rows and layout.first_row <= layout.header_rows[-1]:
        layout = replace(layout, first_row=layout.header_rows[-1] + 1)
    return layout


def drop_answered(decisions: Sequence[Decision], choices: Choices) -> list[Decision]:
    """The decisions without a question about the header that a person has answered."""
    is_answered = choices.header_rows is not None
    return [item for item in decisions if not (item.rule == "header" and item.asks and is_answered)]


def _check_widths(rows: Iterable[Sequence[str]]) -> Iterator[Sequence[str]]:
    """The rows, as long as they aren't too wide: each of them can take long to read."""
    for row in rows:
        if len(row) > MAX_FIELDS:
            raise UnreadableFileError(
                N_("The table has %(count)s columns. A table can have at most %(limit)s"),
                count=len(row),
                limit=MAX_FIELDS,
            )
        yield row


def _place_marks(grid: Grid, layout: Layout) -> Mapping[int, Mapping[str, Any]]:
    """The marks of the columns that belong to the table, by their numbers in it."""
    first, last = layout.first_column, layout.last_column
    return {
        column - first + 1: mark
        for column, mark in grid.marks.items()
        if first <= column and (last is None or column <= last)
    }


def _go_on(rows: Iterator[Sequence[str]], last: int | None, seen: int) -> Iterator[Sequence[str]]:
    return rows if last is None else islice(rows, max(0, last - seen))


def _write(writer: object, rows: Sequence[Sequence[str]], layout: Layout) -> int:
    """Write some rows, cut to the columns of the table."""
    first, last = layout.first_column - 1, layout.last_column
    cut = rows if first == 0 and last is None else [row[first:last] for row in rows]
    writer.writerows(cut)  # type: ignore[attr-defined]  # the csv module has no name for its writers
    return len(rows)
