"""The number formats of an XLS sheet's cells, and its formulas without a result: python-calamine gives neither.

Source: [MS-XLS] 2.4: BOF, BOUNDSHEET8, FORMAT, XF, NUMBER, RK, MULRK, FORMULA; for files of Excel 5 and 95 the
OpenOffice documentation of the format.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import IO

from opendata.intake.workbook.cell_formats import CellFormats
from opendata.intake.workbook.number_formats import NumberFormat, find_format

_BOF, _EOF, _CODEPAGE, _DATEMODE, _BOUNDSHEET, _FORMAT, _XF = 0x809, 0x0A, 0x42, 0x22, 0x85, 0x41E, 0xE0
_NUMBER, _RK, _MULRK, _FORMULA = 0x203, 0x27E, 0xBD, 0x06
_BIFF8 = 0x600
_NO_RESULT = 3  # an empty text, which also stands for no result at all
_MOST_FORMULAS = 1_000_000


def read_xls_formats(source: IO[bytes], sheet: str) -> CellFormats:
    """The formats of the cells of the sheet with this name. What is damaged shows nothing: the library refuses it."""
    import olefile

    source.seek(0)
    try:
        with olefile.OleFileIO(source) as file:
            name = next((name for name in ("Workbook", "Book") if file.exists(name)), "")
            data = file.openstream(name).read() if name else b""
    except (OSError, ValueError, IndexError, TypeError, AttributeError, RecursionError, struct.error):
        return CellFormats()
    finally:
        source.seek(0)
    try:
        return _Stream(data).read_sheet(sheet)
    except (struct.error, IndexError, LookupError):
        return CellFormats()


class _Stream:
    """The records of a workbook."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._is_biff8 = True
        self._codec = "cp1252"
        self._codes: dict[int, str] = {}
        self._numbers: list[int] = []
        self._places: dict[str, int] = {}
        self._found = CellFormats()

    def read_sheet(self, sheet: str) -> CellFormats:
        for record, at, size in self._records(0):
            if record == _BOF:
                self._is_biff8 = struct.unpack_from("<H", self._data, at)[0] == _BIFF8
            elif record == _CODEPAGE and not self._is_biff8:
                self._codec = f"cp{struct.unpack_from('<H', self._data, at)[0]}"
            elif record == _DATEMODE:
                self._found.epoch_1904 = self._data[at] == 1
            elif record == _FORMAT:
                number = struct.unpack_from("<H", self._data, at)[0]
                self._codes[number] = self._text(at + 2, at + size, 2 if self._is_biff8 else 1)
            elif record == _XF:
                self._numbers.append(struct.unpack_from("<H", self._data, at + 2)[0])
            elif record == _BOUNDSHEET:
                self._places[self._text(at + 6, at + size, 1)] = struct.unpack_from("<L", self._data, at)[0]
        formats = [find_format(number, self._codes.get(number)) for number in self._numbers]
        if sheet in self._places:
            self._read_cells(self._places[sheet], formats)
        return self._found

    def _read_cells(self, start: int, formats: list[NumberFormat]) -> None:
        data, add = self._data, self._found.add
        empty: list[tuple[int, int]] = []
        has_results = False
        telling = {number for number, shown in enumerate(formats) if not shown.is_plain}
        for record, at, size in self._records(start):
            if record in (_NUMBER, _RK, _FORMULA):
                row, column, style = struct.unpack_from("<3H", data, at)
                if style in telling:
                    add(row + 1, row + 1, column + 1, formats[style])
                if record == _FORMULA:
                    is_empty = data[at + 12 : at + 14] == b"\xff\xff" and data[at + 6] == _NO_RESULT
                    has_results = has_results or not is_empty
                    if is_empty and not has_results and len(empty) < _MOST_FORMULAS:
                        empty.append((row + 1, column + 1))
            elif record == _MULRK and telling:
                row, column = struct.unpack_from("<2H", data, at)
                for place in range((size - 6) // 6):
                    style = struct.unpack_from("<H", data, at + 4 + 6 * place)[0]
                    if style in telling:
                        add(row + 1, row + 1, column + place + 1, formats[style])
        # A program that calculates leaves some result; where there is none, an empty text isn't one either.
        self._found.formulas = [] if has_results else empty

    def _records(self, start: int) -> Iterator[tuple[int, int, int]]:
        """The records of a substream, without those inside (charts): their number, place and size."""
        data, at, depth, end = self._data, start, 0, len(self._data) - 4
        while at <= end:
            record, size = struct.unpack_from("<2H", data, at)
            at += 4
            depth += (record == _BOF) - (record == _EOF)
            if depth <= 0:
                return
            if depth == 1:
                yield record, at, size
            at += size

    def _text(self, at: int, end: int, width: int) -> str:
        """A text that begins with its length, of one byte or two, and in BIFF8 with a flag for UTF-16."""
        length = int.from_bytes(self._data[at : at + width], "little")
        at += width
        if not self._is_biff8:
            return self._data[at : min(at + length, end)].decode(self._codec, "replace")
        is_wide = self._data[at] & 1
        found = self._data[at + 1 : min(at + 1 + length * (1 + is_wide), end)]
        return found.decode("utf-16-le" if is_wide else "latin-1", "replace")
