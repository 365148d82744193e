"""Index numbers, and what becomes of a plan: the rules as tables."""

from __future__ import annotations

from datetime import date

import pytest

from opendata.domain.inventory.index_numbers import is_own_number, write_index_number
from opendata.domain.inventory.plan import Outcome, PlannedDay, count_missed, judge
from opendata.errors import UsageError
from opendata.setting_values import parse_index_pattern

CODE = "11370104597024629Y"


@pytest.mark.parametrize(
    ("pattern", "number"),
    [
        ("{uscc}/{year}-{serial}", "11370104597024629Y/2026-00042"),
        ("{uscc}-A/{year}-{serial}", "11370104597024629Y-A/2026-00042"),
        ("{organisation}/{year}-{serial}", "597024629/2026-00042"),
        ("{uscc}/{year}{month}-{serial}", "11370104597024629Y/202603-00042"),
    ],
)
def test_a_number_has_the_office_the_year_and_the_serial(pattern: str, number: str) -> None:
    assert parse_index_pattern("index_number", "", pattern) == pattern
    assert write_index_number(pattern, CODE, date(2026, 3, 1), 42) == number
    assert is_own_number(number, CODE)
    assert not is_own_number(number, "11332500MB1601924J")


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        "{uscc}-{serial}",
        "{year}-{serial}",
        "{uscc}/{year}",
        "{uscc}/{year}-{serial}{serial}",
        "{uscc} {year}{serial}",
        "{uscc}{year}{serial}{day}",
        "索引{uscc}{year}{serial}",
    ],
)
def test_a_pattern_that_could_give_a_number_twice_is_refused(pattern: str) -> None:
    with pytest.raises(UsageError):
        parse_index_pattern("index_number", "", pattern)


MAY, JUNE, JULY = date(2026, 5, 31), date(2026, 6, 30), date(2026, 7, 31)


@pytest.mark.parametrize(
    ("opens", "opened", "missed", "today", "outcome"),
    [
        (JUNE, None, 0, MAY, Outcome.PLANNED),
        (JUNE, None, 0, JUNE, Outcome.PLANNED),  # the day itself is in time
        (JUNE, None, 0, date(2026, 7, 1), Outcome.LATE),
        (JUNE, JUNE, 0, JULY, Outcome.KEPT),
        (JUNE, MAY, 0, JULY, Outcome.KEPT),
        (JUNE, date(2026, 7, 1), 0, JULY, Outcome.KEPT_LATE),
        (JULY, JUNE, 1, JULY, Outcome.KEPT_LATE),  # before the new date, but an earlier one had passed
        (JULY, None, 1, JUNE, Outcome.PLANNED),
        (None, None, 0, JUNE, Outcome.DROPPED),
        (None, JUNE, 0, JUNE, Outcome.KEPT_LATE),  # opened after it was taken off the plan
    ],
)
def test_what_becomes_of_a_plan(
    opens: date | None, opened: date | None, missed: int, today: date, outcome: Outcome
) -> None:
    assert judge(opens, opened, missed, today) == outcome


def test_a_date_that_was_moved_after_it_had_passed_was_missed() -> None:
    def day(opens: date | None, replaced: date | None) -> PlannedDay:
        return PlannedDay(opens=opens, reason="", decided=date(2026, 1, 5), replaced=replaced)

    assert count_missed([day(MAY, MAY), day(JUNE, date(2026, 7, 1)), day(None, JULY), day(JULY, None)]) == 1
