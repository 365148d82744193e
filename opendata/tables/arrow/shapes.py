"""Columns of text as bytes: lengths, first characters, and shapes, so that a pattern is matched once for many cells.

A pattern tells most characters apart only by class: `[A-Z]{2}[0-9]{6}` sees no difference between AB000001 and
XY999999. With each byte replaced by one of its class, a column of a million codes has a handful of shapes left.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from opendata.tables.arrow.arrays import no_to_nulls

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

_FEW = 16
"""Shapes are worth making if there is at most one for this many cells."""

_CUTS = frozenset(b"\t\n\x0b\x0e\x1c !0:A[_`a{")
"""Bytes at which a class begins whatever the pattern: white space, digits, letters and what is between them."""

DIGITS = bytes(48 if 48 <= byte <= 57 else byte for byte in range(256))
"""The classes in which every digit stands for 0 and every other byte for itself."""

_NOT_BYTEWISE = re.compile(r"\\[^dwsDWS.\\\-+*?(){}\[\]|^$/]|\(\?|\[:|\[\^|\\[DWSs]")
_TOKEN = re.compile(r"(?P<count>\{[0-9]+(,[0-9]*)?\})|\[\]?(\\.|[^\]\\])*\]|\\?.", re.DOTALL)
_RANGE = re.compile(r"\\.|([0-9A-Za-z])-([0-9A-Za-z])")


def find_extent(column: pa.Array) -> tuple[np.ndarray, memoryview]:
    """The offsets (rows + 1, from 0) and the bytes of a column of text."""
    import numpy as np

    _, offsets, data = column.buffers()
    found = np.frombuffer(offsets, np.int32, count=column.offset + len(column) + 1)[column.offset :]
    start, end = int(found[0]), int(found[-1])
    view = memoryview(data)[start:end] if data is not None else memoryview(b"")
    return (found - start if start else found), view


def find_lengths(column: pa.Array) -> np.ndarray:
    """The length of each cell in bytes (null: 0)."""
    offsets, _ = find_extent(column)
    lengths: np.ndarray = offsets[1:] - offsets[:-1]
    return lengths


def is_of_bytes(column: pa.Array, first: int, last: int) -> bool:
    """Whether every byte of the column is within a range."""
    import numpy as np

    _, data = find_extent(column)
    if not data:
        return True
    found = np.frombuffer(data, np.uint8)
    return bool((first == 0 or found.min() >= first) and found.max() <= last)


def find_bytes(column: pa.Array, place: int | np.ndarray) -> np.ndarray:
    """The byte at a place of each cell (one place, or one for each), from 0; 0 where the cell has no such place."""
    import numpy as np

    offsets, data = find_extent(column)
    found = np.frombuffer(data, np.uint8)
    wanted = offsets[:-1] + place
    inside = (wanted >= offsets[:-1]) & (wanted < offsets[1:])
    chosen: np.ndarray
    if inside.all():
        chosen = found[wanted]
        return chosen
    chosen = np.zeros(len(column), np.uint8)
    chosen[inside] = found[wanted[inside]]
    return chosen


def contains_any(column: pa.Array, characters: Iterable[bytes]) -> bool:
    """Whether one of these ASCII characters occurs anywhere in the column."""
    _, data = find_extent(column)
    text = bytes(data)
    return any(character in text for character in characters)


class Matcher:
    """One pattern against whole columns. `pattern` is RE2's own, and matches whole cells.

    `classes` maps each byte to the one that stands for its class; None matches each cell separately.
    """

    def __init__(self, pattern: str, classes: bytes | None) -> None:
        self._pattern = rf"\A(?:{pattern})\z"
        self._classes = classes

    def find_others(self, column: pa.Array) -> pa.Array | None:
        """Where cells do not match (null: they do); None where all match. Raises `pa.ArrowInvalid`: too large."""
        import pyarrow as pa
        import pyarrow.compute as pc

        others = None
        if self._classes is not None and len(column):
            offsets, data = find_extent(column)
            shaped = bytes(data).translate(self._classes)
            if not column.null_count:
                length = int(offsets[1])
                if len(shaped) == length * len(column) and (offsets[-1:] == offsets[1] * len(column)).all():
                    first = shaped[:length]
                    if shaped == first * len(column) and _is_even(offsets, length):
                        one = pa.StringArray.from_buffers(1, pa.py_buffer(offsets[:2].tobytes()), pa.py_buffer(first))
                        return None if self._match(one)[0].as_py() else pa.repeat(True, len(column))
            others = self._match_shapes(column, offsets, shaped)
        if others is None:
            others = no_to_nulls(pc.invert(self._match(column)))
        return others if pc.any(others, min_count=0).as_py() else None

    def _match(self, column: pa.Array) -> pa.Array:
        import pyarrow.compute as pc

        return pc.match_substring_regex(column, self._pattern)

    def _match_shapes(self, column: pa.Array, offsets: np.ndarray, shaped: bytes) -> pa.Array | None:
        import pyarrow as pa
        import pyarrow.compute as pc

        texts = pa.StringArray.from_buffers(len(column), pa.py_buffer(offsets.tobytes()), pa.py_buffer(shaped))
        coded = pc.dictionary_encode(texts)
        if len(coded.dictionary) * _FEW > len(column):
            if len(column) > _FEW * _FEW:
                self._classes = None  # too many shapes: the pattern itself is the shorter way from now on
            return None
        others = pc.invert(self._match(coded.dictionary)).take(coded.indices)
        return pc.and_(others, column.is_valid()) if column.null_count else others


def find_classes(pattern: str) -> bytes | None:
    """The classes of bytes that a pattern of Table Schema can tell apart; None where that is not easily said.

    Every character named in the pattern is a class of its own, a range begins and ends one. Bytes beyond ASCII stand
    for themselves.
    """
    if _NOT_BYTEWISE.search(pattern) or not pattern.isascii():
        return None
    cuts = set(_CUTS)
    for token in _TOKEN.finditer(pattern):
        named = "" if token["count"] else token[0]
        if named.startswith("["):
            cuts |= {place for item in _RANGE.finditer(named) if item[1] for place in (ord(item[1]), ord(item[2]) + 1)}
            named = _RANGE.sub(lambda item: "" if item[1] else item[0], named)
        cuts |= {place for byte in named.encode() for place in (byte, byte + 1)}
    table, current = bytearray(256), 0
    for byte in range(256):
        if byte in cuts or byte >= 0x80:
            current = byte
        table[byte] = current
    return bytes(table)


def _is_even(offsets: np.ndarray, length: int) -> bool:
    return bool((offsets[1:] - offsets[:-1] == length).all())


def leads_with_zero(column: pa.Array) -> bool:
    """Whether a number may have more zeros in front than it needs: 007, -05."""
    first = find_bytes(column, 0)
    zero = first == 48
    if zero.any():
        second = find_bytes(column, 1)[zero]
        if ((second >= 48) & (second <= 57)).any():
            return True
    negative = first == 45
    return bool(negative.any() and (find_bytes(column, 1)[negative] == 48).any())
