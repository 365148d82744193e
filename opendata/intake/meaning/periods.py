"""The periods that people write into titles and names of files, read into their normal form.

In: `2026年1-10月`, `二〇二六年三季度`, `2025-2026学年`, `202609`     Out: `2026-01/2026-10`, `2026-Q3`, …
A fiscal year is the calendar year, as in the budget law of China; a school year goes from September to August.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

from opendata.domain.meaning.periods import Period, read_period

_WIDE = {ord("０") + digit: str(digit) for digit in range(10)} | {
    ord(wide): plain for wide, plain in zip("（）－～／．：", "()-~/.:", strict=True)
}
_DIGITS = {letter: str(digit) for digit, letter in enumerate("〇一二三四五六七八九")} | {"零": "0", "○": "0"}
_UNITS = {"一": 1, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}

_Y = r"(?<!\d)((?:1[89]|20|21)\d\d|[一二][〇零○一二三四五六七八九]{3})"
_M = r"(1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九])"
_D = r"(3[01]|[12]\d|0?[1-9]|三十一?|二?十[一二三四五六七八九]?|[一二三四五六七八九])"
_TO = r"\s*(?:-|—|–|~|至|到)+\s*"
_NOT_THEN = r"(?!\s*(?:以来|以前|以后|之前|之后|起|前|后|来|版|月|代))"
_ENGLISH = r"(January|February|March|April|May|June|July|August|September|October|November|December)"
_MONTH_NAMES = {name: number for number, name in enumerate(_ENGLISH.strip("()").split("|"), start=1)}


@dataclass(frozen=True, slots=True)
class SeenPeriod:
    """A period in a text, and which part of the text it is. `is_plain` ones are numbers that only look like one."""

    period: Period
    start: int
    end: int
    is_plain: bool = False


def find_period(text: str) -> SeenPeriod | None:
    """The first period of those that a text states most fully, or None."""
    plain = text.translate(_WIDE)
    for number, (pattern, build) in enumerate(_compile(_RULES)):
        for match in pattern.finditer(plain):
            found = read_period(build(*match.groups()))
            if found is not None:
                return SeenPeriod(found, match.start(), match.end(), is_plain=number >= _FIRST_PLAIN)
    return None


def find_partial(text: str, year: int) -> SeenPeriod | None:
    """The months or the quarter that a text states without their year, in a year that something else says."""
    plain = text.translate(_WIDE)
    for pattern, build in _compile(_PARTIAL):
        match = pattern.search(plain)
        if match is not None and (found := read_period(build(str(year), *match.groups()))) is not None:
            return SeenPeriod(found, match.start(), match.end(), is_plain=True)
    return None


def strip_period(text: str) -> str:
    """A title or the name of a file without its period, and without what only served to attach that."""
    found = find_period(text)
    if found is None:
        return text
    before, after = text[: found.start], text[found.end :]
    before = re.sub(r"(?:截至|截止到?|数据截至)\s*$", "", before)
    left, right = re.search(r"[（(\[【]\s*$", before), re.match(r"\s*(?:份|度)?\s*[)）\]】]", after)
    if left and right:
        before, after = before[: left.start()], after[right.end() :]
    joined = f"{before.rstrip(' _-—.·,，')}{_glue(before, after)}{after.lstrip(' _-—.·,，')}"
    return joined.strip(" _-—.·,，、")


def _glue(before: str, after: str) -> str:
    """What stays between the two sides of a period: a sign of separation, if both had one or both are words."""
    left, right = before[-1:], after[:1]
    if left in " _-" and right in " _-" and left and right:
        return left
    return left if left and left in " _-" and right else right if right and right in " _-" and left else ""


def _int(text: str) -> int:
    """A number up to 99 in digits or Chinese numerals."""
    if text.isdecimal():
        return int(text)
    tens, ten, ones = text.rpartition("十")
    return 10 * (_UNITS.get(tens, 1) if ten else 0) + _UNITS.get(ones, 0)


def _year(text: str) -> str:
    return "".join(_DIGITS.get(letter, letter) for letter in text)


def _month(year: str, month: str) -> str:
    return f"{_year(year)}-{_int(month):02d}"


def _day(year: str, month: str, day: str) -> str:
    return f"{_month(year, month)}-{_int(day):02d}"


def _months(year: str, first: str, last: str) -> str:
    start, end = _month(year, first), _month(year, last)
    return start if start == end else f"{start}/{end}"


def _part(year: str, part: str) -> str:
    """A quarter, half-year or the first three quarters by its name."""
    year = _year(year)
    match part:
        case "上半年" | "下半年":
            return f"{year}-H{1 if part[0] == '上' else 2}"
        case "前三季度":
            return f"{year}-01/{year}-09"
        case _:
            return f"{year}-Q{_int(part)}"


def _school(first: str, last: str | None = None) -> str:
    year = int(_year(first))
    if last and len(last) == 2:
        last = str(year)[:2] + last
    return f"{year}-09/{year + 1}-08" if not last or int(_year(last)) == year + 1 else ""


_PART = r"(上半年|下半年|前三季度|(?<=第)[1-4一二三四](?=季度?)|[1-4一二三四](?=季))(?:季度?)?"
_Rules = tuple[tuple[str, Callable[..., str]], ...]


@cache
def _compile(rules: _Rules) -> Sequence[tuple[re.Pattern[str], Callable[..., str]]]:
    return [(re.compile(pattern, re.IGNORECASE), build) for pattern, build in rules]


_SPOKEN: _Rules = (
    (
        rf"{_Y}\s*年\s*{_M}\s*月\s*{_D}\s*日{_TO}{_Y}\s*年\s*{_M}\s*月\s*{_D}\s*日",
        lambda *n: f"{_day(*n[:3])}/{_day(*n[3:])}",
    ),
    (
        rf"{_Y}\s*年\s*{_M}\s*月\s*{_D}\s*日?{_TO}{_M}\s*月\s*{_D}\s*日",
        lambda y, *n: f"{_day(y, *n[:2])}/{_day(y, *n[2:])}",
    ),
    (rf"{_Y}\s*年\s*{_M}\s*月\s*{_D}\s*日", _day),
    (rf"{_Y}\s*年\s*{_M}\s*月?{_TO}{_Y}\s*年\s*{_M}\s*月", lambda *n: f"{_month(*n[:2])}/{_month(*n[2:])}"),
    (rf"{_Y}\s*年度?\s*{_M}\s*月?份?{_TO}{_M}\s*月份?", _months),
    (rf"{_Y}\s*年度?\s*{_M}\s*月份?", _month),
    (rf"{_Y}\s*年度?\s*第?{_PART}", _part),
    (rf"{_Y}\s*年度?\s*第?\s*(\d\d?)\s*周", lambda y, w: f"{_year(y)}-W{int(w):02d}"),
    (rf"{_Y}\s*(?:-|—|–|~|/|至)\s*{_Y}\s*学年度?", _school),
    (rf"{_Y}\s*(?:-|—|–|~|/)\s*(\d\d)\s*学年度?", _school),
    (rf"{_Y}\s*学年度?", _school),
    (rf"{_Y}\s*年?{_TO}{_Y}\s*年", lambda a, b: f"{_year(a)}/{_year(b)}"),
    (rf"{_Y}\s*(?:财政年度|会计年度|财年|年度|年){_NOT_THEN}", _year),
    (
        rf"\b{_ENGLISH}\s*(?:-|–|to)\s*{_ENGLISH},?\s+(\d{{4}})\b",
        lambda a, b, y: _months(y, _named(a), _named(b)),
    ),
    (rf"\b{_ENGLISH},?\s+(\d{{4}})\b", lambda m, y: _month(y, _named(m))),
    (r"\bQ([1-4])[\s/-]+(\d{4})\b", lambda q, y: f"{y}-Q{q}"),
    (r"\b(?:FY|fiscal year)\s*(\d{4})(?![\d/-])", _year),
)
_PLAIN: _Rules = (
    (rf"{_Y}([-/._])(0?[1-9]|1[0-2])\2(3[01]|[12]\d|0?[1-9])(?!\d)", lambda y, _, m, d: _day(y, m, d)),
    (r"(?<!\d)((?:19|20)\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?!\d)", _day),
    (rf"{_Y}[-_\s]?Q([1-4])(?![0-9A-Za-z])", lambda y, q: f"{_year(y)}-Q{q}"),
    (rf"{_Y}[-_\s]?H([12])(?![0-9A-Za-z])", lambda y, h: f"{_year(y)}-H{h}"),
    (rf"{_Y}[-_\s]?W([0-5]\d)(?![0-9A-Za-z])", lambda y, w: f"{_year(y)}-W{w}"),
    (rf"{_Y}\s?[-–~至]\s?{_Y}(?!\d)", lambda a, b: f"{_year(a)}/{_year(b)}"),
    (rf"{_Y}[-/._](0?[1-9]|1[0-2])(?![\d./-])", _month),
    (r"(?<![\d-])((?:19|20)\d\d)(0[1-9]|1[0-2])(?!\d)", _month),
    (r"(?<![\dA-Za-z/.])(?<!\d-)((?:19|20)\d\d)(?![\dA-Za-z/])(?!\.\d)(?!-\d)(?!\s*年)", _year),
)
_RULES = (*_SPOKEN, *_PLAIN)
_FIRST_PLAIN = len(_SPOKEN)
_PARTIAL: _Rules = (
    (rf"(?<!\d){_M}\s*月?份?{_TO}{_M}\s*月", _months),
    (rf"(?<![\d年个]){_M}\s*月份?(?!\s*\d)", _month),
    (rf"(?<!\d)第?{_PART}", _part),
)


def _named(month: str) -> str:
    return str(_MONTH_NAMES[month.capitalize()])
