"""Pictures show the values as they are: read back from the SVG, the same bytes each time, in both languages."""

from __future__ import annotations

import re
import warnings
from decimal import Decimal
from io import BytesIO
from itertools import pairwise
from typing import Any

import pytest
from lxml import etree
from PIL import Image

from opendata.charts.chart import MAX_DOTS, Chart
from opendata.charts.drawing import fonts
from opendata.charts.drawing.drawing import draw_png, draw_svg
from opendata.charts.points import Points
from opendata.charts.words import describe_points, list_headings, name_heading
from opendata.errors import StateError
from tests.charts.rows import Row, collect, make_columns, make_days, make_words

COLUMNS = make_columns(
    place={"type": "string", "title": "地区"},
    year={"type": "year", "title": "年份"},
    day={"type": "date", "title": "日期"},
    amount={"type": "number", "title": "金额"},
    lon="number",
    lat="number",
)
UNITS = {"amount": "万元"}
HOSTILE = "<b>&\"'$x^2$ \n 很长很长很长很长很长很长很长很长很长很长的名称"
SVG = "{http://www.w3.org/2000/svg}"
ROWS: list[Row] = [
    {
        "place": place,
        "year": 2015 + number % 10,
        "day": make_days(400)[number * 7 % 400],
        "amount": None if number == 4 else Decimal(f"{(number - 3) * 12.5}"),
        "lon": 100 + number % 13,
        "lat": 20 + number % 7,
    }
    for number, place in enumerate(["甲", "乙", "丙", HOSTILE, "丁", None] * 5)
]
CHARTS = {
    "bar": Chart(kind="bar", x="place", y=("amount",)),
    "grouped": Chart(kind="bar", x="place", y=("amount",), group="year"),
    "years": Chart(kind="bar", x="year", y=("amount",)),
    "line": Chart(kind="line", x="year", y=("amount",), group="place"),
    "days": Chart(kind="line", x="day", y=("amount",)),
    "area": Chart(kind="area", x="year", group="place"),
    "scatter": Chart(kind="scatter", x="amount", y=("lat",), group="place"),
    "histogram": Chart(kind="histogram", x="amount"),
    "map": Chart(kind="map", x="lon", y=("lat",)),
}


def read_texts(svg: bytes) -> list[str]:
    return [item.text or "" for item in etree.fromstring(svg).iter(f"{SVG}text")]


def read_path(svg: bytes, name: str) -> list[tuple[float, float]]:
    """The corners of the first path in a group."""
    group = next(item for item in etree.fromstring(svg).iter(f"{SVG}g") if item.get("id") == name)
    path = next(group.iter(f"{SVG}path")).get("d")
    return [(float(x), float(y)) for x, y in re.findall(r"[ML] (\S+) (\S+)", path)]


def test_a_bar_is_as_long_as_its_value_and_begins_at_zero() -> None:
    values = {"甲": Decimal("40"), "乙": Decimal("10.5"), "丙": Decimal("-20"), HOSTILE: None}
    rows = [{"place": place, "amount": value} for place, value in values.items()]
    points, words = collect(CHARTS["bar"], COLUMNS, rows), make_words(COLUMNS, units=UNITS)
    svg = draw_svg(points, words)
    assert svg == draw_svg(points, words)
    bars = [[x for x, _ in read_path(svg, f"value-0-{place}")] for place in range(3)]
    zero = min(bars[0])
    assert [min(bars[1]), max(bars[2])] == [zero, zero]
    lengths = [max(bar) - min(bar) for bar in bars]
    assert lengths == pytest.approx([lengths[0], lengths[0] * 10.5 / 40, lengths[0] / 2], rel=1e-4)
    root = etree.fromstring(svg)
    assert (root[0].tag, root[0].text) == (f"{SVG}title", "金额，按地区")
    assert (root[1].tag, root[1].text) == (f"{SVG}desc", describe_points(points, words))
    texts = read_texts(svg)
    assert {"金额（万元）", "甲", "乙", "丙", "<b>&\"'$x^2$ 很长很长很长很长很…"} <= set(texts)
    assert not re.search(rb"20\d\d-\d\d-\d\dT|<script|dc:date", svg)
    assert b"system-ui" in svg


def test_a_missing_value_is_a_gap_in_a_line() -> None:
    rows = [
        {"year": year, "amount": value} for year, value in zip(range(2015, 2021), (1, 2, None, 4, 8, 8), strict=True)
    ]
    svg = draw_svg(collect(Chart(kind="line", x="year", y=("amount",)), COLUMNS, rows), make_words(COLUMNS))
    corners = read_path(svg, "line-0")
    heights = [corners[0][1] - y for _, y in corners]
    assert heights == pytest.approx([heights[1] * (value - 1) for value in (1, 2, 4, 8, 8)], rel=1e-3)
    steps = [after[0] - before[0] for before, after in pairwise(corners)]
    assert steps == pytest.approx([steps[0], 2 * steps[0], *steps[:1] * 2], rel=1e-3)
    group = next(item for item in etree.fromstring(svg).iter(f"{SVG}g") if item.get("id") == "line-0")
    assert next(group.iter(f"{SVG}path")).get("d").count("M") == 2


def test_a_picture_with_letters_that_no_font_has_is_refused() -> None:
    rows = [{"place": "\U0001f9ff珠", "amount": 1}]
    points, words = collect(CHARTS["bar"], COLUMNS, rows), make_words(COLUMNS)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert "\U0001f9ff珠".encode() in draw_svg(points, words)
    with pytest.raises(StateError, match=r"no font for these letters.*\U0001f9ff.*SVG.*fonts-wqy-microhei"):
        draw_png(points, words)


@pytest.mark.slow
@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("rows", [0, 1, 30])
@pytest.mark.parametrize("name", CHARTS)
def test_every_kind_is_drawn_the_same_twice_and_has_its_words(name: str, rows: int, language: str) -> None:
    points, words = collect(CHARTS[name], COLUMNS, ROWS[:rows]), make_words(COLUMNS, language, units=UNITS)
    svg, png = draw_svg(points, words), draw_png(points, words)
    assert (svg, png) == (draw_svg(points, words), draw_png(points, words))
    assert len(svg) < 60_000
    assert len(png) < 200_000
    picture = Image.open(BytesIO(png))
    assert (picture.format, picture.size[0]) == ("PNG", 1200)
    texts = read_texts(svg)
    assert any(words.titles[points.chart.x] in text for text in texts)
    assert name_heading(points, words) in texts
    width = len(list_headings(points, words))
    assert {len(row) for row in points.list_rows()} <= {width}
    assert points.is_empty == (rows == 0)
    assert bool({"没有可绘制的值。", "There are no values to draw."} & set(texts)) == points.is_empty


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["bar", "line", "area", "scatter", "histogram", "map"])
def test_values_that_are_all_missing_make_an_empty_chart_and_many_a_small_one(kind: str) -> None:
    axes: dict[str, Any] = {
        "bar": ("place", "amount"),
        "line": ("day", "amount"),
        "area": ("day", "amount"),
        "scatter": ("amount", "lat"),
        "histogram": ("amount", None),
        "map": ("lon", "lat"),
    }
    x, y = axes[kind]
    chart = Chart(kind=kind, x=x, y=(y,) if y else ())
    missing = [{**row, "amount": None, "lat": None} for row in ROWS]
    assert collect(chart, COLUMNS, missing).is_empty
    draw_svg(collect(chart, COLUMNS, missing), make_words(COLUMNS))
    days = make_days(10_000)
    rows = [
        {"place": f"地{n}", "day": days[n], "amount": n * 7919 % 9973 - 5000, "lon": n * 0.01, "lat": n * 31 % 89}
        for n in range(10_000)
    ]
    points: Points = collect(chart, COLUMNS, rows)
    assert len(list(points.list_rows())) <= MAX_DOTS
    assert len(draw_svg(points, make_words(COLUMNS))) < 1_500_000


@pytest.mark.slow
def test_a_machine_without_chinese_fonts_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "CHINESE", ())
    points, words = collect(CHARTS["bar"], COLUMNS, ROWS), make_words(COLUMNS)
    with pytest.raises(StateError, match="甲"):
        draw_png(points, words)
    assert "甲" in read_texts(draw_svg(points, words))
