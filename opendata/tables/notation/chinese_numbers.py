"""Whole numbers written in Chinese: 二十八 → 28, 三万五千 → 35000, 二〇一八 → 2018."""

from __future__ import annotations

import re

_DIGITS = {sign: value for value, signs in enumerate(("零〇○", "一壹", "二贰两兩", "三叁", "四肆", "五伍", "六陆",
                                                      "七柒", "八捌", "九玖")) for sign in signs}  # fmt: skip
_SMALL = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
_LARGE = {"亿": 10**8, "億": 10**8, "万": 10**4, "萬": 10**4}
_SIGNS = "".join((*_DIGITS, *_SMALL, *_LARGE))
_NUMBER = re.compile(f"[负負]?[{_SIGNS}]{{1,30}}")
_PLAIN = re.compile(f"[{''.join(_DIGITS)}]+")


def rewrite_chinese_number(text: str) -> str | None:
    """A whole number in the digits 0 to 9; None for what isn't one, or isn't written as one is."""
    if not _NUMBER.fullmatch(text):
        return None
    sign, signs = ("-", text[1:]) if text[0] in "负負" else ("", text)
    if _PLAIN.fullmatch(signs):
        return sign + "".join(str(_DIGITS[letter]) for letter in signs)
    value = _read(signs)
    return None if value is None else f"{sign}{value}"


def _read(signs: str) -> int | None:
    """Split at the largest word for a size: what is before it counts its times, what is after it is added."""
    for large, size in _LARGE.items():
        at = signs.rfind(large)
        if at >= 0:
            before, after = _read(signs[:at]) if at else None, _read_rest(signs[at + 1 :], size)
            return None if before is None or after is None else before * size + after
    return _read_small(signs)


def _read_rest(signs: str, size: int) -> int | None:
    if not signs:
        return 0
    value = _read(signs.lstrip("零〇"))
    return value if value is not None and value < size else None


def _read_small(signs: str) -> int | None:
    """A number below 10000: each word for a size after its digit, from the largest down."""
    total, digit, last = 0, None, 10_000
    for letter in signs:
        if letter in _SMALL:
            size = _SMALL[letter]
            if size >= last or (digit is None and size != 10) or digit == 0:
                return None
            total += (1 if digit is None else digit) * size
            digit, last = None, size
        elif letter in _DIGITS:
            if digit:  # two digits without a word between them
                return None
            digit = _DIGITS[letter]
        else:
            return None
    if digit is None:
        return total
    return total + digit if last > 1 else None
