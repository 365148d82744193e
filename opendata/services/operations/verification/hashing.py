"""Digests of a file and of the parts it was published in, taken in one pass over its joined bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import BinaryIO

from opendata.domain.parts import StoredFile

Hashed = Sequence[tuple[str, int]]
"""Hexadecimal SHA-256 and size of the whole, and of each piece where there are several."""

_PIECE = 1 << 20


def hash_joined(blocks: Iterable[bytes], file: StoredFile) -> Hashed:
    """The digests of what comes; its pieces are cut where `file` says that they end."""
    whole, size = hashlib.sha256(), 0
    found: list[tuple[str, int]] = []
    lengths = [piece.bytes for piece in file.pieces] if file.parts else []
    part, taken = hashlib.sha256(), 0
    for block in blocks:
        whole.update(block)
        size += len(block)
        rest = memoryview(block)
        while len(found) < len(lengths) and len(rest) >= lengths[len(found)] - taken:
            end = lengths[len(found)] - taken
            part.update(rest[:end])
            found.append((part.hexdigest(), taken + end))
            rest, part, taken = rest[end:], hashlib.sha256(), 0
        if len(found) < len(lengths):
            part.update(rest)
            taken += len(rest)
    return [(whole.hexdigest(), size), *found]


def list_expected(file: StoredFile) -> Hashed:
    """What `hash_joined` gives of the file as it was published."""
    pieces = [(piece.sha256, piece.bytes) for piece in file.pieces] if file.parts else []
    return [(file.sha256, file.bytes), *pieces]


def read_blocks(file: BinaryIO) -> Iterator[bytes]:
    """The bytes of an open file, piece by piece."""
    while block := file.read(_PIECE):
        yield block
