"""The number formats of an XLSB sheet's cells, which python-calamine doesn't give.

Source: [MS-XLSB] 2.1.7 (parts) and 2.4: BrtBundleSh, BrtWbProp, BrtFmt, BrtXF, BrtRowHdr and the records of cells.
"""

from __future__ import annotations

import posixpath
import struct
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO

from opendata.intake.document.markup import parse_tree
from opendata.intake.workbook.cell_formats import CellFormats
from opendata.intake.workbook.number_formats import NumberFormat, find_format
from opendata.intake.workbook.workbook_guards import iterate_xlsb
from opendata.intake.workbook.xlsx_package import local_name, reading

_BOOK, _STYLES, _RELATIONS = "xl/workbook.bin", "xl/styles.bin", "xl/_rels/workbook.bin.rels"
_SHEET, _PROPERTIES, _FORMAT, _XF, _XFS, _XFS_END = 156, 153, 44, 47, 617, 618
_ROW, _NUMBERS = 0, frozenset([2, 5, 9])
_MAX_PART = 16 << 20


class XlsbFormats:
    """The formats of a workbook that was measured. What is damaged shows nothing: the library refuses it."""

    def __init__(self, source: Path | IO[bytes]) -> None:
        self._source = source
        self._formats: list[NumberFormat] = []
        self._parts: Mapping[str, str] = {}
        self._epoch_1904 = False
        with reading("XLSB"), zipfile.ZipFile(source) as archive, suppress(struct.error, IndexError):
            self._formats = _read_styles(_read_part(archive, _STYLES))
            self._read_book(archive)

    def read_cells(self, sheet: str) -> CellFormats:
        """The formats of the cells of the sheet with this name."""
        found = CellFormats(epoch_1904=self._epoch_1904)
        telling = {number for number, shown in enumerate(self._formats) if not shown.is_plain}
        part = self._parts.get(sheet)
        if part is None or not telling:
            return found
        with reading(part), zipfile.ZipFile(self._source) as archive:
            data = archive.read(part)
        row = 0
        for record, at, _ in iterate_xlsb(data):
            if record == _ROW:
                row = int.from_bytes(data[at : at + 4], "little") + 1
            elif record in _NUMBERS:
                style = int.from_bytes(data[at + 4 : at + 7], "little")
                if style in telling:
                    found.add(row, row, int.from_bytes(data[at : at + 4], "little") + 1, self._formats[style])
        return found

    def _read_book(self, archive: zipfile.ZipFile) -> None:
        targets = {}
        for node in parse_tree(archive.open(_RELATIONS)):
            if local_name(node.tag):
                target = posixpath.normpath(posixpath.join("/xl", node.get("Target", ""))).lstrip("/")
                targets[node.get("Id", "")] = target
        data = _read_part(archive, _BOOK)
        names = set(archive.namelist())
        parts = {}
        for record, at, _ in iterate_xlsb(data):
            if record == _PROPERTIES:
                self._epoch_1904 = bool(data[at] & 1)
            elif record == _SHEET:
                relation, after = _read_text(data, at + 8)
                name, _ = _read_text(data, after)
                if targets.get(relation) in names:
                    parts[name] = targets[relation]
        self._parts = parts


def _read_part(archive: zipfile.ZipFile, name: str) -> bytes:
    if name not in archive.namelist() or archive.getinfo(name).file_size > _MAX_PART:
        return b""
    return archive.read(name)


def _read_styles(data: bytes) -> list[NumberFormat]:
    codes: dict[int, str] = {}
    numbers: list[int] = []
    is_inside = False
    for record, at, _ in iterate_xlsb(data):
        if record == _FORMAT:
            codes[int.from_bytes(data[at : at + 2], "little")], _ = _read_text(data, at + 2)
        elif record in (_XFS, _XFS_END):
            is_inside = record == _XFS
        elif record == _XF and is_inside:
            numbers.append(int.from_bytes(data[at + 2 : at + 4], "little"))
    return [find_format(number, codes.get(number)) for number in numbers]


def _read_text(data: bytes, at: int) -> tuple[str, int]:
    """A text after its length, and where it ends; an empty one for none."""
    (length,) = struct.unpack_from("<L", data, at)
    if length == 0xFFFFFFFF:
        return "", at + 4
    end = at + 4 + 2 * length
    return data[at + 4 : end].decode("utf-16-le", "replace"), end
