"""Moments as searches write them: `2026-08-20T00:00:00Z`, `NOW-7DAYS`, `NOW/DAY`; microseconds since 1970 as numbers.

Source: the date sums of Solr ("Working with Dates" of its reference guide).
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, datetime, timedelta

from opendata.exchange.ckan.faults import QueryError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_UNITS = {
    "YEAR": "year",
    "MONTH": "month",
    "DAY": "day",
    "DATE": "day",
    "HOUR": "hour",
    "MINUTE": "minute",
    "SECOND": "second",
    "MILLI": "millisecond",
    "MILLISECOND": "millisecond",
}
_STEP = re.compile(r"(?P<sign>[+-])(?P<count>[0-9]{1,9})(?P<unit>[A-Z]+)|/(?P<floor>[A-Z]+)", re.ASCII)
_ORDER = ("year", "month", "day", "hour", "minute", "second", "microsecond")
_FIRST = {"month": 1, "day": 1}


def count_microseconds(moment: datetime) -> int:
    """A moment as a number."""
    return (moment - _EPOCH) // _MICROSECOND


def read_moment(text: str, now: datetime) -> int:
    """A moment as a search writes it. Raises `QueryError`."""
    try:
        moment, sums = _read_start(text, now)
        place = 0
        while place < len(sums):
            step = _STEP.match(sums, place)
            if step is None:
                raise ValueError(text)
            moment = _take(moment, step)
            place = step.end()
        return count_microseconds(moment)
    except (ValueError, OverflowError, KeyError):
        told = f"“{text[:60]}” isn't a date. Write 2026-08-20T00:00:00Z, or NOW-7DAYS"
        raise QueryError(f"Search Query is invalid: {told}") from None


def _read_start(text: str, now: datetime) -> tuple[datetime, str]:
    if text.startswith("NOW"):
        return now.astimezone(UTC), text.removeprefix("NOW")
    head, zone, sums = text.partition("Z")
    moment = datetime.fromisoformat(head)
    if zone and moment.tzinfo is not None:
        raise ValueError(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC), sums


def _take(moment: datetime, step: re.Match[str]) -> datetime:
    if step["floor"]:
        unit = _UNITS[_strip(step["floor"])]
        if unit == "millisecond":
            return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
        below = _ORDER[_ORDER.index(unit) + 1 :]
        return moment.replace(**{name: _FIRST.get(name, 0) for name in below})  # type: ignore[arg-type]
    count = int(step["sign"] + step["count"])
    unit = _UNITS[_strip(step["unit"])]
    if unit in ("year", "month"):
        months = moment.year * 12 + moment.month - 1 + count * (12 if unit == "year" else 1)
        year, month = divmod(months, 12)
        last = monthrange(year, month + 1)[1]
        return moment.replace(year=year, month=month + 1, day=min(moment.day, last))
    return moment + timedelta(**{f"{unit}s": count})


def _strip(unit: str) -> str:
    return unit if unit in _UNITS else unit.removesuffix("S")
