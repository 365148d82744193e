"""How often numbers occur: intervals of a round width, each with how many values are in it."""

from __future__ import annotations

from math import isfinite

from opendata.charts.chart import Chart
from opendata.charts.collecting.asking import ROWS, Ask, Key, Measure, Question
from opendata.charts.collecting.steps import make_interval_key, read_interval
from opendata.charts.columns import ChartColumn
from opendata.charts.points import Bin, Lines, Note, Series
from opendata.errors import N_

_ENDLESS = N_("Values that aren't finite aren't drawn: %(count)s.")
_BINS = 20
"""About this many intervals, rarely twice as many."""


def collect_histogram(chart: Chart, column: ChartColumn, ask: Ask) -> Lines:
    """The intervals of a column without gaps, and the number of values in each."""
    measures = (*(Measure(name, column.name) for name in ("least", "greatest", "count")), ROWS)
    least, greatest, count, rows = ask(Question(keys=(), measures=measures))[0]
    notes = []
    if rows > count:
        notes.append(Note(N_("Rows without a value aren't counted: %(count)s."), {"count": rows - count}))
    if least is None:
        if count:
            notes.append(Note(_ENDLESS, {"count": count}))
        return Lines(chart=chart, places=(), series=(Series(None, ()),), notes=notes)
    key = make_interval_key(column, float(least or 0), float(greatest or 0), _BINS)
    found: dict[int, int] = {}
    endless = 0
    for number, values in ask(Question(keys=(key,), measures=(Measure("count", column.name),))):
        if number is None:
            continue
        if isfinite(number):
            found[int(number)] = values
        else:
            endless += values
    if endless:
        notes.append(Note(_ENDLESS, {"count": endless}))
    numbers = range(min(found, default=0), max(found, default=-1) + 1)
    places = [_make_bin(key, number) for number in numbers]
    series = Series(None, [found.get(number, 0) for number in numbers])
    return Lines(chart=chart, places=places, series=(series,), notes=notes)


def _make_bin(key: Key, number: int) -> Bin:
    found = read_interval(key, number)
    assert isinstance(found, Bin)  # noqa: S101 - a key with a width
    return found
