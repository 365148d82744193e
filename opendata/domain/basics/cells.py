"""The cells of a catalogue as departments fill them in: ticks (√ ■ t 口 □), boxes before names, lists in words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from opendata.domain.basics.codes import NAMES, SPELLINGS

_TICKED = frozenset("√✓✔☑■●◆★þü") | {"t", "T", "v", "V", "是", "有", "1", "y", "Y", "yes", "Yes", "R", "P"}
_EMPTY = frozenset("□☐口○◇×✗✕/／-—－") | {"", "否", "无", "0", "N", "n", "x", "X"}
"""What people write for a tick, and for none: `t`, `R` and `P` are ticks of a font that was lost, 口 an empty box."""

_FULL = "√✓✔☑■●◆þü"
_BOXES = "□☐○◇"
_OTHER = re.compile(r"\s*(?:其[他它]|Other channels)[\s_:(]*([^、,;]*)$")
_CUTS = re.compile(r"[、,，;；\n\r\t|]+|\s{1,}")
_SAME = frozenset(["同上", "〃", "″", '"', "同前", "同上行", "同上一行"])


def is_same(text: str) -> bool:
    """Whether a cell says that it is the same as the one above."""
    return "".join(text.split()) in _SAME


@dataclass(frozen=True, slots=True)
class Tick:
    """What a cell in a column of ticks says: `text` are words in it, `is_clear` whether it can only mean that."""

    is_set: bool
    text: str = ""
    is_clear: bool = True


def read_tick(text: str) -> Tick:
    """Read a cell in a column of ticks."""
    plain = "".join(text.split())
    if plain in _TICKED:
        return Tick(True)
    if plain in _EMPTY:
        return Tick(False)
    first, rest = plain[0], text.strip()[1:].strip().strip("()（）:：").strip()
    if first in _FULL:
        return Tick(True, rest)
    if first in _BOXES:
        return Tick(False)
    return Tick(True, text.strip(), is_clear=False)


@dataclass(frozen=True, slots=True)
class Options:
    """What a cell with options says: the codes in it, other words, and whether it had boxes of which none is ticked."""

    codes: tuple[str, ...] = ()
    other: str = ""
    is_unticked: bool = False


def read_options(text: str, codes: type[StrEnum]) -> Options:
    """Read a cell that names some of the codes of a list, in words or with boxes before or after each name."""
    text = text.translate(_WIDTHS)
    text = _lost_marks(codes).sub(lambda found: "■" if found[0] in "tRP" else "□", text)
    found: list[str] = []
    others: list[str] = []
    pieces = [piece.strip() for piece in re.split(f"([{_FULL}{_BOXES}])", text)]
    pieces = [piece for piece in pieces if piece]
    marks = {place for place, piece in enumerate(pieces) if piece in _FULL + _BOXES}
    if not marks:
        for piece in _split(text, codes):
            _collect(piece, codes, found, others)
        return Options(_order(found, codes), _join(others))
    after = 0 not in marks
    ticked = False
    for place, piece in enumerate(pieces):
        if place in marks:
            ticked = ticked or piece in _FULL
            continue
        mark = place + 1 if after else place - 1
        if mark < 0 or mark >= len(pieces) or pieces[mark] in _FULL:
            _collect(piece, codes, found, others)
    return Options(_order(found, codes), _join(others), is_unticked=not ticked)


def _split(text: str, codes: type[StrEnum]) -> list[str]:
    """The parts of a list in words: of a text that is a name as a whole, one."""
    if "".join(text.split()) in _know_names(codes):
        return [text]
    return re.split(r"[、,，;；\n]", text)


def _collect(text: str, codes: type[StrEnum], found: list[str], others: list[str]) -> None:
    """Add what a text names to `found`, and the rest of it to `others`."""
    known = _know_names(codes)
    plain = "".join(text.split())
    if plain in known:
        found.append(known[plain])
        return
    other = _OTHER.match(text) if "other" in known.values() else None
    if other is not None:
        found.append("other")
        others.extend(filter(None, [other[1].strip("_ ()")]))
        return
    for name in _long_names(codes):
        if name in text:
            found.append(known[name])
            text = text.replace(name, "\n")
    for piece in filter(None, (part.strip(" _:：()/。.和及") for part in _CUTS.split(text))):
        if piece in known:
            found.append(known[piece])
        else:
            others.append(piece)


def _order(found: list[str], codes: type[StrEnum]) -> tuple[str, ...]:
    return tuple(str(code) for code in codes if code in found)


def _join(others: list[str]) -> str:
    return "、".join(dict.fromkeys(others))


_WIDTHS = str.maketrans({"（": "(", "）": ")", "／": "/", "：": ":"})


@cache
def _know_names(codes: type[StrEnum]) -> Mapping[str, str]:
    names = {name: str(code) for code, spellings in SPELLINGS[codes].items() for name in spellings}
    return {**names, **{str(code): str(code) for code in codes}, **{NAMES[code]: str(code) for code in codes}}


@cache
def _long_names(codes: type[StrEnum]) -> tuple[str, ...]:
    """The names that can be found within a text: the longest first, none of a single character."""
    return tuple(sorted((name for name in _know_names(codes) if len(name) > 1), key=len, reverse=True))


@cache
def _lost_marks(codes: type[StrEnum]) -> re.Pattern[str]:
    """Letters of a font that was lost, where they are before a name: `t政府网站`, `口政府公报`."""
    names = "|".join(map(re.escape, (name for name in _long_names(codes) if not name.isascii())))
    return re.compile(rf"(?<![A-Za-z0-9])[tRP](?=\s*(?:{names}))|口(?=\s*(?:{names}))")
