"""Some rows of a file as columns, and what of them a pass over their bytes has judged without making columns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, overload

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from opendata.tables.types.field_type import Cast


@dataclass(frozen=True, slots=True)
class Ascent:
    """Values of a column that are all there, each greater than the one before: 64-bit numbers, or 32-bit days.

    Without `values` they are all whole numbers from the first to the last.
    """

    values: bytes
    kind: str
    first: int
    last: int
    rows: int

    def make_column(self) -> pa.Array:
        """The values as a column."""
        import numpy as np
        import pyarrow as pa

        if not self.values:
            return pa.array(np.arange(self.first, self.last + 1))
        return pa.Array.from_buffers(pa.type_for_alias(self.kind), self.rows, [None, pa.py_buffer(self.values)])


@dataclass(frozen=True, slots=True)
class Judged:
    """A column of `rows` cells of which only those in doubt came: their 32-bit places, and the numbers of their texts.

    All others are certainly right; `nulls` cells are missing. `spaced` counts moments with a space instead of their T.
    """

    rows: int
    nulls: int = 0
    doubts: int = 0
    spaced: int = 0
    places: bytes = b""
    codes: bytes = b""
    texts: Sequence[str] = ()
    ascent: Ascent | None = None


@dataclass(frozen=True, slots=True)
class Certain:
    """A column of which every cell is right, and written as its value is: its values, and where they are missing.

    `text` has nothing but the missing values: the texts themselves are in the block.
    """

    typed: pa.Array
    text: pa.Array
    ascent: Ascent | None = None


class Lines(Protocol):
    """Cuts single rows out of a block."""

    def read_row(self, index: int) -> list[str]:
        """The cells of a row."""


class LateColumns(Sequence["pa.Array"]):
    """Columns that are made when one is asked for: those in `made` one by one, all others together."""

    def __init__(self, width: int, made: Callable[[int], pa.Array | None], split: Callable[[], Sequence[pa.Array]]):
        self._made, self._split = made, split
        self._columns: list[pa.Array | None] = [None] * width

    def __len__(self) -> int:
        return len(self._columns)

    @overload
    def __getitem__(self, place: int) -> pa.Array: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[pa.Array]: ...

    def __getitem__(self, place: int | slice) -> Any:
        if isinstance(place, slice):
            return [self[index] for index in range(*place.indices(len(self)))]
        column = self._columns[place]
        if column is None:
            column = self._columns[place] = self._made(place)
        if column is None:
            self._columns = list(self._split())
            column = self._columns[place]
        return column


@dataclass(slots=True)
class Records:
    """Some rows as columns of text, in the file's order; a cell that its row lacks is null.

    `sizes` are the rows' numbers of cells where some row is ragged; `extra` the cells beyond the last column by row.
    `numbers` are record numbers where they have gaps. `plain` is the block's bytes where they are the rows written
    canonically: comma, LF, nothing quoted. `may_be_odd` is false where no cell has what odd texts have. `kept` are the
    places of the rows among the `before` of them, where some were left out. `places` are the numbers that the columns
    have in the file, where steps have changed them: one for all rows, or one for each. `casts` are the columns cast
    already, where that was done with the splitting.

    `judged` are the columns of which only the cells in doubt were wanted, None for the others: such a column is made
    when it is asked for. `lines` cuts rows out of the block, which is gone when the next is read; `is_filled` says that
    each row has a value or a cell in doubt, and none is the header again. Columns that are `Certain` are among them
    where every cell of the batch is as it is written; `starts` are then the 32-bit places in `plain` at which each row
    begins, and the last ends.
    """

    columns: Sequence[pa.Array]
    rows: int
    sizes: np.ndarray | None = None
    extra: dict[int, list[str]] | None = None
    numbers: np.ndarray | None = None
    plain: bytes | memoryview | None = None
    may_be_odd: bool = True
    kept: np.ndarray | None = None
    before: int = 0
    places: Sequence[int | np.ndarray] | None = None
    casts: Sequence[Cast | None] | None = None
    judged: Sequence[Judged | Certain | None] = ()
    lines: Lines | None = None
    is_filled: bool = False
    starts: bytes | None = None

    def read_row(self, index: int) -> list[str]:
        """The cells of one row as the file has them; a missing value that a step made is empty."""
        if self.lines is not None:
            return self.lines.read_row(index)
        cells = [column[index].as_py() or "" for column in self.columns]
        if self.sizes is not None:
            cells = cells[: int(self.sizes[index])]
        return [*cells, *(self.extra or {}).get(index, ())]
