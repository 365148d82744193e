"""Draws dots: a scatter chart, or a map with nothing but the lines of longitude and latitude."""

from __future__ import annotations

from math import cos, radians
from typing import TYPE_CHECKING

from opendata.charts.drawing.canvas import (
    COLOURS,
    MARKERS,
    NAME_PAD,
    add_legend,
    make_figure,
    set_marks,
    shorten,
    write_numbers,
)
from opendata.charts.drawing.scales import list_marks, place_value
from opendata.charts.points import Dots
from opendata.charts.words import Words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MAP_HEIGHT = 6.0
_DOT, _LARGEST = 18.0, 160.0
"""Square points of a dot of one row, and of the largest."""

_SIZES = 10
_LEAST_DEGREES = 0.01
"""A map of one place shows so many degrees around it."""


def draw(points: Dots, words: Words) -> Figure:
    """The chart of its kind."""
    is_map = points.chart.kind == "map"
    figure, axes = make_figure(points, words, height=_MAP_HEIGHT if is_map else 4.8)
    most = max((dot.count for dot in points.dots), default=1)
    handles = []
    for number, group in enumerate(points.groups):
        dots = [dot for dot in points.dots if dot.group == group]
        sizes = [_choose_size(dot.count, most) for dot in dots]
        marks = axes.scatter(
            [place_value(dot.x) for dot in dots],
            [place_value(dot.y) for dot in dots],
            s=sizes,
            color=COLOURS[number],
            marker=MARKERS[number],
            alpha=0.75 if len(points.dots) > 200 else 0.9,
            linewidth=0,
        )
        marks.set_gid(f"dots-{number}")
        handles.append(marks)
    column = points.chart.x
    marked = None if is_map else list_marks([dot.x for dot in points.dots], words)
    if marked is None:
        write_numbers(axes.xaxis, words, column)
    else:
        set_marks(axes.xaxis, marked)
    write_numbers(axes.yaxis, words, points.chart.y[0])
    if is_map:
        _lay_out_map(axes, points)
    axes.set_xlabel(shorten(words.name_column(column), 80))
    axes.set_ylabel(shorten(words.name_column(points.chart.y[0]), 44), labelpad=NAME_PAD)
    add_legend(axes, points, points.groups, handles, words)
    return figure


def _choose_size(count: int, most: int) -> float:
    """The area of a dot, by its rows; in a few sizes, since each of them makes an SVG longer."""
    return _DOT + (_LARGEST - _DOT) * round(_SIZES * (count - 1) / (most - 1)) / _SIZES if most > 1 else _DOT


def _lay_out_map(axes: Axes, points: Dots) -> None:
    """Degrees of longitude and latitude as long as they are in the middle of the map."""
    if points.is_empty:
        return
    ends = []
    for values in ([float(dot.x) for dot in points.dots], [float(dot.y) for dot in points.dots]):
        least, most = min(values), max(values)
        margin = max((most - least) * 0.06, _LEAST_DEGREES)
        ends.append((least - margin, most + margin))
    (west, east), (south, north) = ends
    axes.update_datalim([(west, south), (east, north)])
    axes.margins(0)
    middle = cos(radians((south + north) / 2))
    axes.set_aspect(1 / max(middle, 0.05), adjustable="datalim")
