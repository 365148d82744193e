"""Values of spreadsheet cells as text: numbers as people write them, dates and times in ISO 8601.

Dates in workbooks are numbers with a style (ECMA-376 part 1, 18.8.30 and 18.17.4): days since 1899-12-31, with a
29 February 1900 that never was, or since 1904-01-01.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Literal, cast

from opendata.tables.arrow.compiled import find_compiled

StyleKind = Literal["number", "date", "datetime", "time", "duration", "year", "month"]

PARTS: dict[str, int] = {"year": len("2000"), "month": len("2000-01")}
"""How many characters of a date a format shows that shows its year, or year and month, alone."""

# The numbers that stand for formats without being written down; 27-36 and 50-58 are the Chinese, Japanese and Korean.
_BUILTIN: dict[int, StyleKind] = {
    **dict.fromkeys((14, 15, 16, 17, 27, 28, 29, 30, 31, 36, 50, 51, 52, 53, 54, 57, 58), "date"),
    **dict.fromkeys((18, 19, 20, 21, 32, 33, 34, 35, 45, 47, 55, 56), "time"),
    22: "datetime",
    46: "duration",
}
_LITERAL = re.compile(
    r'"[^"]*"|[\\!].|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]|General|G/通用格式|G/標準|G/标准|Standard|E[+-][0#?]+',
    re.IGNORECASE | re.DOTALL,
)
_FRACTION = re.compile(r"(?<=s)(\]?)\.0+|(?<=s\])\.0+")  # of a second
_DIGITS = re.compile("[0#?]")
_ISO = re.compile(r"(?:(\d{4}-\d\d-\d\d)(?:T|$))?(?:(\d\d:\d\d)(:\d\d)?(\.\d*)?)?Z?")
_DAY_0 = frozenset(["", "1899-12-30", "1899-12-31", "1904-01-01"])
_PLAIN = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d*[1-9])?")
_DAY = 86_400_000  # milliseconds
_LAST_SERIAL = 2_958_466  # 10000-01-01
_FIRST_USUAL = 61  # 1900-03-01: from here on the calendar of workbooks is right
_ORDINAL = dt.date(1899, 12, 30).toordinal()
_DAYS_KEPT = 50_000
_WHOLE_SECONDS = len("2000-01-01T00:00:00")


def style_kind(number: int, code: str | None) -> StyleKind:
    """What a number format shows: its number, and its code where the workbook writes one down."""
    if code is None:
        return _BUILTIN.get(number, "number")
    letters = _FRACTION.sub("s", _LITERAL.sub("", code).partition(";")[0].lower())
    if _DIGITS.search(letters):
        return "number"  # with letters that nobody quoted, as in `0.0 kg`
    if re.search(r"\[(h+|m+|s+)\]", letters):
        return "duration"
    clock = re.search(r"[hs]|am/pm", letters)
    if re.search(r"[ydeg]|aaa|bb|m{3}", letters) or ("m" in letters and not clock):
        if clock or re.search(r"d|aaa", letters) or not re.search(r"[yegb]", letters):
            return "datetime" if clock else "date"
        return "month" if "m" in letters else "year"
    return "time" if clock else "number"


def number_text(raw: str) -> str:
    """A number as stored, in the shortest form that means the same; integers keep all digits that were stored.

    Raises `ValueError` for anything but a number.
    """
    if len(raw) <= 15 and _PLAIN.fullmatch(raw):
        return raw if raw != "-0" else "0"
    if raw.isdigit() and raw[0] != "0":
        return raw
    return float_text(float(raw))


def float_text(value: float) -> str:
    """A float in the fewest digits that give it back; whole ones without a point, exponents from 1e21 and 1e-7 on."""
    if value.is_integer():
        return str(int(value)) if abs(value) < 1e21 else repr(value)
    text = repr(value)
    if "e" not in text or abs(value) < 1e-9:
        return text
    return f"{value:.30f}".rstrip("0") if float(f"{value:.30f}") == value and len(text) < 12 else text


@lru_cache(maxsize=50_000)
def serial_text(raw: str, kind: StyleKind, epoch_1904: bool) -> str | None:
    """A serial number shown as `kind`, in ISO 8601; None if it isn't a date. Times are rounded to milliseconds.

    A date format hides a time but doesn't remove it: a value with a time of day is written whole. A datetime format is
    written whole at midnight too, so that all values of a column look alike.
    """
    value = float(raw)
    if not -1e7 < value < 1e7:
        return None
    days, rest = divmod(round(value * _DAY), _DAY)
    if kind == "duration" or (kind == "time" and days):
        if kind == "duration":
            sign = "-" if days < 0 else ""
            return sign + _clock(abs(days * _DAY + rest))
    elif kind == "time":
        return _clock(rest)
    if not epoch_1904:
        # Serial 60 is the day that never was: those before it count from one day later.
        if days < 1 or days == 60:
            return None
        start = dt.date(1899, 12, 30) if days > 60 else dt.date(1899, 12, 31)
    else:
        start = dt.date(1904, 1, 1)
    if not 0 <= days < _LAST_SERIAL - 1462 * epoch_1904:
        return None
    day = (start + dt.timedelta(days=days)).isoformat()
    return day if kind == "date" and not rest else f"{day}T{_clock(rest)}"


def serial_texts(raw: Sequence[str], kind: StyleKind, epoch_1904: bool) -> list[str | None]:
    """A column of serial numbers as `serial_text` shows them; empty ones stay empty."""
    if kind in ("date", "datetime") and not epoch_1904:
        try:
            return _usual_texts(raw, kind)
        except (ValueError, OverflowError):
            pass
    return [serial_text(value, kind, epoch_1904) if value else "" for value in raw]


def _usual_texts(raw: Sequence[str], kind: StyleKind) -> list[str | None]:
    """Days after February 1900, of which nearly all dates are. Raises `ValueError` where there is another."""
    if kind == "date":
        write = find_compiled("write_days") if isinstance(raw, list) else None
        if write and (found := write(raw)):
            return cast(list[str | None], found)
        try:
            return [*map(_DAYS.__getitem__, raw)]
        except KeyError:
            return [_day_text(value) for value in raw]
    moments = [round(float(value) * _DAY) if value else _FIRST_USUAL * _DAY for value in raw]
    if min(moments) < _FIRST_USUAL * _DAY or max(moments) >= _LAST_SERIAL * _DAY:
        raise ValueError
    start, span = dt.datetime(1899, 12, 30), dt.timedelta  # noqa: DTZ001 - workbooks have no time zones
    texts = [(start + span(0, 0, 0, moment)).isoformat() for moment in moments]
    return [
        "" if not value else text if len(text) == _WHOLE_SECONDS else text[:-3]
        for text, value in zip(texts, raw, strict=True)
    ]


def iso_text(value: str, kind: str) -> str:
    """A date that is stored as a text in ISO 8601, written as a serial number of the same format is."""
    found = _ISO.fullmatch(value)
    if not value or found is None or not (found[1] or found[2]):
        return value
    day = found[1] or ""
    clock = f"{found[2] or '00:00'}{found[3] or ':00'}{(found[4] or '') if (found[4] or '').strip('.0') else ''}"
    if day in _DAY_0 and (kind == "time" or clock != "00:00:00"):
        return clock
    if kind != "datetime" and clock == "00:00:00":
        return day
    return f"{day}T{clock}" if day else clock


_DAYS: dict[str, str] = {"": ""}
"""The texts of days that were seen: a column of dates has few different ones."""


def _day_text(raw: str) -> str:
    """The text of a whole day after February 1900, kept for the next time. Raises `ValueError` for another."""
    known = _DAYS.get(raw)
    if known is None:
        day = int(raw)  # one with a time of day isn't a whole number
        if not _FIRST_USUAL <= day < _LAST_SERIAL:
            raise ValueError
        if len(_DAYS) >= _DAYS_KEPT:
            _DAYS.clear()
            _DAYS[""] = ""
        known = _DAYS[raw] = dt.date.fromordinal(day + _ORDINAL).isoformat()
    return known


def _clock(milliseconds: int) -> str:
    seconds, fraction = divmod(milliseconds, 1000)
    text = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return f"{text}.{fraction:03}" if fraction else text
