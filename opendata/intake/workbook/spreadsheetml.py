"""Workbooks as XML 2003 (SpreadsheetML), as old systems write them under the name `.xls`: their sheets and cells.

The file is read twice: once for the sheets, their merged areas and the styles, once for the rows of one sheet.
Source: Office 2003 XML Reference Schemas, SpreadsheetML.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from opendata.errors import N_, UnreadableFileError
from opendata.intake.document.documents import check_width, count_gaps
from opendata.intake.document.markup import parse_xml
from opendata.intake.grid import Span, TableInfo
from opendata.intake.layout.workbook_facts import SheetFacts
from opendata.intake.workbook.cell_values import CellValues
from opendata.intake.workbook.number_formats import PLAIN, NumberFormat, read_format
from opendata.intake.workbook.shown_formats import ShownFormats
from opendata.intake.workbook.xlsx_rows import Block

_ROWS = 1_048_576
_MAX_SPANS = 1_000_000
_MAX_STYLES = 65_536
_BATCH = 1024
_BATCH_CELLS = 500_000
_WHOLE_DAY = re.compile(r"\d{4}-\d\d-\d\d(?:T00:00:00(?:\.0+)?)?Z?")
_DAYS_0 = ("1899-12-30T", "1899-12-31T", "1904-01-01T")
_TYPES = {"Number": "n", "DateTime": "d", "Boolean": "b", "Error": "e"}
_NAMED = {
    "General Date": "yyyy-mm-dd hh:mm",
    "Long Date": "yyyy-mm-dd",
    "Medium Date": "yyyy-mm-dd",
    "Short Date": "yyyy-mm-dd",
    "Long Time": "hh:mm:ss",
    "Medium Time": "hh:mm",
    "Short Time": "hh:mm",
    "Percent": "0.00%",
    "Euro Currency": "[$€-2] #,##0.00",
    "Yes/No": '"Yes";"Yes";"No"',
    "True/False": '"True";"True";"False"',
    "On/Off": '"On";"On";"Off"',
}
_PLAIN_NAMES = frozenset(["General", "General Number", "Fixed", "Standard", "Scientific", "Currency"])


class _Cell(NamedTuple):
    """A cell as it is written: its type in the words of XLSX, the number of its style, its text."""

    column: int
    type: str
    style: int
    raw: str
    has_formula: bool


@dataclass(slots=True)
class _Sheet:
    """A worksheet: what there is to know before its rows are read."""

    number: int
    name: str
    rows: int = 0
    is_hidden: bool = False
    spans: list[Span] = field(default_factory=list)
    timed: set[int] = field(default_factory=set)
    hidden_columns: list[int] = field(default_factory=list)
    column_styles: dict[int, int] = field(default_factory=dict)


@dataclass(slots=True)
class _Survey:
    """The worksheets of a file, and the formats of its styles by their numbers."""

    sheets: list[_Sheet] = field(default_factory=list)
    formats: list[NumberFormat] = field(default_factory=lambda: [PLAIN])


_Row = tuple[int, int, bool, Sequence[_Cell]]
"""The number of the sheet, the number of the row, whether it is hidden, its cells."""


def _survey_sheets(path: Path, encoding: str | None) -> _Survey:
    """The worksheets with cells in them. Raises `UnreadableFileError` for a damaged file or one without any cell."""
    reader = _Reader()
    for number, row, _, cells in _read(path, encoding, reader):
        sheet = reader.survey.sheets[number - 1]
        sheet.rows = row
        for cell in cells:
            is_time = cell.type == "d" and not (_WHOLE_DAY.fullmatch(cell.raw) or cell.raw.startswith(_DAYS_0))
            if is_time:
                sheet.timed.add(cell.column)
    reader.survey.sheets = [sheet for sheet in reader.survey.sheets if sheet.rows]
    if not reader.survey.sheets:
        raise UnreadableFileError(N_("The workbook has no cells with content"))
    return reader.survey


class XmlBook:
    """An open workbook of XML 2003."""

    def __init__(self, path: Path, *, encoding: str | None = None) -> None:
        self._path, self._encoding = path, encoding
        self._survey = _survey_sheets(path, encoding)
        self._known = {sheet.name: sheet for sheet in self._survey.sheets}
        self.sheets = [
            TableInfo(name=sheet.name, place=sheet.name, hidden=sheet.is_hidden) for sheet in self._known.values()
        ]

    def close(self) -> None:
        """Nothing is kept open."""

    def read(self, sheet: str, facts: SheetFacts, shown: ShownFormats) -> tuple[Sequence[Span], Iterator[Block]]:
        """The merged areas of a sheet, and its rows."""
        found = self._known[sheet]
        return found.spans, _read_blocks(self._path, self._survey, found, facts, shown, encoding=self._encoding)


def _read_blocks(
    path: Path, survey: _Survey, sheet: _Sheet, facts: SheetFacts, shown: ShownFormats, *, encoding: str | None = None
) -> Iterator[Block]:
    """The rows of a sheet, many at a time, as `SheetRows` gives them. Raises `UnreadableFileError`."""
    values = CellValues(sheet.name, survey.formats, facts, shown)
    for column in sheet.hidden_columns:
        facts.note("hidden-column", 1, column)
    given, width = 0, 0
    batch: list[tuple[int, Sequence[_Cell]]] = []
    for number, row, is_hidden, cells in _read(path, encoding, _Reader()):
        if number != sheet.number:
            continue
        if is_hidden:
            facts.note("hidden-row", row, 1)
        if not cells:
            continue
        width = max(width, cells[-1].column)
        batch.append((row, cells))
        if len(batch) == _BATCH or len(batch) * width > _BATCH_CELLS:
            yield from _convert(batch, given, sheet, values, facts)
            given, width, batch = row, 0, []
    yield from _convert(batch, given, sheet, values, facts)


def _convert(
    batch: Sequence[tuple[int, Sequence[_Cell]]], given: int, sheet: _Sheet, values: CellValues, facts: SheetFacts
) -> Iterator[Block]:
    """The rows of a batch, with the blank ones before each; `given` rows have been handed on."""
    columns: dict[tuple[int, str], list[tuple[int, str]]] = {}
    table: list[list[str]] = []
    for at, (row, cells) in enumerate(batch):
        table.append([""] * cells[-1].column)
        for column, cell_type, style, raw, has_formula in cells:
            kind = values.kind_of(cell_type, str(style))
            if cell_type == "d" and column in sheet.timed and kind != "iso time":
                kind = "iso datetime"  # a column where some dates have a time is one of moments
            if raw:
                columns.setdefault((column, kind), []).append((at, raw))
            elif has_formula and cell_type != "str":
                facts.note("formula-without-value", row, column)
    for (column, kind), found in columns.items():
        texts = values.convert(kind, column, [batch[at][0] for at, _ in found], [raw for _, raw in found])
        for (at, _), text in zip(found, texts, strict=True):
            table[at][column - 1] = text
    for (row, _), line in zip(batch, table, strict=True):
        for start in range(given + 1, row, _BATCH):
            yield Block([()] * min(_BATCH, row - start))
        yield Block([line])
        given = row


def _read(path: Path, encoding: str | None, reader: _Reader) -> Iterator[_Row]:
    """Each row that is written, without the blank ones between them."""
    for _ in parse_xml(path, encoding, reader.start, reader.end, reader.text):
        yield from reader.done
        reader.done.clear()


class _Reader:
    """Builds rows from the events of a workbook."""

    def __init__(self) -> None:
        self.done: list[_Row] = []
        self.survey = _Survey()
        self._styles = {"": 0}
        self._open: list[str] = []
        self._row: list[_Cell] = []
        self._row_number = self._column = self._gaps = 0
        self._next_column = 1
        self._row_style: int | None = None
        self._is_hidden = False
        self._text: list[str] | None = None
        self._starts: Mapping[str, Callable[[str, Mapping[str, str]], None]] = {
            "Style": self._start_style,
            "NumberFormat": self._set_format,
            "Worksheet": self._start_sheet,
            "Column": self._start_column,
            "Row": self._start_row,
            "Cell": self._start_cell,
            "Data": self._start_data,
            "Visible": self._start_visible,
        }

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """An element begins."""
        parent = self._open[-1] if self._open else ""
        self._open.append(name)
        if (begin := self._starts.get(name)) is not None:
            begin(parent, attributes)

    def text(self, data: str) -> None:
        """Text, of which only that of values counts."""
        if self._text is not None:
            self._text.append(data)

    def end(self) -> None:
        """An element ends."""
        name = self._open.pop()
        parent = self._open[-1] if self._open else ""
        sheets = self.survey.sheets
        if name == "Row" and parent == "Table" and sheets:
            # An empty text isn't content, and a style without a value isn't either.
            cells = [cell for cell in self._row if cell.raw or cell.has_formula]
            self.done.append((sheets[-1].number, self._row_number, self._is_hidden, cells))
            self._row = []
        elif name == "Data" and parent == "Cell" and self._row:
            self._row[-1] = self._row[-1]._replace(raw="".join(self._text or ()))
            self._text = None
        elif name == "Visible" and sheets:
            sheets[-1].is_hidden = "".join(self._text or ()).strip() != "SheetVisible"
            self._text = None

    def _start_style(self, _parent: str, attributes: Mapping[str, str]) -> None:
        if len(self.survey.formats) > _MAX_STYLES:
            raise UnreadableFileError(N_("The workbook has more than %(limit)s styles"), limit=_MAX_STYLES)
        name = attributes.get("ID", "")
        parent = self._styles.get(attributes.get("Parent", "Default"), 0)
        self.survey.formats.append(self.survey.formats[parent])
        self._styles[name] = len(self.survey.formats) - 1
        if name == "Default":
            self._styles[""] = self._styles[name]

    def _set_format(self, parent: str, attributes: Mapping[str, str]) -> None:
        code = attributes.get("Format", "")
        if parent == "Style" and code:
            code = _NAMED.get(code, code)
            self.survey.formats[-1] = PLAIN if code in _PLAIN_NAMES else read_format(code)

    def _start_sheet(self, _parent: str, attributes: Mapping[str, str]) -> None:
        self.survey.sheets.append(_Sheet(len(self.survey.sheets) + 1, attributes.get("Name", "")))
        self._row_number, self._next_column = 0, 1

    def _start_column(self, parent: str, attributes: Mapping[str, str]) -> None:
        if parent != "Table" or not self.survey.sheets:
            return
        first = _number(attributes, "Index", self._next_column)
        last = first + _number(attributes, "Span", 0)
        check_width(last)
        self._next_column = last + 1
        sheet, columns = self.survey.sheets[-1], range(first, last + 1)
        if (style := self._find_style(attributes)) is not None:
            sheet.column_styles |= dict.fromkeys(columns, style)
        if attributes.get("Hidden") == "1":
            sheet.hidden_columns += columns

    def _start_row(self, parent: str, attributes: Mapping[str, str]) -> None:
        if parent != "Table" or not self.survey.sheets:
            return
        number = _number(attributes, "Index", self._row_number + 1)
        if not self._row_number < number <= _ROWS:
            raise UnreadableFileError(N_("The rows of the sheet aren't numbered in order"))
        self._gaps += number - self._row_number - 1
        count_gaps(self._gaps)
        self._row_number, self._column, self._row = number, 0, []
        self._row_style = self._find_style(attributes)
        self._is_hidden = attributes.get("Hidden") == "1"

    def _start_cell(self, parent: str, attributes: Mapping[str, str]) -> None:
        if parent != "Row" or not self.survey.sheets:
            return
        column = _number(attributes, "Index", self._column + 1)
        check_width(column)
        if column <= self._column:
            raise UnreadableFileError(N_("The cells of row %(row)s aren't numbered in order"), row=self._row_number)
        self._gaps += column - self._column
        count_gaps(self._gaps)
        across, down = _number(attributes, "MergeAcross", 0), _number(attributes, "MergeDown", 0)
        self._column = column + across
        check_width(self._column)
        sheet = self.survey.sheets[-1]
        if across or down:
            if len(sheet.spans) >= _MAX_SPANS:
                raise UnreadableFileError(N_("The sheet has more than %(limit)s merged cells"), limit=_MAX_SPANS)
            sheet.spans.append(Span(self._row_number, self._row_number + down, column, self._column))
        style = self._find_style(attributes)
        if style is None:
            style = self._row_style
        if style is None:
            style = sheet.column_styles.get(column, self._styles[""])
        self._row.append(_Cell(column, "n", style, "", "Formula" in attributes))

    def _start_data(self, parent: str, attributes: Mapping[str, str]) -> None:
        if parent == "Cell" and self._row:  # a comment has Data too
            self._row[-1] = self._row[-1]._replace(type=_TYPES.get(attributes.get("Type", ""), "str"))
            self._text = []

    def _start_visible(self, _parent: str, _attributes: Mapping[str, str]) -> None:
        self._text = []

    def _find_style(self, attributes: Mapping[str, str]) -> int | None:
        return self._styles.get(attributes["StyleID"]) if "StyleID" in attributes else None


def _number(attributes: Mapping[str, str], name: str, default: int) -> int:
    text = attributes.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdecimal() and len(text) < 8):
        raise UnreadableFileError(N_("The workbook has “%(value)s” where a number should be"), value=text[:50])
    return int(text)
