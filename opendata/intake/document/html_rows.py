"""Rows of HTML tables from the events of a parser: cells put where rowspan and colspan leave them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from opendata.errors import N_, UnreadableFileError
from opendata.intake.document.documents import MAX_DEPTH, check_width, count_gaps
from opendata.intake.grid import Span

_BLANKS = re.compile(r"[ \t\r\n\f\xa0]+")
_BREAKING = frozenset(["br", "p", "div", "li", "tr", "td", "th", "hr", "table"])
_SILENT = frozenset(["script", "style", "template"])
_HIDDEN = re.compile(r"display\s*:\s*none|mso-hide", re.IGNORECASE)
_LEAST_ROWS = 3  # of a table of data that has tables in its cells,
_FULL = 0.75  # and how many of its cells have a text
_MAX_ACROSS = 1000
_MAX_DOWN = 65534  # both as in the standard
_MAX_TABLES = 10_000
_MAX_SPANS = 1_000_000
_MAX_CELL = 64 * 1024 * 1024


class OpenTable:
    """One table while it is read, and what is known of it afterwards."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.rows = 0
        self.columns = 0
        self.hidden_rows = 0
        self.has_inner = False
        self.inner = self.inner_row = 0  # tables in its cells, and the row of the first
        self.texts = 0  # cells with a text of their own
        self.kept: list[str] | None = None  # its text, where it may become a part of the cell it is in
        self.caption = ""
        self.row: list[str] | None = None
        self.text: list[str] | None = None
        self.is_caption = False
        self._spans: list[Span] = []
        self._column = 0
        self._covered: dict[int, int] = {}  # column → last row that a cell above reaches down to
        self._gaps = 0

    @property
    def is_data(self) -> bool:
        """Whether it is a table of data, not of layout."""
        is_laid_out = self.has_inner and (self.rows < _LEAST_ROWS or self.texts < _FULL * self.rows * self.columns)
        return self.rows > 1 and self.columns > 1 and not is_laid_out

    @property
    def spans(self) -> list[Span]:
        """Merged cells, none longer than the table."""
        cut = [Span(s.first_row, min(s.last_row, self.rows), s.first_column, s.last_column) for s in self._spans]
        return [s for s in cut if s.last_row > s.first_row or s.last_column > s.first_column]

    def start_row(self, attributes: Mapping[str, str]) -> None:
        """A row begins."""
        self.rows += 1
        self.row = []
        self._column = 0
        if "hidden" in attributes or _HIDDEN.search(attributes.get("style", "")):
            self.hidden_rows += 1
        if len(self._covered) > _MAX_ACROSS:
            self._covered = {column: last for column, last in self._covered.items() if last >= self.rows}

    def start_cell(self, attributes: Mapping[str, str]) -> None:
        """A cell begins, in the first column that no cell from above covers."""
        row = self.row
        assert row is not None  # noqa: S101 - the caller has begun a row
        column = self._column + 1
        while self._covered.get(column, 0) >= self.rows:
            column += 1
        across = _read_span(attributes.get("colspan"), _MAX_ACROSS)
        down = _read_span(attributes.get("rowspan"), _MAX_DOWN, zero=_MAX_DOWN)
        self._column = column + across - 1
        check_width(self._column)
        self._gaps += column - len(row) + (across if down > 1 else 0)
        count_gaps(self._gaps)
        row.extend([""] * (column - len(row)))
        self.columns = max(self.columns, self._column)
        if down > 1:
            last = self.rows + down - 1
            self._covered.update(dict.fromkeys(range(column, self._column + 1), last))
        if across > 1 or down > 1:
            if len(self._spans) >= _MAX_SPANS:
                raise UnreadableFileError(N_("The table has more than %(limit)s merged cells"), limit=_MAX_SPANS)
            self._spans.append(Span(self.rows, self.rows + down - 1, column, self._column))
        self.text = []

    def end_cell(self) -> None:
        """The cell, or the caption, that is open ends."""
        if self.text is None:
            return
        text = _BLANKS.sub(" ", "".join(self.text)).strip(" ")
        self.text = None
        self.texts += bool(text)
        if self.kept is not None:
            self.kept = None if self.rows > 1 and self.columns > 1 else [*self.kept, text]
        if self.is_caption:
            self.caption, self.is_caption = text[:200], False
        elif self.row:
            self.row[-1] = text


class TableTarget:
    """Receives a parser's events. `tables` are those that ended; `done` the rows of the `wanted` one."""

    def __init__(self, wanted: int | None) -> None:
        self.tables: list[OpenTable] = []
        self.done: list[list[str]] = []
        self._wanted = wanted
        self._open: list[OpenTable] = []
        self._count = 0
        self._silent = 0
        self._held = 0

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """An element begins."""
        if tag in _SILENT:
            self._silent += 1
        if tag == "table":
            self._start_table()
        if not self._open:
            return
        table = self._open[-1]
        if tag == "tr":
            self._end_row()
            table.start_row(attributes)
        elif tag in ("td", "th"):
            table.end_cell()
            if table.row is None:
                table.start_row({})
            table.start_cell(attributes)
            self._held = 0
        elif tag == "caption":
            table.end_cell()
            table.text, table.is_caption = [], True
        elif tag in _BREAKING:
            self.data(" ")

    def end(self, tag: str) -> None:
        """An element ends."""
        if tag in _SILENT and self._silent:
            self._silent -= 1
        if not self._open:
            return
        if tag == "table":
            self._end_table()
        elif tag == "tr":
            self._end_row()
        elif tag in ("td", "th", "caption"):
            self._open[-1].end_cell()
        elif tag in _BREAKING and tag != "br":
            self.data(" ")

    def data(self, text: str) -> None:
        """Text, of which only that in cells and captions counts."""
        if self._open and self._open[-1].text is not None and not self._silent:
            self._held += len(text)
            if self._held > _MAX_CELL:
                raise UnreadableFileError(
                    N_("A cell in the table is longer than %(limit)s characters"), limit=_MAX_CELL
                )
            self._open[-1].text.append(text)

    def close(self) -> None:
        """The parser has come to its end."""

    def finish(self) -> None:
        """End what the page left open."""
        while self._open:
            self._end_table()

    def _start_table(self) -> None:
        self._count += 1
        if self._count > _MAX_TABLES or len(self._open) >= MAX_DEPTH:
            raise UnreadableFileError(N_("The page has too many tables, or tables nested too deeply"))
        table = OpenTable(self._count)
        if self._open and self._open[-1].text is not None:
            table.kept = []
        self._open.append(table)

    def _end_row(self) -> None:
        table = self._open[-1]
        table.end_cell()
        if table.row is not None:
            if table.number == self._wanted:
                self.done.append(table.row)
            table.row = None

    def _end_table(self) -> None:
        self._end_row()
        table = self._open.pop()
        self.tables.append(table)
        if not self._open:
            return
        outer = self._open[-1]
        outer.inner += 1
        outer.inner_row = outer.inner_row or outer.rows
        if table.is_data or table.has_inner:
            outer.has_inner = True
        elif table.kept and outer.text is not None:
            outer.text.append(f" {' '.join(table.kept)} ")


def _read_span(text: str | None, most: int, *, zero: int = 1) -> int:
    digits = (text or "").strip()
    if not (digits.isascii() and digits.isdecimal()):
        return 1
    return min(int(digits[:6]), most) or zero
