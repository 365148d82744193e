"""What is drawn: values in series along an axis, or dots; each also as the rows of a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from opendata.charts.chart import Chart


class Special:
    """A place or series that isn't a value of the data."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name


MISSING: Final = Special("missing")
"""The place or series of the rows without a value."""

OTHER: Final = Special("other")
"""The place or series of all that isn't shown for itself."""


@dataclass(frozen=True, slots=True)
class Note:
    """What a reader must know about the numbers, as a template and its parameters."""

    message: str
    params: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Bin:
    """An interval of a histogram: `start` ≤ value < `end`."""

    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Series:
    """The values of a series, one for each place, None where a value is missing.

    `name` is the value of the grouping column, or the name of the column that is drawn; None where there is only one.
    """

    name: Any
    values: Sequence[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """Series along an axis: bars, lines, areas, histograms. `combined` tells that a value may come of several rows."""

    chart: Chart
    places: Sequence[Any]
    series: Sequence[Series]
    notes: Sequence[Note] = ()
    combined: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not any(value is not None for item in self.series for value in item.values)

    def list_rows(self) -> Iterator[tuple[Any, ...]]:
        """A row for each place: the place, then the value of each series; a bin is its two ends."""
        for number, place in enumerate(self.places):
            head = (place.start, place.end) if isinstance(place, Bin) else (place,)
            yield (*head, *(item.values[number] for item in self.series))


@dataclass(frozen=True, slots=True)
class Dot:
    """A dot: `count` rows are at its place. `group` is None where there are no groups."""

    x: Any
    y: Any
    group: Any
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Dots:
    """Dots of a scatter chart or a map. `squared` tells that each stands for the rows in a square around it."""

    chart: Chart
    dots: Sequence[Dot]
    groups: Sequence[Any]
    notes: Sequence[Note] = ()
    squared: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not self.dots

    def list_rows(self) -> Iterator[tuple[Any, ...]]:
        """A row for each dot: x, y, its group where there are groups, and how many rows are there."""
        for dot in self.dots:
            group = (dot.group,) if self.chart.group else ()
            yield (dot.x, dot.y, *group, dot.count)


Points = Lines | Dots
