"""Exact sums of many numbers, whatever their order and however they are cut: integers, and doubles as fractions."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

POURED_ROWS = 32_768
"""At most this many rows are measured at once: their data stay in the processor's cache."""

_SUMMED_BITS = 37
_PART_BITS = 22
_PART = (1 << _PART_BITS) - 1


def add_up(numbers: np.ndarray, counts: np.ndarray | None) -> int | Fraction:
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
    """The exact sum: `_SUMMED_BITS` bits at a time, from the greatest number's first, as whole numbers; then the rest.

    A double keeps the sum of `POURED_ROWS` such numbers.
    """
    import numpy as np

    found = Fraction()
    rest = numbers
    while greatest := float(max(rest.max(), -rest.min())):
        shift = _SUMMED_BITS - int(np.frexp(greatest)[1])
        is_plain = abs(shift) < 1000
        scaled = rest * 2.0**shift if is_plain else np.ldexp(rest, shift)
        whole = np.rint(scaled)
        plain = counts is None and len(whole) <= POURED_ROWS
        total = int(whole.sum()) if plain else _add_up_integers(whole.astype(np.int64), counts)
        found += Fraction(total) / Fraction(2) ** shift
        rest = (scaled - whole) * 2.0**-shift if is_plain else np.ldexp(scaled - whole, -shift)
    return found
