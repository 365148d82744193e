"""What every Excel workbook of ours is made of: limits, styles, and the parts that only name other parts.

Source: ECMA-376 (SpreadsheetML), Excel's published limits, XML 1.0 on characters.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

SHEET_ROWS = 1_048_576
SHEET_COLUMNS = 16_384
SHEET_BYTES = 900_000_000
"""Enough for millions of cells, and with the longest row there may be still below what a plain ZIP archive holds."""

MAX_CELL = 32_767

SPECIAL = re.compile("[&<>\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]|_x[0-9A-Fa-f]{4}_")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f]")
_LITERAL = re.compile("_(?=x[0-9A-Fa-f]{4}_)")
_NOT_XML = re.compile("[\ud800-\udfff\ufffe\uffff]")

HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
OFFICE = "http://schemas.openxmlformats.org"
MAIN = f'xmlns="{OFFICE}/spreadsheetml/2006/main"'
LINKED = f'xmlns:r="{OFFICE}/officeDocument/2006/relationships"'
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"

STYLES: Mapping[str, int] = {"text": 1, "wrapped": 2, "heading": 3, "error": 4, "warning": 5, "note": 6}
"""Style of a cell → its number in the workbook: all are text. Number 0 is Excel's default."""

NUMBER, DAY, MOMENT = 7, 8, 9
"""The styles of cells that aren't text."""

_DATE_FORMATS = {164: r"yyyy\-mm\-dd", 165: r"yyyy\-mm\-dd\ hh:mm:ss"}
_FILLS = ("FFFFC7CE", "FFFFEB9C", "FFDDEBF7")


def name_column(place: int) -> str:
    """The letters of a column, counted from 0: A, …, Z, AA."""
    letters = ""
    number = place + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def escape_text(text: str) -> str:
    """A text for XML; control characters as Excel writes them (`_x0009_`), what it would take for such kept apart."""
    text = _LITERAL.sub("_x005F_", text)
    text = _CONTROL.sub(lambda found: f"_x{ord(found[0]):04X}_", text)
    return escape(escape_name(text))


def cut_text(text: str) -> str:
    """A text cut to what a cell holds, counted as Excel does: in units of UTF-16."""
    data = text.encode("utf-16-le", "replace")
    if len(data) <= MAX_CELL * 2:
        return text
    return data[: (MAX_CELL - 1) * 2].decode("utf-16-le", "ignore") + "…"


def escape_name(text: str) -> str:
    """A text without what XML has no way to write."""
    return _NOT_XML.sub("\ufffd", text)


def list_styles() -> str:
    """Number format 49 is text: what is typed into such a cell stays as typed."""
    fills = "".join(
        f'<fill><patternFill patternType="solid"><fgColor rgb="{colour}"/><bgColor indexed="64"/></patternFill></fill>'
        for colour in _FILLS
    )
    form = '<xf numFmtId="{}" fontId="{}" fillId="{}" borderId="0" xfId="0" applyNumberFormat="1" {}>{}</xf>'
    top = '<alignment vertical="top" wrapText="1"/>'
    plain = '<xf numFmtId="{}" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    forms = [
        '<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>',
        form.format(49, 0, 0, "", ""),
        form.format(49, 0, 0, 'applyAlignment="1"', top),
        form.format(49, 1, 0, 'applyFont="1"', ""),
        *(form.format(49, 0, number, 'applyFill="1"', "") for number in (2, 3, 4)),
        form.format(0, 0, 0, 'applyAlignment="1"', top),
        *(plain.format(number) for number in _DATE_FORMATS),
    ]
    dates = "".join(f'<numFmt numFmtId="{number}" formatCode="{code}"/>' for number, code in _DATE_FORMATS.items())
    font = '<sz val="11"/><name val="Calibri"/><family val="2"/>'
    return (
        f'{HEAD}<styleSheet {MAIN}><numFmts count="{len(_DATE_FORMATS)}">{dates}</numFmts>'
        f'<fonts count="2"><font>{font}</font><font><b/>{font}</font></fonts>'
        '<fills count="5"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/>'
        f'</fill>{fills}</fills><borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
        '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
        f'<cellXfs count="{len(forms)}">{"".join(forms)}</cellXfs>'
        '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
    )


def relate(targets: Sequence[tuple[str, str]]) -> str:
    """A part that names others, each by the kind of its relation and its place."""
    links = "".join(
        f'<Relationship Id="rId{number}" Type="{OFFICE}/officeDocument/2006/relationships/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(targets, start=1)
    )
    return f'{HEAD}<Relationships xmlns="{OFFICE}/package/2006/relationships">{links}</Relationships>'


def link_sheets(sheets: int) -> str:
    """What the workbook is made of: its worksheets and styles."""
    parts = [("worksheet", f"worksheets/sheet{number}.xml") for number in range(1, sheets + 1)]
    return relate([*parts, ("styles", "styles.xml")])


def list_types(sheets: int, *, has_comments: bool = False) -> str:
    """The media type of each part."""
    parts = {"xl/workbook.xml": "sheet.main", "xl/styles.xml": "styles"}
    parts |= {f"xl/worksheets/sheet{number}.xml": "worksheet" for number in range(1, sheets + 1)}
    parts |= {"xl/comments1.xml": "comments"} if has_comments else {}
    named = "".join(f'<Override PartName="/{part}" ContentType="{_TYPE}.{kind}+xml"/>' for part, kind in parts.items())
    endings = {"rels": "application/vnd.openxmlformats-package.relationships+xml", "xml": "application/xml"}
    endings |= {"vml": "application/vnd.openxmlformats-officedocument.vmlDrawing"} if has_comments else {}
    defaults = "".join(f'<Default Extension="{end}" ContentType="{kind}"/>' for end, kind in endings.items())
    return f'{HEAD}<Types xmlns="{OFFICE}/package/2006/content-types">{defaults}{named}</Types>'
