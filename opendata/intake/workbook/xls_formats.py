"""The number formats of an XLS sheet's cells, and its formulas without a result: python-calamine gives neither.

Source: [MS-XLS] 2.4: BOF, BOUNDSHEET8, FORMAT, XF, NUMBER, RK, MULRK, FORMULA; for files of Excel 5 and 95 the
OpenOffice documentation of the format.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterator
from contextlib import suppress
from itertools import accumulate
from typing import IO

from opendata.intake.workbook.cell_formats import CellFormats
from opendata.intake.workbook.number_formats import find_format
from opendata.intake.workbook.workbook_guards import Swelling

_BOF, _EOF, _CODEPAGE, _DATEMODE, _BOUNDSHEET, _FORMAT, _XF = 0x809, 0x0A, 0x42, 0x22, 0x85, 0x41E, 0xE0
_NUMBER, _RK, _MULRK, _FORMULA = 0x203, 0x27E, 0xBD, 0x06
_SST, _CONTINUE, _LABELSST = 0xFC, 0x3C, 0xFD
_TEXTS = frozenset([0x204, 0xD6, 0x207])  # LABEL, RSTRING, the text of a formula
_SEVERAL = frozenset([_MULRK, 0xBE])  # MULBLANK
_CELLS = frozenset([_NUMBER, _RK, _FORMULA, _LABELSST, 0x204, 0xD6, 0x205, 0x201, *_SEVERAL])
_BIFF8 = 0x600
_NO_RESULT = 3  # an empty text, which also stands for no result at all
_MOST_FORMULAS = 1_000_000


class XlsFormats:
    """The records of a workbook. What is damaged shows nothing: the library refuses it, or reads what there is."""

    def __init__(self, source: IO[bytes]) -> None:
        self._data = _read_stream(source)
        self._is_biff8 = True
        self._codec = "cp1252"
        self._codes: dict[int, str] = {}
        self._numbers: list[int] = []
        self._places: dict[str, int] = {}
        self._epoch_1904 = False
        with suppress(struct.error, IndexError, LookupError):
            for record, at, size in self._records(0):
                self._take(record, at, size)
        self._formats = [find_format(number, self._codes.get(number)) for number in self._numbers]

    def measure(self) -> None:
        """Refuse a workbook whose cells would fill too much memory: the library holds all of its sheets at a time.

        Raises `TooLargeError`.
        """
        swelling = Swelling()
        with suppress(struct.error, IndexError):
            lengths = self._measure_strings()
            for place in self._places.values():
                swelling.end_sheet()
                self._measure_sheet(place, lengths, swelling)

    def _measure_sheet(self, start: int, lengths: array[int], swelling: Swelling) -> None:
        data, rows, columns = self._data, 0, 0
        for record, at, size in self._records(start):
            if record not in _CELLS:
                continue
            row, column = struct.unpack_from("<2H", data, at)
            if record in _SEVERAL:
                column = struct.unpack_from("<H", data, at + size - 2)[0]
            if row >= rows or column >= columns:
                rows, columns = max(rows, row + 1), max(columns, column + 1)
                swelling.set_rectangle(rows * columns)
            if record == _LABELSST:
                number = struct.unpack_from("<L", data, at + 6)[0]
                swelling.add_text(lengths[number] if number < len(lengths) else 0)
            elif record in _TEXTS:
                swelling.add_text(2 * size)

    def _measure_strings(self) -> array[int]:
        """How many bytes of UTF-8 each shared text may have."""
        pieces: list[bytes] = []
        for record, at, size in self._records(0):
            if record == _SST or (record == _CONTINUE and pieces):
                pieces.append(self._data[at : at + size])
            elif pieces:
                break
        bounds = [*accumulate(map(len, pieces))]
        data, at, lengths = b"".join(pieces), 8, array("I")
        bound = 0
        while at + 3 <= len(data):
            left, flags = struct.unpack_from("<HB", data, at)
            at += 3
            rest = 4 * struct.unpack_from("<H", data, at)[0] if flags & 8 else 0
            at += 2 * bool(flags & 8)
            rest += struct.unpack_from("<L", data, at)[0] if flags & 4 else 0
            at += 4 * bool(flags & 4)
            lengths.append(3 * left)
            width = 1 + (flags & 1)
            while True:
                while bound < len(bounds) - 1 and bounds[bound] <= at:
                    bound += 1
                fitting = min(left, (bounds[bound] - at) // width)
                at, left = at + fitting * width, left - fitting
                if not left or bounds[bound] >= len(data):
                    break
                # A text that goes on in the next record says again how wide its characters are.
                at = bounds[bound]
                width, at = 1 + (data[at] & 1), at + 1
            at += rest
        return lengths

    def read_cells(self, sheet: str) -> CellFormats:
        """The formats of the cells of the sheet with this name."""
        found = CellFormats(epoch_1904=self._epoch_1904)
        if sheet in self._places:
            with suppress(struct.error, IndexError):
                self._read_cells(self._places[sheet], found)
        return found

    def _take(self, record: int, at: int, size: int) -> None:
        """One record of the workbook as a whole."""
        number = int.from_bytes(self._data[at : at + 2], "little")
        if record == _BOF:
            self._is_biff8 = number == _BIFF8
        elif record == _CODEPAGE and not self._is_biff8:
            self._codec = f"cp{number}"
        elif record == _DATEMODE:
            self._epoch_1904 = number == 1
        elif record == _FORMAT:
            self._codes[number] = self._text(at + 2, at + size, 2 if self._is_biff8 else 1)
        elif record == _XF:
            self._numbers.append(int.from_bytes(self._data[at + 2 : at + 4], "little"))
        elif record == _BOUNDSHEET:
            place = int.from_bytes(self._data[at : at + 4], "little")
            self._places[self._text(at + 6, at + size, 1)] = place

    def _read_cells(self, start: int, found: CellFormats) -> None:
        data, add, formats = self._data, found.add, self._formats
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
        found.formulas = [] if has_results else empty

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


def _read_stream(source: IO[bytes]) -> bytes:
    import olefile

    source.seek(0)
    try:
        with olefile.OleFileIO(source) as file:
            name = next((name for name in ("Workbook", "Book") if file.exists(name)), "")
            return bytes(file.openstream(name).read()) if name else b""
    except (OSError, ValueError, IndexError, TypeError, AttributeError, RecursionError, struct.error):
        return b""  # olefile promises OSError for damage, but forged headers reach its arithmetic
