"""How a table would be read under some choices: what is understood of it, and its first rows.

The file may be hostile: `preview` reads it in a process of its own, which is this module. Request and answer are JSON.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from itertools import dropwhile, islice
from pathlib import Path
from typing import Any

from opendata.confined import Bounds, answer_one, ask
from opendata.errors import Fault, InputError
from opendata.intake.opening import find_contents, open_table
from opendata.intake.text.encodings import decode_sample, find_encoding
from opendata.intake.understanding import read_choices
from opendata.intake.unpack.budget import Limits
from opendata.tables.text.decoding import DecodingFault, read_rows
from opendata.tables.text.dialect import Dialect, restore_dialect
from opendata.tables.text.lines import split_lines

SHOWN_ROWS = 40
SHOWN_COLUMNS = 60
SHOWN_CHARACTERS = 200
"""At most so many rows, columns of a row, and characters of a cell are shown."""

_SAMPLE_BYTES = 4096
_SAMPLE_LINES = 4
_UNPACKED_BYTES = 1 << 30

Row = tuple[int, str, Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A file called `file` to be read again: the table at `place` in it, by `choices` (as `read_choices` reads them).

    `folder` is an empty one for what is unpacked, `known` are names its columns may have.
    """

    path: str
    file: str
    folder: str
    place: str | None
    choices: Mapping[str, Any]
    known: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LastReading:
    """A table as it was read last: the text that was checked, its dialect (`Dialect.describe`), what was understood.

    `sample` is the file as it came, if it is text.
    """

    text: str | None
    dialect: Mapping[str, Any] | None
    reading: Mapping[str, Any]
    sample: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """`reading` is what is understood (see `Understanding.describe`), `rows` the first ones that are not blank.

    A row has its number, what it is (`title`, `header`, `row`) and its cells. `samples` are the first lines in the two
    most likely encodings, `sheets` the tables of the file, `fault` why the choices cannot be followed.
    """

    reading: Mapping[str, Any]
    rows: Sequence[Row] = ()
    samples: Sequence[tuple[str, str]] = ()
    sheets: Sequence[str] = ()
    fault: InputError | None = None


def preview(
    attempt: Attempt | None, last: LastReading, bounds: Bounds, *, is_wanted: Callable[[], bool] = lambda: True
) -> Preview:
    """Read a table again or, without an attempt or where that fails, as it was read last; within bounds.

    Raises `BrokenOffError`.
    """
    request = {"attempt": asdict(attempt) if attempt is not None else None, "last": asdict(last)}
    answer = ask("opendata.intake.preview", json.dumps(request).encode(), bounds, is_wanted=is_wanted)
    found = json.loads(answer)
    return Preview(
        reading=found["reading"],
        rows=[(number, role, cells) for number, role, cells in found["rows"]],
        samples=[(encoding, text) for encoding, text in found["samples"]],
        sheets=found["sheets"],
        fault=_restore_error(found["fault"]) if found["fault"] else None,
    )


def read_attempt(attempt: Attempt) -> Preview:
    """Read a table again, in this process. Raises `InputError`."""
    folder = Path(attempt.folder)
    contents = find_contents(Path(attempt.path), attempt.file, folder, limits=Limits(total_bytes=_UNPACKED_BYTES))
    tables = [table for table in contents.tables if not table.hidden]
    table = next((item for item in tables if attempt.place is not None and item.place == attempt.place), tables[0])
    opened = open_table(table, folder, choices=read_choices(attempt.choices), known=attempt.known)
    reading = opened.understanding.describe()
    return Preview(
        reading=reading,
        rows=list_rows(opened.path, opened.dialect, reading),
        samples=list_samples(table.path) if table.form == "csv" else (),
        sheets=[item.place or item.name for item in tables],
    )


def show_last(last: LastReading) -> Preview:
    """A table as it was read last, in this process."""
    rows: Sequence[Row] = ()
    if last.text is not None and last.dialect is not None:
        rows = list_rows(Path(last.text), restore_dialect(last.dialect), last.reading)
    samples = list_samples(Path(last.sample)) if last.sample is not None else ()
    return Preview(reading=last.reading, rows=rows, samples=samples)


def list_rows(path: Path, dialect: Dialect, reading: Mapping[str, Any]) -> Sequence[Row]:
    """The first rows that are not blank, with their numbers and what they are, up to where the text can be split."""
    dialect = replace(dialect, table_bytes=None)
    header_rows, last = reading.get("header_rows", dialect.header_rows), reading.get("last_row")
    header = max(header_rows, default=0)
    found: list[Row] = []
    try:
        with closing(read_rows(path, dialect)) as rows:
            numbered = dropwhile(lambda item: not any(item[1]), enumerate(rows, start=1))
            for number, row in islice(numbered, SHOWN_ROWS):
                role = "header" if number in header_rows else "title" if number < header else "row"
                if number in dialect.comment_rows or (last is not None and number > last):
                    role = "title"
                found.append((number, role, [cell[:SHOWN_CHARACTERS] for cell in row[:SHOWN_COLUMNS]]))
    except DecodingFault:
        return found
    return found


def list_samples(path: Path) -> Sequence[tuple[str, str]]:
    """The encodings that fit the whole file, at most two, each with the first lines read so."""
    candidates = [item for item in find_encoding(path).candidates if item.fault is None][:2]
    samples = []
    for item in candidates:
        text = decode_sample(path, item.encoding, _SAMPLE_BYTES)
        lines = [line.rstrip("\r\n") for line in split_lines(text) if line.strip()]
        telling = [line for line in lines if not line.isascii()] or lines
        samples.append((item.encoding, "\n".join(telling[:_SAMPLE_LINES])))
    return samples


def _answer(request: bytes) -> bytes:
    given = json.loads(request)
    last, fault = LastReading(**given["last"]), None
    if given["attempt"] is None:
        found = show_last(last)
    else:
        try:
            found = read_attempt(Attempt(**given["attempt"]))
        except InputError as error:
            found, fault = show_last(last), _describe_error(error)
    parts = {"reading": found.reading, "rows": found.rows, "samples": found.samples, "sheets": found.sheets}
    return json.dumps({**parts, "fault": fault}).encode()


def _describe_error(error: InputError) -> dict[str, Any]:
    faults = [[item.pointer, item.message, _keep(dict(item.params))] for item in error.faults]
    return {"message": error.message, "params": _keep(error.params), "faults": faults}


def _keep(params: Mapping[str, object]) -> dict[str, object]:
    return {key: value if isinstance(value, str | int | float) else str(value) for key, value in params.items()}


def _restore_error(kept: Mapping[str, Any]) -> InputError:
    faults = [Fault(pointer, message, tuple(params.items())) for pointer, message, params in kept["faults"]]
    return InputError(kept["message"], faults=faults, **kept["params"])


if __name__ == "__main__":
    answer_one(_answer)
