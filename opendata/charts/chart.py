"""What a chart is: the values that name it, as its address has them, and the limits of all charts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from opendata.errors import N_

KINDS: Mapping[str, str] = {
    "bar": N_("Bar chart"),
    "line": N_("Line chart"),
    "area": N_("Area chart"),
    "scatter": N_("Scatter chart"),
    "histogram": N_("Histogram"),
    "map": N_("Points on a map"),
}
"""Kind of chart → its name."""

AGGREGATES: Mapping[str, str] = {
    "sum": N_("sum"),
    "avg": N_("average"),
    "median": N_("median"),
    "min": N_("smallest value"),
    "max": N_("largest value"),
    "count": N_("number of values"),
}
"""How the values of several rows become one → its name."""

COMBINED: Mapping[str, str] = {
    "sum": N_("Sum of %(title)s"),
    "avg": N_("Average of %(title)s"),
    "median": N_("Median of %(title)s"),
    "min": N_("Smallest %(title)s"),
    "max": N_("Largest %(title)s"),
    "count": N_("Number of values of %(title)s"),
}
"""The same → what the values of a column are called then."""

ADDED = frozenset(["sum", "count"])
"""The ways whose results can be added: only they give a bar for everything that isn't shown."""

MAX_BARS = 36
"""At most this many bars of categories in a chart with one series; the rest become one bar. There are 34 provinces."""

MAX_ORDERED_BARS = 60
"""At most this many bars where their order is given, such as years."""

MAX_SERIES = 8
"""At most this many series: more can't be told apart."""

MAX_PLACES = 3000
"""At most this many places on the x axis of a line; more are combined."""

MAX_DOTS = 3000
"""At most this many dots; more are counted in squares."""

MAX_GROUPS = 100_000
"""At most this many combinations of values are read for one chart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A chart as its address names it. `x`, `y` and `group` are names of columns.

    Several `y` are drawn beside one another; none counts the rows. `group` makes a series of each of its values.
    `aggregate` is empty where the kind decides. `where` are the filters, exactly as they were given.
    """

    kind: str
    x: str
    y: tuple[str, ...] = ()
    group: str = ""
    aggregate: str = ""
    where: tuple[tuple[str, str], ...] = ()
