"""A table's two files, cut into parts by their rows.

The CSV is cut between records, so joined parts are the same bytes; of Parquet each part is a file of its own with the
columns, settings and footer of the whole. Equal files and sizes make equal parts.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from opendata.tables.arrow.parquet import open_parquet
from opendata.tables.forms.writing import open_parquet_writer

if TYPE_CHECKING:
    import numpy as np

_BLOCK_BYTES = 8 << 20
_QUOTE, _LINE_END = 0x22, 0x0A


@dataclass(frozen=True, slots=True)
class Cut:
    """A part of a CSV file: where it begins, where it ends, how many rows it has."""

    start: int
    end: int
    rows: int


class Section(io.RawIOBase):
    """The bytes of an open file from one place to another."""

    def __init__(self, file: BinaryIO, start: int, end: int) -> None:
        file.seek(start)
        self._file, self._left = file, end - start

    def readable(self) -> bool:
        """Always true."""
        return True

    def readinto(self, buffer: Any) -> int:
        """The next bytes, none after the last."""
        view = memoryview(buffer).cast("B")
        data = self._file.read(min(len(view), self._left))
        view[: len(data)] = data
        self._left -= len(data)
        return len(data)


class RecordCounter:
    """Counts the records of a canonical CSV file that comes block by block.

    Only quotes and line ends matter: a line end between two quotes is text. `is_closed` says that a record has ended.
    """

    def __init__(self) -> None:
        self.records = 0
        self.is_closed = True
        self._quotes = 0

    def take(self, block: bytes) -> np.ndarray:
        """The places in the next block at which records end."""
        import numpy as np

        data = np.frombuffer(block, np.uint8)
        marks = np.flatnonzero(data == _QUOTE)
        ends = np.flatnonzero(data == _LINE_END)
        if len(marks) or self._quotes % 2:
            ends = ends[(np.searchsorted(marks, ends) + self._quotes) % 2 == 0]
        self.records += len(ends)
        self._quotes += len(marks)
        if len(block):
            self.is_closed = bool(len(ends)) and int(ends[-1]) == len(block) - 1
        return ends


def cut_csv(file: BinaryIO, rows: int, *, block_bytes: int = _BLOCK_BYTES) -> Iterator[Cut]:
    """Where a canonical CSV file is to be cut into parts of `rows` rows; the first one has the header too."""
    start = place = cut = 0
    counter = RecordCounter()
    while block := file.read(block_bytes):
        before = counter.records
        ends = counter.take(block)
        while (index := cut + rows - before) < len(ends):  # record 0 is the header
            end = place + int(ends[index]) + 1
            yield Cut(start, end, rows)
            start, cut = end, cut + rows
        place += len(block)
    if start < place or not cut:
        yield Cut(start, place, max(0, counter.records - 1) - cut)


def cut_parquet(source: Path, folder: Path, rows: int) -> Iterator[tuple[Path, int]]:
    """Write the rows of a Parquet file into files with this number of `rows` each; their places and how many they have.

    The next file is written when it is asked for, so that the one before may go.
    """
    with open_parquet(source) as file, ExitStack() as opened:
        writer: Any = None
        number = count = 0
        place = folder / "part.parquet"
        for group in range(file.num_row_groups):
            table = file.read_row_group(group)
            while table.num_rows:
                if writer is None:
                    number, count = number + 1, 0
                    place = folder / f"{number:05d}.parquet"
                    writer = opened.enter_context(open_parquet_writer(place, file.schema_arrow, table))
                taken = table.slice(0, rows - count)
                writer.write_table(taken, row_group_size=taken.num_rows)
                count += taken.num_rows
                table = table.slice(taken.num_rows)
                if count == rows:
                    writer.close()
                    writer = None
                    yield place, count
        if writer is not None:
            writer.close()
            yield place, count
