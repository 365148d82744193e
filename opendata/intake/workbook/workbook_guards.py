"""What stands between a workbook's bytes and the library that reads them: passwords, wrong marks, sheets that swell.

The library builds a sheet as one rectangle in memory, up to its last cell, so the rectangle is measured first.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
from pathlib import Path
from typing import IO

from opendata.errors import N_, TooLargeError, UnreadableFileError
from opendata.intake.workbook.xlsx_package import check_sizes, damaged, reading

MAX_CELLS = 50_000_000  # of the rectangle of one sheet
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MAX_LOCKED = 512 << 20
_EVERY_EXCEL_KNOWS = "VelvetSweatshop"  # what Excel protects with when nobody gave a password [MS-OFFCRYPTO] 2.3.7
_BOF_BIFF8 = b"\x09\x08\x10\x00\x00\x06\x05\x00"
_CODEPAGE, _UTF_16 = 0x42, 1200
_ODS_TAG = re.compile(rb"<table:(table|table-row|table-cell|covered-table-cell)[\s/>]([^>]*)")
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


def measure(source: Path | IO[bytes], form: str, max_cells: int = MAX_CELLS) -> None:
    """Refuse an XLSB or ODS package whose sheets would fill more memory than `max_cells`, or that swells.

    Raises `UnreadableFileError`, `TooLargeError`.
    """
    with reading("ZIP"), zipfile.ZipFile(source) as archive:
        check_sizes(archive)
        names = archive.namelist()
        if form == "ods":
            if "content.xml" not in names:
                raise damaged("content.xml")
            with archive.open("content.xml") as part:
                _measure_ods(part, max_cells)
        else:
            sheets = [name for name in names if name.startswith("xl/worksheets/") and name.endswith(".bin")]
            if "xl/workbook.bin" not in names or not sheets:
                raise damaged("xl/workbook.bin")
            for name in sheets:
                if archive.getinfo(name).file_size > max_cells * 16:
                    raise _too_wide()
                _measure_xlsb(archive.read(name), max_cells)


def _too_wide() -> TooLargeError:
    return TooLargeError(
        N_("A sheet of the workbook has too many cells. Delete cells far away from the table, or save the sheet as CSV")
    )


def _measure_ods(part: IO[bytes], max_cells: int) -> None:
    row, last_row, column, width, times, written = 0, 0, 0, 0, 1, 0
    kept = b""
    while chunk := part.read(1 << 20):
        buffer = kept + chunk
        if b"<!DOCTYPE" in buffer or b"<!ENTITY" in buffer:
            raise damaged("content.xml, DOCTYPE")
        end = buffer.rfind(b">") + 1
        for found in _ODS_TAG.finditer(buffer, 0, end):
            repeated = _ODS_REPEAT.search(found[2])
            count = int(repeated[1]) if repeated else 1
            if found[1] == b"table":
                row, last_row, column, width = 0, 0, 0, 0
            elif found[1] == b"table-row":
                row, times, column = row + count, count, 0
            else:
                column += count
                # Only cells that hold something make the rectangle larger.
                if b"value-type" in found[2]:
                    last_row, width, written = row, max(width, column), written + times * count
            if last_row * width > max_cells or written > max_cells:
                raise _too_wide()
        kept = buffer[end:]
        if len(kept) > 64 << 20:
            raise damaged("content.xml")


def _measure_xlsb(data: bytes, max_cells: int) -> None:
    # [MS-XLSB] 2.1.4: the number of a record in one or two bytes, its size in up to four, seven bits of each.
    at, row, width, end = 0, 0, 0, len(data)
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
        if record == 0 and at + 4 <= end:
            row = max(row, int.from_bytes(data[at : at + 4], "little") + 1)
        elif 1 <= record <= 11 and at + 4 <= end:
            width = max(width, int.from_bytes(data[at : at + 4], "little") + 1)
        if row * width > max_cells:
            raise _too_wide()
        at += size
