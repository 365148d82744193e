"""Disclosures of authorised operation as files: a workbook with a worksheet for each table, and CSV; and read back."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any, BinaryIO

from opendata.domain.registers.operation import COLUMNS, OperationTables, Part, list_cells, read_tables
from opendata.errors import N_, Fault, InvalidMetadataError, TooLargeError, fault
from opendata.intake.filled_sheets import MOST_BYTES, FilledSheet, list_filled_sheets
from opendata.services.core.actors import Actor, require_editor
from opendata.services.core.context import Context
from opendata.services.governance.registers.operation import PublishedOperation
from opendata.settings import LANGUAGES
from opendata.tables.forms.book import Book, measure, name_sheet
from opendata.tables.forms.csv_lines import write_csv_line
from opendata.tables.forms.workbook_parts import name_column
from opendata.wording.governance.operation import CHOICES, PARTS
from opendata.wording.governance.operation import COLUMNS as NAMES
from opendata.wording.voice import Voice, voice_of

COLUMN_NAMES = ("year", "publisher", "table", "row", "column", "value")
"""The columns of the file with one cell a line."""

_DAY = re.compile(r"([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?(?:[ T]00:00(?::00)?)?")


@dataclass(frozen=True, slots=True)
class CellFault:
    """A cell that is wrong: its worksheet and place, and what is wrong."""

    place: str
    fault: Fault


@dataclass(frozen=True, slots=True)
class SheetTrial:
    """What a workbook says, and the cells that are wrong. `rows` are as `read_tables` takes them."""

    rows: Mapping[str, Sequence[Mapping[str, str]]]
    wrong: Sequence[CellFault]


class OperationSheets:
    """Tries workbooks that were filled in."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def run(self, actor: Actor | None, publisher: str, stream: IO[bytes], name: str) -> SheetTrial:
        """What a workbook would enter for a publisher. Raises as `try_book`, and `NotPermittedError`."""
        require_editor(actor, publisher)
        return try_book(self._context, stream, name)


def write_book(tables: OperationTables, parts: Sequence[Part], voice: Voice) -> BinaryIO:
    """A worksheet for each of these tables, in the language of `voice`."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        book = Book(archive)
        for part in parts:
            headings = [voice.translate(NAMES[column.name]) for column in COLUMNS[part]]
            rows = [
                [_say(column.name, row.get(column.name, ""), voice) for column in COLUMNS[part]]
                for row in tables.list(part)
            ]
            if not rows and tables.notes.get(part):
                rows = [[tables.notes[part]]]
            with book.begin_sheet(name_sheet(voice.translate(PARTS[part])), measure([headings, *rows])) as sheet:
                sheet.write_texts(headings, "heading")
                for row in rows:
                    sheet.write_texts(row, "wrapped")
        book.finish()
    out.seek(0)
    return out


def write_cells(reports: Iterable[PublishedOperation]) -> Iterator[str]:
    """The cells of reports as lines of CSV."""
    yield "\ufeff" + write_csv_line(COLUMN_NAMES)
    for found in reports:
        for cell in list_cells(found.tables):
            yield write_csv_line((found.year, found.publisher.id, *cell))


def try_book(context: Context, stream: IO[bytes], name: str) -> SheetTrial:
    """The tables of a workbook that was filled in, each known by the name of its worksheet or by its headings.

    Raises `InvalidMetadataError` where no worksheet is one of a report, `UnreadableFileError`,
    `UnsupportedFormatError`, `TooLargeError`.
    """
    with context.work_folder() as folder:
        path = folder / "operation"
        with path.open("wb") as file:
            while chunk := stream.read(1 << 20):
                file.write(chunk)
                if file.tell() > MOST_BYTES:
                    raise TooLargeError(N_("The file has more than %(size)s MB"), size=MOST_BYTES >> 20)
        sheets = list_filled_sheets(path, name)
    rows: dict[str, list[Mapping[str, str]]] = {}
    places: dict[str, list[tuple[str, int, Sequence[str]]]] = {}
    for sheet in sheets:
        part = _find_part(sheet)
        if part is not None:
            heads = [_know(text, part) for text in sheet.rows[0]]
            for number, cells in enumerate(sheet.rows[1:], start=2):
                row = {
                    column: _unsay(column, text)
                    for column, text in zip(heads, cells, strict=False)
                    if column and text.strip()
                }
                if row:
                    rows.setdefault(str(part), []).append(row)
                    places.setdefault(str(part), []).append((sheet.name, number, heads))
    if not rows:
        text = N_("No worksheet has the headings of a table of this report. Download the workbook and fill it in")
        raise InvalidMetadataError(faults=[fault("", text)])
    _, faults = read_tables({"rows": rows})
    wrong = [CellFault(_name_place(item.pointer, places), item) for item in faults]
    part_gaps = _list_empty(rows, places)
    return SheetTrial(rows=rows, wrong=[*wrong, *part_gaps])


def _list_empty(
    rows: Mapping[str, Sequence[Mapping[str, str]]], places: Mapping[str, Sequence[tuple[str, int, Sequence[str]]]]
) -> Sequence[CellFault]:
    """The cells that are needed and empty."""
    found = []
    for part, lines in rows.items():
        for number, row in enumerate(lines):
            for column in COLUMNS[Part(part)]:
                if column.is_required and not row.get(column.name):
                    pointer = f"/rows/{part}/{number}/{column.name}"
                    item = fault(pointer, N_("This cell is needed"))
                    found.append(CellFault(_name_place(pointer, places), item))
    return found


def _name_place(pointer: str, places: Mapping[str, Sequence[tuple[str, int, Sequence[str]]]]) -> str:
    """The worksheet and cell of a fault; the column's name where the worksheet doesn't have it."""
    parts: list[Any] = pointer.strip("/").split("/")
    if len(parts) < 3 or parts[0] != "rows" or not parts[2].isdigit():
        return ""
    sheet, row, heads = places[parts[1]][int(parts[2])]
    column = parts[3] if len(parts) > 3 else ""
    cell = f"{name_column(heads.index(column))}{row}" if column in heads else str(row)
    return f"{sheet}!{cell}" if sheet else cell


def _find_part(sheet: FilledSheet) -> Part | None:
    """The table that a worksheet is: called so, or with the headings that it needs."""
    if not sheet.rows:
        return None
    voices = [voice_of(language) for language in LANGUAGES]
    for part in Part:
        names = {_clean(str(part)), *(_clean(name_sheet(voice.translate(PARTS[part]))) for voice in voices)}
        if _clean(sheet.name) in names:
            return part
    for part in Part:
        needed = {column.name for column in COLUMNS[part] if column.is_required}
        if needed <= {_know(text, part) for text in sheet.rows[0]}:
            return part
    return None


def _know(text: str, part: Part) -> str:
    """The column that a heading names, in any language; empty for another one."""
    wanted = _clean(text)
    for column in COLUMNS[part]:
        names = {_clean(voice_of(language).translate(NAMES[column.name])) for language in LANGUAGES}
        if wanted in {_clean(column.name), *names}:
            return column.name
    return ""


def _say(column: str, text: str, voice: Voice) -> str:
    return voice.translate(CHOICES[text]) if column in ("mode", "kind") and text in CHOICES else text


def _unsay(column: str, text: str) -> str:
    """A cell as it is kept: a choice by its code, a day as ISO 8601."""
    found = text.strip()
    if column in ("mode", "kind"):
        for code, name in CHOICES.items():
            if _clean(found) in {_clean(voice_of(language).translate(name)) for language in LANGUAGES}:
                return str(code)
    day = _DAY.fullmatch(found) if column in ("begins", "ends") else None
    return f"{day[1]}-{int(day[2]):02}-{int(day[3]):02}" if day else found


def _clean(text: str) -> str:
    return "".join(text.split()).casefold()
