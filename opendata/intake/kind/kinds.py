"""The kind of a file from its bytes: a table of some format, a container to open, or a document that isn't a table.

The name of a file is never looked at. If a file is two things at once, its first bytes decide.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Literal

from opendata.errors import N_, UnreadableFileError
from opendata.intake.kind.compound import detect_compound
from opendata.intake.kind.signatures import name_signature
from opendata.intake.kind.text_forms import decode_head, detect_text_format
from opendata.intake.kind.zip_directory import Entry, read_directory, read_start

Role = Literal["table", "container", "document"]

_HEAD = 1 << 16
_OFFICE_NAMES = 10_000  # how many members of a ZIP are looked at to find out whether it is an Office file
_MIMETYPE_BYTES = 200
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

_TABLES = {
    "csv": N_("a text table"),
    "xlsx": N_("an Excel workbook (XLSX)"),
    "xls": N_("an Excel workbook (XLS)"),
    "xlsb": N_("an Excel workbook (XLSB)"),
    "ods": N_("an OpenDocument spreadsheet"),
    "spreadsheetml": N_("an Excel workbook (XML 2003)"),
    "html": N_("an HTML page"),
    "json": N_("a JSON document"),
    "jsonl": N_("JSON Lines"),
    "geojson": N_("a GeoJSON document"),
    "xml": N_("an XML document"),
    "dbase": N_("a dBase table"),
    "parquet": N_("a Parquet file"),
    "arrow": N_("an Arrow file"),
}
_CONTAINERS = {
    "gzip": N_("a gzip archive"),
    "bzip2": N_("a bzip2 archive"),
    "xz": N_("an xz archive"),
    "zstd": N_("a Zstandard archive"),
    "zip": N_("a ZIP archive"),
    "tar": N_("a tar archive"),
}
_DOCUMENTS = {
    "svg": N_("an SVG picture"),
    "mhtml": N_("a web page saved as a single file (MHTML)"),
    "word": N_("a Word document"),
    "powerpoint": N_("a PowerPoint presentation"),
    "visio": N_("a Visio drawing"),
    "outlook": N_("an Outlook message"),
    "office": N_("an Office file without a table"),
    "opendocument": N_("an OpenDocument file without a spreadsheet"),
    "epub": N_("an e-book"),
    "ofd": N_("an OFD document"),
    "program": N_("a program"),
    "iwork": N_("a Numbers, Pages or Keynote document"),
    "binary": N_("a binary file of an unknown kind"),
}
_MIMETYPES = {
    "application/vnd.oasis.opendocument.spreadsheet": "ods",
    "application/vnd.oasis.opendocument.spreadsheet-template": "ods",
    "application/epub+zip": "epub",
}


@dataclass(frozen=True, slots=True)
class Kind:
    """A form (`csv`, `xlsx`, `gzip`, `pdf`, …), what we do with it, and a translatable name for people."""

    form: str
    role: Role
    name: str


def detect_kind(path: Path) -> Kind:
    """The kind of a file by its bytes. An empty file is a text table: its reader says that it is empty.

    A file that is cut off or damaged has the kind its first bytes promise. Raises nothing but OSError.
    """
    with path.open("rb") as stream:
        head = stream.read(_HEAD)
        size = stream.seek(0, 2)
        stream.seek(-min(size, 4), 2)
        tail = stream.read(4)
    return _by_structure(path, head, tail) or _by_signature(head) or _by_text(path, head, size)


def _kind(form: str) -> Kind:
    if form in _TABLES:
        return Kind(form, "table", _TABLES[form])
    if form in _CONTAINERS:
        return Kind(form, "container", _CONTAINERS[form])
    return Kind(form, "document", _DOCUMENTS[form])


def _by_structure(path: Path, head: bytes, tail: bytes) -> Kind | None:
    """Files that have more to them than a signature."""
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _kind(_detect_zip(path))
    if head.startswith(_OLE):
        return _kind(detect_compound(path))
    if head.startswith(b"PAR1\x15") or (head.startswith((b"PAR1", b"PARE")) and tail in (b"PAR1", b"PARE")):
        return _kind("parquet")
    if head.startswith(b"ARROW1\0\0") or _is_arrow_stream(head):
        return _kind("arrow")
    form = _compressed_form(head)
    if form is None and _is_tar(head):
        form = "tar"
    if form is None and _is_dbase(head):
        form = "dbase"
    return _kind(form) if form else None


def _by_signature(head: bytes) -> Kind | None:
    found = name_signature(head)
    return Kind(found[0], "document", found[1]) if found else None


def _by_text(path: Path, head: bytes, size: int) -> Kind:
    text = decode_head(head)
    if text is None:
        return _kind("binary")
    return _kind(detect_text_format(path, text, complete=size <= _HEAD))


def _compressed_form(head: bytes) -> str | None:
    if head.startswith(b"\x1f\x8b\x08"):
        return "gzip"
    if head.startswith(b"BZh") and head[3:4] in b"123456789" and head[4:10] in (b"1AY&SY", b"\x17rE8P\x90"):
        return "bzip2"
    if head.startswith(b"\xfd7zXZ\0"):
        return "xz"
    skippable = head[1:4] == b"\x2a\x4d\x18" and 0x50 <= head[0] <= 0x5F
    return "zstd" if skippable or head.startswith(b"\x28\xb5\x2f\xfd") else None


def _is_tar(head: bytes) -> bool:
    """True where the checksum of the first header is right (POSIX.1-1988, ustar, and before it)."""
    header = head[:512]
    if len(header) < 512 or not header[0]:
        return False
    stated = header[148:156].strip(b" \0")
    if not stated or stated.strip(b"01234567"):
        return False
    return int(stated, 8) == sum(header[:148]) + sum(header[156:]) + 8 * 0x20


def _is_arrow_stream(head: bytes) -> bool:
    """The stream format: a continuation mark, then the length of a message that pads to eight bytes."""
    if len(head) < 16 or not head.startswith(b"\xff\xff\xff\xff"):
        return False
    length = int.from_bytes(head[4:8], "little")
    return 0 < length < 1 << 28 and length % 8 == 0


def _is_dbase(head: bytes) -> bool:
    if len(head) < 33 or head[0] not in (0x03, 0x30, 0x31, 0x32, 0x83, 0x8B, 0xF5):
        return False
    length = int.from_bytes(head[8:10], "little")
    return 1 <= head[2] <= 12 and 1 <= head[3] <= 31 and length >= 33 and b"\r" in head[length - 1 : length + 1]


def _detect_zip(path: Path) -> str:
    """By the members of a ZIP; if its directory cannot be read, the code that opens it reports that."""
    try:
        with path.open("rb") as stream:
            entries = islice(read_directory(stream, path.name), _OFFICE_NAMES)
            return _detect_by_members(stream, entries)
    except UnreadableFileError:
        return "zip"


def _detect_by_members(stream: BinaryIO, entries: Iterator[Entry]) -> str:
    names = set()
    for number, entry in enumerate(entries):
        if entry.raw_name == b"mimetype" and number == 0:
            mimetype = read_start(stream, entry, _MIMETYPE_BYTES, "").decode("latin-1").strip()
            if mimetype in _MIMETYPES:
                return _MIMETYPES[mimetype]
            if mimetype.startswith("application/vnd.oasis.opendocument."):
                return "opendocument"
        names.add(entry.raw_name.lower().replace(b"\\", b"/"))
    if b"[content_types].xml" in names:
        return _detect_office(names)
    marks = {b"ofd.xml": "ofd", b"meta-inf/manifest.mf": "program", b"index/document.iwa": "iwork"}
    return next((form for mark, form in marks.items() if mark in names), "zip")


def _detect_office(names: set[bytes]) -> str:
    """By the parts of an Open Packaging file (ECMA-376)."""
    if b"xl/workbook.bin" in names:
        return "xlsb"
    folders = {name.partition(b"/")[0] for name in names}
    parts = {b"xl": "xlsx", b"word": "word", b"ppt": "powerpoint", b"visio": "visio"}
    return next((form for folder, form in parts.items() if folder in folders), "office")
