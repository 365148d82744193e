"""Tables that people filled in by a template of ours, read from any file that we read tables from.

The file may be hostile: `read_filled` reads it in a process of its own, which is this module. The rows it finds are
written into a folder, a JSON line for each, since there may be many thousands.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from opendata.confined import Bounds, BrokenOffError, Cause, answer_one, ask
from opendata.errors import N_, OpendataError, TooLargeError, UnreadableFileError
from opendata.intake.opening import find_tables, open_table
from opendata.intake.understanding import Choices
from opendata.tables.schema.header import read_labels
from opendata.tables.text.decoding import DecodingFault, read_rows

MOST_BYTES = 60 * 1024 * 1024
"""The largest file that is taken."""

_BOUNDS = Bounds(seconds=120, memory=2 * 1024**3)


@dataclass(frozen=True, slots=True)
class FilledTable:
    """A table of a file: the sheet it is on (empty in text files), its headings, and the file of its rows.

    `before` is how many columns are left of it.
    """

    sheet: str
    labels: Sequence[str]
    path: Path
    before: int = 0

    def read(self) -> Iterator[tuple[int, Sequence[str]]]:
        """Its rows with their numbers in the file that was sent."""
        with self.path.open(encoding="utf-8") as lines:
            for line in lines:
                number, cells = json.loads(line)
                yield number, cells


def read_filled(path: Path, name: str, folder: Path, known: Sequence[str]) -> Sequence[FilledTable]:
    """The tables of a file called `name`; `known` are the headings of the template, which help to find where they are.

    `folder` takes what is made of it. Raises `UnreadableFileError`, `TooLargeError`.
    """
    if path.stat().st_size > MOST_BYTES:
        raise TooLargeError(N_("The file has more than %(size)s MB. Send it in parts"), size=MOST_BYTES >> 20)
    request = {"path": str(path), "name": name, "folder": str(folder), "known": list(known)}
    try:
        found = json.loads(ask("opendata.intake.filled_tables", json.dumps(request).encode(), _BOUNDS))
    except BrokenOffError as error:
        if error.cause in (Cause.TIME, Cause.MEMORY):
            raise TooLargeError(N_("The file is too large to be read here. Send it in parts")) from None
        raise UnreadableFileError(N_("The file can't be read: it is damaged")) from None
    if found["fault"] is not None:
        raise UnreadableFileError(N_("The file can't be read: it isn't a table, or it is damaged"))
    return [FilledTable(item["sheet"], item["labels"], Path(item["path"]), item["before"]) for item in found["tables"]]


def _answer(request: bytes) -> bytes:
    said = json.loads(request)
    try:
        tables = list(_read_tables(Path(said["path"]), said["name"], Path(said["folder"]), said["known"]))
    except (OpendataError, DecodingFault) as error:
        return json.dumps({"fault": str(error)}).encode()
    return json.dumps({"fault": None, "tables": tables}).encode()


def _read_tables(path: Path, name: str, folder: Path, known: Sequence[str]) -> Iterator[dict[str, object]]:
    for number, found in enumerate(find_tables(path, name, folder)):
        if found.hidden:
            continue
        opened = open_table(found, folder, choices=Choices(fill_merged=True), known=known)
        skipped = frozenset(opened.dialect.comment_rows)
        first = max(opened.dialect.header_rows, default=0)
        target = folder / f"filled-{number}.jsonl"
        with closing(read_rows(opened.path, opened.dialect)) as rows, target.open("w", encoding="utf-8") as out:
            labels = read_labels(list(islice(rows, first)), opened.dialect) if first else ()
            for row, cells in enumerate(rows, first + 1):
                if row not in skipped and any(map(str.strip, cells)):
                    out.write(json.dumps([row, cells], ensure_ascii=False) + "\n")
        before = 0 if opened.is_whole else opened.understanding.layout.first_column - 1
        sheet = (found.place or "").partition("#")[0]
        yield {"sheet": sheet, "labels": list(labels), "path": str(target), "before": before}


if __name__ == "__main__":
    answer_one(_answer)
