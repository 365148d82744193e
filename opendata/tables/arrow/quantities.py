"""Typed columns as numbers that compare exactly, and constants of a schema as numbers to compare them with.

Days count from 1970-01-01, moments and times in microseconds (with a zone: in UTC), months as year times 12, decimals
in units of their last decimal. What a type says of its own order, such as that of texts, is not told here.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from math import ceil, floor, isfinite
from typing import TYPE_CHECKING, Any, NamedTuple

from opendata.tables.arrow.arrays import view_flags, view_numbers
from opendata.tables.arrow.distinct import join_halves, view_halves

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

NUMBERS = frozenset(["integer", "number"])
TIMED = frozenset(["date", "datetime", "time", "year", "yearmonth"])
ORDERED = NUMBERS | TIMED

SIGNS: Mapping[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}

_DAY_0 = date(1970, 1, 1).toordinal()
_MOMENT_0 = datetime(1970, 1, 1)  # noqa: DTZ001 - typed moments have no zone
_MICROSECOND = timedelta(microseconds=1)
_SAFE = 2**63 - 1
_ZONE = r"(Z|[+-][0-9]{2}:[0-9]{2})?"
_CLOCK = r"[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?"
_FORMS = {
    "date": re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"),
    "datetime": re.compile(rf"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}T{_CLOCK}{_ZONE}"),
    "time": re.compile(_CLOCK + _ZONE),
    "year": re.compile(r"[0-9]{4}"),
    "yearmonth": re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])"),
}


class Quantities(NamedTuple):
    """The values of a column in units of 10**-scale, and which of them are known.

    `values` are int64, or Python's integers where these do not suffice, or float64 (then `scale` is 0).
    """

    values: np.ndarray
    known: np.ndarray
    scale: int = 0

    @property
    def is_float(self) -> bool:
        """Whether the values are doubles."""
        return bool(self.values.dtype.kind == "f")


def read_quantities(kind: str, array: pa.Array) -> Quantities:
    """The values of a typed column of a kind that is ordered, or boolean."""
    import numpy as np
    import pyarrow as pa

    known = find_known(array)
    if pa.types.is_string(array.type):
        values, readable = _read_texts(kind, array)
        return Quantities(values, known & readable)
    if pa.types.is_boolean(array.type):
        return Quantities(view_flags(array).astype(np.int64), known)
    if pa.types.is_decimal(array.type):
        return Quantities(_read_decimals(array, known), known, array.type.scale)
    values = view_numbers(array)
    return Quantities(values if values.dtype.kind == "f" else values.astype(np.int64, copy=False), known)


def find_known(array: pa.Array) -> np.ndarray:
    """Where a column has a value."""
    import numpy as np

    return view_flags(array.is_valid()) if array.null_count else np.ones(len(array), bool)


def read_constant(kind: str, value: object) -> Fraction | None:
    """A constant written in a schema as a value of a field of this kind: None where it is none.

    Numbers are JSON numbers, read as the decimals that write them; all else is text as canonical CSV has it, a year
    may also be a whole number.
    """
    if kind == "boolean":
        return Fraction(value) if isinstance(value, bool) else None
    if isinstance(value, bool):
        return None
    if kind in NUMBERS:
        return _read_number(value)
    if kind == "year" and isinstance(value, int):
        return Fraction(value) if 0 <= value <= 9999 else None
    if kind not in TIMED or not isinstance(value, str) or not _FORMS[kind].fullmatch(value):
        return None
    found = _parse(kind, value)
    return None if found is None else Fraction(found)


def compare(sign: str, left: Quantities, right: Quantities) -> np.ndarray:
    """Row by row: whether `left` stands so to `right`. Where a value is unknown the answer is any."""
    found: np.ndarray
    if left.is_float or right.is_float:
        found = SIGNS[sign](to_doubles(left), to_doubles(right))
    else:
        scale = max(left.scale, right.scale)
        found = SIGNS[sign](rescale(left, scale), rescale(right, scale))
    return found


def compare_constant(sign: str, left: Quantities, right: Fraction) -> np.ndarray:
    """Row by row: whether `left` stands so to a constant. Where a value is unknown the answer is any."""
    import numpy as np

    found: np.ndarray
    if left.is_float:
        found = SIGNS[sign](left.values, float(right))
        return found
    bound = right * 10**left.scale
    if sign in ("=", "!=") and bound.denominator != 1:
        return np.full(len(left.values), sign == "!=")
    whole = ceil(bound) if sign in ("<", ">=") else floor(bound)
    found = SIGNS[sign](left.values, whole)
    return found


def find_equal(left: Quantities, constants: Sequence[Fraction]) -> np.ndarray:
    """Row by row: whether `left` is one of some constants. Where a value is unknown the answer is any."""
    import numpy as np

    found: np.ndarray
    if left.is_float:
        found = np.isin(left.values, [float(constant) for constant in constants])
        return found
    bounds = [constant * 10**left.scale for constant in constants]
    wholes = [int(bound) for bound in bounds if bound.denominator == 1]
    if left.values.dtype.kind == "i":
        wholes = [whole for whole in wholes if -_SAFE - 1 <= whole <= _SAFE]
    found = np.isin(left.values, np.array(wholes, left.values.dtype))
    return found


def rescale(given: Quantities, scale: int, most: int = _SAFE) -> np.ndarray:
    """Whole values in units of 10**-scale (not less fine than their own): int64 where none is beyond `most`."""
    values, factor = given.values, 10 ** (scale - given.scale)
    is_small = factor <= most and _is_within(values, most // factor)
    found: np.ndarray = (values if is_small else values.astype(object)) * factor
    return found


def read_written(values: np.ndarray, scale: int, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Doubles in units of 10**-scale, and which of them are the doubles of just these decimals.

    Of at most 15 digits a double keeps all, so the decimal found is the one that was written.
    """
    import numpy as np

    factor = 10.0**scale
    with np.errstate(over="ignore", invalid="ignore"):
        found = np.rint(values * factor)
        small = np.abs(found) < min(10**15, most)
        found = np.where(small, found, 0.0)
        return found.astype(np.int64), small & (found / factor == values)


def to_doubles(given: Quantities) -> np.ndarray:
    """The values as the nearest doubles."""
    import numpy as np

    values, factor = given.values, 10**given.scale
    if given.is_float:
        return values
    if given.scale and (given.scale > 22 or not _is_within(values, 2**53)):
        found: np.ndarray = (values.astype(object) / factor).astype(np.float64)  # Python rounds the quotient once
    else:
        found = values.astype(np.float64) / float(factor)
    return found


def _is_within(values: np.ndarray, most: int) -> bool:
    """Whether values are int64 and none is beyond `most`."""
    return values.dtype.kind == "i" and (not len(values) or max(-int(values.min()), int(values.max())) <= most)


def _read_decimals(array: pa.Array, known: np.ndarray) -> np.ndarray:
    import numpy as np

    low, high = view_halves(array)
    return join_halves(np.where(known, low, 0), np.where(known, high, 0))


def encode_distinct(array: pa.Array) -> tuple[list[str], np.ndarray]:
    """The different texts of a column, and for each row the place of its own among them (null: 0)."""
    import numpy as np
    import pyarrow.compute as pc

    coded = pc.dictionary_encode(array)
    return coded.dictionary.to_pylist(), np.where(find_known(array), view_numbers(coded.indices), 0)


def _read_texts(kind: str, array: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """Years, months and times, each different text read once; and which of them could be read."""
    import numpy as np

    texts, places = encode_distinct(array)
    parsed = [_parse(kind, text) for text in texts] or [None]
    values = np.array([value or 0 for value in parsed], np.int64)
    return values[places], np.array([value is not None for value in parsed])[places]


def _read_number(value: object) -> Fraction | None:
    if not isinstance(value, int | float) or (isinstance(value, float) and not isfinite(value)):
        return None
    found = Fraction(repr(value)) if isinstance(value, float) else Fraction(value)
    try:
        return found if isfinite(float(found)) else None
    except OverflowError:
        return None


def _parse(kind: str, text: str) -> int | None:
    try:
        match kind:
            case "date":
                return date.fromisoformat(text).toordinal() - _DAY_0
            case "datetime":
                moment = datetime.fromisoformat(text)
                plain = moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
                return (plain - _MOMENT_0) // _MICROSECOND
            case "time":
                found = time.fromisoformat(text)
                since = timedelta(
                    hours=found.hour, minutes=found.minute, seconds=found.second, microseconds=found.microsecond
                )
                return (since - (found.utcoffset() or timedelta())) // _MICROSECOND
            case "year":
                return int(text)
            case _:
                year, month = map(int, text.split("-"))
                return year * 12 + month
    except (ValueError, OverflowError):
        return None
