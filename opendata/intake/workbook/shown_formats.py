"""What the number formats of a sheet add to its numbers: zeros in front, units, percent, texts in place of numbers.

Readers hand over the numbers of a column with their format. What the sheet shows is kept with the fields (`marks`)
where all numbers of a column show the same, and asked about where they don't.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from opendata.errors import N_
from opendata.intake.layout.workbook_facts import column_name, place_of
from opendata.intake.understanding import Decision
from opendata.intake.workbook.number_formats import PLAIN, NumberFormat

_ZEROS = N_(
    "%(count)s numbers in %(columns)s are shown with zeros in front or as codes (first in %(place)s: %(sample)s). They"
    " are kept as they are shown"
)
_UNITS = N_(
    "The cells in %(columns)s show a unit that isn't part of the number: %(units)s (first in %(place)s). The field"
    " keeps it as its unit"
)
_PERCENT = N_(
    "The cells in %(columns)s show percentages (first in %(place)s: %(sample)s). Their numbers are published as they"
    " are stored, as shares of 1, and the field says that they are percentages"
)
_SCALED = N_(
    "The cells in %(columns)s show their numbers divided by %(scale)s (first in %(place)s, format %(code)s). They are"
    " published undivided, as they are stored: %(sample)s"
)
_MIXED = N_(
    "The numbers in %(columns)s don't all show the same unit: %(units)s (first in %(place)s). Only the numbers are"
    " published. Make one column for each unit, or convert the numbers"
)
_LABELLED = N_(
    "%(count)s numbers in %(columns)s are shown as a text (first in %(place)s: %(sample)s, format %(code)s). The"
    " numbers are published, not the texts"
)
_HIDDEN = N_(
    "%(count)s numbers in %(columns)s have a format that doesn't show them (first in %(place)s). They are published"
    " like the others"
)
_PREFIXED = N_(
    "The cells in %(columns)s show words in front of their numbers (first in %(place)s, format %(code)s). Only the"
    " numbers are published"
)
_CUT = N_(
    "%(count)s dates have a format that shows only their year, or their year and month (first in %(place)s, stored as"
    " %(sample)s). What is shown is kept"
)
Text = TypeVar("Text", str, str | None)
_PERCENT_SIGN = "%"
_WITH_UNITS = ("unit", "percent")
_HEAD_ROWS = 60
"""The header is within these rows: a number in it, such as a year, says nothing about those below."""


@dataclass(slots=True)
class _Shown:
    """How many numbers of a column show the same, where the first of them is, and what it shows."""

    format: NumberFormat
    place: tuple[int, int]
    sample: str
    count: int = 0


@dataclass(slots=True)
class _Column:
    """The numbers of a column, by what they show; `bare` show nothing but themselves."""

    shown: dict[str, _Shown] = field(default_factory=dict)
    units: Counter[str] = field(default_factory=Counter)
    bare: int = 0
    head: list[tuple[int, str, NumberFormat]] = field(default_factory=list)


class ShownFormats:
    """Gathers what the numbers of a sheet show. Rows and columns are numbered from 1."""

    def __init__(self) -> None:
        self._columns: dict[int, _Column] = {}
        self._cut = _Shown(PLAIN, (0, 0), "")

    def take(self, column: int, rows: Sequence[int], texts: Sequence[str], shown: NumberFormat) -> Sequence[str]:
        """Take in numbers of a column with their format; the texts they are published as. Cells may be empty."""
        known = self._columns.setdefault(column, _Column())
        if rows[0] <= _HEAD_ROWS:
            cells = zip(rows, texts, strict=True)
            known.head += [(row, text, shown) for row, text in cells if text and row <= _HEAD_ROWS]
            later = next((at for at, row in enumerate(rows) if row > _HEAD_ROWS), len(rows))
            self._count(known, column, rows[later:], texts[later:], shown)
        else:
            self._count(known, column, rows, texts, shown)
        return [shown.pad(text) if text else "" for text in texts] if shown.zeros else texts

    def cut_dates(self, column: int, rows: Sequence[int], texts: Sequence[Text], length: int) -> list[Text]:
        """Dates of which the format shows the year, or the year and the month: as long as that is."""
        for row, text in zip(rows, texts, strict=True):
            if text and text[length:] != "-01-01"[length - 4 :]:
                self._cut.count += 1
                if self._cut.count == 1 or (row, column) < self._cut.place:
                    self._cut.place, self._cut.sample = (row, column), text
        return [text[:length] if text else text for text in texts]

    def settle(self, body_row: int) -> None:
        """Count the first rows of the body, which begins in this row."""
        for column, known in self._columns.items():
            for row, text, shown in known.head:
                if row >= body_row:
                    self._count(known, column, [row], [text], shown)
            known.head = []

    @staticmethod
    def _count(known: _Column, column: int, rows: Sequence[int], texts: Sequence[str], shown: NumberFormat) -> None:
        if shown.is_plain:
            known.bare += len(texts) - texts.count("")
            return
        found = [(row, text) for row, text in zip(rows, texts, strict=True) if text]
        if not found:
            return

        def add(what: str, cells: Sequence[tuple[int, str]]) -> None:
            if cells:
                place, sample = (cells[0][0], column), cells[0][1]
                tally = known.shown.setdefault(what, _Shown(shown, place, sample))
                tally.count += len(cells)
                if place < tally.place:
                    tally.format, tally.place, tally.sample = shown, place, sample

        if shown.zeros:
            add("zeros", [(row, told) for row, text in found if (told := shown.pad(text)) != text])
        if shown.is_hidden:
            add("hidden", found)
        if shown.is_labelled:
            labels = [(row, shown.label(text), text) for row, text in found]
            add("labelled", [(row, f"{text}: {told}") for row, told, text in labels if told is not None])
        if shown.scale != 1:
            add("scaled", found)
        if shown.prefix and not shown.zeros:
            add("prefixed", found)
        unit = _PERCENT_SIGN if shown.is_percent else shown.unit
        if unit:
            known.units[unit] += len(found)
            add("percent" if shown.is_percent else "unit", found)
        else:
            known.bare += len(found)

    def marks(self) -> dict[int, dict[str, Any]]:
        """By column, what its field keeps: `unit`, or that its numbers are shown as `percent`."""
        found: dict[int, dict[str, Any]] = {}
        for column, known in self._columns.items():
            if len(known.units) == 1 and not _is_mixed(known):
                found[column] = {"percent": True} if "percent" in known.shown else {"unit": next(iter(known.units))}
        return found

    def decisions(self) -> Iterator[Decision]:
        """What there is to report, in a steady order."""
        yield from self._across("shown-zeros", _ZEROS, "zeros", 0.95)
        yield from self._across("shown-percent", _PERCENT, "percent", 0.8)
        yield from self._across("shown-unit", _UNITS, "unit", 0.95)
        yield from self._across("shown-scaled", _SCALED, "scaled", 0.6)
        yield from self._across("shown-label", _LABELLED, "labelled", 0.5)
        yield from self._across("shown-words", _PREFIXED, "prefixed", 0.6)
        yield from self._across("hidden-number", _HIDDEN, "hidden", 0.5)
        if self._cut.count:
            details = {"count": self._cut.count, "place": place_of(*self._cut.place), "sample": self._cut.sample}
            yield Decision(rule="shown-dates", text=_CUT, details=details, sure=0.8)
        mixed = [(column, known) for column, known in sorted(self._columns.items()) if _is_mixed(known)]
        if mixed:
            units = [unit for _, known in mixed for unit in (*known.units, *(["–"] if known.bare else []))]
            places = [tally.place for _, known in mixed for what, tally in known.shown.items() if what in _WITH_UNITS]
            asks = any(len(known.units) > 1 or "percent" in known.shown for _, known in mixed)
            yield Decision(
                rule="mixed-units",
                text=_MIXED,
                details={
                    "columns": _list_columns([column for column, _ in mixed]),
                    "units": ", ".join(dict.fromkeys(units)),
                    "place": place_of(*min(places)),
                },
                sure=0.3 if asks else 0.6,
                asks=asks,
            )

    def _across(self, rule: str, text: str, what: str, sure: float) -> Iterator[Decision]:
        """One decision about all columns that show something, or none."""
        columns = [
            (column, known.shown[what])
            for column, known in sorted(self._columns.items())
            if what in known.shown and not (what in _WITH_UNITS and _is_mixed(known))
        ]
        if not columns:
            return
        first = min((tally for _, tally in columns), key=lambda tally: tally.place)
        units = dict.fromkeys(unit for column, _ in columns for unit in self._columns[column].units)
        yield Decision(
            rule=rule,
            text=text,
            details={
                "count": sum(tally.count for _, tally in columns),
                "columns": _list_columns([column for column, _ in columns]),
                "place": place_of(*first.place),
                "sample": first.sample,
                "units": ", ".join(units),
                "scale": f"{first.format.scale:,.0f}",
                "code": first.format.code,
            },
            sure=sure,
        )


def _is_mixed(known: _Column) -> bool:
    return len(known.units) > 1 or bool(known.units and known.bare)


def _list_columns(columns: Sequence[int]) -> str:
    names = [column_name(column) for column in columns]
    return ", ".join(names[:5]) + ("…" if len(names) > 5 else "")
