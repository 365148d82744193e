"""The tables of a file that somebody filled in, as they are: title rows and headers included, merged areas unfolded.

Who reads them knows the headings, so nothing is guessed of them here. The file may be hostile: `list_filled_sheets`
reads it in a process of its own, which is this module.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from opendata.confined import Bounds, BrokenOffError, Cause, answer_one, ask
from opendata.errors import N_, InputError, TooLargeError, UnreadableFileError, UnsupportedFormatError
from opendata.intake.kind.kinds import detect_kind
from opendata.intake.opening import WORKBOOKS, find_contents, open_table
from opendata.intake.understanding import Choices
from opendata.intake.unpack.budget import Limits
from opendata.intake.word.word_tables import read_word_tables
from opendata.intake.workbook.workbooks import Book
from opendata.tables.text.decoding import DecodingFault, read_rows

MOST_BYTES = 20 * 1024 * 1024
MOST_ROWS = 60_000
MOST_COLUMNS = 100
"""The largest file, and at most this many rows of all its tables together and columns of each."""

_BOUNDS = Bounds(seconds=60, memory=1 << 30)
_UNPACKED_BYTES = 200 << 20
_MOST_ANSWER = 48 << 20
_WORD = "word"


class FilledSheet(NamedTuple):
    """The name of a sheet, or of the file where that is text, and its rows."""

    name: str
    rows: Sequence[Sequence[str]]


def list_filled_sheets(path: Path, name: str) -> Sequence[FilledSheet]:
    """The names and rows of the visible tables of a workbook, a text table, a web page or a Word document (DOCX).

    Rows are those of the source from its first on, blank ones included. Raises `UnsupportedFormatError`,
    `UnreadableFileError`, `TooLargeError`.
    """
    if path.stat().st_size > MOST_BYTES:
        raise TooLargeError(N_("The file has more than %(size)s MB"), size=MOST_BYTES >> 20)
    request = json.dumps({"path": str(path), "name": name}).encode()
    try:
        found = json.loads(ask("opendata.intake.filled_sheets", request, _BOUNDS))
    except BrokenOffError as error:
        if error.cause in (Cause.TIME, Cause.MEMORY):
            raise TooLargeError(N_("The file is too large to be read here. Send its tables one at a time")) from None
        raise UnreadableFileError(N_("The file can't be read: it is damaged")) from None
    if "fault" in found:
        kinds = {"unsupported": UnsupportedFormatError, "large": TooLargeError}
        raise kinds.get(found["kind"], UnreadableFileError)(found["fault"]["message"], **found["fault"]["params"])
    return [FilledSheet(title, rows) for title, rows in found["sheets"]]


def _list(path: Path, name: str, folder: Path) -> Iterator[tuple[str, Iterator[Sequence[str]]]]:
    if detect_kind(path).form == _WORD:
        for number, rows in enumerate(read_word_tables(path, folder), start=1):
            yield str(number), iter(rows)
        return
    seen: set[tuple[Path, str]] = set()
    for table in find_contents(path, name, folder, limits=Limits(total_bytes=_UNPACKED_BYTES)).tables:
        sheet = table.part.sheet if table.part else table.place or ""
        if table.hidden or (table.path, sheet) in seen:
            continue
        seen.add((table.path, sheet))
        if table.form in WORKBOOKS:
            with closing(Book(table.path, table.form)) as book:
                title = next((info.name for info in book.sheets if info.place == sheet), sheet)
                yield title, iter(book.open(sheet, fill_merged=True).rows)
        else:
            opened = open_table(table, folder, choices=Choices(fill_merged=True))
            with closing(read_rows(opened.path, opened.dialect)) as records:
                yield "", records


def _answer(request: bytes) -> bytes:
    given = json.loads(request)
    sheets, left, size = [], MOST_ROWS, 0
    with tempfile.TemporaryDirectory() as folder:
        try:
            for title, source in _list(Path(given["path"]), given["name"], Path(folder)):
                rows = [list(row[:MOST_COLUMNS]) for row in islice(source, left + 1)]
                left -= len(rows)
                size += sum(len(cell) for row in rows for cell in row)
                if left < 0 or size > _MOST_ANSWER // 3:
                    raise TooLargeError(
                        N_("The file has too many rows or too much text. Send its tables one at a time")
                    )
                sheets.append([title, rows])
        except InputError as error:
            return json.dumps({"kind": _name_kind(error), "fault": error.describe()}).encode()
        except DecodingFault:
            text = N_("The file can't be read as text. Save it as an Excel workbook and send it again")
            return json.dumps({"kind": "", "fault": {"message": text, "params": {}}}).encode()
    return json.dumps({"sheets": sheets}).encode()


def _name_kind(error: InputError) -> str:
    if isinstance(error, UnsupportedFormatError):
        return "unsupported"
    return "large" if isinstance(error, TooLargeError) else ""


if __name__ == "__main__":
    answer_one(_answer)
