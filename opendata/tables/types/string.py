"""Text, as it is; and values of any type, which are kept as text too."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, urlsplit

from opendata.domain.findings import Problem
from opendata.domain.schema import Field
from opendata.tables.notation.spellings import NO_BLANKS, narrow, trim
from opendata.tables.types.field_type import FieldType, Mend, Reads

_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:([A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*")
_LAX_URI = Problem("lax-uri", "type")
_DIGITS = re.compile(r"[0-9]+")
_LONGEST_CODE = 20
_SHORTEST = 4
"""Of shorter texts one letter makes another word."""

_TELLING = re.compile(r"[\d\u2e80-\u2fff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
"""Digits and ideographs: each has its own meaning, so one of them in place of another isn't a slip."""

_ALLOWED = "%:/?#[]@!$&'()*+,;=-._~"
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class _String(FieldType):
    is_native = is_castable = is_text = True
    enum_kind = str

    def find_laxity(self, text: str, field: Field) -> Problem | None:
        return _LAX_URI if field.format == "uri" and not _URI.fullmatch(text) else None

    def read_bound(self, bound: Any, field: Field) -> Any:
        return None

    def list_mends(self, field: Field, reads: Reads) -> dict[str, Mend]:
        mends = {**super().list_mends(field, reads), "full-width": narrow, "leading-zeros": _pad(field, reads)}
        choices = _list_choices(field)
        pattern = str(field.constraints.get("pattern", ""))
        if any("." in rule for rule in (pattern, *choices)):  # codes that may have a point
            del mends["number-text"]
        if choices:
            mends["enum-near-miss"] = _Choices(choices).find
        if field.format == "uri":
            mends["uri-escape"] = _escape
        return mends


class _Any(FieldType):
    is_native = is_castable = True

    def read_bound(self, bound: Any, field: Field) -> Any:
        return None if isinstance(bound, str | bool) else bound

    def list_mends(self, field: Field, reads: Reads) -> dict[str, Mend]:
        return {"full-width": narrow, "trim-blanks": trim}


def _pad(field: Field, reads: Reads) -> Mend:
    """How codes of a fixed length get back the zeros in front."""
    constraints = field.constraints
    least = constraints.get("minLength") or 0
    most = constraints.get("maxLength") or _LONGEST_CODE + 1

    def mend(text: str) -> str | None:
        if len(text) >= _LONGEST_CODE or not _DIGITS.fullmatch(text) or not text.strip("0"):
            return None
        right = None
        for length in range(max(len(text) + 1, least), min(most, _LONGEST_CODE + 1) + 1):
            padded = text.zfill(length)
            if reads(padded):
                if right is not None:
                    return None
                right = padded
        return right if right is None or len(right) <= _LONGEST_CODE else None

    return mend


def _list_choices(field: Field) -> Sequence[str]:
    """The texts of the enum and of the categories of a field."""
    enum = field.constraints.get("enum") or ()
    return list(dict.fromkeys(item for item in (*enum, *(field.categories or ())) if isinstance(item, str)))


class _Choices:
    """Allowed texts, to find the closest one. One edit leaves half of a text as it is, so they are kept by halves."""

    def __init__(self, choices: Sequence[str]) -> None:
        self._by_form: defaultdict[str, list[str]] = defaultdict(list)
        self._by_half: defaultdict[tuple[int, bool, str], list[str]] = defaultdict(list)
        for choice in choices:
            self._by_form[_normalise(choice)].append(choice)
        for form in self._by_form:
            middle = len(form) // 2
            self._by_half[len(form), True, form[:middle]].append(form)
            self._by_half[len(form), False, form[middle:]].append(form)

    def find(self, text: str) -> str | None:
        """The only choice that matches the text but for case, width and spaces, or one edit; None if no choice does."""
        form = _normalise(text)
        near = {form} if form in self._by_form else self._find_near(form)
        found = [choice for item in near for choice in self._by_form[item]]
        if len(found) != 1 or (form not in near and not all(_is_slip(form, item) for item in near)):
            return None
        return found[0]

    def _find_near(self, form: str) -> set[str]:
        near: set[str] = set()
        for length in range(len(form) - 1, len(form) + 2):
            middle = length // 2
            halves = ((True, form[:middle]), (False, form[middle - length :]))
            near.update(*(self._by_half.get((length, *half), ()) for half in halves))
        return {item for item in near if _is_one_edit(form, item)}


def _normalise(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold().translate(NO_BLANKS)


def _is_slip(one: str, other: str) -> bool:
    """Whether an edit between two texts may be a slip of the pen."""
    return min(len(one), len(other)) >= _SHORTEST and _TELLING.findall(one) == _TELLING.findall(other)


def _is_one_edit(one: str, other: str) -> bool:
    """Whether one character put in, left out or changed makes one text of the other."""
    if len(one) > len(other):
        one, other = other, one
    start = next((place for place, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), len(one))
    return one[start + (len(one) == len(other)) :] == other[start + 1 :]


def _escape(text: str) -> str | None:
    if text != trim(text) or _CONTROL.search(text) or text.count("://") > 1:  # it may be two addresses
        return None
    try:
        host = urlsplit(text).netloc
        return None if host.translate(NO_BLANKS) != host else quote(text, safe=_ALLOWED)
    except ValueError:  # brackets that aren't a host, half a surrogate pair
        return None


STRING = _String("string")
ANY = _Any("any")
