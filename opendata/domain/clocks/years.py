"""A year of the working calendar as people enter it: days off and working weekend days, checked before they count.

`2027-02-15/2027-02-23` stands for all days from one to the other. Weekend days within such days off are off anyway.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta

from opendata.domain.clocks.calendar import WorkingCalendar, WorkingYear
from opendata.domain.moments import read_day
from opendata.errors import N_, Fault, fault

EARLIEST, LATEST = 2000, 2100
_SATURDAY = 5
_FEWEST_OFF, _MOST_OFF = 5, 35
_MOST_ON = 15
_BETWEEN = re.compile(r"[\s,;，；、]+")
_SPREADSHEET = re.compile(r"(\d{4})/(\d{1,2})/(\d{1,2})")
_LONGEST = 31
"""Days. A longer range is a slip."""

KINDS: Mapping[str, bool] = {"off": True, "休": True, "休息": True, "on": False, "班": False, "上班": False}
"""What the second column of a CSV file says: whether the day is off."""


def read_year(year: int, off: str, on: str) -> tuple[WorkingYear | None, Sequence[Fault]]:
    """The days of a year from two texts of days, or what is wrong with them, at `/off`, `/on` and `/year`."""
    faults: list[Fault] = []
    if not EARLIEST <= year <= LATEST:
        text = N_("Enter a year from %(first)s to %(last)s")
        return None, [fault("/year", text, first=EARLIEST, last=LATEST)]
    days_off = _read_days("/off", year, off, faults)
    days_on = _read_days("/on", year, on, faults)
    for day in days_on:
        if day.weekday() < _SATURDAY:
            text = N_("%(day)s isn't a Saturday or Sunday, so it can't be a working weekend day")
            faults.append(fault("/on", text, day=day.isoformat()))
        if day in days_off:
            faults.append(fault("/on", N_("%(day)s is also among the days off"), day=day.isoformat()))
    if not faults:
        faults.extend(_doubt(days_off, days_on))
    return (None, faults) if faults else (WorkingYear(off=frozenset(days_off), on=frozenset(days_on)), [])


def read_year_csv(year: int, text: str) -> tuple[WorkingYear | None, Sequence[Fault]]:
    """The days of a year from a CSV file with the columns `date` and `kind` (`off` or `on`), or what is wrong."""
    lists: dict[bool, list[str]] = {True: [], False: []}
    for number, row in enumerate(csv.reader(io.StringIO(text.lstrip("\ufeff"))), start=1):
        cells = [cell.strip() for cell in row[:2]]
        if not any(cells) or (number == 1 and read_day(_normalise(cells[0])) is None):
            continue
        kind = KINDS.get(cells[1].lower()) if len(cells) > 1 else None
        if kind is None:
            text = N_("Line %(line)s: the second column must be “off” or “on”")
            return None, [fault("/file", text, line=number)]
        lists[kind].append(_normalise(cells[0]))
    return read_year(year, "\n".join(lists[True]), "\n".join(lists[False]))


def write_year_csv(year: WorkingYear) -> str:
    """The same file again: what differs from the week, in order."""
    rows = sorted([*((day, "off") for day in year.off), *((day, "on") for day in year.on)])
    return "date,kind\n" + "".join(f"{day.isoformat()},{kind}\n" for day, kind in rows)


def write_days(days: frozenset[date]) -> str:
    """Days as a form shows them: one a line."""
    return "\n".join(day.isoformat() for day in sorted(days))


def find_missing_year(calendar: WorkingCalendar, today: date) -> int | None:
    """The year that should be entered by now: this one, or from November on the next; None where none is missing."""
    wanted = [today.year, *([today.year + 1] if today.month >= 11 else [])]
    return next((year for year in wanted if year not in calendar.years), None)


def _read_days(place: str, year: int, text: str, faults: list[Fault]) -> set[date]:
    found: set[date] = set()
    for part in filter(None, _BETWEEN.split(text.strip())):
        begin, slash, end = part.partition("/")
        first, last = read_day(begin), read_day(end or begin)
        if first is None or last is None or not timedelta() <= last - first <= timedelta(days=_LONGEST):
            note = N_("“%(text)s” isn't a day. Write days such as 2027-05-01, or 2027-05-01/2027-05-05")
            faults.append(fault(place, note, text=part[:40]))
            continue
        for day in _list_days(first, last):
            if day.year != year:
                faults.append(fault(place, N_("%(day)s isn't in %(year)s"), day=day.isoformat(), year=year))
            elif place == "/off" and day.weekday() >= _SATURDAY:
                if not slash:
                    note = N_("%(day)s is a Saturday or Sunday: it is off anyway, so leave it out")
                    faults.append(fault(place, note, day=day.isoformat()))
            else:
                found.add(day)
    return found


def _normalise(cell: str) -> str:
    """A day as spreadsheets write it (2027/1/9) in the usual notation."""
    found = _SPREADSHEET.fullmatch(cell)
    return f"{found[1]}-{int(found[2]):02}-{int(found[3]):02}" if found else cell


def _list_days(first: date, last: date) -> Iterator[date]:
    for step in range((last - first).days + 1):
        yield first + timedelta(days=step)


def _doubt(off: set[date], on: set[date]) -> Iterator[Fault]:
    """What no announced year has ever been like: most likely some days are missing, or too many were entered."""
    if not _FEWEST_OFF <= len(off) <= _MOST_OFF:
        text = N_("A year has from %(least)s to %(most)s weekdays off; these are %(count)s. Check the notice")
        yield fault("/off", text, least=_FEWEST_OFF, most=_MOST_OFF, count=len(off))
    if len(on) > _MOST_ON or len(on) > len(off):
        text = N_("A year has at most %(most)s working weekend days; these are %(count)s. Check the notice")
        yield fault("/on", text, most=min(_MOST_ON, len(off)), count=len(on))
