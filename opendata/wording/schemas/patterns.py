r"""Patterns in words, for people who never heard of regular expressions, and values that fit them.

`\d{6}` → 6 digits
`^[A-Z][0-9]{3}$` → one capital letter, then 3 digits
`(男|女)` → “男”, or “女”
`[A-Z]{2}-?\d+` → 2 capital letters, then “-” or nothing, then one or more digits
`(a|b)+c` → no words, but the example “ac”

Classes, repetitions, groups and choices are understood. Whatever else a pattern has, it has no words and no example.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from opendata.errors import N_
from opendata.wording.voice import Voice

MAX_PATTERN = 300
"""Longer patterns aren't put into words."""

MAX_EXAMPLE = 60
"""A longer example helps nobody."""

_MANY = 1000


@dataclass(frozen=True, slots=True)
class Letters:
    """One character out of `ranges`, such as `AZ` and `09`."""

    ranges: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Exact:
    """Exactly this text."""

    text: str


@dataclass(frozen=True, slots=True)
class Repeat:
    """A part `low` to `high` times; `_MANY` and more is without end."""

    part: Part
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Series:
    """Parts one after the other."""

    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several."""

    parts: tuple[Part, ...]


Part = Letters | Exact | Repeat | Series | Choice

_NAMES: Mapping[frozenset[str], tuple[str, str]] = {
    frozenset(["09"]): (N_("one digit"), N_("digits")),
    frozenset(["AZ"]): (N_("one capital letter"), N_("capital letters")),
    frozenset(["az"]): (N_("one small letter"), N_("small letters")),
    frozenset(["AZ", "az"]): (N_("one letter"), N_("letters")),
    frozenset(["09", "AZ"]): (N_("one digit or capital letter"), N_("digits or capital letters")),
    frozenset(["09", "az"]): (N_("one digit or small letter"), N_("digits or small letters")),
    frozenset(["09", "AZ", "az"]): (N_("one letter or digit"), N_("letters or digits")),
    frozenset(["一龥"]): (N_("one Chinese character"), N_("Chinese characters")),
    frozenset(["一鿿"]): (N_("one Chinese character"), N_("Chinese characters")),
}
"""Ranges → one of them, several of them."""

_CLASSES = {"d": ("09",), "w": ("AZ", "az", "09", "__")}
_NUMBERS = re.compile(r"\{(\d{1,4})(?:(,)(\d{0,4}))?\}")
_SPECIAL = set("\\[](){}.*+?|^$")


def describe_pattern(voice: Voice, pattern: str) -> str:
    """What fits a pattern, in the reader's words; empty where it takes too many."""
    part = read_pattern(pattern)
    if isinstance(part, Choice):
        said = [_say(voice, item) for item in part.parts]
        return voice.translate(N_(", or ")).join(said) if all(said) and len(said) <= 12 else ""
    return _say(voice, part) if part is not None else ""


def build_example(pattern: str) -> str:
    """A value that fits a pattern; empty where none is found."""
    part = read_pattern(pattern)
    text = _fit(part) if part is not None else ""
    return text if len(text) <= MAX_EXAMPLE else ""


def read_pattern(pattern: str) -> Part | None:
    """The parts of a pattern that a whole value must match; None where something in it isn't understood."""
    if len(pattern) > MAX_PATTERN:
        return None
    try:
        reader = _Reader(pattern)
        found = reader.read_choice()
        return found if reader.is_at_end else None
    except (ValueError, RecursionError):
        return None


class _Reader:
    """Reads a pattern from left to right. Raises `ValueError` for what it doesn't know."""

    def __init__(self, pattern: str) -> None:
        self._text = pattern
        self._place = 0

    @property
    def is_at_end(self) -> bool:
        return self._place == len(self._text)

    def read_choice(self) -> Part:
        parts = [self._read_series()]
        while self._take("|"):
            parts.append(self._read_series())
        return parts[0] if len(parts) == 1 else Choice(tuple(parts))

    def _read_series(self) -> Part:
        self._take("^")
        parts: list[Part] = []
        while not self._ends_series():
            if self._take("$"):
                if not self._ends_series():
                    raise ValueError
                break
            parts.append(self._read_repeat())
        return parts[0] if len(parts) == 1 else Series(_join_texts(parts))

    def _ends_series(self) -> bool:
        return self.is_at_end or self._text[self._place] in "|)"

    def _read_repeat(self) -> Part:
        part = self._read_part()
        low, high = 1, 1
        found = _NUMBERS.match(self._text, self._place)
        if found:
            low = int(found[1])
            high = low if not found[2] else int(found[3] or _MANY)
            self._place = found.end()
        elif not self.is_at_end and self._text[self._place] in "*+?":
            sign = self._next()
            low, high = int(sign == "+"), 1 if sign == "?" else _MANY
        if not self.is_at_end and self._text[self._place] in "*+?{":
            raise ValueError  # lazy, possessive, or two in a row
        return part if (low, high) == (1, 1) else Repeat(part, low, high)

    def _read_part(self) -> Part:
        letter = self._next()
        if letter == "(":
            if self._take("?"):
                self._expect(":")
            found = self.read_choice()
            self._expect(")")
            return found
        if letter == "[":
            return self._read_class()
        if letter == "\\":
            escaped = self._next()
            if escaped in _CLASSES:
                return Letters(_CLASSES[escaped])
            if escaped.isalnum():
                raise ValueError
            return Exact(escaped)
        if letter in _SPECIAL:
            raise ValueError
        return Exact(letter)

    def _read_class(self) -> Part:
        ranges: list[str] = []
        while not self._take("]"):
            letter = self._next()
            if letter in "^[" or (letter == "-" and ranges and not self._text.startswith("]", self._place)):
                raise ValueError
            if letter == "\\":
                letter = self._next()
                if letter in _CLASSES:
                    ranges += _CLASSES[letter]
                    continue
                if letter.isalnum():
                    raise ValueError
            end = letter
            if self._text.startswith("-", self._place) and not self._text.startswith("-]", self._place):
                self._next()
                end = self._next()
                if end in "\\[]":
                    raise ValueError
            if end < letter:
                raise ValueError
            ranges.append(letter + end)
        if not ranges:
            raise ValueError
        return Letters(tuple(dict.fromkeys(ranges)))

    def _next(self) -> str:
        if self.is_at_end:
            raise ValueError
        self._place += 1
        return self._text[self._place - 1]

    def _expect(self, letter: str) -> None:
        if not self._take(letter):
            raise ValueError

    def _take(self, letter: str) -> bool:
        if self._text.startswith(letter, self._place):
            self._place += 1
            return True
        return False


def _join_texts(parts: Sequence[Part]) -> tuple[Part, ...]:
    """The same parts, texts that follow each other as one."""
    joined: list[Part] = []
    for part in parts:
        if isinstance(part, Exact) and joined and isinstance(joined[-1], Exact):
            joined[-1] = Exact(joined[-1].text + part.text)
        else:
            joined.append(part)
    return tuple(joined)


def _say(voice: Voice, part: Part) -> str:
    if isinstance(part, Series):
        said = [_say(voice, item) for item in part.parts]
        return voice.translate(N_(", then ")).join(said) if said and all(said) and len(said) <= 6 else ""
    if isinstance(part, Exact):
        return voice.say(N_("“%(text)s”"), text=part.text)
    if isinstance(part, Letters):
        return _say_letters(voice, part, 1, 1)
    if isinstance(part, Repeat):
        return _say_repeat(voice, part)
    return ""


def _say_repeat(voice: Voice, part: Repeat) -> str:
    if isinstance(part.part, Letters):
        return _say_letters(voice, part.part, part.low, part.high)
    said = _say(voice, part.part) if isinstance(part.part, Exact) else ""
    return voice.say(N_("%(part)s or nothing"), part=said) if said and (part.low, part.high) == (0, 1) else ""


def _say_letters(voice: Voice, letters: Letters, low: int, high: int) -> str:
    names = _NAMES.get(frozenset(letters.ranges))
    single = [item[0] for item in letters.ranges if item[0] == item[1]]
    if names is None and len(single) == len(letters.ranges) <= 12 and (low, high) == (1, 1):
        return voice.say(N_("one of these characters: %(letters)s"), letters=" ".join(single))
    if names is None:
        return ""
    one, many = names
    if (low, high) == (1, 1):
        return voice.translate(one)
    if (low, high) == (0, 1):
        return voice.say(N_("%(part)s or nothing"), part=one)
    if low == high:
        return voice.say(N_("%(count)s %(kind)s"), count=low, kind=many)
    if high >= _MANY:
        text = N_("any number of %(kind)s") if low == 0 else N_("%(low)s or more %(kind)s")
        return voice.say(text, low=low, kind=many)
    return voice.say(N_("%(low)s to %(high)s %(kind)s"), low=low, high=high, kind=many)


def _fit(part: Part) -> str:
    """The shortest text that fits. Digits count up, so that it looks like a value."""
    if isinstance(part, Exact):
        return part.text
    if isinstance(part, Choice):
        return _fit(part.parts[0])
    if isinstance(part, Series):
        return "".join(map(_fit, part.parts))
    if isinstance(part, Letters):
        return _pick(part, 0)
    if isinstance(part.part, Letters):
        return "".join(_pick(part.part, number) for number in range(min(part.low, MAX_EXAMPLE + 1)))
    return _fit(part.part) * min(part.low, MAX_EXAMPLE + 1)


def _pick(letters: Letters, number: int) -> str:
    found = min(letters.ranges, key=lambda item: item != "09")
    first, last = found[0], found[1]
    start = ord("1") if (first, last) == ("0", "9") else ord(first)
    return chr(start + number % (ord(last) - start + 1))
