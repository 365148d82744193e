"""Where values are on an axis, and the marks along it: round numbers, years, months, days, hours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from babel.dates import format_datetime, format_skeleton

from opendata.charts.points import Bin
from opendata.charts.words import Words, write_month

_YEARS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
_MONTHS = (1, 2, 3, 6)
_DAYS = (1, 2, 5, 10, 15)
_HOURS = (1, 2, 3, 6, 12)
_MOST_MARKS = 9
_FIRST = datetime(1, 1, 1)  # noqa: DTZ001 - typed moments have no zone, or are in UTC

Mark = tuple[float, str]
"""Where it is, and what is written there."""


def place_value(value: Any) -> float:
    """Where a value is on an axis: numbers are themselves, moments days since 0001-01-01, months are counted."""
    match value:
        case Bin():
            return (value.start + value.end) / 2
        case datetime():
            moment = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
            return (moment - _FIRST) / timedelta(days=1) + 1
        case date():
            return float(value.toordinal())
        case str():
            return float(int(value[:4]) * 12 + int(value[5:7]) - 1)
        case _:
            return float(value)


def list_marks(values: Sequence[Any], words: Words) -> Sequence[Mark] | None:
    """The marks of an axis of times; None where it has numbers, whose marks follow from their ends."""
    if not values or not isinstance(values[0], date | str):
        return None
    if isinstance(values[0], str):
        return _mark_months(min(values), max(values), words)
    return _mark_moments(min(values), max(values), words)


def _mark_months(first: str, last: str, words: Words) -> Sequence[Mark]:
    start, end = (int(place_value(text)) for text in (first, last))
    steps = (*_MONTHS, *(12 * years for years in _YEARS))
    step = next(item for item in steps if (end - start) / item < _MOST_MARKS)
    months = range(-(-start // step) * step, end + 1, step)
    if step % 12 == 0:
        return [(float(month), f"{month // 12:04}") for month in months]
    return [(float(month), write_month(f"{month // 12:04}-{month % 12 + 1:02}", words.language)) for month in months]


def _mark_moments(first: date, last: date, words: Words) -> Sequence[Mark]:
    days = place_value(last) - place_value(first)
    language = words.language
    for step in _HOURS if isinstance(first, datetime) else ():
        if days * 24 / step < _MOST_MARKS:
            moments = _list_hours(place_value(first), place_value(last), step)
            return [(place, str(format_datetime(moment, "MM-dd HH:mm", locale=language))) for place, moment in moments]
    for step in _DAYS:
        if days / step < _MOST_MARKS:
            start, end = int(place_value(first)), int(place_value(last))
            dates = [date.fromordinal(day) for day in range(start, end + 1) if (day - start) % step == 0]
            return [(float(item.toordinal()), str(format_skeleton("yMMMd", item, locale=language))) for item in dates]
    months = _mark_months(_name_month(first), _name_month(last), words)
    placed = [(date(int(month) // 12, int(month) % 12 + 1, 1), text) for month, text in months]
    return [(float(item.toordinal()), text) for item, text in placed if item >= _day(first)]


def _list_hours(start: float, end: float, step: int) -> Iterator[tuple[float, datetime]]:
    moment = datetime.fromordinal(int(start))
    while (place := place_value(moment)) <= end:
        if place >= start:
            yield place, moment
        moment += timedelta(hours=step)


def _name_month(day: date) -> str:
    return f"{day.year:04}-{day.month:02}"


def _day(value: date) -> date:
    return value.date() if isinstance(value, datetime) else value
