"""The text of documents that are ZIP files of XML: Word and PowerPoint, OpenDocument, OFD.

Read is every part with text: body, headers, notes, comments, deleted text, charts, properties, and the addresses of
links. Sources: ECMA-376 (parts 1 and 2), OpenDocument 1.3, GB/T 33190-2016 (OFD).
"""

from __future__ import annotations

import time
import zipfile
from collections.abc import Mapping
from pathlib import Path

from opendata.domain.privacy import Unread
from opendata.errors import UnreadableFileError
from opendata.intake.document.markup import parse_xml
from opendata.intake.document.passages import MOST_SECONDS, AttachmentText, Passages

MOST_MEMBERS = 10_000
"""At most this many files of a document are looked at."""

MOST_BYTES = 200 << 20
"""At most this many bytes of XML are unpacked, all parts together."""

SMALLEST_PICTURE = 30_000
"""A picture of this many bytes may show a page or a card; smaller ones are logos and lines."""

_PICTURES = (
    ".png",
    ".jpg",
    ".jpeg",
    ".gif",
    ".bmp",
    ".tif",
    ".tiff",
    ".webp",
    ".emf",
    ".wmf",
    ".svg",
    ".jb2",
    ".gbig2",
)
_HARMLESS = ("/", "mimetype", ".odttf", ".ttf", ".otf", ".rdf", ".vml", ".bin", ".dat", ".esl")
"""Folders, fonts, settings of printers and signatures. Any other member is a file inside the file."""

_EMPTY_DEFLATED = 2
"""This many bytes is nothing after compression."""

_MANIFEST = "META-INF/manifest.xml"

_SETTINGS = frozenset({"settings.xml", "meta-inf/manifest.xml"})
"""Parts of OpenDocument with numbers and no text."""

_LINES = frozenset({"p", "h", "tc", "tr", "pt", "table-cell", "table-row", "list-item", "TextObject"})
"""Elements that end a line. Others don't: a word may be made of several of them."""

_SPACES = frozenset({"tab", "br", "cr", "line-break", "s", "instrText"})
_NOT_TEXT = frozenset({"AbbreviatedData", "posOffset", "pctWidth", "pctHeight", "binary-data", "Fallback"})
"""Elements with numbers, and with what is there a second time for old programs."""


def read_office(path: Path, folder: Path) -> AttachmentText:
    """The text of a document. Raises `UnreadableFileError` and whatever `zipfile` raises for a damaged one."""
    found, ends, left = Passages(), time.monotonic() + MOST_SECONDS, MOST_BYTES
    with zipfile.ZipFile(path) as packed:
        members = packed.infolist()
        if len(members) > MOST_MEMBERS:
            found.note(Unread.TOO_LARGE)
        for member in members[:MOST_MEMBERS]:
            name = member.filename.lower()
            if member.flag_bits & 1:
                return AttachmentText("", Unread.LOCKED)
            if "/embeddings/" in name or name.startswith("object ") or "/attachs/" in name:
                found.note(Unread.EMBEDDED)
            elif name.endswith(_PICTURES):
                if member.file_size >= SMALLEST_PICTURE and "thumbnail" not in name:
                    found.note(Unread.PICTURES)
            elif not name.endswith((".xml", ".rels")):
                if not name.endswith(_HARMLESS):
                    found.note(Unread.EMBEDDED)
            elif name not in _SETTINGS and not _is_empty(member):
                left = _read_part(packed, member, folder, found, left, ends)
                if left <= 0 or found.is_full or time.monotonic() > ends:
                    found.note(Unread.TOO_SLOW if time.monotonic() > ends else Unread.TOO_LARGE)
                    break
        if any(item.filename == _MANIFEST for item in members) and _is_encrypted(packed):
            return AttachmentText("", Unread.LOCKED)
    return found.finish(needs_text=True)


def _is_empty(member: zipfile.ZipInfo) -> bool:
    """Whether a part has no bytes; programs write such parts. A size that only claims it is an error when read."""
    return member.file_size == 0 and member.compress_size <= _EMPTY_DEFLATED


def _is_encrypted(packed: zipfile.ZipFile) -> bool:
    """Whether an OpenDocument file has a password: its manifest says so, and its parts aren't XML."""
    with packed.open(_MANIFEST) as stream:
        return b"encryption-data" in stream.read(1 << 20)


def _read_part(
    packed: zipfile.ZipFile, member: zipfile.ZipInfo, folder: Path, found: Passages, left: int, ends: float
) -> int:
    """Read one part; how many bytes may be unpacked after it."""
    place = folder / "part.xml"
    with packed.open(member) as source, place.open("wb") as target:
        while left > 0 and (block := source.read(min(1 << 18, left))):
            target.write(block)
            left -= len(block)
    name = member.filename
    is_body = not (name.startswith("docProps/") or name in ("meta.xml", "OFD.xml") or name.endswith(".rels"))
    open_names: list[str] = []
    silent = 0

    def start(tag: str, attributes: Mapping[str, str]) -> None:
        nonlocal silent
        open_names.append(tag)
        silent += tag in _NOT_TEXT
        if tag in _SPACES:
            found.add(" ", is_body=False)
        if tag == "Relationship":
            address = attributes.get("Target", "") if attributes.get("TargetMode") == "External" else ""
        else:
            address = attributes.get("href", "") or attributes.get("descr", "")
        if address and not address.startswith("data:"):
            found.add_line(address)

    def end() -> None:
        nonlocal silent
        tag = open_names.pop()
        silent -= tag in _NOT_TEXT
        if tag in _LINES or not is_body:
            found.break_line()

    def text(data: str) -> None:
        if not silent:
            found.add(data, is_body=is_body)

    try:
        for _ in parse_xml(place, None, start, end, text):
            if found.is_full or time.monotonic() > ends:
                break
    except UnreadableFileError:
        found.note(Unread.DAMAGED)
    found.break_line()
    return left
