"""The first rows of a table, and no more."""

from __future__ import annotations

from pathlib import Path

import pytest

from opendata.tables.forms.preview import read_first_rows
from opendata.tables.table import prepare_table


@pytest.mark.parametrize(("limit", "rows"), [(0, 0), (1, 1), (3, 3), (9, 4)])
def test_at_most_so_many_rows_come_in_the_order_of_the_file(limit: int, rows: int, tmp_path: Path) -> None:
    path = tmp_path / "source.csv"
    path.write_text("a,b\n" + "".join(f"{number},x\n" for number in range(4)), encoding="utf-8")
    table = prepare_table(path, tmp_path, name="t")
    assert read_first_rows(table.parquet, limit) == [{"a": str(number), "b": "x"} for number in range(rows)]


def test_a_table_without_rows_has_no_first_ones(tmp_path: Path) -> None:
    path = tmp_path / "source.csv"
    path.write_text("a,b\n", encoding="utf-8")
    assert read_first_rows(prepare_table(path, tmp_path, name="t").parquet, 5) == []
