"""When something is due: so many days, working days or months after what starts the clock, or on a day of the year.

The day that starts a clock isn't counted. A clock can be paused (what a third party takes for its opinion isn't
counted) and extended.

Source: Regulations on Open Government Information (Decree 711), articles 26 to 49; 政府信息公开条例.
"""

from __future__ import annotations

import calendar as months
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from opendata.domain.clocks.calendar import WorkingCalendar


class Unit(StrEnum):
    """What a limit is counted in."""

    DAY = "day"
    WORKING_DAY = "working-day"
    MONTH = "month"
    FIXED_DATE = "fixed-date"


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit: `number` of a unit; of a fixed date, month times 100 plus day (131: 31 January of the next year)."""

    number: int
    unit: Unit


@dataclass(frozen=True, slots=True)
class Pause:
    """Days that aren't counted, both included; `end` is None while it lasts."""

    begin: date
    end: date | None = None

    def covers(self, day: date) -> bool:
        """Whether a day isn't counted."""
        return self.begin <= day and (self.end is None or day <= self.end)


def find_due(start: date, limit: Limit, calendar: WorkingCalendar, pauses: Sequence[Pause] = ()) -> date | None:
    """The last day that is in time; None while a pause without an end stops the clock before that.

    Raises `UnknownYearError` where a working day of a year that isn't announced would be counted.
    """
    match limit.unit:
        case Unit.WORKING_DAY:
            return _count(start, limit.number, pauses, calendar)
        case Unit.DAY:
            return _count(start, limit.number, pauses, None)
        case Unit.MONTH:
            return _shift(add_months(start, limit.number), start, pauses)
        case Unit.FIXED_DATE:
            month, day = divmod(limit.number, 100)
            return date(start.year + 1, month, day)


def add_months(day: date, number: int) -> date:
    """The same day of a later month, or its last day where it is shorter: one month after 31 January is 28 February."""
    year, month = divmod(day.year * 12 + day.month - 1 + number, 12)
    return date(year, month + 1, min(day.day, months.monthrange(year, month + 1)[1]))


def _count(start: date, number: int, pauses: Sequence[Pause], calendar: WorkingCalendar | None) -> date | None:
    day = start
    while number > 0:
        day += timedelta(days=1)
        if any(pause.covers(day) for pause in pauses):
            if any(pause.covers(day) and pause.end is None for pause in pauses):
                return None
            continue
        if calendar is None or calendar.is_working(day):
            number -= 1
    return day


def _shift(due: date, start: date, pauses: Sequence[Pause]) -> date | None:
    """A day, later by those days after the start that aren't counted."""
    day = start
    while day < due:
        day += timedelta(days=1)
        found = [pause for pause in pauses if pause.covers(day)]
        if any(pause.end is None for pause in found):
            return None
        if found:
            due += timedelta(days=1)
    return due
