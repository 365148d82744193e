"""Workbooks as tables: which sheets XLSX, XLS, XLSB and ODS files offer, and the rows of one sheet as text.

XLSX is read by `xlsx_rows` and XML 2003 by `spreadsheetml`, streaming; the other forms, which hold less or are rare, by
python-calamine, which builds a sheet in memory. All give the same cells for the same content.
"""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, islice, repeat
from pathlib import Path
from typing import IO, Any

from opendata.errors import N_, TooLargeError, UnreadableFileError
from opendata.intake.grid import Grid, Span, TableInfo
from opendata.intake.layout.merged import copy_merged
from opendata.intake.layout.workbook_facts import SheetFacts, merged_body
from opendata.intake.understanding import Decision
from opendata.intake.workbook.cell_formats import CellFormats
from opendata.intake.workbook.cell_text import float_text
from opendata.intake.workbook.shown_formats import ShownFormats
from opendata.intake.workbook.spreadsheetml import read_blocks, survey_sheets
from opendata.intake.workbook.workbook_guards import MAX_CELLS, OLE, locked, measure, unlocked, with_unicode_mark
from opendata.intake.workbook.xls_formats import read_xls_formats
from opendata.intake.workbook.xlsx_package import Package, SheetPart, damaged
from opendata.intake.workbook.xlsx_rows import Block, SheetRows

FORMS = ("xlsx", "xls", "xlsb", "ods", "spreadsheetml")
_BATCH = 1024
MAX_GIVEN = 500_000_000  # cells of all rows, empty ones included
_MAX_XLS = 512 << 20


def list_sheets(path: Path, form: str) -> list[TableInfo]:
    """The sheets that have cells, in the order of the workbook, hidden ones marked.

    Charts, macro sheets and dialogs are left out. Raises `UnreadableFileError`, `TooLargeError`.
    """
    if form == "spreadsheetml":
        sheets = survey_sheets(path).sheets
        return [TableInfo(name=sheet.name, place=sheet.name, hidden=sheet.is_hidden) for sheet in sheets]
    source = _source(path, form)
    if form == "xlsx":
        package = Package(source)
        package.close()
        return [TableInfo(name=sheet.name, place=sheet.name, hidden=sheet.hidden) for sheet in package.sheets]
    with _calamine(source, form) as book:
        return [TableInfo(name=sheet.name, place=sheet.name, hidden=_is_hidden(sheet)) for sheet in _worksheets(book)]


def open_sheet(path: Path, form: str, sheet: str, *, fill_merged: bool = False, encoding: str | None = None) -> Grid:
    """The rows of the sheet with this name; with `fill_merged` all cells of a merged area have its value.

    Rows are about as wide as the widest before them; blank rows are empty lists, those at the end left out. Raises
    `UnreadableFileError`, `TooLargeError`, also while rows are read.
    """
    facts, shown = SheetFacts(), ShownFormats()
    decisions: list[Decision] = []
    blocks: Iterable[Block]
    if form == "spreadsheetml":
        survey = survey_sheets(path, encoding=encoding)
        surveyed = next((found for found in survey.sheets if found.name == sheet), None)
        if surveyed is None:
            raise _no_sheet(sheet)
        merges: Sequence[Span] = surveyed.spans
        hidden = surveyed.is_hidden
        blocks = read_blocks(path, survey, surveyed, facts, shown, encoding=encoding)
    elif form == "xlsx":
        package = Package(_source(path, form))
        part = next((found for found in package.sheets if found.name == sheet), None)
        if part is None:
            package.close()
            raise _no_sheet(sheet)
        merges, hidden = package.merges(part.part), part.hidden
        blocks = _xlsx_blocks(package, part, facts, shown)
    else:
        source = _source(path, form)
        with _calamine(source, form) as book:
            known = next((found for found in _worksheets(book) if found.name == sheet), None)
            if known is None:
                raise _no_sheet(sheet)
            hidden = _is_hidden(known)
            opened = book.get_sheet_by_name(sheet)
            merges = _spans(opened.merged_cell_ranges or ())
        if opened.start and opened.total_height * opened.total_width > MAX_CELLS:
            raise TooLargeError(N_("The sheet has too many cells. Save it as CSV"))
        blocks = _calamine_blocks(opened, _read_formats(source, form, sheet), facts, shown)
    if hidden:
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


def _source(path: Path, form: str) -> Path | IO[bytes]:
    if form not in FORMS:
        raise UnreadableFileError(N_("“%(form)s” isn't a workbook format that can be read"), form=form)
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


def _no_sheet(sheet: str) -> UnreadableFileError:
    return UnreadableFileError(N_("The workbook has no sheet named “%(sheet)s”"), sheet=sheet)


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


def _xlsx_blocks(package: Package, sheet: SheetPart, facts: SheetFacts, shown: ShownFormats) -> Iterator[Block]:
    from opendata.intake.workbook.xlsx_package import reading

    try:
        strings, styles = package.strings(), package.styles()
        with reading(sheet.part), package.open_part(sheet.part) as stream:
            yield from SheetRows(stream, sheet.part, strings, styles, package.epoch_1904, facts, shown)
    finally:
        package.close()


# --------------------------------------------------------------------------------------------- through calamine


@contextmanager
def _calamine(source: Path | IO[bytes], form: str) -> Iterator[Any]:
    """An open workbook of a form other than XLSX; what the library says of damage becomes our error."""
    import python_calamine as calamine

    if form in {"xlsb", "ods"}:
        measure(source, form)
        if not isinstance(source, Path):
            source.seek(0)
    try:
        with calamine.CalamineWorkbook.from_object(source) as book:
            yield book
    except calamine.PasswordError as error:
        raise locked(wrong_password=True) from error
    except (calamine.CalamineError, OSError, ValueError) as error:
        raise damaged(form.upper()) from error
    except BaseException as error:
        # A panic of the library isn't an `Exception`, and its class cannot be imported.
        if type(error).__name__ != "PanicException":
            raise
        raise damaged(form.upper()) from error


def _worksheets(book: Any) -> list[Any]:
    from python_calamine import SheetTypeEnum

    sheets = [sheet for sheet in book.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet]
    if not sheets:
        raise UnreadableFileError(N_("The workbook has no sheet with cells"))
    return sheets


def _is_hidden(sheet: Any) -> bool:
    from python_calamine import SheetVisibleEnum

    return bool(sheet.visible != SheetVisibleEnum.Visible)


def _spans(ranges: Sequence[tuple[tuple[int, int], tuple[int, int]]]) -> list[Span]:
    spans = [Span(top + 1, end + 1, left + 1, right + 1) for (top, left), (end, right) in ranges]
    return sorted(spans, key=lambda span: (span.first_row, span.first_column))


def _read_formats(source: Path | IO[bytes], form: str, sheet: str) -> CellFormats:
    """What the library doesn't give: the number formats of cells, and formulas without a result."""
    if form == "xls" and not isinstance(source, Path):
        return read_xls_formats(source, sheet)
    return CellFormats()


def _calamine_blocks(sheet: Any, formats: CellFormats, facts: SheetFacts, shown: ShownFormats) -> Iterator[Block]:
    for row, column in formats.formulas:
        facts.note("formula-without-value", row, column)
    if sheet.start is None:
        return
    # `iter_rows` gives the rows above the first used cell but not the columns left of it.
    left = sheet.start[1]
    dated = [dt.datetime in {*map(type, column)} for column in zip(*sheet.iter_rows(), strict=True)]
    cells = sheet.iter_rows()
    first = 1
    while batch := [*islice(cells, _BATCH)]:
        numbers = range(first, first + len(batch))
        columns = [
            _column_texts(left + at, numbers, values, dated[at - 1], formats, facts, shown)
            for at, values in enumerate(zip(*batch, strict=True), start=1)
        ]
        margin = [""] * left
        yield Block([(*margin, *row) for row in zip(*columns, strict=True)])
        first += len(batch)


def _column_texts(
    column: int,
    rows: Sequence[int],
    values: Sequence[Any],
    dated: bool,
    formats: CellFormats,
    facts: SheetFacts,
    shown: ShownFormats,
) -> list[str]:
    kinds = {*map(type, values)}
    texts = [*values] if kinds == {str} else [_text(value, dated) for value in values]
    if float in kinds or int in kinds:
        numeric = [isinstance(value, int | float) and not isinstance(value, bool) for value in values]
        numbers = [text if is_number else "" for text, is_number in zip(texts, numeric, strict=True)]
        written = formats.take_numbers(column, rows, numbers, facts, shown)
        texts = [new or old for new, old in zip(written, texts, strict=True)]
    else:
        numeric = [False] * len(values)
    if str in kinds:
        facts.texts(column, rows, ["" if is_number else text for text, is_number in zip(texts, numeric, strict=True)])
        for row, value in zip(rows, values, strict=True):
            if value.__class__ is str and value in _ERRORS:
                facts.note("error-cell", row, column, value)
    if dt.timedelta in kinds:
        for row, value, text in zip(rows, values, texts, strict=True):
            if isinstance(value, dt.timedelta):
                facts.note("duration", row, column, text)
    return formats.cut_dates(column, rows, texts, shown)


_ERRORS = frozenset({"#N/A", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#NULL!", "#GETTING_DATA", "#DATA!"})


def _text(value: Any, dated: bool) -> str:
    """A value of the library as text; `dated` in a column where some dates have a time, so that all are written so."""
    kind = type(value)
    if kind is str:
        return str(value)
    if kind is float:
        return float_text(value)
    if kind is bool:
        return "true" if value else "false"
    if kind is dt.datetime:
        return str(value.isoformat(timespec="milliseconds" if value.microsecond else "seconds"))
    if kind is dt.date:
        return f"{value.isoformat()}T00:00:00" if dated else str(value.isoformat())
    if kind is dt.time:
        return str(value.isoformat(timespec="milliseconds" if value.microsecond else "seconds"))
    if kind is dt.timedelta:
        seconds = round(value.total_seconds())
        sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
        return f"{sign}{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return str(value)
