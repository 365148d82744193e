"""XLS, XLSB and ODS workbooks, through python-calamine, which builds a sheet in memory and drops its formats.

What a sheet would take is measured before the library sees it (`workbook_guards`), and the formats are read beside it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import IO, Any

from opendata.errors import N_, UnreadableFileError
from opendata.intake.grid import Span, TableInfo
from opendata.intake.layout.workbook_facts import SheetFacts
from opendata.intake.workbook.cell_formats import CellFormats
from opendata.intake.workbook.cell_text import float_text
from opendata.intake.workbook.ods_formats import OdsFormats
from opendata.intake.workbook.shown_formats import ShownFormats
from opendata.intake.workbook.workbook_guards import locked, measure
from opendata.intake.workbook.xls_formats import XlsFormats
from opendata.intake.workbook.xlsb_formats import XlsbFormats
from opendata.intake.workbook.xlsx_package import damaged
from opendata.intake.workbook.xlsx_rows import Block

_BATCH = 1024


class CalamineBook:
    """An open workbook of a form other than XLSX; what the library says of damage becomes our error."""

    def __init__(self, source: Path | IO[bytes], form: str) -> None:
        import python_calamine as calamine

        self._form = form
        self._formats: XlsFormats | XlsbFormats | OdsFormats
        if form == "xls" and not isinstance(source, Path):
            self._formats = XlsFormats(source)
            self._formats.measure()
        else:
            measure(source, form)
            self._formats = OdsFormats(source) if form == "ods" else XlsbFormats(source)
        if not isinstance(source, Path):
            source.seek(0)
        try:
            self._book: Any = calamine.CalamineWorkbook.from_object(source)
        except calamine.PasswordError as error:
            raise locked(wrong_password=True) from error
        except BaseException as error:
            raise self._explain(error) from error
        self._worksheets = _list_worksheets(self._book)
        self.sheets = [
            TableInfo(name=sheet.name, place=sheet.name, hidden=_is_hidden(sheet)) for sheet in self._worksheets
        ]

    def close(self) -> None:
        """Let the workbook go."""
        self._book = None

    def read(self, sheet: str, facts: SheetFacts, shown: ShownFormats) -> tuple[Sequence[Span], Iterator[Block]]:
        """The merged areas of a sheet, and its rows; nothing else is needed of the workbook for them."""
        try:
            opened = self._book.get_sheet_by_name(sheet)
            merges = _list_spans(opened.merged_cell_ranges or ())
        except BaseException as error:
            raise self._explain(error) from error
        return merges, _read_blocks(opened, self._formats.read_cells(sheet), facts, shown)

    def _explain(self, error: BaseException) -> BaseException:
        """Our error for one of the library; any other error itself."""
        import python_calamine as calamine

        # A panic of the library isn't an `Exception`, and its class cannot be imported.
        is_panic = type(error).__name__ == "PanicException"
        is_damage = is_panic or isinstance(error, (calamine.CalamineError, OSError, ValueError))
        return damaged(self._form.upper()) if is_damage else error


def _list_worksheets(book: Any) -> list[Any]:
    from python_calamine import SheetTypeEnum

    sheets = [sheet for sheet in book.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet]
    if not sheets:
        raise UnreadableFileError(N_("The workbook has no sheet with cells"))
    return sheets


def _is_hidden(sheet: Any) -> bool:
    from python_calamine import SheetVisibleEnum

    return bool(sheet.visible != SheetVisibleEnum.Visible)


def _list_spans(ranges: Sequence[tuple[tuple[int, int], tuple[int, int]]]) -> list[Span]:
    spans = [Span(top + 1, end + 1, left + 1, right + 1) for (top, left), (end, right) in ranges]
    return sorted(spans, key=lambda span: (span.first_row, span.first_column))


def _read_blocks(sheet: Any, formats: CellFormats, facts: SheetFacts, shown: ShownFormats) -> Iterator[Block]:
    for row, column in formats.formulas:
        facts.note("formula-without-value", row, column)
    if sheet.start is None:
        return
    # `iter_rows` gives the rows above the first used cell but not the columns left of it.
    left = sheet.start[1]
    dated = [False] * (sheet.end[1] - left + 1)
    for row in sheet.iter_rows():  # one after the other: all rows at once take much memory
        if dt.datetime in {*map(type, row)}:
            dated = [known or type(value) is dt.datetime for known, value in zip(dated, row, strict=True)]
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
