"""Whether totals are the sums of their parts, in the decimals in which the numbers were written.

A double stands for the shortest decimal that is read as it, so 0.1 and 0.2 are 0.3; infinities are left to the doubles.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Context, Decimal, localcontext
from fractions import Fraction
from math import floor
from typing import TYPE_CHECKING

from opendata.tables.arrow.quantities import Quantities, read_written, rescale, to_doubles

if TYPE_CHECKING:
    import numpy as np

_SCALES = (0, 2, 4, 6, 9)
_MOST = 2**62
_EXACT = Context(prec=1000)
"""More digits than lie between the largest double and the smallest."""
_DOUBT = 2.0**-50
"""What one step of a sum of doubles may be wrong by at most, relative to the values (with room to spare)."""


def find_wrong_sums(total: Quantities, parts: Sequence[Quantities], tolerance: Fraction) -> np.ndarray:
    """The rows whose total is farther than `tolerance` from the sum of the parts; of unknown values any."""
    columns = [total, *parts]
    scale = max(column.scale for column in columns)
    if not any(column.is_float for column in columns):
        return _find_beyond([rescale(column, scale, _MOST // len(columns)) for column in columns], scale, tolerance)
    wrong, open_rows = _find_plainly_wrong(columns, tolerance)
    for finer in sorted({max(scale, each) for each in _SCALES}):
        if not len(open_rows):
            break
        chosen = [_take(column, open_rows) for column in columns]
        values, sure = _write_whole(chosen, finer)
        wrong[open_rows[sure]] = _find_beyond([part[sure] for part in values], finer, tolerance)
        open_rows = open_rows[~sure]
    if len(open_rows):
        rest = [_take(column, open_rows) for column in columns]
        rows = zip(*(_write_exactly(column) for column in rest), strict=True)
        with localcontext(_EXACT):
            bound = Decimal(tolerance.numerator) / tolerance.denominator
            wrong[open_rows] = [_is_beyond(total, parts, bound) for total, *parts in rows]
    return wrong


def _find_plainly_wrong(columns: Sequence[Quantities], tolerance: Fraction) -> tuple[np.ndarray, np.ndarray]:
    """The rows that are wrong whatever the rounding of doubles, and those of which it might tell."""
    import numpy as np

    doubles = [to_doubles(column) for column in columns]
    with np.errstate(over="ignore", invalid="ignore"):
        distance = np.abs(doubles[0] - sum(doubles[1:]))
        doubt = _DOUBT * (len(columns) * sum(map(np.abs, doubles)) + float(tolerance))
        wrong = distance - doubt > float(tolerance)
        known = np.logical_and.reduce([column.known for column in columns])
        return wrong, np.flatnonzero(known & ~wrong & ~(distance + doubt < float(tolerance)))


def _take(column: Quantities, rows: np.ndarray) -> Quantities:
    return Quantities(column.values[rows], column.known[rows], column.scale)


def _write_whole(columns: Sequence[Quantities], scale: int) -> tuple[list[np.ndarray], np.ndarray]:
    """The values in units of 10**-scale, and the rows in which all are exact."""
    import numpy as np

    values, sure = [], np.ones(len(columns[0].known), bool)
    for column in columns:
        if column.is_float:
            whole, exact = read_written(column.values, scale, _MOST // len(columns))
            sure &= exact
        else:
            whole = rescale(column, scale, _MOST // len(columns))
        values.append(whole)
    return values, sure


def _find_beyond(values: Sequence[np.ndarray], scale: int, tolerance: Fraction) -> np.ndarray:
    distance = abs(values[0] - sum(values[1:]))
    found: np.ndarray = distance > floor(tolerance * 10**scale)
    return found


def _write_exactly(column: Quantities) -> list[Decimal]:
    if column.is_float:
        return list(map(Decimal, map(repr, column.values.tolist())))
    return [Decimal(value).scaleb(-column.scale) for value in column.values.tolist()]


def _is_beyond(total: Decimal, parts: Sequence[Decimal], bound: Decimal) -> bool:
    if not all(value.is_finite() for value in (total, *parts)):
        return float(total) != sum(map(float, parts))
    return abs(total - sum(parts)) > bound
