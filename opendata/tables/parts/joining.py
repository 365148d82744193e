"""Files with some rows of a table each, put end to end: larger parts of it, or its whole files.

No row is read. Joined CSV files are the canonical CSV; Parquet files get a tail that finds the rows of all of them.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, cast

from opendata.tables.parts.tail import read_footer, write_tail
from opendata.tables.written import WrittenFile

_BLOCK_BYTES = 1 << 20
_END_BYTES = 8
"""Behind a footer: how long it is, and the mark of Parquet."""

OnBytes = Callable[[bytes], None]


class _Stream(io.RawIOBase):
    """The bytes of several files and then a few more; `on_bytes` hears them as they are read."""

    def __init__(self, paths: Sequence[Path], tail: bytes, on_bytes: OnBytes) -> None:
        self._blocks = self._read_blocks(paths, tail)
        self._on_bytes = on_bytes
        self._left = memoryview(b"")

    def readable(self) -> bool:
        """Always true."""
        return True

    def readinto(self, buffer: Any) -> int:
        """The next bytes, none after the last."""
        if not self._left:
            block = next(self._blocks, b"")
            self._on_bytes(block)
            self._left = memoryview(block)
        view = memoryview(buffer).cast("B")
        count = min(len(view), len(self._left))
        view[:count], self._left = self._left[:count], self._left[count:]
        return count

    @staticmethod
    def _read_blocks(paths: Sequence[Path], tail: bytes) -> Iterator[bytes]:
        for path in paths:
            with path.open("rb") as file:
                while block := file.read(_BLOCK_BYTES):
                    yield block
        if tail:
            yield tail


def group_files(files: Sequence[WrittenFile], rows: int) -> Iterator[Sequence[WrittenFile]]:
    """Files one behind the other, together `rows` at most, or one that has more; 0: all of them."""
    group: list[WrittenFile] = []
    count = 0
    for file in files:
        if rows and group and count + file.rows > rows:
            yield group
            group, count = [], 0
        group.append(file)
        count += file.rows
    if group:
        yield group


def open_csv(files: Sequence[WrittenFile], on_bytes: OnBytes = lambda _: None) -> BinaryIO:
    """The bytes of CSV files as one; `on_bytes` hears them as they are read."""
    return _open([file.path for file in files], b"", on_bytes)


def open_parquet_files(files: Sequence[WrittenFile], on_bytes: OnBytes = lambda _: None) -> tuple[BinaryIO, bytes, int]:
    """The bytes of Parquet files as one, its footer and its size. Raises `ValueError` where their columns differ."""
    footers: list[tuple[bytes, int]] = []
    size = 0
    for item in files:
        with item.path.open("rb") as file:
            footers.append((read_footer(file, item.bytes), size))
        size += item.bytes
    tail = write_tail(footers) if len(files) > 1 else b""
    footer = tail[:-_END_BYTES] if tail else footers[0][0]
    return _open([file.path for file in files], tail, on_bytes), footer, size + len(tail)


def _open(paths: Sequence[Path], tail: bytes, on_bytes: OnBytes) -> BinaryIO:
    return cast("BinaryIO", io.BufferedReader(_Stream(paths, tail, on_bytes), _BLOCK_BYTES))
