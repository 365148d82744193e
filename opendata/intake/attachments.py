"""Which files may accompany a table: documents and pictures by their bytes, plain text where its sender says so.

Nothing looks inside them, so what can be read as a table has to come as one. Media types are those IANA registers.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from opendata.errors import N_
from opendata.intake.kind.kinds import Kind

ACCEPTED = N_(
    "Attachments can be PDF, Word, PowerPoint, OpenDocument and OFD documents, pictures (PNG, JPEG, GIF,"
    " WebP, TIFF, BMP, SVG), and text files that are declared as attachments (.txt, .md, .html)"
)
NO_ATTACHMENT = N_("“%(file)s” is %(kind)s, which isn't accepted as an attachment. %(accepted)s")
NOT_ALONE = N_(
    "“%(file)s” is %(kind)s, not a table. Publish it together with its table, for example with a CSV or Excel file"
)


@dataclass(frozen=True, slots=True)
class AttachmentForm:
    """The form of an attachment: its `format`, media type, and the endings its name may have, the usual one first."""

    format: str
    mediatype: str
    endings: tuple[str, ...]


_OOXML = "application/vnd.openxmlformats-officedocument"
_ODF = "application/vnd.oasis.opendocument"
_FORMS = {
    "pdf": AttachmentForm("pdf", "application/pdf", (".pdf",)),
    "png": AttachmentForm("png", "image/png", (".png",)),
    "jpeg": AttachmentForm("jpeg", "image/jpeg", (".jpg", ".jpeg", ".jpe")),
    "gif": AttachmentForm("gif", "image/gif", (".gif",)),
    "webp": AttachmentForm("webp", "image/webp", (".webp",)),
    "tiff": AttachmentForm("tiff", "image/tiff", (".tif", ".tiff")),
    "bmp": AttachmentForm("bmp", "image/bmp", (".bmp",)),
    "svg": AttachmentForm("svg", "image/svg+xml", (".svg",)),
    "rtf": AttachmentForm("rtf", "application/rtf", (".rtf",)),
    "ofd": AttachmentForm("ofd", "application/ofd", (".ofd",)),
}
_OFFICE = {
    # form → as a Compound File, as a ZIP
    "word": (
        AttachmentForm("doc", "application/msword", (".doc", ".wps", ".dot", ".wpt")),
        AttachmentForm("docx", f"{_OOXML}.wordprocessingml.document", (".docx",)),
    ),
    "powerpoint": (
        AttachmentForm("ppt", "application/vnd.ms-powerpoint", (".ppt", ".dps", ".pps")),
        AttachmentForm("pptx", f"{_OOXML}.presentationml.presentation", (".pptx",)),
    ),
}
_OPEN_DOCUMENTS = {
    "text": AttachmentForm("odt", f"{_ODF}.text", (".odt",)),
    "presentation": AttachmentForm("odp", f"{_ODF}.presentation", (".odp",)),
    "graphics": AttachmentForm("odg", f"{_ODF}.graphics", (".odg",)),
}
_TEXTS = (
    AttachmentForm("txt", "text/plain", (".txt", ".text")),
    AttachmentForm("md", "text/markdown", (".md", ".markdown")),
    AttachmentForm("html", "text/html", (".html", ".htm")),
)
_TEXT_KINDS = frozenset({"csv", "html", "json", "jsonl", "geojson", "xml"})
"""What a running text may look like by its beginning."""

_HEAD_BYTES = 200


def find_form(path: Path, kind: Kind, name: str, *, declared: bool = False) -> AttachmentForm | None:
    """The format of a file as an attachment, or None if it cannot be one.

    Text is an attachment only if it is `declared` and `name` has a matching extension: otherwise text counts as a
    table.
    """
    if kind.form in _FORMS:
        return _FORMS[kind.form]
    if kind.form in _OFFICE:
        compound, packed = _OFFICE[kind.form]
        return packed if _read_head(path).startswith(b"PK") else compound
    if kind.form == "opendocument":
        # Its first member tells the kind: a local header of 30 bytes, then the name `mimetype`, then its content.
        word = _read_head(path)[38:].partition(f"{_ODF}.".encode())[2].partition(b"PK")[0]
        return _OPEN_DOCUMENTS.get(word.decode("latin-1").partition("-")[0])
    if declared and kind.form in _TEXT_KINDS:
        return next((form for form in _TEXTS if name.lower().endswith(form.endings)), None)
    return None


def _read_head(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(_HEAD_BYTES)
