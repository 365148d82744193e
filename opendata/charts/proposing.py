"""Charts that fit a table, the most telling first: from the types of its columns, their keys and their profiles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from opendata.charts.chart import MAX_GROUPS, MAX_SERIES, Chart
from opendata.charts.choosing import complete_chart
from opendata.charts.columns import ChartColumn
from opendata.domain.schema import TableSchema

MOST = 6
"""At most this many charts are proposed."""

_LONGEST_NAME = 60
"""Texts with more characters are no names of categories."""

_MOST_PLACES = 1000
_FEW = 60
_SPREAD = 10
"""Numbers with fewer different values have no histogram worth a look."""


def propose_charts(schema: TableSchema, columns: Mapping[str, ChartColumn]) -> Sequence[Chart]:
    """The charts of a table, each complete; none where no columns fit."""
    found = dict.fromkeys(complete_chart(chart, columns) for chart in _Proposer(schema, columns).propose())
    return list(found)[:MOST]


class _Proposer:
    def __init__(self, schema: TableSchema, columns: Mapping[str, ChartColumn]) -> None:
        self._key = schema.primary_key
        self._columns = list(columns.values())
        self._measures = [item for item in self._columns if item.is_measure and _varies(item)]
        self._times = [item for item in self._columns if item.is_time and _varies(item)]
        self._categories = sorted(filter(_is_name, self._columns), key=self._rank)

    def propose(self) -> Iterator[Chart]:
        yield from self._propose_maps()
        yield from self._propose_lines()
        yield from self._propose_bars()
        yield from self._propose_counts()
        yield from self._propose_spreads()

    def _propose_maps(self) -> Iterator[Chart]:
        places = [next((item.name for item in self._columns if item.is_longitude), "")]
        places += [next((item.name for item in self._columns if item.is_latitude), "")]
        if all(places):
            yield Chart(kind="map", x=places[0], y=(places[1],))

    def _propose_lines(self) -> Iterator[Chart]:
        for time in self._times[:1]:
            group = self._find_group(time)
            if group and self._measures:
                yield Chart(kind="line", x=time.name, y=(self._measures[0].name,), group=group.name)
            elif self._measures:
                yield Chart(kind="line", x=time.name, y=self._list_alike())
            if self._measures and not self._measures[0].is_percent and group:
                yield Chart(kind="area", x=time.name, y=(self._measures[0].name,))

    def _propose_bars(self) -> Iterator[Chart]:
        """Categories with a quantity; where each has one for every year, those of the newest."""
        for category in self._categories[:1]:
            if not self._measures:
                return
            where = self._choose_newest(category)
            yield Chart(kind="bar", x=category.name, y=(self._measures[0].name,), where=where)
            alike = self._list_alike()
            if len(alike) > 1:
                yield Chart(kind="bar", x=category.name, y=alike, where=where)

    def _propose_counts(self) -> Iterator[Chart]:
        """How many rows there are of each kind."""
        for column in (*self._categories, *self._times):
            if column.profile is None or column.distinct is None:
                continue
            if column.distinct <= _FEW and column.profile["count"] > column.distinct:
                yield Chart(kind="bar", x=column.name)
                return

    def _propose_spreads(self) -> Iterator[Chart]:
        many = [item.name for item in self._measures if item.distinct is None or item.distinct >= _SPREAD]
        if many:
            yield Chart(kind="histogram", x=many[0])
        if len(many) > 1:
            yield Chart(kind="scatter", x=many[0], y=(many[1],))

    def _find_group(self, time: ChartColumn) -> ChartColumn | None:
        """What tells apart the rows of one time: nothing where a time has one row."""
        if (time.name,) == self._key or (time.profile and time.distinct == time.profile["count"]):
            return None
        return next((item for item in self._categories if _can_be_drawn(time, item)), None)

    def _choose_newest(self, category: ChartColumn) -> tuple[tuple[str, str], ...]:
        for time in self._times:
            greatest = time.profile.get("greatest") if time.profile else None
            if time.name in self._key and (category.name,) != self._key and greatest is not None:
                return ((f"{time.name}__exact", str(greatest)),)
        return ()

    def _list_alike(self) -> tuple[str, ...]:
        """The first quantities that have the same unit, as wide tables have them."""
        first = self._measures[0]
        unit, share = first.field.own.get("unit"), first.is_percent
        alike = [item for item in self._measures if item.field.own.get("unit") == unit and item.is_percent == share]
        return tuple(item.name for item in alike[: MAX_SERIES // 2])

    def _rank(self, column: ChartColumn) -> tuple[bool, bool, bool]:
        """Names before codes, few before many; columns of the key before others."""
        is_many = column.distinct is not None and column.distinct > _FEW
        return (column.is_code, is_many, column.name not in self._key)


def _varies(column: ChartColumn) -> bool:
    return column.distinct is None or column.distinct > 1


def _can_be_drawn(time: ChartColumn, group: ChartColumn) -> bool:
    """Whether a group of each time has a value that can be looked at: not when there are more than a chart reads."""
    return _varies(group) and (time.distinct or 1) * (group.distinct or 1) <= MAX_GROUPS


def _is_name(column: ChartColumn) -> bool:
    """Whether values are names of categories: not too many, not too long, not all the same."""
    if not column.is_category or column.field.type not in ("string", "boolean", "integer"):
        return False
    longest = column.profile.get("longest", 0) if column.profile else 0
    return _varies(column) and (column.distinct or 0) <= _MOST_PLACES and longest <= _LONGEST_NAME
