"""The rows of a form that somebody filled in and sent as an XLSX workbook or as CSV, as texts.

The file may be hostile: `read_sheet` reads it in a process of its own, which is this module.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from opendata.confined import Bounds, BrokenOffError, Cause, answer_one, ask
from opendata.errors import N_, TooLargeError, UnreadableFileError, UnsupportedFormatError
from opendata.intake.kind.kinds import detect_kind
from opendata.intake.text.delimited import find_dialect
from opendata.intake.text.encodings import find_encoding
from opendata.intake.workbook.workbooks import Book
from opendata.tables.text.decoding import DecodingFault, read_rows
from opendata.tables.text.dialect import read_dialect

MOST_BYTES = 20 * 1024 * 1024
"""The largest form."""

_COLUMNS = 200
_BOUNDS = Bounds(seconds=30, memory=512 * 1024 * 1024)
_DAMAGED = N_("The file can't be read: it is damaged")


@dataclass(frozen=True, slots=True)
class FilledSheet:
    """The first worksheet of a form; `name` is empty for CSV. `is_cut` tells that it has more rows than were read."""

    name: str
    rows: Sequence[Sequence[str]]
    is_cut: bool = False


def read_sheet(path: Path, most_rows: int) -> FilledSheet:
    """The first worksheet of an XLSX workbook, or the records of a CSV file.

    Raises `UnsupportedFormatError` for another kind of file, `UnreadableFileError`, `TooLargeError`.
    """
    if path.stat().st_size > MOST_BYTES:
        raise TooLargeError(N_("The file has more than %(size)s MB"), size=MOST_BYTES >> 20)
    request = json.dumps({"path": str(path), "rows": most_rows + 1}).encode()
    try:
        found = json.loads(ask("opendata.intake.filled_sheets", request, _BOUNDS))
    except BrokenOffError as error:
        if error.cause in (Cause.TIME, Cause.MEMORY):
            raise TooLargeError(N_("The file is too large to be read here")) from None
        raise UnreadableFileError(_DAMAGED) from None
    if "fault" in found:
        if found["fault"] == "kind":
            raise UnsupportedFormatError(
                N_("Send the form as an Excel workbook (XLSX) or as CSV. This file is neither")
            )
        raise UnreadableFileError(_DAMAGED)
    return FilledSheet(found["name"], found["rows"][:most_rows], is_cut=len(found["rows"]) > most_rows)


def _answer(request: bytes) -> bytes:
    wanted = json.loads(request)
    path, most = Path(wanted["path"]), int(wanted["rows"])
    form = detect_kind(path).form
    if form not in ("xlsx", "csv"):
        return json.dumps({"fault": "kind"}).encode()
    try:
        name, rows = _read_workbook(path, most) if form == "xlsx" else ("", _read_text(path, most))
    except (UnreadableFileError, TooLargeError, DecodingFault):
        return json.dumps({"fault": "damaged"}).encode()
    return json.dumps({"name": name, "rows": rows}).encode()


def _read_workbook(path: Path, most: int) -> tuple[str, list[list[str]]]:
    with closing(Book(path, "xlsx")) as book:
        info = book.sheets[0]
        rows = book.open(info.place or info.name).rows
        return info.name, [list(row[:_COLUMNS]) for row in islice(rows, most)]


def _read_text(path: Path, most: int) -> list[list[str]]:
    encoding = find_encoding(path).encoding
    descriptor, _ = find_dialect(path, encoding, None)
    rows = read_rows(path, read_dialect(descriptor, encoding=encoding))
    return [row[:_COLUMNS] for row in islice(rows, most)]


if __name__ == "__main__":
    answer_one(_answer)
