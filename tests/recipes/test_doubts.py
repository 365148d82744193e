"""A column that is nearly all of one type isn't passed silently as text; one that is text is left alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from opendata.domain.recipes import Recipe, Step
from opendata.recipes.doubts import find_type_doubts
from opendata.tables.table import prepare_table
from opendata.tables.text.dialect import Dialect

NUMBERS = [str(number) for number in range(11)]


def find(folder: Path, cells: list[str], name: str = "n", dialect: Dialect | None = None, *steps: Step) -> list[Any]:
    """What is doubted of a column: type, how many fit, what to look at, in which rows, repairs."""
    source = folder / "source.csv"
    source.write_text(f"{name},x\n" + "".join(f"{cell},-\n" for cell in cells), "utf-8")
    table = prepare_table(source, folder, name="t", dialect=dialect)
    found = find_type_doubts(table.parquet, table.dialect, table.first_row, recipe=Recipe(steps))
    return [
        (params["type"], params["fits"], params["of"], params["values"], params["rows"], params["repairs"])
        for params in (item.problem.params for item in found)
    ]


@pytest.mark.parametrize(
    ("cells", "doubt"),
    [
        ([*NUMBERS, "…"], ("integer", 11, 12, ["…"], [13], [])),
        ([*NUMBERS, "1.5", "N/A"], ("number", 12, 13, ["N/A"], [14], [])),
        ([*NUMBERS, "1O"], ("integer", 11, 12, ["1O"], [13], [])),
        ([f"{year}年" for year in range(2010, 2020)], ("year", 10, 10, ["2010年", "2011年"], [], ["date-form"])),
        ([f"{number}.5亿元" for number in range(5)], ("integer", 5, 5, ["0.5亿元"], [], ["magnitude"])),
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
    ],
)
def test_plain_columns_and_texts_are_not_doubted(tmp_path: Path, cells: list[str]) -> None:
    assert find(tmp_path, cells) == []


def test_a_code_is_not_doubted(tmp_path: Path) -> None:
    assert find(tmp_path, [*NUMBERS, "…"], "邮编") == []


def test_rows_that_are_left_out_are_counted_as_the_file_does(tmp_path: Path) -> None:
    dialect = Dialect(comment_rows=(3, 4))
    assert find(tmp_path, [*NUMBERS, "…"], "n", dialect)[0][4] == [13]
    assert find(tmp_path, [*NUMBERS, "…"], "n", None, Step("leave-out", "n", {"what": "totals"}))[0][4] == []
