"""What the columns of a table hold: how many values, how many different ones, from where to where, which most often.

A profile is made in the pass that checks and writes a table. It takes so much memory whatever the number of rows, and
depends on the rows alone: however they are cut into batches, it is the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Protocol

from opendata.tables.arrow.arrays import make_integers, view_numbers
from opendata.tables.arrow.distinct import Sketch, Tally, hash_values, view_halves
from opendata.tables.arrow.histogram import CalendarGrid, DoubleGrid, Histogram, WholeGrid
from opendata.tables.arrow.shapes import find_bytes, find_lengths, is_of_bytes

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

MOST_DISTINCT = 10_000
"""Up to so many different values of a column are counted one by one; beyond, their number is an estimate."""

ESTIMATE_ERROR = 0.01
"""The standard error of that estimate (more in tables of more than 100 columns): 1/√MOST_DISTINCT."""

MOST_TOP = 10
LONGEST_SHOWN = 200
"""A longer text among the most frequent values is cut, and ends with "…"."""

REVEALING = frozenset(["least", "greatest", "mean", "special", "longest", "shortest", "top", "histogram"])
"""What is left out of a column that tells of persons."""

LEAST_DISTINCT = 100
"""In tables of very many columns, at least so many are counted one by one."""

MOST_BYTES = 2 * 1024 * 1024
"""Up to so many bytes of different values of a column are held."""

_PIECE_ROWS = 65_536
_POURED_ROWS = 32_768
"""So many rows are measured at once: what that takes stays near the processor."""

_ALL_DISTINCT = 1_000_000
_ALL_BYTES = 64 * 1024 * 1024
_SAFE = 2**53 - 1
_SUMMED_BITS = 37
_PART_BITS = 22
_PART = (1 << _PART_BITS) - 1
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - typed moments have no zone
_LEXICAL_ORDER = frozenset(["string", "time", "yearmonth"])


class Profiler:
    """Profiles the columns of one table.

    `fields` are its Table Schema fields, `schema` its Arrow types. Of the columns named in `withhold` nothing is told
    but counts.
    """

    def __init__(
        self, fields: Sequence[Mapping[str, Any]], schema: pa.Schema, *, withhold: Collection[str] = ()
    ) -> None:
        count = max(1, len(fields))
        most = min(MOST_DISTINCT, max(LEAST_DISTINCT, _ALL_DISTINCT // count))
        most_bytes = min(MOST_BYTES, max(4096, _ALL_BYTES // count))
        self._columns = [
            _Column(item, _choose_scale(item, kind.type), most, most_bytes, is_open=item["name"] not in withhold)
            for item, kind in zip(fields, schema, strict=True)
        ]

    def take(self, typed: pa.RecordBatch, text: pa.RecordBatch) -> None:
        """Regard some rows: by their Arrow types, and as canonical text."""
        for start in range(0, typed.num_rows, _PIECE_ROWS):
            for place, column in enumerate(self._columns):
                column.take(typed.column(place).slice(start, _PIECE_ROWS), text.column(place).slice(start, _PIECE_ROWS))

    def describe(self) -> list[dict[str, Any]]:
        """The profile as JSON, an object for each column in order; a key that says nothing of its type is left out.

        Always: `name`, `type`, `count` (of values), `missing`, `distinct`: `{"count", "exact"}`.
        Of what has an order: `least`, `greatest` (of text, by Unicode, where distinct values are few).
        Of numbers: `mean` (of finite ones) and, where there are any, `special`: how many are NaN, INF, -INF.
        Of text: `longest`, `shortest`, in characters.
        Of numbers, days, moments and years that are not all the same: `histogram`: `[{"from", "to", "count"}]`, at
        most 20, `from` ≤ value < `to`.
        Where distinct values are few and come twice on average (or are ten at most, not each once): `top`:
        `[{"value", "count"}]`, at most ten, the most frequent first.

        Whole numbers are JSON numbers (beyond 2**53 text) and so are doubles; all else is canonical text.
        """
        return [column.describe() for column in self._columns]


def withhold_values(column: Mapping[str, Any]) -> dict[str, Any]:
    """The description of a column without anything that tells its values: counts alone."""
    return {key: value for key, value in column.items() if key not in REVEALING}


class _Column:
    """One column: its values counted one by one while they are few, then measured as they come."""

    def __init__(self, field: Mapping[str, Any], scale: _Scale, most: int, most_bytes: int, *, is_open: bool) -> None:
        self._name, self._kind = field["name"], field["type"]
        self._is_open = is_open
        self._scale = scale
        self._measures = scale.measure()
        self._tally: Tally | None = Tally(most, most_bytes)
        self._sketch = Sketch(most + 1)
        self._count = 0
        self._missing = 0

    def take(self, typed: pa.Array, text: pa.Array) -> None:
        self._missing += typed.null_count
        if typed.null_count:
            typed, text = typed.drop_null(), text.drop_null()
        self._count += len(typed)
        values = self._scale.read(typed, text)
        if self._tally is None:
            for start in range(0, len(values), _POURED_ROWS):
                self._pour(values.slice(start, _POURED_ROWS), None)
        elif not self._tally.take(values):
            self._give_up_tally()

    def describe(self) -> dict[str, Any]:
        if self._tally is not None and not self._tally.settle():
            self._give_up_tally()
        measures, top = self._measures, None
        if self._tally is not None:
            measures, top = self._scale.measure(), self._tally.list()
            number, exact = len(top[0]) if top else 0, True
            if top:
                measures.take(*top)
        else:
            number, exact = self._sketch.estimate()
        special = self._scale.special
        number += len(special)
        found: dict[str, Any] = {
            "name": self._name,
            "type": self._kind,
            "count": self._count,
            "missing": self._missing,
            "distinct": {"count": min(number, self._count), "exact": exact},
        }
        if not self._is_open:
            return found
        found |= self._scale.bound(top[0]) if top else {}
        found |= measures.describe()
        if special:
            found["special"] = dict(sorted(special.items()))
        if self._tally is not None and number < self._count and (number <= MOST_TOP or 2 * number <= self._count):
            found["top"] = self._list_top(top)
        return found

    def _give_up_tally(self) -> None:
        assert self._tally is not None  # noqa: S101 - asked before
        held, self._tally = self._tally.list(), None
        if held:
            self._pour(*held)

    def _pour(self, values: pa.Array, counts: np.ndarray | None) -> None:
        self._sketch.take(hash_values(values))
        if self._is_open:
            self._measures.take(values, counts)

    def _list_top(self, counted: tuple[pa.Array, np.ndarray] | None) -> list[dict[str, Any]]:
        """The most frequent values; of equally frequent ones the least."""
        import numpy as np

        found = [(-count, 1, name, name) for name, count in self._scale.special.items()]
        if counted:
            values, counts = counted
            bound = np.sort(counts)[-MOST_TOP] if len(counts) > MOST_TOP else 0
            places = np.flatnonzero(counts >= bound)
            chosen = self._scale.list(values.take(make_integers(places)))
            found += [
                (-count, 0, value, self._scale.write(value))
                for value, count in zip(chosen, counts[places].tolist(), strict=True)
            ]
        found.sort(key=lambda item: item[:3])
        return [{"value": shown, "count": -count} for count, _, _, shown in found[:MOST_TOP]]


# --- what can be told of values


class _Measures(Protocol):
    def take(self, values: pa.Array, counts: np.ndarray | None) -> None:
        """Measure values, each once or as often as told."""

    def describe(self) -> dict[str, Any]:
        """Their part of a column's description."""


class _NoMeasures:
    def take(self, values: pa.Array, counts: np.ndarray | None) -> None:
        pass

    def describe(self) -> dict[str, Any]:
        return {}


class _TextMeasures:
    """Lengths in characters."""

    def __init__(self) -> None:
        self._lengths: tuple[int, int] | None = None

    def take(self, values: pa.Array, counts: np.ndarray | None) -> None:  # noqa: ARG002
        import pyarrow.compute as pc

        if not len(values):
            return
        lengths = find_lengths(values) if is_of_bytes(values, 0, 127) else view_numbers(pc.utf8_length(values))
        shortest, longest = int(lengths.min()), int(lengths.max())
        if self._lengths is not None:
            shortest, longest = min(shortest, self._lengths[0]), max(longest, self._lengths[1])
        self._lengths = shortest, longest

    def describe(self) -> dict[str, Any]:
        return {"longest": self._lengths[1], "shortest": self._lengths[0]} if self._lengths else {}


class _LineMeasures:
    """Bounds, histogram and mean of what lies on a line."""

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
            self._sum += _add_up(numbers, counts)
            self._number += len(numbers) if counts is None else int(counts.sum())

    def describe(self) -> dict[str, Any]:
        histogram = self._histogram
        if histogram.least is None:
            return {}
        found: dict[str, Any] = {
            "least": self._scale.write(histogram.least),
            "greatest": self._scale.write(histogram.greatest),
        }
        if self._has_mean:
            found["mean"] = float(Fraction(self._sum) / self._number * self._scale.unit)
        bins = histogram.describe()
        return {**found, "histogram": bins} if bins else found


# --- how values are read, ordered and written


class _Scale:
    """Values that are told apart and no more."""

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

    def measure(self) -> _Measures:
        return _NoMeasures()

    def bound(self, values: pa.Array) -> dict[str, Any]:  # noqa: ARG002
        """The first and the last of values of which each is at hand, where nothing else tells them."""
        return {}


class _Text(_Scale):
    def __init__(self, *, ordered: bool) -> None:
        super().__init__()
        self._ordered = ordered

    def write(self, value: str) -> str:
        return _shorten(value)

    def measure(self) -> _Measures:
        return _TextMeasures()

    def bound(self, values: pa.Array) -> dict[str, Any]:
        import pyarrow.compute as pc

        if not self._ordered:
            return {}
        found = pc.min_max(values)
        return {"least": _shorten(found["min"].as_py()), "greatest": _shorten(found["max"].as_py())}


class _Line(_Scale):
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

    def measure(self) -> _Measures:
        return _LineMeasures(self, has_mean=True)


class _Years(_Line):
    """Years are typed as text."""

    def read(self, typed: pa.Array, text: pa.Array) -> pa.Array:  # noqa: ARG002
        import numpy as np

        coded = typed.dictionary_encode()
        years = np.array([int(year) for year in coded.dictionary.to_pylist()], np.int64)
        return make_integers(years.take(view_numbers(coded.indices)))

    def measure(self) -> _Measures:
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
        low, high = view_halves(values)
        if (high == low >> 63).all():
            return low
        found: np.ndarray = (high.astype(object) << 64) + low.view("uint64").astype(object)
        return found

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

    def measure(self) -> _Measures:
        return _LineMeasures(self, has_mean=False)


class _Moments(_Line):
    """Moments are written with "Z" where all of them are; a column may have both kinds."""

    def __init__(self) -> None:
        super().__init__()
        self._zoned = False
        self._local = False

    def read(self, typed: pa.Array, text: pa.Array) -> pa.Array:
        if len(text) and not (self._zoned and self._local):
            zoned = find_bytes(text, find_lengths(text) - 1) == ord("Z")
            self._zoned = self._zoned or bool(zoned.any())
            self._local = self._local or not zoned.all()
        return typed

    def grid(self) -> Any:
        return CalendarGrid(self.write, timed=True)

    def write(self, value: int) -> str:
        import numpy as np

        try:
            found = (_EPOCH + timedelta(microseconds=value)).isoformat()
        except OverflowError:
            found = str(np.datetime64(value // 1_000_000, "s"))
        return found + "Z" if self._zoned and not self._local else found

    def measure(self) -> _Measures:
        return _LineMeasures(self, has_mean=False)


def _choose_scale(field: Mapping[str, Any], kind: pa.DataType) -> _Scale:
    import pyarrow as pa

    if pa.types.is_boolean(kind):
        return _Scale()
    if pa.types.is_decimal(kind):
        return _Decimals(kind.scale)
    if pa.types.is_floating(kind):
        return _Doubles()
    if pa.types.is_integer(kind):
        return _Line()
    if pa.types.is_date32(kind):
        return _Days()
    if pa.types.is_timestamp(kind):
        return _Moments()
    if field["type"] == "year":
        return _Years()
    return _Text(ordered=field["type"] in _LEXICAL_ORDER)


def _add_up(numbers: np.ndarray, counts: np.ndarray | None) -> int | Fraction:
    """The exact sum of numbers, each once or as often as told."""
    if numbers.dtype.kind == "f":
        return _add_up_doubles(numbers, counts)
    return _add_up_integers(numbers, counts)


def _add_up_integers(numbers: np.ndarray, counts: np.ndarray | None) -> int:
    """In parts of so few bits that their sums fit 64: each number once for 2**31 rows, as often as told for 2**41."""
    if numbers.dtype == object:
        return int((numbers if counts is None else numbers * counts.astype(object)).sum())
    if counts is None:
        return (int((numbers >> 32).sum()) << 32) + int((numbers & 0xFFFFFFFF).sum())
    parts = [numbers & _PART, numbers >> _PART_BITS & _PART, numbers >> 2 * _PART_BITS]
    return sum(int(part @ counts) << _PART_BITS * place for place, part in enumerate(parts))


def _add_up_doubles(numbers: np.ndarray, counts: np.ndarray | None) -> Fraction:
    """So many bits at a time, from the greatest number's first, as whole numbers; then of what these leave.

    A double keeps the sum of `_POURED_ROWS` such numbers.
    """
    import numpy as np

    found = Fraction()
    rest = numbers
    while greatest := float(max(rest.max(), -rest.min())):
        shift = _SUMMED_BITS - int(np.frexp(greatest)[1])
        is_plain = abs(shift) < 1000
        scaled = rest * 2.0**shift if is_plain else np.ldexp(rest, shift)
        whole = np.rint(scaled)
        plain = counts is None and len(whole) <= _POURED_ROWS
        total = int(whole.sum()) if plain else _add_up_integers(whole.astype(np.int64), counts)
        found += Fraction(total) / Fraction(2) ** shift
        rest = (scaled - whole) * 2.0**-shift if is_plain else np.ldexp(scaled - whole, -shift)
    return found


def _shorten(text: str) -> str:
    return text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 1] + "…"
