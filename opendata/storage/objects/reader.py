"""A blob of an object store as a file: seekable, read in ranges, with a bounded part of it in memory."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import Any

from opendata.errors import BackendError
from opendata.storage.objects.client import AWAY

_FIRST_BYTES = 256 * 1024
_GROWTH = 4
_SKIPPED_BYTES = 256 * 1024
"""Who goes on so little further reads over it: another request takes longer."""

_BUFFER_BYTES = 64 * 1024

Fetch = Callable[[int, int], Iterator[bytes]]
"""Gives the bytes between two places, piece by piece. Raises `BackendError`."""


class _Ranges(io.RawIOBase):
    """Reads pieces of a blob. What is asked for at once grows while it is read on, up to the whole rest."""

    def __init__(self, fetch: Fetch, size: int) -> None:
        self._fetch = fetch
        self._size = size
        self._place = 0
        self._pieces: Iterator[bytes] = iter(())
        self._piece = memoryview(b"")
        self._next = self._end = 0  # of the request under way: where `_piece` begins, where it ends
        self._window = _FIRST_BYTES
        self._expected: int | None = None

    def expect(self, stop: int) -> None:
        """Ask for all up to this place at once from now on, and for nothing beyond."""
        self._expected = min(stop, self._size)

    def readable(self) -> bool:
        """Always true."""
        return True

    def seekable(self) -> bool:
        """Always true."""
        return True

    def tell(self) -> int:
        """The place of the next byte."""
        return self._place

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Go to another place; nothing is asked for yet."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise ValueError("there is nothing before the start of a file")
        self._place = base + offset
        return self._place

    def readinto(self, buffer: Any) -> int:
        """The next bytes; 0 at the end. Raises `BackendError`."""
        view = memoryview(buffer).cast("B")
        if not view or self._place >= self._size:
            return 0
        try:
            piece = self._find_piece()
        except BackendError:
            self._drop()
            raise
        count = min(len(view), len(piece))
        view[:count] = piece[:count]
        self._place += count
        return count

    def close(self) -> None:
        """Let the request under way go."""
        self._drop()
        super().close()

    def _find_piece(self) -> memoryview:
        """What is known from the place on, asked for if it isn't."""
        if not self._next <= self._place <= self._next + len(self._piece) + _SKIPPED_BYTES or self._place >= self._end:
            self._ask()
        while self._place >= self._next + len(self._piece):
            self._next += len(self._piece)
            self._piece = memoryview(b"")
            found = next(self._pieces, None)
            if found is None:
                raise BackendError(AWAY)  # it broke off
            self._piece = memoryview(found)
        return self._piece[self._place - self._next :]

    def _ask(self) -> None:
        goes_on = self._place == self._end > 0
        self._window = self._window * _GROWTH if goes_on else _FIRST_BYTES
        self._drop()
        stop = min(self._place + self._window, self._size)
        if self._expected is not None and self._place < self._expected:
            stop = self._expected
        self._next, self._end = self._place, stop
        self._pieces = self._fetch(self._place, stop)

    def _drop(self) -> None:
        self._pieces, self._piece = iter(()), memoryview(b"")
        self._next = self._end = 0


class BlobFile(io.BufferedReader):
    """A blob as a buffered file."""

    raw: _Ranges

    def __init__(self, fetch: Fetch, size: int) -> None:
        super().__init__(_Ranges(fetch, size), _BUFFER_BYTES)

    def expect(self, stop: int) -> None:
        """Say where reading will stop, so that one request gives all up to there."""
        self.raw.expect(stop)

    def fileno(self) -> int:
        """Never known: only this program can read it."""
        raise io.UnsupportedOperation("fileno")
