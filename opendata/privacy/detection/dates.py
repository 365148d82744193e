"""The years of a column of dates: birth dates spread over a lifetime, other dates hardly do.

In, a column of days, moments, numbers such as 19850312 or text that begins with a year. Out, a count for each year.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from opendata.privacy.detection.cells import Cells

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

_FIRST, _LAST = 1900, 2100
_DAYS_A_YEAR = 365.2425
_DAY_MICROSECONDS = 86_400_000_000
_SHORTEST, _LONGEST = 8, 19
_LEAST_NUMBER, _GREATEST_NUMBER = 19_000_101, 21_001_231


class Years:
    """How many cells of a column fall in each year from 1900 to 2100, and how many in none of them."""

    def __init__(self) -> None:
        self._counts: np.ndarray | None = None
        self.others = 0

    @property
    def total(self) -> int:
        """How many cells have a date."""
        return int(self._counts.sum()) if self._counts is not None else 0

    def take(self, years: np.ndarray) -> None:
        """Count some years."""
        import numpy as np

        inside = years
        if len(years) and (years.min() < _FIRST or years.max() > _LAST):
            inside = years[(years >= _FIRST) & (years <= _LAST)]
        self.others += len(years) - len(inside)
        counts = np.bincount(inside - _FIRST, minlength=_LAST - _FIRST + 1)
        self._counts = counts if self._counts is None else self._counts + counts

    def join(self, later: Years) -> None:
        """Add the cells of later rows."""
        self.others += later.others
        if later._counts is not None:
            self._counts = later._counts if self._counts is None else self._counts + later._counts

    def find_quantile(self, share: float) -> int:
        """The year before or in which this share of the dates lies."""
        import numpy as np

        if self._counts is None or not self.total:
            return 0
        return _FIRST + int(np.searchsorted(np.cumsum(self._counts), share * self.total))


def count_typed_years(column: pa.Array, years: Years) -> None:
    """Count the years of days (date32) or moments (timestamp in microseconds)."""
    import numpy as np
    import pyarrow as pa

    from opendata.tables.arrow.arrays import view_numbers

    values = view_numbers(column.drop_null() if column.null_count else column)
    days = values if pa.types.is_date32(column.type) else values // _DAY_MICROSECONDS
    years.take((days.astype(np.float32) * np.float32(1 / _DAYS_A_YEAR) + np.float32(1970)).astype(np.int32))


def count_number_years(values: np.ndarray, years: Years) -> None:
    """Count the years of whole numbers that are all days such as 19850312."""
    if not len(values) or values.min() < _LEAST_NUMBER or values.max() > _GREATEST_NUMBER:
        years.others += len(values)
        return
    month, day = values // 100 % 100, values % 100
    right = (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31)
    years.others += int((~right).sum())
    years.take(values[right] // 10_000)


def count_text_years(cells: Cells, years: Years) -> None:
    """Count the years of texts that begin with four digits and are as long as a day: 1985-03-12, 1985年3月."""
    import numpy as np

    if not cells.values:
        return
    first = cells.read_text(int(np.argmax(cells.lengths > 0)))
    if not _SHORTEST <= cells.longest <= _LONGEST or not _looks_like_day(first):
        years.others += cells.values
        return
    rows = np.flatnonzero(cells.lengths)
    starts = cells.offsets[:-1][rows]
    fits = cells.lengths[rows] >= _SHORTEST
    starts = starts[fits]
    digits = [cells.data[starts + place].astype(np.int64) - 48 for place in range(4)]
    found = digits[0] * 1000 + digits[1] * 100 + digits[2] * 10 + digits[3]
    years.others += len(rows) - len(starts)
    years.take(np.where((digits[0] == 1) | (digits[0] == 2), found, 0))


def _looks_like_day(text: str) -> bool:
    if len(text) == _SHORTEST and text.isdigit():
        return "0101" <= text[4:] <= "1231" and text[:2] in ("19", "20")
    return len(text) > _SHORTEST - 1 and text[:4].isdigit() and text[4] in "-/.年" and text[5].isdigit()
