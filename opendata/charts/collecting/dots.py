"""The places of rows: each place once with the number of its rows, or squares where there are too many places."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date
from math import isfinite
from typing import Any

from opendata.charts.chart import MAX_DOTS, MAX_SERIES, Chart
from opendata.charts.collecting.asking import ROWS, Answer, Ask, Key, Measure, Question
from opendata.charts.collecting.steps import choose_key, make_interval_key, read_interval
from opendata.charts.columns import ChartColumn
from opendata.charts.points import MISSING, OTHER, Bin, Dot, Dots, Note
from opendata.errors import N_

_SQUARES = 50
"""About this many squares along each axis."""


def collect_dots(chart: Chart, columns: Mapping[str, ChartColumn], ask: Ask) -> Dots:
    """The dots of a scatter chart or a map."""
    names = (chart.x, *chart.y, *((chart.group,) if chart.group else ()))
    found = ask(Question(keys=tuple(map(Key, names)), measures=(ROWS,), limit=MAX_DOTS + 1))
    notes: list[Note] = []
    if len(found) <= MAX_DOTS:
        return _make_dots(chart, found, notes, (Key(chart.x), Key(chart.y[0])))
    keys = (_choose_squares(columns[chart.x], ask), _choose_squares(columns[chart.y[0]], ask))
    found = ask(Question(keys=keys, measures=(ROWS,)))
    if chart.group:
        notes.append(Note(N_("There are too many rows to show groups."), {}))
    message = N_("There are too many rows for a dot each. The larger a dot is, the more rows are near it.")
    notes.append(Note(message, {}))
    return _make_dots(_drop_group(chart), found, notes, keys)


def _drop_group(chart: Chart) -> Chart:
    return Chart(kind=chart.kind, x=chart.x, y=chart.y, where=chart.where)


def _choose_squares(column: ChartColumn, ask: Ask) -> Key:
    measures = (Measure("least", column.name), Measure("greatest", column.name))
    least, greatest = ask(Question(keys=(), measures=measures))[0]
    if isinstance(least, date | str):
        return choose_key(column, ask, 2 * _SQUARES)
    return make_interval_key(column, float(least or 0), float(greatest or 0), _SQUARES)


def _make_dots(chart: Chart, answer: Answer, notes: list[Note], keys: tuple[Key, Key]) -> Dots:
    dots: list[Dot] = []
    lost = outside = 0
    for *place, rows in answer:
        group = place[2] if chart.group else None
        x, y = (_find_middle(read_interval(key, value)) for key, value in zip(keys, place[:2], strict=True))
        if _is_lost(x) or _is_lost(y):
            lost += rows
        elif chart.kind == "map" and (abs(x) > 180 or abs(y) > 90):
            outside += rows
        else:
            dots.append(Dot(x, y, MISSING if chart.group and group is None else group, rows))
    if lost:
        message = N_("Rows without both values aren't drawn: %(count)s.")
        notes.append(Note(message, {"count": lost}))
    if outside:
        message = N_("Rows whose coordinates aren't degrees on earth aren't drawn: %(count)s.")
        notes.append(Note(message, {"count": outside}))
    groups, dots = _choose_groups(dots, notes) if chart.group else ((None,), dots)
    squared = any(key.width or key.period for key in keys)
    return Dots(chart=chart, dots=dots, groups=groups, notes=notes, squared=squared)


def _is_lost(value: Any) -> bool:
    return value is None or (isinstance(value, float) and not isfinite(value))


def _find_middle(value: Any) -> Any:
    return (value.start + value.end) / 2 if isinstance(value, Bin) else value


def _choose_groups(dots: list[Dot], notes: list[Note]) -> tuple[tuple[Any, ...], list[Dot]]:
    """The groups with most rows, and the dots of all others as one."""
    sizes: Counter[Any] = Counter()
    for dot in dots:
        sizes[dot.group] += dot.count
    ranked = sorted(sizes, key=lambda name: (-sizes[name], str(name)))
    if len(ranked) <= MAX_SERIES:
        return tuple(sorted(ranked, key=lambda name: (name is MISSING, str(name)))), dots
    kept = ranked[: MAX_SERIES - 1]
    message = N_("The %(count)s largest of %(all)s groups are shown. “Other” has all the rest together.")
    notes.append(Note(message, {"count": len(kept), "all": len(ranked)}))
    names = set(kept)
    moved = [dot if dot.group in names else Dot(dot.x, dot.y, OTHER, dot.count) for dot in dots]
    return (*sorted(kept, key=lambda name: (name is MISSING, str(name))), OTHER), moved
