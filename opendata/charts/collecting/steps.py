"""Steps along an axis: which width of intervals fits a column with many values."""

from __future__ import annotations

from datetime import date, timedelta
from math import ceil, floor, isfinite, log10
from typing import Any

from opendata.charts.collecting.asking import Ask, Key, Measure, Question
from opendata.charts.columns import ChartColumn
from opendata.charts.points import Bin
from opendata.errors import N_

_DAYS = {"minute": 1 / 1440, "hour": 1 / 24, "day": 1, "month": 28, "year": 365}
PERIODS = {
    "minute": N_("a minute"),
    "hour": N_("an hour"),
    "day": N_("a day"),
    "month": N_("a month"),
    "year": N_("a year"),
}
"""Period of a key → what it is called."""


def choose_key(column: ChartColumn, ask: Ask, most: int) -> Key:
    """A key with about `most` groups or fewer: of the values themselves where these aren't more."""
    measures = tuple(Measure(name, column.name) for name in ("least", "greatest", "distinct"))
    least, greatest, distinct = ask(Question(keys=(), measures=measures))[0]
    if distinct <= most:
        return Key(column.name)
    if isinstance(least, date):
        days = (greatest - least) / timedelta(days=1) + 1 / 1440
        period = next((name for name, length in _DAYS.items() if days / length <= most), "year")
        return Key(column.name, period=period)
    ends = _read_ends(least, greatest)
    return make_interval_key(column, *ends, most // 3) if ends else Key(column.name)


def make_interval_key(column: ChartColumn, least: float, greatest: float, most: int) -> Key:
    """Intervals of a round width, about `most` or fewer between two ends."""
    width = _round_up((greatest - least) / most) if greatest > least else 1.0
    if column.field.type == "integer":
        width = max(1.0, width)
    return Key(column.name, start=tidy(floor(least / width) * width), width=width)


def read_interval(key: Key, value: Any) -> Any:
    """The interval that a group of a key is; a value as it is where the key has no width."""
    if not key.width or value is None or not isfinite(value):
        return value
    return Bin(tidy(key.start + int(value) * key.width), tidy(key.start + (int(value) + 1) * key.width))


def tidy(value: float) -> float:
    """Without the last digits, in which sums of binary fractions differ from decimal ones."""
    return float(f"{value:.12g}")


def _read_ends(least: Any, greatest: Any) -> tuple[float, float] | None:
    try:
        ends = float(least), float(greatest)
    except (TypeError, ValueError):
        return None
    return ends if all(map(isfinite, ends)) else None


def _round_up(width: float) -> float:
    """The next of 1, 2, 2.5, 5 times a power of ten."""
    power = 10.0 ** floor(log10(width))
    step = next((item for item in (1, 2, 2.5, 5, 10) if item * power >= width * (1 - 1e-9)), 10)
    return tidy(step * power) or ceil(width)
