"""What is drawn is what the rows say: nothing is lost in silence, gaps stay gaps, and too many become few."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opendata.charts.chart import MAX_BARS, MAX_DOTS, MAX_GROUPS, MAX_ORDERED_BARS, MAX_PLACES, MAX_SERIES, Chart
from opendata.charts.choosing import complete_chart
from opendata.charts.collecting.asking import Question
from opendata.charts.collecting.collecting import collect_points
from opendata.charts.points import MISSING, OTHER, Bin, Dots, Lines
from opendata.errors import InputError
from tests.charts.rows import Row, collect, make_columns, make_days

COLUMNS = make_columns(
    place="string",
    year="year",
    month="yearmonth",
    day="date",
    amount={"type": "number", "opendata": {"scale": 2}},
    share={"type": "number", "opendata": {"unit": "%"}},
    size="number",
    count="integer",
    kind={"type": "string", "categories": ["丙", "甲", "乙"], "categoriesOrdered": True},
    is_new="boolean",
    lon="number",
    lat="number",
)
_AMOUNTS = st.none() | st.integers(-9999, 9999).map(lambda cents: Decimal(cents).scaleb(-2))
_PLACES = st.none() | st.integers(0, 45).map("地{}".format)
ROWS = st.lists(
    st.fixed_dictionaries(
        {"place": _PLACES, "year": st.none() | st.integers(2000, 2009), "amount": _AMOUNTS, "size": st.floats()}
    ),
    max_size=60,
)


def add(values: list[Any]) -> Any:
    known = [value for value in values if value is not None]
    return sum(known[1:], known[0]) if known else None


@given(ROWS)
def test_bars_and_the_bar_of_the_rest_hold_the_sum_of_all_rows(rows: list[Row]) -> None:
    found = collect(Chart(kind="bar", x="place", y=("amount",)), COLUMNS, rows)
    assert isinstance(found, Lines)
    assert len(found.places) <= MAX_BARS + 1
    assert len(found.places) == len(set(found.places))
    assert add(list(found.series[0].values)) == add([row["amount"] for row in rows])
    shown = [value for place, value in found.list_rows() if place is not OTHER and value is not None]
    assert shown == sorted(shown, reverse=True)
    for place, value in found.list_rows():
        if place is not OTHER:
            name = None if place is MISSING else place
            assert value == add([row["amount"] for row in rows if row["place"] == name])
    assert found.combined == any(count > 1 for count in _count([row["place"] for row in rows]).values())


@given(ROWS)
def test_areas_in_groups_hold_all_rows_that_have_a_year(rows: list[Row]) -> None:
    found = collect(Chart(kind="area", x="year", group="place"), COLUMNS, rows)
    assert isinstance(found, Lines)
    assert len(found.series) <= MAX_SERIES
    drawn = sum(value or 0 for item in found.series for value in item.values)
    lost = [note.params["count"] for note in found.notes if note.params.get("column") == "year"]
    assert drawn + sum(lost) == len(rows)


@given(ROWS)
def test_a_line_has_every_year_between_its_ends_and_a_gap_where_there_is_no_value(rows: list[Row]) -> None:
    found = collect(Chart(kind="line", x="year", y=("amount",), aggregate="max"), COLUMNS, rows)
    years = [row["year"] for row in rows if row["year"] is not None]
    assert list(found.places) == (list(range(min(years), max(years) + 1)) if years else [])
    for year, value in found.list_rows():
        known = [row["amount"] for row in rows if row["year"] == year and row["amount"] is not None]
        assert value == max(known, default=None)


def test_intervals_are_as_wide_as_the_finite_values_ask_for() -> None:
    sizes = [0.0, 1e6, float("nan"), float("inf")]
    found = collect(Chart(kind="histogram", x="size"), COLUMNS, [{"size": size} for size in sizes])
    assert len(found.places) == 21
    assert sum(found.series[0].values) == 2
    none = collect(Chart(kind="histogram", x="size"), COLUMNS, [{"size": size} for size in sizes[2:]])
    assert none.is_empty


@given(st.lists(st.none() | st.integers(-999, 999), max_size=50))
def test_a_histogram_counts_every_value_in_the_interval_that_it_is_in(values: list[int | None]) -> None:
    found = collect(Chart(kind="histogram", x="count"), COLUMNS, [{"count": value} for value in values])
    known = [value for value in values if value is not None]
    for start, end, count in found.list_rows():
        assert count == sum(start <= value < end for value in known)
    assert sum(found.series[0].values) == len(known)
    ends = [(place.start, place.end) for place in found.places]
    assert all(before[1] == after[0] for before, after in pairwise(ends))
    assert len(ends) <= 42


def test_numbers_that_are_not_finite_are_counted_beside_the_chart() -> None:
    endless = [{"size": value, "lat": 1.0} for value in (float("inf"), float("-inf"), float("nan"))]
    finite = [{"size": number / 4, "lat": number % 5} for number in range(MAX_DOTS + 10)]
    for rows, count in ((endless, 3), ([*finite, *endless], 3)):
        for kind, y in (("histogram", ()), ("scatter", ("lat",)), ("line", ())):
            found = collect(Chart(kind=kind, x="size", y=y), COLUMNS, rows)
            assert sum(note.params.get("count", 0) for note in found.notes) == count, kind
            assert found.is_empty == (rows is endless), kind


def test_an_interval_begins_at_a_round_number_and_takes_values_at_its_edge() -> None:
    rows = [{"size": number / 10} for number in range(21)]
    found = collect(Chart(kind="histogram", x="size"), COLUMNS, rows)
    assert found.places[:2] == [Bin(0.0, 0.1), Bin(0.1, 0.2)]
    assert set(found.series[0].values) == {1}


@given(st.lists(st.tuples(st.none() | st.floats(-200, 200), st.none() | st.floats(-100, 100)), max_size=30))
def test_a_map_has_each_place_once_and_says_what_is_not_on_it(places: list[tuple[float | None, float | None]]) -> None:
    rows = [{"lon": lon, "lat": lat} for lon, lat in places]
    found = collect(Chart(kind="map", x="lon", y=("lat",)), COLUMNS, rows)
    assert isinstance(found, Dots)
    on_earth = [place for place in places if None not in place and abs(place[0]) <= 180 and abs(place[1]) <= 90]
    assert {(dot.x, dot.y): dot.count for dot in found.dots} == _count(on_earth)
    assert sum(note.params["count"] for note in found.notes) == len(rows) - len(on_earth)


def _count(values: list[Any]) -> dict[Any, int]:
    return {value: values.count(value) for value in values}


def test_too_many_dots_become_squares_and_too_many_days_months() -> None:
    days = make_days(4 * MAX_PLACES)
    rows = [{"day": day, "lon": number % 97, "lat": number / 200, "place": "甲"} for number, day in enumerate(days)]
    dots = collect(Chart(kind="map", x="lon", y=("lat",), group="place"), COLUMNS, rows)
    assert isinstance(dots, Dots)
    assert dots.squared
    assert len(dots.dots) <= MAX_DOTS
    assert sum(dot.count for dot in dots.dots) == len(rows)
    assert len(dots.notes) == 2
    line = collect(Chart(kind="line", x="day"), COLUMNS, rows)
    assert isinstance(line, Lines)
    assert len(line.places) == 395
    assert sum(line.series[0].values) == len(rows)
    assert line.notes[0].params == {"step": "a month"}
    numbers = [{"size": number * 0.5, "count": 1} for number in range(MAX_PLACES + 1)]
    line = collect(Chart(kind="line", x="size", y=("count",)), COLUMNS, numbers)
    assert line.places[0] == Bin(0.0, 2.0)
    assert sum(line.series[0].values) == len(numbers)


def test_too_many_groups_are_refused_with_what_to_do() -> None:
    def ask(question: Question) -> list[tuple[object, ...]]:
        return [(str(number), 1, 1) for number in range(min(MAX_GROUPS + 5, question.limit))]

    chart = complete_chart(Chart(kind="bar", x="place", y=("count",)), COLUMNS)
    with pytest.raises(InputError, match=r"“地点”: there are more than 100,000 different values.*filter the rows"):
        collect_points(chart, COLUMNS, ask, {"place": "地点"})


def test_what_has_an_order_of_its_own_keeps_it() -> None:
    rows = [{"kind": name, "count": number, "is_new": number > 1} for number, name in enumerate("甲乙丙乙")]
    assert collect(Chart(kind="bar", x="kind", y=("count",)), COLUMNS, rows).places == ["丙", "甲", "乙"]
    assert collect(Chart(kind="bar", x="is_new"), COLUMNS, rows).places == [False, True]
    many = [{"day": day, "count": 1} for day in make_days(MAX_ORDERED_BARS + 5)]
    found = collect(Chart(kind="bar", x="day"), COLUMNS, many)
    assert list(found.places) == make_days(MAX_ORDERED_BARS + 5)[5:]
    assert "A line chart shows all" in found.notes[0].message
    months = [{"month": text, "count": 1} for text in ("2023-11", "2024-02")]
    assert collect(Chart(kind="line", x="month"), COLUMNS, months).places == [
        "2023-11",
        "2023-12",
        "2024-01",
        "2024-02",
    ]


def test_the_rest_is_only_added_where_it_can_be() -> None:
    rows = [{"place": f"地{number}", "share": number, "year": 2000 + number % 2} for number in range(40)]
    found = collect(Chart(kind="bar", x="place", y=("share",)), COLUMNS, rows)
    assert found.chart.aggregate == "avg"
    assert OTHER not in found.places
    assert (found.places[0], len(found.places)) == ("地39", MAX_BARS)
    lines = collect(Chart(kind="line", x="year", y=("share",), group="place"), COLUMNS, rows)
    assert [item.name for item in lines.series] == [f"地{number}" for number in range(32, 40)]
    negative = [{"place": "甲", "year": 2000, "count": -1}, {"place": "乙", "year": 2000, "count": 2}]
    area = collect(Chart(kind="area", x="year", y=("count",), group="place"), COLUMNS, negative)
    assert (area.chart.kind, len(area.notes)) == ("line", 1)


def test_wide_tables_draw_columns_beside_one_another() -> None:
    rows = [{"place": "甲", "count": Decimal(3), "size": 1.5}, {"place": "乙", "count": 5, "size": float("inf")}]
    found = collect(Chart(kind="bar", x="place", y=("count", "size", "count")), COLUMNS, rows)
    assert [item.name for item in found.series] == ["count", "size"]
    assert list(found.list_rows()) == [("乙", 5, None), ("甲", 3, 1.5)]
    assert [note.params for note in found.notes] == [{"count": 1}]


@pytest.mark.parametrize(
    ("chart", "said"),
    [
        (Chart(kind="pie", x="place"), "There is no kind of chart “pie”. Choose one of these: bar, line"),
        (Chart(kind="bar", x="plaec"), "Did you mean “place”"),
        (Chart(kind="bar", x="万"), "Choose one of these: place, year"),
        (Chart(kind="bar", x=""), "doesn't say which column to draw as “x”"),
        (Chart(kind="bar", x="place", y=("kind",)), "“kind” doesn't have numbers"),
        (Chart(kind="bar", x="place", y=("count",), aggregate="mode"), "There is no way “mode”"),
        (Chart(kind="bar", x="place", aggregate="sum"), "Without a column for “y”"),
        (Chart(kind="bar", x="place", group="place"), "already drawn"),
        (Chart(kind="bar", x="place", y=("count", "size"), group="year"), "either one column for “y”"),
        (Chart(kind="line", x="place", y=("count",)), "no line can follow it. Choose a bar chart"),
        (Chart(kind="histogram", x="place"), "has no histogram"),
        (Chart(kind="histogram", x="count", y=("size",)), "Leave out “y”"),
        (Chart(kind="scatter", x="count"), "exactly one column for “y”"),
        (Chart(kind="scatter", x="place", y=("count",)), "“place” doesn't have numbers"),
        (Chart(kind="scatter", x="count", y=("size",), aggregate="sum"), "Leave out “aggregate”"),
        (Chart(kind="map", x="place", y=("lat",)), "the longitude for “x”"),
    ],
)
def test_a_chart_that_does_not_fit_says_what_to_write_instead(chart: Chart, said: str) -> None:
    with pytest.raises(InputError, match=said):
        complete_chart(chart, COLUMNS)
