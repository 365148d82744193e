"""Binary workbooks (.xlsb) are read like the others: every cell in its place, days by their style, sheets by name."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st

from opendata.intake.opening import find_tables, open_table
from opendata.intake.workbook.cell_text import float_text
from opendata.intake.workbook.workbooks import list_sheets, open_sheet
from opendata.services.packages.description import describe_file
from tests.intake.workbook.test_workbooks import plain
from tests.intake.xlsb_samples import Value, write_xlsb

cells = st.one_of(
    st.none(),
    # The library drops a byte order mark at the beginning of a text.
    st.text(
        st.characters(min_codepoint=32, exclude_categories=["Cs", "Co", "Cn"], exclude_characters="\ufeff"),
        min_size=1,
        max_size=30,
    ),
    st.integers(-(2**40), 2**40).map(float),
    st.floats(-1e12, 1e12, allow_nan=False),
    st.booleans(),
    st.dates(dt.date(1900, 3, 1), dt.date(9999, 12, 31)),
)
rows_of_cells = st.lists(st.lists(cells, max_size=6), min_size=1, max_size=20)


@given(rows_of_cells)
def test_every_cell_is_read_back_in_its_place(rows: list[list[Value]]) -> None:
    with TemporaryDirectory() as name:
        path = write_xlsb(Path(name) / "t.xlsb", {"表": rows, "另": [["x"]]})
        assert [info.name for info in list_sheets(path, "xlsb")] == ["表", "另"]
        found = [*map(list, open_sheet(path, "xlsb", "表").rows)]
    assert plain(found) == plain([[*map(as_text, row)] for row in rows])


def as_text(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return float_text(value)
    return value.isoformat() if isinstance(value, dt.date) else value or ""


def test_a_report_with_titles_and_a_hidden_sheet_is_laid_out(tmp_path: Path) -> None:
    rows: list[list[Value]] = [
        ["水库水位月报"],
        ["单位：米"],
        ["编号", "水库", "水位", "日期"],
        *([f"A{n:02}", f"第{n}水库", n + 0.5, dt.date(2026, 1, n)] for n in range(1, 20)),
        ["注：水位为月平均值。"],
    ]
    path = write_xlsb(tmp_path / "月报.xlsb", {"月报": rows, "草稿": [["a"]]}, hidden=["草稿"])
    found = [table for table in find_tables(path, path.name, tmp_path) if not table.hidden]
    assert [table.name for table in found] == ["月报"]
    layout = open_table(found[0], tmp_path).understanding.layout
    assert (layout.header_rows, layout.first_row, layout.last_row) == ((3,), 4, 22)
    assert (layout.titles, layout.footnotes) == (("水库水位月报", "单位：米"), ("注：水位为月平均值。",))
    described = describe_file(path)["tables"][0]
    assert (described["form"], described["rows"]) == ("xlsb", 19)
    assert [field["type"] for field in described["fields"]] == ["string", "string", "number", "date"]
