"""What belongs around and between the digits of a number: signs, units, groups. Taken off only if the value stays.

In, with `bareNumber: false`:   "€ −5", "(5)", "12.5%", "12 kg"   Out: "-5", "-5", "12.5", "12"
Refused, as another number:     "12万元", ">100", "约12", "5-", "5½"
In, with `groupChar: ","`:      "1,234,567", "12,34,567"          Out: "1234567", "1234567"
Refused, as it may be 1.5:      "1,5"

Source: Table Schema v2, `bareNumber` and `groupChar`.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache

from opendata.domain.schema import Field

MINUS = "-\u2212\uff0d\ufe63\u2010\u2011\u2012\u2013"
"""The signs that are written before a negative number."""

_DASHES = "\u02d7\u207b\u208b\u2212\u2796\u30fc\uff70"
_PLUS = "+\uff0b\ufe62"
_BLANKS = re.compile(r"[\s\u200b\u200e\u200f\u2060\ufeff]+")
_BRACKETS = (("(", ")"), ("（", "）"))

_COMPARED = re.compile(
    r"[<>≤≥≦≧⩽⩾≪≫≈≒≃≅≠∼~～〜±∓×÷?？!^▲△▼▽↑↓→＜＞]"
    r"|约|約|近|超|逾|不足|不到|未满|少于|多于|大于|小于|高于|低于|最多|最少|至少|至多|至|到|以上|以下|以内|以外|左右|上下"
    r"|估|预计|大概|或|^[多余餘几幾来來折成半]|[负負亏虧减減降跌损損]"
    r"|^c\b|\b(?:about|approx|approximately|circa|ca|est|estimated|over|under|above|below|more|less|than|at|up|to|min"
    r"|max|minimum|maximum|nearly|almost|around|roughly|some|minus|neg|negative|loss|from|until|or|cr|dr)\b"
)
"""What says that the number meant isn't the one that is written."""

_MAGNITUDE = re.compile(
    r"[万萬亿億兆仟佰拾千百十천만억‰‱]|(?<![a-zа-я])(?:k|bn|mn|mio|mrd|tsd|thousands?|hundreds?|millions?|billions?"
    r"|trillions?|dozens?|lakhs?|lacs?|crores?|млн|млрд|тыс|mille|milliards?|mil|millionen|milliarden|ppm|ppb)(?![a-zа-я])"
)
"""What multiplies the number that is written, in lower case."""

_LETTER_MAGNITUDE = re.compile(r"(?<![A-Za-z])(?:[KMBGT]|MM)(?![A-Za-z])")
_MONEY = re.compile(r"[$€£¥￥]")
_MONEY_MAGNITUDE = re.compile(r"(?<![a-z])[mbt](?![a-z])")
_UNITS = re.compile(r"百分点|百分點|千(?=[克米瓦帕伏安赫卡焦升字比吨])|[\u3380-\u33df]|(?<=[A-Za-z米])[²³]")
"""Words of units that look like numbers or magnitudes."""

_SAME_UNIT = {"￥": "¥", "元": "¥", "人民币": "¥", "rmb": "¥", "cny": "¥", "元人民币": "¥", "人民币元": "¥"} | {
    "usd": "$",
    "us$": "$",
    "美元": "$",
    "eur": "€",
    "euro": "€",
    "euros": "€",
    "欧元": "€",
    "％": "%",
}


@dataclass(frozen=True, slots=True)
class Bare:
    """A number without what is around it: its sign and digits, and the unit that was taken off, in one spelling."""

    text: str
    unit: str


def unwrap_number(text: str, field: Field) -> str:
    """A number without what the field's own options say belongs around and between its digits.

    Empty where the rest would be another number than the one that is written.
    """
    if field.descriptor.get("bareNumber", True) is False:
        bare = find_bare(text, field.descriptor.get("decimalChar") or ".")
        if bare is None:
            return ""
        text = bare.text
    mark = field.descriptor.get("groupChar")
    return _ungroup(text, mark, field.descriptor.get("decimalChar") or ".") if mark and mark in text else text


def is_changed(text: str, field: Field) -> bool:
    """Whether a text has digits, but what the field's options take off would leave another number."""
    has_options = field.descriptor.get("bareNumber", True) is False or bool(field.descriptor.get("groupChar"))
    return has_options and bool(re.search(r"\d", text)) and not unwrap_number(text.strip(), field)


def find_unit(text: str, field: Field) -> str:
    """What `unwrap_number` takes off a number as its unit: `%`, `km`."""
    if field.descriptor.get("bareNumber", True) is not False:
        return ""
    bare = find_bare(text, field.descriptor.get("decimalChar") or ".")
    return bare.unit if bare is not None else ""


def find_bare(text: str, decimal: str = ".") -> Bare | None:
    """The number in a text; None if the text has none, or if its rest changes the number."""
    text = text.strip()
    found = _body(decimal).search(text)
    if not found:
        return None
    before, body, after = text[: found.start()], found[0], text[found.end() :]
    before, after, is_bracketed = _unwrap_brackets(before, after)
    sign = _find_sign(before)
    before = before.strip().strip(MINUS + _PLUS).strip()
    if sign is None or _changes_value(before) or _changes_value(after):
        return None
    if (
        any(mark in before for mark in "()（）")
        or not _is_balanced(after)
        or any(mark in after for mark in MINUS + _PLUS)
    ):
        return None
    if _MONEY.search(before + after) and _MONEY_MAGNITUDE.search(after.casefold()):  # £5m
        return None
    if is_bracketed:
        sign = "-" if not sign else None
    return None if sign is None else Bare(sign + body, _name_unit(before, after))


@cache
def _body(decimal: str) -> re.Pattern[str]:
    """From the first digit to the last; a decimal sign before them belongs to them unless it ends a word."""
    mark = re.escape(decimal)
    return re.compile(rf"(?:(?<![^\W\d_]){mark})?\d(?:.*\d)?(?:{mark}(?!\w))?", re.DOTALL)


def _unwrap_brackets(before: str, after: str) -> tuple[str, str, bool]:
    """The brackets around a negative number, as accountants write it, taken off."""
    for opened, closed in _BRACKETS:
        if before.count(opened) == after.count(closed) == 1 and closed not in before and opened not in after:
            return before.replace(opened, ""), after.replace(closed, ""), True
    return before, after, False


def _find_sign(before: str) -> str | None:
    """The sign of a number in the text before it; None where that isn't certain."""
    signs = [mark for mark in before if mark in MINUS + _PLUS]
    if not signs:
        return ""
    place = before.index(signs[0])
    is_at_edge = not before[:place].strip() or not before[place + 1 :].strip()
    is_hyphen = place > 0 and before[place - 1].isalpha()  # a code
    if len(signs) > 1 or not is_at_edge or is_hyphen:
        return None
    return "-" if signs[0] in MINUS else "+"


def _is_balanced(part: str) -> bool:
    return all(part.count(opened) == part.count(closed) for opened, closed in _BRACKETS)


def _changes_value(part: str) -> bool:
    """Whether a text beside a number says that another number is meant."""
    part = _UNITS.sub("", part)
    plain = unicodedata.normalize("NFKC", part).strip()
    lower = plain.casefold()
    if _COMPARED.search(lower) or _MAGNITUDE.search(lower) or _LETTER_MAGNITUDE.search(plain):
        return True
    # ½, ①, 百; dashes that aren't known as signs
    return any(unicodedata.numeric(sign, None) is not None or _is_dash(sign) for sign in (*lower, *part))


def _is_dash(sign: str) -> bool:
    return unicodedata.category(sign) == "Pd" or sign in _DASHES


def _name_unit(before: str, after: str) -> str:
    parts = [_BLANKS.sub(" ", part.casefold()).strip(" ,;:.，。*'\"") for part in (before, after)]
    return " ".join(_SAME_UNIT.get(part, part) for part in parts if part)


@cache
def _groups(mark: str, decimal: str) -> re.Pattern[str]:
    """Thousands; lakhs and crores; groups of four."""
    group, point = re.escape(mark), re.escape(decimal) if decimal != mark else r"(?!)"
    whole = rf"\d{{1,3}}(?:{group}\d{{3}})+|\d{{1,2}}(?:{group}\d{{2}})+{group}\d{{3}}|\d{{1,4}}(?:{group}\d{{4}})+"
    return re.compile(rf"[+-]?(?:{whole})(?:{point}\d*)?(?:[eE][+-]?\d+)?")


def _ungroup(text: str, mark: str, decimal: str) -> str:
    """A number without the marks between its groups of digits; empty where they stand elsewhere."""
    return text.replace(mark, "") if _groups(mark, decimal).fullmatch(text) else ""
