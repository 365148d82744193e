"""An XLS workbook of one sheet, record by record: no library here writes one."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_SECTOR = 512
_FREE, _END, _FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD


@dataclass(frozen=True)
class Formula:
    """A formula with its result; None for none."""

    result: float | None


Cell = float | str | Formula | None


def write_xls(path: Path, columns: Mapping[str, tuple[str, Sequence[Cell]]]) -> Path:
    """A workbook with a column for each name: its number format and its cells."""
    formats = sorted({code for code, _ in columns.values() if code})
    styles = {"": 0} | {code: number for number, code in enumerate(formats, start=1)}
    globals_ = _record(0x809, struct.pack("<4H2L", 0x600, 5, 0, 0, 0, 0)) + _record(0x42, struct.pack("<H", 1200))
    for number, code in enumerate(formats):
        globals_ += _record(0x41E, struct.pack("<HHB", 164 + number, len(code), 1) + code.encode("utf-16-le"))
    for code, number in styles.items():
        globals_ += _record(0xE0, struct.pack("<2H", 0, 163 + number if code else 0) + bytes(16))
    rows = max(len(cells) for _, cells in columns.values())
    sheet = _record(0x809, struct.pack("<4H2L", 0x600, 16, 0, 0, 0, 0))
    sheet += _record(0x200, struct.pack("<2L3H", 0, rows + 1, 0, len(columns), 0))
    for column, name in enumerate(columns):
        sheet += _write_cell(0, column, 0, name)
    for row in range(rows):
        for column, (code, cells) in enumerate(columns.values()):
            if row < len(cells):
                sheet += _write_cell(row + 1, column, styles[code], cells[row])
    start = len(globals_) + len(_record(0x85, bytes(9))) + 4
    globals_ += _record(0x85, struct.pack("<LHBB", start, 0, 1, 0) + b"S") + _record(0x0A, b"")
    path.write_bytes(_compound_file(globals_ + sheet + _record(0x0A, b"")))
    return path


def _record(number: int, data: bytes) -> bytes:
    return struct.pack("<2H", number, len(data)) + data


def _write_cell(row: int, column: int, style: int, cell: Cell) -> bytes:
    place = struct.pack("<3H", row, column, style)
    if cell is None:
        return b""
    if isinstance(cell, str):
        return _record(0x204, place + struct.pack("<HB", len(cell), 1) + cell.encode("utf-16-le"))
    if isinstance(cell, Formula):
        result = b"\3\0\0\0\0\0\xff\xff" if cell.result is None else struct.pack("<d", cell.result)
        expression = b"\x1e\x02\x00"  # the number 2
        return _record(0x06, place + result + struct.pack("<HLH", 0, 0, len(expression)) + expression)
    return _record(0x203, place + struct.pack("<d", cell))


def _compound_file(stream: bytes) -> bytes:
    """[MS-CFB] with one stream, large enough not to be a small one: a FAT sector, a directory sector, the stream."""
    stream = stream.ljust(4096, b"\0")
    stream += bytes(-len(stream) % _SECTOR)
    count = len(stream) // _SECTOR
    assert count + 2 <= _SECTOR // 4
    fat = [_FAT, _END, *range(3, 2 + count), _END]
    fat += [_FREE] * (_SECTOR // 4 - len(fat))
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<5H", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    head += struct.pack("<9L", 0, 1, 1, 0, 4096, _END, 0, _END, 0) + struct.pack("<109L", 0, *[_FREE] * 108)
    directory = _entry("Root Entry", 5, _END, 0, 1) + _entry("Workbook", 2, 2, len(stream), _FREE) + bytes(256)
    return head + struct.pack(f"<{_SECTOR // 4}L", *fat) + directory + stream


def _entry(name: str, kind: int, start: int, size: int, child: int) -> bytes:
    text = name.encode("utf-16-le")
    packed = text.ljust(64, b"\0") + struct.pack("<HBB3L", len(text) + 2, kind, 1, _FREE, _FREE, child)
    return packed + bytes(36) + struct.pack("<LQ", start, size)
