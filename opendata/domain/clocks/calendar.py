"""The working days of mainland China: the week, the public holidays, and the weekend days on which people work instead.

The State Council announces each year's in the autumn before it. A year that isn't announced yet has no calendar here,
rather than a guess.

Source: the yearly notices of the General Office of the State Council on public holidays (部分节假日安排的通知).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Self

from opendata.errors import N_, UnknownYearError

_FILE = Path(__file__).with_name("workdays.json")
_SATURDAY = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkingYear:
    """What differs from the week in a year: `off` are weekdays without work, `on` weekend days with work."""

    off: frozenset[date] = field(default_factory=frozenset)
    on: frozenset[date] = field(default_factory=frozenset)

    @classmethod
    def from_json(cls, year: int, found: Mapping[str, list[str]]) -> Self:
        """Read `{"off": ["MM-DD", …], "on": ["MM-DD", …]}`. Raises `ValueError` for a day that doesn't exist."""
        days = {
            name: frozenset(date.fromisoformat(f"{year:04}-{day}") for day in found.get(name, ()))
            for name in ("off", "on")
        }
        return cls(off=days["off"], on=days["on"])

    def to_json(self) -> dict[str, list[str]]:
        """The same as it is kept."""
        return {name: [f"{day:%m-%d}" for day in sorted(days)] for name, days in (("off", self.off), ("on", self.on))}


@dataclass(frozen=True, slots=True)
class WorkingCalendar:
    """The years that are announced."""

    years: Mapping[int, WorkingYear]

    def is_working(self, day: date) -> bool:
        """Whether people work on a day. Raises `UnknownYearError` for a year that isn't announced."""
        year = self.years.get(day.year)
        if year is None:
            raise UnknownYearError(
                N_("The working days of %(year)s aren't announced or entered yet, so this can't be computed"),
                year=day.year,
            )
        return day in year.on or (day.weekday() < _SATURDAY and day not in year.off)

    def find_working(self, day: date) -> date:
        """The first working day that isn't before a day. Raises `UnknownYearError`."""
        while not self.is_working(day):
            day += timedelta(days=1)
        return day

    def extend(self, years: Mapping[int, WorkingYear]) -> WorkingCalendar:
        """The same with further years, or other ones in place of these."""
        return WorkingCalendar({**self.years, **years})


@cache
def load_calendar() -> WorkingCalendar:
    """The years that this release knows."""
    found = json.loads(_FILE.read_text(encoding="ascii"))
    return WorkingCalendar({int(year): WorkingYear.from_json(int(year), days) for year, days in found.items()})
