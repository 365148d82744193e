"""The charts that are proposed fit their table, and the first is the one a reader would have asked for."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opendata.charts.chart import KINDS, Chart
from opendata.charts.choosing import complete_chart
from opendata.charts.columns import read_columns
from opendata.charts.proposing import MOST, propose_charts
from opendata.domain.schema import TableSchema
from opendata.tables.types.registry import TYPES

GDP = {
    "fields": [
        {"name": "province_code", "type": "string"},
        {"name": "province", "type": "string"},
        {"name": "year", "type": "year"},
        {"name": "gdp", "type": "number", "opendata": {"unit": "亿元"}},
    ],
    "primaryKey": ["province_code", "year"],
}


def describe(name: str, kind: str, count: int, distinct: int, **others: Any) -> dict[str, Any]:
    values = {"count": count, "missing": 0, "distinct": {"count": distinct, "exact": True}}
    return {"name": name, "type": kind, **values, **others}


def propose(schema: dict[str, Any], *profiles: dict[str, Any]) -> list[Chart]:
    found = TableSchema(schema)
    return list(propose_charts(found, read_columns(found, profiles)))  # type: ignore[arg-type]


def test_a_long_table_by_place_and_year_gets_lines_and_the_bars_of_its_newest_year() -> None:
    found = propose(
        GDP,
        describe("province_code", "string", 310, 31),
        describe("province", "string", 310, 31, longest=8),
        describe("year", "year", 310, 10, least=2015, greatest=2024),
        describe("gdp", "number", 310, 300, least=1.0, greatest=9.0),
    )
    assert found[0] == Chart(kind="line", x="year", y=("gdp",), group="province", aggregate="sum")
    assert found[2] == Chart(kind="bar", x="province", y=("gdp",), aggregate="sum", where=(("year__exact", "2024"),))
    assert [item.kind for item in found] == ["line", "area", "bar", "bar", "histogram"]


def test_a_long_table_with_more_groups_than_a_chart_reads_gets_a_line_of_their_sum() -> None:
    fields = [
        {"name": "day", "type": "date"},
        {"name": "country", "type": "string"},
        {"name": "cases", "type": "integer"},
    ]
    rows = 628 * 195
    profiles = describe("day", "date", rows, 628), describe("country", "string", rows, 195, longest=9)
    found = propose(
        {"fields": fields, "primaryKey": ["day", "country"]}, *profiles, describe("cases", "integer", rows, 99)
    )
    assert found[0] == Chart(kind="line", x="day", y=("cases",), aggregate="sum")
    assert not any(item.group for item in found)


def test_a_wide_table_gets_bars_of_one_column_and_of_all_that_are_alike() -> None:
    names = ("undergraduate", "junior_college", "regular")
    fields = [{"name": "province", "type": "string"}, *({"name": name, "type": "integer"} for name in names)]
    found = propose({"fields": [*fields, {"name": "序号", "type": "integer"}], "primaryKey": ["province"]})
    assert [(item.kind, item.x, item.y) for item in found[:2]] == [
        ("bar", "province", ("undergraduate",)),
        ("bar", "province", names),
    ]
    assert not any("序号" in (item.x, *item.y) for item in found)


@pytest.mark.parametrize(
    ("fields", "first"),
    [
        ([("日期", "date"), ("水位", "number")], Chart(kind="line", x="日期", y=("水位",), aggregate="sum")),
        ([("年份", "integer"), ("人数", "integer")], Chart(kind="line", x="年份", y=("人数",), aggregate="sum")),
        ([("名称", "string"), ("经度", "number"), ("纬度", "number")], Chart(kind="map", x="经度", y=("纬度",))),
        ([("name", "string"), ("lng", "number"), ("lat", "number")], Chart(kind="map", x="lng", y=("lat",))),
    ],
)
def test_the_first_chart_follows_from_the_types(fields: list[tuple[str, str]], first: Chart) -> None:
    assert propose({"fields": [{"name": name, "type": kind} for name, kind in fields]})[0] == first


def test_columns_are_known_by_what_they_hold_not_by_their_name_alone() -> None:
    schema = {"fields": [{"name": "name", "type": "string"}, {"name": "year", "type": "integer"}]}
    found = propose(
        schema,
        describe("name", "string", 9, 9, longest=4),
        describe("year", "integer", 9, 9, least=1, greatest=12),
    )
    assert found[0].kind == "bar"
    schema = {"fields": [{"name": "lon", "type": "number"}, {"name": "lat", "type": "number"}]}
    metres = [describe(name, "number", 9, 9, least=400000.5, greatest=500000.5) for name in ("lon", "lat")]
    assert "map" not in [item.kind for item in propose(schema, *metres)]


def test_a_table_without_quantities_counts_its_rows_and_one_of_texts_gets_nothing() -> None:
    schema = {"fields": [{"name": "kind", "type": "string"}, {"name": "text", "type": "string"}]}
    found = propose(
        schema,
        describe("kind", "string", 50, 4, longest=6),
        describe("text", "string", 50, 50, longest=400),
    )
    assert found == [Chart(kind="bar", x="kind")]
    assert propose({"fields": schema["fields"][1:]}, describe("text", "string", 50, 50, longest=400)) == []


_FIELDS = st.fixed_dictionaries(
    {"type": st.sampled_from(sorted(TYPES))},
    optional={"title": st.sampled_from(["年份", "经度", "纬度", "编码", "数量"]), "opendata": st.just({"unit": "%"})},
)


@given(st.lists(_FIELDS, max_size=6), st.data())
def test_every_proposal_is_a_chart_that_can_be_drawn(fields: list[dict[str, Any]], data: st.DataObject) -> None:
    fields = [{"name": f"c{number}", **field} for number, field in enumerate(fields)]
    names = [field["name"] for field in fields]
    keys = data.draw(st.lists(st.sampled_from(names), unique=True)) if names else []
    counts = st.integers(0, 2000)
    profiles = [
        describe(field["name"], field["type"], data.draw(counts), data.draw(counts))
        for field in fields
        if data.draw(st.booleans())
    ]
    schema = TableSchema({"fields": fields, "primaryKey": keys})
    columns = read_columns(schema, profiles)  # type: ignore[arg-type]
    found = propose_charts(schema, columns)
    assert len(found) == len(set(found)) <= MOST
    for chart in found:
        assert chart.kind in KINDS
        assert complete_chart(chart, columns) == chart
