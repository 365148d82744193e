"""Numbers written with spaces, hyphens, full-width digits or invisible characters: 138 1234 5678, 6222-0212-…, １３８….

In, a column. Out, the same column with such numbers joined, or nothing where it has none: nearly always.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from opendata.privacy.detection.cells import Cells
from opendata.privacy.notations import INVISIBLE, SEPARATOR, SPACE, SPREAD

if TYPE_CHECKING:
    import numpy as np

_SPACE, _HYPHEN = b" -"
_SHORTEST = 11
_WIDE_MARK, _WIDE_NEXT = 0xEF, 0xBC
_WIDE_SIGNS = (0x88, 0x89, 0x8D, *range(0x90, 0x9A))
"""The third bytes of full-width brackets, hyphen and digits."""
_ODD_LEADS = (0xC2, 0xE3)
"""The first and the last of the first bytes of spaces and dashes; Chinese characters begin with a greater one."""

_NO_BREAK = (0xA0, 0xAD)
_LAST_DASH, _FIRST_FORMAT, _LAST_FORMAT = 0x95, 0xAA, 0xAF
_FIRST_MATHEMATICAL = 0x9F


def _write_groups(between: str, space: str) -> Sequence[tuple[str, str]]:
    """The patterns of numbers in groups, and what becomes of each."""
    mobile = f"(1[3-9][0-9]){between}?([0-9]{{4}}){between}?([0-9]{{4}})"
    return (
        (f"(^|[^0-9A-Za-z_-])((?:[+]|00)?86){between}?{mobile}", "\\1\\2\\3\\4\\5"),
        (f"(^|[^0-9-]){mobile}", "\\1\\2\\3\\4"),
        (
            f"(^|[^0-9-])([1-9][0-9]{{5}}){between}?([0-9]{{4}}){between}?([0-9]{{4}}){between}?([0-9]{{3}}[0-9Xx])",
            "\\1\\2\\3\\4\\5",
        ),
        (
            f"(^|[^0-9-])([3-6][0-9]{{3}}){between}([0-9]{{4}}){between}([0-9]{{4}}){between}([0-9]{{4}})",
            "\\1\\2\\3\\4\\5",
        ),
        (f"([0-9]{{16}}){space}([0-9]{{3}})($|[^0-9])", "\\1\\2\\3"),
    )


_PLAIN_GROUPS, _GROUPS = _write_groups("[ -]", " "), _write_groups(SEPARATOR, SPACE)
"""Mobile numbers are written 3-4-4, resident numbers 6-8-4 or 6-4-4-4, cards in fours."""

_TWO_NUMBERS = f"([0-9]{{11}}){INVISIBLE}+([0-9]{{11}})"
_LANDLINE = f"(^|[^0-9-])(0[1-9][0-9]{{1,2}}){SEPARATOR}([1-9][0-9]{{6,7}}[^0-9]|[1-9][0-9]{{6,7}}$)"


def join_spaced_digits(cells: Cells) -> Cells | None:
    """The column with the groups of its long numbers joined; None where no number is written in groups."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if cells.longest < _SHORTEST:
        return None
    wide = cells.is_wide and _has_wide_digits(cells.sample)
    odd = cells.is_wide and _has_odd_signs(cells.sample)
    if not wide and not odd and not _has_groups(cells.sample):
        return None
    column = cells.column
    if wide:
        column = pc.utf8_normalize(column, "NFKC")
    if odd:
        for _ in range(2):  # the second time for those that overlap
            column = pc.replace_substring_regex(column, _TWO_NUMBERS, "\\1 \\2")
        column = pc.replace_substring_regex(column, INVISIBLE, "")
        column = pc.replace_substring_regex(column, _LANDLINE, "\\1\\2-\\3")
    for pattern, joined in _GROUPS if wide or odd else _PLAIN_GROUPS:
        column = pc.replace_substring_regex(column, pattern, joined)
    return Cells(column.cast(pa.string()))


def _has_groups(cells: Cells) -> bool:
    """Whether a separator, four or eight digits, a separator and four digits follow one another anywhere."""
    data = cells.data
    if len(data) < _SHORTEST or not cells.has_marks:
        return False
    separators = (data == _SPACE) | (data == _HYPHEN)
    if not separators.any():
        return False
    pairs = separators[:-5] & separators[5:]  # four digits between two separators
    far = separators[:-9] & separators[9:]
    return _have_digits(cells, pairs, 4) or _have_digits(cells, far, 8)


def _have_digits(cells: Cells, marks: np.ndarray, count: int) -> bool:
    """Whether digits are between two separators that are `count` bytes apart, and behind the second."""
    import numpy as np

    places = np.flatnonzero(marks)
    places = places[(places + count + 5 < len(cells.data)) & (places > 1)]
    for step in (-1, 1, count, count + 2, count + 4):
        if not len(places):
            return False
        places = places[cells.digits[places + step]]
    return bool(len(places))


def _has_wide_digits(cells: Cells) -> bool:
    import numpy as np

    marks = cells.data[:-2] == _WIDE_MARK
    if not marks.any():
        return False
    places = np.flatnonzero(marks)
    places = places[cells.data[places + 1] == _WIDE_NEXT]
    return bool(np.isin(cells.data[places + 2], _WIDE_SIGNS).any())


def _has_odd_signs(cells: Cells) -> bool:
    """Whether a number has spaces or dashes outside of ASCII, or invisible characters, between its digits.

    Bytes say which rows have such a sign behind a digit; only these are looked at closely.
    """
    import numpy as np
    import pyarrow.compute as pc

    data = cells.data
    places = _find_leads(cells)
    if not len(places):
        return False
    first, second, third = data[places], data[places + 1], data[np.minimum(places + 2, len(data) - 1)]
    general = (first == 0xE2) & (second == 0x80)
    odd = (first == 0xC2) & np.isin(second, _NO_BREAK)
    odd |= general & ((third <= _LAST_DASH) | ((third >= _FIRST_FORMAT) & (third <= _LAST_FORMAT)))
    odd |= (first == 0xE2) & (second == 0x81) & (third >= _FIRST_MATHEMATICAL)
    odd |= (first == 0xE2) & (second == 0x88) & (third == 0x92)
    odd |= (first == 0xE3) & (second == 0x80) & (third == 0x80)
    odd |= (first == 0xEF) & (second == 0xBB) & (third == 0xBF)
    if not odd.any():
        return False
    texts = cells.take(np.unique(cells.find_rows(places[odd])))
    return bool(pc.any(pc.match_substring_regex(texts, SPREAD)).as_py())


def _find_leads(cells: Cells) -> np.ndarray:
    """Where a digit is followed by a byte with which a space, a dash or an invisible character may begin."""
    import numpy as np

    marks = (cells.data - np.uint8(_ODD_LEADS[0])) <= _ODD_LEADS[-1] - _ODD_LEADS[0]
    places = np.flatnonzero(marks[1:]) + 1
    places = places[(cells.data[places - 1] - np.uint8(48)) < 10]
    marks = cells.data == _WIDE_MARK
    if marks.any():
        wide = np.flatnonzero(marks[1:]) + 1
        places = np.sort(np.concatenate([places, wide[(cells.data[wide - 1] - np.uint8(48)) < 10]]))
    return places
