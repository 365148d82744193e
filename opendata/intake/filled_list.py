"""A list that somebody filled in, as a CSV file or a workbook: its rows as text, with the numbers they have there.

The file may be hostile: `read_list` reads it in a process of its own, which is this module.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path

from opendata.confined import Bounds, BrokenOffError, Cause, answer_one, ask
from opendata.errors import N_, InputError, TooLargeError, UnreadableFileError, UnsupportedFormatError
from opendata.intake.opening import find_tables, open_table
from opendata.intake.unpack.budget import Limits
from opendata.tables.text.decoding import DecodingFault, read_rows

MOST_BYTES = 20 * 1024 * 1024
"""The largest file of a list."""

_ROWS = 60_000
_COLUMNS = 200
_CHARACTERS = 20_000
_FORMS = frozenset({"csv", "xlsx", "xls", "ods", "xlsb"})
_BOUNDS = Bounds(seconds=60, memory=1024 * 1024 * 1024)

Rows = Sequence[tuple[int, Sequence[str]]]
"""Rows that aren't blank, by the numbers that they have in the file."""


def read_list(path: Path, name: str, folder: Path) -> Rows:
    """The rows of the first visible table of a file called `name`; `folder` is an empty one for what is unpacked.

    Raises `UnsupportedFormatError` for a file that isn't a table, `UnreadableFileError`, `TooLargeError`.
    """
    if path.stat().st_size > MOST_BYTES:
        raise TooLargeError(N_("The file has more than %(size)s MB"), size=MOST_BYTES >> 20)
    request = {"path": str(path), "name": name, "folder": str(folder)}
    try:
        found = json.loads(ask("opendata.intake.filled_list", json.dumps(request).encode(), _BOUNDS))
    except BrokenOffError as error:
        if error.cause in (Cause.TIME, Cause.MEMORY):
            raise TooLargeError(N_("The file is too large to be read here")) from None
        raise UnreadableFileError(N_("The file can't be read: it is damaged")) from None
    if found["form"] not in _FORMS:
        raise UnsupportedFormatError(N_("Send the list as a CSV file or as an Excel workbook"))
    if found["rows"] is None:
        raise UnreadableFileError(N_("The file can't be read: it is damaged"))
    return [(number, cells) for number, cells in found["rows"]]


def _answer(request: bytes) -> bytes:
    given = json.loads(request)
    folder = Path(given["folder"])
    try:
        table = find_tables(Path(given["path"]), given["name"], folder, limits=Limits(total_bytes=20 * MOST_BYTES))[0]
        if table.form not in _FORMS:
            return json.dumps({"form": table.form, "rows": None}).encode()
        opened = open_table(table, folder)
        with closing(read_rows(opened.path, opened.dialect)) as rows:
            found = [
                (number, [cell.strip()[:_CHARACTERS] for cell in row[:_COLUMNS]])
                for number, row in islice(enumerate(rows, start=1), _ROWS)
                if any(cell.strip() for cell in row)
            ]
    except (InputError, DecodingFault) as error:
        form = "" if isinstance(error, UnsupportedFormatError) else "csv"
        return json.dumps({"form": form, "rows": None}).encode()
    return json.dumps({"form": table.form, "rows": found}).encode()


if __name__ == "__main__":
    answer_one(_answer)
