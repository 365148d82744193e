"""The footer that makes one Parquet file of several written one after the other.

A reader of Parquet begins at the end of a file and follows offsets, so what lies between the row groups doesn't matter.
The joined file is the bytes of all files and then a tail: the row groups of all footers with their offsets moved on.
Page indexes are left out, since they hold offsets themselves. Source: parquet-format 2.11, `parquet.thrift`, and the
compact protocol of Apache Thrift.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import BinaryIO, TypeAlias

MAGIC = b"PAR1"

_TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = range(1, 13)
_DEPTH = 32
_FOOTER_BYTES = 1 << 30

Field: TypeAlias = tuple[int, int, object]
"""Number, type and value: numbers, bytes, lists as (type, values), structures as lists of fields."""

_SCHEMA, _ROWS, _GROUPS = 2, 3, 4
_GROUP_COLUMNS, _GROUP_OFFSET, _GROUP_ORDINAL = 1, 5, 7
_CHUNK_OFFSET, _CHUNK_META, _CHUNK_INDEXES = 2, 3, frozenset((4, 5, 6, 7))
_META_OFFSETS = frozenset((9, 10, 11, 14))


def read_footer(file: BinaryIO, size: int) -> bytes:
    """The footer of a Parquet file of this size. Raises `ValueError` for what isn't one."""
    file.seek(max(0, size - 8))
    end = file.read(8)
    length = int.from_bytes(end[:4], "little")
    if len(end) != 8 or end[4:] != MAGIC or length > min(size - 12, _FOOTER_BYTES):
        raise ValueError("not a Parquet file")
    file.seek(size - 8 - length)
    return file.read(length)


def count_rows(footer: bytes) -> int:
    """How many rows a file has by its footer. Raises `ValueError`."""
    found = next((value for number, _, value in _read(footer) if number == _ROWS), None)
    if not isinstance(found, int):
        raise ValueError("a Parquet footer without a number of rows")
    return found


def write_tail(footers: Iterable[tuple[bytes, int]]) -> bytes:
    """The tail for the files with these footers and places (bytes before each of them in the joined file).

    Raises `ValueError` where the columns of two files differ, or a footer can't be read.
    """
    first: list[Field] = []
    schema: object = None
    groups: list[object] = []
    rows = 0
    for footer, place in footers:
        fields = _read(footer)
        found = {number: value for number, _, value in fields}
        if not first:
            first, schema = fields, found.get(_SCHEMA)
        elif found.get(_SCHEMA) != schema:
            raise ValueError("the parts have different columns")
        rows += _number(found.get(_ROWS))
        groups += [_move_group(_fields(group), place) for group in _items(found.get(_GROUPS))]
    changed: dict[int, object] = {_ROWS: rows, _GROUPS: (_STRUCT, groups)}
    footer = _write([(number, kind, changed.get(number, value)) for number, kind, value in first])
    return footer + len(footer).to_bytes(4, "little") + MAGIC


def _move_group(group: list[Field], place: int) -> list[Field]:
    columns = [_move_chunk(_fields(chunk), place) for chunk in _items(_get(group, _GROUP_COLUMNS))]
    kept = [item for item in group if item[0] != _GROUP_ORDINAL]
    moved = _move(kept, frozenset((_GROUP_OFFSET,)), place)
    return _replace(moved, {_GROUP_COLUMNS: (_STRUCT, columns)})


def _move_chunk(chunk: list[Field], place: int) -> list[Field]:
    meta = _move(_fields(_get(chunk, _CHUNK_META)), _META_OFFSETS, place)
    kept = [item for item in chunk if item[0] not in _CHUNK_INDEXES]
    return _replace(_move(kept, frozenset((_CHUNK_OFFSET,)), place), {_CHUNK_META: meta})


def _move(fields: list[Field], numbers: frozenset[int], place: int) -> list[Field]:
    """Offsets of the file farther on; 0 stays 0, for an offset that the file lacks."""
    return [
        (number, kind, _number(value) + place) if number in numbers and value else (number, kind, value)
        for number, kind, value in fields
    ]


def _replace(fields: list[Field], values: Mapping[int, object]) -> list[Field]:
    return [(number, kind, values.get(number, value)) for number, kind, value in fields]


def _get(fields: Sequence[Field], number: int) -> object:
    return next((value for found, _, value in fields if found == number), None)


def _number(value: object) -> int:
    if not isinstance(value, int):
        raise ValueError("a Parquet footer with a number missing")
    return value


def _fields(value: object) -> list[Field]:
    if not isinstance(value, list):
        raise ValueError("a Parquet footer with a structure missing")
    return value


def _items(value: object) -> list[object]:
    if not isinstance(value, tuple):
        raise ValueError("a Parquet footer with a list missing")
    return list(value[1])


# ------------------------------------------------------------------------------------------------------------- reading


def _read(data: bytes) -> list[Field]:
    try:
        return _Reader(data).read_struct(0)
    except IndexError:
        raise ValueError("a Parquet footer that ends early") from None


class _Reader:
    """Walks through the compact protocol."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._place = 0

    def read_struct(self, depth: int) -> list[Field]:
        if depth > _DEPTH:
            raise ValueError("a Parquet footer with too many levels")
        fields: list[Field] = []
        number = 0
        data = self._data
        while head := data[self._place]:
            self._place += 1
            number = number + (head >> 4) if head >> 4 else self._read_signed()
            kind = head & 15
            value = kind == _TRUE if kind in (_TRUE, _FALSE) else self._read_value(kind, depth)
            fields.append((number, kind, value))
        self._place += 1
        return fields

    def _read_value(self, kind: int, depth: int) -> object:
        if kind in (_I16, _I32, _I64):
            return self._read_signed()
        if kind == _BINARY:
            return self._take(self._read_count())
        if kind == _STRUCT:
            return self.read_struct(depth + 1)
        if kind in (_LIST, _SET):
            return self._read_list(depth + 1)
        if kind in (_TRUE, _FALSE, _BYTE):  # of lists
            return self._take(1)
        if kind == _DOUBLE:
            return self._take(8)
        raise ValueError("a Parquet footer with a type that isn't known")

    def _read_list(self, depth: int) -> tuple[int, list[object]]:
        head = self._take(1)[0]
        count, kind = head >> 4, head & 15
        if count == 15:
            count = self._read_count()
        if depth > _DEPTH or count > len(self._data):
            raise ValueError("a Parquet footer with a list that is too long")
        return kind, [self._read_value(kind, depth) for _ in range(count)]

    def _take(self, count: int) -> bytes:
        end = self._place + count
        if end > len(self._data):
            raise IndexError
        found = self._data[self._place : end]
        self._place = end
        return found

    def _read_count(self) -> int:
        data, place = self._data, self._place
        value = shift = 0
        while True:
            byte = data[place]
            place += 1
            value |= (byte & 127) << shift
            if byte < 128:
                self._place = place
                return value
            shift += 7
            if shift > 63:
                raise ValueError("a Parquet footer with a number that is too long")

    def _read_signed(self) -> int:
        value = self._read_count()
        return value >> 1 ^ -(value & 1)


# ------------------------------------------------------------------------------------------------------------- writing


def _write(fields: Sequence[Field]) -> bytes:
    out = bytearray()
    _write_struct(fields, out)
    return bytes(out)


def _write_struct(fields: Sequence[Field], out: bytearray) -> None:
    last = 0
    for number, kind, value in fields:
        if 0 < number - last < 16:
            out.append((number - last) << 4 | kind)
        else:
            out.append(kind)
            _write_signed(number, out)
        last = number
        if kind not in (_TRUE, _FALSE):
            _write_value(kind, value, out)
    out.append(0)


def _write_value(kind: int, value: object, out: bytearray) -> None:
    write = _WRITERS.get(kind)
    if write is not None and isinstance(value, int):
        write(value, out)
    elif isinstance(value, bytes):
        if kind == _BINARY:
            _write_count(len(value), out)
        out += value
    elif isinstance(value, tuple):
        inner, items = value
        out.append(min(15, len(items)) << 4 | inner)
        if len(items) >= 15:
            _write_count(len(items), out)
        for item in items:
            _write_value(inner, item, out)
    elif isinstance(value, list):
        _write_struct(value, out)


def _write_count(value: int, out: bytearray) -> None:
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)


def _write_signed(value: int, out: bytearray) -> None:
    _write_count(value << 1 if value >= 0 else (-value << 1) - 1, out)


_WRITERS: Mapping[int, Callable[[int, bytearray], None]] = {
    _I16: _write_signed,
    _I32: _write_signed,
    _I64: _write_signed,
}
