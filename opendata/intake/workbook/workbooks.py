"""Workbooks as tables: which sheets XLSX, XML 2003, XLS, XLSB and ODS files offer, and the rows of one sheet as text.

XLSX is read by `xlsx_rows` and XML 2003 by `spreadsheetml`, streaming; the other forms, which hold less or are rare, by
python-calamine (`calamine_book`). All give the same cells for the same content.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from itertools import chain, repeat
from pathlib import Path
from typing import IO, Protocol

from opendata.errors import N_, TooLargeError, UnreadableFileError
from opendata.intake.grid import Grid, Span, TableInfo
from opendata.intake.layout.merged import copy_merged
from opendata.intake.layout.workbook_facts import SheetFacts, merged_body
from opendata.intake.understanding import Decision
from opendata.intake.workbook.shown_formats import ShownFormats
from opendata.intake.workbook.workbook_guards import OLE, unlocked, with_unicode_mark
from opendata.intake.workbook.xlsx_package import Package, damaged, reading
from opendata.intake.workbook.xlsx_rows import Block, SheetRows

FORMS = ("xlsx", "xls", "xlsb", "ods", "spreadsheetml")
MAX_GIVEN = 500_000_000  # cells of all rows, empty ones included
_MAX_XLS = 64 << 20  # bytes; the library holds the file several times


class _Reader(Protocol):
    """An open workbook of one form."""

    @property
    def sheets(self) -> Sequence[TableInfo]: ...

    def close(self) -> None: ...

    def read(self, sheet: str, facts: SheetFacts, shown: ShownFormats) -> tuple[Sequence[Span], Iterable[Block]]: ...


class Book:
    """An open workbook: its sheets, and the rows of each. It stays open until it is closed.

    `sheets` are those with cells, in the order of the workbook, hidden ones marked; charts, macro sheets and dialogs
    are left out. Raises `UnreadableFileError`, `TooLargeError`.
    """

    def __init__(self, path: Path, form: str, *, encoding: str | None = None) -> None:
        if form not in FORMS:
            raise UnreadableFileError(N_("“%(form)s” isn't a workbook format that can be read"), form=form)
        self._reader: _Reader
        if form == "spreadsheetml":
            from opendata.intake.workbook.spreadsheetml import XmlBook

            self._reader = XmlBook(path, encoding=encoding)
        elif form == "xlsx":
            self._reader = _XlsxBook(_open_source(path, form))
        else:
            from opendata.intake.workbook.calamine_book import CalamineBook

            self._reader = CalamineBook(_open_source(path, form), form)
        self.sheets = self._reader.sheets

    def close(self) -> None:
        """Let the file go."""
        self._reader.close()

    def open(self, sheet: str, *, fill_merged: bool = False) -> Grid:
        """The rows of the sheet with this name; with `fill_merged` all cells of a merged area have its value.

        Rows are about as wide as the widest before them; blank rows are empty lists, those at the end left out. Raises
        `UnreadableFileError`, `TooLargeError`, also while rows are read.
        """
        known = next((info for info in self.sheets if info.place == sheet), None)
        if known is None:
            raise UnreadableFileError(N_("The workbook has no sheet named “%(sheet)s”"), sheet=sheet)
        facts, shown = SheetFacts(), ShownFormats()
        decisions: list[Decision] = []
        merges, blocks = self._reader.read(sheet, facts, shown)
        if known.hidden:
            text = N_("The sheet “%(sheet)s” is hidden in the workbook. Check whether it should be published")
            decisions.append(Decision(rule="hidden-sheet", text=text, details={"sheet": sheet}, sure=0.5))
        if fill_merged and merges:
            blocks = [Block(copy_merged(chain.from_iterable(block.rows for block in blocks), merges))]
        elif told := merged_body(merges):
            decisions.append(told)
        grid = Grid(rows=iter(()), merges=merges, decisions=decisions)
        grid.rows = chain.from_iterable(_concluding(blocks, facts, decisions))

        def conclude(first_row: int) -> None:
            shown.settle(first_row)
            decisions.extend(shown.decisions())
            grid.marks |= shown.marks()

        grid.conclude = conclude
        return grid


def list_sheets(path: Path, form: str) -> Sequence[TableInfo]:
    """The sheets of a workbook; see `Book`."""
    with closing(Book(path, form)) as book:
        return book.sheets


def open_sheet(path: Path, form: str, sheet: str, *, fill_merged: bool = False, encoding: str | None = None) -> Grid:
    """The rows of one sheet of a workbook; see `Book.open`."""
    book = Book(path, form, encoding=encoding)
    try:
        grid = book.open(sheet, fill_merged=fill_merged)
    except BaseException:
        book.close()
        raise
    if form in ("xls", "xlsb", "ods"):
        book.close()  # its sheet is in memory: the other sheets need not be

    def give(rows: Iterator[Sequence[str]]) -> Iterator[Sequence[str]]:
        with closing(book):
            yield from rows

    grid.rows = give(grid.rows)
    return grid


class _XlsxBook:
    """An open XLSX workbook."""

    def __init__(self, source: Path | IO[bytes]) -> None:
        self._package = Package(source)
        self._parts = {sheet.name: sheet.part for sheet in self._package.sheets}
        self.sheets = [
            TableInfo(name=sheet.name, place=sheet.name, hidden=sheet.hidden) for sheet in self._package.sheets
        ]

    def close(self) -> None:
        self._package.close()

    def read(self, sheet: str, facts: SheetFacts, shown: ShownFormats) -> tuple[Sequence[Span], Iterator[Block]]:
        part = self._parts[sheet]
        return self._package.merges(part), self._read_blocks(part, facts, shown)

    def _read_blocks(self, part: str, facts: SheetFacts, shown: ShownFormats) -> Iterator[Block]:
        package = self._package
        strings, styles = package.strings(), package.styles()
        with reading(part), package.open_part(part) as stream:
            yield from SheetRows(stream, part, strings, styles, package.epoch_1904, facts, shown)


def _open_source(path: Path, form: str) -> Path | IO[bytes]:
    """The file itself, or its content in memory where it is encrypted or an XLS."""
    try:
        plain = unlocked(path)
        if plain is not None:
            return plain
        if form == "xls":
            if path.stat().st_size > _MAX_XLS:
                raise TooLargeError(N_("An .xls workbook of this size isn't accepted. Save it as .xlsx"))
            data = path.read_bytes()
            if not data.startswith(OLE):
                raise damaged("XLS")
            return io.BytesIO(with_unicode_mark(data))
    except OSError as error:
        raise damaged(path.name) from error
    return path


def _concluding(
    blocks: Iterable[Block], facts: SheetFacts, decisions: list[Decision]
) -> Iterator[Iterable[Sequence[str]]]:
    # Blank rows at the end are formats without content; those in between keep the numbers of rows true. They are
    # counted, not kept, and the width of all rows together is bounded: one far cell per row makes a huge table.
    blank = cells = 0
    for block in blocks:
        if block.cells and not blank:
            cells = _add_cells(cells, block.cells)
            yield block.rows
            continue
        for row in block.rows:
            if not any(row):
                blank += 1
                continue
            cells = _add_cells(cells, len(row))
            yield (*repeat((), blank), row)
            blank = 0
    decisions += facts.decisions()


def _add_cells(cells: int, more: int) -> int:
    if cells + more > MAX_GIVEN:
        raise TooLargeError(N_("The sheet is too wide. Delete cells far away from the table"))
    return cells + more
