"""The period that a table is about, in one normal form: a year, a part of one, a day, or from one to another.

Source: ISO 8601 for years, months, weeks, days and intervals (`start/end`, both included). It has no quarters and
half-years: these are `2026-Q3` and `2026-H1`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

KINDS = ("day", "week", "month", "quarter", "half", "year")
"""The kinds of periods, the shortest first."""

_FORMS: Mapping[str, re.Pattern[str]] = {
    "year": re.compile(r"(\d{4})"),
    "half": re.compile(r"(\d{4})-H([12])"),
    "quarter": re.compile(r"(\d{4})-Q([1-4])"),
    "month": re.compile(r"(\d{4})-(0[1-9]|1[0-2])"),
    "week": re.compile(r"(\d{4})-W(\d\d)"),
    "day": re.compile(r"(\d{4})-(\d\d)-(\d\d)"),
}
_MONTHS = {"half": 6, "quarter": 3, "month": 1}
MOST_PARTS = 400
_EARLIEST, _LATEST = 1000, 2999


@dataclass(frozen=True, slots=True)
class Period:
    """A period: its normal form, its first and its last day. `kind` is that of its ends, one of `KINDS`."""

    text: str
    kind: str
    start: date
    end: date

    @property
    def year(self) -> int | None:
        """The year that all its days are in."""
        return self.start.year if self.start.year == self.end.year else None

    @property
    def is_interval(self) -> bool:
        """Whether it goes from one year, month or day to another."""
        return "/" in self.text

    def contains(self, other: Period) -> bool:
        """Whether all days of another period are in this one."""
        return self.start <= other.start and other.end <= self.end

    def split(self) -> Iterator[Period]:
        """The periods of its kind from its first to its last; at most `MOST_PARTS`."""
        part = period_of(self.start, self.kind)
        for _ in range(MOST_PARTS):
            yield part
            if part.end >= self.end:
                return
            part = part.find_next(self.kind)

    def find_next(self, kind: str) -> Period:
        """The period of a kind that begins where this one ends."""
        return period_of(self.end + timedelta(days=1), kind)


def read_period(text: str) -> Period | None:
    """The period that a normal form stands for; None for any other text, and for an end before its start."""
    first, slash, last = text.partition("/")
    start = _read_one(first)
    if not slash or start is None:
        return start
    end = _read_one(last)
    if end is None or end.kind != start.kind or end.start <= start.start:
        return None
    return Period(text, start.kind, start.start, end.end)


def join_periods(first: Period, last: Period) -> Period | None:
    """From the beginning of one period to the end of another of its kind; None where they don't fit."""
    if first.text == last.text:
        return first
    return read_period(f"{first.text.partition('/')[0]}/{last.text.rpartition('/')[2]}")


def span_periods(periods: Sequence[Period]) -> Period | None:
    """From the first day of some periods to the last, in the longest kind of period that has both; None of none."""
    if not periods:
        return None
    start, end = min(item.start for item in periods), max(item.end for item in periods)
    whole = next((item for item in periods if (item.start, item.end) == (start, end)), None)
    if whole is not None:
        return whole
    shortest = min(KINDS.index(item.kind) for item in periods)
    for kind in [KINDS[shortest], "day"]:
        first, last = period_of(start, kind), period_of(end, kind)
        if (first.start, last.end) == (start, end):
            return join_periods(first, last)
    return None


def period_of(day: date, kind: str) -> Period:
    """The period of a kind that a day is in."""
    year, month = day.year, day.month
    if kind == "week":
        year, week, _ = day.isocalendar()
        text = f"{year:04d}-W{week:02d}"
    else:
        text = {
            "day": day.isoformat(),
            "month": f"{year:04d}-{month:02d}",
            "quarter": f"{year:04d}-Q{(month + 2) // 3}",
            "half": f"{year:04d}-H{1 if month < 7 else 2}",
            "year": f"{year:04d}",
        }[kind]
    found = _read_one(text)
    if found is None:
        raise ValueError(text)
    return found


def _read_one(text: str) -> Period | None:
    for kind, form in _FORMS.items():
        match = form.fullmatch(text)
        if match is None or not _EARLIEST <= int(match[1]) <= _LATEST:
            continue
        numbers = [int(number) for number in match.groups()]
        try:
            start, end = _find_days(kind, numbers)
        except ValueError:
            return None
        return Period(text, kind, start, end)
    return None


def _find_days(kind: str, numbers: list[int]) -> tuple[date, date]:
    year = numbers[0]
    if kind == "year":
        return date(year, 1, 1), date(year, 12, 31)
    if kind == "day":
        day = date(*numbers)
        return day, day
    if kind == "week":
        start = date.fromisocalendar(year, numbers[1], 1)
        return start, start + timedelta(days=6)
    length = _MONTHS[kind]
    first = (numbers[1] - 1) * length + 1
    after = date(year + 1, 1, 1) if first + length > 12 else date(year, first + length, 1)
    return date(year, first, 1), after - timedelta(days=1)
