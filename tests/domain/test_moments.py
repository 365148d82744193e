"""Days and moments as text are read in one notation each."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opendata.domain.moments import read_day, read_moment


@given(st.dates())
def test_a_day_is_read_as_it_is_written(day: date) -> None:
    assert read_day(day.isoformat()) == day


@pytest.mark.parametrize(
    "text",
    ["2026-W01-1", "20260101", "2026-001", "2026-02-29", "2026-1-1", "2026-01-01\n", "２０２６-01-01", "", None, 2026],
)
def test_other_notations_are_no_day(text: object) -> None:
    assert read_day(text) is None


@pytest.mark.parametrize(
    ("text", "hour"),
    [
        ("2026-01-31", 16),
        ("2026-01-31T08:00", 0),
        ("2026-01-31 08:00:00.5", 0),
        ("2026-01-31T08:00:00Z", 8),
        ("2026-01-31T08:00:00+01:00", 7),
    ],
)
def test_a_moment_is_read_in_its_zone_or_the_one_that_is_meant(text: str, hour: int) -> None:
    found = read_moment(text, timezone(timedelta(hours=8)))
    assert found is not None
    assert found.replace(microsecond=0) == datetime(2026, 1, 30 if hour == 16 else 31, hour, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        *("2026-W05-1", "2026-W05-1T08:00", "20260131", "20260131T0800", "2026-001", "2026-01-31T08", "2026-02-30"),
        *(
            "2026-01-31T25:00",
            "0001-01-01T00:00+08:00",
            "9999-12-31T23:59-08:00",
            "2026-01-31T08:00 ",
            "２026-01-31",
            "",
        ),
    ],
)
def test_other_notations_are_no_moment(text: str) -> None:
    assert read_moment(text, UTC) is None
