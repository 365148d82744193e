"""Charts of published tables: the engine answers what the rows say, only to those who may have them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from math import inf, isfinite, isnan, nan
from typing import Any

import pytest

from opendata.charts.chart import MAX_PLACES, Chart
from opendata.charts.points import Points
from opendata.charts.words import Words
from opendata.errors import InputError, NotFoundError, NotPublicError
from opendata.services.charts.charts import ChartTable
from opendata.wiring import Services
from tests.charts.rows import Row, collect, make_days
from tests.instances import DATASET, make_actor, make_services, publish

pytestmark = pytest.mark.slow

PLACE = ("reservoirs", "1.0.0", "levels")
SCHEMA = {
    "fields": [
        {"name": "name", "type": "string"},
        {"name": "year", "type": "year"},
        {"name": "month", "type": "yearmonth"},
        {"name": "day", "type": "date"},
        {"name": "moment", "type": "datetime"},
        {"name": "amount", "type": "number", "opendata": {"scale": 2}},
        {"name": "size", "type": "number"},
        {"name": "a \"b\" 'c'", "type": "integer"},
        {"name": "is_new", "type": "boolean"},
        {"name": "wild", "type": "number"},
    ]
}
COLUMNS = [field["name"] for field in SCHEMA["fields"]]


def make_rows(count: int) -> list[Row]:
    days = make_days(count)
    return [
        {
            "name": None if number % 41 == 0 else f"地{number % 37}",
            "year": 2000 + number % 9 * 2,
            "month": f"{2000 + number % 3}-{1 + number % 12:02}",
            "day": days[number],
            "moment": datetime(2020, 1, 1, number // 60 % 24, number % 60, tzinfo=UTC),
            "amount": None if number % 7 == 0 else Decimal(number * 31 % 1000 - 200).scaleb(-2),
            "size": number / 8,
            "a \"b\" 'c'": number % 5,
            "is_new": number % 3 == 0,
            "wild": (inf, -inf, nan, None)[number % 8] if number % 8 < 4 else number / 4,
        }
        for number in range(count)
    ]


def write(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and not isfinite(value):
        return "NaN" if isnan(value) else "INF" if value > 0 else "-INF"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return value.isoformat() if isinstance(value, date) else str(value)


ROWS = make_rows(MAX_PLACES + 100)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    services = make_services(tmp_path_factory.mktemp("charts"))
    actor = make_actor(services, "editor")
    services.datasets.create(actor, DATASET)
    header = 'name,year,month,day,moment,amount,size,"a ""b"" \'c\'",is_new,wild'
    lines = [header, *(",".join(write(row[name]) for name in COLUMNS) for row in ROWS)]
    publish(services, actor, "\n".join(lines) + "\n", schema=SCHEMA)
    yield services
    services.database.dispose()


def list_values(points: Points) -> list[tuple[Any, ...]]:
    return [
        tuple(round(float(item), 6) if isinstance(item, float | Decimal) else item for item in row)
        for row in points.list_rows()
    ]


def test_the_engine_answers_what_the_rows_say(published: Services) -> None:
    found = published.charts.find_table(*PLACE)
    charts = [
        *found.proposals,
        *(
            Chart(kind="bar", x="name", y=("amount",), aggregate=name)
            for name in ("avg", "median", "min", "max", "count")
        ),
        Chart(kind="bar", x="name", y=("amount",), group="is_new"),
        Chart(kind="bar", x="a \"b\" 'c'", y=("size", "amount")),
        Chart(kind="area", x="month", group="year"),
        Chart(kind="line", x="day", y=("amount",)),
        Chart(kind="line", x="moment", y=("size",), aggregate="max"),
        Chart(kind="line", x="size", y=("amount",)),
        Chart(kind="histogram", x="amount"),
        Chart(kind="histogram", x="wild"),
        Chart(kind="scatter", x="size", y=("wild",)),
        Chart(kind="line", x="wild", y=("size",)),
        Chart(kind="bar", x="year", y=("wild",)),
        Chart(kind="scatter", x="size", y=("amount",)),
        Chart(kind="scatter", x="year", y=("amount",), group="is_new"),
    ]
    assert len(found.proposals) > 3
    for chart in charts:
        drawn = published.charts.collect(PLACE, chart, {})
        expected = collect(chart, found.columns, ROWS)
        assert list_values(drawn) == list_values(expected), chart
        assert drawn.notes == expected.notes, chart
        assert drawn.is_empty == (chart.kind == "bar" and chart.y == ("wild",)), chart  # sums of INF and NaN


def test_filters_are_those_of_the_rows(published: Services) -> None:
    found: ChartTable = published.charts.find_table(*PLACE)
    where = (("year__gte", "2004"), ("where", "size < 400 AND NOT is_new"), ("q", "地1"))
    rows = [
        row
        for row in ROWS
        if row["year"] >= 2004
        and row["size"] < 400
        and not row["is_new"]
        and any("地1" in write(v) for v in row.values())
    ]
    drawn = published.charts.collect(PLACE, Chart(kind="bar", x="name", where=where), {})
    assert list_values(drawn) == list_values(collect(Chart(kind="bar", x="name"), found.columns, rows))
    for parameter, said in (
        (("year__gte", "x"), "needs a number"),
        (("where", "yaer = 1"), "yaer"),
        (("colour", "red"), "A chart has no parameter “colour”.*year__gte"),
        (("yaer__gt", "1"), "yaer"),
    ):
        with pytest.raises(InputError, match=said):
            published.charts.collect(PLACE, Chart(kind="bar", x="name", where=(parameter,)), {})


def test_a_file_has_the_same_bytes_each_time_and_the_values_as_they_are(published: Services) -> None:
    words = Words(language="zh", table="表", titles={"size": "大小"}, types={})
    chart = Chart(kind="bar", x="year", y=("amount", "size"), where=(("name__exact", "地1"),))
    file = published.charts.render(PLACE, chart, words, "csv")
    rows = [row for row in ROWS if row["name"] == "地1"]
    first = [row for row in rows if row["year"] == 2000]
    amount, size = sum(row["amount"] or 0 for row in first), sum(row["size"] for row in first)
    lines = file.data.decode().splitlines()
    assert lines[:3] == ["year,amount_sum,size_sum", f"2000,{amount},{write(size).removesuffix('.0')}", "2001,,"]
    assert file.data == published.charts.render(PLACE, chart, words, "csv").data
    with pytest.raises(NotFoundError):
        published.charts.render(PLACE, chart, words, "pdf")


def test_rows_that_are_not_public_are_for_nobody_else(published: Services) -> None:
    boss = make_actor(published, "boss", role="maintainer")
    words = Words(language="zh", table="表", titles={}, types={})
    chart = Chart(kind="bar", x="year")
    before = published.charts.render(PLACE, chart, words, "csv").data
    closed = {"attribute": "conditional", "reason": "r", "legalBasis": "l"}
    services = published
    services.datasets.create(boss, {**DATASET, "id": "guarded", "disclosure": closed})
    publish(services, boss, dataset="guarded")
    place = ("guarded", "1.0.0", "levels")
    for ask in (
        lambda: services.charts.find_table(*place),
        lambda: services.charts.collect(place, chart, {}),
        lambda: services.charts.render(place, Chart(kind="bar", x="name"), words, "csv"),
    ):
        with pytest.raises(NotPublicError):
            ask()
    mine = services.charts.render(place, Chart(kind="bar", x="name"), words, "csv", boss)
    assert (mine.is_public, mine.data.decode().splitlines()[1]) == (False, "东湖,1")
    with pytest.raises(NotPublicError):  # what was drawn for somebody is kept for nobody else
        services.charts.render(place, Chart(kind="bar", x="name"), words, "csv")
    assert before.startswith(b"year,count\n2000,")
