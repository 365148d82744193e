"""What stands between a workbook's bytes and the library that reads them: passwords, wrong marks, sheets that swell.

The library builds a sheet as one rectangle in memory, up to its last cell, so the rectangle is measured first.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from opendata.errors import N_, TooLargeError, UnreadableFileError
from opendata.intake.document.markup import require_well_formed
from opendata.intake.workbook.xlsx_package import check_sizes, damaged, reading

MAX_BYTES = 192 << 20
"""Bytes that the library may fill with the cells of what it holds at a time: one sheet of XLSB, all of XLS and ODS."""

_CELL_BYTES = 32
_TEXT_BYTES = 24  # of a text beside its characters
_MAX_XLSB = 512 << 20  # of all sheets, inflated
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MAX_LOCKED = 512 << 20
_EVERY_EXCEL_KNOWS = "VelvetSweatshop"  # what Excel protects with when nobody gave a password [MS-OFFCRYPTO] 2.3.7
_BOF_BIFF8 = b"\x09\x08\x10\x00\x00\x06\x05\x00"
_CODEPAGE, _UTF_16 = 0x42, 1200
_ODS_TAG = re.compile(
    rb"<table:(table|table-row|table-cell|covered-table-cell)(?=[\s/>])((?:\"[^\"]*+\"|'[^']*+'|[^>\"'])*+)>"
)
_XLSB_STRINGS = ("xl/sharedStrings.bin",)
_XLSB_STRING, _XLSB_SHARED, _XLSB_TEXTS = 19, 7, (6, 8)
_ODS_TEXT = re.compile(rb"value-type\s*=\s*[\"']string")
_ODS_REPEAT = re.compile(rb"number-(?:rows|columns)-repeated\s*=\s*[\"'](\d{1,9})")


def locked(*, wrong_password: bool) -> UnreadableFileError:
    """The error for a workbook that nobody opens without its password."""
    if wrong_password:
        return UnreadableFileError(
            N_(
                "The workbook is locked with a password. Open it in Excel, choose File > Info > Protect"
                " Workbook > Encrypt with Password, clear the password, save the file and upload it again"
            )
        )
    return UnreadableFileError(N_("The workbook uses an encryption that can't be read. Save it again in Excel"))


def unlocked(path: Path) -> IO[bytes] | None:
    """The workbook inside of an encrypted one that has Excel's default password; None where nothing is encrypted.

    Raises `UnreadableFileError`, `TooLargeError`.
    """
    import msoffcrypto
    from msoffcrypto import exceptions as office

    with path.open("rb") as source:
        if source.read(8) != OLE:
            return None
        source.seek(0)
        try:
            office_file = msoffcrypto.OfficeFile(source)
            if not office_file.is_encrypted():
                return None
            if path.stat().st_size > _MAX_LOCKED:
                raise TooLargeError(N_("An encrypted workbook of this size isn't accepted"))
            office_file.load_key(password=_EVERY_EXCEL_KNOWS)
            plain = io.BytesIO()
            office_file.decrypt(plain)
        except (office.InvalidKeyError, office.DecryptionError) as error:
            raise locked(wrong_password=True) from error
        except office.FileFormatError:
            return None
        except TooLargeError:
            raise
        except Exception as error:
            # On damaged files the library fails in whatever way it happens to.
            raise locked(wrong_password=False) from error
    plain.seek(0)
    return plain


def with_unicode_mark(data: bytes) -> bytes:
    """An XLS whose texts are UTF-16, as BIFF8 has them, but which names another code page: with the right one.

    Some programs of statistics offices write the code page of their system there; [MS-XLS] 2.4.52 wants 1200.
    """
    start = data.find(_BOF_BIFF8)
    at = start
    while 0 <= start <= at < min(start + 4096, len(data) - 6):
        record, length = struct.unpack_from("<HH", data, at)
        if record == _CODEPAGE and length == 2:
            return data[: at + 4] + struct.pack("<H", _UTF_16) + data[at + 6 :]
        at += 4 + length
    return data


class Swelling:
    """What the library would fill of memory with the cells of a sheet, or of several, before it does so."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._rectangle = 0

    def add_text(self, length: int, times: int = 1) -> None:
        """Count a text of `length` bytes. Raises `TooLargeError` beyond the limit."""
        self._add((length + _TEXT_BYTES) * times)

    def set_rectangle(self, cells: int) -> None:
        """Say how many cells the sheet has up to its last one. Raises `TooLargeError` beyond the limit."""
        self._add((cells - self._rectangle) * _CELL_BYTES)
        self._rectangle = cells

    def end_sheet(self) -> None:
        """Another sheet begins, which is held beside those before it."""
        self._rectangle = 0

    def _add(self, more: int) -> None:
        self._bytes += more
        if self._bytes > self._max_bytes:
            raise TooLargeError(
                N_(
                    "A sheet of the workbook has too many cells, or too much text repeated in them. Delete cells far"
                    " away from the table, or save the sheet as CSV"
                )
            )


def measure(source: Path | IO[bytes], form: str) -> None:
    """Refuse an XLSB or ODS package whose cells would fill more memory than `MAX_BYTES`, or that swells.

    Raises `UnreadableFileError`, `TooLargeError`.
    """
    with reading("ZIP"), zipfile.ZipFile(source) as archive:
        check_sizes(archive)
        names = archive.namelist()
        if form == "ods":
            if "content.xml" not in names:
                raise damaged("content.xml")
            with archive.open("content.xml") as part:
                _measure_ods(part, Swelling())
            _require_end(archive)
            return
        sheets = [name for name in names if name.startswith("xl/worksheets/") and name.endswith(".bin")]
        if "xl/workbook.bin" not in names or not sheets:
            raise damaged("xl/workbook.bin")
        sizes = [archive.getinfo(name).file_size for name in (*sheets, *_XLSB_STRINGS) if name in names]
        if max(sizes) > MAX_BYTES or sum(sizes) > _MAX_XLSB:
            raise TooLargeError(N_("The workbook is too large when unpacked. Save its sheets as CSV files"))
        lengths = array("I")
        for name in _XLSB_STRINGS:
            if name in names:
                lengths = _measure_strings(archive.read(name))
        for name in sheets:
            _measure_xlsb(archive.read(name), lengths)


def _measure_ods(part: IO[bytes], swelling: Swelling) -> None:
    row, last_row, column, width, times = 0, 0, 0, 0, 1
    kept = b""
    repeats = 0  # of the cell that is open
    while chunk := part.read(1 << 20):
        buffer = kept + chunk
        if b"<!DOCTYPE" in buffer or b"<!ENTITY" in buffer:
            raise damaged("content.xml, DOCTYPE")
        end, at = max(buffer.rfind(b"<"), 0), 0  # a tag that isn't complete, and its text, are for the next piece
        for found in _ODS_TAG.finditer(buffer, 0, end):
            if repeats:
                swelling.add_text(found.start() - at, repeats)
            repeats, at = 0, found.end()
            repeated = _ODS_REPEAT.search(found[2])
            count = int(repeated[1]) if repeated else 1
            if found[1] == b"table":
                swelling.end_sheet()
                row, last_row, column, width = 0, 0, 0, 0
            elif found[1] == b"table-row":
                row, times, column = row + count, count, 0
            else:
                column += count
                # Only cells that hold something make the rectangle larger.
                if b"value-type" in found[2]:
                    last_row, width = row, max(width, column)
                    swelling.set_rectangle(last_row * width)
                    # Dates and numbers are kept as numbers, whatever is written beside them.
                    repeats = times * count if _ODS_TEXT.search(found[2]) else 0
                    if repeats and b"string-value" in found[2]:
                        swelling.add_text(len(found[2]), repeats)
        if repeats:
            swelling.add_text(end - at, repeats)
        kept = buffer[end:]
        if len(kept) > 64 << 20:
            raise damaged("content.xml")


def _require_end(archive: zipfile.ZipFile) -> None:
    """Refuse an ODS with incomplete content: the library never stops looking for the end of a table."""
    try:
        with archive.open("content.xml") as part:
            require_well_formed(part)
    except UnreadableFileError as error:
        raise damaged("content.xml") from error


def iterate_xlsb(data: bytes) -> Iterator[tuple[int, int, int]]:
    """The records of a part of XLSB: number, place and size of each.

    [MS-XLSB] 2.1.4: the number of a record in one or two bytes, its size in up to four, seven bits of each.
    """
    at, end = 0, len(data)
    while at < end:
        record, at = data[at], at + 1
        if record & 0x80 and at < end:
            record, at = (record & 0x7F) | (data[at] & 0x7F) << 7, at + 1
        size = 0
        for shift in (0, 7, 14, 21):
            if at >= end:
                break
            size, at, more = size | (data[at] & 0x7F) << shift, at + 1, data[at] & 0x80
            if not more:
                break
        yield record, at, size
        at += size


def _measure_strings(data: bytes) -> array[int]:
    """How many bytes each shared text has."""
    return array("I", (size for record, _, size in iterate_xlsb(data) if record == _XLSB_STRING))


def _measure_xlsb(data: bytes, lengths: array[int]) -> None:
    swelling = Swelling()
    row = width = 0
    for record, at, size in iterate_xlsb(data):
        if record == 0:
            row = max(row, int.from_bytes(data[at : at + 4], "little") + 1)
        elif 1 <= record <= 11:
            width = max(width, int.from_bytes(data[at : at + 4], "little") + 1)
            swelling.set_rectangle(row * width)
            if record == _XLSB_SHARED:
                number = int.from_bytes(data[at + 8 : at + 12], "little")
                swelling.add_text(lengths[number] if number < len(lengths) else 0)
            elif record in _XLSB_TEXTS:
                swelling.add_text(size)
