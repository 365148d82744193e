"""What the cells of a sheet give away beside their values: codes, months, serials, errors, lost formulas.

Readers hand over columns of cells in batches; the sheet is judged when it has come to its end. So that a million
cells stay cheap, a batch of a column is looked at as one text by one regular expression, not cell by cell.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from opendata.errors import N_
from opendata.intake.grid import Span
from opendata.intake.understanding import Decision

_LONG_WHOLE = re.compile(r"^-?\d{10,}$", re.MULTILINE)
_INEXACT = re.compile(r"^-?\d{16,}$|[eE]\+?\d", re.MULTILINE)
# 0.30000000000000004 and 1.1399999999999999: what is left over when a computer adds 0.1 and 0.2.
_LEFTOVER = re.compile(r"^-?(?=[\d.]{17,}$)\d*\.\d*(?:0{5,}|9{5,})\d{1,2}$", re.MULTILINE)
_MONTH = re.compile(r"^(?:19|20)\d\d\.(?:0[1-9]|1[0-2]?|[2-9])$")
_SHORTEST_CODE = 5
_TEXT_CODE = re.compile(rf"^\d{{{_SHORTEST_CODE},}}$", re.MULTILINE)
_SERIAL = re.compile(r"^(?:[2-5]\d{4}|60000)$", re.MULTILINE)
_DATE_WORD = re.compile(r"日期|时间|時間|\bdate|date\b|_date|datum", re.IGNORECASE)
_HEAD_ROWS = 20  # a header is within these; words in later rows aren't names of columns
_LONGEST_CODE = 40  # characters
_DIGITS_KEPT = 15  # of a number; longer ones may be inexact
_FEW = 3  # this many cells make a habit

_TEXTS = {
    "error-cell": N_(
        "%(count)s cells contain a spreadsheet error (%(sample)s, first in %(place)s). It is kept as text"
    ),
    "formula-without-value": N_(
        "%(count)s formulas were saved without their result (first in %(place)s) and are read as empty. Open"
        " the file in Excel or WPS, save it, and upload it again"
    ),
    "hidden-row": N_("%(count)s rows are hidden in the sheet (first in %(place)s). They are read like the others"),
    "hidden-column": N_(
        "%(count)s columns are hidden in the sheet (first in %(place)s). They are read like the others"
    ),
    "invalid-date": N_(
        "%(count)s cells have a date format but aren't possible dates (first in %(place)s: %(sample)s). They"
        " are kept as numbers"
    ),
    "inexact-integer": N_(
        "%(count)s numbers have more digits than a spreadsheet can store (first in %(place)s: %(sample)s)."
        " Their last digits may be lost. If they are identifiers, store them as text in the source"
    ),
    "rounding-leftover": N_(
        "%(count)s numbers show a rounding error (first in %(place)s: %(sample)s). They are kept as stored."
        " A spreadsheet shows them rounded"
    ),
    "duration": N_("%(count)s cells are durations (first in %(place)s). They are written as hours:minutes:seconds"),
}
_SURE = {"formula-without-value": 0.3, "inexact-integer": 0.6, "invalid-date": 0.7}
_CODES = N_(
    "%(count)s whole numbers in %(columns)s look like codes stored as numbers (first in %(place)s:"
    " %(sample)s). They are written in full, without “.0”. Any leading zeros are lost"
)
_MONTHS = N_(
    "%(count)s numbers in %(columns)s look like a year and month (first in %(place)s: %(sample)s)."
    " %(ambiguous)s of them end in “.1”, which may mean October. Store months as text or as dates in the"
    " source"
)
_SERIALS = N_(
    "%(count)s numbers in %(columns)s look like dates without a date format (first in %(place)s:"
    " %(sample)s). They are kept as numbers"
)
_MERGED = N_(
    "There are %(count)s merged areas below the header (first %(place)s). Only the first cell of each has a"
    " value. The other %(cells)s cells are read as empty"
)


def column_name(column: int) -> str:
    """The letters of a column, 1 for `A`, 27 for `AA`."""
    name = ""
    while column > 0:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name


def place_of(row: int, column: int) -> str:
    """A cell as a spreadsheet names it: row 5 of column 3 is `C5`."""
    return f"{column_name(column)}{row}"


def merged_body(merges: Sequence[Span], first_row: int = 2) -> Decision | None:
    """The decision to report about merged areas that begin at `first_row`, the first of the body, or below."""
    body = [span for span in merges if span.first_row >= first_row]
    if not body:
        return None
    first = body[0]
    cells = sum((s.last_row - s.first_row + 1) * (s.last_column - s.first_column + 1) - 1 for s in body)
    place = f"{place_of(first.first_row, first.first_column)}:{place_of(first.last_row, first.last_column)}"
    return Decision(
        rule="merged-body", text=_MERGED, details={"count": len(body), "place": place, "cells": cells}, sure=0.8
    )


@dataclass(slots=True)
class _Tally:
    """How many cells of a kind, and the first of them."""

    count: int = 0
    place: tuple[int, int] | None = None
    sample: str = ""

    def add(self, count: int, row: int, column: int, sample: str) -> None:
        if self.place is None or (row, column) < self.place:
            self.place, self.sample = (row, column), sample
        self.count += count


@dataclass(slots=True)
class _Column:
    """What one column holds so far."""

    numbers: int = 0
    head: str = ""
    whole: _Tally = field(default_factory=_Tally)
    text_codes: int = 0
    short_whole: _Tally = field(default_factory=_Tally)
    serials: _Tally = field(default_factory=_Tally)
    months: _Tally = field(default_factory=_Tally)
    ambiguous: int = 0
    revealing: int = 0  # months that cannot be other numbers: .01 to .09, .11, .12


class NumberMeasures(NamedTuple):
    """Of numbers without needless digits or exponents: `codes` have five digits or more and no sign, `wholes` ten."""

    longest: int
    empties: int
    codes: int
    first_code: int
    wholes: int
    first_whole: int


class SheetFacts:
    """Gathers facts of one sheet and says them as decisions. Rows and columns are numbered from 1."""

    def __init__(self) -> None:
        self._columns: dict[int, _Column] = {}
        self._tallies: dict[str, _Tally] = {}
        self._head_months: dict[int, list[tuple[int, str]]] = {}

    def note(self, rule: str, row: int, column: int, sample: str = "", count: int = 1) -> None:
        """Count a cell, row or column that one of the fixed rules is about."""
        self._tally(rule).add(count, row, column, sample)

    def _tally(self, rule: str) -> _Tally:
        return self._tallies.setdefault(rule, _Tally())

    def texts(self, column: int, rows: Sequence[int], texts: Sequence[str]) -> None:
        """Take in text cells of a column; `rows` are their numbers, empty cells allowed."""
        known = self._columns.setdefault(column, _Column())
        if rows[0] <= _HEAD_ROWS:
            head = [text for row, text in zip(rows, texts, strict=True) if text and row <= _HEAD_ROWS]
            known.head = " ".join([known.head, *(text[:80] for text in head)])[:2000]
        # Long texts aren't codes: a column of them need not be searched.
        if any(map(str.isdigit, texts[:_FEW])) or known.numbers:
            sizes = {*map(len, texts)}
            if min(sizes) < _SHORTEST_CODE or max(sizes) > _LONGEST_CODE:
                texts = [text for text in texts if _SHORTEST_CODE <= len(text) <= _LONGEST_CODE]
            known.text_codes += _count_codes(texts)

    def numbers(
        self, column: int, rows: Sequence[int], texts: Sequence[str], measured: NumberMeasures | None = None
    ) -> None:
        """Take in number cells of a column, as they are written out; empty cells allowed."""
        known = self._columns.setdefault(column, _Column())
        if measured:
            self._measured(known, column, rows, texts, measured)
        else:
            self._searched(known, column, rows, texts)
        if known.months.count or any(map(_MONTH.match, texts[:_FEW])):
            self._see_months(known, column, rows, texts)
        elif rows[0] <= _HEAD_ROWS:
            self._see_head(column, rows, texts)

    def _searched(self, known: _Column, column: int, rows: Sequence[int], texts: Sequence[str]) -> None:
        blob = "\n".join(texts)
        known.numbers += len(texts) - texts.count("")
        sample = next(filter(None, texts), "")
        self._count(known.short_whole, _TEXT_CODE, blob, column, rows, texts)
        if len(sample) >= 10 or max(map(len, texts)) >= 10:
            before = known.whole.count
            self._count(known.whole, _LONG_WHOLE, blob, column, rows, texts)
            if known.whole.count > before or "e" in blob:
                self._count(self._tally("inexact-integer"), _INEXACT, blob, column, rows, texts)
            if "00000" in blob or "99999" in blob:
                self._count(self._tally("rounding-leftover"), _LEFTOVER, blob, column, rows, texts)
        if _DATE_WORD.search(known.head):
            self._count(known.serials, _SERIAL, blob, column, rows, texts)

    def _measured(
        self, known: _Column, column: int, rows: Sequence[int], texts: Sequence[str], measured: NumberMeasures
    ) -> None:
        # What `_searched` does, without the searches that find nothing in such numbers.
        longest, empties, codes, first_code, wholes, first_whole = measured
        known.numbers += len(texts) - empties
        is_serial = codes and _DATE_WORD.search(known.head)
        blob = "\n".join(texts) if is_serial or longest > _DIGITS_KEPT else ""
        if codes:
            known.short_whole.add(codes, rows[first_code], column, texts[first_code])
        if wholes:
            known.whole.add(wholes, rows[first_whole], column, texts[first_whole])
        if wholes and longest > _DIGITS_KEPT:
            self._count(self._tally("inexact-integer"), _INEXACT, blob, column, rows, texts)
        if "00000" in blob or "99999" in blob:
            self._count(self._tally("rounding-leftover"), _LEFTOVER, blob, column, rows, texts)
        if is_serial:
            self._count(known.serials, _SERIAL, blob, column, rows, texts)

    def decisions(self) -> list[Decision]:
        """Everything there is to tell, in a steady order."""
        found = [
            Decision(
                rule=rule,
                text=_TEXTS[rule],
                details={"count": tally.count, "place": _place(tally, rule), "sample": tally.sample},
                sure=_SURE.get(rule, 0.95),
            )
            for rule, tally in sorted(self._tallies.items())
            if tally.count
        ]
        columns = sorted(self._columns.items())
        codes = [
            (n, c.whole if c.whole.count else c.short_whole)
            for n, c in columns
            if (c.whole.count and c.whole.count >= 0.9 * c.numbers) or (c.text_codes and c.short_whole.count)
        ]
        found += _across("numbers-as-codes", _CODES, codes, 0.7)
        found += self._months(columns)
        serials = [(n, c.serials) for n, c in columns if c.serials.count >= max(_FEW, 0.9 * c.numbers)]
        found += _across("date-serials", _SERIALS, serials, 0.6)
        return found

    def _months(self, columns: list[tuple[int, _Column]]) -> list[Decision]:
        months = [
            (n, c.months) for n, c in columns if c.revealing and c.ambiguous and c.months.count >= 0.9 * c.numbers
        ]
        ambiguous = sum(self._columns[n].ambiguous for n, _ in months)
        for row, cells in sorted(self._head_months.items()):
            ends = [text.partition(".")[2] for _, text in cells]
            if len(cells) >= _FEW and "1" in ends and {"11", "12", "01", "02", "09"} & set(ends):
                ambiguous += ends.count("1")
                months += [(n, _Tally(1, (row, n), text)) for n, text in cells]
        return _across("month-as-number", _MONTHS, months, 0.4, ambiguous=ambiguous)

    @staticmethod
    def _count(
        tally: _Tally, pattern: re.Pattern[str], blob: str, column: int, rows: Sequence[int], texts: Sequence[str]
    ) -> None:
        first = pattern.search(blob)
        if first:
            at = blob.count("\n", 0, first.start())
            tally.add(len(pattern.findall(blob)), rows[at], column, texts[at])

    def _see_head(self, column: int, rows: Sequence[int], texts: Sequence[str]) -> None:
        # Months may run across a header row instead of down a column.
        for row, text in zip(rows, texts, strict=True):
            if row <= _HEAD_ROWS and _MONTH.match(text):
                self._head_months.setdefault(row, []).append((column, text))

    def _see_months(self, known: _Column, column: int, rows: Sequence[int], texts: Sequence[str]) -> None:
        for row, text in zip(rows, texts, strict=True):
            if _MONTH.match(text):
                known.months.add(1, row, column, text)
                end = text[5:]
                known.ambiguous += end == "1"
                known.revealing += end in {"11", "12"} or end[0] == "0"
                if row <= _HEAD_ROWS:
                    self._head_months.setdefault(row, []).append((column, text))


def _place(tally: _Tally, rule: str) -> str:
    row, column = tally.place or (1, 1)
    if rule == "hidden-row":
        return str(row)
    return column_name(column) if rule == "hidden-column" else place_of(row, column)


def _across(rule: str, text: str, tallies: list[tuple[int, _Tally]], sure: float, **details: object) -> list[Decision]:
    """One decision about several columns, or none."""
    if not tallies:
        return []
    first = min((tally for _, tally in tallies), key=lambda tally: tally.place or (1, 1))
    names = list(dict.fromkeys(column_name(column) for column, _ in tallies))
    shown = ", ".join(names[:5]) + ("…" if len(names) > 5 else "")
    return [
        Decision(
            rule=rule,
            text=text,
            details={
                "count": sum(tally.count for _, tally in tallies),
                "columns": shown,
                "place": _place(first, rule),
                "sample": first.sample,
                **details,
            },
            sure=sure,
        )
    ]


def _count_codes(texts: Sequence[str]) -> int:
    """How many lines of some texts are digits alone, enough of them for a code."""
    joined = "\n".join(texts)
    if joined.count("\n") == len(texts) - 1:
        return sum(map(str.isdecimal, texts))
    return len(_TEXT_CODE.findall(joined))
