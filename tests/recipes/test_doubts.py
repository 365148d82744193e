"""A column that is nearly all of one type isn't passed silently as text; one that is text is left alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from opendata.domain.recipes import Recipe, Step
from opendata.intake.meaning.units import is_one_unit
from opendata.recipes.doubts import find_type_doubts
from opendata.tables.table import prepare_table
from opendata.tables.text.dialect import Dialect

NUMBERS = [str(number) for number in range(11)]


def find(folder: Path, cells: list[str], name: str = "n", dialect: Dialect | None = None, *steps: Step) -> list[Any]:
    """What is doubted of a column: type, how many fit, what to look at, in which rows, repairs."""
    return [
        tuple(params[key] for key in ("type", "fits", "of", "values", "rows", "repairs"))
        for params in find_params(folder, cells, name, dialect, *steps)
    ]


def find_params(
    folder: Path, cells: list[str], name: str = "n", dialect: Dialect | None = None, *steps: Step
) -> list[Any]:
    """What is doubted of a column, in full."""
    source = folder / "source.csv"
    source.write_text(f"{name},x\n" + "".join(f'"{cell}",-\n' for cell in cells), "utf-8")
    table = prepare_table(source, folder, name="t", dialect=dialect)
    found = find_type_doubts(table.parquet, table.dialect, table.first_row, recipe=Recipe(steps), is_unit=is_one_unit)
    return [item.problem.params for item in found]


@pytest.mark.parametrize(
    ("cells", "doubt"),
    [
        ([*NUMBERS, "…"], ("integer", 11, 12, ["…"], [13], [])),
        ([*NUMBERS, "1.5", "N/A"], ("number", 12, 13, ["N/A"], [14], [])),
        ([*NUMBERS, "1O"], ("integer", 11, 12, ["1O"], [13], [])),
        ([f"{year}年" for year in range(2010, 2020)], ("year", 10, 10, ["2010年", "2011年"], [], ["date-form"])),
        (["12万吨", "13", "14"], ("integer", 3, 3, ["12万吨"], [], ["magnitude"])),
        ([f"{number}.5亿元" for number in range(5)], ("number", 5, 5, ["0.5亿元"], [], [])),
        (["1", "2", "3", "优", "良", "优"], ("integer", 3, 6, ["优", "良"], [5, 6], [])),
        (["2026年8月", "2026-09", "10月", "2026-13"], ("yearmonth", 2, 4, ["2026-13", "10月"], [5, 4], ["date-form"])),
        (["2024-01-01 00:00", "2024-01-02 8:30", "2024-01-03T00:00:00"], ("datetime", 3, 3, [], [], ["date-form"])),
        (["是", "否", "是", "待定"], ("boolean", 3, 4, ["待定"], [5], ["boolean-word"])),
        ([str(day) for day in range(20260801, 20260806)], ("date", 5, 5, ["20260801"], [], ["date-form"])),
        (["2026-02-27", "2026-02-28", "2026-02-29", "2026-03-01"], ("date", 3, 4, ["2026-02-29"], [4], [])),
        ([*map(str, range(40)), *("约12", "15-16", "17、18") * 4], ("integer", 40, 52, ["约12"], [42, 43, 44], [])),
        (["2020-01-01", "2020-01-02", "2020-01-03", "2020/1/4"], ("date", 4, 4, ["2020/1/4"], [], ["date-form"])),
        (["十", "二十八", "五"], ("integer", 3, 3, ["十"], [], ["chinese-number"])),
    ],
)
def test_a_column_that_is_nearly_of_a_type_is_doubted(tmp_path: Path, cells: list[str], doubt: tuple[Any, ...]) -> None:
    ((kind, fits, of, values, rows, repairs),) = find(tmp_path, cells)
    assert (kind, fits, of, rows, repairs) == (doubt[0], doubt[1], doubt[2], doubt[4], doubt[5])
    assert values[: len(doubt[3])] == doubt[3]


@pytest.mark.parametrize(
    "cells",
    [
        NUMBERS,
        ["1.5", "2", "", "3"],
        ["A1", "A2", "A3"],
        ["1", "2", "x", "y"],
        ["1", "…"],
        [*NUMBERS, *(f"x{number}" for number in range(11))],
        ["2018", "2019", "2020"],
        ["1", "2", *(f"x{number}" for number in range(4))],
        ["3栋", "4栋", "5栋"],
        ["01", "02", "03", "11", "12"],
        ["123456789012345678", "123456789012345679", "1.5E+17"],
        ["张三", "李四", "王五", "8人"],
        ["2026-08", "2026-09", "2026-10"],
    ],
)
def test_plain_columns_and_texts_are_not_doubted(tmp_path: Path, cells: list[str]) -> None:
    assert find(tmp_path, cells) == []


def test_each_odd_cell_is_told_by_what_it_is(tmp_path: Path) -> None:
    dates = ["2026-08-01", "2026/8/2", "2026年8月3日", "46238", "8月31日", "8月32日", "…", "2月29日"]
    (found,) = find_params(tmp_path, dates)
    assert (found["type"], found["fits"], found["of"]) == ("date", 4, 8)
    assert (found["values"], found["rows"]) == (["8月32日", "8月31日", "2月29日", "…"], [7, 6, 9, 8])
    assert found["repairs"] == ["date-form", "excel-date"]
    assert (found["withoutYear"], found["noDays"], found["marks"]) == (["8月31日", "2月29日"], ["8月32日"], ["…"])
    (found,) = find_params(tmp_path, [*NUMBERS, "8人", "1,234人"])
    assert (found["type"], found["fits"], found["units"], found["are_measured"]) == ("integer", 11, ["人"], False)
    assert found["repairs"] == ["thousands-separators"]
    (found,) = find_params(tmp_path, [f"{number}人" for number in range(40)])
    assert (found["type"], found["fits"], found["units"], found["are_measured"]) == ("integer", 40, ["人"], True)
    (found,) = find_params(tmp_path, ["1", "…", "…", "2", "-", "…", "3", "…", "-", "…", "…"])
    assert (found["type"], found["marks"], found["are_marks"]) == ("integer", ["…", "-"], True)
    (found,) = find_params(tmp_path, ["1,234", "1,5", "2", "3"])
    assert found["repairs"] == []  # 1,234 may be 1.234


def test_a_code_is_not_doubted(tmp_path: Path) -> None:
    assert find(tmp_path, [*NUMBERS, "…"], "邮编") == []


def test_rows_that_are_left_out_are_counted_as_the_file_does(tmp_path: Path) -> None:
    dialect = Dialect(comment_rows=(3, 4))
    assert find(tmp_path, [*NUMBERS, "…"], "n", dialect)[0][4] == [13]
    assert find(tmp_path, [*NUMBERS, "…"], "n", None, Step("leave-out", "n", {"what": "totals"}))[0][4] == []
