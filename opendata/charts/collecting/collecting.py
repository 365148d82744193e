"""From a chart to what is drawn: asks for groups, and chooses what is shown of many.

In: `Chart(kind="bar", x="province", y=("gdp",))` and the groups of 31 provinces, each with the sum of its rows.
Out: 36 places, the largest first, and `OTHER` with the sum of those left out, with a note that says so.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from math import isfinite
from typing import Any

from opendata.charts.chart import ADDED, MAX_BARS, MAX_ORDERED_BARS, MAX_PLACES, MAX_SERIES, Chart
from opendata.charts.choosing import ALONG, DOTTED
from opendata.charts.collecting.asking import ROWS, Ask, Key, Measure, Question, ask_groups
from opendata.charts.collecting.dots import collect_dots
from opendata.charts.collecting.histogram import collect_histogram
from opendata.charts.collecting.steps import PERIODS, choose_key, read_interval
from opendata.charts.columns import ChartColumn
from opendata.charts.points import MISSING, OTHER, Bin, Lines, Note, Points, Series
from opendata.errors import N_

_FEW_BARS = 6

Cells = dict[Any, dict[Any, Any]]
"""Place → series → value."""


def collect_points(chart: Chart, columns: Mapping[str, ChartColumn], ask: Ask, titles: Mapping[str, str]) -> Points:
    """What a complete chart draws. `titles` are the names of columns for readers.

    Raises `InputError` where there is too much for a chart, and what `ask` raises.
    """
    if chart.kind == "histogram":
        return collect_histogram(chart, columns[chart.x], ask)
    if chart.kind in DOTTED:
        return collect_dots(chart, columns, ask)
    return _Collector(chart, columns, ask, titles).collect()


class _Collector:
    """Bars, lines and areas."""

    def __init__(self, chart: Chart, columns: Mapping[str, ChartColumn], ask: Ask, titles: Mapping[str, str]) -> None:
        self._chart = chart
        self._x = columns[chart.x]
        self._columns = columns
        self._ask = ask
        self._titles = titles
        self._notes: list[Note] = []
        self._is_added = chart.aggregate in ADDED or not chart.y

    def collect(self) -> Lines:
        chart = self._chart
        key = Key(chart.x)
        if chart.kind in ALONG:
            key = choose_key(self._x, self._ask, MAX_PLACES)
            if key.period:
                message = N_("There are many values along the axis, so each point stands for %(step)s.")
                self._note(message, step=PERIODS[key.period])
            elif key.width:
                message = N_("There are many values along the axis, so each point stands for an interval of %(step)s.")
                self._note(message, step=f"{key.width:g}")
        cells, combined = self._read(key)
        names = self._choose_series(cells)
        cells = {place: self._pick_series(values, names) for place, values in cells.items()}
        places = self._choose_places(cells, names)
        series = [Series(name, [cells[place].get(name) for place in places]) for name in names]
        if chart.kind == "area" and not self._can_be_stacked(series, is_combined=combined):
            chart = replace(chart, kind="line")
            self._note(N_("Values that are negative or can't be added aren't stacked, so lines are drawn."))
        return Lines(chart=chart, places=places, series=series, notes=self._notes, combined=combined)

    def _can_be_stacked(self, series: Sequence[Series], *, is_combined: bool) -> bool:
        if len(series) < 2:
            return True
        is_negative = any(value is not None and value < 0 for item in series for value in item.values)
        return not is_negative and (self._is_added or not is_combined)

    def _note(self, message: str, **params: object) -> None:
        self._notes.append(Note(message, params))

    def _read(self, key: Key) -> tuple[Cells, bool]:
        """The groups, and whether some have several rows."""
        chart = self._chart
        keys = (key, *((Key(chart.group),) if chart.group else ()))
        measures = tuple(Measure(chart.aggregate, name) for name in chart.y) or (ROWS,)
        question = Question(keys=keys, measures=(*measures, ROWS))
        cells: Cells = {}
        most = lost = endless = 0
        for answer in ask_groups(self._ask, question, self._titles):
            rows = answer[-1]
            place = read_interval(key, answer[0])
            if place is None or (isinstance(place, float) and not isfinite(place)):
                if chart.kind in ALONG:
                    lost += rows
                    continue
                place = MISSING
            values = [_make_finite(value) for value in answer[len(keys) : -1]]
            endless += sum(1 for before, after in zip(answer[len(keys) :], values, strict=False) if before is not after)
            if chart.group:
                group = answer[1]
                cells.setdefault(place, {})[MISSING if group is None else group] = values[0]
            else:
                cells[place] = dict(zip(chart.y or (None,), values, strict=True))
            most = max(most, rows)
        if lost:
            message = N_("Rows without a value in “%(column)s” aren't drawn: %(count)s.")
            self._note(message, column=self._titles.get(chart.x, chart.x), count=lost)
        if endless:
            self._note(N_("Values that aren't finite aren't drawn: %(count)s."), count=endless)
        return cells, most > 1

    def _choose_series(self, cells: Cells) -> Sequence[Any]:
        """The series that are drawn: at most eight, the largest."""
        if not self._chart.group:
            return self._chart.y or (None,)
        column = self._columns[self._chart.group]
        totals: dict[Any, Any] = {}
        for values in cells.values():
            for name, value in values.items():
                totals[name] = totals.get(name, 0) + _weigh(value)
        if len(totals) <= MAX_SERIES:
            return _sort(totals, column)
        kept = MAX_SERIES - 1 if self._adds_rest else MAX_SERIES
        largest = sorted(totals, key=lambda name: (-totals[name], _rank(name)))[:kept]
        if self._adds_rest:
            message = N_("The %(count)s largest of %(all)s series are shown. “Other” has all the rest together.")
        else:
            message = N_("The %(count)s largest of %(all)s series are shown.")
        self._note(message, count=len(largest), all=len(totals))
        return [*_sort(largest, column), *((OTHER,) if self._adds_rest else ())]

    @property
    def _adds_rest(self) -> bool:
        """Whether what isn't shown is drawn together: lines among others would look like one of them."""
        return self._is_added and self._chart.kind != "line"

    def _pick_series(self, values: dict[Any, Any], names: Sequence[Any]) -> dict[Any, Any]:
        kept = {name: values[name] for name in names if name in values}
        if OTHER in names:
            kept[OTHER] = _add(value for name, value in values.items() if name not in kept)
        return kept

    def _choose_places(self, cells: Cells, names: Sequence[Any]) -> Sequence[Any]:
        """The places that are drawn, in their order; `cells` gets what is drawn for the rest."""
        chart, column = self._chart, self._x
        if chart.kind in ALONG or column.is_ordered:
            places = (
                _fill(_sort(cells, column), column) if chart.kind in ALONG or column.is_time else _sort(cells, column)
            )
            for place in places:
                cells.setdefault(place, {})
            if chart.kind in ALONG or len(places) <= MAX_ORDERED_BARS:
                return places
            message = N_("The last %(count)s of %(all)s values are shown. A line chart shows all of them.")
            if not (column.is_time or column.is_number):
                message = N_("The last %(count)s of %(all)s values are shown.")
            self._note(message, count=MAX_ORDERED_BARS, all=len(places))
            return places[-MAX_ORDERED_BARS:]
        most = min(MAX_BARS, max(_FEW_BARS, 2 * MAX_BARS // max(1, len(names))))
        weights = {place: sum(map(_weigh, values.values())) for place, values in cells.items()}
        known = {
            place: [float(item) for item in values.values() if item is not None] for place, values in cells.items()
        }
        ranked = sorted(cells, key=lambda place: (-weights[place], _rank(place)))
        kept, rest = ranked[:most], ranked[most:]
        kept.sort(key=lambda place: (not known[place], -sum(known[place]), _rank(place)))
        if not rest:
            return kept
        if self._is_added:
            cells[OTHER] = {name: _add(cells[place].get(name) for place in rest) for name in names}
            message = N_("The %(count)s largest of %(all)s values are shown. “Other” has all the rest together.")
        else:
            message = N_("The %(count)s largest of %(all)s values are shown.")
        self._note(message, count=len(kept), all=len(ranked))
        return [*kept, *((OTHER,) if self._is_added else ())]


def _make_finite(value: Any) -> Any:
    is_endless = (isinstance(value, float) and not isfinite(value)) or (
        isinstance(value, Decimal) and not value.is_finite()
    )
    return None if is_endless else value


def _weigh(value: Any) -> float:
    return abs(float(value)) if value is not None else 0.0


def _add(values: Iterable[Any]) -> Any:
    """The sum of those there are, None where there are none."""
    found = [value for value in values if value is not None]
    return sum(found[1:], found[0]) if found else None


def _rank(value: Any) -> tuple[int, Any]:
    """Sorts values of one column, those that aren't values last; intervals by their beginning."""
    if value is MISSING or value is OTHER:
        return (2, repr(value))
    if isinstance(value, Bin):
        return (0, value.start)
    if isinstance(value, bool | int | float | Decimal | date | datetime):
        return (0, value)
    return (1, str(value))


def _sort(values: Collection[Any], column: ChartColumn) -> list[Any]:
    """In the order of the schema, where that has one, else of the values."""
    if not column.order:
        return sorted(values, key=_rank)
    places = {value: number for number, value in enumerate(column.order)}
    return sorted(values, key=lambda value: ((0, places[value]) if value in places else (1, 0), _rank(value)))


def _fill(places: list[Any], column: ChartColumn) -> list[Any]:
    """With the years and months between them for which there are no rows: these are gaps, not short ways."""
    if not places or not column.is_time:
        return places
    known = [place for place in places if place is not MISSING]
    rest = places[len(known) :]
    if not known:
        return places
    first, last = known[0], known[-1]
    if isinstance(first, int) and last - first < MAX_PLACES:
        return [*range(first, last + 1), *rest]
    if column.field.type == "yearmonth":
        start, end = (int(str(text)[:4]) * 12 + int(str(text)[5:7]) - 1 for text in (first, last))
        if end - start < MAX_PLACES:
            return [*(f"{month // 12:04}-{month % 12 + 1:02}" for month in range(start, end + 1)), *rest]
    return places
