"""What is remembered of the right cells of each column while a table is checked, and what follows at its end.

In, of each batch: how many numbers were rounded, how many moments had a space, which units were taken off, how many
moments had a zone. Out: the warnings of a table, and the columns whose cells mean different things.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING

from opendata.domain.findings import Finding, Place, Problem
from opendata.domain.schema import Field
from opendata.tables.text.decoding import DecodingFault
from opendata.tables.types.field_type import CUT, UNIT, ZONE, Note

if TYPE_CHECKING:
    from opendata.tables.check.columns import ScreenedColumn

PERCENT = "%"
START_ROWS = 50
"""This many rows are looked at before the table is."""

_ZONE_AT_END = re.compile(r"(?:Z|[+-]\d\d:?\d\d)$")
_DAY_CHARACTERS = 10
_SHOWN = 10
_MOST = 100
"""At most this many different notes are kept of a column: what is taken off numbers may be any text."""


class NeedsZoneError(Exception):
    """Columns have moments with a zone, and the schema says nothing of it: the table is read again with what holds."""

    def __init__(self, zones: Mapping[str, bool]) -> None:
        super().__init__(zones)
        self.zones = zones


def list_start(rows: Iterator[list[str]]) -> list[list[str]]:
    """The next rows, up to where the file is damaged: the check says so when it comes there."""
    found: list[list[str]] = []
    with suppress(DecodingFault):
        found.extend(islice(rows, START_ROWS))
    return found


def find_zones(start: Sequence[Sequence[str]], columns: Sequence[Field]) -> None:
    """Raises `NeedsZoneError` for columns whose first moments have a zone: in whole columns they are cast fast."""
    found: dict[str, bool] = {}
    for place, item in enumerate(columns):
        if item.type != "datetime" or item.format != "default" or "zone" in item.own:
            continue
        cells = [row[place] for row in start if place < len(row) and len(row[place]) > _DAY_CHARACTERS]
        zoned = sum(bool(_ZONE_AT_END.search(cell, _DAY_CHARACTERS)) for cell in cells)
        if 2 * zoned > len(cells):
            found[item.name] = True
    if found:
        raise NeedsZoneError(found)


class ColumnNotes:
    """The notes on the columns of one table."""

    def __init__(self) -> None:
        self._rounded: Counter[str] = Counter()
        self._spaced: Counter[str] = Counter()
        self._found: dict[str, Counter[Note]] = {}
        self._values: Counter[str] = Counter()

    def take(self, name: str, column: ScreenedColumn) -> None:
        """Remember the notes on a batch of a column."""
        if column.rounded:
            self._rounded[name] += column.rounded
        if column.spaced:
            self._spaced[name] += column.spaced
        if column.notes:
            found = self._found.setdefault(name, Counter())
            found.update({note: count for note, count in column.notes.items() if note in found or len(found) < _MOST})
        self._values[name] += column.count_values()

    def join(self, other: ColumnNotes) -> bool:
        """Take in the notes on a later piece of the table; whether they are those of the whole table."""
        self._rounded.update(other._rounded)
        self._spaced.update(other._spaced)
        self._values.update(other._values)
        for name, found in other._found.items():
            self._found.setdefault(name, Counter()).update(found)
        return all(len(found) < _MOST for found in self._found.values())

    def require_zones(self) -> None:
        """Once all rows have come: raises `NeedsZoneError` for columns of which some moments have a zone."""
        zoned = {name: found[Note(ZONE)] for name, found in self._found.items()}
        zones = {name: 2 * count >= self._values[name] for name, count in zoned.items() if count}
        if zones:
            raise NeedsZoneError(zones)

    def list_warnings(self, names: Sequence[str], *, is_valid: bool) -> Iterator[Problem]:
        """What to warn of, the columns in their order. Of an invalid table nothing is published that is rounded."""
        if is_valid:
            yield from describe_rounded(names, self._rounded)
            yield from self._describe("cut-moments", CUT, names)
        for name, count in self._spaced.items():
            yield Problem("spaced-moments", params={"field": name, "count": count})

    def _describe(self, code: str, kind: str, names: Sequence[str]) -> Iterator[Problem]:
        for name in names:
            count = self._found.get(name, Counter())[Note(kind)]
            if count:
                yield Problem(code, params={"field": name, "count": count})

    def find_mixed(self, names: Sequence[str]) -> Iterator[Finding]:
        """The columns whose numbers have different units: without them they would mean something else."""
        for number, name in enumerate(names, start=1):
            units = [note.detail for note, _ in self._found.get(name, Counter()).most_common() if note.kind == UNIT]
            if len([unit for unit in units if unit]) > 1 or (PERCENT in units and len(units) > 1):
                params = {"units": [unit or "–" for unit in units[:_SHOWN]]}
                yield Finding(
                    Problem("mixed-units", strength="warning", params=params), Place(field=name, number=number)
                )


def describe_rounded(names: Sequence[str], rounded: Counter[str]) -> list[Problem]:
    """What to warn of columns, in their order, of whose numbers some have more digits than a double keeps."""
    return [
        Problem("rounded-numbers", params={"field": name, "count": rounded[name]})
        for name in names
        if rounded.get(name)
    ]
