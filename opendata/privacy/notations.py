r"""The characters people and programs put between the digits of a number, and one plain form of any number.

In:   "138\u00a01234\u20135601" (a space, a dash), "１３８…", "138\u200b12345601" (nothing is seen)
Out:  a text with ordinary digits and without invisible characters, and where its characters were.
Sources: Unicode 15, general categories Zs (spaces), Pd (dashes) and Cf (formats).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

_SPACES = " \u00a0\u2000-\u200a\u202f\u205f\u3000"
_DASHES = "\u2010-\u2015\u2212\uff0d"
_INVISIBLE = "\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff"

SEPARATOR = f"[-{_SPACES}{_DASHES}]"
SPACE = f"[{_SPACES}]"
INVISIBLE = f"[{_INVISIBLE}]"
SPREAD = f"(?:[0-9][-{_SPACES}{_DASHES}{_INVISIBLE}]{{0,3}}){{9}}[0-9]"
"""Patterns for RE2 and for Python alike; `SPREAD` is ten digits with little between them."""

_WIDE = {0xFF10 + digit: str(digit) for digit in range(10)} | {0xFF0B: "+", 0xFF38: "X", 0xFF58: "x"}
_ANY_WIDE = re.compile("[\uff10-\uff19]")
_ANY_INVISIBLE = re.compile(INVISIBLE)
_ANY_DASH, _ANY_SPACE = re.compile(f"[{_DASHES}]"), re.compile(SPACE)
_NO_DECIMALS = re.compile(r"(?<=[0-9])\.0+$")


class Plain(NamedTuple):
    """A text without invisible characters; `places` are those of its characters before (empty: the same)."""

    text: str
    places: Sequence[int] = ()

    def find_start(self, start: int) -> int:
        """Where a character was."""
        return self.places[start] if self.places else start

    def find_end(self, end: int) -> int:
        """The place behind the character that was before this one."""
        return self.places[end - 1] + 1 if self.places else end


def narrow_digits(text: str) -> str:
    """A text with ordinary digits instead of full-width ones, as long as it was."""
    return text.translate(_WIDE) if _ANY_WIDE.search(text) else text


def leave_out_invisible(text: str) -> Plain:
    """A text without its invisible characters."""
    if not _ANY_INVISIBLE.search(text):
        return Plain(text)
    places = [place for place, character in enumerate(text) if not _ANY_INVISIBLE.match(character)]
    return Plain("".join(text[place] for place in places), places)


def write_plainly(text: str) -> str:
    """One number with ordinary digits, hyphens and spaces, and without the `.0` of a spreadsheet."""
    if text.isascii():
        return _NO_DECIMALS.sub("", text)
    text = _ANY_INVISIBLE.sub("", narrow_digits(text))
    return _NO_DECIMALS.sub("", _ANY_SPACE.sub(" ", _ANY_DASH.sub("-", text)))
