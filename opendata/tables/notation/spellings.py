"""Spellings of one value that people and spreadsheets write: spaces around it, full width, marks between its digits."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from opendata.domain.schema import Field

_INVISIBLE = "\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
_BLANKS = "".join(character for character in map(chr, range(0x3001)) if character.isspace()) + _INVISIBLE
NO_BLANKS = dict.fromkeys(map(ord, _BLANKS))
"""Translates every blank to nothing."""

_HALF_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_WHOLE = re.compile(r"([+-]?[0-9]+)\.0+")
_FORMULA = re.compile(r'="([^"]*)"')
_GROUP_MARKS = ",， \u00a0\u2009\u202f"


def trim(text: str) -> str:
    """The text without spaces and invisible characters around it."""
    return text.strip(_BLANKS)


def unwrap_formula(text: str) -> str | None:
    """The text of a formula that is nothing but a text; None for any other."""
    found = _FORMULA.fullmatch(text.strip())
    return found and found[1]


def narrow(text: str) -> str | None:
    """The text in half width; None where it is in ASCII already."""
    return None if text.isascii() else text.translate(_HALF_WIDTH)


def narrow_number(text: str) -> str | None:
    """The text in half width with the digits of all scripts as 0 to 9; None where it is in ASCII already."""
    found = narrow(text)
    return found and "".join(str(unicodedata.decimal(sign, sign)) for sign in found)


def drop_decimal_zeros(text: str) -> str | None:
    """A whole number without the decimal zeros behind it."""
    found = _WHOLE.fullmatch(text)
    return found and found[1]


def ungroup(field: Field) -> Callable[[str], str | None]:
    """How numbers of a field lose the separators of their thousands."""
    decimal = field.descriptor.get("decimalChar") or "."
    marks = "".join(mark for mark in _GROUP_MARKS if mark != decimal)
    grouped = re.compile(
        rf"([+-]?[1-9][0-9]{{0,2}}(?:(?P<mark>[{marks}])[0-9]{{3}})(?:(?P=mark)[0-9]{{3}})*)({re.escape(decimal)}[0-9]+)?"
    )

    def mend(text: str) -> str | None:
        found = grouped.fullmatch(text)
        return found and found[1].replace(found["mark"], "") + (found[3] or "")

    return mend
