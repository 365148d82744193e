"""The text of attachments is read for the privacy screen; what can't be read says why, and nothing crashes."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from opendata.intake.document import office_text
from opendata.intake.document.attachment_text import read_attachment_text
from opendata.intake.document.passages import MOST_CHARACTERS, AttachmentText
from opendata.intake.document.pdf_text import extract_text, read_pdf
from tests.intake.attachment_samples import MOBILE, W, join_pdf, make_docx, make_pdf, make_zip, stream


def read(tmp_path: Path, data: bytes, format_: str) -> AttachmentText:
    path = tmp_path / "attachment"
    path.write_bytes(data)
    return read_attachment_text(path, format_, tmp_path)


def test_the_pages_and_links_of_a_pdf_are_read(tmp_path: Path) -> None:
    text, unread = read(tmp_path, make_pdf("first", f"call {MOBILE}", link="mailto:someone@example.org"), "pdf")
    assert unread is None
    assert all(word in text for word in ("first", MOBILE, "someone@example.org"))


def test_a_small_picture_beside_text_is_a_logo(tmp_path: Path) -> None:
    assert read(tmp_path, make_pdf("text", picture=(200, 60)), "pdf").unread is None
    text, unread = read(tmp_path, make_pdf("text", picture=(1240, 1754)), "pdf")
    assert ("text" in text, unread) == (True, "pictures")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (make_pdf("", picture=(1240, 1754)), "pictures"),
        (make_pdf(""), "no-text"),
        (b"%PDF-1.4\n", "damaged"),
        (b"", "damaged"),
    ],
)
def test_a_scan_or_a_broken_file_is_unread(tmp_path: Path, data: bytes, why: str) -> None:
    assert read(tmp_path, data, "pdf") == ("", why)


def test_a_pdf_whose_pages_contain_themselves_is_unread(tmp_path: Path) -> None:
    kids = b"<< /Type /Pages /Count 9 /Kids [2 0 R 2 0 R] >>"
    assert read(tmp_path, join_pdf([b"<< /Type /Catalog /Pages 2 0 R >>", kids]), "pdf").unread is not None


def test_a_page_that_draws_itself_is_read_or_unread(tmp_path: Path) -> None:
    form = stream(b"/Fm Do", b"/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /Fm 4 0 R >> >>")
    page = b"<< /Type /Page /Parent 2 0 R /Contents 5 0 R /Resources << /XObject << /Fm 4 0 R >> >> >>"
    pages = b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>"
    data = join_pdf([b"<< /Type /Catalog /Pages 2 0 R >>", pages, page, form, stream(b"/Fm Do")])
    assert read(tmp_path, data, "pdf").unread is not None


def test_reading_ends_at_the_limit_of_time(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(make_pdf("a", "b"))
    assert extract_text(path, -1).unread == "too-slow"
    assert read_pdf(path, -10) == ("", "too-slow")


def test_a_font_without_characters_is_noticed(tmp_path: Path) -> None:
    font = b"<< /Type /Font /Subtype /Type0 /BaseFont /X /Encoding /Identity-H /DescendantFonts [6 0 R] >>"
    inner = b"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /X /CIDSystemInfo << /Registry (A) /Ordering (I) >> >>"
    page = b"<< /Type /Page /Parent 2 0 R /Contents 5 0 R /Resources << /Font << /F1 4 0 R >> >> >>"
    pages = b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>"
    drawn = stream(b"BT /F1 12 Tf 72 700 Td <00410042> Tj ET")
    data = join_pdf([b"<< /Type /Catalog /Pages 2 0 R >>", pages, page, font, drawn, inner])
    assert read(tmp_path, data, "pdf").unread in ("fonts", "no-text")


def test_broken_pdfs_never_raise(tmp_path: Path) -> None:
    whole, draw = make_pdf("text", f"call {MOBILE}", picture=(9, 9), link="mailto:a@example.org"), random.Random()
    for _ in range(100):
        data = bytearray(whole)
        for _ in range(draw.randrange(1, 12)):
            data[draw.randrange(len(data))] = draw.randrange(256)
        path = tmp_path / "a.pdf"
        path.write_bytes(data[: draw.randrange(len(data))] if draw.random() < 0.3 else data)
        text, unread = extract_text(path, 5)
        assert text.strip() or unread


def test_a_word_file_is_read_with_headers_comments_and_links(tmp_path: Path) -> None:
    rels = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="a" Type="t" Target="mailto:link@example.org" TargetMode="External"/></Relationships>'
    )
    core = '<cp xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:creator>property@example.org</dc:creator></cp>'
    data = make_docx(
        f"电话|{MOBILE[:4]}|{MOBILE[4:]}",
        "next",
        header1=f"<w:hdr {W}><w:p><w:r><w:t>in the header</w:t></w:r></w:p></w:hdr>",
        comments=f"<w:comments {W}><w:comment><w:p><w:r><w:t>in a comment</w:t></w:r></w:p></w:comment></w:comments>",
        **{"word/_rels/document.xml.rels": rels, "docProps/core.xml": core},
    )
    text, unread = read(tmp_path, data, "docx")
    assert unread is None
    for word in (f"电话{MOBILE}\nnext", "in the header", "in a comment", "link@example.org", "property@example.org"):
        assert word in text


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (make_docx("text", **{"word/media/image1.jpeg": random.Random(1).randbytes(40_000)}), "pictures"),
        (make_docx("text", **{"word/embeddings/sheet.xlsx": b"PK"}), "embedded"),
        (make_docx("text", **{"word/afchunk.mht": b"x"}), "embedded"),
        (make_docx(""), "no-text"),
        (make_docx("text")[:200], "damaged"),
        (make_zip({"word/document.xml": "<w:p"}), "damaged"),
        (make_zip({"word/document.xml": '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'}), "damaged"),
        (make_zip({"word/document.xml": "<a>" * 50_000}), "damaged"),
        (make_zip({"word/document.xml": f"<w:p {W}>{'0' * 30_000_000}</w:p>"}), "too-large"),
    ],
    ids=["pictures", "embedded", "chunk", "empty", "cut", "broken", "entities", "deep", "bomb"],
)
def test_what_of_a_word_file_cannot_be_read_says_why(tmp_path: Path, data: bytes, why: str) -> None:
    text, unread = read(tmp_path, data, "docx")
    assert unread == why
    assert len(text) <= MOST_CHARACTERS + 1


def test_a_document_of_too_many_parts_is_not_read_completely(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(office_text, "MOST_MEMBERS", 3)
    text, unread = read(tmp_path, make_zip({f"word/{number}.xml": "<p>x</p>" for number in range(4)}), "docx")
    assert (text.count("x"), unread) == (3, "too-large")


def test_ofd_and_opendocument_are_read(tmp_path: Path) -> None:
    page = '<ofd:Page xmlns:ofd="http://www.ofdspec.org/2016"><ofd:TextObject><ofd:TextCode X="1">水位</ofd:TextCode>'
    page += f"<ofd:TextCode>{MOBILE}</ofd:TextCode></ofd:TextObject></ofd:Page>"
    assert f"水位{MOBILE}" in read(tmp_path, make_zip({"Doc_0/Pages/Page_0/Content.xml": page}), "ofd").text
    assert read(tmp_path, make_zip({"content.xml": "<o>x</o>", "Configurations2/a.xml": ""}), "odt").unread is None
    body = '<o xmlns:text="urn:text"><text:p>水位<text:span>计</text:span></text:p><text:p>二</text:p></o>'
    assert read(tmp_path, make_zip({"content.xml": body}), "odt").text.split() == ["水位计", "二"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_plain_text_is_read_in_its_encoding(tmp_path: Path, encoding: str) -> None:
    assert read(tmp_path, f"水库当日平均水位 {MOBILE}".encode(encoding), "txt") == (
        f"水库当日平均水位 {MOBILE}",
        None,
    )


def test_pages_and_drawings_are_read(tmp_path: Path) -> None:
    page = f'<p>电话 <b>138</b>{MOBILE[3:]}<p><a href="mailto:a@example.org">x</a>'.encode()
    text, unread = read(tmp_path, page, "html")
    assert (MOBILE in text, "a@example.org" in text, unread) == (True, True, None)
    drawing = '<svg xmlns="http://www.w3.org/2000/svg"><text>水位</text><image href="data:x"/></svg>'
    assert read(tmp_path, drawing.encode(), "svg").unread == "pictures"


def test_comments_in_pages_and_drawings_are_read(tmp_path: Path) -> None:
    page = f"<p>水位<!-- 经办人{MOBILE} --></p><!--x--><table><!-- {MOBILE[::-1]} --><tr><td>1</table>"
    text = read(tmp_path, page.encode(), "html").text
    assert MOBILE in text
    assert MOBILE[::-1] in text
    drawing = f'<svg xmlns="http://www.w3.org/2000/svg"><!-- {MOBILE} --><text>水位</text></svg>'
    assert MOBILE in read(tmp_path, drawing.encode(), "svg").text
    assert read(tmp_path, b'<svg xmlns="http://www.w3.org/2000/svg"><!-- x --></svg>', "svg").unread == "no-text"


@pytest.mark.parametrize("format_", ["png", "jpeg", "doc", "rtf", "unknown"])
def test_pictures_and_other_formats_are_unread(tmp_path: Path, format_: str) -> None:
    assert read(tmp_path, b"x", format_) == ("", "format")


def test_what_a_library_raises_is_logged_without_what_the_file_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> AttachmentText:
        raise IndexError(MOBILE)

    monkeypatch.setattr(office_text, "read_office", fail)
    assert read(tmp_path, make_docx("text"), "docx") == ("", "damaged")
    assert "docx" in caplog.text
    assert "IndexError" in caplog.text
    assert MOBILE not in caplog.text


def test_an_open_document_with_a_password_is_locked(tmp_path: Path) -> None:
    manifest = "<manifest><file-entry><encryption-data/></file-entry></manifest>"
    parts = {"content.xml": random.Random(1).randbytes(3000), "META-INF/manifest.xml": manifest}
    assert read(tmp_path, make_zip(parts), "odt") == ("", "locked")
