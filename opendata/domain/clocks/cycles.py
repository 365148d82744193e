"""Periods that follow one another: months, quarters, half-years, years, or every so many days."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from opendata.domain.meaning.periods import Period, period_of, read_period


class Cycle(StrEnum):
    """How often a period ends; `days`: every so many days."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    HALF = "half"
    YEAR = "year"
    DAYS = "days"


@dataclass(frozen=True, slots=True)
class Repetition:
    """A cycle, and for `days` how many of them."""

    cycle: Cycle
    days: int = 0

    def first_ending(self, since: date) -> Period:
        """The first period that ends on a day or later; of `days`, the one that begins on it."""
        if self.cycle == Cycle.DAYS:
            return _span(since, self.days)
        return period_of(since, self.cycle)

    def following(self, period: Period) -> Period:
        """The period that begins where one ends."""
        if self.cycle == Cycle.DAYS:
            return _span(period.end + timedelta(days=1), self.days)
        return period.find_next(self.cycle)


MOST = 400
"""At most this many periods are listed at once."""


def list_periods(repetition: Repetition, first: Period, today: date) -> Iterator[Period]:
    """The periods from the first on that have ended before today, and the one that runs; at most `MOST`."""
    period = first
    for _ in range(MOST):
        yield period
        if period.end >= today:
            return
        period = repetition.following(period)


@dataclass(frozen=True, slots=True)
class PublishedEdition:
    """A published version: the day, and what it is about: its own period, and that of all its rows. Both may be ""."""

    day: date
    period: str = ""
    coverage: str = ""
    version: str = ""
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Coverage:
    """The periods that published editions cover, in the order of their days; `is_dated`: they say so themselves."""

    parts: Sequence[tuple[Period, PublishedEdition]]
    is_dated: bool

    @property
    def end(self) -> date | None:
        """The last day covered; None of nothing."""
        return max((period.end for period, _ in self.parts), default=None)

    def find(self, period: Period) -> PublishedEdition | None:
        """The first edition with a period; where editions don't say theirs, the first that came out after it."""
        for other, edition in self.parts:
            if other.contains(period) or (not self.is_dated and other.end >= period.end):
                return edition
        return None


def find_coverage(cycle: Cycle, editions: Sequence[PublishedEdition]) -> Coverage:
    """What editions cover. Where none says its period, each is about the one before the day on which it came out."""
    ordered = sorted(editions, key=lambda edition: edition.day)
    said = [
        (period, edition)
        for edition in ordered
        for text in dict.fromkeys((edition.period, edition.coverage))
        if text and (period := read_period(text)) is not None
    ]
    if said:
        return Coverage(said, is_dated=True)
    return Coverage([(_before(cycle, edition.day), edition) for edition in ordered], is_dated=False)


def _before(cycle: Cycle, day: date) -> Period:
    return period_of(period_of(day, cycle).start - timedelta(days=1), cycle)


def _span(start: date, days: int) -> Period:
    end = start + timedelta(days=max(days, 1) - 1)
    text = start.isoformat() if end == start else f"{start.isoformat()}/{end.isoformat()}"
    return Period(text, "day", start, end)
