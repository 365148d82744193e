r"""Number formats of workbooks: what a cell shows beyond the number that it stores.

In, a format code:          000000             0.00%     #,##0.00"万元"    0.0,"千元"        e"年"
Out, what it shows:         000123 of 123      percent   unit 万元          1,000th, unit 元   the year of a date

Sources: ECMA-376 part 1, 18.8.30 and 18.8.31; [MS-XLS] 2.4.126. In codes that were written in Chinese and Japanese
Excel, `!` escapes a character, as `\` does.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from functools import lru_cache

from opendata.intake.workbook.cell_text import StyleKind, style_kind

_TOKEN = re.compile(
    r'"([^"]*)"|[\\!](.)|_.|\*.|\[([^\]]*)\]|(General|G/通用格式|G/標準|G/标准|Standard|E[+-][0#?]+)|(.)',
    re.IGNORECASE | re.DOTALL,
)
_BUILTIN = {9: "0%", 10: "0.00%", 12: "# ?/?", 13: "# ??/??", 14: "yyyy-mm-dd", 17: "mmm-yy", 22: "yyyy-mm-dd hh:mm"}
_CONDITION = re.compile(r"(<=|>=|<>|=|<|>)\s*(-?\d{1,20}(?:\.\d{1,20})?)")
_CURRENCY = re.compile(r"[A-Z]{3}|kr\.?|Kč|zł|Ft|人民[币幣]|[美港欧日韩]元")
_MULTIPLES = {"千": 1e3, "万": 1e4, "萬": 1e4, "十万": 1e5, "百万": 1e6, "千万": 1e7, "亿": 1e8, "億": 1e8}
_MULTIPLES |= {"k": 1e3, "K": 1e3, "M": 1e6, "B": 1e9, "bn": 1e9, "thousand": 1e3, "million": 1e6, "百萬": 1e6}
_MARKS = frozenset("%‰‱°℃℉′″²³")
_LONGEST = 255
"""Characters of a format code; Excel allows no more."""


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """What cells with a number format show.

    `unit` is that of the number that is stored; `scale` is by how much the number that is shown is smaller. `zeros`
    are the places and words of a code: `000-0000` shows 123 as 000-0123. `is_labelled` says that some numbers are shown
    as a text, `is_hidden` that none is shown.
    """

    code: str
    kind: StyleKind = "number"
    unit: str = ""
    scale: float = 1
    is_percent: bool = False
    zeros: tuple[str, ...] = ()
    prefix: str = ""
    is_labelled: bool = False
    is_hidden: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether a number is shown as a number and nothing else."""
        return self.kind == "number" and not (
            self.unit
            or self.scale != 1
            or self.is_percent
            or self.zeros
            or self.prefix
            or self.is_labelled
            or self.is_hidden
        )

    def pad(self, text: str) -> str:
        """A whole number as it is shown, with zeros in front; any other number unchanged."""
        if not text.isdigit():
            return text
        digits = text.rjust(self.zeros.count(""), "0")
        more = len(digits) - self.zeros.count("")
        shown, at = [], 0
        for words in self.zeros:
            end = at + 1 + (more if not at else 0)
            shown.append(words or digits[at:end])
            at = at if words else end
        return "".join(shown)

    def label(self, text: str) -> str | None:
        """The text that is shown instead of a number; None where the number itself is shown."""
        if not self.is_labelled:
            return None
        section = _choose_section(_split_sections(self.code), float(text))
        return None if section is None or section.places else section.text


PLAIN = NumberFormat("")


def find_format(number: int, code: str | None) -> NumberFormat:
    """What a number format shows, by its number, and by its code where the workbook writes one down."""
    if code is None:
        code = _BUILTIN.get(number)
        if code is None or number not in (9, 10):
            return NumberFormat(code or "", style_kind(number, code if number == 17 else None))
    return read_format(code)


@lru_cache(maxsize=4096)
def read_format(code: str) -> NumberFormat:
    """What a format code shows."""
    code = code[:_LONGEST]
    kind = style_kind(-1, code)
    if kind != "number":
        return NumberFormat(code, kind)
    sections = _split_sections(code)
    first = next((section for section in sections if section.places), sections[0])
    if not first.places:
        if any(section.text.strip() for section in sections):
            return NumberFormat(code, is_labelled=not any(section.is_text for section in sections))
        return NumberFormat(code, is_hidden=len(sections) > 1 and not any(section.is_text for section in sections))
    is_labelled = any(not section.places and _is_wordy(section.text) for section in sections if not section.is_text)
    if first.zeros:
        unit = "" if first.prefix else first.unit
        return NumberFormat(code, zeros=first.zeros, unit=unit, is_labelled=is_labelled)
    unit, scale = first.unit, first.scale
    if scale != 1:
        unit = _take_multiple(unit, scale)
    return NumberFormat(
        code,
        unit=unit,
        scale=scale,
        is_percent=first.is_percent,
        prefix=first.prefix,
        is_labelled=is_labelled,
    )


@dataclass(slots=True)
class _Section:
    """One section of a format: for positive numbers, negative ones, zero, text; or for those under its condition.

    `marks` are its places of digits and points, empty for words, which are in `words` at the same index.
    """

    marks: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    currency: str = ""
    is_percent: bool = False
    is_text: bool = False
    condition: tuple[str, float] | None = None

    @property
    def places(self) -> list[int]:
        """Where the digits are."""
        return [at for at, mark in enumerate(self.marks) if mark and mark in "0#?"]

    @property
    def text(self) -> str:
        """All words."""
        return "".join(self.words)

    @property
    def before(self) -> str:
        """The words in front of the number."""
        return "".join(self.words[: self.places[0]]).strip()

    @property
    def within(self) -> str:
        """The words between its digits."""
        return "".join(self.words[self.places[0] : self.places[-1]])

    @property
    def prefix(self) -> str:
        """What is in front of the number, where it isn't a unit."""
        return self.before if _is_wordy(self.before) and not _is_currency(self.before) else ""

    @property
    def unit(self) -> str:
        """The unit in front of or behind the number."""
        behind = "".join(self.words[self.places[-1] :]).strip()
        if self.currency or _is_wordy(behind):
            return self.currency or behind
        return self.before if _is_currency(self.before) else ""

    @property
    def scale(self) -> float:
        """By how much the number that is shown is smaller."""
        behind = self.marks[self.places[-1] + 1 :]
        scale = 1000.0 ** next((at for at, mark in enumerate([*behind, "end"]) if mark != ","), 0)
        if self.within == "." and "." not in self.marks:
            # 0!.0,"万": a point that is only drawn, in front of so many digits.
            scale *= 10.0 ** sum(place > self.words.index(".") for place in self.places)
        return scale

    @property
    def zeros(self) -> tuple[str, ...]:
        """The places (empty) and the words of a code that is always shown with all of its digits."""
        marks = "".join(self.marks).lstrip("#")
        is_code = marks == "0" * max(2, len(marks)) and not self.is_percent and self.scale == 1
        if not is_code or self.currency or _is_currency(self.before):
            return ()
        start = "".join(mark or " " for mark in self.marks).rfind("#") + 1
        return tuple(self.words[start : None if self.prefix else self.places[-1] + 1])


@lru_cache(maxsize=64)
def _split_sections(code: str) -> tuple[_Section, ...]:
    """The sections of a code, each with what it shows."""
    sections = [_Section()]
    for token in _TOKEN.finditer(code):
        if token[0] == ";":
            sections.append(_Section())
        else:
            _add_token(sections[-1], *token.groups())
    return tuple(sections[:4])


def _add_token(
    section: _Section,
    quoted: str | None,
    escaped: str | None,
    bracket: str | None,
    general: str | None,
    mark: str | None,
) -> None:
    words = quoted if quoted is not None else escaped
    if bracket is not None:
        if bracket.startswith("$"):
            section.currency = bracket[1:].rpartition("-")[0] if "-" in bracket else bracket[1:]
        elif condition := _CONDITION.fullmatch(bracket):
            section.condition = (condition[1], float(condition[2]))
    elif general is not None:
        _add(section, "E" if general[0] in "Ee" else "#", "")
    elif words is None and mark == "@":
        section.is_text = True
    elif words is None and mark == "%":
        section.is_percent = True
    elif words is None and mark is not None and mark in "0#?.,/":
        _add(section, mark, "")
    elif words is not None or mark is not None:
        _add(section, "", words if words is not None else mark or "")


def _add(section: _Section, mark: str, words: str) -> None:
    section.marks.append(mark)
    section.words.append(words)


def _choose_section(sections: tuple[_Section, ...], value: float) -> _Section | None:
    """The section that shows a number; None where that isn't known."""
    if any(section.condition for section in sections):
        for section in sections:
            if section.condition is None or _holds(section.condition, value):
                return section
        return None
    if len(sections) > 2 and value == 0:
        return sections[2]
    if len(sections) > 1 and value < 0:
        return sections[1]
    return sections[0]


def _holds(condition: tuple[str, float], value: float) -> bool:
    sign, bound = condition
    return {
        "=": value == bound,
        "<>": value != bound,
        "<": value < bound,
        "<=": value <= bound,
        ">": value > bound,
        ">=": value >= bound,
    }[sign]


def _is_wordy(text: str) -> bool:
    """Whether a text says something: a letter, the sign of a currency or of a unit."""
    return any(one.isalpha() or one in _MARKS or unicodedata.category(one) == "Sc" for one in text)


def _is_currency(text: str) -> bool:
    return bool(_CURRENCY.fullmatch(text)) or any(unicodedata.category(one) == "Sc" for one in text)


def _take_multiple(unit: str, scale: float) -> str:
    """The unit of the numbers that are stored, where those that are shown are smaller: 元 for 千元 of thousands."""
    for word in sorted(_MULTIPLES, key=len, reverse=True):
        if unit.startswith(word):
            return unit.removeprefix(word).strip() if _MULTIPLES[word] == scale else ""
    return unit if _is_currency(unit) else ""
