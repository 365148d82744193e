"""Rows of a sheet that are no rows of its table are left out and told; all others keep their numbers."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opendata.intake.layout.gaps import MOST
from opendata.intake.opening import find_tables, open_table
from opendata.intake.tables import OpenedTable
from opendata.intake.understanding import Choices
from opendata.tables.schema.schema import read_schema
from opendata.tables.table import prepare_table

HEADER = ["序号", "学校名称", "人数"]
BLANK: list[object] = [None, None, None]


def heading(text: str) -> list[object]:
    """A row that the sheets below merge across the table."""
    return [text, None, None]


def write_sheet(path: Path, rows: Sequence[Sequence[object]], merged: Sequence[int] = ()) -> Path:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(list(row))
    for number in merged:
        book.active.merge_cells(start_row=number, end_row=number, start_column=1, end_column=len(HEADER))
    book.save(path)
    return path


def read(path: Path, folder: Path, **choices: Any) -> tuple[list[list[str]], OpenedTable]:
    """The rows of data, and what was understood."""
    (found,) = find_tables(path, path.name, folder)
    opened = open_table(found, folder, choices=Choices(**choices))
    table = prepare_table(opened.path, folder, name="read", dialect=opened.dialect)
    assert table.task.valid
    with table.csv.open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream))[1:], opened


def told(opened: OpenedTable) -> dict[str, Any]:
    return {decision.rule: decision.details for decision in opened.understanding.decisions}


@given(data=st.data())
def test_blank_rows_and_merged_headings_among_the_rows_are_left_out(data: st.DataObject) -> None:
    between = st.lists(st.sampled_from(["blank", "heading"]), max_size=1)
    rows: list[list[object]] = [HEADER]
    body: list[list[str]] = []
    merged = []
    blank = 0
    for number in range(1, data.draw(st.integers(6, 20))):
        for kind in data.draw(between) if number % 4 == 0 else ():
            rows.append(BLANK if kind == "blank" else heading(f"北京市（{number}所）"))
            blank += kind == "blank"
            merged += [len(rows)] if kind == "heading" else []
        body.append([str(number), f"学校{number}", str(number * 10)])
        rows.append([number, f"学校{number}", number * 10])
    with TemporaryDirectory() as name:
        folder = Path(name)
        found, opened = read(write_sheet(folder / "t.xlsx", rows, merged), folder)
        assert found == body
        facts = told(opened)
        assert facts.get("blank-rows", {"count": 0})["count"] == blank
        assert facts.get("group-rows", {"count": 0})["count"] == len(merged)
        assert not merged or facts["group-rows"]["row"] == merged[0]
        assert "merged-body" not in facts


def test_the_rows_around_keep_the_numbers_that_the_sheet_shows(tmp_path: Path) -> None:
    rows = [
        HEADER,
        heading("甲市"),
        [1, "甲", 10],
        BLANK,
        [2, "乙", 20],
        heading("丙市"),
        [3, "丙", "many"],
        [4, "丁", 4],
    ]
    (found,) = find_tables(write_sheet(tmp_path / "t.xlsx", rows, [2, 6]), "t.xlsx", tmp_path)
    opened = open_table(found, tmp_path)
    schema = read_schema(
        {"fields": [{"name": name, "type": "any"} for name in HEADER[:2]] + [{"name": "人数", "type": "integer"}]}
    )
    table = prepare_table(opened.path, tmp_path, name="read", schema=schema, dialect=opened.dialect)
    assert [(error["type"], error["rowNumber"]) for error in table.task.errors] == [("type-error", 7)]
    assert table.rows == 4


def test_headings_stay_where_merged_cells_are_to_be_filled(tmp_path: Path) -> None:
    path = write_sheet(tmp_path / "t.xlsx", [HEADER, heading("甲市"), *[[n, "甲", n] for n in range(5)]], [2])
    assert read(path, tmp_path)[0][0] == ["0", "甲", "0"]
    assert read(path, tmp_path, fill_merged=True)[0][0] == ["甲市"] * 3


@pytest.mark.parametrize("choices", [{"exact": True}, {}])
def test_only_a_cell_merged_across_all_columns_is_a_heading(tmp_path: Path, choices: dict[str, Any]) -> None:
    rows = [HEADER, *[[n, "甲", n] for n in range(5)], ["甲市", None, None], [6, "乙", 7]]
    path = write_sheet(tmp_path / "t.xlsx", rows)
    found, opened = read(path, tmp_path, **choices)
    assert found[5] == ["甲市", "", ""]
    assert "group-rows" not in told(opened)


def test_headings_that_are_most_of_the_rows_are_rows(tmp_path: Path) -> None:
    rows = [HEADER, [1, "甲", 1], heading("a"), [2, "乙", 2], heading("b"), heading("c")]
    found, opened = read(write_sheet(tmp_path / "t.xlsx", rows, [3, 5, 6]), tmp_path)
    assert len(found) == 5
    assert told(opened)["merged-body"]["count"] == 3


def test_where_blank_rows_are_without_number_the_report_names_them(tmp_path: Path) -> None:
    rows = [HEADER, *[row for n in range(MOST + 2) for row in ([n, "甲", n], BLANK)], [1, "乙", 1]]
    (found,) = find_tables(write_sheet(tmp_path / "t.xlsx", rows), "t.xlsx", tmp_path)
    opened = open_table(found, tmp_path)
    table = prepare_table(opened.path, tmp_path, name="read", dialect=opened.dialect)
    assert table.task.counts == {("blank-row", ""): MOST + 2}


def test_a_header_among_the_rows_is_told(tmp_path: Path) -> None:
    first = [["地区", "人口", "面积"], *[[name, 1, 2] for name in "甲乙丙丁"]]
    second = [["地区", "收入", "支出"], *[[name, 3, 4] for name in "甲乙丙丁"]]
    path = write_sheet(tmp_path / "t.xlsx", [*first, *second])
    found, opened = read(path, tmp_path)
    assert told(opened)["second-table"] == {"row": 6, "count": 1, "sample": "地区, 收入, 支出"}
    assert min(decision.sure for decision in opened.understanding.decisions) < 0.5
    assert len(found) == 9
    rest = read(path, tmp_path, last_row=5)
    assert len(rest[0]) == 4
    assert "second-table" not in told(rest[1])


def test_a_value_that_is_the_name_of_its_column_makes_no_second_table(tmp_path: Path) -> None:
    rows = [["地区", "人口", "面积"], *[[name, 1, 2] for name in ("甲", "地区", "乙")]]
    assert "second-table" not in told(read(write_sheet(tmp_path / "t.xlsx", rows), tmp_path)[1])
