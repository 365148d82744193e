"""What is drawn as CSV, for programs: columns under their own names, values in their canonical text."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from io import StringIO
from typing import Any

from opendata.charts.points import MISSING, Bin, Dots, Points, Special
from opendata.charts.words import Words
from opendata.tables.types.canonical import write_value

COUNT = "count"
"""The column that counts rows."""


def write_csv(points: Points, words: Words) -> bytes:
    """The rows of the drawn values, a missing value empty.

    A value combined of several rows is under the name of its column and how, such as `gdp_sum`.
    """
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_list_names(points, words))
    writer.writerows([_write(value, words) for value in row] for row in points.list_rows())
    return out.getvalue().encode()


def _list_names(points: Points, words: Words) -> Iterator[str]:
    chart = points.chart
    if isinstance(points, Dots):
        yield from (chart.x, *chart.y, *((chart.group,) if chart.group else ()), COUNT)
        return
    is_binned = chart.kind == "histogram" or any(isinstance(place, Bin) for place in points.places)
    yield from (f"{chart.x}_from", f"{chart.x}_to") if is_binned else (chart.x,)
    is_combined = points.combined or chart.aggregate == COUNT
    for series in points.series:
        if chart.group:
            yield _write(series.name, words)
        elif series.name is None:
            yield COUNT
        else:
            yield f"{series.name}_{chart.aggregate}" if is_combined else str(series.name)


def _write(value: Any, words: Words) -> str:
    if value is MISSING:
        return ""
    return words.name_value(value, "") if isinstance(value, Special) else write_value(value)
