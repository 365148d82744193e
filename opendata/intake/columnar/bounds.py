"""What a columnar file may become, told before it is decoded: its cells, and the bytes that its codecs expand to.

Sources: Parquet format (`ColumnMetaData`), Arrow columnar format (`Message.fbs`: the buffers of a compressed record
batch begin with their length), FlatBuffers (tables, vtables, vectors).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO

from opendata.errors import N_, TooLargeError

if TYPE_CHECKING:
    import pyarrow as pa

BATCH_ROWS = 8192
_PREFIX_ROWS = 512
_BATCH_CELLS = 1 << 21
_BATCH_BYTES = 32 << 20
_FREE_CELLS = 20_000_000
_CELLS_PER_BYTE = 100
_FREE_BYTES = 64 << 20
_BYTES_PER_BYTE = 200
_OTHER_BYTES = 64
"""The longest text of a number or a moment, in bytes."""

_MAGIC_BYTES = 8
_DICTIONARY_BATCH = 2


class Allowance:
    """What a file of `size` bytes may become: more would be unusual for a table. All raise `TooLargeError`."""

    def __init__(self, size: int) -> None:
        self.bytes = max(_FREE_BYTES, size * _BYTES_PER_BYTE)
        self._cells = _FREE_CELLS + size * _CELLS_PER_BYTE
        self._size = size

    def check_cells(self, rows: int, columns: int) -> None:
        """Refuse a table with too many cells for its bytes."""
        if rows * max(columns, 1) > self._cells:
            raise TooLargeError(
                N_(
                    "The file says that it has %(rows)s rows and %(columns)s columns, but it has only %(size)s bytes."
                    " That is unusual for a table. Export it as CSV, or in parts"
                ),
                rows=rows,
                columns=columns,
                size=self._size,
            )

    def check_bytes(self, count: int) -> None:
        """Refuse a table that becomes too long for its bytes."""
        if count > self.bytes:
            raise TooLargeError(
                N_(
                    "The file has %(size)s bytes and becomes more than %(limit)s MB when unpacked, which is unusual for"
                    " a table. Export it as CSV, or in parts"
                ),
                size=self._size,
                limit=self.bytes >> 20,
            )


def count_parquet(metadata: Any) -> int:
    """The bytes that the pages of a Parquet file have unpacked, as its footer tells; values are encoded still."""
    groups = (metadata.row_group(number) for number in range(metadata.num_row_groups))
    return sum(max(0, int(group.total_byte_size)) for group in groups)


def find_coded(metadata: Any, schema: pa.Schema) -> list[str]:
    """The columns of text that a Parquet file keeps as dictionaries: read as such, a long value is there once."""
    import pyarrow as pa

    if not metadata.num_row_groups:
        return []
    group = metadata.row_group(0)
    columns = [group.column(number) for number in range(group.num_columns)]
    coded = {item.path_in_schema for item in columns if item.has_dictionary_page}
    is_text = {pa.string(), pa.binary(), pa.large_string(), pa.large_binary()}
    return [item.name for item in schema if item.type in is_text and item.name in coded]


def has_prefixes(metadata: Any) -> bool:
    """Whether a Parquet file has columns in which a value may be a long prefix of the one before it."""
    groups = (metadata.row_group(number) for number in range(min(1, metadata.num_row_groups)))
    return any("DELTA_BYTE_ARRAY" in group.column(at).encodings for group in groups for at in range(group.num_columns))


def list_unpacked(stream: BinaryIO, *, is_file: bool) -> Iterator[int]:
    """The bytes that each compressed batch of an Arrow file says it has unpacked, read from its start.

    Stops at what isn't a message; the reader of the file says what is wrong with it.
    """
    import pyarrow as pa

    stream.seek(_MAGIC_BYTES if is_file else 0)
    try:
        for message in pa.ipc.MessageReader.open_stream(stream):
            if message.type in ("record batch", "dictionary"):
                yield _count_message(message.metadata.to_pybytes(), message.body)
    except (pa.ArrowException, OSError, ValueError, struct.error):
        return


def slice_batch(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """A batch in pieces whose text takes a bounded number of bytes, however long the values that repeat."""
    longest = sum(_find_longest(column) for column in batch.columns)
    by_cells, by_bytes = _BATCH_CELLS // max(1, batch.num_columns), _BATCH_BYTES // max(1, longest)
    rows = max(1, min(BATCH_ROWS, by_cells, by_bytes))
    for start in range(0, batch.num_rows, rows):
        yield batch.slice(start, rows)


def count_batch_rows(columns: int, *, has_prefixes: bool) -> int:
    """The number of rows that are read at once, by the number of columns."""
    most = _PREFIX_ROWS if has_prefixes else BATCH_ROWS
    return max(64, min(most, _BATCH_CELLS // max(1, columns)))


def _find_longest(column: pa.Array) -> int:
    """The length of the longest text of a value, in bytes; an upper bound where that is quicker."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind, test = column.type, pa.types
    if isinstance(kind, pa.BaseExtensionType):
        return _find_longest(column.storage)
    if test.is_dictionary(kind):
        return _find_longest(column.dictionary)
    if test.is_run_end_encoded(kind):
        return _find_longest(column.values)
    if test.is_struct(kind) or test.is_union(kind):
        return sum(_find_longest(column.field(number)) for number in range(kind.num_fields))
    if test.is_map(kind):
        lengths = pc.subtract(column.offsets[1:], column.offsets[:-1])
        return (pc.max(lengths).as_py() or 0) * (_find_longest(column.keys) + _find_longest(column.items))
    if test.is_fixed_size_list(kind):
        return int(kind.list_size) * _find_longest(column.values)
    if test.is_nested(kind):
        return (pc.max(pc.list_value_length(column)).as_py() or 0) * _find_longest(column.values)
    if test.is_string_view(kind) or test.is_binary_view(kind):
        return _find_longest_view(column)
    if test.is_string(kind) or test.is_large_string(kind) or test.is_binary(kind) or test.is_large_binary(kind):
        return pc.max(pc.binary_length(column)).as_py() or 0
    return int(kind.byte_width) * 2 if test.is_fixed_size_binary(kind) else _OTHER_BYTES


def _find_longest_view(column: pa.Array) -> int:
    """The longest value of views, which may all show the same bytes: each has 16 bytes, the length first."""
    import numpy as np

    views = column.buffers()[1]
    if views is None or not len(column):
        return 0
    lengths = np.frombuffer(views, dtype="<i4")[::4][column.offset : column.offset + len(column)]
    return max(0, int(lengths.max()))


def _count_message(metadata: bytes, body: pa.Buffer) -> int:
    """What the buffers of a record batch or a dictionary have unpacked."""
    table = _Table(metadata, struct.unpack_from("<I", metadata)[0])
    batch = table.follow(2)
    if batch is not None and struct.unpack_from("<B", metadata, table.find(1))[0] == _DICTIONARY_BATCH:
        batch = batch.follow(1)
    if batch is None:
        return 0
    is_compressed, total = batch.find(3) != 0, 0
    for offset, length in batch.list_pairs(2):
        unpacked = length
        if is_compressed and length >= 8:
            stated = struct.unpack_from("<q", body, offset)[0]
            unpacked = stated if stated >= 0 else length  # -1: left as it is
        total += unpacked
    return total


class _Table:
    """A table of a FlatBuffer: fields by their number. All raise `struct.error` for places outside of the bytes."""

    def __init__(self, data: bytes, place: int) -> None:
        self._data = data
        self._place = place
        self._vtable = place - struct.unpack_from("<i", data, place)[0]

    def find(self, field: int) -> int:
        """Where a field lies; 0 where it is left out."""
        if self._vtable < 0:
            raise struct.error("a vtable before the beginning")
        at = 4 + 2 * field
        if at + 2 > struct.unpack_from("<H", self._data, self._vtable)[0]:
            return 0
        offset = struct.unpack_from("<H", self._data, self._vtable + at)[0]
        return self._place + offset if offset else 0

    def follow(self, field: int) -> _Table | None:
        """The table that a field refers to."""
        place = self.find(field)
        return _Table(self._data, place + struct.unpack_from("<I", self._data, place)[0]) if place else None

    def list_pairs(self, field: int) -> Iterator[tuple[int, int]]:
        """The structs of two 64-bit numbers in the vector that a field refers to."""
        place = self.find(field)
        if not place:
            return
        vector = place + struct.unpack_from("<I", self._data, place)[0]
        count = struct.unpack_from("<I", self._data, vector)[0]
        yield from struct.iter_unpack("<qq", self._data[vector + 4 : vector + 4 + 16 * count])
