"""Parts of a file: which are asked for, and several of them in one answer.

Source: RFC 9110, section 14 (ranges, `multipart/byteranges`).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import RawIOBase
from typing import BinaryIO

from opendata.storage.objects.reader import BlobFile

MAX_RANGES = 16
"""Who asks for more separate parts gets the whole."""

_GAP = 128
"""Parts that are nearer than this are sent as one: saying where the second begins costs as much."""

_BLOCK_BYTES = 64 * 1024
_SPEC = re.compile(r"(?:([0-9]{1,18})-([0-9]{1,18})?|-([0-9]{1,18}))")

Range = tuple[int, int]
"""The first byte of a part, and the one after its last."""


def parse_ranges(header: str, size: int) -> Sequence[Range] | None:
    """What a `Range` header asks for of `size` bytes; nothing where it lies beyond, None where it does not count.

    Parts that overlap or nearly touch are joined, and come in the order of the file then.
    """
    unit, _, listed = header.partition("=")
    specs = [text.strip(" \t") for text in listed.split(",")]
    found = [_SPEC.fullmatch(text) for text in specs if text]
    if unit.strip().lower() != "bytes" or not found or None in found:
        return None
    ranges = []
    for match in found:
        first, last, suffix = (int(text) if text else None for text in match.groups())  # type: ignore[union-attr]
        if first is None:
            start, stop = max(size - (suffix or 0), 0), size
        else:
            start, stop = first, min(size, size if last is None else last + 1)
            if last is not None and last < first:
                return None
        if start < stop:
            ranges.append((start, stop))
    joined = _join_near(ranges)
    kept = ranges if len(joined) == len(ranges) else joined
    return kept if len(kept) <= MAX_RANGES else None


def _join_near(ranges: Sequence[Range]) -> Sequence[Range]:
    joined: list[Range] = []
    for start, stop in sorted(ranges):
        if joined and start - joined[-1][1] < _GAP:
            joined[-1] = (joined[-1][0], max(stop, joined[-1][1]))
        else:
            joined.append((start, stop))
    return joined


class FilePart:
    """A part of an open file, as a file: a server that sends files on its own reads it from its position.

    It has no `seek`: `socket.sendfile` would use it, and means places of the whole file.
    """

    def __init__(self, file: BinaryIO | RawIOBase, start: int, stop: int) -> None:
        expect(file, start, stop)
        self._file = file
        self._left = stop - start

    def fileno(self) -> int:
        """The open file's own descriptor, which stands at the start."""
        return self._file.fileno()

    def read(self, size: int = -1) -> bytes:
        """The next bytes, none after the last of the part."""
        data = self._file.read(self._left if size < 0 else min(size, self._left)) or b""
        self._left -= len(data)
        return bytes(data)

    def close(self) -> None:
        """Close the whole file."""
        self._file.close()


@dataclass(frozen=True, slots=True)
class Multipart:
    """Several parts of one file as an answer's body."""

    ranges: Sequence[Range]
    size: int
    media_type: str
    tag: str

    @property
    def boundary(self) -> str:
        """The line between parts: the same for the same question, and not to be guessed by who writes the file."""
        return hashlib.sha256(f"{self.tag} {self.ranges}".encode()).hexdigest()[:32]

    @property
    def content_type(self) -> str:
        """The media type of the whole body."""
        return f"multipart/byteranges; boundary={self.boundary}"

    @property
    def length(self) -> int:
        """How many bytes the body has."""
        heads = sum(len(self._introduce(part)) for part in self.ranges)
        return heads + sum(stop - start for start, stop in self.ranges) + len(self._end)

    def read(self, file: BinaryIO | RawIOBase) -> Iterator[bytes]:
        """The body, block by block; the file is closed at its end."""
        with file:
            for start, stop in self.ranges:
                yield self._introduce((start, stop))
                expect(file, start, stop)
                left = stop - start
                while left and (data := file.read(min(_BLOCK_BYTES, left))):
                    left -= len(data)
                    yield bytes(data)
            yield self._end

    @property
    def _end(self) -> bytes:
        return f"\r\n--{self.boundary}--\r\n".encode()

    def _introduce(self, part: Range) -> bytes:
        lines = (f"\r\n--{self.boundary}", f"Content-Type: {self.media_type}", write_range(part, self.size), "", "")
        return "\r\n".join(lines).encode()


def expect(file: BinaryIO | RawIOBase, start: int, stop: int) -> None:
    """Go to the start of a part. A file of an object store learns where the part ends, and asks for it at once."""
    file.seek(start)
    if isinstance(file, BlobFile):
        file.expect(stop)


def write_range(part: Range, size: int) -> str:
    """The header line `Content-Range` of a part."""
    return f"Content-Range: bytes {part[0]}-{part[1] - 1}/{size}"
