"""Tables that lie below one another on a sheet are read apart, with the numbers of their rows; all else stays whole."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opendata.intake.layout.stacked import MOST_ROWS, read_start
from opendata.intake.opening import find_tables, open_table
from opendata.intake.tables import OpenedTable
from opendata.intake.understanding import Choices
from opendata.tables.table import prepare_table
from tests.selection import examples

Rows = list[list[Any]]
REGIONS = ["北京", "天津", "河北", "山西", "辽宁", "吉林"]


def make_table(names: Sequence[str], rows: int = 6, shift: int = 0) -> Rows:
    body = [
        [f"{REGIONS[n % 6]}{n // 6 or ''}", *(n + shift + place for place in range(len(names)))] for n in range(rows)
    ]
    return [["地 区", *names], *body]


def write_sheet(path: Path, rows: Sequence[Sequence[Any]], name: str = "表") -> Path:
    book = openpyxl.Workbook()
    book.active.title = name
    for row in rows:
        book.active.append(list(row))
    book.save(path)
    return path


def read(path: Path, folder: Path) -> list[tuple[str | None, Rows, OpenedTable]]:
    """Place, header with rows, and what was understood, for each table."""
    result = []
    for found in find_tables(path, path.name, folder):
        opened = open_table(found, folder)
        table = prepare_table(opened.path, folder, name="read", dialect=opened.dialect)
        with table.csv.open(encoding="utf-8", newline="") as stream:
            result.append((found.place, list(csv.reader(stream)), opened))
    return result


def as_text(table: Rows) -> Rows:
    return [[" ".join(str(cell).split()) for cell in row] for row in table]


@settings(max_examples=examples(40))
@given(data=st.data())
def test_each_table_of_a_sheet_is_read_as_if_it_were_alone(data: st.DataObject) -> None:
    tables = [
        make_table([f"指标{part}之{column}" for column in range(columns)], rows, 100 * part)
        for part, (columns, rows) in enumerate(
            data.draw(st.lists(st.tuples(st.integers(1, 5), st.integers(3, 12)), min_size=2, max_size=4))
        )
    ]
    sheet: Rows = [["表 1-1 各地区指标"], ["单位：亿元"]]
    starts = []
    for part, table in enumerate(tables):
        if part:
            blank = data.draw(st.integers(0, 3))
            sheet += [[] for _ in range(blank)]
            titles = [["续表"], ["单位：亿元"]][: data.draw(st.integers(0 if blank else 1, 2))]
            sheet += titles
        starts.append(len(sheet) + 1)
        sheet += table
    with TemporaryDirectory() as name:
        found = read(write_sheet(Path(name) / "t.xlsx", sheet), Path(name))
    assert [place for place, _, _ in found] == ["表", *(f"表#{n}" for n in range(2, len(tables) + 1))]
    assert [rows for _, rows, _ in found] == [as_text(table) for table in tables]
    assert [opened.understanding.layout.header_rows for _, _, opened in found] == [(start,) for start in starts]
    for number, (_, _, opened) in enumerate(found, start=1):
        (told,) = (item for item in opened.understanding.decisions if item.rule == "stacked-tables")
        assert (told.details["number"], told.details["count"]) == (number, len(tables))


TWO = [*make_table(["人口", "面积"]), [], ["续表"], *make_table(["收入", "支出"])]


def test_a_later_last_row_reads_all_as_one(tmp_path: Path) -> None:
    path = write_sheet(tmp_path / "t.xlsx", TWO)
    whole = open_first(path, tmp_path, last_row=len(TWO))
    assert "second-table" in {item.rule for item in whole.understanding.decisions}
    assert "支出" in whole.path.read_text(encoding="utf-8")
    short = open_first(path, tmp_path, last_row=5)
    assert "支出" not in short.path.read_text(encoding="utf-8")
    assert "stacked-tables" in {item.rule for item in short.understanding.decisions}


def open_first(path: Path, folder: Path, **choices: Any) -> OpenedTable:
    return open_table(find_tables(path, path.name, folder)[0], folder, choices=Choices(**choices))


@pytest.mark.parametrize(
    "rows",
    [
        # The header of a page, repeated on the next one.
        [*make_table(["人口", "面积"]), [], ["续表"], *make_table(["人口", "面积"])],
        # No line between: the second header may be a mistake in the data.
        [*make_table(["人口", "面积"]), *make_table(["收入", "支出"])],
        # A line of notes that begins like the header, nothing below it.
        [*make_table(["人口", "面积"]), [], ["续表"], ["地区", "见附件", "见说明"]],
        # So long is no table in pieces.
        [*make_table(["人口", "面积"], MOST_ROWS), [], ["续表"], *make_table(["收入", "支出"])],
    ],
)
def test_what_is_no_second_table_is_not_cut_off(tmp_path: Path, rows: Rows) -> None:
    ((place, found, _),) = read(write_sheet(tmp_path / "t.xlsx", rows), tmp_path)
    assert place == "表"
    assert len(found) >= len([row for row in rows if len(row) > 1])


def test_a_part_may_begin_far_down_and_the_numbers_of_its_rows_are_those_of_the_sheet(tmp_path: Path) -> None:
    first = make_table(["人口", "面积"], 700)
    rows = [*first, [], ["续表"], ["单位：万元"], *make_table(["收入", "支出"])]
    found = read(write_sheet(tmp_path / "t.xlsx", rows), tmp_path)
    assert [len(table) for _, table, _ in found] == [701, 7]
    layout = found[1][2].understanding.layout
    assert (layout.header_rows, layout.first_row, layout.titles) == ((705,), 706, ("续表", "单位：万元"))


def test_what_is_held_of_a_very_wide_sheet_is_bounded() -> None:
    wide = ("x",) * 16_384
    assert len(read_start((wide for _ in range(MOST_ROWS)), MOST_ROWS)) == 2_000_000 // 16_384 + 1
    assert len(read_start(iter([("x",)] * 5000), 7)) == 7


def test_a_sheet_whose_name_looks_like_a_part_is_itself(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.title = "表#2"
    other = book.create_sheet("表")
    for row in make_table(["人口", "面积"]):
        book.active.append(row)
    for row in TWO:
        other.append(row)
    book.save(tmp_path / "t.xlsx")
    found = read(tmp_path / "t.xlsx", tmp_path)
    assert [(place, table[0][1]) for place, table, _ in found] == [("表#2", "人口"), ("表", "人口"), ("表#2", "收入")]


@pytest.mark.parametrize(
    ("lines", "is_left_out"),
    [
        (["本工作簿由县统计局人口科编制"], True),
        (["填表说明", "本表每月上报。", "来源：统计局"], True),
        (["名称"], False),
        (["乡镇", "城关镇", "柳林乡"], False),
    ],
)
def test_a_sheet_of_lines_of_text_beside_a_table_is_no_table(
    lines: list[str], is_left_out: bool, tmp_path: Path
) -> None:
    path = write_sheet(tmp_path / "b.xlsx", make_table(["产量", "面积"]))
    book = openpyxl.load_workbook(path)
    for row, line in enumerate(lines, 1):
        book.create_sheet("说明") if row == 1 else None
        book["说明"].cell(row, 1, line)
    book.save(path)
    found = find_tables(path, path.name, tmp_path)
    assert len(found) == 2 - is_left_out
    assert any(item.rule == "prose-sheet" for item in found[0].decisions) == is_left_out
    del book["表"]
    book.save(path)
    assert len(find_tables(path, path.name, tmp_path)) == 1
