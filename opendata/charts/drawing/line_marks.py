"""Draws series along an axis: bars from zero, lines with gaps, areas on one another, histograms."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan, nan
from typing import TYPE_CHECKING, Any

from opendata.charts.drawing.canvas import (
    COLOURS,
    DASHES,
    HATCHES,
    HEIGHT,
    MARKERS,
    NAME_PAD,
    add_legend,
    make_figure,
    measure,
    set_marks,
    shorten,
    write_numbers,
)
from opendata.charts.drawing.scales import Mark, list_marks, place_value
from opendata.charts.points import OTHER, Bin, Lines
from opendata.charts.words import Words, name_values

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_BAR_INCHES = 0.24
_LABELLED = 12
_FEWEST = 3
"""Fewer bars are as thick as so many."""

_REST = "#5a6675"
"""The colour of the bar of all that has no bar of its own."""

_MARKED = 60
"""Lines of at most so many places have a mark at each."""


def draw(points: Lines, words: Words) -> Figure:
    """The chart of its kind."""
    kind = points.chart.kind
    if kind == "histogram":
        return _draw_histogram(points, words)
    if kind == "bar":
        return _draw_bars(points, words)
    return _draw_lines(points, words)


def _draw_bars(points: Lines, words: Words) -> Figure:
    """Upright bars for times and numbers, whose labels are short; others lie, so that their names can be read."""
    column = points.chart.x
    labels = [words.name_value(place, column) for place in points.places]
    is_upright = words.types.get(column) in ("date", "datetime", "year", "yearmonth", "integer", "number")
    is_upright = is_upright and column not in words.labels and max(map(measure, labels), default=0) <= 16
    count = len(points.series)
    inches = _BAR_INCHES if count == 1 else 0.16 * count + 0.1
    height = HEIGHT if is_upright else max(2.6, min(24.0, 1.5 + inches * len(labels)))
    figure, axes = make_figure(points, words, height=height)
    thickness = 0.8 / max(1, count)
    handles = []
    for number, series in enumerate(points.series):
        places = [place - 0.4 + thickness * (number + 0.5) for place in range(len(labels))]
        values = [nan if value is None else float(value) for value in series.values]
        style: dict[str, Any] = {
            "color": COLOURS[number],
            "hatch": HATCHES[number],
            "edgecolor": "white",
            "linewidth": 0,
        }
        if is_upright:
            bars = axes.bar(places, values, thickness, **style)
        else:
            bars = axes.barh(places, values, thickness, **style)
        for place, bar in enumerate(bars):
            bar.set_gid(f"value-{number}-{place}")
            if points.places[place] is OTHER and count == 1:
                bar.set_facecolor(_REST)
        handles.append(bars)
    around = max(len(labels), _FEWEST) / 2 + 0.1
    middle = (len(labels) - 1) / 2
    (axes.set_xlim if is_upright else axes.set_ylim)(middle - around, middle + around)
    values_axis, names_axis = (axes.yaxis, axes.xaxis) if is_upright else (axes.xaxis, axes.yaxis)
    step = -(-len(labels) // _LABELLED) if is_upright else 1
    set_marks(names_axis, [(float(place), label) for place, label in enumerate(labels) if place % step == 0])
    names_axis.grid(visible=False)
    names_axis.set_tick_params(length=0)
    write_numbers(values_axis, words, _find_measure(points), most=5)
    if not is_upright:
        axes.invert_yaxis()
    (axes.axhline if is_upright else axes.axvline)(0, color="#5a6675", linewidth=1)
    _name_axes(axes, points, words, is_turned=not is_upright)
    add_legend(axes, points, [series.name for series in points.series], handles, words)
    return figure


def _draw_histogram(points: Lines, words: Words) -> Figure:
    figure, axes = make_figure(points, words)
    bins = [place for place in points.places if isinstance(place, Bin)]
    widths = [place.end - place.start for place in bins]
    bars = axes.bar(
        [place.start for place in bins],
        [float(value) for value in points.series[0].values],
        widths,
        align="edge",
        color=COLOURS[0],
        edgecolor="white",
    )
    for place, bar in enumerate(bars):
        bar.set_gid(f"value-0-{place}")
    axes.xaxis.grid(visible=False)
    write_numbers(axes.xaxis, words, points.chart.x)
    write_numbers(axes.yaxis, words, "")
    _name_axes(axes, points, words)
    return figure


def _draw_lines(points: Lines, words: Words) -> Figure:
    figure, axes = make_figure(points, words)
    places = [place_value(place) for place in points.places]
    table = [[nan if value is None else float(value) for value in series.values] for series in points.series]
    if points.chart.kind == "area":
        handles = _fill_areas(axes, places, table)
    else:
        handles = [_draw_line(axes, places, values, number) for number, values in enumerate(table)]
    column = points.chart.x
    marks: Sequence[Mark] | None
    if len(places) < 2:
        marks = [(place, words.name_value(points.places[0], column)) for place in places]
    else:
        marks = list_marks(points.places, words)
    if marks is None:
        write_numbers(axes.xaxis, words, column)
    else:
        set_marks(axes.xaxis, marks)
    write_numbers(axes.yaxis, words, _find_measure(points))
    _name_axes(axes, points, words)
    add_legend(axes, points, [series.name for series in points.series], handles, words)
    return figure


def _draw_line(axes: Axes, places: Sequence[float], values: Sequence[float], number: int) -> Any:
    """A line with a gap where a value is missing; a value between two gaps is a mark alone."""
    style: dict[str, Any] = {"color": COLOURS[number], "linestyle": DASHES[number], "linewidth": 1.8, "markersize": 4.5}
    known = [not isnan(value) for value in values]
    around = [False, *known, False]
    alone = [place for place in range(len(values)) if around[place + 1] and not (around[place] or around[place + 2])]
    marked = None if len(values) <= _MARKED else alone
    line = axes.plot(places, values, marker=MARKERS[number], markevery=marked, **style)[0]
    line.set_gid(f"line-{number}")
    return line


def _fill_areas(axes: Axes, places: Sequence[float], table: Sequence[Sequence[float]]) -> list[Any]:
    """Each area on the one before; nothing where one of those below is missing, since its height isn't known."""
    handles = []
    base = [0.0] * len(places)
    for number, values in enumerate(table):
        top = [low + value for low, value in zip(base, values, strict=True)]
        area = axes.fill_between(
            places, base, top, facecolor=COLOURS[number], hatch=HATCHES[number], edgecolor="white", linewidth=0
        )
        axes.plot(places, top, color=COLOURS[number], linewidth=1.2, marker="o" if len(places) < 3 else "")
        area.set_gid(f"area-{number}")
        handles.append(area)
        base = top
    axes.axhline(0, color="#5a6675", linewidth=1)
    return handles


def _find_measure(points: Lines) -> str:
    """The column whose way of writing numbers the axis of values has."""
    chart = points.chart
    return chart.y[0] if chart.y and chart.aggregate != "count" else ""


def _name_axes(axes: Axes, points: Lines, words: Words, *, is_turned: bool = False) -> None:
    x, y = words.name_column(points.chart.x), name_values(points, words)
    if is_turned:
        x, y = y, x
    axes.set_xlabel(shorten(x, 80))
    axes.set_ylabel(shorten(y, 44), labelpad=NAME_PAD)
