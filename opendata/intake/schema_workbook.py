"""The worksheets of a workbook that somebody filled in, as rows of text.

The file may be hostile: `list_worksheets` reads it in a process of its own, which is this module.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path

from opendata.confined import Bounds, BrokenOffError, Cause, answer_one, ask
from opendata.errors import N_, TooLargeError, UnreadableFileError, UnsupportedFormatError
from opendata.intake.kind.kinds import detect_kind
from opendata.intake.workbook.workbooks import Book
from opendata.tables.limits import MAX_FIELDS

MOST_BYTES = 20 * 1024 * 1024
"""The largest workbook of a schema."""

_SHEETS = 8
_COLUMNS = 200
_BOUNDS = Bounds(seconds=20, memory=512 * 1024 * 1024)

Worksheets = Sequence[tuple[str, Sequence[Sequence[str]]]]


def list_worksheets(path: Path) -> Worksheets:
    """The names of the first worksheets of an XLSX workbook and their rows.

    Raises `UnsupportedFormatError` for another kind of file, `UnreadableFileError`, `TooLargeError`.
    """
    if path.stat().st_size > MOST_BYTES:
        raise TooLargeError(N_("The workbook has more than %(size)s MB"), size=MOST_BYTES >> 20)
    try:
        found = json.loads(ask("opendata.intake.schema_workbook", json.dumps(str(path)).encode(), _BOUNDS))
    except BrokenOffError as error:
        if error.cause in (Cause.TIME, Cause.MEMORY):
            raise TooLargeError(N_("The workbook is too large to be read here")) from None
        raise UnreadableFileError(N_("The workbook can't be read: it is damaged")) from None
    if found["kind"] != "xlsx":
        text = N_("Send the schema as an Excel workbook (XLSX). This file isn't one")
        raise UnsupportedFormatError(text)
    if found["fault"]:
        raise UnreadableFileError(N_("The workbook can't be read: it is damaged"))
    return [(name, rows) for name, rows in found["sheets"]]


def _answer(request: bytes) -> bytes:
    path = Path(json.loads(request))
    kind = detect_kind(path).form
    if kind != "xlsx":
        return json.dumps({"kind": kind}).encode()
    try:
        with closing(Book(path, "xlsx")) as book:
            sheets = []
            for info in book.sheets[:_SHEETS]:
                rows = book.open(info.place or info.name).rows
                sheets.append([info.name, [list(row[:_COLUMNS]) for row in islice(rows, MAX_FIELDS + 1000)]])
    except (UnreadableFileError, TooLargeError):
        return json.dumps({"kind": kind, "fault": True}).encode()
    return json.dumps({"kind": kind, "fault": False, "sheets": sheets}).encode()


if __name__ == "__main__":
    answer_one(_answer)
