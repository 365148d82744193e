"""A duty with a clock: when it is due, whether it was done in time, and how many of a month were.

A month that is over counts in the same way whenever it is counted. A duty counts in the month of its due day. It was
kept only if it was done by then; done later, or never, it was missed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from opendata.domain.clocks.calendar import WorkingCalendar
from opendata.domain.clocks.limits import Limit, Pause, find_due


class DutyState(StrEnum):
    """Where a duty is; `waived`: it isn't needed."""

    RUNNING = "running"
    DONE = "done"
    LATE = "late"
    OVERDUE = "overdue"
    WAIVED = "waived"


OPEN_STATES = (DutyState.RUNNING, DutyState.OVERDUE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a due day follows from. Without a `limit` somebody `entered` the day."""

    trigger: date | None = None
    limit: Limit | None = None
    entered: date | None = None
    pauses: Sequence[Pause] = ()
    extensions: Sequence[Limit] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """What is kept of a duty in the end: due when, done when, since when it isn't needed."""

    due: date | None
    done_on: date | None = None
    waived_on: date | None = None


@dataclass(frozen=True, slots=True)
class Tally:
    """Duties due in a span of days: how many, and how many of them were done in time."""

    due: int = 0
    kept: int = 0

    @property
    def missed(self) -> int:
        """Those done late or not at all."""
        return self.due - self.kept

    @property
    def rate(self) -> float | None:
        """The share done in time, 0..1; None where nothing was due."""
        return self.kept / self.due if self.due else None


def compute_due(terms: Terms, calendar: WorkingCalendar) -> date | None:
    """The last day in time; None before the clock has started, and while it is paused. Raises `UnknownYearError`."""
    due = terms.entered
    if terms.limit is not None:
        due = None if terms.trigger is None else find_due(terms.trigger, terms.limit, calendar, terms.pauses)
    for extension in terms.extensions:
        if due is None:
            return None
        due = find_due(due, extension, calendar, terms.pauses)
    return due


def judge(life: Life, today: date) -> DutyState:
    """The state of a duty on a day."""
    if life.done_on is not None:
        return DutyState.DONE if life.due is None or life.done_on <= life.due else DutyState.LATE
    if life.waived_on is not None:
        return DutyState.WAIVED
    return DutyState.OVERDUE if life.due is not None and life.due < today else DutyState.RUNNING


def is_counted(life: Life, today: date) -> bool:
    """Whether a duty counts in the month of its due day: one that was found unnecessary within that month doesn't.

    One that still runs doesn't count yet.
    """
    if life.due is None or (life.done_on is None and life.due >= today):
        return False
    waived = life.waived_on if life.done_on is None else None
    return waived is None or (waived.year, waived.month) > (life.due.year, life.due.month)


def tally(lives: Iterable[Life], today: date) -> Tally:
    """How many of the duties that count were done in time."""
    counted = [life for life in lives if is_counted(life, today)]
    kept = sum(life.done_on is not None and life.due is not None and life.done_on <= life.due for life in counted)
    return Tally(len(counted), kept)
