"""When a source is fetched, and what became of a run."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from opendata.errors import N_, Fault, fault


class Outcome(StrEnum):
    """What became of a run. A source that is `stopped` isn't fetched again until somebody saves it."""

    RUNNING = "running"
    DRAFT = "draft"
    UNCHANGED = "unchanged"
    FAILED = "failed"
    STOPPED = "stopped"


class Cycle(StrEnum):
    """How often a source is fetched; `dataset`: as often as the dataset is updated."""

    HOURLY = "hourly"
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    DATASET = "dataset"


REGULAR_CYCLES = ("realtime", "daily", "weekly", "monthly", "quarterly", "semiannual", "annual")
"""The update cycles of datasets by which a source can be fetched."""

_MONTHS = {"monthly": 1, "quarterly": 3, "semiannual": 6, "annual": 12}
_AT = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Timetable:
    """When a source is fetched: `at` HH:MM, on a day of the week (1: Monday) or of the month; hourly, at its minute."""

    cycle: Cycle
    at: str = "06:00"
    day: int = 1

    def list_faults(self) -> list[Fault]:
        """What is wrong with it."""
        faults = []
        if not _AT.fullmatch(self.at):
            faults.append(fault("/at", N_("Enter a time of day, such as 06:30")))
        most = 7 if self.cycle == Cycle.WEEKLY else 28
        if not 1 <= self.day <= most:
            faults.append(fault("/day", N_("Enter a day from 1 to %(most)s"), most=most))
        return faults

    def find_next(self, after: datetime, zone: ZoneInfo, update_cycle: str) -> datetime | None:
        """The first time after a moment; None where the dataset isn't updated on a cycle."""
        cycle = str(self.cycle) if self.cycle != Cycle.DATASET else update_cycle
        now = after.astimezone(zone)
        at = time.fromisoformat(self.at)
        if cycle in ("hourly", "realtime"):
            found = now.replace(minute=at.minute, second=0, microsecond=0).astimezone(UTC)
            return found if found > after else found + timedelta(hours=1)
        day = now.date()
        if cycle in _MONTHS:
            step = _MONTHS[cycle]
            month = day.month - 1 - (day.month - 1) % step
            day = day.replace(month=month + 1, day=min(self.day, 28))
        elif cycle == "weekly":
            day += timedelta(days=(min(self.day, 7) - 1 - day.weekday()) % 7)
        elif cycle != "daily":
            return None
        while (found := datetime.combine(day, at, zone).astimezone(UTC)) <= after:
            if cycle in _MONTHS:
                month = day.month - 1 + _MONTHS[cycle]
                day = day.replace(year=day.year + month // 12, month=month % 12 + 1)
            else:
                day += timedelta(days=7 if cycle == "weekly" else 1)
        return found
