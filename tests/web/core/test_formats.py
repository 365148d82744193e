"""Values as pages write them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from opendata.intake.meaning.periods import find_period
from opendata.intake.meaning.units import code_unit
from opendata.web.core.formats import (
    excerpt,
    format_cell,
    format_day,
    format_moment,
    format_period,
    format_size,
    name_unit,
    render_markdown,
)
from opendata.wording.schemas.units import UNITS
from tests.web.conftest import Portal


@pytest.fixture(params=["zh", "en"])
def language(request: pytest.FixtureRequest, portal: Portal) -> Iterator[str]:
    with portal.app.test_request_context(headers={"Accept-Language": request.param}):
        yield request.param


def test_a_day_is_written_in_the_instance_zone_and_the_reader_language(language: str) -> None:
    moment = datetime(2025, 3, 6, 23, 30, tzinfo=UTC)
    assert format_day(moment) == {"zh": "2025年3月7日", "en": "March 7, 2025"}[language]
    assert format_moment(moment).endswith(" 07:30")


def test_a_unit_is_said_in_words_and_its_chinese_name_is_read_as_the_same_unit(language: str) -> None:
    assert name_unit("t") == {"zh": "吨", "en": "tonnes"}[language]
    assert name_unit("万元") == "万元"
    assert language == "en" or all(code_unit(name_unit(code)) == code for code in UNITS)


@pytest.mark.parametrize(
    ("text", "zh", "en"),
    [
        ("2025", "2025年", "2025"),
        ("2026-H1", "2026年上半年", "first half of 2026"),
        ("2026-H2", "2026年下半年", "second half of 2026"),
        ("2026-Q3", "2026年第3季度", "3rd quarter 2026"),
        ("2026-10", "2026年10月", "October 2026"),
        ("2026-W05", "2026年第5周", "week 5 of 2026"),
        ("2026-03-07", "2026年3月7日", "March 7, 2026"),
        ("1993/2017", "1993年至2017年", "1993 to 2017"),
        ("2025-09/2026-08", "2025年9月至2026年8月", "September 2025 to August 2026"),
    ],
)
def test_a_period_is_said_in_words_that_are_read_as_the_same_period(language: str, text: str, zh: str, en: str) -> None:
    assert format_period(text) == {"zh": zh, "en": en}[language]
    found = find_period(zh)
    assert found is not None
    assert found.period.text == text


@pytest.mark.parametrize("text", ["", "2026-13", "2017/1993", "<b>2026</b>"])
def test_what_is_no_period_stays_as_it_is(language: str, text: str) -> None:
    assert language
    assert format_period(text) == text


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1 kB"),
        (12_345, "12.3 kB"),
        (999_499, "999 kB"),
        (999_600, "1 MB"),
        (4 * 1024**3, "4.3 GB"),
    ],
)
def test_a_size_has_three_digits_at_most(language: str, size: int, text: str) -> None:
    assert format_size(size) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (54922.0, "54922"),
        (-3.0, "-3"),
        (2.5, "2.5"),
        (1e300, "1e+300"),
        (float("inf"), "INF"),
        (True, "true"),
        (Decimal("12.50"), "12.50"),
        (Decimal("1E+3"), "1000"),
        (date(2026, 1, 31), "2026-01-31"),
        ("x" * 300, "x" * 199 + "…"),
    ],
)
def test_a_cell_is_written_as_in_the_file(value: object, text: str) -> None:
    assert format_cell(value) == text


@pytest.mark.parametrize(
    "text",
    [
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "![x](https://example.org/pixel.png)",
        "<iframe src=//example.org></iframe>",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        '<a href="x" onclick="y">z</a>',
    ],
)
def test_markdown_carries_nothing_that_acts(text: str) -> None:
    drawn = render_markdown(text)
    for tag in ("<img", "<iframe", "<script", '<a href="javascript', '<a href="data'):
        assert tag not in drawn


def test_headings_of_a_description_stay_below_those_of_the_page() -> None:
    assert render_markdown("# A\n\n##### B") == "<h3>A</h3>\n<h6>B</h6>\n"


def test_an_excerpt_is_plain_and_cut_between_words() -> None:
    assert excerpt("**Water** & [levels](https://example.org)") == "Water & levels"
    assert excerpt("one two three four", 9) == "one two…"
    assert excerpt("水库的水位每日测量", 8) == "水库的水…"
