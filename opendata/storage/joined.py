"""Several blobs read as one file, in their order: a file that was published in parts."""

from __future__ import annotations

import io
import shutil
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from itertools import accumulate
from pathlib import Path
from typing import Any, BinaryIO, cast

from opendata.errors import N_, IntegrityError
from opendata.storage.store import Store

_BLOCK_BYTES = 1 << 20

FindStore = Callable[[str], Store]
"""The store that has a blob."""

Piece = tuple[str, int]
"""The name of a blob and its size in bytes."""


def open_pieces(find: FindStore, pieces: Sequence[Piece]) -> BinaryIO:
    """Their joined bytes, seekable. A blob is opened when its first byte is read, and one is open at a time.

    Raises `NotFoundError` where a single blob isn't there; reading raises it too, and `IntegrityError`.
    """
    if len(pieces) == 1:
        name = pieces[0][0]
        return find(name).open_blob(name)
    return cast("BinaryIO", io.BufferedReader(_Joined(find, pieces), _BLOCK_BYTES))


@contextmanager
def lend_joined(
    find: FindStore, pieces: Sequence[Piece], folder: Callable[[], AbstractContextManager[Path]]
) -> Iterator[Path]:
    """A local file with their joined bytes, there inside the context. Several are written into a new `folder`."""
    with ExitStack() as opened:
        if len(pieces) == 1:
            name = pieces[0][0]
            yield opened.enter_context(find(name).local_copy(name))
            return
        place = opened.enter_context(folder()) / "joined"
        with open_pieces(find, pieces) as source, place.open("wb") as out:
            shutil.copyfileobj(source, out, _BLOCK_BYTES)
        yield place


@contextmanager
def lend_each(find: FindStore, names: Sequence[str]) -> Iterator[Sequence[Path]]:
    """A local file for each of some blobs, there inside the context."""
    with ExitStack() as opened:
        yield [opened.enter_context(find(name).local_copy(name)) for name in names]


class _Joined(io.RawIOBase):
    """Reads on from one blob to the next."""

    def __init__(self, find: FindStore, pieces: Sequence[Piece]) -> None:
        self._find = find
        self._names = [name for name, _ in pieces]
        self._starts = [0, *accumulate(size for _, size in pieces)]
        self._place = 0
        self._open: tuple[int, BinaryIO] | None = None

    def readable(self) -> bool:
        """Always true."""
        return True

    def seekable(self) -> bool:
        """Always true."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Go to another place; nothing is opened yet."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._starts[-1]}[whence]
        if start + offset < 0:
            raise ValueError("there is nothing before the start of a file")
        self._place = start + offset
        return self._place

    def tell(self) -> int:
        """The place of the next byte."""
        return self._place

    def readinto(self, buffer: Any) -> int:
        """The next bytes, at most to the end of a blob."""
        if self._place >= self._starts[-1]:
            return 0
        number = bisect_right(self._starts, self._place) - 1
        start, end = self._starts[number], self._starts[number + 1]
        view = memoryview(buffer).cast("B")
        wanted = min(len(view), end - self._place)
        file = self._go_to(number)
        if file.tell() != self._place - start:
            file.seek(self._place - start)
        data = file.read(wanted)
        if not data:
            raise IntegrityError(N_("The blob %(name)s is damaged"), name=self._names[number])
        view[: len(data)] = data
        self._place += len(data)
        return len(data)

    def close(self) -> None:
        """Close the blob that is open."""
        if self._open is not None:
            self._open[1].close()
            self._open = None
        super().close()

    def _go_to(self, number: int) -> BinaryIO:
        if self._open is None or self._open[0] != number:
            if self._open is not None:
                self._open[1].close()
                self._open = None
            name = self._names[number]
            self._open = number, self._find(name).open_blob(name)
        return self._open[1]
