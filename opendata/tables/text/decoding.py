"""Bytes into rows of text: the encoding proved, records split, damage located.

Rows are numbered as records from 1, header included, the way a spreadsheet numbers them.
Source: RFC 4180.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from opendata.domain.findings import Problem
from opendata.tables.limits import MAX_FIELDS
from opendata.tables.text.dialect import Dialect
from opendata.tables.text.lines import split_lines

MAX_CELL_CHARACTERS = 16 * 1024 * 1024
MAX_LINE_CHARACTERS = 64 * 1024 * 1024
CHUNK_BYTES = 1 << 20
"""This many bytes are read at once; the result is the same for any number."""

_END = "\0"
_FEW_LETTERS = 4


@dataclass(slots=True, eq=False)
class DecodingFault(Exception):  # noqa: N818 - it is reported as a finding, not as a failure of the program
    """Where the bytes stop being a table: why, and at which record, from 1."""

    problem: Problem
    row: int


def read_rows(
    path: Path, dialect: Dialect, *, on_bytes: Callable[[int], None] | None = None
) -> Generator[list[str], None, None]:
    """Yield the records of a delimited text file, header and comments included, in constant memory.

    `on_bytes` hears how many bytes have been read. Raises `DecodingFault` for bytes that are not of the encoding, a NUL
    character, an unclosed quote, and a cell or line beyond the limits.
    """
    with path.open("rb") as stream:
        yield from _split(dialect, _Lines(stream, dialect, path, on_bytes))


def split_bytes(data: bytes, dialect: Dialect) -> Generator[list[str], None, None]:
    """The records of some UTF-8 bytes, numbered from 1. Raises `DecodingFault` as `read_rows` does."""
    yield from _split(dialect, _Lines(io.BytesIO(data), replace(dialect, encoding="utf-8", table_bytes=None)))


def _split(dialect: Dialect, lines: _Lines) -> Iterator[list[str]]:
    csv.field_size_limit(MAX_CELL_CHARACTERS)  # of the whole process: put back, it would cut off a reader beside
    row = 0
    try:
        for record in dialect.split(lines):
            if lines.ended:
                # The last line fed is a mark of our own: alone in its record, or swallowed by an open quote.
                if record != [_END]:
                    raise _fault("unclosed-quote", row + 1)
                return
            row += 1
            lines.row = row + 1
            if len(record) > MAX_FIELDS:
                raise _fault("too-many-cells", row, count=len(record), limit=MAX_FIELDS)
            yield record
    except csv.Error as error:
        if "field larger" in str(error):
            raise _fault("cell-too-long", row + 1, limit=MAX_CELL_CHARACTERS) from None
        raise _fault("unsplittable-row", row + 1, reason=str(error)) from None


def _fault(code: str, row: int, **params: object) -> DecodingFault:
    return DecodingFault(Problem(code, params={"row": row, **params}), row)


class _Lines:
    """The text lines of a stream, then the mark. Tells the bytes read, and where something is wrong."""

    def __init__(
        self,
        stream: BinaryIO,
        dialect: Dialect,
        path: Path | None = None,
        on_bytes: Callable[[int], None] | None = None,
    ) -> None:
        self._path = path
        self._dialect = dialect
        self._stream = stream
        self._on_bytes = on_bytes
        self._lines = self._read()
        self._line = 1
        self.ended = False
        self.row = 1

    def __iter__(self) -> Iterator[str]:
        return self._lines

    def _read(self) -> Iterator[str]:
        rest = ""
        for text, broken in self._decode():
            text, nul, _ = text.partition("\0")
            damaged = bool(nul) or broken is not None
            lines = _split_off_rest(rest + text, complete=damaged)
            rest = lines.pop()
            yield from lines
            self._line += len(lines)
            if nul:
                raise _fault("nul-byte", self.row)
            if broken is not None:
                raise self._find_broken(broken)
            if len(rest) > MAX_LINE_CHARACTERS:
                raise _fault("line-too-long", self.row, limit=MAX_LINE_CHARACTERS)
        if rest:
            yield rest if rest.endswith(("\n", "\r")) else rest + "\n"
        self.ended = True
        yield _END

    def _decode(self) -> Iterator[tuple[str, int | None]]:
        """Pieces of text; the last one with the offset from 0 of the byte after it that is not of the encoding."""
        decoder = codecs.getincrementaldecoder(self._dialect.encoding)(errors="strict")
        count = 0
        first = True
        more = True
        while more:
            end = self._dialect.table_bytes
            chunk = self._stream.read(CHUNK_BYTES if end is None else min(CHUNK_BYTES, end - count))
            more = bool(chunk)
            held = len(decoder.getstate()[0])
            broken = None
            try:
                text = decoder.decode(chunk, final=not more)
            except UnicodeDecodeError as error:
                text = error.object[: error.start].decode(error.encoding, errors="replace")
                broken = count - held + error.start
            except UnicodeError:  # UTF-16 without the mark that tells its byte order
                text, broken = "", count
            count += len(chunk)
            if more and self._on_bytes:
                self._on_bytes(count)
            if first and text:
                text, first = text.removeprefix("\ufeff"), False
            yield text, broken

    def _find_broken(self, offset: int) -> DecodingFault:
        name = self._dialect.encoding.upper()
        guess = _guess_encoding(self._path) if name == "UTF-8" and self._path else None
        params = {"line": self._line, "byte": offset + 1, "encoding": name}
        if guess:
            return DecodingFault(Problem("mistaken-encoding", params={**params, "guess": guess}), self.row)
        return DecodingFault(Problem("encoding-error", params=params), self.row)


def _split_off_rest(text: str, *, complete: bool) -> list[str]:
    """Lines with their ends (LF, CRLF, CR alike); the last item is what has no sure end yet.

    Where more text follows, a CR at the end is not sure: its LF may be the next character.
    """
    lines = split_lines(text)
    sure = ("\n", "\r") if complete else ("\n",)
    return lines if lines and not lines[-1].endswith(sure) else [*lines, ""]


def is_mostly_utf8(data: bytes) -> bool:
    """Whether nearly all characters beyond ASCII are UTF-8: in another encoding, hardly one in ten would be."""
    text = codecs.getincrementaldecoder("utf-8")("replace").decode(data)
    broken = text.count("\ufffd")
    letters = sum(letter >= "\x80" for letter in text) - broken
    return letters >= max(_FEW_LETTERS, 4 * broken)


def _guess_encoding(path: Path) -> str | None:
    """A name for a hint in a message, nothing more: no decision rests on it."""
    with path.open("rb") as stream:
        head = stream.read(CHUNK_BYTES)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "UTF-16"
    if is_mostly_utf8(head):
        return None
    try:
        codecs.getincrementaldecoder("gb18030")(errors="strict").decode(head)
    except UnicodeDecodeError:
        return None
    return "GB18030 / GBK"
