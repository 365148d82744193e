"""Texts → what searches compare: folded values, and the tokens of words.

Text in, tokens out:
    "GDP 总量2026"  →  gdp 总量 量 2026
Latin letters and digits are one token a run. Chinese characters are pairs, and the last of a run is one token: so any
part of a name is found as tokens side by side, of which only the last may be the beginning of one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

ANY, ONE = "\uf8f0", "\uf8f1"
"""Stand for `*` and `?` in patterns; no text has them."""

MOST_CHARACTERS = 400
"""Of a value so many characters are compared."""

_MOST_TOKEN = 100
_CHINESE = "\u3400-\u9fff\U00020000-\U000323af々〇"
_RUNS = re.compile(rf"[{_CHINESE}]+|[^\W_{_CHINESE}]+")
_SPACE = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")


@dataclass(frozen=True, slots=True)
class Token:
    """What one token of a text must be; the beginning of one where `is_open`."""

    text: str
    is_open: bool = False

    def fits(self, token: str) -> bool:
        """Whether a token is it."""
        return token.startswith(self.text) if self.is_open else token == self.text


def clean(text: str) -> str:
    """A text without what no text can have: halves of characters, and the marks of patterns."""
    if text.isascii():
        return text
    return text.encode("utf-8", "replace").decode().replace(ANY, " ").replace(ONE, " ")


def fold(text: str) -> str:
    """A value as it is compared: letter case, width and spaces don't count."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return _SPACE.sub(" ", text.casefold()).strip()[:MOST_CHARACTERS]


def list_tokens(text: str) -> Iterator[str]:
    """The tokens of a text."""
    for run in _list_runs(text):
        if is_chinese(run):
            yield from (run[place : place + 2] for place in range(len(run)))
        else:
            yield run[:_MOST_TOKEN]


def list_wanted(pattern: str) -> Sequence[Token]:
    """What a word or phrase asks for, side by side; nothing where it has no letters. `*` may end it."""
    is_open = pattern.endswith(ANY)
    runs = list(_list_runs(pattern.replace(ANY, " ")))
    found: list[Token] = []
    for number, run in enumerate(runs):
        is_last = number == len(runs) - 1
        if not is_chinese(run):
            found.append(Token(run[:_MOST_TOKEN], is_last and is_open))
            continue
        found += [Token(run[place : place + 2]) for place in range(len(run) - 1)]
        if not is_last:
            found.append(Token(run[-1]))
        elif len(run) == 1:
            found.append(Token(run, is_open=True))
    return found


def is_chinese(run: str) -> bool:
    """Whether a run consists of Chinese characters."""
    return run[0] >= "\u3400" or run[0] in "々〇"


def _list_runs(text: str) -> Iterator[str]:
    return (found.group() for found in _RUNS.finditer(_fold_whole(text)))


def _fold_whole(text: str) -> str:
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
