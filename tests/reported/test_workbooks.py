"""What a cell of a workbook shows is part of what it says."""

from __future__ import annotations

import datetime as dt
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from opendata.errors import TooLargeError, UnreadableFileError
from opendata.intake.workbook.workbooks import open_sheet
from opendata.services.packages.description import convert_file, describe_file
from tests.intake.samples import ods_of
from tests.intake.xlsb_samples import write_xlsb
from tests.reported.described import convert, describe, find_reported, marks, told, types
from tests.reported.xls_samples import Formula, write_xls


def book(path: Path, columns: dict[str, tuple[str, list[float | str]]]) -> Path:
    """A workbook with a column for each name: its number format and its cells."""
    with xlsxwriter.Workbook(path) as workbook:
        sheet = workbook.add_worksheet()
        for column, (name, (code, cells)) in enumerate(columns.items()):
            style = workbook.add_format({"num_format": code}) if code else None
            sheet.write(0, column, name)
            for row, cell in enumerate(cells, start=1):
                sheet.write(row, column, cell, style)
    return path


def test_zeros_percent_and_units_are_kept(realdata: Path, tmp_path: Path) -> None:
    path = find_reported(realdata, "90-zero-padded-format.xlsx")
    table = describe(path)
    assert convert(path, tmp_path)[1:] == [
        ["000123", "10010", "0.0523", "5.23", "12.5"],
        ["000456", "01234", "-0.013", "1", "3"],
    ]
    assert marks(table) == {"同比(%)": {"percent": True}, "金额": {"unit": "万元"}}
    assert {"shown-zeros", "shown-percent", "shown-unit"} <= told(table).keys()


@pytest.mark.parametrize(
    ("code", "stored", "text"),
    [
        ("000000", 123, "000123"),
        ("000000", 1234567, "1234567"),
        ("000000", 1.5, "1.5"),
        ("000000", -5, "-5"),
        ("000-0000", 123, "000-0123"),
        ('"A"000', 7, "A007"),
        ('"第"00"号"', 7, "第07号"),
        ("#000", 7, "007"),
        ("00.00", 5.5, "5.5"),
        ("0", 7, "7"),
        ("0.00E+00", 12345, "12345"),
        ("#,##0", 12345, "12345"),
        ("0!.0,", 12345, "12345"),
        ('General"元"', 3, "3"),
        ("0.0 kg", 3, "3"),
        ("# ?/?", 0.5, "0.5"),
        ('e"年"', 45000, "2023"),
        ('[$-404]e"年"', 45000, "2023"),
        ("[$-411]ggge", 45000, "2023"),
        ('[$-411]ggge"年"m"月"d"日"', 45000, "2023-03-15"),
        ('yyyy"年"m"月"', 45000, "2023-03"),
        ("yyyy", 45000, "2023"),
        ("mmm-yy", 45000, "2023-03"),
        ('m"月"d"日"', 45000, "2023-03-15"),
        ("[$-804]aaaa", 45000, "2023-03-15"),
        ('上午/下午h"时"mm"分"', 0.75, "18:00:00"),
        ("[h]:mm", 1.5, "36:00:00"),
        ("G/通用格式", 45000, "45000"),
    ],
)
def test_a_number_is_published_as_its_format_means_it(tmp_path: Path, code: str, stored: float, text: str) -> None:
    path = book(tmp_path / "b.xlsx", {"id": ("", ["x", "y"]), "v": (code, [stored, stored])})
    assert convert(path, tmp_path) == [["id", "v"], ["x", text], ["y", text]]


@pytest.mark.parametrize(
    ("code", "mark", "rule"),
    [
        ('0.00"万元"', {"unit": "万元"}, "shown-unit"),
        ("0.0 kg", {"unit": "kg"}, "shown-unit"),
        ('0.00"%"', {"unit": "%"}, "shown-unit"),
        ('"¥"#,##0.00;[Red]"¥"-#,##0.00', {"unit": "¥"}, "shown-unit"),
        ("[$€-407] #,##0.00", {"unit": "€"}, "shown-unit"),
        ("#,##0.00 [$USD]", {"unit": "USD"}, "shown-unit"),
        ("0.00%", {"percent": True}, "shown-percent"),
        ("#,##0,", None, "shown-scaled"),
        ('0.0,"千"', None, "shown-scaled"),
        ('0.0,"千元"', {"unit": "元"}, "shown-scaled"),
        ('0!.0,"万元"', {"unit": "元"}, "shown-scaled"),
        ('0!.0000"万"', None, "shown-scaled"),
        ('[=3]"男";[=4]"女"', None, "shown-label"),
        (";;;", None, "hidden-number"),
        ('"约"0', None, "shown-words"),
        ('_ * #,##0.00_ ;_ * -#,##0.00_ ;_ * "-"??_ ;_ @_ ', None, None),
        ("0.00_);(0.00)", None, None),
        ("General", None, None),
    ],
)
def test_what_a_format_adds_to_a_number_is_kept_and_reported(
    tmp_path: Path, code: str, mark: dict[str, Any] | None, rule: str | None
) -> None:
    table = describe(book(tmp_path / "b.xlsx", {"id": ("", ["x", "y"]), "v": (code, [3, 4.5])}))
    assert marks(table) == ({"v": mark} if mark else {})
    assert [found for found in told(table) if found.startswith(("shown-", "hidden-number"))] == (
        [rule] if rule else []
    )[:1] or (rule == "shown-scaled" and mark is not None and "shown-unit" in told(table))


def test_several_units_in_one_column_are_a_question(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "m.xlsx") as workbook:
        sheet = workbook.add_worksheet()
        sheet.write_row(0, 0, ["id", "v", "w"])
        for row, (code, other) in enumerate([('0"元"', "0.00%"), ('0"万元"', "0.00"), ('0"元"', "0.00%")], start=1):
            sheet.write(row, 0, "x")
            sheet.write(row, 1, 5, workbook.add_format({"num_format": code}))
            sheet.write(row, 2, 0.05, workbook.add_format({"num_format": other}))
    table = describe(tmp_path / "m.xlsx")
    found = told(table)["mixed-units"]
    assert (found["asks"], found["details"]["columns"]) == (True, "B, C")
    assert marks(table) == {}


def test_years_in_a_header_say_nothing_about_the_numbers_below(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "h.xlsx") as workbook:
        sheet = workbook.add_worksheet()
        sheet.write(0, 0, "地区")
        sheet.write_row(0, 1, [2022, 2023], workbook.add_format({"num_format": '0"年"'}))
        for row in range(1, 6):
            sheet.write(row, 0, f"县{row}")
            sheet.write_row(row, 1, [row * 10, row * 11])
    table = describe(tmp_path / "h.xlsx")
    assert marks(table) == {}
    assert "mixed-units" not in told(table)


def test_what_a_schema_says_of_a_field_goes_before_what_the_file_shows(tmp_path: Path) -> None:
    path = book(tmp_path / "b.xlsx", {"id": ("", ["x"]), "v": ('0"元"', [3]), "w": ('0"吨"', [3])})
    fields = [{"name": "id"}, {"name": "v", "type": "number", "opendata": {"unit": "CNY"}}, {"name": "w"}]
    target = tmp_path / "b.parquet"
    assert convert_file(path, target, schema={"fields": fields})["valid"]
    assert read_units(target) == {"v": "CNY", "w": "吨"}


def read_units(path: Path) -> dict[str, str]:
    import json

    import pyarrow.parquet as pq

    schema = json.loads(pq.read_schema(path).metadata[b"tableschema"])
    return {field["name"]: field["opendata"]["unit"] for field in schema["fields"] if "opendata" in field}


def test_an_era_shows_its_year(realdata: Path, tmp_path: Path) -> None:
    path = find_reported(realdata, "90b-era-year.xlsx")
    assert convert(path, tmp_path) == [
        ["id", "d", "e"],
        ["1", "2023-03-15", "2023"],
        ["2", "2023-03-16", "2024"],
    ]
    assert told(describe(path))["shown-dates"]["details"]["count"] == 2


def test_iso_dates_of_strict_workbooks_are_dates(realdata: Path, tmp_path: Path) -> None:
    path = find_reported(realdata, "72-strict-iso-dates.xlsx")
    assert types(describe(path))["d"] == "date"
    assert convert(path, tmp_path)[1:] == [
        ["1", "2024-02-29", "2024-02-29T13:45:30.500"],
        ["2", "2024-03-01", "2024-03-01T12:00:00"],
    ]


# ------------------------------------------------------------------------------------------------ XML Spreadsheet 2003

SPREADSHEET = "urn:schemas-microsoft-com:office:spreadsheet"
STYLES = "".join(
    f'<Style ss:ID="{name}"><NumberFormat ss:Format="{code}"/></Style>'
    for name, code in {
        "day": "Short Date",
        "code": "000000",
        "share": "Percent",
        "money": "0.00&quot;万元&quot;",
        "clock": "Short Time",
        "year": "yyyy&quot;年&quot;",
    }.items()
)


def xml_book(path: Path, *sheets: str, encoding: str = "utf-8", before: str = "") -> Path:
    body = "".join(
        f'<Worksheet ss:Name="S{number}">{sheet}</Worksheet>' for number, sheet in enumerate(sheets, start=1)
    )
    text = (
        f'<?xml version="1.0" encoding="{encoding}"?>{before}'
        f'<Workbook xmlns="{SPREADSHEET}" xmlns:ss="{SPREADSHEET}"><Styles>{STYLES}</Styles>{body}</Workbook>'
    )
    path.write_bytes(text.encode(encoding))
    return path


def row(*cells: str, attributes: str = "") -> str:
    return f"<Row {attributes}>{''.join(cells)}</Row>"


def cell(text: str, kind: str = "String", attributes: str = "") -> str:
    return f'<Cell {attributes}><Data ss:Type="{kind}">{text}</Data></Cell>'


def style(name: str) -> str:
    return f'ss:StyleID="{name}"'


def test_a_workbook_of_xml_2003_is_one_table(realdata: Path, tmp_path: Path) -> None:
    path = find_reported(realdata, "94-xml2003.xls")
    table = describe(path)
    assert (table["form"], table["sheet"]) == ("spreadsheetml", "S")
    assert types(table) == {
        "id": "string",
        "d": "datetime",
        "v": "string",
        "b": "string",
    }  # v has a number of 18 digits
    assert convert(path, tmp_path) == [
        ["id", "d", "v", "b"],
        ["001", "2024-02-29T00:00:00", "0.1", "true"],
        ["", "2024-03-01T12:30:00", "120000000000000000", "#N/A"],
    ]
    assert {"error-cell", "inexact-integer"} <= told(table).keys()


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16"])
def test_cells_of_xml_2003_have_their_types_and_formats(tmp_path: Path, encoding: str) -> None:
    names = ["代码", "d", "份额", "金额", "是", "t", "y"]
    columns = f'<Column ss:Index="4" {style("money")} ss:Hidden="1"/>'
    cells = (
        cell("123", "Number", style("code")),
        cell("2024-02-29T00:00:00.000", "DateTime", style("day")),
        cell("0.05", "Number", style("share")),
        cell("12.50", "Number"),
        cell("1", "Boolean"),
        cell("1899-12-31T08:30:00.000", "DateTime", style("clock")),
        cell("2024-02-29T00:00:00.000", "DateTime", style("year")),
    )
    rows = row(*map(cell, names)) + row(*cells) + row(*cells, attributes='ss:Hidden="1"')
    path = xml_book(tmp_path / "b.xls", f"<Table>{columns}{rows}</Table>", encoding=encoding)
    table = describe(path)
    assert convert(path, tmp_path)[1:] == [["000123", "2024-02-29", "0.05", "12.5", "true", "08:30:00", "2024"]] * 2
    assert marks(table) == {"份额": {"percent": True}, "金额": {"unit": "万元"}}
    assert {"hidden-row", "hidden-column", "shown-zeros", "shown-dates"} <= told(table).keys()


def test_sheets_gaps_and_merged_cells_of_xml_2003_keep_their_places(tmp_path: Path) -> None:
    hidden = f"<Table>{row(cell('x'))}</Table><WorksheetOptions><Visible>SheetHidden</Visible></WorksheetOptions>"
    first = (
        row(cell("省"), cell("市"), cell("值"))
        + row(cell("浙江", attributes='ss:MergeDown="1"'), cell("杭州"), cell("1", "Number"))
        + row(cell("宁波", attributes='ss:Index="2"'), cell("2", "Number"))
        + row(cell("江苏"), cell("3", "Number", 'ss:Index="3"'))
    )
    formulas = row(cell("a"), cell("b")) + row(cell("1", "Number"), '<Cell ss:Formula="=RC[-1]*2"/>') * 2
    path = xml_book(tmp_path / "b.xls", f"<Table>{first}</Table>", hidden, f"<Table>{formulas}</Table>", "<Table/>")
    one, three, two = describe_file(path)["tables"]
    assert [one["sheet"], three["sheet"], two["sheet"], two["hidden"]] == ["S1", "S3", "S2", True]
    assert told(one)["merged-body"]["details"]["place"] == "A2:A3"
    assert told(three)["formula-without-value"]["details"]["count"] == 2
    assert convert(path, tmp_path, "S1") == [
        ["省", "市", "值"],
        ["浙江", "杭州", "1"],
        ["", "宁波", "2"],
        ["江苏", "", "3"],
    ]


def test_entities_in_xml_2003_stay_refused(tmp_path: Path) -> None:
    laughs = '<!DOCTYPE Workbook [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>'
    path = xml_book(tmp_path / "b.xls", f"<Table>{row(cell('&b;'))}</Table>", before=laughs)
    with pytest.raises(UnreadableFileError, match="entities"):
        describe(path)


def test_blank_rows_of_many_sheets_of_xml_2003_cost_no_memory(tmp_path: Path) -> None:
    last = row(cell("y"), attributes='ss:Index="200000"')
    path = xml_book(tmp_path / "b.xls", *[f"<Table>{row(cell('x'))}{last}</Table>"] * 200)
    tracemalloc.start()
    try:
        rows = sum(1 for _ in open_sheet(path, "spreadsheetml", "S200").rows)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (rows, peak < 20 << 20) == (200_000, True)


# ------------------------------------------------------------------------------------------------------ other formats

SHOWN: dict[str, tuple[str, list[Any]]] = {
    "名称": ("", ["甲", "乙"]),
    "代码": ("000000", [123, 4567]),
    "份额": ("0.00%", [0.05, 0.125]),
    "金额": ('0.00"万元"', [12.5, 3]),
    "年": ('e"年"', [45000, 45366]),
    "月": ('yyyy"年"m"月"', [45000, 45366]),
    "千": ('0.0,"千元"', [12345, 6789]),
}
AS_SHOWN = [
    ["甲", "000123", "0.05", "12.5", "2023", "2023-03", "12345"],
    ["乙", "004567", "0.125", "3", "2024", "2024-03", "6789"],
]
KEPT = {"份额": {"percent": True}, "金额": {"unit": "万元"}, "千": {"unit": "元"}}
RULES = {"shown-zeros", "shown-percent", "shown-unit", "shown-dates", "shown-scaled"}


def write_binary(path: Path) -> Path:
    cells: list[list[Any]] = [[*SHOWN], *map(list, zip(*[values for _, values in SHOWN.values()], strict=True))]
    rows = [[float(cell) if isinstance(cell, int) else cell for cell in row] for row in cells]
    return write_xlsb(path, {"S": rows}, formats=[code or "General" for code, _ in SHOWN.values()])


ODS_STYLES = {
    "代码": '<number:number-style style:name="N1"><number:number number:min-integer-digits="6"/></number:number-style>',
    "份额": '<number:percentage-style style:name="N2"><number:number number:decimal-places="2"'
    ' number:min-integer-digits="1"/><number:text>%</number:text></number:percentage-style>',
    "金额": '<number:number-style style:name="N3"><number:number number:decimal-places="2"'
    ' number:min-integer-digits="1"/><number:text>万元</number:text></number:number-style>',
    "年": '<number:date-style style:name="N4"><number:year/><number:text>年</number:text></number:date-style>',
    "月": '<number:date-style style:name="N5"><number:year/><number:text>年</number:text><number:month/>'
    "<number:text>月</number:text></number:date-style>",
    "千": '<number:number-style style:name="N6"><number:number number:decimal-places="1" number:min-integer-digits="1"'
    ' number:display-factor="1000"/><number:text>千元</number:text></number:number-style>',
}


def write_ods(path: Path) -> Path:
    """The same table as LibreOffice writes it: styles of some columns with the column, of others with the cell."""
    styles, columns = "", '<table:table-column table:default-cell-style-name="Default"/>'
    for number, style in enumerate(ODS_STYLES.values(), start=1):
        named = f'style:name="ce{number}" style:family="table-cell" style:data-style-name="N{number}"'
        styles += f"{style}<style:style {named}/>"
        columns += f'<table:table-column table:default-cell-style-name="ce{number}"/>'
    written = ""
    for names in [[*SHOWN], *zip(*[values for _, values in SHOWN.values()], strict=True)]:
        written += "<table:table-row>"
        for column, value in enumerate(names):
            kind = f'office:value-type="float" office:value="{value}"'
            if isinstance(value, str):
                kind = 'office:value-type="string"'
            elif column in (4, 5):
                day = dt.date(1899, 12, 30) + dt.timedelta(days=value)
                kind = f'office:value-type="date" office:date-value="{day}"'
            style = f' table:style-name="ce{column}"' if column in (2, 5) and not isinstance(value, str) else ""
            written += f"<table:table-cell {kind}{style}><text:p>{value}</text:p></table:table-cell>"
        written += "</table:table-row>"
    path.write_bytes(ods_of(f'<table:table table:name="S">{columns}{written}</table:table>', styles))
    return path


@pytest.mark.parametrize("form", ["xlsx", "xls", "xlsb", "ods"])
def test_every_format_shows_the_same(tmp_path: Path, form: str) -> None:
    path = tmp_path / f"b.{form}"
    writers = {"xlsx": lambda: book(path, SHOWN), "xls": lambda: write_xls(path, SHOWN)}
    writers |= {"xlsb": lambda: write_binary(path), "ods": lambda: write_ods(path)}
    writers[form]()
    assert convert(path, tmp_path) == [[*SHOWN], *AS_SHOWN]
    assert marks(describe(path)) == KEPT
    assert told(describe(path)).keys() >= RULES


def test_formulas_of_ods_without_results_are_reported(tmp_path: Path) -> None:
    text = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
    formula = '<table:table-cell table:formula="of:=[.A2]*2"/>'
    body = "".join(f"<table:table-row>{text.format(number)}{formula}</table:table-row>" for number in range(3))
    head = f"<table:table-row>{text.format('id')}{text.format('v')}</table:table-row>"
    (tmp_path / "b.ods").write_bytes(ods_of(f'<table:table table:name="S">{head}{body}</table:table>'))
    found = told(describe(tmp_path / "b.ods"))["formula-without-value"]["details"]
    assert (found["count"], found["place"]) == (3, "B2")


def test_formulas_of_xls_without_results_are_reported(realdata: Path) -> None:
    found = told(describe(find_reported(realdata, "e3-xls-formula-nocache.xls")))["formula-without-value"]
    assert (found["details"]["count"], found["details"]["place"]) == (4, "B2")


def test_formulas_of_xls_with_results_are_not(tmp_path: Path) -> None:
    path = write_xls(tmp_path / "b.xls", {"id": ("", [1, 2]), "v": ("", [Formula(4), Formula(None)])})
    assert "formula-without-value" not in told(describe(path))
    path = write_xls(tmp_path / "c.xls", {"id": ("", [1, 2]), "v": ("", [Formula(None), Formula(None)])})
    assert told(describe(path))["formula-without-value"]["details"]["count"] == 2


def test_an_xls_with_a_far_cell_is_refused_before_it_fills_memory(tmp_path: Path) -> None:
    last: list[Any] = [None] * 65_000
    path = write_xls(tmp_path / "b.xls", {f"c{n}": ("", [*last, 1] if n == 199 else [1]) for n in range(200)})
    with pytest.raises(TooLargeError, match="too many cells"):
        describe(path)
