"""Working days around holidays, and when what must be done is due."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opendata.domain.clocks.calendar import UnknownYearError, WorkingYear, load_calendar
from opendata.domain.clocks.limits import Limit, Pause, Unit, add_months, find_due

CHINA = load_calendar()
DAYS = Path(__file__).parents[3] / "datasets/general-office-state-council/public-holidays/days.csv"


def test_the_calendar_says_what_the_notices_say() -> None:
    with DAYS.open(encoding="utf-8") as file:
        told = {date.fromisoformat(row["date"]): row["is_day_off"] == "true" for row in csv.DictReader(file)}
    known = {day: is_off for day, is_off in told.items() if day.year in CHINA.years}
    assert len(known) > 250
    assert {day for day, is_off in known.items() if CHINA.is_working(day) == is_off} == set()


@pytest.mark.parametrize(
    ("start", "number", "unit", "due"),
    [
        ("2026-02-09", 3, Unit.WORKING_DAY, "2026-02-12"),
        ("2026-02-13", 1, Unit.WORKING_DAY, "2026-02-14"),  # a Saturday on which people work
        ("2026-02-14", 1, Unit.WORKING_DAY, "2026-02-24"),  # the whole Spring Festival lies between
        ("2026-09-30", 1, Unit.WORKING_DAY, "2026-10-08"),
        ("2026-03-02", 20, Unit.WORKING_DAY, "2026-03-30"),
        ("2026-03-02", 20, Unit.DAY, "2026-03-22"),
        ("2026-01-31", 1, Unit.MONTH, "2026-02-28"),
        ("2024-01-31", 1, Unit.MONTH, "2024-02-29"),
        ("2024-02-29", 12, Unit.MONTH, "2025-02-28"),
        ("2026-06-30", 131, Unit.FIXED_DATE, "2027-01-31"),
    ],
)
def test_what_is_due(start: str, number: int, unit: Unit, due: str) -> None:
    assert str(find_due(date.fromisoformat(start), Limit(number, unit), CHINA)) == due


def test_a_year_that_is_not_announced_is_not_guessed() -> None:
    with pytest.raises(UnknownYearError, match="2027"):
        find_due(date(2026, 12, 30), Limit(5, Unit.WORKING_DAY), CHINA)
    later = CHINA.extend({2027: WorkingYear.from_json(2027, {"off": ["01-01"], "on": []})})
    assert find_due(date(2026, 12, 30), Limit(2, Unit.WORKING_DAY), later) == date(2027, 1, 4)


def test_what_others_take_is_not_counted() -> None:
    limit = Limit(20, Unit.WORKING_DAY)
    asked = Pause(date(2026, 3, 9))
    assert find_due(date(2026, 3, 2), limit, CHINA, [asked]) is None
    answered = Pause(date(2026, 3, 9), date(2026, 3, 13))
    assert find_due(date(2026, 3, 2), limit, CHINA, [answered]) == date(2026, 4, 7)
    assert find_due(
        date(2026, 1, 31), Limit(1, Unit.MONTH), CHINA, [Pause(date(2026, 2, 2), date(2026, 2, 3))]
    ) == date(2026, 3, 2)


@given(st.dates(date(2020, 1, 1), date(2026, 6, 1)), st.integers(0, 60))
def test_working_days_are_as_many_as_were_asked_for(start: date, number: int) -> None:
    due = find_due(start, Limit(number, Unit.WORKING_DAY), CHINA)
    assert due is not None
    between = [start + timedelta(days=step) for step in range(1, (due - start).days + 1)]
    assert sum(map(CHINA.is_working, between)) == number
    assert number == 0 or CHINA.is_working(due)


@given(st.dates(date(1900, 1, 1), date(2100, 1, 1)), st.integers(0, 48))
def test_months_end_where_months_end(day: date, number: int) -> None:
    later = add_months(day, number)
    assert (later.year - day.year) * 12 + later.month - day.month == number
    assert later.day == day.day or (later + timedelta(days=1)).day == 1
