"""The kind of a file is told by its bytes: tables, containers, documents, and those that pretend."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import random
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opendata.intake.kind.kinds import detect_kind


def tell(folder: Path, content: bytes | str, encoding: str = "utf-8") -> str:
    path = folder / "misleading.pdf"
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return detect_kind(path).form


def zipped(members: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def workbook() -> bytes:
    buffer = io.BytesIO()
    book = openpyxl.Workbook()
    book.active.append(["省份", 1])
    book.save(buffer)
    return buffer.getvalue()


def tarred() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        info = tarfile.TarInfo("a.csv")
        info.size = 3
        archive.addfile(info, io.BytesIO(b"a\n1"))
    return buffer.getvalue()


def parquet() -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"a": [1]}), sink)
    return sink.getvalue().to_pybytes()


def arrow(stream: bool) -> bytes:
    sink = pa.BufferOutputStream()
    table = pa.table({"a": [1]})
    with (pa.ipc.new_stream if stream else pa.ipc.new_file)(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("", "csv"),
        ("a,b\n1,2\n", "csv"),
        ("\ufeff\n  \n名称;值\n", "csv"),
        ("[id],[name]\n1,2\n", "csv"),
        ("[1],[2]\n3,4\n", "csv"),
        ("[2020年数据]\n省份,值\n", "csv"),
        ('["a","b"],c\n', "csv"),
        ('{"a","b"}\n', "csv"),
        ("{name},{value}\n", "csv"),
        ("[\n", "json"),
        ("<5,10\n1,2\n", "csv"),
        ("<单位>,数值\n甲,1\n", "csv"),
        ('  \n[{"a": 1}]', "json"),
        ("[[1, 2], [3, 4]]\n", "json"),
        ("[]", "json"),
        ("{}", "json"),
        ('{"a": 1}\n', "json"),
        ('{"data": [{"a": "] } \\" ["}]}', "json"),
        ('[{"a": 1}, {"b', "json"),
        ('[{"a": 1}, oops', "json"),
        ('{"a": 1}\n{"a": 2}\n', "jsonl"),
        ("[1, 2]\r\n[3, 4]\r\n", "jsonl"),
        ('{"type": "FeatureCollection", "features": []}', "geojson"),
        ('{"features": [{"type": "Feature", "geometry": null}], "type": "FeatureCollection"}', "geojson"),
        ('{"type": "Feature", "properties": {}, "geometry": null}', "geojson"),
        ('{"data": {"type": "FeatureCollection"}}', "json"),
        ('{"x": ["type", "Feature"]}', "json"),
        ('<?xml version="1.0"?><r><x/></r>', "xml"),
        ('<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook/>', "xml"),
        ("<records><r/></records>\n", "xml"),
        ("<!-- note --><?xml-stylesheet?>\n<!DOCTYPE r [<!ELEMENT r ANY>]><r/>", "xml"),
        ("\n\n<!-- 设定 -->\n\n<html><table></table>", "html"),
        ("<!doctype HTML><p>", "html"),
        ("<TABLE border=1><tr>", "html"),
        ('<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"/>', "html"),
        ('<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', "svg"),
        ("MIME-Version: 1.0\nContent-Type: multipart/related; boundary=x\n", "mhtml"),
    ],
)
def test_a_text_is_told_by_how_it_begins(text: str, form: str, tmp_path: Path) -> None:
    assert tell(tmp_path, text) == form
    if text and not text.startswith("\ufeff"):
        for encoding in ("utf-8-sig", "utf-16"):
            assert tell(tmp_path, text, encoding) == form


@pytest.mark.parametrize("encoding", ["gb18030", "big5", "utf-16-le", "utf-16-be", "utf-16", "utf-32", "utf-8"])
def test_a_table_is_a_table_in_every_encoding(encoding: str, tmp_path: Path) -> None:
    assert tell(tmp_path, "區域,數量\n" + "臺北,12\n" * 50, encoding) == "csv"


def test_json_lines_are_told_behind_a_first_line_of_any_length(tmp_path: Path) -> None:
    long = json.dumps({"a": "x" * 200_000})
    assert tell(tmp_path, f"{long}\n{long}\n") == "jsonl"
    assert tell(tmp_path, f"[{long},\n{long}]\n") == "json"
    assert tell(tmp_path, long) == "json"


@pytest.mark.parametrize(
    ("content", "form"),
    [
        (workbook(), "xlsx"),
        (zipped({"[Content_Types].xml": b"", "xl/workbook.bin": b""}), "xlsb"),
        (zipped({"[Content_Types].xml": b"", "word/document.xml": b""}), "word"),
        (zipped({"[Content_Types].xml": b"", "ppt/presentation.xml": b""}), "powerpoint"),
        (zipped({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet", "content.xml": b""}), "ods"),
        (zipped({"mimetype": b"application/vnd.oasis.opendocument.text"}), "opendocument"),
        (zipped({"mimetype": b"application/epub+zip"}), "epub"),
        (zipped({"META-INF/MANIFEST.MF": b""}), "program"),
        (zipped({"OFD.xml": b""}), "ofd"),
        (zipped({"folder/xl/workbook.xml": b"", "folder/[Content_Types].xml": b""}), "zip"),
        (zipped({"a.csv": b"a"}), "zip"),
        (zipped({}), "zip"),
        (workbook()[:2000], "zip"),
        (gzip.compress(b"a"), "gzip"),
        (bz2.compress(b"a"), "bzip2"),
        (lzma.compress(b"a"), "xz"),
        (b"\x28\xb5\x2f\xfd\x20\x00", "zstd"),
        (tarred(), "tar"),
        (parquet(), "parquet"),
        (arrow(stream=False), "arrow"),
        (arrow(stream=True), "arrow"),
        (b"PAR1,PAR2\n1,2\n", "csv"),
        (b"BZh9,x\n", "csv"),
        (b"MZ,RIFF\n1,2\n", "csv"),
        (b"%PDF-1.7\n", "pdf"),
        (b"\x89PNG\r\n\x1a\n", "png"),
        (b"7z\xbc\xaf\x27\x1c", "7z"),
        (b"SQLite format 3\0", "sqlite"),
        (b"{\\rtf1", "rtf"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 no more", "xls"),
    ],
)
def test_binary_files_are_told_by_their_structure(content: bytes, form: str, tmp_path: Path) -> None:
    assert tell(tmp_path, content) == form


def test_the_first_bytes_decide_where_a_file_is_two_things(tmp_path: Path) -> None:
    archive = zipped({"a.csv": b"a"})
    assert tell(tmp_path, b"%PDF-1.4\n" + archive) == "pdf"
    assert tell(tmp_path, b"GIF89a" + archive) == "gif"
    assert tell(tmp_path, archive + b"%PDF-1.4\n") == "zip"


@pytest.mark.parametrize("size", [200, 5000, 200_000])
def test_random_bytes_are_no_table(size: int, tmp_path: Path) -> None:
    kind = {tell(tmp_path, b"\0" + random.Random(seed).randbytes(size)) for seed in range(20)}
    assert kind == {"binary"}


def test_a_few_stray_zero_bytes_leave_a_text_a_table(tmp_path: Path) -> None:
    assert tell(tmp_path, b"a,b\n1,\0\n") == "csv"
    assert tell(tmp_path, b"a,b\n" + b"1,2\n" * 100 + b"\0" * 15) == "csv"


@pytest.mark.parametrize("form", ["pdf", "word", "zip", "csv"])
def test_every_kind_has_a_role_and_a_name(form: str, tmp_path: Path) -> None:
    files = {
        "pdf": b"%PDF-1.4",
        "word": zipped({"[Content_Types].xml": b"", "word/document.xml": b""}),
        "zip": zipped({}),
        "csv": b"a",
    }
    path = tmp_path / "file"
    path.write_bytes(files[form])
    kind = detect_kind(path)
    assert (kind.form, kind.role) == (form, {"csv": "table", "zip": "container"}.get(form, "document"))
    assert kind.name.startswith(("a ", "an "))


@given(
    content=st.binary(max_size=400), head=st.sampled_from([b"", b"PK\x03\x04", b"PK\x05\x06", b"[", b"{", b"<", b"BZh"])
)
def test_any_bytes_have_a_kind(content: bytes, head: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "any"
    path.write_bytes(head + content)
    assert detect_kind(path).role in ("table", "container", "document")


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("chinese/xlsx-traps/html-saved-as-xls-2019.xls", "html"),
        ("chinese/budget/7-6-分地区一般公共预算支出-2019.encrypted.xls", "xls"),
        ("chinese/covid/StatsWJW.xlsx", "xlsx"),
        ("chinese/taiwan-land/filter_a.big5.csv", "csv"),
        ("chinese/covid/2020-02-10.json", "json"),
        ("chinese/admin-divisions/villages.csv.gz", "gzip"),
    ],
)
def test_real_files_are_told(name: str, form: str, realdata: Path) -> None:
    assert detect_kind(realdata / name).form == form
