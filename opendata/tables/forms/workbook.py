"""An Excel workbook of one worksheet, written row by row in constant memory: text, colours, comments, no formula.

Source: ECMA-376 (SpreadsheetML, its VML for comments), Excel's published limits, XML 1.0 on characters.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import IO, BinaryIO
from xml.sax.saxutils import escape, quoteattr

from opendata.tables.forms.workbook_parts import (
    HEAD,
    LINKED,
    MAIN,
    MAX_CELL,
    NUMBER,
    SHEET_BYTES,
    SHEET_COLUMNS,
    SHEET_ROWS,
    SPECIAL,
    STYLES,
    cut_text,
    escape_name,
    escape_text,
    link_sheets,
    list_styles,
    list_types,
    name_column,
    relate,
)

MAX_COMMENTS = 5000

_FLUSHED = 1 << 18


class WorkbookWriter:
    """Writes a workbook. Use as a context; on leaving, the file is complete.

    `out` is seekable. `widths` are those of the first columns, in characters; the first `frozen` rows stay in sight.
    """

    def __init__(self, out: BinaryIO, *, sheet: str, widths: Sequence[int] = (), frozen: int = 0) -> None:
        self.rows = 0
        self.is_cut = False
        self._sheet = sheet
        self._columns: list[str] = []
        self._comments: list[tuple[int, int, str]] = []
        self._filtered = 0
        self._remark = ""
        self._zip = zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=3)
        self._part: IO[bytes] = self._zip.open("xl/worksheets/sheet1.xml", "w")
        self._held = [HEAD, _begin_sheet(widths, frozen)]
        self._held_length = 0
        self._length = 0

    def __enter__(self) -> WorkbookWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._finish()
        finally:
            self._part.close()
            self._zip.close()

    @property
    def is_full(self) -> bool:
        """Whether there is no room for one more row."""
        return self.rows >= SHEET_ROWS or self._length >= SHEET_BYTES

    def write_row(self, cells: Sequence[str | int | None], style: str = "text", marks: Mapping[int, str] = {}) -> None:
        """Append a row. `marks` gives single cells, by place from 0, a style of their own, empty ones too."""
        self.rows += 1
        row, common = self.rows, STYLES[style]
        parts = [f'<row r="{row}">']
        width = min(max(len(cells), max(marks, default=-1) + 1), SHEET_COLUMNS)
        while len(self._columns) < width:
            self._columns.append(name_column(len(self._columns)))
        for place, (column, value) in enumerate(zip(self._columns, cells, strict=False)):
            number = STYLES[marks[place]] if place in marks else common
            if isinstance(value, str) and value:
                text = value if len(value) <= MAX_CELL // 2 else self._cut(value)
                if SPECIAL.search(text):
                    text = escape_text(text)
                cell = (
                    f'<c r="{column}{row}" s="{number}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'
                )
                parts.append(cell)
            elif isinstance(value, int):
                parts.append(f'<c r="{column}{row}" s="{NUMBER}"><v>{value}</v></c>')
            elif place in marks:
                parts.append(f'<c r="{column}{row}" s="{number}"/>')
        for place in sorted(marks):
            if len(cells) <= place < SHEET_COLUMNS:
                parts.append(f'<c r="{self._columns[place]}{row}" s="{STYLES[marks[place]]}"/>')
        parts.append("</row>\n")
        self._write("".join(parts))

    def comment(self, place: int, text: str) -> None:
        """Pin a comment to a cell of the last row, one to each, while there is room for one more."""
        if len(self._comments) < MAX_COMMENTS and place < SHEET_COLUMNS:
            self._comments.append((self.rows, place, text))

    def filter(self, columns: int) -> None:
        """Let the reader choose rows by the values of the first columns."""
        self._filtered = columns

    def remark(self, text: str) -> None:
        """Say something on a worksheet of its own, which is shown first."""
        self._remark = text

    def _cut(self, text: str) -> str:
        found = cut_text(text)
        self.is_cut = self.is_cut or found != text
        return found

    def _write(self, text: str) -> None:
        self._held.append(text)
        self._held_length += len(text)
        if self._held_length >= _FLUSHED:
            self._flush()

    def _flush(self) -> None:
        data = "".join(self._held).encode()
        self._part.write(data)
        self._length += len(data)
        self._held, self._held_length = [], 0

    def _finish(self) -> None:
        area = f"A1:{name_column(max(self._filtered, 1) - 1)}{max(self.rows, 1)}"
        end = ["</sheetData>"]
        if self._filtered:
            end.append(f'<autoFilter ref="{area}"/>')
        end.append(f'<ignoredErrors><ignoredError sqref="A1:XFD{SHEET_ROWS}" numberStoredAsText="1"/></ignoredErrors>')
        if self._comments:
            end.append('<legacyDrawing r:id="rId1"/>')
        end.append("</worksheet>")
        self._write("".join(end))
        self._flush()
        self._part.close()
        if self._comments:
            self._zip.writestr("xl/worksheets/_rels/sheet1.xml.rels", _link_comments())
            self._zip.writestr("xl/comments1.xml", _list_comments(self._comments))
            self._zip.writestr("xl/drawings/vmlDrawing1.vml", _draw_comments(self._comments))
        if self._remark:
            self._zip.writestr("xl/worksheets/sheet2.xml", _write_remark(self._remark))
        self._zip.writestr("xl/workbook.xml", self._list_sheets(area if self._filtered else ""))
        sheets = 2 if self._remark else 1
        self._zip.writestr("xl/_rels/workbook.xml.rels", link_sheets(sheets))
        self._zip.writestr("xl/styles.xml", list_styles())
        self._zip.writestr("_rels/.rels", relate([("officeDocument", "xl/workbook.xml")]))
        self._zip.writestr("[Content_Types].xml", list_types(sheets, has_comments=bool(self._comments)))

    def _list_sheets(self, filtered: str) -> str:
        names = [self._sheet, *(["!"] if self._remark else [])]
        sheets = "".join(
            f'<sheet name={quoteattr(escape_name(name))} sheetId="{number}" r:id="rId{number}"/>'
            for number, name in enumerate(names, start=1)
        )
        defined = ""
        if filtered:
            first, _, last = filtered.partition(":")
            quoted = "'" + self._sheet.replace("'", "''") + "'"
            place = f"{quoted}!{_fix(first)}:{_fix(last)}"
            defined = (
                '<definedNames><definedName name="_xlnm._FilterDatabase" localSheetId="0" hidden="1">'
                f"{escape(place)}</definedName></definedNames>"
            )
        view = f'<bookViews><workbookView activeTab="{len(names) - 1}"/></bookViews>'
        return f"{HEAD}<workbook {MAIN} {LINKED}>{view}<sheets>{sheets}</sheets>{defined}</workbook>"


def _fix(cell: str) -> str:
    """An absolute reference: `$A$1`."""
    return re.sub(r"([A-Z]+)([0-9]+)", r"$\1$\2", cell)


def _begin_sheet(widths: Sequence[int], frozen: int) -> str:
    pane = (
        f'<pane ySplit="{frozen}" topLeftCell="A{frozen + 1}" activePane="bottomLeft" state="frozen"/>'
        if frozen
        else ""
    )
    columns = [(place, place, width) for place, width in enumerate(widths, start=1)]
    columns.append((len(widths) + 1, SHEET_COLUMNS, 14))
    cols = "".join(
        f'<col min="{first}" max="{last}" width="{width}" style="{STYLES["text"]}" customWidth="1"/>'
        for first, last, width in columns
    )
    return (
        f'<worksheet {MAIN} {LINKED}><sheetViews><sheetView workbookViewId="0">{pane}</sheetView></sheetViews>'
        f'<sheetFormatPr defaultRowHeight="15"/><cols>{cols}</cols><sheetData>\n'
    )


def _write_remark(text: str) -> str:
    return (
        f'{HEAD}<worksheet {MAIN}><sheetViews><sheetView tabSelected="1" workbookViewId="0"/></sheetViews>'
        '<sheetFormatPr defaultRowHeight="15"/><cols><col min="1" max="1" width="100" customWidth="1"/></cols>'
        f'<sheetData><row r="1"><c r="A1" s="{STYLES["wrapped"]}" t="inlineStr"><is><t>{escape_text(text)}</t></is></c>'
        "</row></sheetData></worksheet>"
    )


def _link_comments() -> str:
    return relate([("vmlDrawing", "../drawings/vmlDrawing1.vml"), ("comments", "../comments1.xml")])


def _list_comments(comments: Sequence[tuple[int, int, str]]) -> str:
    listed = "".join(
        f'<comment ref="{name_column(place)}{row}" authorId="0"><text><r><rPr><sz val="9"/><rFont val="Tahoma"/>'
        f'</rPr><t xml:space="preserve">{escape_text(text)}</t></r></text></comment>'
        for row, place, text in comments
    )
    return f"{HEAD}<comments {MAIN}><authors><author/></authors><commentList>{listed}</commentList></comments>"


def _draw_comments(comments: Sequence[tuple[int, int, str]]) -> str:
    """The box of each comment, hidden until the reader points at its cell; Excel numbers shapes in blocks of 1024."""
    blocks = ",".join(str(number) for number in range(1, 2 + len(comments) // 1024))
    shapes = []
    for number, (row, place, text) in enumerate(comments, start=1025):
        lines = 2 + sum(1 + len(line) // 30 for line in text.splitlines())
        column, top = min(place + 1, SHEET_COLUMNS - 5), min(max(row - 2, 0), SHEET_ROWS - 25)
        anchor = f"{column}, 15, {top}, 2, {column + 4}, 15, {top + min(lines, 24)}, 2"
        shapes.append(
            f'<v:shape id="_x0000_s{number}" type="#_x0000_t202" '
            'style="position:absolute;visibility:hidden" fillcolor="#ffffe1" o:insetmode="auto">'
            '<v:fill color2="#ffffe1"/><v:shadow on="t" color="black" obscured="t"/><v:path o:connecttype="none"/>'
            '<v:textbox style="mso-direction-alt:auto"><div style="text-align:left"></div></v:textbox>'
            '<x:ClientData ObjectType="Note"><x:MoveWithCells/><x:SizeWithCells/>'
            f"<x:Anchor>{anchor}</x:Anchor><x:AutoFill>False</x:AutoFill>"
            f"<x:Row>{row - 1}</x:Row><x:Column>{place}</x:Column></x:ClientData></v:shape>"
        )
    return (
        '<xml xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" '
        'xmlns:x="urn:schemas-microsoft-com:office:excel"><o:shapelayout v:ext="edit">'
        f'<o:idmap v:ext="edit" data="{blocks}"/></o:shapelayout>'
        '<v:shapetype id="_x0000_t202" coordsize="21600,21600" o:spt="202" path="m,l,21600r21600,l21600,xe">'
        '<v:stroke joinstyle="miter"/><v:path gradientshapeok="t" o:connecttype="rect"/></v:shapetype>'
        f"{''.join(shapes)}</xml>"
    )
