"""Days as text are read in one notation."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opendata.domain.moments import read_day


@given(st.dates())
def test_a_day_is_read_as_it_is_written(day: date) -> None:
    assert read_day(day.isoformat()) == day


@pytest.mark.parametrize(
    "text",
    ["2026-W01-1", "20260101", "2026-001", "2026-02-29", "2026-1-1", "2026-01-01\n", "２０２６-01-01", "", None, 2026],
)
def test_other_notations_are_no_day(text: object) -> None:
    assert read_day(text) is None
