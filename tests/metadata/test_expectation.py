"""When the next edition is expected: by the update cycle, the last period, and how late editions were."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opendata.domain.meaning.periods import KINDS, join_periods, period_of, read_period, span_periods
from opendata.metadata.codes import UPDATE_CYCLES
from opendata.metadata.expectation import DELAYS, expect_next, learn_cycle


def day(text: str) -> date:
    return date.fromisoformat(text)


@pytest.mark.parametrize(
    ("cycle", "published", "period", "by", "editions"),
    [
        ("monthly", [("2026-10", "2026-11-18")], "2026-11", "2026-12-30", 0),
        (
            "monthly",
            [("2026-10", "2026-11-18"), ("2026-09", "2026-10-20"), ("2026-08", "2026-09-19")],
            "2026-11",
            "2026-12-19",
            3,
        ),
        (
            "monthly",
            [
                ("2026-10", "2026-12-30"),
                ("2026-10", "2026-11-18"),
                ("2026-09", "2026-10-18"),
                ("2026-08", "2026-09-18"),
            ],
            "2026-11",
            "2026-12-18",
            3,
        ),
        ("monthly", [("2026-01/2026-10", "2026-11-18")], "2026-11", "2026-12-30", 0),
        ("quarterly", [("2026-Q4", "2027-01-20")], "2027-Q1", "2027-04-30", 0),
        ("annual", [("2025", "2026-03-01"), ("2024", "2025-03-01")], "2026", "2027-03-31", 0),
        ("weekly", [("2026-W53", "2027-01-04")], "2027-W01", "2027-01-17", 0),
        ("daily", [("2026-12-31", "2027-01-01")], "2027-01-01", "2027-01-02", 0),
        ("semiannual", [("2026-H1", "2026-08-01")], "2026-H2", "2027-03-01", 0),
    ],
)
def test_the_next_period_ends_and_the_usual_time_passes(cycle, published, period, by, editions):
    found = expect_next(cycle, [(text, day(issued)) for text, issued in published])
    assert found is not None
    assert (found.period, found.by, found.editions) == (period, day(by), editions)


@pytest.mark.parametrize("cycle", ["", "irregular", "never", "realtime", "hourly"])
def test_without_a_cycle_of_periods_nothing_is_expected(cycle):
    assert expect_next(cycle, [("2026-10", day("2026-11-18"))]) is None


def test_without_a_period_nothing_is_expected_and_every_cycle_is_a_code():
    assert expect_next("monthly", [("", day("2026-11-18"))]) is None
    assert set(DELAYS) <= set(UPDATE_CYCLES)


@given(st.dates(date(1000, 1, 4), date(2998, 1, 1)), st.sampled_from(KINDS))
def test_a_period_of_a_day_contains_it_and_the_next_begins_the_day_after_its_end(found: date, kind: str) -> None:
    period = period_of(found, kind)
    assert period.start <= found <= period.end
    assert read_period(period.text) == period
    following = period.find_next(kind)
    assert following.start == period.end + timedelta(days=1)
    assert join_periods(period, following) == read_period(f"{period.text}/{following.text}")


@pytest.mark.parametrize(
    "text",
    ["", "2026-13", "2026-Q5", "2026-W54", "2026-02-30", "2026-10/2026-09", "2026/2026-10", "2026-10/", "0026", "x"],
)
def test_anything_else_is_no_period(text):
    assert read_period(text) is None


@pytest.mark.parametrize(
    ("periods", "whole", "cycle"),
    [
        (["2026-10", "2026-08", "2026-09"], "2026-08/2026-10", "monthly"),
        (["2026-01/2026-03", "2026-04"], "2026-01/2026-04", "monthly"),
        (["2026-01", "2026-03", "2026-07"], "2026-01/2026-07", None),
        (["2025", "2026-01"], "2025-01/2026-01", None),
        (["2025-Q4", "2025"], "2025", None),
        (["2024", "2026", "2025"], "2024/2026", "annual"),
        (["2026-W01", "2026-02"], "2025-12-29/2026-02-28", None),
    ],
)
def test_editions_cover_the_time_from_first_to_last_and_tell_their_cycle(
    periods: list[str], whole: str, cycle: str | None
) -> None:
    read = [period for text in periods if (period := read_period(text)) is not None]
    spanned = span_periods(read)
    assert spanned is not None
    assert (spanned.text, learn_cycle(read)) == (whole, cycle)
