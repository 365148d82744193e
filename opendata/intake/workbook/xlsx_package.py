"""The parts of an XLSX package beside the cells: which sheets there are, shared texts, formats, merged areas.

ECMA-376 part 1 (SpreadsheetML) and part 2 (packages). Names of elements are compared without their namespaces, since
the strict and the transitional form differ only there, and parts are found by their relations, not by their names.
"""

from __future__ import annotations

import codecs
import io
import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from sys import getsizeof
from typing import IO, Any

from opendata.errors import N_, TooLargeError, UnreadableFileError
from opendata.intake.document.markup import MarkupError, parse_tree
from opendata.intake.grid import Span
from opendata.intake.kind.zip_part import PieceStream, Stream, open_part
from opendata.intake.workbook.number_formats import PLAIN, NumberFormat, find_format

_MAX_TOTAL = 4 << 30  # bytes of all parts, inflated
_MAX_RATIO = 1000  # of a part larger than _RATIO_FROM
_RATIO_FROM = 10 << 20
_MAX_PART = 16 << 20  # of a part that is read as a whole
_MAX_STRINGS = 1 << 30
_MAX_HELD = 192 << 20  # bytes of memory that the shared texts may take
_MOST_A_TEXT, _MOST_A_CHARACTER = 96, 4  # bytes of memory
_LONGEST_TEXT = 1 << 20  # characters; Excel allows 32,767
_MAX_TAIL = 64 << 20
_MAX_MERGES = 500_000
_CHUNK = 1 << 20
_TEXT_CHUNK = 1 << 19
_MOST_KEPT = 64 << 20  # of a sheet whose end was looked at first, so that it need not be inflated again

_MERGE = re.compile(
    r"<(?:\w+:)?mergeCell\s[^>]*?ref\s*=\s*[\"']\$?([A-Z]{1,3})\$?(\d{1,7}):\$?([A-Z]{1,3})\$?(\d{1,7})[\"']"
)
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_ENTITY = re.compile(r"&(#x[0-9a-fA-F]{1,6}|#\d{1,7}|\w+);?")
_ENTITIES = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_ITEM_BEGIN, _ITEM_END, _ITEM_TAGS = "<si><t>", "</t></si>", 4
_PLAIN_ITEM = re.compile(r"<si>\s*<t(?: xml:space=\"preserve\")?>([^<]*)</t>\s*</si>")


@dataclass(frozen=True, slots=True)
class SheetPart:
    """A sheet of the workbook and the part of the package that holds it."""

    name: str
    part: str
    hidden: bool


def local_name(tag: Any) -> str:
    """The name of an element without its namespace; empty for comments and instructions."""
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def damaged(what: str) -> UnreadableFileError:
    """The error for a workbook that is truncated or contradicts itself; `what` is the part or cell."""
    return UnreadableFileError(
        N_(
            "The workbook is damaged (%(what)s). Open it in Excel or WPS, let the program repair it, save it as a new"
            " .xlsx file and upload that"
        ),
        what=what,
    )


def xml_text(text: str) -> str:
    """Resolve XML's own entities and the `_x000D_` of SpreadsheetML; any other entity is refused."""
    return unescaped(_ENTITY.sub(_resolve, text) if "&" in text else text)


def unescaped(text: str) -> str:
    """Resolve the `_x000D_` of SpreadsheetML only: for what an XML parser has given."""
    return _ESCAPED.sub(lambda m: chr(int(m[1], 16)), text) if "_x" in text else text


def _resolve(match: re.Match[str]) -> str:
    name = match[1]
    if name[0] != "#":
        if name not in _ENTITIES:
            raise damaged(match[0])
        return _ENTITIES[name]
    code = int(name[2:], 16) if name[1] in "xX" else int(name[1:])
    if code > 0x10FFFF or 0xD800 <= code < 0xE000 or code == 0:
        raise damaged(match[0])
    return chr(code)


def column_number(letters: str) -> int:
    """`A` is 1, `XFD` 16384."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def check_sizes(archive: zipfile.ZipFile) -> None:
    """Refuse a package that would swell beyond the limits; the sizes it declares bind the reader later.

    Raises `TooLargeError`.
    """
    members = archive.infolist()
    total = sum(member.file_size for member in members)
    bomb = any(m.file_size > _RATIO_FROM and m.file_size > _MAX_RATIO * max(m.compress_size, 1) for m in members)
    if total > _MAX_TOTAL or bomb:
        raise TooLargeError(
            N_("The workbook is too large when unpacked: %(size)s bytes. Save its sheets as CSV files"),
            size=total,
        )


@contextmanager
def reading(what: str) -> Iterator[None]:
    """Turn what ZIP, inflate and XML say of damage into the one error for it. Raises `UnreadableFileError`."""
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, MarkupError, UnicodeDecodeError) as error:
        raise damaged(what) from error
    except (NotImplementedError, RuntimeError, OSError) as error:
        # Encrypted members, unknown methods of compression, offsets outside of the file.
        raise damaged(what) from error


class Package:
    """An open XLSX file. Raises `UnreadableFileError` and `TooLargeError`, nothing else."""

    def __init__(self, source: Path | IO[bytes]) -> None:
        with reading("ZIP"):
            self._zip = zipfile.ZipFile(source)
        self._kept: dict[str, list[bytes]] = {}
        self._styles: list[NumberFormat] | None = None
        self._strings: list[str] | None = None
        check_sizes(self._zip)
        root = self._relations("")
        book = [target for kind, target in root.values() if kind == "officeDocument"]
        if not book:
            raise damaged("_rels/.rels")
        self._book_part = book[0]
        book_root = self._xml(self._book_part)
        self._relations_of_book = self._relations(self._book_part)
        self.sheets = [*self._find_sheets(book_root)]
        if not self.sheets:
            raise UnreadableFileError(N_("The workbook has no sheet with cells"))
        self.epoch_1904 = any(
            node.get("date1904") in {"1", "true"} for node in book_root if local_name(node.tag) == "workbookPr"
        )

    def close(self) -> None:
        """Let the file go."""
        self._zip.close()

    def open_part(self, part: str) -> Stream:
        """The bytes of a part, streaming."""
        if (kept := self._kept.pop(part, None)) is not None:
            return PieceStream(kept)
        with reading(part):
            return open_part(self._zip, part)

    def _xml(self, part: str) -> Any:
        with reading(part):
            if self._zip.getinfo(part).file_size > _MAX_PART:
                raise TooLargeError(N_("The part %(part)s of the workbook is too large"), part=part)
            with self._zip.open(part) as opened:
                return parse_tree(opened)

    def _relations(self, part: str) -> dict[str, tuple[str, str]]:
        """By id: the last word of the kind and the part it leads to."""
        folder, name = posixpath.split(part)
        path = posixpath.join(folder, "_rels", f"{name}.rels")
        if path not in self._zip.namelist():
            raise damaged(path)
        found = {}
        for node in self._xml(path):
            target = node.get("Target", "") if local_name(node.tag) else ""
            if target and node.get("TargetMode") != "External":
                inside = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
                found[node.get("Id", "")] = (node.get("Type", "").rpartition("/")[2], inside)
        return found

    def _find_sheets(self, book: Any) -> Iterator[SheetPart]:
        listed = next((node for node in book if local_name(node.tag) == "sheets"), ())
        for node in listed:
            rid = next((value for key, value in node.attrib.items() if key.endswith("}id")), "")
            kind, part = self._relations_of_book.get(rid, ("", ""))
            if kind == "worksheet":  # not a chart, a macro sheet or a dialog
                yield SheetPart(node.get("name", ""), part, node.get("state", "visible") != "visible")

    def _related(self, kind: str) -> str | None:
        names = self._zip.namelist()
        return next((part for k, part in self._relations_of_book.values() if k == kind and part in names), None)

    def styles(self) -> list[NumberFormat]:
        """What each style of cells shows, by its number. They are read once."""
        if self._styles is None:
            self._styles = self._read_styles()
        return self._styles

    def strings(self) -> list[str]:
        """The shared texts, without the phonetic readings some have. They are read once."""
        if self._strings is None:
            self._strings = self._read_strings()
        return self._strings

    def _read_styles(self) -> list[NumberFormat]:
        part = self._related("styles")
        if part is None:
            return []
        root = self._xml(part)
        codes: dict[str, str] = {}
        formats: list[NumberFormat] = []
        for group in root:
            if local_name(group.tag) == "numFmts":
                codes = {node.get("numFmtId", ""): node.get("formatCode", "") for node in group}
            elif local_name(group.tag) == "cellXfs":
                numbers = [node.get("numFmtId", "0") for node in group if local_name(node.tag) == "xf"]
                formats = [find_format(int(n), codes.get(n)) if n.isdigit() else PLAIN for n in numbers]
        return formats

    def _read_strings(self) -> list[str]:
        part = self._related("sharedStrings")
        if part is None:
            return []
        with reading(part):
            if self._zip.getinfo(part).file_size > _MAX_STRINGS:
                raise TooLargeError(N_("The part %(part)s of the workbook is too large"), part=part)
            strings: list[str] = []
            held = counted = most = 0  # bytes of the texts counted, how many these are, and bytes of all at most
            for texts, size in _strings(open_part(self._zip, part), part):
                start = len(strings)
                strings += texts
                if size > _LONGEST_TEXT and max(map(len, islice(strings, start, None)), default=0) > _LONGEST_TEXT:
                    raise _too_long()
                most += _MOST_A_TEXT * (len(strings) - start) + _MOST_A_CHARACTER * size
                if most > _MAX_HELD:
                    held += sum(map(getsizeof, islice(strings, counted, None))) + 8 * (len(strings) - counted)
                    counted = len(strings)
                    if held > _MAX_HELD:
                        raise TooLargeError(N_("The workbook has too much text. Save its sheets as CSV files"))
            return strings

    def tail(self, part: str) -> str:
        """What follows the cells of a sheet: merged areas among others."""
        with reading(part), self._zip.open(part) as stream:
            prefix = re.search(rb"<(\w+:)worksheet[\s>]", stream.read(4096))
        end = b"</" + (prefix[1] if prefix else b"") + b"sheetData>"
        is_kept = self._zip.getinfo(part).file_size <= _MOST_KEPT
        with reading(part), self.open_part(part) as stream:
            if is_kept:
                pieces = [*iter(partial(stream.read, _TEXT_CHUNK), b"")]
                self._kept = {part: pieces}
                return _cut_tail(pieces, end).decode("utf-8", "replace")
            return self._find_tail(stream, part, end).decode("utf-8", "replace")

    def _find_tail(self, stream: Stream, part: str, end: bytes) -> bytes:
        kept: list[bytes] = []
        edge = b""
        while chunk := stream.read(_CHUNK):
            if kept:
                kept.append(chunk)
            elif (at := chunk.find(end)) >= 0:
                kept.append(chunk[at:])
            elif end in edge + chunk[: len(end)]:
                kept.append(chunk)
            if len(kept) * _CHUNK > _MAX_TAIL:
                raise TooLargeError(N_("The part %(part)s of the workbook is too large"), part=part)
            edge = chunk[-len(end) :]
        return b"".join(kept)

    def merges(self, part: str) -> list[Span]:
        """The merged areas of a sheet, from top to bottom."""
        found = _MERGE.findall(self.tail(part))
        if len(found) > _MAX_MERGES:
            raise TooLargeError(N_("The sheet has too many merged areas: %(count)s"), count=len(found))
        spans = [Span(int(top), int(end), column_number(left), column_number(right)) for left, top, right, end in found]
        return sorted(spans, key=lambda span: (span.first_row, span.first_column))


class PartText:
    """The text of a part, piece by piece."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._plain = codecs.getincrementaldecoder("utf-8-sig")()
        self._decoder: codecs.IncrementalDecoder | io.IncrementalNewlineDecoder = self._plain

    def read(self) -> str:
        """The next piece, empty at the end. Raises `UnicodeDecodeError`."""
        while data := self._stream.read(_TEXT_CHUNK):
            if self._decoder is self._plain and b"\r" in data:
                self._decoder = io.IncrementalNewlineDecoder(self._plain, translate=True)
            if text := self._decoder.decode(data):
                return text
        return self._decoder.decode(b"", final=True)

    def begin_bytes(self) -> bytes | None:
        """From here on pieces may be read as bytes: those before the first; None where text isn't its bytes."""
        if self._decoder is not self._plain:
            return None
        held, state = self._plain.getstate()
        self._plain.setstate((b"", state))
        return held

    def read_bytes(self) -> bytes:
        """The next piece as bytes, which `decode` makes text of; empty at the end."""
        return self._stream.read(_TEXT_CHUNK)

    def decode(self, data: bytes) -> str:
        """Bytes as text, but for the beginning of a character at their end. Raises `UnicodeDecodeError`."""
        if self._decoder is self._plain and b"\r" in data:
            self._decoder = io.IncrementalNewlineDecoder(self._plain, translate=True)
        return self._decoder.decode(data)


def _cut_tail(pieces: Sequence[bytes], end: bytes) -> bytes:
    """What begins with the last `end` in pieces, of which only the last may be short; empty without an `end`."""
    for place in reversed(range(len(pieces))):
        after = b"".join(pieces[place + 1 : place + 2])[: len(end) - 1]
        at = (pieces[place] + after).rfind(end)
        if at >= 0:
            return b"".join([pieces[place][at:], *pieces[place + 1 :]])
    return b""


def _strings(stream: Stream, part: str) -> Iterator[tuple[Iterable[str], int]]:
    """Some texts at once, and how many characters they were cut from."""
    text = PartText(stream)
    buffer = text.read()
    prefix = re.search(r"<(\w+):sst[\s>]", buffer)

    def plain_names(piece: str) -> str:
        return piece.replace(f"<{prefix[1]}:", "<").replace(f"</{prefix[1]}:", "</") if prefix else piece

    buffer = plain_names(buffer)
    head = buffer.find("<si")
    if head < 0:
        return
    root = re.search(r"<sst[\s>][^>]*>?", buffer[: max(head, 0)])
    if root is None or "<!" in buffer[:head]:
        raise damaged(part)
    opening = root[0]
    at = head
    while True:
        end = buffer.rfind("</si>") + 5 if "</si>" in buffer else at
        if end == at and len(buffer) - at > 8 * _LONGEST_TEXT:
            raise _too_long()
        items = buffer[at:end]
        plain = _split_items(items)
        if plain is not None:
            yield map(xml_text, plain) if "&" in items or "_x" in items else plain, len(items)
        else:
            parsed = _parsed_items(f"{opening}{items}</sst>", part)
            yield [unescaped(element_text(node)) for node in parsed], len(items)
        at = max(end, at)
        more = text.read()
        if not more:
            return
        buffer, at = plain_names(buffer[at:] + more), 0


def _too_long() -> TooLargeError:
    return TooLargeError(N_("The workbook has a text of more than %(limit)s characters"), limit=_LONGEST_TEXT)


def _split_items(items: str) -> list[str] | None:
    """The texts of items that hold nothing but a text; None where there are others."""
    if items.startswith(_ITEM_BEGIN) and items.endswith(_ITEM_END):
        found = items[len(_ITEM_BEGIN) : -len(_ITEM_END)].split(_ITEM_END + _ITEM_BEGIN)
        if items.count("<") == _ITEM_TAGS * len(found):
            return found
    found = _PLAIN_ITEM.findall(items)
    return found if len(found) == items.count("<si") else None


def _parsed_items(document: str, part: str) -> Any:
    with reading(part):
        return parse_tree(document)


def element_text(element: Any) -> str:
    """The text of a shared or inline string: of its runs one after the other, without phonetic readings."""
    parts = []
    for child in element:
        name = local_name(child.tag)
        if name == "t":
            parts.append(child.text or "")
        elif name == "r":
            parts += [node.text or "" for node in child if local_name(node.tag) == "t"]
    return "".join(parts)
