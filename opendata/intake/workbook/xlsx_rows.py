"""The cells of an XLSX sheet, streaming: rows as text, faster than any XML parser gives them in Python.

In, the XML of a row:        <row r="2"><c r="A2" t="s"><v>0</v></c><c r="B2"><v>2.50</v></c></row>
In, what its cells are:      the shared string 0 is "Hamburg"; B2 has no style, so it is a number
Out, the row as a list:      "Hamburg", "2.5"
Then, as `RowForm` learns:   A is a shared string and B a number, so one regular expression reads rows 3, 4, 5 and so on
Out, for these rows:         a whole column is converted at once, and the columns are turned into rows again

Almost every row of a sheet is written like the one before it. So a pattern for whole rows is learned from the sheet
itself. A row that doesn't match it is split cell by cell. A row with comments, CDATA or other quotes is given to an XML
parser. All three ways give the same cells.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Iterator, Sequence
from typing import NamedTuple

from opendata.errors import N_, TooLargeError
from opendata.intake.document.markup import parse_tree
from opendata.intake.kind.zip_part import Stream
from opendata.intake.layout.workbook_facts import SheetFacts
from opendata.intake.workbook.cell_values import CellValues
from opendata.intake.workbook.number_formats import NumberFormat
from opendata.intake.workbook.shown_formats import ShownFormats
from opendata.intake.workbook.xlsx_form import WIDEST, Cell, Fitting, RowForm, Taken, learn_form
from opendata.intake.workbook.xlsx_package import (
    PartText,
    column_number,
    damaged,
    element_text,
    local_name,
    unescaped,
    xml_text,
)

LAST_ROW, LAST_COLUMN = 1_048_576, 16_384
_MAX_ROW = 64 << 20  # characters of one row
_ROW_END = b"</row>"
_BATCH = 1024
_LEARN = 24  # rows that do not fit before the pattern is learned again; doubled each time

_ROW = re.compile(r"\s*<row((?:\s+[\w:.]+=\"[^\"<]*\")*)\s*(/?)>")
_PREFIXED = re.compile(r"<(\w+):worksheet[\s>]")
_CELL = re.compile(r"\s*<c((?:\s+[\w:.]+=\"[^\"<]*\")*)\s*(?:/>|>(.*?)</c>)", re.DOTALL)
_ATTRIBUTE = re.compile(r"([\w:.]+)=\"([^\"]*)\"")
_INNER = re.compile(
    r"\s*(<f(?:\s[^>]*)?(?:/>|>[^<]*</f>))?\s*"
    r"(?:<v(?:\s[^>]*)?>([^<]*)</v>|<v\s*/>|<is>\s*<t(?:\s[^>]*)?>([^<]*)</t>\s*</is>)?\s*"
)
_REF = re.compile(r"([A-Z]{1,3})(\d{1,7})")
_END = re.compile(r"</sheetData>|<sheetData\s*/>")
_HIDDEN_COLUMNS = re.compile(r"<col\s[^>]*>")


class Block(NamedTuple):
    """Rows that follow each other; `cells` is how many they have, and tells that none is blank; 0: not known."""

    rows: Iterable[Sequence[str]]
    cells: int = 0


class SheetRows:
    """Reads one sheet. Rows come from 1 on; blank rows inside come as empty lists, those at the end do not come."""

    def __init__(
        self,
        stream: Stream,
        part: str,
        strings: list[str],
        styles: Sequence[NumberFormat],
        epoch_1904: bool,
        facts: SheetFacts,
        shown: ShownFormats,
    ) -> None:
        self._text = PartText(stream)
        self._part, self._facts, self._strings = part, facts, strings
        self._taken: list[Taken] = []  # blocks of rows not yet handed on
        self._cells = CellValues(part, styles, facts, shown, strings=strings, epoch_1904=epoch_1904)
        self._given = 0  # rows handed on
        self._width = 0
        self._form: RowForm | None = None
        self._recent: list[list[Cell]] = []
        self._empties: set[int] = set()  # columns with cells that have a format and no value
        self._patience = 2
        self._opening, self._prefix = "", ""

    def __iter__(self) -> Iterator[Block]:
        """The rows, many at a time. Raises `UnreadableFileError` and `TooLargeError` on the way."""
        buffer, at, number = self._head(), 0, 0
        fitting: list[Fitting] = []
        while True:
            end = max(0, buffer.rfind("</row>"))
            if self._form and (taken := self._form.take_columns(buffer, at, end, self._strings)):
                if fitting:
                    yield from self._columns(Taken.turn(fitting))
                    number, fitting = self._given, []
                self._taken.append(taken)
                at = end + len("</row>")
            if self._taken and (at < end or sum(len(block.numbers) for block in self._taken) >= _BATCH):
                yield from self._release()
                number = self._given
            if self._form and at < end and (block := self._form.take(buffer, at, end)):
                fitting += block
                at = end + len("</row>")
                if len(fitting) >= _BATCH:
                    yield from self._columns(Taken.turn(fitting))
                    number, fitting = self._given, []
            while at < end:
                found = self._form.match(buffer, at) if self._form else None
                if found:
                    fitting.append(found.groups(""))
                    at = found.end()
                    if len(fitting) == _BATCH:
                        yield from self._columns(Taken.turn(fitting))
                        number = self._given
                        fitting = []
                    continue
                if fitting:
                    yield from self._columns(Taken.turn(fitting))
                    number, fitting = self._given, []
                opened = _ROW.match(buffer, at)
                if not opened:
                    raise damaged(f"{self._part}, {N_('row')} {number + 1}")
                at, body = opened.end(), ""
                if not opened[2]:
                    close = buffer.index("</row>", at)
                    body, at = buffer[at:close], close + 6
                attributes = dict(_ATTRIBUTE.findall(opened[1]))
                number = self._row_number(attributes.get("r"), max(number, self._given))
                if attributes.get("hidden") in {"1", "true"}:
                    self._facts.note("hidden-row", number, 1)
                yield from self._loose(number, body)
            if end == 0 and len(buffer) - at > _MAX_ROW:
                raise TooLargeError(N_("Row %(row)s of the sheet is too large"), row=number + 1)
            buffer, at = buffer[at:], 0
            if self._form and self._form.is_compiled and not self._prefix:
                if fitting:
                    yield from self._columns(Taken.turn(fitting))
                    number, fitting = self._given, []
                buffer = yield from self._take_bytes(self._form, buffer)
            more = self._text.read()
            if not more and "</row>" not in buffer:
                break
            buffer = self._unprefixed(buffer + more)
        yield from self._release()
        if fitting:
            yield from self._columns(Taken.turn(fitting))
        if not _END.search(buffer, at):
            raise damaged(f"{self._part}, {N_('the end is missing')}")

    def _take_bytes(self, form: RowForm, rest: str) -> Generator[Block, None, str]:
        """Take rows behind a text without making text of them; returns the text from where they are others on."""
        held = self._text.begin_bytes()
        if held is None:
            return rest
        data = rest.encode() + held
        while more := self._text.read_bytes():
            data += more
            end = data.rfind(_ROW_END) + len(_ROW_END)
            if end < len(_ROW_END) or b"\r" in more:
                break
            if not (taken := form.take_bytes(memoryview(data)[:end], self._strings)):
                break
            self._taken.append(taken)
            data = data[end:]
            if sum(len(block.numbers) for block in self._taken) >= _BATCH:
                yield from self._release()
        return self._text.decode(data)

    def _head(self) -> str:
        """Read up to the first row; returns what has been read from there on."""
        buffer = ""
        while "<row" not in buffer and "</sheetData" not in buffer and "<sheetData/>" not in buffer:
            more = self._text.read()
            if not more or len(buffer) > _MAX_ROW:
                if "sheetData" in buffer and not more:
                    break
                raise damaged(self._part)
            if not self._prefix and (found := _PREFIXED.search(more)):
                self._prefix = found[1]
            buffer = self._unprefixed(buffer + more)
        at = buffer.find("<row")
        head = buffer if at < 0 else buffer[:at]
        root = re.search(r"<worksheet(?:\s[^>]*)?>", head)
        if root is None or "<!" in head:
            raise damaged(self._part)
        self._opening = root[0]
        for column in _HIDDEN_COLUMNS.findall(head):
            attributes = dict(_ATTRIBUTE.findall(column))
            first, last = attributes.get("min", ""), attributes.get("max", "")
            if attributes.get("hidden") in {"1", "true"} and first.isdigit() and last.isdigit():
                self._facts.note("hidden-column", 1, int(first), count=max(1, int(last) - int(first) + 1))
        return buffer[len(head) :] if at >= 0 else buffer

    def _unprefixed(self, text: str) -> str:
        # Some writers say <x:row> for <row>; no value holds such a text, since there < is written &lt;.
        prefix = self._prefix
        return text.replace(f"<{prefix}:", "<").replace(f"</{prefix}:", "</") if prefix else text

    def _row_number(self, ref: str | None, before: int) -> int:
        number = int(ref) if ref and ref.isdigit() and len(ref) < 9 else before + 1
        if not before < number <= LAST_ROW:
            raise damaged(f"{self._part}, {N_('row')} {number}")
        return number

    def _blank_until(self, number: int) -> Iterator[Block]:
        for start in range(self._given + 1, number, _BATCH):
            yield Block([()] * min(_BATCH, number - start))
        self._given = number

    # ------------------------------------------------------------------------------------------- cell by cell

    def _loose(self, number: int, body: str) -> Iterator[Block]:
        cells = self._split(number, body)
        row = [""] * self._width
        for column, kind, style, _, value, formula in cells:
            text = self._loose_text(number, column, kind, style, value, formula)
            if text:
                if column > len(row):
                    row.extend([""] * (column - len(row)))
                row[column - 1] = text
        self._width = max(self._width, len(row))
        if any(row):
            yield from self._blank_until(number)
            yield Block([row])
            self._learn(cells)

    def _split(self, number: int, body: str) -> list[Cell]:
        cells: list[Cell] = []
        at, column = 0, 0
        while at < len(body):
            found = _CELL.match(body, at)
            inner = _INNER.fullmatch(found[2] or "") if found else None
            if not found or not inner:
                if not body[at:].strip():
                    break
                return self._parsed(number, body)
            at = found.end()
            attributes = dict(_ATTRIBUTE.findall(found[1]))
            column = self._column(attributes.get("r"), column, number)
            value = inner[2] if inner[2] is not None else inner[3]
            if value is not None or inner[1]:
                kind, style = attributes.get("t", "n"), attributes.get("s", "")
                written = found[1].partition('" ')[2] if found[1].startswith(' r="') else ""
                cells.append((column, kind, style, written, xml_text(value or ""), bool(inner[1])))
            elif len(self._empties) <= WIDEST:
                self._empties.add(column)
        return cells

    def _parsed(self, number: int, body: str) -> list[Cell]:
        try:
            row = parse_tree(f"{self._opening}<row>{body}</row></worksheet>")[0]
        except ValueError as error:
            raise damaged(f"{self._part}, {N_('row')} {number}") from error
        cells: list[Cell] = []
        column = 0
        for node in row:
            if local_name(node.tag) != "c":
                continue
            column = self._column(node.get("r"), column, number)
            value, formula = None, False
            for child in node:
                name = local_name(child.tag)
                formula = formula or name == "f"
                if name == "v":
                    value = child.text
                elif name == "is":
                    value = element_text(child)
            if value is not None or formula:
                cells.append((column, node.get("t", "n"), node.get("s", ""), "", unescaped(value or ""), formula))
        return cells

    def _column(self, ref: str | None, before: int, number: int) -> int:
        if ref is None:
            column = before + 1
        else:
            found = _REF.fullmatch(ref)
            if not found:
                raise damaged(f"{self._part}, {ref[:20]}")
            column = column_number(found[1])
        if column > LAST_COLUMN:
            raise damaged(f"{self._part}, {N_('row')} {number}")
        return column

    def _loose_text(self, number: int, column: int, kind: str, style: str, value: str, formula: bool) -> str:
        if not value and kind != "s":
            if formula and kind != "str":
                self._facts.note("formula-without-value", number, column)
            return ""
        shown = self._cells.kind_of(kind, style)
        return self._cells.convert(shown, column, [number], [value])[0]

    # ---------------------------------------------------------------------------------------- column by column

    def _release(self) -> Iterator[Block]:
        taken, self._taken = self._taken, []
        if taken:
            yield from self._columns(Taken.join(taken))

    def _columns(self, taken: Taken) -> Iterator[Block]:
        form = self._form
        assert form is not None  # noqa: S101 - rows fit a form
        numbers = self._checked(taken.numbers)
        hidden = "\n".join(taken.attributes)
        if "hidden" in hidden:
            for number, attributes in zip(numbers, taken.attributes, strict=True):
                if ' hidden="1"' in attributes or ' hidden="true"' in attributes:
                    self._facts.note("hidden-row", number, 1)
        blank: Sequence[str] = [""] * len(numbers)
        columns: list[Sequence[str]] = [blank] * max(self._width, form.width)
        for (column, kind), raw in zip(form.columns, taken.values, strict=True):
            if kind == "s" and taken.has_texts:
                columns[column - 1] = self._cells.convert("text", column, numbers, raw)
            else:
                columns[column - 1] = self._cells.convert(kind, column, numbers, raw, escaped=True)
        self._width = len(columns)
        rows = zip(*columns, strict=True)
        if numbers[0] == self._given + 1 and numbers[-1] - numbers[0] + 1 == len(numbers):
            self._given = numbers[-1]
            is_full = any("" not in column for column in columns)
            yield Block(rows, len(numbers) * len(columns) if is_full else 0)
            return
        for number, row in zip(numbers, rows, strict=True):
            yield from self._blank_until(number)
            yield Block([row])

    def _checked(self, numbers: Sequence[int]) -> Sequence[int]:
        before = self._given
        if before < numbers[0] and numbers[-1] <= LAST_ROW and numbers == [*range(numbers[0], numbers[-1] + 1)]:
            return numbers
        for number in numbers:
            if not before < number <= LAST_ROW:
                raise damaged(f"{self._part}, {N_('row')} {number}")
            before = number
        return numbers

    # ------------------------------------------------------------------------------------------------- learning

    def _learn(self, cells: list[Cell]) -> None:
        self._recent.append(cells)
        if len(self._recent) >= self._patience:
            self._form = learn_form(self._recent, self._empties, self._cells.kind_of) or self._form
            self._recent = []
            self._patience = max(_LEARN, min(self._patience * 2, 1 << 14))
