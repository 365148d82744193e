"""Workbooks in the binary form of Excel (.xlsb), which no library writes: just what a sheet with values takes.

Source: [MS-XLSB], records of workbook, worksheet, styles and shared strings.
"""

from __future__ import annotations

import datetime as dt
import struct
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

Value = str | float | bool | dt.date | None

_TYPES = """<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Default Extension="bin" ContentType="application/vnd.ms-excel.sheet.binary.macroEnabled.main"/>
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/></Types>"""
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_DATE = 1
"""The style of days, after the one of everything else."""


def write_xlsb(
    path: Path,
    sheets: Mapping[str, Sequence[Sequence[Value]]],
    hidden: Sequence[str] = (),
    formats: Sequence[str] = (),
) -> Path:
    """Write sheets of cells; None is no cell at all. `formats` are those of the numbers in each column."""
    texts: dict[str, int] = {}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("[Content_Types].xml", _TYPES)
        package.writestr("_rels/.rels", _relate([("officeDocument", "xl/workbook.bin")]))
        parts = [("worksheet", f"worksheets/sheet{number}.bin") for number in range(1, len(sheets) + 1)]
        related = _relate([*parts, ("sharedStrings", "sharedStrings.bin"), ("styles", "styles.bin")])
        package.writestr("xl/_rels/workbook.bin.rels", related)
        bundle = b"".join(
            _record(156, struct.pack("<II", name in hidden, number) + _wide(f"rId{number}") + _wide(name))
            for number, name in enumerate(sheets, start=1)
        )
        package.writestr("xl/workbook.bin", _record(131) + _record(143) + bundle + _record(144) + _record(132))
        for number, rows in enumerate(sheets.values(), start=1):
            package.writestr(f"xl/worksheets/sheet{number}.bin", _write_sheet(rows, texts, formats))
        items = b"".join(_record(19, b"\0" + _wide(text)) for text in texts)
        counts = struct.pack("<II", len(texts), len(texts))
        package.writestr("xl/sharedStrings.bin", _record(159, counts) + items + _record(160))
        codes = [(164 + number, code) for number, code in enumerate(formats)]
        written = b"".join(_record(44, struct.pack("<H", number) + _wide(code)) for number, code in codes)
        numbers = (0, 14, *(number for number, _ in codes))
        known = b"".join(_record(47, struct.pack("<HH", 0, number) + bytes(12)) for number in numbers)
        styles = _record(278) + written + _record(617, struct.pack("<I", len(numbers))) + known
        styles += _record(618) + _record(279)
        package.writestr("xl/styles.bin", styles)
    return path


def _write_sheet(rows: Sequence[Sequence[Value]], texts: dict[str, int], formats: Sequence[str]) -> bytes:
    width = max(map(len, rows), default=1)
    dimension = struct.pack("<IIII", 0, max(0, len(rows) - 1), 0, max(0, width - 1))
    parts = [_record(129), _record(148, dimension), _record(145)]
    for number, row in enumerate(rows):
        if any(value is not None for value in row):
            parts.append(_record(0, struct.pack("<II", number, 0) + bytes(9)))
            parts += [_record(*_write_cell(column, value, texts, formats)) for column, value in _list_cells(row)]
    return b"".join([*parts, _record(146), _record(130)])


def _list_cells(row: Sequence[Value]) -> Iterator[tuple[int, str | float | bool | dt.date]]:
    return ((column, value) for column, value in enumerate(row) if value is not None)


def _write_cell(
    column: int, value: str | float | bool | dt.date, texts: dict[str, int], formats: Sequence[str]
) -> tuple[int, bytes]:
    """The type and the content of the record of a cell."""
    style = _DATE + 1 + column if isinstance(value, float) and column < len(formats) else 0
    head = struct.pack("<II", column, _DATE if isinstance(value, dt.date) else style)
    if isinstance(value, dt.date):
        return 5, head + struct.pack("<d", (value - dt.date(1899, 12, 30)).days)
    if isinstance(value, bool):
        return 4, head + bytes([value])
    if isinstance(value, str):
        if len(value) % 2:  # both ways a text is kept
            return 6, head + _wide(value)
        return 7, head + struct.pack("<I", texts.setdefault(value, len(texts)))
    if value.is_integer() and abs(value) < 1 << 29:  # RK: thirty bits of a whole number
        return 2, head + struct.pack("<i", int(value) << 2 | 2)
    return 5, head + struct.pack("<d", value)


def _record(kind: int, data: bytes = b"") -> bytes:
    head = bytes([kind]) if kind < 128 else bytes([kind & 127 | 128, kind >> 7])
    size, length = len(data), b""
    while True:
        size, low = size >> 7, size & 127
        length += bytes([low | 128 if size else low])
        if not size:
            return head + length + data


def _wide(text: str) -> bytes:
    data = text.encode("utf-16-le")
    return struct.pack("<I", len(data) // 2) + data


def _relate(parts: Sequence[tuple[str, str]]) -> str:
    lines = (
        f'<Relationship Id="rId{number}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(parts, start=1)
    )
    return f'<?xml version="1.0"?><Relationships xmlns="{_RELATIONS}">{"".join(lines)}</Relationships>'
