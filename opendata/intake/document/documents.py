"""Documents (JSON, XML, HTML) as text: decoded piece by piece, and the bounds that hold for all of them.

The encoding is the one the file marks at its start, else the one that is given, else UTF-8.
Sources: Unicode ch. 23.8 (byte order mark); WHATWG Encoding (labels stand for the wider encoding).
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from pathlib import Path

from opendata.errors import N_, UnreadableFileError

MAX_COLUMNS = 16_384
"""At most this many columns are read from a document, as many as a worksheet has; more are refused."""

MAX_DEPTH = 100
_PIECE_BYTES = 1 << 20
_HEAD_BYTES = 4096
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_WIDER = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "big5": "big5hkscs",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "iso8859-1": "cp1252",
    "ascii": "utf-8",
    "utf-8-sig": "utf-8",
}


def _read_head(path: Path) -> bytes:
    """The first bytes of a file: enough for a mark or a declaration of its encoding."""
    with path.open("rb") as stream:
        return stream.read(_HEAD_BYTES)


def find_encoding(path: Path, given: str | None, declaration: re.Pattern[bytes]) -> str | None:
    """The encoding of the mark, the one a person gave, the one that a match of `declaration` names."""
    head = _read_head(path)
    declared = declaration.search(head.replace(b"\0", b""))
    return _find_mark(head) or given or (_widen(declared[1].decode("ascii")) if declared else None)


def _find_mark(head: bytes) -> str | None:
    """The encoding that the first bytes prove: by a byte order mark, or by the zeros beside the first character."""
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    zeros = [byte == 0 for byte in head[:4]]
    if len(zeros) == 4 and sum(zeros) >= 2:
        wide = {(True, True, True, False): "utf-32-be", (False, True, True, True): "utf-32-le"}
        narrow = {(True, False): "utf-16-be", (False, True): "utf-16-le"}
        return wide.get((zeros[0], zeros[1], zeros[2], zeros[3])) or narrow.get((zeros[0], zeros[1]))
    return None


def _widen(label: str) -> str | None:
    """Python's name of the encoding that files under this label are really in; None for no known encoding of text."""
    try:
        name = codecs.lookup(label).name
        "a".encode(name)
    except (LookupError, ValueError):
        return None
    return _WIDER.get(name, name)


def settle_encoding(path: Path, given: str | None) -> str:
    """The encoding a document is read in: the one it marks at its start, else the given one, else UTF-8."""
    return _find_mark(_read_head(path)) or _widen(given or "utf-8") or "utf-8"


def read_pieces(path: Path, encoding: str | None) -> Iterator[str]:
    """The text of a file in pieces of about a megabyte, without its byte order mark.

    Raises `UnreadableFileError` where a byte is not of the encoding.
    """
    name = settle_encoding(path, encoding)
    decoder = codecs.getincrementaldecoder(name)()
    done = 0
    with path.open("rb") as stream:
        while True:
            data = stream.read(_PIECE_BYTES)
            held = len(decoder.getstate()[0])
            try:
                text = decoder.decode(data, final=not data)
            except UnicodeDecodeError as error:
                raise UnreadableFileError(
                    N_(
                        "Byte %(byte)s of the file isn't valid %(encoding)s. Choose the correct encoding, or"
                        " save the file again as UTF-8"
                    ),
                    byte=done - held + error.start + 1,
                    encoding=name,
                ) from None
            if done == 0:
                text = text.removeprefix("\ufeff")
            done += len(data)
            if text:
                yield text
            if not data:
                return


def check_width(columns: int) -> None:
    """Raises `UnreadableFileError` for more columns than a worksheet holds."""
    if columns > MAX_COLUMNS:
        raise UnreadableFileError(
            N_("The table has more than %(limit)s columns. Its rows and columns may have been swapped by mistake"),
            limit=MAX_COLUMNS,
        )


def count_gaps(gaps: int) -> None:
    """Raises `UnreadableFileError` where a file lays out far more empty cells than it writes."""
    if gaps > 50_000_000:
        raise UnreadableFileError(
            N_("The table includes millions of empty cells. Copy the filled part into a new file")
        )
