"""Tables in pages are read as a browser would show them."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opendata.errors import UnreadableFileError
from opendata.intake.document.html_tables import list_tables, open_table
from opendata.intake.grid import Span
from tests.intake.document_samples import PRINTED, is_readable, read_only, read_rows, tables

# HTML joins blanks, and its parser knows no unassigned or private characters apart.
WORDS = (
    st.text(PRINTED, max_size=12)
    .map(lambda text: " ".join(text.replace("\xa0", " ").split(" ")).strip())
    .map(lambda text: " ".join(part for part in text.split(" ") if part))
)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("html") / "table.xls"


def read(path: Path, text: str | bytes, **options: Any) -> list[list[str]]:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_only(list_tables, open_table, path, **options)


@given(tables(WORDS, rows=1, columns=2), st.sampled_from(["utf-8", "utf-8-sig", "gb2312", "utf-16"]), st.booleans())
def test_any_table_written_as_html_is_read_back(place: Path, table: Any, encoding: str, is_closed: bool) -> None:
    names, body = table
    ends = ("</td>", "</tr>") if is_closed else ("", "")
    rows = "".join(
        "<tr>" + "".join(f"<td>\n {escape(text)}&nbsp;{ends[0]}" for text in row) + ends[1] for row in [names, *body]
    )
    page = f'<html><head><meta charset="{encoding}"></head><body><table>{rows}</table></body></html>'
    assert read(place, page.encode("gb18030" if encoding == "gb2312" else encoding)) == [names, *body]


@given(tables(WORDS, rows=1, columns=2))
def test_any_table_that_pandas_writes_is_read_back(place: Path, table: Any) -> None:
    names, body = table
    with pd.option_context("display.max_colwidth", None):
        text = pd.DataFrame(body, columns=names, dtype=str).to_html(index=False)
    assert read(place, text, encoding="utf-8") == [names, *body]


@st.composite
def layouts(draw: st.DrawFn) -> tuple[list[list[int]], int]:
    """Cells as numbers on a grid of two to five rows and columns, filled from left to right with rectangles."""
    rows, columns = draw(st.integers(2, 5)), draw(st.integers(2, 5))
    grid = [[-1] * columns for _ in range(rows)]
    count = 0
    for row in range(rows):
        for column in range(columns):
            if grid[row][column] >= 0:
                continue
            across = 1
            most = draw(st.integers(1, 3))
            while across < most and column + across < columns and grid[row][column + across] < 0:
                across += 1
            for line in range(row, min(rows, row + draw(st.integers(1, 3)))):
                grid[line][column : column + across] = [count] * across
            count += 1
    return grid, count


@given(layouts())
def test_merged_cells_lie_where_a_browser_lays_them(place: Path, layout: tuple[list[list[int]], int]) -> None:
    grid, count = layout
    spans = []
    for number in range(count):
        at = [(r, c) for r, row in enumerate(grid, 1) for c, found in enumerate(row, 1) if found == number]
        spans.append(Span(at[0][0], at[-1][0], at[0][1], at[-1][1]))
    text = "<table>"
    for number in range(1, len(grid) + 1):
        text += "<tr>" + "".join(
            f"<td rowspan={s.last_row - s.first_row + 1} colspan={s.last_column - s.first_column + 1}>{n}</td>"
            for n, s in enumerate(spans)
            if s.first_row == number
        )
    place.write_text(text + "</table>")
    found = open_table(place, "1", encoding="utf-8")
    for number, row in enumerate(found.rows, 1):
        texts = {s.first_column: str(n) for n, s in enumerate(spans) if s.first_row == number}
        assert {column: text for column, text in enumerate(row, 1) if text} == texts
    assert list(found.merges) == [s for s in spans if s.last_row > s.first_row or s.last_column > s.first_column]


def test_the_table_inside_a_layout_table_is_the_one_offered(place: Path) -> None:
    inner = "<table><caption>人口</caption><tr><th>a<th>b<tr><td>1<br>2<td><script>x()</script>3</table>"
    place.write_text(f"<table><tr><td>menu<td>{inner}<tr><td>x<td>y</table><table><tr><td>only</table>")
    assert [(t.name, t.place, t.rows, t.columns) for t in list_tables(place)] == [("人口", "2", 2, 2)]
    assert read_rows(open_table, place, "2")[0] == [["a", "b"], ["1 2", "3"]]


def test_hidden_rows_are_read_and_told(place: Path) -> None:
    place.write_text("<table><tr><td>a<td>b<tr style='display:none'><td>1<td>2</table>")
    rows, told = read_rows(open_table, place, "1")
    assert rows == [["a", "b"], ["1", "2"]]
    assert told == {"hidden-rows"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no table"),
        ("<p>text</p>", "no table"),
        ("<table><tr><td>a<td>b</table>", "no table"),
        ("<table><tr><td>" * 5000, "nested too deeply|HTML"),
        ("<table>" + ("<tr>" + "<td colspan=1000>x" * 16) * 5000 + "</table>", "millions of empty cells"),
        ("<table><tr>" + "<td colspan=1000>x" * 20 + "</table>", "16384"),
        (b"<table><tr><td>\xff", "Byte 16 of the file "),
    ],
)
def test_what_is_no_table_is_refused_with_the_reason(place: Path, text: str | bytes, words: str) -> None:
    place.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(UnreadableFileError, match=words):
        list_tables(place)


def test_ten_thousand_levels_of_anything_end_in_good_order(place: Path) -> None:
    place.write_text("<div>" * 10_000 + "<table><tr><td>a<td>b<tr><td>1<td>2</table>")
    if is_readable(list_tables, open_table, place):
        assert read_only(list_tables, open_table, place) == [["a", "b"], ["1", "2"]]


@given(st.binary(max_size=80) | st.text("<>/tabledrh='\" &;!-\x00", max_size=80).map(str.encode))
def test_any_bytes_are_tables_or_unreadable(place: Path, data: bytes) -> None:
    place.write_bytes(b"<table><tr><td>a<td>b<tr><td>c<td>" + data)
    is_readable(list_tables, open_table, place, encoding="latin-1")


def test_the_page_of_a_statistics_site_saved_as_xls_is_read(realdata: Path) -> None:
    path = realdata / "chinese" / "xlsx-traps" / "html-saved-as-xls-2019.xls"
    (info,) = list_tables(path)
    assert (info.rows, info.columns) == (38, 5)
    grid = open_table(path, info.place)
    rows = list(grid.rows)
    assert rows[0] == ["地区", "R&D人员", "", "R&D人员折合全时当量"]
    assert rows[1] == ["", "", "女性", "", "研究人员"]
    assert rows[2] == ["全国", "4440550", "972400", "3151828", "971106"]
    assert list(grid.merges) == [Span(1, 2, 1, 1), Span(1, 1, 2, 3), Span(1, 1, 4, 5)]
