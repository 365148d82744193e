"""The table of a Shapefile is read with its encoding, and what is left out of it is reported."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from opendata.errors import UnreadableFileError, UnsupportedFormatError
from opendata.services.packages.description import describe_file
from tests.reported.dbf_samples import SHP, WKT, Field, dbf
from tests.reported.described import convert, describe, find_reported, told

FIELDS: list[Field] = [("CODE", "C", 6), ("名称", "C", 10)]


def rows(encoding: str) -> list[list[bytes]]:
    return [[b"001", "阜阳".encode(encoding)], [b"002", "乙".encode(encoding)]]


def archive(path: Path, members: Mapping[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as target:
        for name, data in members.items():
            target.writestr(name, data)
    return path


def test_the_table_of_a_shapefile_is_read_and_its_geometry_reported(realdata: Path, tmp_path: Path) -> None:
    path = find_reported(realdata, "98-shapefile.zip")
    table = describe(path)
    assert (table["form"], table["encoding"], table["rows"]) == ("dbase", "gb18030", 2)
    assert told(table)["shapefile"]["details"] == {"projection": "x"}
    assert convert(path, tmp_path) == [["CODE", "NAME"], ["001", "甲"], ["002", "乙"]]


@pytest.mark.parametrize(
    ("encoding", "code_page", "language", "is_guessed"),
    [
        ("gbk", b"GBK", 0, False),
        ("gbk", b"936\r\n", 0, False),
        ("utf-8", b"UTF-8", 0, False),
        ("utf-8", b"65001", 0x4D, False),
        ("big5", b"Big5", 0, False),
        ("gbk", None, 0x4D, False),
        ("big5", None, 0x4F, False),
        ("gbk", None, 0, True),
        ("gbk", b"UTF-8", 0, True),
        ("gbk", b"nonsense", 0, True),
    ],
)
def test_texts_are_read_in_the_encoding_that_is_stated(
    tmp_path: Path, encoding: str, code_page: bytes | None, language: int, is_guessed: bool
) -> None:
    texts = [[b"001", "名山".encode(encoding)], [b"002", "區域".encode(encoding)]]
    members = {
        "Data/Roads.SHP": SHP,
        "Data/Roads.DBF": dbf([("CODE", "C", 6), ("N", "C", 10)], texts, language=language),
    }
    members |= {"Data/roads.prj": WKT, "Data/roads.shp.xml": b"<?xml version='1.0'?><metadata><a>1</a></metadata>"}
    members |= {"Data/roads.cpg": code_page} if code_page is not None else {}
    path = archive(tmp_path / "roads.zip", members)
    table = describe(path)
    assert convert(path, tmp_path)[1:] == [["001", "名山"], ["002", "區域"]]
    assert told(table)["shapefile"]["details"] == {"projection": "CGCS2000_3_Degree_GK_CM_120E"}
    assert ("encoding" in told(table) and told(table)["encoding"]["sure"] < 0.9) is is_guessed


def test_several_shapefiles_and_a_table_in_one_archive_stay_apart(tmp_path: Path) -> None:
    members = {"a.shp": SHP, "a.dbf": dbf(FIELDS, rows("gbk")), "a.cpg": b"GBK", "b.shp": SHP, "b.shx": SHP}
    members |= {"b.dbf": dbf(FIELDS, rows("utf-8"), encoding="utf-8"), "b.prj": WKT, "prj.csv": b"x,y\n1,2\n3,4\n"}
    tables = describe_file(archive(tmp_path / "all.zip", members))["tables"]
    assert {table["name"]: (table["form"], table["rows"]) for table in tables} == {
        "a": ("dbase", 2),
        "b": ("dbase", 2),
        "prj": ("csv", 2),
    }


def test_a_shapefile_without_its_table_is_refused_with_what_to_do(tmp_path: Path) -> None:
    path = archive(tmp_path / "x.zip", {"x.shp": SHP, "x.shx": SHP, "x.prj": WKT, "x.cpg": b"GBK"})
    with pytest.raises(UnsupportedFormatError, match=r"\.dbf"):
        describe_file(path)


def test_values_of_dbase_have_their_types(tmp_path: Path) -> None:
    fields: list[Field] = [("N", "N", 8), ("F", "F", 8), ("D", "D", 8), ("L", "L", 1), ("M", "M", 10), ("C", "C", 4)]
    records = [
        [b"   12.50", b"   -3.25", b"20240229", b"T", b"1", b"001"],
        [b"********", b"", b"", b"?", b"", b"x"],
        [b"*D     9", b"1", b"20240101", b"F", b"", b"y"],
    ]
    path = tmp_path / "t.dbf"
    path.write_bytes(dbf(fields, records))
    assert convert(path, tmp_path)[1:] == [
        ["12.50", "-3.25", "2024-02-29", "true", "", "001"],
        ["", "", "", "", "", "x"],
    ]
    assert {"deleted-records", "memo-columns"} <= told(describe(path)).keys()


@pytest.mark.parametrize("cut", [40, 70, 100])
def test_a_table_that_is_cut_off_is_refused(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "t.dbf"
    path.write_bytes(dbf(FIELDS, rows("gbk"))[:cut])
    with pytest.raises((UnreadableFileError, UnsupportedFormatError)):
        describe_file(path)
