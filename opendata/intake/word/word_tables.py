"""The tables of a Word document (DOCX) as rows of text, each cell of a merged area with the value of the area.

Source: ECMA-376 part 1, 17.4 (tables) and 17.3.3.30 (symbols). Code points of symbols are those of Wingdings fonts.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from opendata.errors import N_, TooLargeError, UnreadableFileError
from opendata.intake.document.markup import parse_xml

_BODY = "word/document.xml"
_MOST_BYTES = 100 << 20
_MOST_CELLS = 1_000_000
_MOST_SPAN = 200
_SYMBOLS = {
    **dict.fromkeys(("50", "52", "FC", "FE"), "√"),
    **dict.fromkeys(("6F", "A3", "A8"), "□"),
    **dict.fromkeys(("6E", "A2"), "■"),
}
_DOWN = "\0"
"""Stands for a cell that continues the one above it."""

Rows = Sequence[Sequence[str]]


def read_word_tables(path: Path, folder: Path) -> Sequence[Rows]:
    """The tables of a document, from first to last; a table within a cell is text of that cell.

    `folder` is an empty one for what is unpacked. Raises `UnreadableFileError`, `TooLargeError`.
    """
    place = folder / "document.xml"
    try:
        with zipfile.ZipFile(path) as packed, packed.open(_BODY) as source, place.open("wb") as target:
            while block := source.read(1 << 18):
                target.write(block)
                if target.tell() > _MOST_BYTES:
                    raise TooLargeError(N_("The document has more than %(size)s MB of text"), size=_MOST_BYTES >> 20)
    except (KeyError, zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError, EOFError):
        raise UnreadableFileError(
            N_("The Word document can't be read. Save it as DOCX, without a password, and send it again")
        ) from None
    reader = _Reader()
    for _ in parse_xml(place, None, reader.start, reader.end, reader.text):
        pass
    return reader.tables


class _Reader:
    """Takes the events of the XML of a document."""

    def __init__(self) -> None:
        self.tables: list[list[list[str]]] = []
        self._names: list[str] = []
        self._depth = self._cells = self._silent = 0
        self._row: list[str] = []
        self._cell: list[str] = []
        self._span, self._goes_on = 1, False

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        self._names.append(name)
        self._silent += name == "Fallback"
        if name == "tbl":
            self._depth += 1
            if self._depth == 1:
                self.tables.append([])
        if not self._depth:
            return
        if self._depth == 1:
            self._begin(name, attributes)
        if name in ("tab", "br", "cr"):
            self._cell.append(" " if name == "tab" else "\n")
        elif name == "sym":
            self._cell.append(_SYMBOLS.get(attributes.get("char", "")[-2:].upper(), ""))

    def _begin(self, name: str, attributes: Mapping[str, str]) -> None:
        value = attributes.get("val", "")
        match name:
            case "tr":
                self._row = []
            case "tc":
                self._cell, self._span, self._goes_on = [], 1, False
            case "gridSpan" if value.isdecimal():
                self._span = min(max(int(value), 1), _MOST_SPAN)
            case "vMerge":
                self._goes_on = value != "restart"
            case "gridBefore" if value.isdecimal():
                self._row.extend([""] * min(int(value), _MOST_SPAN))

    def end(self) -> None:
        name = self._names.pop()
        self._silent -= name == "Fallback"
        if not self._depth:
            return
        if name == "p":
            self._cell.append("\n")
        elif name == "tbl":
            self._depth -= 1
        elif self._depth == 1 and name == "tc":
            text = _DOWN if self._goes_on else "".join(self._cell).strip()
            self._row.extend([text] * self._span)
        elif self._depth == 1 and name == "tr":
            self._end_row()

    def text(self, data: str) -> None:
        if self._depth and not self._silent and self._names[-1] == "t":
            self._cell.append(data)

    def _end_row(self) -> None:
        above = self.tables[-1][-1] if self.tables[-1] else []
        row = [
            (above[place] if place < len(above) else "") if text == _DOWN else text
            for place, text in enumerate(self._row)
        ]
        self._cells += len(row)
        if self._cells > _MOST_CELLS:
            raise TooLargeError(N_("The tables of the document have more than %(count)s cells"), count=_MOST_CELLS)
        self.tables[-1].append(row)
