"""The opening plan (开放计划): whether an item was opened on the day that the plan had for it.

A date that was moved after it had passed was missed, whatever the new one is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from opendata.errors import N_


class Outcome(StrEnum):
    """What became of a plan."""

    PLANNED = "planned"
    LATE = "late"
    KEPT = "kept"
    KEPT_LATE = "kept-late"
    DROPPED = "dropped"


OUTCOME_NAMES = {
    Outcome.PLANNED: N_("Planned"),
    Outcome.LATE: N_("Overdue"),
    Outcome.KEPT: N_("Opened on time"),
    Outcome.KEPT_LATE: N_("Opened late"),
    Outcome.DROPPED: N_("No longer planned"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedDay:
    """A day that the plan had for an item, None where it had none from then on.

    It was set on the day `decided` for a `reason`, and `replaced` is the day on which the next one was set, if one was.
    """

    opens: date | None
    reason: str
    decided: date
    replaced: date | None = None

    @property
    def was_missed(self) -> bool:
        """Whether it had passed before it was moved."""
        return self.opens is not None and self.replaced is not None and self.replaced > self.opens


def count_missed(days: Iterable[PlannedDay]) -> int:
    """How many of the days had passed before they were moved."""
    return sum(day.was_missed for day in days)


def judge(opens: date | None, opened: date | None, missed: int, today: date) -> Outcome:
    """What became of a plan with the newest day `opens`, for an item first opened on `opened`.

    `missed` counts the earlier days that had passed before they were moved.
    """
    if opened is not None:
        return Outcome.KEPT if not missed and opens is not None and opened <= opens else Outcome.KEPT_LATE
    if opens is None:
        return Outcome.DROPPED
    return Outcome.PLANNED if today <= opens else Outcome.LATE
