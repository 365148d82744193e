"""The part of a table that steps work on: some rows as columns of text, and where in the file each cell is from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from opendata.tables.text.records import Records

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa


@dataclass(slots=True)
class Columns:
    """The columns of a table: their names, each different, and what is ours in their fields."""

    names: list[str]
    marks: list[dict[str, Any]]

    def find(self, name: str) -> int | None:
        """The index of the column of this name."""
        return self.names.index(name) if name in self.names else None


@dataclass(slots=True)
class Frame:
    """Some rows. `numbers` are their numbers in the file, ascending, some of them repeated where a row became several.

    `places` are the numbers of the columns in the file: one for the whole column (0: none), or one for each row.
    `sizes` are the numbers of cells that the file's rows have, where some are ragged; `extra` are the cells beyond the
    last column, by index. `width` is the number of the file's columns.
    """

    columns: list[pa.Array]
    places: list[int | np.ndarray]
    numbers: np.ndarray
    width: int
    sizes: np.ndarray | None = None
    extra: dict[int, list[str]] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return len(self.numbers)

    def set(self, index: int, column: pa.Array) -> Frame:
        """The frame with one column replaced."""
        return replace(self, columns=[column if at == index else item for at, item in enumerate(self.columns)])

    def choose(self, indices: Sequence[int]) -> Frame:
        """The frame with these columns alone, in this order."""
        return replace(self, columns=[self.columns[at] for at in indices], places=[self.places[at] for at in indices])

    def take(self, rows: np.ndarray) -> Frame:
        """The frame with these rows alone, in this order; a row may come more than once."""
        import numpy as np

        extra: dict[int, list[str]] = {}
        if self.extra:
            extra = {new: self.extra[old] for new, old in enumerate(rows.tolist()) if old in self.extra}
        return Frame(
            columns=[column.take(rows) for column in self.columns],
            places=[place[rows] if isinstance(place, np.ndarray) else place for place in self.places],
            numbers=self.numbers[rows],
            width=self.width,
            sizes=None if self.sizes is None else self.sizes[rows],
            extra=extra,
        )


def open_frame(records: Records, numbers: np.ndarray) -> Frame:
    """The frame of some rows as the file has them."""
    width = len(records.columns)
    return Frame(
        columns=list(records.columns),
        places=list(range(1, width + 1)),
        numbers=numbers,
        width=width,
        sizes=records.sizes,
        extra=dict(records.extra or {}),
    )


def close_frame(frame: Frame, *, may_be_odd: bool) -> Records:
    """The rows of a frame for the check. A row that lacks cells in the file lacks them here too, and is ragged."""
    import numpy as np

    sizes = None
    if frame.sizes is not None:
        width = len(frame.columns)
        missing = np.zeros(frame.rows, np.int64)
        for place in frame.places:
            missing += np.asarray(place) > frame.sizes
        sizes = width - missing + np.maximum(frame.sizes - frame.width, 0)
        sizes[frame.sizes == 0] = 0
        sizes = None if (sizes == width).all() else sizes
    return Records(
        frame.columns,
        frame.rows,
        sizes=sizes,
        extra=frame.extra or ({} if sizes is not None else None),
        numbers=frame.numbers,
        may_be_odd=may_be_odd,
        places=frame.places,
    )


def join_frames(one: Frame, other: Frame) -> Frame:
    """The rows of two frames with the same columns, one after the other."""
    import numpy as np
    import pyarrow as pa

    sizes = None
    if one.sizes is not None or other.sizes is not None:
        parts = [item.sizes if item.sizes is not None else np.full(item.rows, item.width) for item in (one, other)]
        sizes = np.concatenate(parts)
    return Frame(
        columns=[pa.concat_arrays(pair) for pair in zip(one.columns, other.columns, strict=True)],
        places=[_join_places(one, other, at) for at in range(len(one.places))],
        numbers=np.concatenate([one.numbers, other.numbers]),
        width=one.width,
        sizes=sizes,
        extra={**one.extra, **{index + one.rows: cells for index, cells in other.extra.items()}},
    )


def _join_places(one: Frame, other: Frame, at: int) -> int | np.ndarray:
    import numpy as np

    first, second = one.places[at], other.places[at]
    if not isinstance(first, np.ndarray) and not isinstance(second, np.ndarray):
        return first
    return np.concatenate([np.broadcast_to(first, one.rows), np.broadcast_to(second, other.rows)])
