"""One column of text as bytes: where its cells begin, which bytes are digits, where long runs of digits are.

In, a column:           "tel 13812345678", "x"
Out of `Cells.runs`:    one run that starts at byte 4 and has 11 digits; it belongs to row 0
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING
from weakref import ref

from opendata.tables.arrow.arrays import make_integers
from opendata.tables.arrow.shapes import find_extent

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

SHORTEST_RUN = 7
"""Digits: shorter runs belong to no identifier that is looked for."""

_LONG_RUN = re.compile(b"\x01{%d,}" % SHORTEST_RUN)
_AS_SHAPE = bytes(48 if 48 <= byte <= 57 else byte for byte in range(256))
_WORD = 4
_DIGIT_WORD = 0x30303030
_HIGH_HALVES = 0xF0F0F0F0


class Runs:
    """Runs of digits in a column, in order: the byte at which each starts, and how many digits it has.

    `place` is set where every cell has the same length and one run, each at this byte of its cell. Then
    nothing needs a search. They last as long as their cells are held: in a circle the memory of both would stay.
    """

    def __init__(self, cells: Cells, starts: np.ndarray, lengths: np.ndarray, place: int | None = None) -> None:
        self._held = ref(cells)
        self.starts = starts
        self.lengths = lengths
        self._place = place

    @property
    def _cells(self) -> Cells:
        found = self._held()
        if found is None:
            raise RuntimeError("the cells of these runs are gone")
        return found

    @cached_property
    def rows(self) -> np.ndarray:
        """The row of each run."""
        import numpy as np

        return np.arange(len(self.starts)) if self._place is not None else self._cells.find_rows(self.starts)

    def choose(self, mask: np.ndarray) -> Runs:
        """Some of the runs, by a mask or by their numbers."""
        if mask.dtype == bool and mask.all():
            return self
        found = Runs(self._cells, self.starts[mask], self.lengths[mask])
        if "rows" in self.__dict__:
            found.__dict__["rows"] = self.rows[mask]
        return found

    def look(self, shift: int) -> np.ndarray:
        """The byte so far from the start of each run; 0 where it is outside of the cell."""
        if self._place is not None:
            return self._cells.look_across(self._place + shift)
        return self._cells.peek(self.starts + shift, self.rows)

    def look_behind(self, shift: int = 0) -> np.ndarray:
        """The byte behind each run, or so far behind it; 0 where it is outside of the cell."""
        if self._place is not None and len(self.lengths):
            return self._cells.look_across(self._place + int(self.lengths[0]) + shift)
        return self._cells.peek(self.starts + self.lengths + shift, self.rows)

    def look_ahead_unchecked(self) -> np.ndarray:
        """The byte before each run, whichever cell it belongs to; 0 before the first."""
        if self._place:
            return self._cells.look_across(self._place - 1)
        found: np.ndarray = self._cells.data[self.starts - 1]
        if len(found) and self.starts[0] == 0:
            found[0] = 0
        return found

    def read_digits(self, count: int) -> np.ndarray:
        """The first digits of the runs (runs x count), as numbers; each run has at least so many."""
        import numpy as np

        if self._place is not None:
            part = self._cells.grid[:, self._place : self._place + count]
            alike: np.ndarray = part - np.uint8(48)
            return alike
        found: np.ndarray = self._cells.data[self.starts[:, None] + np.arange(count)] - np.uint8(48)
        return found


class Cells:
    """A column of text (nulls count as empty), at most some MB of it. What is asked twice is found once."""

    def __init__(self, column: pa.Array) -> None:
        import numpy as np

        self.column = column
        self.offsets, view = find_extent(column)
        self.data: np.ndarray = np.frombuffer(view, np.uint8)
        self.lengths: np.ndarray = np.diff(self.offsets)
        self.longest = int(self.lengths.max()) if len(self.lengths) else 0

    @cached_property
    def values(self) -> int:
        """How many cells have text."""
        import numpy as np

        return int(np.count_nonzero(self.lengths))

    @cached_property
    def shifted(self) -> np.ndarray:
        """The bytes less 48, so that digits are 0 to 9 and what sorts before them is large: one pass serves several."""
        import numpy as np

        found: np.ndarray = self.data - np.uint8(48)
        return found

    @cached_property
    def digits(self) -> np.ndarray:
        """Which bytes are ASCII digits."""
        found: np.ndarray = self.shifted < 10
        return found

    @cached_property
    def shape(self) -> np.ndarray:
        """The bytes less 48 with all digits as 0: texts that differ in digits alone have the same shape."""
        import numpy as np

        found: np.ndarray = self.shifted & (self.digits.view(np.uint8) - np.uint8(1))
        return found

    @cached_property
    def are_alike(self) -> bool:
        """Whether all cells (two at least) have as many bytes and the same shape: then the first speaks for all."""
        width = self.width
        if not width or len(self.lengths) < 2:
            return False
        first, second = (self.data[start : start + width].tobytes() for start in (0, width))
        if first.translate(_AS_SHAPE) != second.translate(_AS_SHAPE):
            return False
        shape = self.shape
        return bool((shape[width:] == shape[:-width]).all())

    @property
    def sample(self) -> Cells:
        """The first cell alone if all are alike, else these cells: what to ask whether some byte occurs at all."""
        first = self._first
        return self if first is None else first

    @cached_property
    def _first(self) -> Cells | None:
        return Cells(self.column.slice(0, 1)) if self.are_alike else None

    @cached_property
    def _narrow(self) -> int:
        """How many bytes are ASCII characters."""
        import numpy as np

        return int(np.count_nonzero(self.data < 0x80))

    @cached_property
    def is_wide(self) -> bool:
        """Whether any character is outside ASCII."""
        return self.sample._narrow < len(self.sample.data)

    @cached_property
    def has_signs(self) -> bool:
        """Whether any ASCII character that isn't a digit occurs."""
        import numpy as np

        return self.sample._narrow > int(np.count_nonzero(self.sample.digits))

    @cached_property
    def has_digits(self) -> bool:
        """Whether an ASCII digit occurs."""
        return bool(self.sample.digits.any())

    @cached_property
    def has_marks(self) -> bool:
        """Whether a space or a punctuation mark up to the slash occurs."""
        return self.has_signs and bool((self.sample.shifted >= 0xF0).any())

    @cached_property
    def has_letters(self) -> bool:
        """Whether an ASCII letter or an at sign occurs."""
        import numpy as np

        return self.has_signs and bool(((self.sample.data - np.uint8(64)) < 59).any())

    @cached_property
    def width(self) -> int:
        """The bytes of each cell if all have the same number of them; else 0."""
        import numpy as np

        count = len(self.lengths)
        is_even = count > 0 and self.longest * count == len(self.data) and np.all(self.lengths == self.longest)
        return self.longest if is_even else 0

    @cached_property
    def grid(self) -> np.ndarray:
        """The bytes of a column whose cells all have the same number (rows x bytes)."""
        return self.data.reshape(len(self.lengths), self.width)

    @cached_property
    def runs(self) -> Runs:
        """The runs of at least `SHORTEST_RUN` digits within a cell."""
        import numpy as np

        none = np.empty(0, np.int64)
        if self.longest < SHORTEST_RUN or not self._has_digit_words():
            return Runs(self, none, none)
        if self.are_alike and (alike := self._find_alike_runs()) is not None:
            return alike
        digits = self.digits
        pairs = digits[:-1] & digits[1:]
        inner = self.offsets[1:-1]
        pairs[inner[(inner > 0) & (inner < len(self.data))] - 1] = False  # a run ends with its cell
        fours = pairs[:-2] & pairs[2:]
        sevens = fours[:-3] & fours[3:]
        if not sevens.any():
            return Runs(self, none, none)
        edges = np.flatnonzero(sevens[1:] != sevens[:-1]) + 1
        if sevens[0]:
            edges = np.concatenate([np.zeros(1, np.int64), edges])
        if sevens[-1]:
            edges = np.append(edges, len(sevens))
        starts = edges[0::2]
        return Runs(self, starts, edges[1::2] - starts + SHORTEST_RUN - 1)

    def _find_alike_runs(self) -> Runs | None:
        """The runs of cells that are alike, if each has one or none."""
        import numpy as np

        first = self.sample.digits.tobytes()
        found = [(match.start(), match.end()) for match in _LONG_RUN.finditer(first)]
        starts = np.arange(0, len(self.data), self.width)
        if len(found) != 1:
            return Runs(self, starts[:0], starts[:0]) if not found else None
        place, end = found[0]
        return Runs(self, starts + place, np.full(len(starts), end - place), place)

    def look_across(self, place: int) -> np.ndarray:
        """The byte at a place of every cell, if they are alike; 0 outside."""
        import numpy as np

        inside = 0 <= place < self.width
        if inside and self.sample.digits[place]:
            return np.ascontiguousarray(self.grid[:, place])
        return np.full(len(self.lengths), self.sample.data[place] if inside else 0, np.uint8)

    def find_rows(self, places: np.ndarray) -> np.ndarray:
        """The row of each of some ascending places."""
        import numpy as np

        starts = self.offsets[:-1]
        if len(places) == len(starts) and (places >= starts).all() and (places < self.offsets[1:]).all():
            return np.arange(len(starts))
        found: np.ndarray = np.searchsorted(self.offsets, places, "right") - 1
        return found

    def peek(self, places: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """The byte at each place; 0 where it is outside of the cell in that row."""
        import numpy as np

        if not len(places):
            return np.empty(0, np.uint8)
        inside = (places >= self.offsets[rows]) & (places < self.offsets[rows + 1])
        found: np.ndarray = self.data[np.clip(places, 0, len(self.data) - 1)]
        found[~inside] = 0
        return found

    def take(self, rows: np.ndarray) -> pa.Array:
        """The texts of some rows."""
        return self.column.take(make_integers(rows))

    def read_text(self, row: int) -> str:
        """The text of one row."""
        start, end = int(self.offsets[row]), int(self.offsets[row + 1])
        return self.data[start:end].tobytes().decode("utf-8", "replace")

    def _has_digit_words(self) -> bool:
        """Whether four aligned bytes look like digits: a run of seven always covers four."""
        import numpy as np

        data = self.sample.data
        whole = len(data) // _WORD * _WORD
        words = np.frombuffer(data[:whole].data, np.uint32)
        found = (words & np.uint32(_HIGH_HALVES)) == np.uint32(_DIGIT_WORD)
        # up to three bytes at the end are outside of any word, but a run of seven covers one before them
        return bool(found.any())
