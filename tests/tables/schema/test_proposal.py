"""A proposed schema fits every row; codes stay text."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opendata.tables.schema.proposal import propose_schema
from opendata.tables.schema.schema import PROFILE, read_schema
from opendata.tables.table import prepare_table


def propose(folder: Path, name: str, cells: Sequence[str]) -> dict[str, Any]:
    source = folder / "source.csv"
    lines = [f"{name},other", *('"' + cell.replace('"', '""') + '",x' for cell in cells)]
    source.write_text("\n".join(lines) + "\n", encoding="utf-8")
    table = prepare_table(source, folder, name="t")
    assert table.task.errors == []
    return propose_schema(table.parquet)


def propose_type(folder: Path, name: str, cells: Sequence[str]) -> str:
    return str(propose(folder, name, cells)["fields"][0]["type"])


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["1", "-2", "0"], "integer"),
        (["1", "2.50", "-0.1"], "number"),
        (["2020-01-31", "1999-12-01"], "date"),
        (["2020-01-31T10:00:00"], "datetime"),
        (["true", "false"], "boolean"),
        (["a", "1"], "string"),
        (["1", "", "2"], "integer"),
        (["", ""], "string"),
        ([], "string"),
        (["007", "1"], "string"),
        (["00.5"], "string"),
        (["1234567890123456"], "string"),
        (["123456789012345"], "integer"),
        (["1,5"], "string"),
        (["1e5"], "string"),
        ([" 1"], "string"),
        (["1\n"], "string"),
        (["2021-02-29"], "string"),
        (["0000-01-01"], "string"),
        (["2020-01-01T25:00:00"], "string"),
        (["2020-01-01T10:00:00Z"], "string"),
        (["True", "FALSE"], "boolean"),
        (["2026-08", "2026-09"], "yearmonth"),
        (["2026-13"], "string"),
        (["１"], "string"),
    ],
)
def test_the_type_is_the_narrowest_that_fits_all_cells(cells: list[str], kind: str, tmp_path: Path) -> None:
    assert propose_type(tmp_path, "value", cells) == kind


@pytest.mark.parametrize("position", [0, 12_345, -1])
@pytest.mark.parametrize(("cell", "kind"), [("1.5", "number"), ("007", "string"), ("x", "string")])
def test_every_row_decides_the_last_one_too(cell: str, kind: str, position: int, tmp_path: Path) -> None:
    cells = ["1"] * 25_000
    cells[position] = cell
    assert propose_type(tmp_path, "value", cells) == kind


@pytest.mark.parametrize("name", ["code", "area_code", "id", "city_id", "Phone", "行政区划代码", "编号", "邮编", "zip"])
@pytest.mark.parametrize("cells", [["110000", "310000"], ["1.10", "2.00"]])
def test_a_column_that_calls_itself_a_code_stays_text(name: str, cells: list[str], tmp_path: Path) -> None:
    assert propose_type(tmp_path, name, cells) == "string"


@pytest.mark.parametrize("name", ["paid", "人口", "codec", "identity_count"])
def test_a_column_that_only_sounds_like_a_code_is_a_number(name: str, tmp_path: Path) -> None:
    assert propose_type(tmp_path, name, ["1", "2"]) == "integer"


def test_a_column_without_gaps_is_required(tmp_path: Path) -> None:
    assert propose(tmp_path, "value", ["1", "", "3"]) == {
        "$schema": PROFILE,
        "fields": [
            {"name": "value", "type": "integer"},
            {"name": "other", "type": "string", "constraints": {"required": True}},
        ],
    }


@given(
    cells=st.lists(
        st.one_of(
            st.from_regex(r"-?[0-9]{1,17}(\.[0-9]{1,3})?", fullmatch=True),
            st.from_regex(r"[0-9]{4}-[01][0-9]-[0-3][0-9](T[0-2][0-9]:[0-6][0-9]:[0-6][0-9])?", fullmatch=True),
            st.sampled_from(["", "true", "false", "x"]),
        ),
        min_size=1,
        max_size=3,
    )
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_table_is_valid_under_the_schema_proposed_for_it(cells: list[str], tmp_path: Path) -> None:
    schema = read_schema(propose(tmp_path, "value", cells))
    again = prepare_table(tmp_path / "source.csv", tmp_path, name="t", schema=schema)
    assert again.task.errors == []
    assert again.csv.read_text().splitlines()[1:] == [f"{cell},x" for cell in cells]  # nothing is converted
