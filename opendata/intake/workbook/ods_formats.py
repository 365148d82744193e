"""The number formats of an ODS sheet's cells, and its formulas without a result: python-calamine gives neither.

In, a style of data:      <number:number-style style:name="N1"><number:number number:min-integer-digits="6"/>…
Out, as Excel writes it:  000000

Source: OpenDocument 1.3 part 3, 16.29 (data styles), 9.1 (tables), 19.642 and 19.675 (repeated cells).
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO

from opendata.errors import UnreadableFileError
from opendata.intake.document.markup import parse_xml_pieces
from opendata.intake.workbook.cell_formats import CellFormats
from opendata.intake.workbook.cell_text import PARTS
from opendata.intake.workbook.number_formats import PLAIN, NumberFormat, read_format
from opendata.intake.workbook.xlsx_package import reading

_STYLES = frozenset(["number-style", "percentage-style", "currency-style", "date-style", "time-style"])
_DATE_PARTS = {"year": "yyyy", "era": "g", "month": "m", "day": "d", "day-of-week": "aaa", "quarter": '"Q"m'}
_DATE_PARTS |= {"hours": "h", "minutes": "mm", "seconds": "ss", "am-pm": "AM/PM", "week-of-year": "d"}
_NUMBERS = frozenset(["float", "percentage", "currency"])
_MOST_DIGITS = 40
_MOST_FORMULAS = 1_000_000
_PIECE = 1 << 20


class OdsFormats:
    """The formats of a workbook that was measured."""

    def __init__(self, source: Path | IO[bytes]) -> None:
        self._source = source
        self._reader = _Reader("")
        self._parse("styles.xml", self._reader)

    def read_cells(self, sheet: str) -> CellFormats:
        """The formats of the cells of the sheet with this name."""
        reader = _Reader(sheet, self._reader)
        self._parse("content.xml", reader)
        return reader.found

    def _parse(self, part: str, reader: _Reader) -> None:
        with reading(part), zipfile.ZipFile(self._source) as archive:
            if part not in archive.namelist():
                return
            with archive.open(part) as stream, io.TextIOWrapper(stream, "utf-8", "replace") as text:
                try:
                    for _ in parse_xml_pieces(_iterate(text), reader.start, reader.end, reader.text):
                        pass
                except UnreadableFileError:
                    return  # the library says what is wrong


def _iterate(text: io.TextIOWrapper) -> Iterator[str]:
    while piece := text.read(_PIECE):
        yield piece


class _Reader:
    """Takes the styles from the events of a document, and the cells of one of its tables."""

    def __init__(self, sheet: str, common: _Reader | None = None) -> None:
        self.found = CellFormats()
        self._sheet = sheet
        self._codes: dict[str, str] = dict(common._codes) if common else {}
        self._styles: dict[str, tuple[str, str]] = dict(common._styles) if common else {}
        self._formats: dict[str, NumberFormat] = {}
        self._open: list[str] = []
        self._data_style = ""
        self._pieces: list[str] = []
        self._embedded: list[tuple[int, str]] = []
        self._position = 0
        self._text: list[str] | None = None
        self._is_wanted = False
        self._depth = 0  # tables within tables
        self._column_styles: list[tuple[int, str]] = []
        self._row = self._rows = self._column = 0
        self._row_style = ""
        self._empty: tuple[int, int] | None = None

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """An element begins."""
        self._open.append(name)
        if name in _STYLES:
            self._data_style, self._pieces = attributes.get("name", ""), []
        elif self._data_style:
            self._add_piece(name, attributes)
        elif name == "style" and attributes.get("family") == "table-cell":
            self._styles[attributes.get("name", "")] = (
                attributes.get("data-style-name", ""),
                attributes.get("parent-style-name", ""),
            )
        elif name == "table":
            self._depth += 1
            if self._depth == 1:
                self._is_wanted = attributes.get("name") == self._sheet
                self._row, self._rows, self._column_styles = 0, 0, []
        elif self._is_wanted and self._depth == 1:
            self._take(name, attributes)

    def text(self, data: str) -> None:
        """Text, of which only that of formats counts."""
        if self._text is not None:
            self._text.append(data)

    def end(self) -> None:
        """An element ends."""
        name = self._open.pop()
        if name == "table":
            self._depth -= 1
        elif name in _STYLES:
            self._codes[self._data_style] = "".join(self._pieces)
            self._data_style = ""
        elif self._text is not None and name in ("text", "currency-symbol", "embedded-text"):
            self._add_words(name, "".join(self._text))
            self._text = None
        elif name == "number" and self._embedded:
            self._embed()
        elif name == "table-cell" and self._empty is not None:
            if len(self.found.formulas) < _MOST_FORMULAS:
                self.found.formulas.append(self._empty)
            self._empty = None

    def _add_piece(self, name: str, attributes: Mapping[str, str]) -> None:
        if name in ("text", "currency-symbol", "embedded-text"):
            self._text = []
            self._position = _count(attributes, "position", 0)
        elif name == "number":
            whole = "0" * min(_count(attributes, "min-integer-digits", 1), _MOST_DIGITS)
            places = _count(attributes, "decimal-places", 0)
            decimals = "." + "0" * min(places, _MOST_DIGITS) if places else ""
            factor = attributes.get("display-factor", "1").split(".")[0]
            commas = "," * (factor.count("000") if factor.strip("0") == "1" else 0)
            head = "#,##" if attributes.get("grouping") == "true" and len(whole) < 2 else ""
            self._pieces.append(f"{head}{whole or '#'}{decimals}{commas}")
        elif name == "scientific-number":
            self._pieces.append("0.00E+00")
        elif name == "fraction":
            self._pieces.append("# ?/?")
        elif name in _DATE_PARTS:
            self._pieces.append("mmm" if attributes.get("textual") == "true" else _DATE_PARTS[name])

    def _add_words(self, name: str, words: str) -> None:
        if name == "currency-symbol":
            self._pieces.append(f"[${words.replace(']', '')}]")
        elif name == "embedded-text":
            self._embedded.append((self._position, words))
        elif words == "%" and "percentage-style" in self._open:
            self._pieces.append("%")
        else:
            self._pieces.append('"' + words.replace('"', "”") + '"')

    def _embed(self) -> None:
        """Put words between the digits of a number, so many places from its end."""
        digits = self._pieces[-1]
        for position, words in sorted(self._embedded):
            at = max(0, len(digits) - position) if '"' not in digits else digits.index('"') - 1
            digits = f'{digits[:at]}"{words}"{digits[at:]}'
        self._pieces[-1] = digits
        self._embedded = []

    def _take(self, name: str, attributes: Mapping[str, str]) -> None:
        """An element of the table: a column, a row or a cell."""
        if name == "table-column":
            last = self._column_styles[-1][0] if self._column_styles else 0
            count = _count(attributes, "number-columns-repeated", 1)
            self._column_styles.append((last + count, attributes.get("default-cell-style-name", "")))
        elif name == "table-row":
            self._row += self._rows
            self._rows, self._column = _count(attributes, "number-rows-repeated", 1), 0
            self._row_style = attributes.get("default-cell-style-name", "")
        elif name in ("table-cell", "covered-table-cell"):
            count = _count(attributes, "number-columns-repeated", 1)
            self._take_cell(attributes, count)
            self._column += count
        elif name == "p" and self._empty is not None:
            self._empty = None

    def _take_cell(self, attributes: Mapping[str, str], count: int) -> None:
        kind = attributes.get("value-type", "")
        if not kind and "formula" in attributes:
            self._empty = (self._row + 1, self._column + 1)
        if kind not in _NUMBERS and kind != "date":
            return
        for column in range(self._column + 1, self._column + count + 1):
            shown = self._find_format(attributes.get("style-name", ""), column)
            if shown.is_plain and kind == "percentage":
                shown = read_format("0%")
            elif shown.is_plain and kind == "currency" and attributes.get("currency"):
                shown = read_format(f"[${attributes['currency'][:10]}] 0")
            if (kind == "date") == (shown.kind in PARTS):
                self.found.add(self._row + 1, self._row + self._rows, column, shown)

    def _find_format(self, style: str, column: int) -> NumberFormat:
        if not style:
            columns = (found for last, found in self._column_styles if column <= last)
            style = self._row_style or next(columns, "")
        known = self._formats.get(style)
        if known is None:
            code, parent, seen = "", style, 0
            while parent and not code and seen < 20:
                code, parent = self._styles.get(parent, ("", ""))
                seen += 1
            known = self._formats[style] = read_format(self._codes[code]) if self._codes.get(code) else PLAIN
        return known


def _count(attributes: Mapping[str, str], name: str, default: int) -> int:
    text = attributes.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 8 else default
