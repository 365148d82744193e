"""Numbers whose sign or size is in a notation of its own: the same number with the digits 0 to 9.

In: "−5", "(5)", "5-"                  Out of `rewrite_sign`: "-5"
In: "12万元", "1.5亿", "3 million"     Out of `rewrite_magnitude`: "120000", "150000000", "3000000"
"""

from __future__ import annotations

import re
from decimal import Decimal

from opendata.tables.notation.numbers import MINUS, find_bare

_CJK = {"十": 1, "百": 2, "千": 3, "万": 4, "萬": 4, "亿": 8, "億": 8}
_WORDS = {"hundred": 2, "thousand": 3, "million": 6}
_LARGEST = 30
_NUMBER = r"(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?"
_SIGN = re.compile(rf"(?:[{re.escape(MINUS)}] ?({_NUMBER})|\( ?({_NUMBER}) ?\)|({_NUMBER}) ?[{re.escape(MINUS)}])")
_SIZE = re.compile(
    rf"(?P<sign>[+-]?)(?P<before>[$€£¥]? ?)(?P<number>{_NUMBER}) ?"
    r"(?P<size>[十百千]?[万萬]?[亿億]|[十百千]?[万萬]|[十百]|千(?![克米瓦帕伏安赫卡焦升字比吨])|hundred|thousand|million)(?![a-z])(?P<after>.*)",
    re.IGNORECASE,
)


def rewrite_sign(text: str) -> str | None:
    """A negative number with the sign in front that computers write."""
    found = _SIGN.fullmatch(text)
    number = found and (found[1] or found[2] or found[3])
    return f"-{number}" if number else None


def rewrite_magnitude(text: str) -> str | None:
    """A number with a word that multiplies it, written out; None where something else is beside it."""
    found = _SIZE.fullmatch(text)
    if not found or find_bare(f"{found['before']}1{found['after']}") is None:
        return None
    size = found["size"].casefold()
    power = _WORDS.get(size) or sum(_CJK[letter] for letter in size)
    value = Decimal(found["number"].replace(",", "")).scaleb(power)
    if value.adjusted() > _LARGEST:
        return None
    written = format(value, "f")
    return found["sign"] + (written.rstrip("0").rstrip(".") if "." in written else written)
