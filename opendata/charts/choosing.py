"""Whether a chart fits the columns of its table, what an address leaves to us, and what to write instead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches

from opendata.charts.chart import AGGREGATES, KINDS, MAX_SERIES, Chart
from opendata.charts.columns import ChartColumn
from opendata.errors import N_, InputError, Listed

ALONG = ("line", "area")
"""The kinds that follow an axis."""

DOTTED = ("scatter", "map")
"""The kinds that draw places of rows, not values of groups."""


def complete_chart(chart: Chart, columns: Mapping[str, ChartColumn]) -> Chart:
    """The chart with everything that its address left out. Raises `InputError` that says what to write instead."""
    if chart.kind not in KINDS:
        _refuse(N_("There is no kind of chart “%(name)s”. Choose one of these: %(names)s"), chart.kind, KINDS)
    x = _find(chart.x, columns, "x")
    y = tuple(_find(name, columns, "y") for name in dict.fromkeys(chart.y))
    group = _find(chart.group, columns, "group") if chart.group else None
    if chart.aggregate and chart.aggregate not in AGGREGATES:
        message = N_("There is no way “%(name)s” to combine rows. Choose one of these: %(names)s")
        _refuse(message, chart.aggregate, AGGREGATES)
    if group is not None and group.name in (x.name, *(item.name for item in y)):
        raise InputError(N_("“%(name)s” is already drawn. Choose another column for “group”"), name=group.label)
    chart = replace(chart, y=tuple(item.name for item in y))
    if chart.kind == "histogram":
        return _complete_histogram(chart, x)
    if chart.kind in DOTTED:
        return _complete_dots(chart, x, y)
    return _complete_lines(chart, x, y)


def _complete_histogram(chart: Chart, x: ChartColumn) -> Chart:
    if not x.is_number:
        raise InputError(
            N_("“%(name)s” doesn't have numbers, so it has no histogram. Choose a column with numbers for “x”"),
            name=x.label,
        )
    if chart.y or chart.group or chart.aggregate:
        raise InputError(N_("A histogram shows one column. Leave out “y”, “group” and “aggregate”"))
    return chart


def _complete_dots(chart: Chart, x: ChartColumn, y: Sequence[ChartColumn]) -> Chart:
    if chart.aggregate:
        raise InputError(N_("This kind of chart shows each row. Leave out “aggregate”"))
    if len(y) != 1:
        raise InputError(N_("This kind of chart needs exactly one column for “y”"))
    fits = x.is_number if chart.kind == "map" else x.is_number or x.is_time
    for column, is_fit in ((x, fits), (y[0], y[0].is_number)):
        if not is_fit:
            message = N_("A map needs columns of degrees: the longitude for “x”, the latitude for “y”")
            raise InputError(message) if chart.kind == "map" else _refuse_numbers(column)
    return chart


def _complete_lines(chart: Chart, x: ChartColumn, y: Sequence[ChartColumn]) -> Chart:
    if chart.kind in ALONG and not (x.is_time or x.is_number):
        raise InputError(
            N_(
                "“%(name)s” has neither times nor numbers, so no line can follow it. Choose a bar chart, or another"
                " column for “x”"
            ),
            name=x.label,
        )
    if len(y) > 1 and chart.group:
        raise InputError(N_("Choose either one column for “y” and one for “group”, or several for “y”"))
    if len(y) > MAX_SERIES:
        raise InputError(N_("A chart shows at most %(count)s columns"), count=MAX_SERIES)
    if not y:
        if chart.aggregate not in ("", "count"):
            raise InputError(N_("Without a column for “y”, rows are counted. Choose a column, or “count”"))
        return replace(chart, aggregate="")
    if chart.aggregate != "count":
        for column in y:
            if not column.is_number:
                raise _refuse_numbers(column)
    default = "avg" if any(item.is_percent or item.is_code or item.is_time for item in y) else "sum"
    return replace(chart, aggregate=chart.aggregate or default)


def _refuse_numbers(column: ChartColumn) -> InputError:
    return InputError(N_("“%(name)s” doesn't have numbers. Choose a column with numbers"), name=column.label)


def _find(name: str, columns: Mapping[str, ChartColumn], parameter: str) -> ChartColumn:
    if name in columns:
        return columns[name]
    if not name:
        message = N_("The address doesn't say which column to draw as “%(parameter)s”")
        raise InputError(message, parameter=parameter)
    near = get_close_matches(name[:100], columns, 1)
    if near:
        message = N_("There is no column “%(name)s”. Did you mean “%(near)s”?")
        raise InputError(message, name=name[:100], near=near[0])
    _refuse(N_("There is no column “%(name)s”. Choose one of these: %(names)s"), name, list(columns)[:20])
    raise AssertionError


def _refuse(message: str, name: str, names: Mapping[str, str] | Sequence[str]) -> None:
    raise InputError(message, name=name[:100], names=Listed(names))


def adapt_chart(chart: Chart, columns: Mapping[str, ChartColumn]) -> Chart:
    """The chart that somebody means who has chosen its kind in a form, where the columns were for another kind."""
    x = columns.get(chart.x)
    y = tuple(name for name in chart.y if name in columns)
    numbers = [item.name for item in columns.values() if item.is_measure]
    if chart.kind == "histogram":
        fit = (*((chart.x,) if x is not None and x.is_number else ()), *_keep_numbers(y, columns), *numbers, chart.x)
        return replace(chart, x=fit[0], y=(), group="", aggregate="")
    if chart.kind == "map":
        longitudes = [item.name for item in columns.values() if item.is_longitude]
        latitudes = [item.name for item in columns.values() if item.is_latitude]
        if longitudes and latitudes:
            chart = replace(chart, x=longitudes[0], y=tuple(latitudes[:1]))
        return replace(chart, y=tuple(chart.y[:1]), aggregate="", group=_keep_group(chart))
    if chart.kind == "scatter":
        if x is None or not (x.is_number or x.is_time):
            chart = replace(chart, x=next((name for name in numbers if name not in y[:1]), chart.x))
        fit = (*_keep_numbers(y, columns), *(name for name in numbers if name != chart.x))
        chart = replace(chart, y=fit[:1], aggregate="")
    elif chart.kind in ALONG and (x is None or not (x.is_time or x.is_number)):
        chart = replace(chart, x=next((item.name for item in columns.values() if item.is_time), chart.x))
    if not chart.y and chart.aggregate != "count":
        chart = replace(chart, aggregate="")
    return replace(chart, group=_keep_group(chart))


def _keep_numbers(names: Sequence[str], columns: Mapping[str, ChartColumn]) -> tuple[str, ...]:
    return tuple(name for name in names if columns[name].is_number)


def _keep_group(chart: Chart) -> str:
    return "" if chart.group in (chart.x, *chart.y) or len(chart.y) > 1 else chart.group
