"""Numbers written with spaces, hyphens or full-width digits: 138 1234 5678, 6222-0212-3456-7890, １３８….

In, a column. Out, the same column with such numbers joined, or nothing where it has none: nearly always.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from opendata.privacy.detection.cells import Cells

if TYPE_CHECKING:
    import numpy as np

_SPACE, _HYPHEN = b" -"
_SHORTEST = 11
_WIDE_MARK, _WIDE_NEXT = 0xEF, 0xBC
_WIDE_SIGNS = (0x88, 0x89, 0x8D, *range(0x90, 0x9A))
"""The third bytes of full-width brackets, hyphen and digits."""


def join_spaced_digits(cells: Cells) -> Cells | None:
    """The column with the groups of its long numbers joined; None where no number is written in groups."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if cells.longest < _SHORTEST:
        return None
    spaced = _has_groups(cells)
    wide = cells.is_wide and _has_wide_digits(cells)
    if not spaced and not wide:
        return None
    column = cells.column
    if wide:
        column = pc.utf8_normalize(column, "NFKC")
    # mobile numbers 3-4-4, resident numbers 6-8-4, cards in fours
    column = pc.replace_substring_regex(column, "(^|[^0-9-])(1[3-9][0-9])[ -]([0-9]{4})[ -]([0-9]{4})", "\\1\\2\\3\\4")
    column = pc.replace_substring_regex(
        column, "(^|[^0-9-])([1-9][0-9]{5})[ -]([0-9]{8})[ -]([0-9]{3}[0-9Xx])", "\\1\\2\\3\\4"
    )
    column = pc.replace_substring_regex(
        column, "(^|[^0-9-])([3-6][0-9]{3})[ -]([0-9]{4})[ -]([0-9]{4})[ -]([0-9]{4})", "\\1\\2\\3\\4\\5"
    )
    column = pc.replace_substring_regex(column, "([0-9]{16}) ([0-9]{3})($|[^0-9])", "\\1\\2\\3")
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
