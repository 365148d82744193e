"""What was chosen by number for one file, found again in the next by what its rows say.

A choice is followed only where it leaves nothing out that looks like data. Otherwise the table is read as it was
detected, and a person is asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from opendata.errors import N_
from opendata.intake.grid import Span
from opendata.intake.landmarks import MOST_ROWS, Landmarks, Rows, tidy, trim_row, trim_rows
from opendata.intake.layout.footnotes import is_note
from opendata.intake.layout.layout import join_header, name_columns
from opendata.intake.understanding import Choices, Decision, Layout
from opendata.tables.notation.totals import is_total

Numbered = Sequence[tuple[int, Sequence[str]]]

_SEARCHED_ROWS = 100
_ALIKE = 0.5
_FULL = 0.5
_DIGITS = re.compile(r"\d+")
_WORD = re.compile(r"[^\W\d_]")

_POSITIONS: Mapping[str, str] = {
    "header_rows": N_(
        "For an earlier file, someone chose row %(number)s as the header. The choice isn't applied to this file,"
        " because its rows may be elsewhere. Check the header"
    ),
    "first_row": N_(
        "For an earlier file, someone chose row %(number)s as the first row of data. The choice isn't applied to this"
        " file, because its rows may be elsewhere. Check the first row of data"
    ),
    "last_row": N_(
        "For an earlier file, someone chose row %(number)s as the last row of data. The choice isn't applied to this"
        " file, because its rows may be elsewhere. Check the last row of data"
    ),
    "first_column": N_(
        "For an earlier file, someone chose column %(number)s as the first column. The choice isn't applied to this"
        " file, because its columns may be elsewhere. Check the first column"
    ),
    "last_column": N_(
        "For an earlier file, someone chose column %(number)s as the last column. The choice isn't applied to this"
        " file, because its columns may be elsewhere. Check the last column"
    ),
}


def take_landmarks(
    choices: Choices,
    layout: Layout,
    head: Sequence[Sequence[str]],
    below: Iterable[Sequence[str]],
    *,
    merges: Sequence[Span] = (),
) -> Landmarks | None:
    """What the numbers that a person chose mean in this file; None where none were chosen.

    `head` are its first rows as they are in the file, `below` those under the last row that was chosen.
    """
    if not choices.has_positions:
        return None
    found = Landmarks()
    positions: dict[str, Any] = {}
    if choices.header_rows is not None:
        rows = [row for row in choices.header_rows if row <= len(head)]
        header = trim_rows([head[row - 1] for row in rows])
        if len(rows) < len(choices.header_rows) or (rows and not any(map(any, header))):
            positions["header_rows"] = list(choices.header_rows)
        else:
            found = replace(found, header=header, offsets=tuple(row - rows[0] for row in rows))
    if choices.first_row is not None:
        start = max(layout.header_rows, default=0)
        if layout.first_row - 1 - start > MOST_ROWS or layout.first_row > len(head) + 1:
            positions["first_row"] = choices.first_row
        else:
            found = replace(found, skipped=trim_rows(head[start : layout.first_row - 1]))
    if choices.last_row is not None:
        found = replace(found, below=trim_rows(list(islice(below, MOST_ROWS))))
    names = name_columns(join_header(head, layout, merges))
    for name in ("first_column", "last_column"):
        number = getattr(choices, name)
        if number is not None and (number > len(names) or not names[number - 1]):
            positions[name] = number
        elif number is not None and name == "first_column":
            found = replace(found, first_column=tidy(names[number - 1]))
        elif number is not None:
            found = replace(found, last_column=tidy(names[number - 1]))
    if found.first_column is not None or found.last_column is not None:
        found = replace(found, outside=tuple(_list_outside(names, layout)))
    return replace(found, positions=positions)


def follow_start(
    kept: Landmarks, layout: Layout, head: Sequence[Sequence[str]], decisions: list[Decision], merges: Sequence[Span]
) -> tuple[Layout, list[Decision]]:
    """The layout with header, first row and columns as they were chosen for an earlier file, and the reasons.

    `layout` and `decisions` are what was detected in this file.
    """
    told = list(decisions)
    if kept.header is not None:
        rows = _find_header(kept.header, kept.offsets, head, layout)
        if rows is None:
            text = N_(
                "The column names chosen for an earlier file aren't in this file, so the header was detected again."
                " Check the header"
            )
            told.append(Decision(rule="kept-header", text=text, sure=0.3, asks=True))
        elif rows != layout.header_rows:
            told = [decision for decision in told if decision.rule != "header"]
            first = rows[-1] + 1 if rows else 1
            layout = replace(layout, header_rows=rows, first_row=first, titles=())
            if rows:
                text = N_("The header is in row %(rows)s, found by the column names chosen for an earlier file")
                details = {"rows": ", ".join(map(str, rows))}
                told.append(Decision(rule="kept-header", text=text, details=details, sure=0.95))
    if kept.skipped is not None:
        layout, why = _follow_skipped(kept.skipped, layout, head)
        told += why
    layout, why = _follow_columns(kept, layout, name_columns(join_header(head, layout, merges)))
    return layout, [*told, *why]


def follow_end(
    kept: Landmarks,
    tail: Numbered,
    layout: Layout,
    body: Sequence[Sequence[str]],
    found: tuple[int | None, tuple[str, ...], list[Decision]],
) -> tuple[int | None, tuple[str, ...], list[Decision]]:
    """The last row as it was chosen for an earlier file, the notes below it, and the reasons; as `find_footnotes`.

    `tail` are the last rows of this file, `found` what was detected in them.
    """
    rows = [(number, _cut(row, layout)) for number, row in tail if number >= layout.first_row]
    if kept.below is None or not rows:
        return found
    last, notes, why = found
    mark = next((row for row in kept.below if any(row)), ())
    if not mark:
        if notes:
            text = N_(
                "For an earlier file, the table was read to the end of the file. In this file, lines at the end look"
                " like notes and are left out: %(lines)s. Check the last row of data"
            )
            details = {"lines": " / ".join(notes)[:300]}
            why = [*why, Decision(rule="kept-end", text=text, details=details, sure=0.3, asks=True)]
        return last, notes, why
    width = max((_count(_cut(row, layout)) for row in body), default=0)
    known = {_normalise(_label(row)) for row in kept.below}
    label = _label(mark)
    at = _find_mark(label, rows)
    if at is None:
        if not notes and not is_note(label):
            text = N_(
                "In an earlier file, the table ended above the row “%(row)s”. This file has no such row, so it is read"
                " to its end"
            )
            why = [*why, Decision(rule="kept-end", text=text, details={"row": label}, sure=0.7)]
        return found
    number, row = rows[at]
    lost = [at for at, row in rows[at + 1 :] if _is_data(row, width) and _normalise(_label(row)) not in known]
    if _is_data(row, width):
        lost.insert(0, number)
    if lost:
        text = N_(
            "In an earlier file, the table ended above the row “%(row)s”. Ending it there would cut rows of this file"
            " that look like data (first row %(first)s, %(count)s in all), so nothing is cut. Check the last row of"
            " data"
        )
        place = {"row": label, "first": lost[0], "count": len(lost)}
        return last, notes, [*why, Decision(rule="kept-end", text=text, details=place, sure=0.3, asks=True)]
    text = N_("The table ends above the row “%(row)s” (row %(number)s), as in an earlier file")
    decision = Decision(rule="kept-end", text=text, details={"row": _label(row), "number": number}, sure=0.95)
    while at and not _count(rows[at - 1][1]):
        at -= 1
    below = tuple(" ".join(filter(None, map(tidy, row))) for _, row in rows[at:] if _count(row))
    return (rows[at - 1][0] if at else layout.first_row - 1), below, [decision]


def ask_positions(kept: Landmarks, layout: Layout, total: int | None) -> list[Decision]:
    """Questions about numbers chosen for an earlier file whose meaning isn't known, where this file's differ."""
    now: dict[str, Any] = {
        "header_rows": list(layout.header_rows),
        "first_row": layout.first_row,
        "last_row": layout.last_row or total,
        "first_column": layout.first_column,
        "last_column": layout.last_column,
    }
    return [
        Decision(
            rule="kept-position",
            text=_POSITIONS[name],
            details={"number": ", ".join(map(str, value)) if isinstance(value, list) else value},
            sure=0.3,
            asks=True,
        )
        for name, value in kept.positions.items()
        if value != now[name]
    ]


def _find_header(
    header: Rows, offsets: Sequence[int], head: Sequence[Sequence[str]], layout: Layout
) -> tuple[int, ...] | None:
    """The rows that have most of the names; None where none has half of them."""
    if not header:
        return ()
    names = [_names(row) for row in header]
    most = sum(map(len, names)) or 1
    detected = layout.header_rows[0] if layout.header_rows else 1
    best, score = None, 0.0
    for start in sorted(range(1, min(len(head), _SEARCHED_ROWS) + 1), key=lambda row: abs(row - detected)):
        rows = [start + offset for offset in offsets]
        if rows[-1] > len(head):
            continue
        alike = sum(len(wanted & _names(head[row - 1])) for wanted, row in zip(names, rows, strict=True)) / most
        if alike > score:
            best, score = tuple(rows), alike
    return best if score >= _ALIKE else None


def _follow_skipped(skipped: Rows, layout: Layout, head: Sequence[Sequence[str]]) -> tuple[Layout, list[Decision]]:
    """Leave out the rows between header and data that were left out before, if they are there again."""
    start = max(layout.header_rows, default=0)
    rows = [trim_row(row) for row in head[start : start + len(skipped)]]
    width = max((_count(row) for row in head[start:]), default=0)
    if len(rows) == len(skipped) and all(_is_same(*pair, width) for pair in zip(skipped, rows, strict=True)):
        return replace(layout, first_row=start + len(skipped) + 1), []
    text = N_(
        "In an earlier file, %(count)s rows below the header were left out. This file has other rows there, and they"
        " are kept. Check the first row of data"
    )
    details = {"count": len(skipped)}
    return layout, [Decision(rule="kept-first-row", text=text, details=details, sure=0.3, asks=True)]


def _follow_columns(kept: Landmarks, layout: Layout, names: Sequence[str]) -> tuple[Layout, list[Decision]]:
    if kept.first_column is None and kept.last_column is None:
        return layout, []
    labels = [tidy(name) for name in names]
    wanted = [label for label in (kept.first_column, kept.last_column) if label]
    if all(label in labels for label in wanted):
        followed = replace(
            layout,
            first_column=labels.index(kept.first_column) + 1 if kept.first_column else layout.first_column,
            last_column=labels.index(kept.last_column) + 1 if kept.last_column else layout.last_column,
        )
        fresh = [label for label in _list_outside(labels, followed) if label not in kept.outside]
        if not fresh:
            return followed, []
        text = N_(
            "In an earlier file, columns at the sides were left out. This file has other columns there, so none is"
            " left out: %(names)s. Check the first and the last column"
        )
    else:
        fresh = [label for label in wanted if label not in labels]
        text = N_(
            "The table was chosen to begin or end at certain columns in an earlier file. They aren't in this file, so"
            " no column is left out: %(names)s. Check the first and the last column"
        )
    details = {"names": ", ".join(fresh)[:300]}
    return layout, [Decision(rule="kept-columns", text=text, details=details, sure=0.3, asks=True)]


def _list_outside(names: Sequence[str], layout: Layout) -> list[str]:
    """The labels of the columns that a layout leaves out."""
    last = layout.last_column or len(names)
    return [tidy(name) for at, name in enumerate(names, start=1) if name and not layout.first_column <= at <= last]


def _find_mark(label: str, rows: Numbered) -> int | None:
    """The index of the last row that says what the row below the table said: the same, or a total as it was one."""
    if not _WORD.search(label):
        return None
    wanted = _normalise(label)
    found = [at for at, (_, row) in enumerate(rows) if _normalise(_label(row)) == wanted]
    if not found and is_total(label):
        found = [at for at, (_, row) in enumerate(rows) if is_total(_label(row))]
    return found[-1] if found else None


def _is_same(before: Sequence[str], now: Sequence[str], width: int) -> bool:
    """Whether a row is what was left out before: word for word, or by its label and nothing like data."""
    if tuple(before) == tuple(now):
        return True
    label = _label(before)
    alike = bool(_WORD.search(label)) and _normalise(label) == _normalise(_label(now))
    return alike and not _is_data(now, width)


def _is_data(row: Sequence[str], width: int) -> bool:
    """Whether a row fills as many cells as rows of the table do, and is neither a total nor a note."""
    label = _label(row)
    return _count(row) >= max(1, _FULL * width) and not is_total(label) and not is_note(label)


def _label(row: Sequence[str]) -> str:
    return next((text for cell in row if (text := tidy(cell))), "")


def _normalise(text: str) -> str:
    """A text without what differs from year to year: spaces, case and, beside words, digits."""
    plain = "".join(text.split()).casefold()
    return _DIGITS.sub("0", plain) if _WORD.search(plain) else plain


def _names(row: Sequence[str]) -> set[str]:
    return {_normalise(tidy(cell)) for cell in row if cell.strip()}


def _count(row: Sequence[str]) -> int:
    return sum(bool(cell.strip()) for cell in row)


def _cut(row: Sequence[str], layout: Layout) -> Sequence[str]:
    return row[layout.first_column - 1 : layout.last_column]
