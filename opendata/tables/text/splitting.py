"""Bytes into columns of text, block by block: by Arrow where the file is plain, by the careful reader where it is not.

A block holds whole records. Where Arrow would read it otherwise than `decoding` (ragged or blank rows), the careful
reader takes the block; where the file is damaged (a quotation mark left open, a NUL, bytes of no character), it takes
the whole file and says where.
"""

from __future__ import annotations

import codecs
import hashlib
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from opendata.tables.arrow.arrays import is_utf8
from opendata.tables.arrow.compiled import find_compiled
from opendata.tables.arrow.shapes import find_lengths
from opendata.tables.text.decoding import MAX_CELL_CHARACTERS, DecodingFault, read_rows, split_bytes
from opendata.tables.text.dialect import Dialect
from opendata.tables.text.records import Records

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

BLOCK_BYTES = 4 * 1024 * 1024
WIDE_BLOCK_BYTES = 16 * 1024 * 1024
MAX_BLOCK_BYTES = 128 * 1024 * 1024
WIDE = 64
BATCH_ROWS = 20_000
BATCH_CELLS = 1_000_000
BATCH_CHARACTERS = 16 * 1024 * 1024
MAX_EXTRA_CELLS = 100
"""At most this many extra cells are kept per row, the rest are counted."""


class NeedsCareError(Exception):
    """Where one record ends and the next begins can only be told by reading the file from its start."""


class Source:
    """The bytes of one file as blocks of whole records in UTF-8, hashed on the way if wanted.

    `sha256` and `has_bare_returns` (records that end in CR alone) are settled when `blocks` has come to its end.
    """

    def __init__(
        self,
        path: Path,
        dialect: Dialect,
        *,
        hashes: bool = True,
        on_bytes: Callable[[int], None] | None = None,
    ) -> None:
        self._path = path
        self.hashes = hashes
        self._dialect = dialect
        self._on_bytes = on_bytes
        self._hash = hashlib.sha256()
        self._count = 0
        self.has_bare_returns = False

    @property
    def sha256(self) -> str:
        """The digest of the bytes read so far."""
        return self._hash.hexdigest()

    def lend(self, size: int, held: int) -> Iterator[memoryview]:
        """The same as `blocks`, but each is where another was: only the last `held` of them are there.

        For a file in UTF-8.
        """
        quote = (self._dialect.quote_char or "").encode()
        buffers = deque(bytearray() for _ in range(held))
        with self._path.open("rb", buffering=0) as stream:
            size = min(size, max(1, os.fstat(stream.fileno()).st_size))
            head = stream.read(self._measure(len(codecs.BOM_UTF8)))
            self._take(head)
            rest = b"" if head == codecs.BOM_UTF8 else head
            wanted = max(1, size - len(head))
            while True:
                kept = len(rest)
                if len(buffers[0]) < kept + wanted:
                    buffers[0] = bytearray(kept + size)
                data = buffers[0]
                data[:kept] = rest
                view = memoryview(data)
                filled = stream.readinto(view[kept : kept + self._measure(wanted)])
                wanted = size
                if not filled:
                    break
                stop = kept + filled
                self._take(view[kept:stop])
                end = _find_end(data, quote, stop)
                rest = bytes(view[end:stop])
                if end:
                    self._look_for_returns(data, quote, end)
                    yield view[:end]
                    buffers.rotate(-1)
                elif stop > MAX_BLOCK_BYTES:
                    raise NeedsCareError
        if rest:
            yield memoryview(self._end(rest, quote))

    def blocks(self, size: int = BLOCK_BYTES) -> Iterator[bytes]:
        """Blocks that end where a record does, if quotes come in pairs. Raises `NeedsCareError` where they do not."""
        rest = b""
        quote = (self._dialect.quote_char or "").encode()
        for chunk in self._read_utf8(size):
            data = rest + chunk if rest else chunk
            end = _find_end(data, quote, len(data))
            if end:
                block, rest = data[:end], data[end:]
                self._look_for_returns(block, quote, end)
                yield block
            else:
                rest = data
                if len(rest) > MAX_BLOCK_BYTES:
                    raise NeedsCareError
        if rest:
            yield self._end(rest, quote)

    def _end(self, rest: bytes, quote: bytes) -> bytes:
        """The last block, which may lack its line end."""
        if quote and rest.count(quote) % 2:
            raise NeedsCareError
        self._look_for_returns(rest, quote, len(rest))
        # With a line end after the last record a quotation mark that is open shows: it takes the line end in.
        return rest if rest.endswith((b"\n", b"\r")) else rest + b"\n"

    def _look_for_returns(self, data: bytes | bytearray, quote: bytes, end: int) -> None:
        if self.has_bare_returns or data.find(b"\r", 0, end) < 0 or (quote and data.find(quote, 0, end) >= 0):
            return
        self.has_bare_returns = data.count(b"\r", 0, end) != data.count(b"\r\n", 0, end)

    def _read_utf8(self, size: int) -> Iterator[bytes]:
        with self._path.open("rb", buffering=0) as stream:
            first = True
            for chunk in self._decode(stream, size):
                yield chunk.removeprefix(codecs.BOM_UTF8) if first else chunk
                first = False

    def _decode(self, stream: BinaryIO, size: int) -> Iterator[bytes]:
        if self._dialect.encoding == "utf-8":
            yield from self._read(stream, size)
            return
        decoder = codecs.getincrementaldecoder(self._dialect.encoding)(errors="strict")
        try:
            for chunk in self._read(stream, size):
                text = decoder.decode(chunk)
                if text:
                    yield text.encode()
            tail = decoder.decode(b"", final=True)
        except UnicodeError:
            raise NeedsCareError from None
        if tail:
            yield tail.encode()

    def _read(self, stream: BinaryIO, size: int) -> Iterator[bytes]:
        while chunk := stream.read(self._measure(size)):
            self._take(chunk)
            yield chunk

    def _measure(self, size: int) -> int:
        """How much is to be read next."""
        end = self._dialect.table_bytes
        return size if end is None else min(size, end - self._count)

    def _take(self, chunk: bytes | memoryview) -> None:
        self._count += len(chunk)
        if self.hashes:
            self._hash.update(chunk)
        if self._on_bytes is not None and chunk:
            self._on_bytes(self._count)


def is_plain(dialect: Dialect) -> bool:
    """Whether Arrow reads this dialect the way it is meant."""
    return (
        dialect.delimiter.isascii()
        and dialect.quote_char in ('"', None)
        and (dialect.double_quote or dialect.quote_char is None)
        and dialect.escape_char is None
        and not dialect.skip_initial_space
        and dialect.comment_char is None
        and not dialect.comment_rows
    )


def split_block(block: bytes, dialect: Dialect, width: int, skipped: int) -> Records:
    """One block as columns. `skipped` records at its start (the header) are left out.

    Raises `NeedsCareError` for damage, and where the block does not end where a record ends.
    """
    import pyarrow as pa
    from pyarrow import csv

    names = [f"f{number}" for number in range(width)]
    quote = (dialect.quote_char or "").encode()
    quoted = bool(quote) and quote in block
    read = csv.ReadOptions(block_size=MAX_BLOCK_BYTES * 4, column_names=names, use_threads=False)
    parse = csv.ParseOptions(
        delimiter=dialect.delimiter,
        quote_char='"' if quoted else False,
        newlines_in_values=quoted,
        ignore_empty_lines=False,
    )
    # As bytes: the block's characters are tested at once, which takes a tenth of what it takes cell by cell.
    convert = csv.ConvertOptions(column_types=dict.fromkeys(names, pa.binary()), strings_can_be_null=False)
    if block.startswith(codecs.BOM_UTF8):  # of the text: that of the file is gone
        raise NeedsCareError
    if b"\0" in block or not is_utf8(block):
        return _split_carefully(block, dialect, width, skipped)
    try:
        table = csv.read_csv(pa.BufferReader(block), read, parse, convert)
    except pa.ArrowInvalid:
        return _split_carefully(block, dialect, width, skipped)
    if table.num_rows < skipped:
        raise NeedsCareError
    if quoted and table.num_rows and _ends_open(_join(table.columns[-1])):
        return _split_carefully(block, dialect, width, skipped)
    columns = [_join(column).view(pa.string()) for column in table.slice(skipped).columns]
    if len(block) > MAX_CELL_CHARACTERS and any(_has_long_cell(column) for column in columns):
        raise NeedsCareError
    rows = table.num_rows - skipped
    if not width or _has_blank_row(columns):
        blank = None if quoted else _find_blank_lines(block)
        if blank is None or len(blank) != table.num_rows:
            return _split_carefully(block, dialect, width, skipped)
        return _empty_lines(columns, blank[skipped:], width)
    plain = None
    if not quoted and dialect.delimiter == "," and width > 1 and b"\r" not in block and b'"' not in block:
        plain = leave_lines_out(block, skipped)
    return Records(columns, rows, plain=plain)


def _split_carefully(block: bytes, dialect: Dialect, width: int, skipped: int) -> Records:
    try:
        rows = list(split_bytes(block, dialect))
    except DecodingFault:
        raise NeedsCareError from None
    if len(rows) < skipped:
        raise NeedsCareError
    return build_records(rows[skipped:], width)


def _find_blank_lines(block: bytes) -> np.ndarray | None:
    """Which lines have no character; None where a line may end in CR alone."""
    import numpy as np

    data = np.frombuffer(block, np.uint8)
    ends = np.flatnonzero(data == ord("\n"))
    sizes = np.diff(ends, prepend=-1) - 1
    if b"\r" in block:
        if block.count(b"\r") != block.count(b"\r\n"):
            return None
        sizes[(sizes > 0) & (data[ends - 1] == ord("\r"))] -= 1
    blank: np.ndarray = sizes == 0
    return blank


def _empty_lines(columns: Sequence[pa.Array], blank: np.ndarray, width: int) -> Records:
    """Records with no cell in those that are blank lines: Arrow gives them empty ones."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    if not blank.any():
        return Records(columns, len(blank))
    mask, none = pa.array(blank), pa.scalar(None, pa.string())
    emptied = [pc.if_else(mask, none, column) for column in columns]
    return Records(emptied, len(blank), sizes=np.where(blank, 0, width), extra={})


def split_rows(
    path: Path, dialect: Dialect, width: int, skipped: int, *, on_bytes: Callable[[int], None] | None = None
) -> Iterator[Records | DecodingFault]:
    """The whole file by the careful reader, in batches; where it is damaged the last item says how."""
    rows: list[list[str]] = []
    numbers: list[int] = []
    weight, most = 0, max(200, min(BATCH_ROWS, BATCH_CELLS // max(1, width)))
    has_comments = bool(dialect.comment_char or dialect.comment_rows)
    comments = frozenset(dialect.comment_rows)
    fault = None
    try:
        for number, row in enumerate(read_rows(path, dialect, on_bytes=on_bytes), start=1):
            if number <= skipped or number in comments:
                continue
            if dialect.comment_char and row and row[0].startswith(dialect.comment_char):
                continue
            rows.append(row)
            numbers.append(number)
            weight += sum(map(len, row))
            if len(rows) == most or weight >= BATCH_CHARACTERS:
                yield build_records(rows, width, numbers if has_comments else None)
                rows, numbers, weight = [], [], 0
    except DecodingFault as found:
        fault = found
    if rows:
        yield build_records(rows, width, numbers if has_comments else None)
    if fault is not None:
        yield fault


def build_records(rows: list[list[str]], width: int, numbers: Sequence[int] | None = None) -> Records:
    """Rows of cells as columns, ragged ones made even."""
    import numpy as np
    import pyarrow as pa

    sizes = np.fromiter(map(len, rows), np.int64, len(rows))
    records = Records([], len(rows), numbers=None if numbers is None else np.array(numbers, np.int64))
    padded: list[list[str | None]] = list(rows)  # type: ignore[arg-type]
    if (sizes != width).any():
        records.sizes, records.extra = sizes, {}
        for index in np.flatnonzero(sizes != width).tolist():
            row = rows[index]
            if len(row) > width:
                records.extra[index] = row[width : width + MAX_EXTRA_CELLS]
            padded[index] = [*row[:width], *([None] * (width - len(row)))]
    columns = zip(*padded, strict=True) if rows else ([] for _ in range(width))
    records.columns = [pa.array(column, pa.string()) for column in columns]
    return records


def _find_end(data: bytes | bytearray, quote: bytes, size: int) -> int:
    """Where the last record that surely ends in the first bytes ends; 0 for none. Quotes before it come in pairs."""
    mark = b"\n" if data.find(b"\n", 0, size) >= 0 else b"\r"
    end = data.rfind(mark, 0, size - (mark == b"\r")) + 1
    if not quote or data.find(quote, 0, size) < 0:
        return end
    is_odd = find_compiled("is_odd")
    odd = is_odd(data, ord(quote), end) if is_odd else data.count(quote, 0, end) % 2
    while end and odd:
        before = data.rfind(mark, 0, end - 1) + 1
        odd = (odd + data.count(quote, before, end)) % 2
        end = before
    return end


def leave_lines_out(block: bytes, count: int) -> bytes:
    """The block without its first lines, ending in a line end."""
    start = 0
    for _ in range(count):
        start = block.find(b"\n", start) + 1
        if not start:
            return b""
    return block[start:] if block.endswith(b"\n") else block[start:] + b"\n"


def _join(column: pa.ChunkedArray) -> pa.Array:
    import pyarrow as pa

    chunks = column.chunks
    return chunks[0] if len(chunks) == 1 else pa.concat_arrays(chunks) if chunks else pa.array([], pa.binary())


def _has_blank_row(columns: Sequence[pa.Array]) -> bool:
    """Whether some row has nothing in any cell: it may be a blank line, whose cells are not there at all."""
    import pyarrow.compute as pc

    blank = None
    for column in columns:
        empty = pc.equal(column, "")
        blank = empty if blank is None else pc.and_(blank, empty)
        if not pc.any(blank, min_count=0).as_py():
            return False
    return True


def _has_long_cell(column: pa.Array) -> bool:
    return bool(find_lengths(column).max(initial=0) > MAX_CELL_CHARACTERS)


def _ends_open(column: pa.Array) -> bool:
    """Whether the last cell took in a line end: a quotation mark in it may be open still."""
    return bytes(column[-1].as_py()).endswith((b"\n", b"\r"))


def hash_file(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
