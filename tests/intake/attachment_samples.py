"""Attachments made by hand, as small as they can be: PDF, Word, OFD. All persons and numbers in them are made up."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence

MOBILE = "13812345678"
W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def join_pdf(objects: Sequence[bytes], trailer: bytes = b"") -> bytes:
    """A PDF of these objects; the first is the catalogue."""
    found, places = bytearray(b"%PDF-1.4\n"), []
    for number, item in enumerate(objects, start=1):
        places.append(len(found))
        found += b"%d 0 obj\n%s\nendobj\n" % (number, item)
    start = len(found)
    found += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    found += b"".join(b"%010d 00000 n \n" % place for place in places)
    found += b"trailer\n<< /Size %d /Root 1 0 R %s >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, trailer, start)
    return bytes(found)


def stream(data: bytes, head: bytes = b"") -> bytes:
    return b"<< %s /Length %d >>\nstream\n%s\nendstream" % (head, len(data), data)


def make_pdf(*pages: str, picture: tuple[int, int] | None = None, link: str = "") -> bytes:
    """A PDF with a line of text on each page (none on an empty one), and a picture of this size on each if wanted."""
    count = len(pages)
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Count %d /Kids [%s] >>" % (count, b" ".join(b"%d 0 R" % (5 + 2 * n) for n in range(count))),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        stream(
            b"\0",
            b"/Type /XObject /Subtype /Image /ColorSpace /DeviceGray /BitsPerComponent 8 /Width %d /Height %d"
            % (picture or (1, 1)),
        ),
    ]
    for number, text in enumerate(pages):
        drawn = b"BT /F1 12 Tf 72 700 Td (%s) Tj ET" % text.encode("latin-1") if text else b""
        shown = b"/XObject << /Im1 4 0 R >>" if picture else b""
        notes = (
            b"/Annots [<< /Type /Annot /Subtype /Link /Rect [0 0 9 9] /A << /S /URI /URI (%s) >> >>]" % link.encode()
        )
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents %d 0 R %s"
            b" /Resources << /Font << /F1 3 0 R >> %s >> >>" % (6 + 2 * number, notes if link else b"", shown)
        )
        objects.append(stream(drawn + (b" q 500 0 0 700 50 50 cm /Im1 Do Q" if picture else b"")))
    return join_pdf(objects)


def make_zip(members: Mapping[str, bytes | str] | Iterable[tuple[str, bytes | str]]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as target:
        for name, data in dict(members).items():
            target.writestr(name, data)
    return packed.getvalue()


def make_docx(*paragraphs: str, **more: bytes | str) -> bytes:
    """A Word file of paragraphs; each word of one is a run with a format of its own. `more` are parts by their stem."""
    runs = [
        "".join(f"<w:r><w:rPr><w:b/><w:sz w:val='24'/></w:rPr><w:t>{word}</w:t></w:r>" for word in text.split("|"))
        for text in paragraphs
    ]
    body = "".join(f"<w:p>{text}</w:p>" for text in runs)
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    return make_zip(
        {
            "[Content_Types].xml": (
                '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
                f'<Override PartName="/word/document.xml" ContentType="{kind}"/></Types>'
            ),
            "word/document.xml": f"<w:document {W}><w:body>{body}</w:body></w:document>",
            **{
                f"word/{name}.xml" if "." not in name and "/" not in name else name: data for name, data in more.items()
            },
        }
    )
