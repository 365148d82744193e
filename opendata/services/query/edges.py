"""Where the bars of a histogram begin: round numbers, first days of years and months."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from math import isfinite
from typing import Any

from opendata.domain.profile import Bound
from opendata.domain.schema import Field
from opendata.query.values import MOMENTS, NUMBERS

_BARS = 12
_END = "10000-01-01T00:00:00"
"""Where the last year ends that a date has: `9999-12-31` often stands for no end."""

_LAST = datetime(9999, 12, 31, 23, 59)  # noqa: DTZ001

_MONTHS = (1, 3, 6, 12, 24, 60, 120, 240, 600, 1200, 6000, 12000)


@dataclass(frozen=True, slots=True)
class Edge:
    """Where a bar begins: as a profile has it, and as SQL does."""

    bound: Bound
    literal: str


def list_edges(field: Field, least: Any, greatest: Any) -> Sequence[Edge]:
    """The edges of at most 20 bars from the least to beyond the greatest value; none where these are one."""
    if least is None or greatest is None or least == greatest:
        return ()
    if field.type in NUMBERS:
        return _list_numbers(field, least, greatest)
    if field.type in MOMENTS:
        return list(_list_moments(least, greatest))
    return ()


def _list_numbers(field: Field, least: Any, greatest: Any) -> Sequence[Edge]:
    if isinstance(least, float) and not (isfinite(least) and isfinite(greatest)):
        return ()
    low, high = Decimal(str(least)), Decimal(str(greatest))
    step = _round_up((high - low) / _BARS)
    if field.type != "number":
        step = max(step, Decimal(1))
    first = (low / step).to_integral_value("ROUND_FLOOR") * step
    count = int((high - first) / step) + 2
    texts = [format((first + place * step).normalize(), "f") for place in range(count)]
    return [Edge(_as_bound(text), text) for text in texts]


def _round_up(step: Decimal) -> Decimal:
    """The next of 1, 2 and 5 with zeros."""
    power = Decimal(1).scaleb(step.adjusted())
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= step)


def _as_bound(text: str) -> Bound:
    return text if "." in text else int(text)


def _list_moments(least: date, greatest: date) -> Iterator[Edge]:
    is_timed = isinstance(least, datetime)
    zone = least.tzinfo if isinstance(least, datetime) else None
    starts = _list_starts(least, greatest)
    texts = [moment.isoformat() for moment in starts]
    if starts[-1] <= _as_moment(greatest):  # the calendar of Python ended before
        texts.append(_END)
    for text in texts:
        if not is_timed:
            day = text.partition("T")[0]
            yield Edge(day, f"DATE '{day}'")
        elif zone is None:
            yield Edge(text, f"TIMESTAMP '{text}'")
        else:
            yield Edge(f"{text}Z", f"TIMESTAMPTZ '{text}Z'")


def _list_starts(least: date, greatest: date) -> Sequence[datetime]:
    low, high = _as_moment(least), _as_moment(greatest)
    days = (high - low).days
    if days >= 7 * _BARS:
        months = next((size for size in _MONTHS if days / 30.4 / size <= _BARS), _MONTHS[-1])
        return list(_walk(low, high, months))
    if days >= 2:
        step = timedelta(days=int(max(Decimal(1), _round_up(Decimal(days) / _BARS))))
        start = low.replace(hour=0, minute=0, second=0, microsecond=0)
    else:
        step, start = timedelta(hours=1 if days < 1 else 4), low.replace(minute=0, second=0, microsecond=0)
    count = min(int((high - start) / step) + 2, int((_LAST - start) / step) + 1)
    return [start + place * step for place in range(count)]


def _walk(low: datetime, high: datetime, months: int) -> Iterator[datetime]:
    """First days of every so many months, until one is beyond `high`; the calendar's last year ends it."""
    month = (low.year * 12 + low.month - 1) // months * months
    yield datetime(max(1, month // 12), month % 12 + 1, 1)  # noqa: DTZ001 - typed moments have no zone here
    while month // 12 < 9999 - months // 12:
        month += months
        found = datetime(month // 12, month % 12 + 1, 1)  # noqa: DTZ001
        yield found
        if found > high:
            return


def _as_moment(value: date) -> datetime:
    if isinstance(value, datetime):
        return value.replace(tzinfo=None)
    return datetime(value.year, value.month, value.day)  # noqa: DTZ001
