"""The keys of rows: what must not repeat is watched while the rows come, and reported once all have come.

Source: Table Schema v2, `unique`, `primaryKey` and `uniqueKeys`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from opendata.domain.findings import Finding, Place, Problem
from opendata.domain.schema import Field, TableSchema
from opendata.tables.arrow.arrays import list_numbers
from opendata.tables.check.columns import ColumnScreen, ScreenedColumn
from opendata.tables.check.listing import Listing
from opendata.tables.check.uniqueness import KeyWatch, Repetition
from opendata.tables.report.report import Tally, TaskReport
from opendata.tables.text.records import Records

if TYPE_CHECKING:
    import numpy as np

ReadCells = Callable[[Sequence[int]], Mapping[int, Sequence[str]]]
"""Gives the cells of a few rows of the file, by the row's number."""


class RowKeys:
    """The unique columns, the primary key and the unique keys of one table that the file has the columns of."""

    def __init__(self, schema: TableSchema, columns: Sequence[Field], task: TaskReport, listing: Listing) -> None:
        unique = [KeyWatch([item.name], "unique-error") for item in columns if item.constraints.get("unique")]
        primary = [KeyWatch(schema.primary_key, "primary-key")] if schema.primary_key else []
        others = [KeyWatch(names, "unique-key") for names in schema.unique_keys]
        present = {item.name for item in columns}
        self.watches = [watch for watch in [*unique, *primary, *others] if present.issuperset(watch.names)]
        self._schema = schema
        self._task = task
        self._listing = listing

    @property
    def names(self) -> set[str]:
        """The columns that are part of a key."""
        return {name for watch in self.watches for name in watch.names}

    @property
    def several(self) -> Sequence[Sequence[str]]:
        """The keys of several columns."""
        return [watch.names for watch in self.watches if len(watch.names) > 1]

    def take(self, records: Records, columns: Mapping[str, ScreenedColumn], numbers: range | np.ndarray) -> None:
        """Remember the keys of one batch, whose rows have these numbers; report empty primary keys."""
        for watch in self.watches:
            ascent = columns[watch.names[0]].ascent
            if ascent is not None and isinstance(numbers, range) and watch.keep_ascent(ascent, numbers):
                continue
            rows = list_numbers(numbers)
            empty = watch.take([columns[name].list_keys() for name in watch.names], rows)
            if len(empty):
                self._report_empty(watch, records, empty, rows)

    def report(self, screens: Sequence[ColumnScreen], read_cells: ReadCells) -> None:
        """Report the rows whose values are in an earlier row already; their cells are read again from the file."""
        places = {screen.name: place for place, screen in enumerate(screens, start=1)}
        found: list[tuple[KeyWatch, Repetition]] = []
        for watch in self.watches:
            total, repeated = watch.list_repetitions()
            if repeated:
                tally = self._tally(watch)
                number = self._listing.place(places[watch.names[0]]) if watch.kind == "unique-error" else None
                self._task.count(tally, total)
                stored = repeated[: self._listing.most]
                problem = Problem(tally.type, tally.rule, tally.strength)
                rows, earlier = [item.row for item in stored], [item.previous for item in stored]
                self._listing.store_rows(tally, rows, problem, number=number, earlier=earlier)
            found += [(watch, item) for item in repeated[: self._task.limit]]
        found.sort(key=lambda item: item[1].row)
        cells = read_cells([item.row for _, item in found[: self._task.limit]])
        for watch, item in found[: self._task.limit]:
            row, tally = cells.get(item.row, []), self._tally(watch)
            place = Place(row=item.row, cells=row)
            if watch.kind == "unique-error":
                number = places[watch.names[0]]
                value = str(screens[number - 1].rule.read(row[number - 1]).value) if number <= len(row) else ""
                place = replace(place, cell=value, field=watch.names[0], number=self._listing.place(number))
            problem = Problem(tally.type, tally.rule, tally.strength, {"row": item.previous})
            self._task.list_sorted(Finding(problem, place))

    def _report_empty(self, watch: KeyWatch, records: Records, empty: np.ndarray, numbers: np.ndarray) -> None:
        tally = self._tally(watch)
        problem = Problem("empty-primary-key", tally.rule, tally.strength)
        self._task.count(tally, len(empty))
        for row in empty[: self._task.limit].tolist():
            if not self._task.has_room_at(row, tally.strength):
                break
            index = int(numbers.searchsorted(row))
            self._task.list_sorted(Finding(problem, Place(row=row, cells=records.read_row(index))))
        self._listing.store_rows(tally, empty.tolist(), problem)

    def _tally(self, watch: KeyWatch) -> Tally:
        if watch.kind == "unique-error":
            field = next(item for item in self._schema.fields if item.name == watch.names[0])
            return Tally(watch.kind, field.name, "unique", field.find_strength("unique"))
        rule = "primaryKey" if watch.kind == "primary-key" else "uniqueKeys"
        return Tally(watch.kind, ", ".join(watch.names), rule, self._schema.find_strength(rule))
