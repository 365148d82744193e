"""Workbooks as XML 2003 (SpreadsheetML), as old systems write them under the name `.xls`: sheets as tables.

A place is the number of the worksheet, from 1. Source: Office 2003 XML Reference Schemas, SpreadsheetML.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path

from opendata.errors import N_, UnreadableFileError
from opendata.intake.document.documents import check_width, count_gaps
from opendata.intake.document.markup import parse_xml
from opendata.intake.grid import Grid, Span, TableInfo
from opendata.intake.understanding import Decision

_ROWS = 1_048_576
_MAX_SPANS = 1_000_000
_MIDNIGHT = re.compile(r"T00:00:00(\.0+)?$")
_FRACTION = re.compile(r"\.0+$")
_DAY_0 = ("1899-12-31T", "1899-12-30T", "1904-01-01T")


def list_tables(path: Path, *, encoding: str | None = None) -> list[TableInfo]:
    """The worksheets with cells in them. Raises `UnreadableFileError` for a damaged file or one without any cell."""
    sheets = [sheet for sheet in _survey(path, encoding) if sheet.rows]
    if not sheets:
        raise UnreadableFileError(N_("The workbook has no cells with content"))
    return [
        TableInfo(
            name=sheet.name, place=str(sheet.number), hidden=sheet.is_hidden, rows=sheet.rows, columns=sheet.columns
        )
        for sheet in sheets
    ]


def open_table(path: Path, place: str, *, encoding: str | None = None) -> Grid:
    """The cells of a worksheet. Raises `UnreadableFileError` as `list_tables` does, and for an unknown place."""
    sheet = next((sheet for sheet in _survey(path, encoding) if str(sheet.number) == place), None)
    if sheet is None:
        raise UnreadableFileError(N_("The file no longer has a table at “%(place)s”"), place=place)
    decisions = []
    if sheet.hidden_rows:
        text = N_("%(rows)s rows of the sheet are hidden. They are read like the others")
        decisions.append(Decision(rule="hidden-rows", text=text, details={"rows": sheet.hidden_rows}, sure=0.8))
    return Grid(
        rows=(row for number, row in _read(path, encoding, []) if number == sheet.number),
        merges=sheet.spans,
        decisions=decisions,
    )


@dataclass(slots=True)
class _Sheet:
    number: int
    name: str
    rows: int = 0
    columns: int = 0
    hidden_rows: int = 0
    is_hidden: bool = False
    spans: list[Span] = field(default_factory=list)


def _survey(path: Path, encoding: str | None) -> list[_Sheet]:
    sheets: list[_Sheet] = []
    for number, row in _read(path, encoding, sheets):
        sheet = sheets[number - 1]
        sheet.rows += 1
        sheet.columns = max(sheet.columns, len(row))
    return sheets


def _read(path: Path, encoding: str | None, sheets: list[_Sheet]) -> Iterator[tuple[int, list[str]]]:
    """Each row with the number of its sheet; what else is learned of a sheet goes to `sheets`."""
    reader = _Reader(sheets)
    for _ in parse_xml(path, encoding, reader.start, reader.end, reader.text):
        yield from reader.done
        reader.done.clear()


class _Reader:
    """Builds rows from the events of a workbook."""

    def __init__(self, sheets: list[_Sheet]) -> None:
        self.done: list[tuple[int, list[str]]] = []
        self._sheets = sheets
        self._open: list[str] = []
        self._row: list[str] = []
        self._row_number = 0
        self._column = 0
        self._gaps = 0
        self._kind = ""
        self._text: list[str] | None = None

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        self._open.append(name)
        parent = self._open[-2] if len(self._open) > 1 else ""
        if name == "Worksheet":
            self._sheets.append(_Sheet(len(self._sheets) + 1, attributes.get("Name", "")))
            self._row_number = 0
        elif name == "Row" and parent == "Table" and self._sheets:
            self._start_row(attributes)
        elif name == "Cell" and parent == "Row":
            self._start_cell(attributes)
        elif name == "Data" and parent == "Cell":  # a comment has Data too
            self._kind = attributes.get("Type", "String")
            self._text = []
        elif name == "Visible" and self._sheets:
            self._text = []

    def text(self, data: str) -> None:
        if self._text is not None:
            self._text.append(data)

    def end(self) -> None:
        name = self._open.pop()
        parent = self._open[-1] if self._open else ""
        if name == "Row" and parent == "Table" and self._sheets:
            while self._row and not self._row[-1]:
                self._row.pop()
            self.done.append((len(self._sheets), self._row))
            self._row = []
        elif name == "Data" and parent == "Cell" and self._row:
            self._row[-1] = _write(self._kind, "".join(self._text or ()))
            self._text = None
        elif name == "Visible":
            self._sheets[-1].is_hidden = "".join(self._text or ()).strip() != "SheetVisible"
            self._text = None

    def _start_row(self, attributes: Mapping[str, str]) -> None:
        number = _number(attributes, "Index", self._row_number + 1)
        if not self._row_number < number <= _ROWS:
            raise UnreadableFileError(N_("The rows of the sheet aren't numbered in order"))
        count_gaps(self._gaps)
        self.done.extend((len(self._sheets), []) for _ in range(number - self._row_number - 1))
        self._gaps += number - self._row_number - 1
        self._row_number, self._column, self._row = number, 0, []
        self._sheets[-1].hidden_rows += attributes.get("Hidden") == "1"

    def _start_cell(self, attributes: Mapping[str, str]) -> None:
        column = _number(attributes, "Index", self._column + 1)
        check_width(column)
        if column <= len(self._row):
            raise UnreadableFileError(N_("The cells of row %(row)s aren't numbered in order"), row=self._row_number)
        self._gaps += column - len(self._row)
        count_gaps(self._gaps)
        self._row.extend([""] * (column - len(self._row)))
        across, down = _number(attributes, "MergeAcross", 0), _number(attributes, "MergeDown", 0)
        self._column = column + across
        check_width(self._column)
        if across or down:
            spans = self._sheets[-1].spans
            if len(spans) >= _MAX_SPANS:
                raise UnreadableFileError(N_("The sheet has more than %(limit)s merged cells"), limit=_MAX_SPANS)
            spans.append(Span(self._row_number, self._row_number + down, column, self._column))


def _number(attributes: Mapping[str, str], name: str, default: int) -> int:
    text = attributes.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdecimal() and len(text) < 8):
        raise UnreadableFileError(N_("The workbook has “%(value)s” where a number should be"), value=text[:50])
    return int(text)


def _write(kind: str, text: str) -> str:
    """A value as a person writes it."""
    if kind == "Number" and "E" in text.upper():
        try:
            number = Decimal(text)
        except InvalidOperation:
            return text
        return format(number, "f") if number.is_finite() and abs(number.adjusted()) < 40 else text
    if kind == "Boolean":
        return {"1": "true", "0": "false"}.get(text, text)
    if kind == "DateTime":
        if text.startswith(_DAY_0) and not _MIDNIGHT.search(text):
            return _FRACTION.sub("", text[11:])
        return _FRACTION.sub("", _MIDNIGHT.sub("", text))
    return text
