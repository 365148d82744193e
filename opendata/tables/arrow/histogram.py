"""Exact histograms in one pass, of which the range is not known before: fine bins that are put together as it grows.

A grid has levels; each bin of a level is part of one bin of the next. Counts are kept on the finest level on which the
range has few bins, so they depend on the values alone, not on their order. In the end bins are put together to at most
`SHOWN`, with ends that people call round: 1, 2 or 5 times a power of ten, whole hours, weeks, months, years.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from math import floor, inf, isfinite, log10
from typing import TYPE_CHECKING, Any, Protocol

from opendata.domain.profile import Bin

if TYPE_CHECKING:
    import numpy as np

SHOWN = 20
"""The most bins of a finished histogram."""

FINE = 2048
"""The most bins that are kept; a level has at most 60 times fewer than the one before, so at least `SHOWN` are left."""

Steps = tuple[int, int, int]
"""A way to put bins together: the level, how many of its bins, and how many to begin before bin 0."""


class Grid(Protocol):
    """Levels of bins. A bin is named by a whole number, if possible below `most`; `levels` is the last level."""

    levels: int
    most: float

    def start(self, least: Any, greatest: Any) -> int:
        """A level not coarser than the one that these values need."""

    def find(self, level: int, value: Any) -> int:
        """The bin of one value."""

    def locate(self, level: int, values: np.ndarray, first: int, size: int) -> np.ndarray:
        """The bins of values that are all in the `size` bins from `first`, counted from there."""

    def lift(self, level: int, bins: np.ndarray) -> np.ndarray:
        """The bins of the next level in which bins of this one lie."""

    def steps(self, level: int) -> Iterator[Steps]:
        """Ways to put bins together, ever coarser."""

    def edge(self, level: int, number: int) -> Any:
        """Where a bin begins, as JSON."""


class Histogram:
    """Counts values by bins of a grid; `least` and `greatest` of them are None before the first."""

    def __init__(self, grid: Grid) -> None:
        self.least: Any = None
        self.greatest: Any = None
        self._grid = grid
        self._level = 0
        self._first = 0
        self._counts: np.ndarray | None = None

    def take(self, values: np.ndarray, counts: np.ndarray | None = None) -> None:
        """Count values, each once or as often as told."""
        import numpy as np

        if not len(values):
            return
        self._widen(values.min(), values.max())
        assert self._counts is not None  # noqa: S101 - made with the range
        size = len(self._counts)
        bins = self._grid.locate(self._level, values, self._first, size)
        if counts is None:
            self._counts += np.bincount(bins, minlength=size)
        else:
            np.add.at(self._counts, bins, counts)

    def join(self, other: Histogram) -> None:
        """Count what another histogram of the same grid has counted."""
        import numpy as np

        if other._counts is None:
            return
        self._widen(other.least, other.greatest)
        assert self._counts is not None  # noqa: S101 - made with the range
        bins = _number_bins(other._first, len(other._counts))
        for level in range(other._level, self._level):
            bins = self._grid.lift(level, bins)
        np.add.at(self._counts, (bins - self._first).astype(np.intp), other._counts)

    def describe(self) -> list[Bin]:
        """Up to `SHOWN` bins side by side: `{"from", "to", "count"}`, `to` belongs to the next; none for one value."""
        import numpy as np

        if self._counts is None or self.least == self.greatest:
            return []
        level, bins = self._level, _number_bins(self._first, len(self._counts))
        for wanted, step, offset in self._grid.steps(self._level):
            while level < wanted:
                bins, level = self._grid.lift(level, bins), level + 1
            groups = (bins + offset) // step
            first, size = int(groups[0]), int(groups[-1] - groups[0]) + 1
            if size <= SHOWN:
                break
        counts = np.zeros(size, np.int64)
        np.add.at(counts, (groups - first).astype(np.intp), self._counts)
        edges = [self._grid.edge(level, (first + place) * step - offset) for place in range(size + 1)]
        return [
            {"from": edges[place], "to": edges[place + 1], "count": count}
            for place, count in enumerate(counts.tolist())
        ]

    def _widen(self, least: Any, greatest: Any) -> None:
        """Make room for values up to these."""
        import numpy as np

        least, greatest = getattr(least, "item", lambda: least)(), getattr(greatest, "item", lambda: greatest)()
        if self._counts is not None:
            if self.least <= least and greatest <= self.greatest:
                return
            least, greatest = min(self.least, least), max(self.greatest, greatest)
        level = max(self._level, self._grid.start(least, greatest))
        first, last = self._grid.find(level, least), self._grid.find(level, greatest)
        while level < self._grid.levels and (last - first >= FINE or max(-first, last) >= self._grid.most):
            level += 1
            first, last = self._grid.find(level, least), self._grid.find(level, greatest)
        held, self._counts = self._counts, np.zeros(last - first + 1, np.int64)
        if held is not None:
            bins = _number_bins(self._first, len(held))
            while self._level < level:
                bins, self._level = self._grid.lift(self._level, bins), self._level + 1
            np.add.at(self._counts, (bins - first).astype(np.intp), held)
        self.least, self.greatest, self._level, self._first = least, greatest, level, first


class WholeGrid:
    """Bins of whole numbers, 1, 10, 100 … wide. `write` makes JSON of an end."""

    levels = 60
    most = inf

    def __init__(self, write: Callable[[int], Any]) -> None:
        self._write = write

    def start(self, least: int, greatest: int) -> int:  # noqa: ARG002
        """A level not coarser than the one that these values need."""
        return 0

    def find(self, level: int, value: int) -> int:
        """The bin of one value."""
        found: int = value // 10**level
        return found

    def locate(self, level: int, values: np.ndarray, first: int, size: int) -> np.ndarray:  # noqa: ARG002
        """The bins of values, counted from `first`."""
        import numpy as np

        if level > 18 or first < -(2**63):  # more than the type holds
            values = values.astype(object)
        bins = values // 10**level if level else values
        found: np.ndarray = (bins - first).astype(np.intp)
        return found

    def lift(self, level: int, bins: np.ndarray) -> np.ndarray:  # noqa: ARG002
        """The bins of the next level in which bins of this one lie."""
        found: np.ndarray = bins // 10
        return found

    def steps(self, level: int) -> Iterator[Steps]:
        """Ways to put bins together, ever coarser."""
        return _round_steps(level, self.levels)

    def edge(self, level: int, number: int) -> Any:
        """Where a bin begins, as JSON."""
        return self._write(number * 10**level)


class DoubleGrid:
    """Bins of doubles, powers of ten wide: each begins at the double nearest to the decimal number."""

    _LOWEST = -290
    levels = 310 - _LOWEST
    most = 10**15  # a double holds these numbers, and tells the ends of their bins apart

    def __init__(self) -> None:
        self._edges: tuple[tuple[int, int, int], np.ndarray] | None = None

    def start(self, least: float, greatest: float) -> int:
        """A level not coarser than the one that these values need."""
        size = max(abs(least), abs(greatest))
        return max(0, floor(log10(size)) - 16 - self._LOWEST) if size else 0

    def find(self, level: int, value: float) -> int:
        """The bin of one value."""
        found = floor(Fraction(value) / Fraction(10) ** (level + self._LOWEST))
        if self._begin(level, found) > value:
            return found - 1
        return found + 1 if self._begin(level, found + 1) <= value else found

    def locate(self, level: int, values: np.ndarray, first: int, size: int) -> np.ndarray:
        """A quotient of doubles is off by less than one bin: it is set right by the ends of the bin it tells."""
        import numpy as np

        edges = self._list_edges(level, first, size)
        power = level + self._LOWEST
        bins = values / 10.0**power if power > 0 else values * 10.0**-power
        np.floor(bins, out=bins)
        bins -= first
        found = bins.astype(np.intp)
        np.clip(found, 0, size - 1, out=found)
        found -= values < edges.take(found)
        found += values >= edges.take(found + 1)
        return found

    def lift(self, level: int, bins: np.ndarray) -> np.ndarray:  # noqa: ARG002
        """The bins of the next level in which bins of this one lie."""
        found: np.ndarray = bins // 10
        return found

    def steps(self, level: int) -> Iterator[Steps]:
        """Ways to put bins together, ever coarser."""
        return _round_steps(level, self.levels)

    def edge(self, level: int, number: int) -> Any:
        """Where a bin begins, as JSON."""
        found = self._begin(level, number)
        return found if isfinite(found) else f"{number}E+{level + self._LOWEST}"

    def _list_edges(self, level: int, first: int, size: int) -> np.ndarray:
        import numpy as np

        if self._edges is None or self._edges[0] != (level, first, size):
            edges = np.array([self._begin(level, number) for number in range(first, first + size + 1)])
            self._edges = (level, first, size), edges
        return self._edges[1]

    def _begin(self, level: int, number: int) -> float:
        return float(f"{number}e{level + self._LOWEST}")


DAY = 86_400_000_000
"""A day in microseconds."""

_MONTHS = (1, 12, 120)
_MONTH_DAYS = 30.436875


class CalendarGrid:
    """Bins of days, months, years and ten years; of moments (in microseconds) seconds, minutes and hours before.

    Months are numbered from year 0. `write` makes JSON of an end, told as day or moment.
    """

    most = inf

    def __init__(self, write: Callable[[int], Any], *, timed: bool) -> None:
        self._write = write
        self._unit = DAY if timed else 1
        self._widths = (1_000_000, 60_000_000, 3_600_000_000, DAY) if timed else (1,)
        self.levels = len(self._widths) + len(_MONTHS) - 1

    def start(self, least: int, greatest: int) -> int:  # noqa: ARG002
        """A level not coarser than the one that these values need."""
        return 0

    def find(self, level: int, value: int) -> int:
        """The bin of one value."""
        import numpy as np

        if level < len(self._widths):
            return value // self._widths[level]
        return int(self._months(level, np.array([value // self._unit]))[0])

    def locate(self, level: int, values: np.ndarray, first: int, size: int) -> np.ndarray:
        """Months are nearly of one length: their numbers are off by one at most, and set right by their first days."""
        import numpy as np

        if level < len(self._widths):
            width = self._widths[level]
            found: np.ndarray = ((values if width == 1 else values // width) - first).astype(np.intp)
            return found
        days = values if self._unit == 1 else values // self._unit
        edges = self._begin(level, np.arange(first, first + size + 1))
        found = ((days - edges[0]) / (_MONTH_DAYS * self._span(level))).astype(np.intp)
        np.clip(found, 0, size - 1, out=found)
        found -= days < edges.take(found)
        found += days >= edges.take(found + 1)
        return found

    def lift(self, level: int, bins: np.ndarray) -> np.ndarray:
        """The bins of the next level in which bins of this one lie."""
        if level + 1 == len(self._widths):
            return self._months(level + 1, bins)
        if level < len(self._widths):
            return bins // (self._widths[level + 1] // self._widths[level])
        return bins // (self._span(level + 1) // self._span(level))

    def steps(self, level: int) -> Iterator[Steps]:
        """Ways to put bins together, ever coarser."""
        parts: list[tuple[Steps, ...]] = []
        if self._unit > 1:
            parts = [tuple((part, step, 0) for step in (1, 2, 5, 10, 15, 30)) for part in range(2)]
            parts.append(tuple((2, step, 0) for step in (1, 2, 3, 6, 12)))
        days = len(parts)
        parts.append(((days, 1, 0), (days, 7, 3)))  # day 0 was a Thursday, weeks begin on Monday
        parts.append(tuple((days + 1, step, 0) for step in (1, 3, 6)))
        parts.append(tuple((days + 2, step, 0) for step in (1, 2, 5)))
        for part in parts[level:]:
            yield from part
        yield from _round_steps(days + 3, days + 3)

    def edge(self, level: int, number: int) -> Any:
        """Where a bin begins, as JSON."""
        import numpy as np

        if level < len(self._widths):
            return self._write(number * self._widths[level])
        return self._write(int(self._begin(level, np.array([number]))[0]) * self._unit)

    def _span(self, level: int) -> int:
        """How many months the bins of a level have."""
        return _MONTHS[level - len(self._widths)]

    def _months(self, level: int, days: np.ndarray) -> np.ndarray:
        months = days.astype("datetime64[D]").astype("datetime64[M]").astype("int64") + 12 * 1970
        found: np.ndarray = months // self._span(level)
        return found

    def _begin(self, level: int, bins: np.ndarray) -> np.ndarray:
        """The first days of bins of months."""
        months = (bins * self._span(level) - 12 * 1970).astype("datetime64[M]")
        found: np.ndarray = months.astype("datetime64[D]").astype("int64")
        return found


def _number_bins(first: int, size: int) -> np.ndarray:
    import numpy as np

    kind: Any = np.int64 if -(2**62) < first < 2**62 else object
    return np.array(range(first, first + size), kind)


def _round_steps(level: int, last: int) -> Iterator[Steps]:
    """1, 2 and 5 bins of each level, and of the last level as many as it takes."""
    for number in range(level, last):
        yield from ((number, step, 0) for step in (1, 2, 5))
    step = 1
    while True:
        yield from ((last, step * part, 0) for part in (1, 2, 5))
        step *= 10
