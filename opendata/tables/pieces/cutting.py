"""Cuts a delimited file into the very blocks that one machine reads it in, without reading it from its start.

In, a file of 10 MB whose blocks are at most 4 MB, in three stretches read anywhere and in any order
Out of `survey`, of each stretch: how many quotation marks it has, and the last line end after an even and an odd number
Out of `find_ends`: where each block ends, since the marks before a stretch say which of its line ends end a record
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from opendata.tables.text.dialect import Dialect
from opendata.tables.text.splitting import MAX_BLOCK_BYTES, is_plain

ENCODINGS = ("utf-8", "gb18030")
"""In these no byte of a longer character is a line end or a quotation mark."""

PIECE_BYTES = 64 * 1024 * 1024
BLOCKS_TOGETHER = 4
"""Pieces end behind so many blocks or a multiple of them, where they are large enough.

What looks at several batches of rows together then looks at the same ones as in the whole table.
"""

STRETCHES = 64
"""At most this many stretches are looked at in one go."""


class NotApartError(Exception):
    """The table can't be checked in pieces; `reason` is a code."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Stretch:
    """What cutting needs of a stretch of a file: the number of quotation marks, and where the last record may end.

    `even` and `odd` are the places after the last line end behind so many quotation marks; 0 for none.
    """

    quotes: int
    even: int
    odd: int
    has_returns: bool
    ends_with_return: bool


@dataclass(frozen=True, slots=True)
class Piece:
    """Some blocks of a file, by where each ends; the first begins at `start`."""

    number: int
    start: int
    ends: Sequence[int]
    is_last: bool = False

    @property
    def bytes(self) -> int:
        """How many bytes the piece has."""
        return self.ends[-1] - self.start


def refuse_dialect(dialect: Dialect) -> None:
    """Raises `NotApartError` where only a reader from the file's start knows where records end."""
    if not is_plain(dialect) or dialect.encoding not in ENCODINGS:
        raise NotApartError("dialect")


def survey(path: Path, start: int, end: int, size: int, quote: bytes) -> list[Stretch]:
    """Look at the stretches of `size` bytes between two places of a file."""
    found = []
    with path.open("rb", buffering=0) as stream:
        stream.seek(start)
        while start < end and (data := stream.read(min(size, end - start))):
            found.append(_look_at(data, quote))
            start += len(data)
    return found


def _look_at(data: bytes, quote: bytes) -> Stretch:
    end = last = data.rfind(b"\n") + 1
    total = data.count(quote) if quote else 0
    ends = [0, 0]
    if not total:
        ends[0] = end
    else:
        parity = data.count(quote, 0, end) % 2
        ends[parity] = end
        while end and not all(ends):
            before = data.rfind(b"\n", 0, end - 1) + 1
            parity = (parity + data.count(quote, before, end)) % 2
            end = before
            ends[parity] = ends[parity] or end
    return Stretch(total, ends[0], ends[1], b"\r" in data, b"\r" in data[last:])


def find_ends(stretches: Iterable[Stretch], size: int, total: int) -> list[int]:
    """Where each block ends. Raises `NotApartError` where that depends on more than line ends and quotation marks."""
    ends: list[int] = []
    quotes = start = 0
    returned = False
    for found in stretches:
        if not (found.even or found.odd) and (found.has_returns or returned):
            raise NotApartError("line-ends")
        end = found.odd if quotes % 2 else found.even
        if end:
            ends.append(start + end)
        quotes += found.quotes
        returned = found.ends_with_return
        start = min(start + size, total)
        if start - (ends[-1] if ends else 0) > MAX_BLOCK_BYTES // 2:
            raise NotApartError("long-records")
    if quotes % 2:
        raise NotApartError("open-quote")
    if total > (ends[-1] if ends else 0):
        ends.append(total)
    return ends


def cut(ends: Sequence[int], most: int, *, unit: int = 1) -> Iterator[Piece]:
    """Put blocks together to pieces of a certain size at most, and of one `unit` of blocks at least."""
    start = first = number = 0
    for place in range(unit, len(ends) + unit, unit):
        last = min(place, len(ends))
        is_last = last == len(ends)
        if is_last or ends[min(last + unit, len(ends)) - 1] - start > most:
            yield Piece(number, start, list(ends[first:last]), is_last)
            start, first, number = ends[last - 1], last, number + 1
