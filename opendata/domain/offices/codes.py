"""The unified social credit code of a body: its alphabet, its check character, and what to doubt about one.

Source: GB 32100-2015. Some early codes were issued with a wrong check character, so that alone isn't an error.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum

LENGTH = 18
SYMBOLS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""The characters of a code in the order of their values: digits and letters without I, O, S, V and Z."""

WEIGHTS = tuple(pow(3, place, 31) for place in range(LENGTH - 1))

ISSUED_WRONG = frozenset({"91350100M0001TGQXM", "91350211M0000XUF46", "91350203M0001FUE2P"})
"""Codes that are in force although their check character is wrong."""

_FORM = re.compile(f"[{SYMBOLS}]{{2}}[0-9]{{6}}[{SYMBOLS}]{{10}}")
_SERIAL = slice(8, 17)


class Doubt(StrEnum):
    """Why a code of the right form may be a mistake."""

    CHECK = "check"
    PLACEHOLDER = "placeholder"
    ISSUED_WRONG = "issued-wrong"


def clean_code(text: str) -> str:
    """A code as it is kept: capital letters, without spaces."""
    return "".join(text.split()).upper()


def is_code(text: str) -> bool:
    """Whether a text has the length and the alphabet of a code, with a region in digits."""
    return _FORM.fullmatch(text) is not None


def find_check_character(text: str) -> str:
    """The last character that the first 17 demand."""
    total = sum(SYMBOLS.index(symbol) * weight for symbol, weight in zip(text[:17], WEIGHTS, strict=True))
    return SYMBOLS[-total % 31]


def list_doubts(text: str) -> Sequence[Doubt]:
    """What to doubt about a code of the right form; nothing where it looks like a real one.

    The same character nine times, or nothing but zeros, stands for a body without a code: it can pass the check.
    """
    if text in ISSUED_WRONG:
        return (Doubt.ISSUED_WRONG,)
    found = [Doubt.PLACEHOLDER] if len(set(text[_SERIAL])) == 1 else []
    return (*found, Doubt.CHECK) if find_check_character(text) != text[-1] else tuple(found)
