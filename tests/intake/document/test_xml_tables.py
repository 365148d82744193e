"""XML records and XML workbooks are read as tables; nothing in them is expanded or fetched."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opendata.errors import TooLargeError, UnreadableFileError
from opendata.intake.document import xml_tables
from opendata.intake.document.xml_tables import list_tables, open_table
from opendata.intake.grid import Grid, Span
from opendata.intake.workbook.workbooks import list_sheets, open_sheet
from tests.intake.document_samples import is_readable, read_only, read_rows, read_whole, tables

# Names that the fourth edition of XML allows too: expat keeps to it.
NAMES = st.text("abcXYZäé年份地区人口一龥", min_size=1, max_size=6)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("xml") / "table.xml"


def read(path: Path, text: str | bytes, **options: Any) -> list[list[str]]:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_rows(open_table, path, list_tables(path, **options)[0].place, **options)[0]


@given(tables(names=NAMES), st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "gb18030"]))
def test_any_table_written_as_elements_is_read_back(place: Path, table: Any, encoding: str) -> None:
    names, body = table
    rows = "".join(
        "<row>" + "".join(f"<{n}>{escape(c)}</{n}>" for n, c in zip(names, row, strict=True)) + "</row>\n"
        for row in body
    )
    text = f'<?xml version="1.0" encoding="{encoding.removesuffix("-sig")}"?>\n<root>\n<rows>{rows}</rows></root>'
    assert read(place, text.encode(encoding)) == [names, *body]


@given(tables(names=NAMES))
def test_any_table_written_as_attributes_is_read_back(place: Path, table: Any) -> None:
    names, body = table
    rows = "".join(
        "<row " + " ".join(f"{n}={quoteattr(c)}" for n, c in zip(names, row, strict=True)) + "/>" for row in body
    )
    assert read(place, f"<root>{rows}</root>") == [names, *body]


@given(tables(names=NAMES))
def test_any_table_that_pandas_writes_is_read_back(place: Path, table: Any) -> None:
    names, body = table
    pd.DataFrame(body, columns=names, dtype=str).to_xml(place, index=False, parser="lxml")
    assert read_only(list_tables, open_table, place) == [names, *body]


def test_attributes_children_and_what_is_deeper_are_columns(place: Path) -> None:
    text = """<a xmlns="urn:x" xmlns:g="urn:g">
      <g:school id="1" name="n"><name>甲</name><at zip="1"><city>京</city></at><tel>1</tel><tel>2</tel></g:school>
      <g:school id="2"><name><![CDATA[<乙>]]></name>left <b>bold</b></g:school></a>"""
    place.write_text(text)
    rows, told = read_rows(open_table, place, "/a/school")
    assert rows[0] == ["id", "@name", "name", "at/@zip", "at/city", "tel", "b", "#text"]
    assert rows[1:] == [["1", "n", "甲", "1", "京", '["1","2"]', "", ""], ["2", "", "<乙>", "", "", "", "bold", "left"]]
    assert told == {"missing-names", "repeated-values"}


def test_records_that_repeat_most_come_first_and_those_inside_others_last(place: Path) -> None:
    place.write_text(
        "<r><head><k a='1'/><k a='2'/></head><p n='1'>"
        "<c n='x'/><c n='y'/><c n='z'/><c n='z'/></p><p n='2'/><p n='3'/></r>"
    )
    assert [(table.place, table.rows) for table in list_tables(place)] == [("/r/p", 3), ("/r/head/k", 2), ("/r/p/c", 4)]
    assert read_rows(open_table, place, "/r/p/c")[0] == [["n"], ["x"], ["y"], ["z"], ["z"]]


LAUGHS = '<!DOCTYPE a [<!ENTITY a "ha">' + "".join(
    f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9)
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (LAUGHS + "]><a>&j;</a>", "entities"),
        ('<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a><b>&x;</b></a>', "entities"),
        ('<!DOCTYPE a SYSTEM "http://127.0.0.1:9/x.dtd"><a><b>&x;</b></a>', "entities"),
        ('<!DOCTYPE a [<!ENTITY % p SYSTEM "http://127.0.0.1:9/x"> %p;]><a/>', "entities"),
        ("<a>" * 10_000, "levels deep"),
        ("<a><b>1</b>", "isn't valid on line 1"),
        ("<a>\n<b>1</a>", "line 2"),
        ("<a>\n<b c='" + "x" * 20_000_000, "line 2, a tag"),
        ("<a>\n<!--" + "x" * 20_000_000, "line 2, a tag"),
        ("", "XML isn't valid"),
        ("<a>text</a>", "doesn't contain records"),
        ("<a><" + "b" * 1000 + "/></a>", "name in the XML"),
        (b"<a><b>\xff</b></a>", "Byte 7 of the file "),
        ("<a><r>" + "".join(f"<c{n}/>" for n in range(20_000)) + "</r></a>", "16384|kinds"),
        ("<a>" + "".join(f"<r c{n}='1'/>" for n in range(20_000)) + "</a>", "16384"),
    ],
)
def test_hostile_and_broken_files_are_refused(place: Path, text: str | bytes, words: str) -> None:
    place.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(UnreadableFileError, match=words):
        read_whole(list_tables, open_table, place)


@pytest.mark.parametrize("part", [10, pytest.param(1, marks=pytest.mark.slow)])
def test_a_record_beyond_all_measure_is_refused(place: Path, part: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xml_tables, "MAX_VALUE_CHARACTERS", xml_tables.MAX_VALUE_CHARACTERS // part)
    place.write_text("<a><r><b>" + "x" * (70_000_000 // part) + "</b></r><r><b/></r></a>")
    with pytest.raises(TooLargeError, match="longer than"):
        open_table(place, list_tables(place)[0].place)


@given(st.binary(max_size=60) | st.text("<>/ab='\" &;!?-[]", max_size=60).map(str.encode))
def test_any_bytes_are_records_or_unreadable(place: Path, data: bytes) -> None:
    place.write_bytes(data)
    for lister, opener in ((list_tables, open_table), (list_books, open_book)):
        is_readable(lister, opener, place)


list_books = partial(list_sheets, form="spreadsheetml")


def open_book(path: Path, place: str) -> Grid:
    return open_sheet(path, "spreadsheetml", place)


def workbook(rows: str, after: str = "") -> str:
    return (
        '<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?>'
        '<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" '
        'xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">'
        f'<Worksheet ss:Name="表一"><Table>{rows}</Table>{after}</Worksheet>'
        '<Worksheet ss:Name="b"><Table/></Worksheet></Workbook>'
    )


def cell(kind: str, text: str, **attributes: object) -> str:
    named = "".join(f' ss:{key}="{value}"' for key, value in attributes.items())
    return f'<Cell{named}><Data ss:Type="{kind}">{escape(text)}</Data></Cell>'


@given(tables(rows=1))
def test_any_table_in_an_xml_workbook_is_read_back(place: Path, table: Any) -> None:
    names, body = table
    rows = "".join("<Row>" + "".join(cell("String", text) for text in row) + "</Row>" for row in [names, *body])
    place.write_text(workbook(rows))
    found = read_only(list_books, open_book, place)
    while body and not any(body[-1]):  # blank rows at the end of a sheet are formats without content
        body.pop()
    assert [[*row, *[""] * (len(names) - len(row))] for row in found] == [names, *body]


def test_an_xml_workbook_keeps_its_gaps_merges_and_kinds_of_values(place: Path) -> None:
    comment = '<Cell><Comment><ss:Data>no</ss:Data></Comment><Data ss:Type="String"><B>b</B>old</Data></Cell>'
    rows = (
        f"<Row>{cell('String', 'title', MergeAcross=2)}{cell('String', 'd')}</Row>"
        f"<Row ss:Index='3' ss:Hidden='1'>{cell('Number', '4.111010001E9', Index=2, MergeDown=1)}"
        f"{cell('Number', '1.10')}</Row>"
        f"<Row>{cell('DateTime', '2018-05-07T00:00:00.000')}{cell('DateTime', '2018-05-07T10:20:30.000', Index=3)}"
        f"{cell('DateTime', '1899-12-31T08:00:00.000')}{cell('Boolean', '1')}{comment}</Row>"
    )
    after = "<x:WorksheetOptions xmlns:x='urn:x'><x:Visible>SheetHidden</x:Visible></x:WorksheetOptions>"
    place.write_text(workbook(rows, after))
    (info,) = list_books(place)
    assert (info.name, info.place, info.hidden) == ("表一", "表一", True)
    grid = open_book(place, "表一")
    assert [*map(list, grid.rows)] == [
        ["title", "", "", "d"],
        [],
        ["", "4111010001", "1.1"],
        ["2018-05-07", "", "2018-05-07T10:20:30", "08:00:00", "true", "bold"],
    ]
    assert grid.merges == [Span(1, 1, 1, 3), Span(3, 4, 2, 2)]
    assert [decision.rule for decision in grid.decisions] == [
        "hidden-sheet",
        "merged-body",
        "hidden-row",
        "numbers-as-codes",
    ]


def test_an_xml_workbook_that_is_nearly_all_gaps_is_refused(place: Path) -> None:
    far = cell("String", "x", Index=16384)
    for rows in (
        f"<Row>{far}</Row>" * 10_000,
        f"<Row ss:Index='9999999'>{far}</Row>",
        "<Row>" + cell("String", "x", Index=99999),
    ):
        place.write_text(workbook(rows))
        with pytest.raises(UnreadableFileError):
            list_books(place)
