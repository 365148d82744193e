"""A chart as the query of an address, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from flask import request, url_for
from werkzeug.datastructures import MultiDict

from opendata.charts.chart import Chart
from opendata.services.charts.charts import ChartTable
from opendata.web.core.languages import PARAMETER

CHOOSE = "choose"
"""Sent by the form: what was chosen may not fit together yet."""

DOWNLOAD = "download"
"""Has a picture kept as a file, not shown."""

OWN = ("kind", "x", "y", "group", "aggregate", PARAMETER, CHOOSE, DOWNLOAD)
"""The parameters that are no filters."""

Place = Mapping[str, str]
"""The dataset, version and resource of an address."""


def read_chart(args: MultiDict[str, str]) -> Chart:
    """The chart that an address names, as it was written."""
    return Chart(
        kind=args.get("kind", ""),
        x=args.get("x", ""),
        y=tuple(name for name in args.getlist("y") if name),
        group=args.get("group", ""),
        aggregate=args.get("aggregate", ""),
        where=read_filters(args),
    )


def read_filters(args: MultiDict[str, str]) -> tuple[tuple[str, str], ...]:
    """The filters of an address, exactly as they were given."""
    return tuple((name, value) for name, value in args.items(multi=True) if name not in OWN)


def write_chart(chart: Chart) -> dict[str, str | Sequence[str]]:
    """The query of a chart: what is empty is left out."""
    found: dict[str, str | Sequence[str]] = {"kind": chart.kind, "x": chart.x}
    if chart.y:
        found["y"] = list(chart.y)
    for name in ("group", "aggregate"):
        if value := getattr(chart, name):
            found[name] = value
    for name, value in chart.where:
        known = found.get(name, [])
        found[name] = [*([known] if isinstance(known, str) else known), value]
    return found


def link_chart(endpoint: str, place: Place, chart: Chart, *, language: str = "") -> str:
    """The address of a chart; with a language, the same for everybody."""
    asked = list(write_chart(chart).items())
    return _link(endpoint, place, [*asked, (PARAMETER, language)] if language else asked)


def link_rows(place: Place, chart: Chart) -> str:
    """The address of the rows of a chart, as a table."""
    return _link("tables.show_table", place, chart.where)


def _link(endpoint: str, place: Place, query: Sequence[tuple[str, str | Sequence[str]]]) -> str:
    """An address with a query whose names are anybody's: `url_for` would take some for parts of the address."""
    parts: dict[str, Any] = dict(place)
    path = url_for(endpoint, **parts)
    return f"{path}?{urlencode(query, doseq=True)}" if query else path


def find_chart(found: ChartTable) -> Chart | None:
    """The chart that the address names; where it names the table alone, the first that fits, with the filters given.

    None where no chart fits.
    """
    if any(name in request.args for name in OWN if name not in (PARAMETER, CHOOSE, DOWNLOAD)):
        return read_chart(request.args)
    first = next(iter(found.proposals), None)
    filters = read_filters(request.args)
    return replace(first, where=filters) if first is not None and filters else first
