"""Workbooks are read as a careful person reads them: every cell, in its row, as text."""

from __future__ import annotations

import datetime as dt
import io
import math
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from opendata.errors import OpendataError, TooLargeError, UnreadableFileError
from opendata.intake.grid import Grid, Span
from opendata.intake.workbook import workbooks
from opendata.intake.workbook.workbook_guards import measure
from opendata.intake.workbook.workbooks import list_sheets, open_sheet
from tests.intake.samples import zipped
from tests.selection import examples

REALDATA = Path(__file__).parents[4] / "shared/realdata"
needs_realdata = pytest.mark.skipif(not REALDATA.is_dir(), reason="the folder of real files is not here")

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


def book(path: Path, sheet: str, *, parts: dict[str, str] | None = None, workbook: str = "") -> Path:
    """An XLSX with one sheet of exactly this XML, for what no writer writes."""
    content = {
        "[Content_Types].xml": "<Types/>",
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}"><Relationship Id="a" Type="{RELATIONS}/officeDocument"'
        f' Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": workbook
        or f'<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}"><sheets><sheet name="S" r:id="b"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}">'
        f'<Relationship Id="b" Type="{RELATIONS}/worksheet" Target="worksheets/s.xml"/>'
        f'<Relationship Id="c" Type="{RELATIONS}/sharedStrings" Target="sharedStrings.xml"/></Relationships>',
        "xl/worksheets/s.xml": sheet,
        **(parts or {}),
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in content.items():
            archive.writestr(name, text)
    return path


def sheet_of(rows: str, after: str = "", before: str = "") -> str:
    return f'<worksheet xmlns="{MAIN}">{before}<sheetData>{rows}</sheetData>{after}</worksheet>'


def read(path: Path, form: str = "xlsx", sheet: str | None = None, **options: Any) -> tuple[list[list[str]], Grid]:
    grid = open_sheet(path, form, sheet or list_sheets(path, form)[0].place, **options)
    return [*map(list, grid.rows)], grid


def told(grid: Grid) -> dict[str, dict[str, Any]]:
    for decision in grid.decisions:
        decision.describe()  # every message has its parameters
    return {decision.rule: dict(decision.details) for decision in grid.decisions}


def plain(rows: list[list[str]]) -> list[list[str]]:
    """Rows without the blanks at their ends, which readers may differ in."""
    cut = []
    for row in rows:
        last = max((at for at, text in enumerate(row, start=1) if text), default=0)
        cut.append(row[:last])
    while cut and not cut[-1]:
        cut.pop()
    return cut


def grid_of(path: Path, rows: list[list[Any]], epoch_1904: bool = False) -> Path:
    with xlsxwriter.Workbook(path, {"date_1904": epoch_1904}) as workbook:
        sheet = workbook.add_worksheet()
        day = workbook.add_format({"num_format": "yyyy-mm-dd"})
        moment = workbook.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        for r, row in enumerate(rows):
            for c, value in enumerate(row):
                if isinstance(value, dt.datetime):
                    sheet.write_datetime(r, c, value, moment)
                elif isinstance(value, dt.date):
                    sheet.write_datetime(r, c, value, day)
                elif isinstance(value, str):
                    sheet.write_string(r, c, value)
                elif value is not None:
                    sheet.write(r, c, value)
    return path


# ------------------------------------------------------------------------------------------------ real files


@needs_realdata
@pytest.mark.parametrize(
    ("name", "sheets"),
    [
        ("admin-divisions/summary.xlsx", [(8, 15), (33, 6)]),
        ("budget/7-6-分地区一般公共预算支出-2019.encrypted.xls", [(75, 10), (36, 11), (1, 1)]),
        ("budget/7-6-分地区一般公共预算支出-2020.xls", [(36, 26)]),
        ("budget/7-6-分地区一般公共预算支出-2021.xlsx", [(44, 26)]),
        ("covid/StatsWJW.xlsx", [(35, 3), (21, 25), (19, 24), (13, 20), (11, 5)]),
        ("hospitals/苏州医院信息.xlsx", [(61, 8)]),
        ("nbs-gbk/一般公共预算等.xls", [(63, 24), (0, 0), (0, 0)]),
        ("prices/CPI-date-serials.xls", [(457, 8)]),
        ("schools/全国成人高等学校名单-2025.xls", [(281, 5)]),
        ("schools/全国普通高等学校名单-2025.xls", [(2953, 7)]),
        ("xlsx-traps/openxlsx-wrong-dimension-RD人员全时当量-2018.xlsx", [(42, 7)]),
        ("xlsx-traps/openxlsx-wrong-dimension-农业科技园区-第1批.xlsx", [(22, 4)]),
    ],
)
def test_real_workbooks_have_the_rows_a_careful_person_counts(name: str, sheets: list[tuple[int, int]]) -> None:
    path = REALDATA / "chinese" / name
    form = path.suffix[1:]
    found = []
    for info in list_sheets(path, form):
        rows = list(open_sheet(path, form, info.place).rows)
        found.append((len(rows), max(map(len, rows), default=0)))
    assert found == sheets


@needs_realdata
def test_codes_stored_as_floats_are_written_as_codes_and_told() -> None:
    rows, grid = read(REALDATA / "chinese/schools/全国普通高等学校名单-2025.xls", "xls")
    assert rows[4][2] == "4111010001"
    assert told(grid)["numbers-as-codes"]["place"] == "C5"
    assert grid.merges[0] == Span(1, 1, 1, 7)


@needs_realdata
def test_a_wrong_code_page_does_not_garble_the_header() -> None:
    rows, _ = read(REALDATA / "chinese/prices/CPI-date-serials.xls", "xls")
    assert rows[0][0] == "截止日期_EndDt"
    assert rows[1][:2] == ["1987-01-31", "105.1"]


@needs_realdata
def test_html_named_xls_is_refused_as_workbook() -> None:
    with pytest.raises(UnreadableFileError):
        list_sheets(REALDATA / "chinese/xlsx-traps/html-saved-as-xls-2019.xls", "xls")


# ------------------------------------------------------------------------------------------- written and read

# No control characters, which XML has not, and no carriage returns, which it turns into line feeds.
texts = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff"), max_size=8
)
numbers = st.integers(-(10**15), 10**15) | st.floats(-1e12, 1e12).map(lambda x: round(x, 6) + 0.0)
days = st.dates(dt.date(1910, 1, 1), dt.date(2100, 1, 1))
moments = st.datetimes(dt.datetime(1910, 1, 1), dt.datetime(2100, 1, 1)).map(lambda m: m.replace(microsecond=0))  # noqa: DTZ001
cells = st.none() | texts | numbers | st.booleans() | days | moments
tables = st.lists(st.lists(cells, min_size=1, max_size=6), min_size=1, max_size=40)
# Rows of one form, as real tables have: the learned form is what reads them.
regular = st.lists(st.sampled_from([texts, numbers, st.booleans(), days, moments]), min_size=1, max_size=5).flatmap(
    lambda columns: st.lists(st.tuples(*(c | st.none() for c in columns)).map(list), min_size=5, max_size=60)
)


def as_text(value: Any) -> str:
    """What a cell says, in the words of the interface: the oracle."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def same(found: str, value: Any) -> bool:
    if isinstance(value, float) and found:
        return math.isclose(float(found), value, rel_tol=1e-15) and "e" not in found.replace("e-", "")
    return found == as_text(value)


def agree(found: list[list[str]], table: list[list[Any]]) -> None:
    for r, row in enumerate(table):
        for c, value in enumerate(row):
            text = found[r][c] if r < len(found) and c < len(found[r]) else ""
            assert same(text, value), (r, c, text, value)
    assert plain(found) == plain([[*row] for row in found[: len(table)]])


@settings(max_examples=examples(60))
@given(table=tables | regular, epoch_1904=st.booleans())
def test_what_xlsxwriter_writes_is_read_back(tmp_path_factory: Any, table: list[list[Any]], epoch_1904: bool) -> None:
    path = grid_of(tmp_path_factory.mktemp("w") / "t.xlsx", table, epoch_1904)
    agree(read(path)[0], table)


@settings(max_examples=examples(60))
@given(table=tables | regular)
def test_what_openpyxl_writes_is_read_back(tmp_path_factory: Any, table: list[list[Any]]) -> None:
    workbook = openpyxl.Workbook()
    sheet = workbook.worksheets[0]
    for r, row in enumerate(table, start=1):
        for c, value in enumerate(row, start=1):
            cell = sheet.cell(r, c)
            cell.value = value
            if isinstance(value, str):
                cell.data_type = "s"  # a text that begins with = is a text
    path = tmp_path_factory.mktemp("o") / "t.xlsx"
    workbook.save(path)
    agree(read(path)[0], table)


def test_rows_and_columns_keep_their_places(tmp_path: Path) -> None:
    path = book(
        tmp_path / "b.xlsx", sheet_of('<row r="3"><c r="C3"><v>1</v></c></row><row r="6"><c r="B6"><v>2</v></c></row>')
    )
    assert plain(read(path)[0]) == [[], [], ["", "", "1"], [], [], ["", "2"]]


@pytest.mark.slow
def test_rows_of_other_forms_amid_many_of_one_are_not_lost(tmp_path: Path) -> None:
    table: list[list[Any]] = [[n, f"名{n}", n / 4] for n in range(3000)]
    table[1500] = ["合计", 1, None, True]
    table[2500] = [None, None, None]
    rows, _ = read(grid_of(tmp_path / "t.xlsx", table))
    assert len(rows) == 3000
    agree(rows, table)


@pytest.mark.parametrize(
    "cell",
    [
        '<c r="A{n}" t="inlineStr"><is><r><t>甲</t></r><r><t>乙</t></r></is></c>',
        '<c r="A{n}" t="str"><v><![CDATA[甲乙]]></v></c>',
        "<c r='A{n}' t='str'><v>甲乙</v></c>",
        '<c t="str" r="A{n}"><!-- a note --><v>甲&#20057;</v></c>',
        '<c t="str"><f>A1&amp;B1</f><v>甲乙</v></c>',
    ],
)
def test_every_legal_way_to_write_a_cell_gives_the_same_cell(tmp_path: Path, cell: str) -> None:
    rows = "\n".join(f'<row r="{n}">{cell.format(n=n)}</row>' for n in range(1, 60))
    assert read(book(tmp_path / "b.xlsx", sheet_of(rows)))[0] == [["甲乙"]] * 59


def test_prefixed_names_of_elements_are_read_alike(tmp_path: Path) -> None:
    rows = "".join(f'<x:row r="{n}"><x:c r="A{n}" t="s"><x:v>0</x:v></x:c></x:row>' for n in range(1, 60))
    sheet = f'<x:worksheet xmlns:x="{MAIN}"><x:sheetData>{rows}</x:sheetData></x:worksheet>'
    strings = f'<x:sst xmlns:x="{MAIN}"><x:si><x:t>甲&amp;lt;</x:t></x:si></x:sst>'
    assert read(book(tmp_path / "b.xlsx", sheet, parts={"xl/sharedStrings.xml": strings}))[0] == [["甲&lt;"]] * 59


# ------------------------------------------------------------------------------------------------- found and told


def test_a_formula_saved_without_its_value_is_told_with_its_place(tmp_path: Path) -> None:
    rows = "".join(
        f'<row r="{n}"><c r="A{n}"><v>{n}</v></c><c r="B{n}"><f>A{n}*2</f><v>{n * 2}</v></c></row>'
        for n in range(1, 90)
    )
    lost = '<row r="90"><c r="A90"><v>1</v></c><c r="B90"><f>A90*2</f></c></row>'
    found, grid = read(book(tmp_path / "b.xlsx", sheet_of(rows + lost)))
    assert found[88:] == [["89", "178"], ["1", ""]]
    assert told(grid)["formula-without-value"] == {"count": 1, "place": "B90", "sample": ""}


def test_merged_cells_are_told_or_filled(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "m.xlsx") as workbook:
        sheet = workbook.add_worksheet()
        sheet.write_row(0, 0, ["省", "市"])
        sheet.merge_range("A2:A4", "江苏")
        sheet.write_column(1, 1, ["苏州", "南京", "无锡"])
    rows, grid = read(tmp_path / "m.xlsx")
    assert [row[0] for row in rows] == ["省", "江苏", "", ""]
    assert grid.merges == [Span(2, 4, 1, 1)]
    assert told(grid)["merged-body"] == {"count": 1, "place": "A2:A4", "cells": 2}
    rows, grid = read(tmp_path / "m.xlsx", fill_merged=True)
    assert [row[0] for row in rows] == ["省", "江苏", "江苏", "江苏"]
    assert "merged-body" not in told(grid)


def test_hidden_sheets_rows_and_columns_are_marked_and_charts_left_out(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "h.xlsx") as workbook:
        first = workbook.add_worksheet("甲")
        second = workbook.add_worksheet("乙")
        chart = workbook.add_chart({"type": "line"})
        chart.add_series({"values": "=甲!$A$1:$A$3"})
        workbook.add_chartsheet("图").set_chart(chart)
        first.write_column(0, 0, [1, 2, 3])
        first.set_row(1, None, None, {"hidden": True})
        first.set_column(2, 3, None, None, {"hidden": True})
        second.write(0, 0, "x")
        second.hide()
    assert [(s.name, s.hidden) for s in list_sheets(tmp_path / "h.xlsx", "xlsx")] == [("甲", False), ("乙", True)]
    found = told(read(tmp_path / "h.xlsx")[1])
    assert found["hidden-row"]["place"] == "2"
    assert (found["hidden-column"]["place"], found["hidden-column"]["count"]) == ("C", 2)
    assert "hidden-sheet" in told(read(tmp_path / "h.xlsx", sheet="乙")[1])


def test_errors_are_kept_and_told(tmp_path: Path) -> None:
    rows = '<row r="1"><c r="A1" t="e"><v>#DIV/0!</v></c><c r="B1" t="b"><v>1</v></c></row>'
    found, grid = read(book(tmp_path / "b.xlsx", sheet_of(rows)))
    assert found == [["#DIV/0!", "true"]]
    assert told(grid)["error-cell"]["place"] == "A1"


def test_october_as_a_number_is_doubted(tmp_path: Path) -> None:
    months = [2016.01, 2016.02, 2016.09, 2016.1, 2016.11, 2016.12, 2017.01, 2017.1]
    down = told(read(grid_of(tmp_path / "d.xlsx", [["月份"], *([m] for m in months)]))[1])
    across = told(read(grid_of(tmp_path / "a.xlsx", [["地区", *months], ["苏州", *range(8)]]))[1])
    assert down["month-as-number"]["ambiguous"] == across["month-as-number"]["ambiguous"] == 2
    prices = told(read(grid_of(tmp_path / "p.xlsx", [["价格"], [2016.1], [2016.35], [1999.9]]))[1])
    assert "month-as-number" not in prices


def test_serials_under_a_header_of_dates_are_told_and_kept(tmp_path: Path) -> None:
    rows, grid = read(grid_of(tmp_path / "s.xlsx", [["成立日期", "人数"], *([43000 + n, 43000 + n] for n in range(9))]))
    assert rows[1] == ["43000", "43000"]
    assert (told(grid)["date-serials"]["columns"], told(grid)["date-serials"]["count"]) == ("A", 9)


def test_numbers_keep_what_the_file_has_and_lost_digits_are_told(tmp_path: Path) -> None:
    written = ["4111010001.0", "0.30000000000000004", "1.1399999999999999", "1E-3", "320501199001011234", "-0", "1E+21"]
    cells = "".join(f'<row r="{n}"><c r="A{n}"><v>{v}</v></c></row>' for n, v in enumerate(written, start=1))
    rows, grid = read(book(tmp_path / "n.xlsx", sheet_of(cells)))
    assert [row[0] for row in rows] == [
        "4111010001",
        "0.30000000000000004",
        "1.14",
        "0.001",
        "320501199001011234",
        "0",
        "1e+21",
    ]
    assert told(grid)["inexact-integer"]["place"] == "A5"
    assert told(grid)["rounding-leftover"]["place"] == "A2"


@pytest.mark.parametrize(
    ("code", "serial", "text"),
    [
        ('yyyy"年"m"月"d"日"', "45292", "2024-01-01"),
        ("[$-804]yyyy/m/d;@", "45292.5", "2024-01-01T12:00:00"),
        ("yyyy-mm-dd hh:mm", "45292", "2024-01-01T00:00:00"),
        ("hh:mm:ss", "0.75", "18:00:00"),
        ("[h]:mm:ss", "1.5", "36:00:00"),
        ("yyyy-mm-dd", "59", "1900-02-28"),
        ("yyyy-mm-dd", "61", "1900-03-01"),
        ("yyyy-mm-dd", "99999999", "99999999"),
        ('0.00"米"', "1.5", "1.5"),
        ("[Red]#,##0.0;-#,##0.0", "45292", "45292"),
    ],
)
def test_dates_are_told_by_their_style(tmp_path: Path, code: str, serial: str, text: str) -> None:
    with xlsxwriter.Workbook(tmp_path / "d.xlsx") as workbook:
        style = workbook.add_format({"num_format": code})
        workbook.add_worksheet().write_number(0, 0, float(serial), style)
    assert read(tmp_path / "d.xlsx")[0] == [[text]]


# ----------------------------------------------------------------------------------------------------- refused


def ods(path: Path, rows: str) -> Path:
    names = "office:xmlns table:xmlns text:xmlns"
    head = "".join(
        f' xmlns:{name.split(":")[0]}="urn:oasis:names:tc:opendocument:xmlns:{name.split(":")[0]}:1.0"'
        for name in names.split()
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet", zipfile.ZIP_STORED)
        archive.writestr(
            "content.xml",
            f"<office:document-content{head}><office:body><office:spreadsheet>"
            f'<table:table table:name="表">{rows}</table:table>'
            "</office:spreadsheet></office:body></office:document-content>",
        )
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
    return path


def test_ods_is_read_with_its_offsets_and_types(tmp_path: Path) -> None:
    rows = (
        '<table:table-row table:number-rows-repeated="2"><table:table-cell/></table:table-row>'
        "<table:table-row><table:table-cell/>"
        '<table:table-cell office:value-type="string"><text:p>甲</text:p></table:table-cell>'
        '<table:table-cell office:value-type="float" office:value="4111010001"/>'
        '<table:table-cell office:value-type="date" office:date-value="2024-01-02"/></table:table-row>'
    )
    assert plain(read(ods(tmp_path / "t.ods", rows), "ods")[0]) == [[], [], ["", "甲", "4111010001", "2024-01-02"]]


@pytest.mark.parametrize(
    ("old", "new"),
    [("</table:table>", ""), ("</table:table>", "</tabllle:table>"), ("<office:body>", "<office:body><x>")],
)
def test_an_ods_whose_tables_have_no_end_is_refused_before_the_library_looks_for_it(
    tmp_path: Path, old: str, new: str
) -> None:
    path = ods(tmp_path / "t.ods", "<table:table-row><table:table-cell/></table:table-row>")
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name).decode() for name in archive.namelist()}
    path.write_bytes(zipped({**parts, "content.xml": parts["content.xml"].replace(old, new)}))
    with pytest.raises(UnreadableFileError, match=r"content\.xml"):
        measure(path, "ods")


def test_an_ods_that_repeats_a_cell_beyond_measure_is_refused(tmp_path: Path) -> None:
    bomb = (
        '<table:table-row table:number-rows-repeated="1048576"><table:table-cell office:value-type="float" '
        'office:value="1" table:number-columns-repeated="16384"/></table:table-row>'
    )
    with pytest.raises(TooLargeError):
        list_sheets(ods(tmp_path / "b.ods", bomb), "ods")


def test_two_far_apart_cells_are_no_burden(tmp_path: Path) -> None:
    far = '<row r="1"><c r="A1"><v>1</v></c></row><row r="20000"><c r="XFD20000"><v>2</v></c></row>'
    grid = open_sheet(book(tmp_path / "f.xlsx", sheet_of(far)), "xlsx", "S")
    assert sum(1 for row in grid.rows) == 20000


@pytest.mark.parametrize("part", [10, pytest.param(1, marks=pytest.mark.slow)])
def test_a_far_cell_in_every_row_is_refused_while_it_streams(
    tmp_path: Path, part: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbooks, "MAX_GIVEN", workbooks.MAX_GIVEN // part)
    rows = "".join(f'<row r="{n}"><c r="XFD{n}"><v>1</v></c></row>' for n in range(1, 40_000 // part))
    with pytest.raises(TooLargeError):
        for _ in open_sheet(book(tmp_path / "w.xlsx", sheet_of(rows)), "xlsx", "S").rows:
            pass


def test_blank_rows_in_between_cost_no_memory(tmp_path: Path) -> None:
    rows = '<row r="1"><c r="XFD1"><v>1</v></c></row><row r="1048576"><c r="A1048576"><v>2</v></c></row>'
    grid = open_sheet(book(tmp_path / "b.xlsx", sheet_of(rows)), "xlsx", "S")
    assert [sum(map(bool, row)) for row in grid.rows if row] == [1, 1]


def test_billion_laughs_end_at_once(tmp_path: Path) -> None:
    laughs = '<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    sheet = sheet_of('<row r="1"><c r="A1" t="str"><v>&b;</v></c></row>')
    strings = f'<sst xmlns="{MAIN}"><si><t>&b;</t></si></sst>'
    workbook = (
        f'<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}"><sheets><sheet name="&b;" r:id="b"/></sheets></workbook>'
    )
    for options in (
        {"sheet": laughs + sheet},
        {"sheet": sheet},
        {"sheet": sheet_of("<row/>"), "parts": {"xl/sharedStrings.xml": laughs + strings}},
        {"sheet": sheet_of("<row/>"), "workbook": laughs + workbook},
    ):
        with pytest.raises(UnreadableFileError):
            read(book(tmp_path / "l.xlsx", **options))


def test_a_part_that_swells_is_refused(tmp_path: Path) -> None:
    path = book(tmp_path / "z.xlsx", sheet_of("<row/>" + " " * (30 << 20)))
    with pytest.raises(TooLargeError):
        list_sheets(path, "xlsx")


@pytest.mark.parametrize("form", ["xlsx", "xls", "xlsb", "ods", "html"])
@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), b"<table>", b"a,b\n"]
)
def test_what_is_no_workbook_is_refused_with_our_error(tmp_path: Path, form: str, content: bytes) -> None:
    path = tmp_path / "x"
    path.write_bytes(content)
    for attempt in (lambda: list_sheets(path, form), lambda: open_sheet(path, form, "S")):
        with pytest.raises(UnreadableFileError):
            attempt()


@pytest.mark.parametrize("form", ["xls", "xlsb", "ods"])
def test_an_xlsx_under_another_form_is_refused(tmp_path: Path, form: str) -> None:
    with pytest.raises(UnreadableFileError):
        read(grid_of(tmp_path / "t.xlsx", [[1]]), form)


@needs_realdata
@settings(max_examples=examples(120))
@given(data=st.data())
def test_damage_anywhere_ends_in_our_error_or_in_rows(tmp_path_factory: Any, data: st.DataObject) -> None:
    names = (
        "budget/7-6-分地区一般公共预算支出-2020.xls",
        "hospitals/苏州医院信息.xlsx",
        "budget/7-6-分地区一般公共预算支出-2019.encrypted.xls",
    )
    source = REALDATA / "chinese" / data.draw(st.sampled_from(names))
    content = bytearray(source.read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    if data.draw(st.booleans()):
        del content[data.draw(st.integers(0, len(content))) :]
    path = tmp_path_factory.mktemp("d") / "x"
    path.write_bytes(content)
    try:
        for info in list_sheets(path, source.suffix[1:]):
            for _ in open_sheet(path, source.suffix[1:], info.place).rows:
                pass
    except OpendataError:
        pass


def test_a_sheet_cut_off_in_the_middle_is_not_taken_for_a_whole_one(tmp_path: Path) -> None:
    whole = sheet_of("".join(f'<row r="{n}"><c r="A{n}"><v>1</v></c></row>' for n in range(1, 50)))
    with pytest.raises(UnreadableFileError):
        read(book(tmp_path / "c.xlsx", whole[:-400]))


@pytest.mark.parametrize(("password", "opens"), [("VelvetSweatshop", True), ("secret", False)])
def test_only_the_default_password_opens(tmp_path: Path, password: str, opens: bool) -> None:
    from msoffcrypto.format.ooxml import OOXMLFile

    source = grid_of(tmp_path / "t.xlsx", [["甲", 1]])
    target = tmp_path / "locked.xlsx"
    with source.open("rb") as stream:
        out = io.BytesIO()
        OOXMLFile(stream).encrypt(password, out)
    target.write_bytes(out.getvalue())
    if opens:
        assert read(target)[0] == [["甲", "1"]]
    else:
        with pytest.raises(UnreadableFileError, match="password"):
            list_sheets(target, "xlsx")
