"""When the reply to a request is due, computed from what happened to it and from nothing else.

    receipt, or the answer to a question for clarification → so many working days, and twenty more once extended
    days on which the opinion of a third party is waited for (fifteen working days at most) aren't counted

Source: 政府信息公开条例 (Decree 711), articles 30, 32 and 33.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from opendata.domain.clocks.calendar import WorkingCalendar
from opendata.domain.clocks.limits import Limit, Pause, Unit, find_due
from opendata.domain.requests.steps import RequestStep
from opendata.errors import UnknownYearError

EXTENSION_DAYS = 20
"""Working days that an extension adds."""

CLARIFY_DAYS = 7
"""Working days after receipt within which the publisher may ask for clarification."""

THIRD_PARTY_DAYS = 15
"""Working days that a third party has for its opinion; they aren't counted."""

NEAR_DAYS = 3
"""Days before the due date from which a request counts as nearly due."""


@dataclass(frozen=True, slots=True)
class Happening:
    """A step and the day on which it was taken."""

    step: RequestStep
    day: date


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestClock:
    """The last day on which the reply is in time.

    It is None while the clock stands still (`is_paused`), and where the working days of `unknown_year` aren't known.
    """

    start: date
    days: int
    due: date | None
    is_paused: bool = False
    is_extended: bool = False
    unknown_year: int | None = None

    def is_overdue(self, today: date) -> bool:
        """Whether the reply is late on a day."""
        return self.due is not None and self.due < today

    def is_near(self, today: date) -> bool:
        """Whether the reply is due within a few days."""
        return self.due is not None and today <= self.due <= today + timedelta(days=NEAR_DAYS)


def find_clock(days: int, happened: Sequence[Happening], calendar: WorkingCalendar, today: date) -> RequestClock:
    """The clock of a request that has so many working days. `happened` begins with its receipt, in order."""
    start, extended, waits_for_asker = happened[0].day, False, False
    for item in happened:
        if item.step == RequestStep.CLARIFY:
            waits_for_asker = True
        elif item.step == RequestStep.ANSWER:
            start, waits_for_asker = item.day, False
        elif item.step == RequestStep.EXTEND:
            extended = True
    days += EXTENSION_DAYS if extended else 0
    if waits_for_asker:
        return RequestClock(start=start, days=days, due=None, is_paused=True, is_extended=extended)
    try:
        pauses = list(_list_pauses(happened, calendar, today))
        due = find_due(start, Limit(days, Unit.WORKING_DAY), calendar, pauses)
    except UnknownYearError as error:
        year = int(str(error.params["year"]))
        return RequestClock(start=start, days=days, due=None, is_extended=extended, unknown_year=year)
    return RequestClock(start=start, days=days, due=due, is_paused=due is None, is_extended=extended)


def find_clarify_end(received: date, calendar: WorkingCalendar) -> date | None:
    """The last day on which clarification may be asked for. Raises `UnknownYearError`."""
    return find_due(received, Limit(CLARIFY_DAYS, Unit.WORKING_DAY), calendar)


def _list_pauses(happened: Sequence[Happening], calendar: WorkingCalendar, today: date) -> Iterator[Pause]:
    """The stretches that aren't counted. A third party that says nothing stops the clock for its term alone."""
    begun: date | None = None
    for item in happened:
        if item.step == RequestStep.CONSULT:
            begun = item.day
        elif item.step == RequestStep.OPINION and begun is not None:
            yield Pause(begun + timedelta(days=1), min(item.day, _find_term(begun, calendar)))
            begun = None
    if begun is not None:
        term = _find_term(begun, calendar)
        yield Pause(begun + timedelta(days=1), None if today <= term else term)


def _find_term(begun: date, calendar: WorkingCalendar) -> date:
    found = find_due(begun, Limit(THIRD_PARTY_DAYS, Unit.WORKING_DAY), calendar)
    assert found is not None  # noqa: S101 - only a pause gives None
    return found
