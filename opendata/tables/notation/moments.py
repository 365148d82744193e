"""Days and moments in forms that people and spreadsheets write: read where only one can be meant, written as asked.

Source: ISO 8601; ECMA-376 part 1, 18.17.4 (serial numbers of days).
"""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from opendata.domain.schema import Field
from opendata.tables.notation.spellings import narrow, trim

_MIDNIGHT = time()

_AFTER_DAY = r"(?:(?:T| +)(?P<time>[0-9].*))?"
_YEAR_FIRST = (
    re.compile(r"(?P<y>[0-9]{4})(?P<mark>[-/.])(?P<m>[0-9]{1,2})(?P=mark)(?P<d>[0-9]{1,2})" + _AFTER_DAY),
    re.compile(r"(?P<y>[0-9]{4}) ?年 ?(?P<m>[0-9]{1,2}) ?月 ?(?P<d>[0-9]{1,2}) ?[日号] *(?P<time>[0-9].*)?"),
    re.compile(r"(?P<y>[0-9]{4})(?P<m>[0-9]{2})(?P<d>[0-9]{2})" + _AFTER_DAY),
)
_YEAR_LAST = re.compile(
    r"(?P<a>[0-9]{1,2})(?P<mark>[-/.])(?P<b>[0-9]{1,2})(?P=mark)(?P<y>[0-9]{4})" + _AFTER_DAY,
)
_TIME = re.compile(
    r"(?P<h>[0-9]{1,2}):(?P<m>[0-9]{2})(?::(?P<s>[0-9]{2})(?:(?P<part>\.[0-9]{1,6})0*)?)?"
    r" ?(?P<zone>Z|[+-][0-9]{2}:?[0-9]{2})?"
)
_WRITTEN_TIME = re.compile(r"(?P<h>[0-9]{1,2}) ?时 ?(?P<m>[0-9]{1,2}) ?分 ?(?:(?P<s>[0-9]{1,2}) ?秒)?")

_NO_YEAR = re.compile(r"(?P<m>[0-9]{1,2}) ?月(?: ?(?P<d>[0-9]{1,2}) ?[日号])?")
_LEAP_YEAR = 2000
_LIKE_DAY = re.compile(
    r"(?:[0-9]{4} ?年 ?)?[0-9]{1,2} ?月 ?[0-9]{1,2} ?[日号]|[12][0-9]{3}([-/.])[0-9]{1,2}\1[0-9]{1,2}"
    r"|[0-9]{1,2}([-/.])[0-9]{1,2}\2[12][0-9]{3}"
)

_SERIAL = re.compile(r"([0-9]{1,7})(\.[0-9]{1,17})?")
_LAST_SERIAL = 2958465
_MONTH_DAY = r"(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])"
_NO_SERIAL = re.compile(rf"(1[89]|2[01])[0-9]{{2}}(0[1-9]|1[0-2])?|[0-9]{{2,3}}{_MONTH_DAY}")
"""Numbers that may be a year, a year and month, or a day whose year has two digits or is the Republic's."""


def read_moment(text: str, *, is_day: bool) -> datetime | None:
    """The moment that a text in some form can mean, where it can mean one only; midnight for a day."""
    found = next((match for form in _YEAR_FIRST if (match := form.fullmatch(text))), None)
    if found:
        orders = [(found["m"], found["d"])]
    else:
        found = _YEAR_LAST.fullmatch(text)
        if not found:
            return None
        orders = [(found["a"], found["b"]), (found["b"], found["a"])]
    days = {day for month, number in orders if (day := _read_day(found["y"], month, number))}
    if len(days) != 1:
        return None
    day = days.pop()
    if found["time"] is None:
        return datetime.combine(day, _MIDNIGHT) if is_day else None
    moment = _read_time(day, found["time"])
    if moment is None or not is_day:
        return moment
    return datetime.combine(day, _MIDNIGHT) if moment.time() == _MIDNIGHT else None


def add_year(text: str, year: int) -> str | None:
    """A day (8月31日) or month (8月) without its year, in that year, as ISO writes it; None for any other text."""
    found = _NO_YEAR.fullmatch(_spell(text))
    if not found:
        return None
    day = _read_day(f"{year:04}", found["m"], found["d"] or "1")
    if day is None:
        return None
    return day.isoformat() if found["d"] else day.isoformat()[:7]


def lacks_year(text: str, *, is_day: bool) -> bool:
    """Whether a text is a day, or else a month, without its year; 2月29日 is one, 8月32日 isn't."""
    return len(add_year(text, _LEAP_YEAR) or "") == (10 if is_day else 7)


def is_like_day(text: str) -> bool:
    """Whether a text is written like a day, though it may be none or several: 8月32日, 2026-02-30, 05/07/2018."""
    return _LIKE_DAY.fullmatch(_spell(text)) is not None


def _spell(text: str) -> str:
    plain = trim(text)
    return narrow(plain) or plain


def _read_day(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def _read_time(day: date, text: str) -> datetime | None:
    found = _TIME.fullmatch(text) or _WRITTEN_TIME.fullmatch(text)
    if not found:
        return None
    clock = f"{found['h']:0>2}:{found['m']:0>2}:{found['s'] or '':0>2}"
    rest = found.groupdict()
    part = f"{rest['part']:0<7}" if rest.get("part") else ""
    try:
        return datetime.fromisoformat(f"{day.isoformat()}T{clock}{part}{rest.get('zone') or ''}")
    except ValueError:
        return None


def read_serial(text: str, *, is_day: bool) -> datetime | None:
    """The moment of a serial number; a spreadsheet takes 1900 for a leap year, so number 60 isn't a day at all."""
    found = _SERIAL.fullmatch(text)
    if not found or _NO_SERIAL.fullmatch(found[1]):
        return None
    number, part = int(found[1]), Decimal(f"0{found[2] or ''}")
    if not 1 <= number <= _LAST_SERIAL or number == 60 or (part and is_day):
        return None
    day = date(1899, 12, 31 if number < 60 else 30) + timedelta(number)
    seconds = round(part * 86400)
    is_exact = len(found[2] or "") > 5 or seconds % 900 == 0  # few decimals may tell a time cut short
    if abs(part * 86400 - seconds) > Decimal("0.01") or not is_exact or seconds == 86400:
        return None
    return datetime.combine(day, _MIDNIGHT) + timedelta(seconds=seconds)


def write_moment(field: Field, moment: datetime | None) -> str | None:
    """A moment in the field's own format; None where that would be read as another one."""
    if moment is None:
        return None
    form = field.format
    if form in ("default", "any"):
        return moment.date().isoformat() if field.type == "date" else moment.isoformat()
    try:
        text = re.sub("%.", lambda part: _write_part(moment, part[0]), form)
        same = datetime.strptime(text, form) == moment  # noqa: DTZ007 - it has the zone that the format has
    except (ValueError, re.error):
        return None
    return text if same else None


def _write_part(moment: datetime, part: str) -> str:
    return f"{moment.year:04}" if part == "%Y" else moment.strftime(part)
