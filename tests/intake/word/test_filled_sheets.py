"""Tables that people filled in, whatever the file: merged areas unfolded, Word documents included."""

from __future__ import annotations

import zipfile
from pathlib import Path

import openpyxl
import pytest

from opendata.errors import UnreadableFileError, UnsupportedFormatError
from opendata.intake.filled_sheets import list_filled_sheets
from opendata.intake.word.word_tables import read_word_tables

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def cell(text: str, *, span: int = 1, merge: str = "") -> str:
    mark = '<w:vMerge w:val="restart"/>' if merge == "restart" else "<w:vMerge/>" if merge else ""
    run = text if text.startswith("<") else f"<w:r><w:t>{text}</w:t></w:r>"
    return f'<w:tc><w:tcPr><w:gridSpan w:val="{span}"/>{mark}</w:tcPr><w:p>{run}</w:p></w:tc>'


def make_word(path: Path, *rows: str) -> Path:
    table = f"<w:tbl>{''.join(f'<w:tr>{row}</w:tr>' for row in rows)}</w:tbl>"
    body = f'<w:document xmlns:w="{W}"><w:body><w:p><w:r><w:t>目录</w:t></w:r></w:p>{table}</w:body></w:document>'
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("[Content_Types].xml", "<Types/>")
        packed.writestr("word/document.xml", body)
    return path


def test_merged_cells_of_a_word_table_are_unfolded(tmp_path: Path) -> None:
    inner = "<w:tbl><w:tr><w:tc><w:p><w:r><w:t>内</w:t></w:r></w:p></w:tc></w:tr></w:tbl>"
    path = make_word(
        tmp_path / "a.docx",
        cell("公开事项", span=2) + cell("方式", merge="restart"),
        cell("甲") + cell('<w:r><w:sym w:font="Wingdings" w:char="F0FC"/></w:r>') + cell("", merge="on"),
        cell("一<w:br/>") + cell(inner) + cell("z"),
    )
    (tmp_path / "f").mkdir()
    assert read_word_tables(path, tmp_path / "f") == [
        [["公开事项", "公开事项", "方式"], ["甲", "√", "方式"], ["一", "内", "z"]]
    ]
    path.write_bytes(b"PK\x03\x04")
    with pytest.raises(UnreadableFileError):
        read_word_tables(path, tmp_path / "f")


@pytest.mark.slow
def test_workbooks_texts_and_documents_are_read_in_a_process_of_their_own(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "义务教育"
    for row in (["目录"], ["事项", None, "方式"], ["甲", "乙", 1]):
        sheet.append(row)
    sheet.merge_cells("A2:B2")
    book.create_sheet("隐").append(["x", "y"])
    book["隐"].sheet_state = "hidden"
    book.save(tmp_path / "a.xlsx")
    (sheet_name, rows) = list_filled_sheets(tmp_path / "a.xlsx", "a.xlsx")[0]
    assert (sheet_name, [row[:3] for row in rows]) == (
        "义务教育",
        [["目录"], ["事项", "事项", "方式"], ["甲", "乙", "1"]],
    )
    assert len(list_filled_sheets(tmp_path / "a.xlsx", "a.xlsx")) == 1
    (tmp_path / "b.csv").write_bytes("标题\n事项,方式\n甲,主动\n".encode("gbk"))
    (name, rows) = list_filled_sheets(tmp_path / "b.csv", "b.csv")[0]
    assert (name, rows[1:]) == ("", [["事项", "方式"], ["甲", "主动"]])
    assert list_filled_sheets(make_word(tmp_path / "c.docx", cell("a") + cell("b")), "c.docx") == [("1", [["a", "b"]])]
    (tmp_path / "d.pdf").write_bytes(b"%PDF-1.4\n%%EOF")
    with pytest.raises(UnsupportedFormatError):
        list_filled_sheets(tmp_path / "d.pdf", "d.pdf")
    (tmp_path / "e.xlsx").write_bytes((tmp_path / "a.xlsx").read_bytes()[:2000])
    with pytest.raises((UnreadableFileError, UnsupportedFormatError)):
        list_filled_sheets(tmp_path / "e.xlsx", "e.xlsx")
