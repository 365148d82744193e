"""Texts as they are compared: traditional characters as simplified ones, full width as half width, without case.

Sources: Unicode Standard Annex 15 (NFKC), OpenCC (`t2s`).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opencc import OpenCC

_TRADITIONAL_FROM = "\u3400"
"""The first character that `t2s` may change."""


@dataclass(frozen=True, slots=True)
class Folded:
    """A folded text, and for each of its characters the place in the original that it came from."""

    text: str
    places: Sequence[int]
    length: int

    def find_original(self, start: int, end: int) -> tuple[int, int]:
        """The part of the original that a part of the folded text came from."""
        last = self.places[end - 1] if end > start else self.places[start]
        after = next((place for place in self.places[end:] if place > last), self.length)
        return self.places[start], after


def fold(text: str) -> str:
    """A text as it is compared."""
    folded = unicodedata.normalize("NFKC", text).casefold() if not text.isascii() else text.lower()
    return _simplifier().convert(folded) if max(folded, default="") >= _TRADITIONAL_FROM else folded


@lru_cache(maxsize=128)  # a page marks the same text more than once
def fold_with_places(text: str) -> Folded:
    """The same, character by character, so that what is found in it can be marked in the original."""
    found = [_fold_character(character) for character in text]
    if all(len(folded) == 1 for folded in found):
        return Folded("".join(found), range(len(text)), len(text))
    places = [place for place, folded in enumerate(found) for _ in folded]
    return Folded("".join(found), places, len(text))


@lru_cache(maxsize=20_000)
def _fold_character(character: str) -> str:
    return fold(character)


@cache
def _simplifier() -> OpenCC:
    from opencc import OpenCC

    return OpenCC("t2s")
