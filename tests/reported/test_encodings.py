"""Encodings of files that people reported elsewhere: read right, or asked; never "certain" without a proof."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from opendata.intake.opening import find_tables
from opendata.intake.reading import read_table
from opendata.intake.tables import OpenedTable
from opendata.intake.text.encodings import EncodingVerdict, find_encoding
from opendata.intake.understanding import CAREFUL
from opendata.tables.table import PreparedTable, prepare_table


def judge(folder: Path, data: bytes) -> EncodingVerdict:
    path = folder / "t.csv"
    path.write_bytes(data)
    return find_encoding(path)


def prepare(path: Path, folder: Path) -> tuple[OpenedTable, PreparedTable]:
    (found,) = find_tables(path, path.name, folder)
    return read_table(found, folder, lambda source, **options: prepare_table(source, folder, name="out", **options))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("46b-macroman.csv", ["café", "Zürich — naïve"]),
        ("52d-cp1250.csv", ["Łódź", "Gdańsk", "Świętokrzyskie"]),
        ("52g-cp1254.csv", ["Şanlıurfa", "Muğla", "İzmir"]),
        ("52i-cp1253.csv", ["Αθήνα", "Θεσσαλονίκη"]),
        ("52p-iso2022jp.csv", ["東京都"]),
    ],
)
def test_old_encodings_are_read_by_the_letters_of_their_languages(
    realdata: Path, tmp_path: Path, name: str, words: list[str]
) -> None:
    _, table = prepare(realdata / "reported" / name, tmp_path)
    assert table.task.valid
    text = table.csv.read_text("utf-8")
    assert [word for word in words if word not in text] == []


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1251", "город,население\nМосква,1\nСанкт-Петербург,2\n"),
        ("koi8_r", "город,население\nМосква,1\nСанкт-Петербург,2\n"),
        ("iso8859_5", "город,население\nМосква,1\nСанкт-Петербург,2\n"),
        ("cp866", "город,население\nМосква,1\nСанкт-Петербург,2\n"),
        ("cp1251", "місто\nКиїв\nЛьвів\nЗапоріжжя\n"),
        ("iso8859_7", "όνομα,πόλη\nΑθήνα,1\nΘεσσαλονίκη,2\n"),
        ("cp1255", "שם,עיר\nירושלים,1\nתל אביב,2\n"),
        ("cp1256", "اسم,مدينة\nالقاهرة,1\nبيروت,2\n"),
        ("cp874", "จังหวัด,ประชากร\nกรุงเทพมหานคร,1\nเชียงใหม่,2\n"),
        ("cp1250", "město,okres\nPlzeň,1\nČeské Budějovice,2\nÚstí nad Labem,3\n"),
        ("cp1250", "név,megye\nGyőr,1\nSzékesfehérvár,2\n"),
        ("iso8859_2", "id,nazwa\n1,Łódź\n2,Gdańsk\n3,Świętokrzyskie\n"),
        ("cp1257", "pilsēta\nRīga\nDaugavpils\nLiepāja\nJūrmala\n"),
        ("cp852", "id,nazwa\n1,Łódź\n2,Gdańsk\n"),
        ("cp850", "nom,prénom\nAndré,1\nBenoît,2\n"),
        ("mac_roman", "nom,prénom\nAndré,1\nBenoît,2\n"),
        ("cp1252", "œuvre,prix (€)\nGARÇON,5\n“café” – naïve,6\n"),
        ("iso8859_15", "prix,1 €\ncœur,2\n"),
        ("hz", "编号,名称\n001,北京\n"),
        ("iso2022_kr", "이름\n서울\n"),
        ("gb18030", "名称,城市\n北京,1\n"),
    ],
)
def test_a_text_is_read_as_it_was_written(tmp_path: Path, encoding: str, text: str) -> None:
    data = text.encode(encoding)
    assert data.decode(judge(tmp_path, data).encoding) == text


@pytest.mark.parametrize("data", [b"id,ad\n1,\xdeanl\xfdurfa\n", b"a\n\xe9\n", b"a,b\n\xa3,1\n", b"x\n\xb0\xc1\n"])
def test_a_few_letters_prove_nothing(tmp_path: Path, data: bytes) -> None:
    (decision,) = judge(tmp_path, data).decisions
    assert decision.sure < CAREFUL
    assert decision.asks or judge(tmp_path, data).encoding == "gb18030"


def test_utf8_with_a_broken_line_is_utf8_whose_line_is_named(realdata: Path, tmp_path: Path) -> None:
    opened, table = prepare(realdata / "reported" / "52b-utf8-few-latin1-line.csv", tmp_path)
    assert opened.understanding.encoding == "utf-8"
    (error,) = table.task.errors
    assert (error["opendata"]["code"], error["opendata"]["params"]["line"]) == ("encoding-error", 5)
    many = "".join(f"{number},Málaga,Łódź\n" for number in range(50))
    verdict = judge(tmp_path, b"id,name,city\n" + many.encode() + "51,Mérida,北京\n".encode("gb18030"))
    fault = verdict.candidates[0].fault
    assert (verdict.encoding, verdict.sure < CAREFUL, fault and fault.line) == ("utf-8", True, 52)


def test_utf_7_is_asked_about_and_telephone_numbers_are_not(tmp_path: Path) -> None:
    (decision,) = judge(tmp_path, "编号,名称\n001,北京\n".encode("utf-7")).decisions
    assert (decision.asks, decision.sure < CAREFUL) == (True, True)
    code = base64.b64encode(b"any bytes at all").decode()
    for plain in ("phone\n+8613800138000\n+86-13800138000\n", "a\nA+B-C\nx+y\n", f"a\n+{code}\n", "q\nc++\n"):
        (decision,) = judge(tmp_path, plain.encode()).decisions
        assert not decision.asks


def test_escapes_of_no_encoding_are_asked_about(tmp_path: Path) -> None:
    (decision,) = judge(tmp_path, b"a\n\x1b$Zxx\n").decisions
    assert decision.asks
