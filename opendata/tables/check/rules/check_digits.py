"""Numbers that end in a check character: which texts of a column are none, told for whole columns at once.

Source: GB 32100-2015 (unified social credit code), GB 11643-1999 (resident identity number; its check character is
ISO 7064's MOD 11-2), ISO/IEC 7812-1 annex B (Luhn).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from opendata.domain.offices.codes import SYMBOLS, WEIGHTS
from opendata.tables.arrow.shapes import find_bytes, find_extent

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

LONGEST = 64
"""More digits than these have no Luhn check here."""

_LENGTH = 18
_SYMBOLS = SYMBOLS.encode()
_DIGITS = b"0123456789"
PROVINCES = (
    *(11, 12, 13, 14, 15, 21, 22, 23),
    *(31, 32, 33, 34, 35, 36, 37, 41, 42, 43, 44, 45, 46),
    *(50, 51, 52, 53, 54, 61, 62, 63, 64, 65, 71, 81, 82, 83),
)
"""The first two digits of a resident number: GB/T 2260, and 83 of the residence permits for residents of Taiwan."""

_FIRST_YEAR, _LAST_YEAR = 1800, 2099
_MONTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def find_wrong_credit_codes(texts: pa.Array) -> np.ndarray:
    """Which texts aren't unified social credit codes: 18 characters, the region in digits, the last as mod 31 demands.

    Seventeen zeros are a placeholder, although their check character is right. `texts` has no nulls.
    """
    import numpy as np

    rows, characters = _take_characters(texts)
    values = _look_up(characters, _SYMBOLS)
    weights = np.array([*WEIGHTS, 1])
    right = (values >= 0).all(axis=1) & (values[:, 2:8] < 10).all(axis=1) & (values[:, :17] > 0).any(axis=1)
    right &= values @ weights % 31 == 0
    return _invert(len(texts), rows, right)


def find_wrong_resident_numbers(texts: pa.Array) -> np.ndarray:
    """Which texts aren't resident identity numbers of citizens: a known region, a valid day of birth, MOD 11-2.

    This checks a declared column by the standard. The screen for personal data (`privacy.detection.digits`) differs: it
    also looks for cards of foreign permanent residents, and only for years of birth that make a find likely. A small x
    counts as a capital one. `texts` has no nulls.
    """
    import numpy as np

    rows, characters = _take_characters(texts)
    values = _look_up(characters, _DIGITS)
    body = values[:, :17]
    last = np.where((characters[:, 17] | 0x20) == ord("x"), 10, values[:, 17])
    right = (body >= 0).all(axis=1) & (last >= 0) & have_resident_check(body, last)
    right &= have_region(body) & have_birth_day(body, _FIRST_YEAR, _LAST_YEAR)
    return _invert(len(texts), rows, right)


def have_region(digits: np.ndarray) -> np.ndarray:
    """Which rows begin with the two digits of a province."""
    import numpy as np

    found: np.ndarray = np.isin(digits[:, 0].astype(np.int64) * 10 + digits[:, 1], PROVINCES)
    return found


def have_birth_day(digits: np.ndarray, first: int, last: int) -> np.ndarray:
    """Which rows have a day of these years, `last` included, from the seventh digit on."""
    import numpy as np

    wide = digits[:, 6:14].astype(np.int64)
    year, month, day = _read_digits(wide, 0, 4), _read_digits(wide, 4, 6), _read_digits(wide, 6, 8)
    found: np.ndarray = (year >= first) & (year <= last) & are_days(year, month, day)
    return found


def have_resident_check(body: np.ndarray, last: np.ndarray) -> np.ndarray:
    """Whether the 18th character fits by MOD 11-2. `body` are rows x 17 digits, `last` is 0 to 10 (10: X)."""
    import numpy as np

    weights = np.array([pow(2, 17 - place, 11) for place in range(17)])
    found: np.ndarray = (body.astype(np.int64) @ weights + last) % 11 == 1
    return found


def are_days(year: np.ndarray, month: np.ndarray, day: np.ndarray) -> np.ndarray:
    """Which are days of the Gregorian calendar."""
    import numpy as np

    longest = np.array(_MONTHS)[np.clip(month, 1, 12) - 1]
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    found: np.ndarray = (month >= 1) & (month <= 12) & (day >= 1) & (day <= longest + (leap & (month == 2)))
    return found


def find_wrong_luhn_numbers(texts: pa.Array) -> np.ndarray:
    """Which texts are not 2 to 64 digits whose Luhn sum is a multiple of ten. `texts` has no nulls."""
    import numpy as np

    offsets, data = find_extent(texts)
    lengths = np.diff(offsets)
    right = (lengths >= 2) & (lengths <= LONGEST)
    total = np.zeros(len(texts), np.int64)
    longest = int(lengths[right].max()) if len(data) and right.any() else 0
    for place in range(longest):
        inside = place < lengths
        digits = find_bytes(texts, lengths - 1 - place).astype(np.int64) - ord("0")
        right &= ~inside | ((digits >= 0) & (digits <= 9))
        if place % 2:
            digits = 2 * digits - 9 * (digits > 4)
        total += np.where(inside, digits, 0)
    wrong: np.ndarray = ~(right & (total % 10 == 0))
    return wrong


def _take_characters(texts: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """The rows whose text has 18 bytes, and these bytes (rows x 18)."""
    import numpy as np

    offsets, data = find_extent(texts)
    rows = np.flatnonzero(np.diff(offsets) == _LENGTH)
    if not len(rows):
        return rows, np.empty((0, _LENGTH), np.uint8)
    found = np.frombuffer(data, np.uint8)
    if len(rows) == len(texts):
        return rows, found.reshape(len(texts), _LENGTH)
    return rows, found[offsets[:-1][rows][:, None] + np.arange(_LENGTH)]


def _look_up(characters: np.ndarray, symbols: bytes) -> np.ndarray:
    """The place of each character among the symbols, from 0; -1 if it isn't one of them."""
    import numpy as np

    places = np.full(256, -1, np.int64)
    places[np.frombuffer(symbols, np.uint8)] = np.arange(len(symbols))
    found: np.ndarray = places[characters]
    return found


def _read_digits(values: np.ndarray, start: int, end: int) -> np.ndarray:
    import numpy as np

    found: np.ndarray = values[:, start:end] @ (10 ** np.arange(end - start)[::-1])
    return found


def _invert(count: int, rows: np.ndarray, right: np.ndarray) -> np.ndarray:
    import numpy as np

    wrong = np.ones(count, bool)
    wrong[rows] = ~right
    return wrong
