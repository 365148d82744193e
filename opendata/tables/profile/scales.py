"""How the values of a column are read, ordered, measured and written, by its type."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Protocol

from opendata.domain.profile import Measures
from opendata.domain.schema import Field
from opendata.tables.arrow.arrays import view_numbers
from opendata.tables.arrow.distinct import join_halves, view_halves
from opendata.tables.arrow.histogram import CalendarGrid, DoubleGrid, Histogram, WholeGrid
from opendata.tables.arrow.shapes import find_lengths, is_of_bytes
from opendata.tables.profile.sums import add_up

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

LONGEST_SHOWN = 200
"""A longer text among the most frequent values is cut, and ends with "…"."""

_SAFE = 2**53 - 1
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - typed moments have no zone
_LEXICAL_ORDER = frozenset(["string", "time", "yearmonth"])


class Measuring(Protocol):
    """What is measured of values of one kind, however many there are, in constant memory."""

    def take(self, values: pa.Array, counts: np.ndarray | None) -> None:
        """Measure values, each once or as often as told."""

    def join(self, other: Any) -> None:
        """Take in the measures of other values."""

    def describe(self) -> Measures:
        """Their part of a column's description."""


class _NoMeasures:
    def take(self, values: pa.Array, counts: np.ndarray | None) -> None:
        pass

    def join(self, other: Any) -> None:
        pass

    def describe(self) -> Measures:
        return {}


class TextMeasures:
    """Lengths in characters."""

    def __init__(self) -> None:
        self._lengths: tuple[int, int] | None = None

    def take(self, values: pa.Array, counts: np.ndarray | None) -> None:  # noqa: ARG002
        """Measure texts."""
        import pyarrow.compute as pc

        if not len(values):
            return
        lengths = find_lengths(values) if is_of_bytes(values, 0, 127) else view_numbers(pc.utf8_length(values))
        self.widen(int(lengths.min()), int(lengths.max()))

    def widen(self, shortest: int, longest: int) -> None:
        """Measure texts of which the shortest and the longest have so many characters."""
        if self._lengths is not None:
            shortest, longest = min(shortest, self._lengths[0]), max(longest, self._lengths[1])
        self._lengths = shortest, longest

    def join(self, other: TextMeasures) -> None:
        """Take in what was measured of other texts."""
        if other._lengths is not None:
            self.widen(*other._lengths)

    def describe(self) -> Measures:
        """The greatest and the least length; nothing where there are no texts."""
        return {"longest": self._lengths[1], "shortest": self._lengths[0]} if self._lengths else {}


class _LineMeasures:
    """Bounds, histogram and mean of the values on a line."""

    def __init__(self, scale: _Line, *, has_mean: bool) -> None:
        self._scale = scale
        self._histogram = Histogram(scale.grid())
        self._sum: int | Fraction = 0
        self._number = 0
        self._has_mean = has_mean

    def take(self, values: pa.Array, counts: np.ndarray | None) -> None:
        numbers = self._scale.place(values)
        self._histogram.take(numbers, counts)
        if self._has_mean and len(numbers):
            self._sum += add_up(numbers, counts)
            self._number += len(numbers) if counts is None else int(counts.sum())

    def join(self, other: _LineMeasures) -> None:
        self._histogram.join(other._histogram)
        self._sum += other._sum
        self._number += other._number

    def describe(self) -> Measures:
        histogram = self._histogram
        if histogram.least is None:
            return {}
        found: Measures = {
            "least": self._scale.write(histogram.least),
            "greatest": self._scale.write(histogram.greatest),
        }
        if self._has_mean:
            found["mean"] = float(Fraction(self._sum) / self._number * self._scale.unit)
        bins = histogram.describe()
        return {**found, "histogram": bins} if bins else found


class Scale:
    """Values that can be distinguished and nothing more."""

    def __init__(self) -> None:
        self.special: Counter[str] = Counter()

    def read(self, typed: pa.Array, text: pa.Array) -> pa.Array:  # noqa: ARG002
        """The values, none of them null, as an array in which equal ones are equal."""
        return typed

    def list(self, values: pa.Array) -> Sequence[Any]:
        """The values in Python, so that they sort."""
        found: Sequence[Any] = values.to_pylist()
        return found

    def write(self, value: Any) -> Any:
        """One of these as JSON."""
        return value

    def measure(self) -> Measuring:
        """New measures of values of this scale."""
        return _NoMeasures()

    def bound(self, values: pa.Array) -> Measures:  # noqa: ARG002
        """The first and the last of values of which each is at hand, where nothing else tells them."""
        return {}


class _Text(Scale):
    def __init__(self, *, ordered: bool) -> None:
        super().__init__()
        self._ordered = ordered

    def write(self, value: str) -> str:
        return _shorten(value)

    def measure(self) -> Measuring:
        return TextMeasures()

    def bound(self, values: pa.Array) -> Measures:
        import pyarrow.compute as pc

        if not self._ordered:
            return {}
        found = pc.min_max(values)
        return {"least": _shorten(found["min"].as_py()), "greatest": _shorten(found["max"].as_py())}


class _Line(Scale):
    """Values with places on a line: whole numbers of `unit`."""

    unit = Fraction(1)

    def place(self, values: pa.Array) -> np.ndarray:
        """Where they lie."""
        return view_numbers(values)

    def list(self, values: pa.Array) -> Sequence[Any]:
        found: Sequence[Any] = self.place(values).tolist()
        return found

    def grid(self) -> Any:
        return WholeGrid(self.write)

    def write(self, value: int) -> int | str:
        return value if abs(value) <= _SAFE else str(value)

    def measure(self) -> Measuring:
        return _LineMeasures(self, has_mean=True)


class _Years(_Line):
    def place(self, values: pa.Array) -> np.ndarray:
        return view_numbers(values).astype("int64")

    def measure(self) -> Measuring:
        return _LineMeasures(self, has_mean=False)


class _Doubles(_Line):
    """Numbers that are none, or infinite, are counted apart; 0 and -0 are one."""

    def read(self, typed: pa.Array, text: pa.Array) -> pa.Array:  # noqa: ARG002
        import numpy as np
        import pyarrow as pa

        numbers = view_numbers(typed) + 0.0
        finite = np.isfinite(numbers)
        if not finite.all():
            others = numbers[~finite]
            for name, count in (
                ("NaN", np.isnan(others).sum()),
                ("INF", (others == np.inf).sum()),
                ("-INF", (others == -np.inf).sum()),
            ):
                if count:
                    self.special[name] += int(count)
            numbers = numbers[finite]
        return pa.Array.from_buffers(pa.float64(), len(numbers), [None, pa.py_buffer(numbers)])

    def grid(self) -> Any:
        return DoubleGrid()

    def write(self, value: float) -> Any:
        return value


class _Decimals(_Line):
    """Decimals of one scale: whole numbers of their last digit, beyond 64 bits as objects."""

    def __init__(self, scale: int) -> None:
        super().__init__()
        self._digits = scale
        self.unit = Fraction(1, 10**scale)

    def place(self, values: pa.Array) -> np.ndarray:
        return join_halves(*view_halves(values))

    def write(self, value: int) -> str:
        sign, digits = "-" if value < 0 else "", str(abs(value))
        return format(Decimal(f"{sign}{digits}e{-self._digits}"), "f")


class _Days(_Line):
    def place(self, values: pa.Array) -> np.ndarray:
        return view_numbers(values).astype("int64")

    def grid(self) -> Any:
        return CalendarGrid(self.write, timed=False)

    def write(self, value: int) -> str:
        import numpy as np

        return str(np.datetime64(value, "D"))

    def measure(self) -> Measuring:
        return _LineMeasures(self, has_mean=False)


class _Moments(_Line):
    """Moments are written with "Z" where they have a zone."""

    def __init__(self, *, is_zoned: bool) -> None:
        super().__init__()
        self._end = "Z" if is_zoned else ""

    def grid(self) -> Any:
        return CalendarGrid(self.write, timed=True)

    def write(self, value: int) -> str:
        import numpy as np

        try:
            found = (_EPOCH + timedelta(microseconds=value)).isoformat()
        except OverflowError:
            found = str(np.datetime64(value // 1_000_000, "s"))
        return found + self._end

    def measure(self) -> Measuring:
        return _LineMeasures(self, has_mean=False)


def choose_scale(field: Field, kind: pa.DataType) -> Scale:
    """The scale of a field whose Arrow type is `kind`."""
    import pyarrow as pa

    if pa.types.is_boolean(kind):
        return Scale()
    if pa.types.is_decimal(kind):
        return _Decimals(kind.scale)
    if pa.types.is_floating(kind):
        return _Doubles()
    if field.type == "year":
        return _Years()
    if pa.types.is_integer(kind):
        return _Line()
    if pa.types.is_date32(kind):
        return _Days()
    if pa.types.is_timestamp(kind):
        return _Moments(is_zoned=kind.tz is not None)
    return _Text(ordered=field.type in _LEXICAL_ORDER)


def _shorten(text: str) -> str:
    return text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 1] + "…"
