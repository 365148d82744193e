"""A table whose package has it in several files: the files joined in their order, each with the same header."""

from __future__ import annotations

import codecs
import hashlib
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from opendata.errors import N_, InvalidPackageError

_BLOCK = 1 << 20
_MOST_HEADER_BYTES = 1 << 20
_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)


def join_pieces(pieces: Sequence[tuple[str, Path]], dialect: Mapping[str, Any] | None, target: Path) -> None:
    """Write the files (path in the package, file) into one, with the header of the first.

    Raises `InvalidPackageError` where a file has another header than the first, or is written in wide characters.
    """
    lines = _count_header_lines(dialect or {})
    first, expected = pieces[0][0], b""
    with target.open("wb") as joined:
        for number, (path, file) in enumerate(pieces):
            with file.open("rb") as opened:
                header = _read_header(opened, lines, path)
                if number == 0:
                    expected = header
                    joined.write(header)
                elif _plain(header) != _plain(expected):
                    raise InvalidPackageError(
                        N_("The header of “%(path)s” isn't that of “%(first)s”: %(found)s instead of %(expected)s"),
                        path=path,
                        first=first,
                        found=_show(header),
                        expected=_show(expected),
                    )
                _copy_rows(opened, joined)


def hash_pieces(pieces: Sequence[tuple[str, Path]], kind: str) -> str:
    """The digest of the bytes of files one after the other, in hexadecimal digits."""
    hashed = hashlib.new(kind)
    for _, file in pieces:
        with file.open("rb") as opened:
            while block := opened.read(_BLOCK):
                hashed.update(block)
    return hashed.hexdigest()


def _copy_rows(opened: BinaryIO, joined: BinaryIO) -> None:
    """Write the rest of a file, which then ends with its line."""
    start = joined.tell()
    shutil.copyfileobj(opened, joined, _BLOCK)
    if joined.tell() > start:
        opened.seek(-1, 2)
        if opened.read(1) not in b"\r\n":
            joined.write(b"\n")


def _count_header_lines(dialect: Mapping[str, Any]) -> int:
    """How many lines come before the first row."""
    if dialect.get("header") is False:
        return 0
    rows = dialect.get("headerRows")
    numbers = [row for row in rows if type(row) is int] if isinstance(rows, list) else []
    return max(numbers, default=1)


def _read_header(opened: BinaryIO, lines: int, path: str) -> bytes:
    """The lines before the first row, with a mark of UTF-8 before them; a quoted name may have line ends in it."""
    head = opened.read(4)
    opened.seek(0)
    if head.startswith(_WIDE):
        raise InvalidPackageError(
            N_("“%(path)s” is UTF-16 or UTF-32, in which files aren't joined. Write it in UTF-8"), path=path
        )
    found = b""
    for _ in range(lines):
        record = b""
        while (line := opened.readline(_MOST_HEADER_BYTES)) and len(record) < _MOST_HEADER_BYTES:
            record += line
            if record.count(b'"') % 2 == 0:
                break
        found += record
    if not lines and head.startswith(codecs.BOM_UTF8):
        opened.seek(len(codecs.BOM_UTF8))
    if found and not found.endswith((b"\n", b"\r")):
        found += b"\n"
    return found


def _plain(header: bytes) -> bytes:
    return header.removeprefix(codecs.BOM_UTF8).replace(b"\r\n", b"\n").strip(b"\r\n")


def _show(header: bytes) -> str:
    text = _plain(header).decode("utf-8", "replace")
    return f"“{text[:200]}”" if text else "—"
