"""What the metadata of a dataset may say, proposed from words and from the data, each with the reason for it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from opendata.domain.meaning.periods import read_period
from opendata.domain.profile import ColumnProfile
from opendata.errors import N_
from opendata.metadata.properties.code_lists import find_codes, find_short_names, is_region
from opendata.metadata.properties.reading import Profile, Property

_DIVISION = re.compile("区划|行政区|地区代码|地区编码|地区编号|division|region|area_?code|ad_?code", re.IGNORECASE)
_WRITTEN_DOWN = re.compile("更新|录入|创建|导出|入库|发布|updated|modified|created|inserted|exported", re.IGNORECASE)
"""Columns that say when a row was written, not what time it is about."""

_DIGITS = re.compile("[0-9]{6}([0-9]{3}){0,2}")
_DAY = re.compile("[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?")
_MOMENTS = frozenset({"date", "datetime", "year", "yearmonth"})


@dataclass(frozen=True, slots=True)
class Proposal:
    """A value that a property may have, and why: a message to translate, and what fills it."""

    value: Any
    message: str
    params: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a published table: the names of both, and what its values are."""

    table: str
    title: str
    profile: ColumnProfile

    @property
    def label(self) -> str:
        """What people call it."""
        return self.title or self.profile["name"]


def propose(
    profile: Profile, texts: Sequence[str], publisher: str, columns: Sequence[Column]
) -> Mapping[str, Proposal]:
    """By the name of its property what can be proposed.

    `texts` are title and keywords, `publisher` is the name of the publisher, `columns` are those of the last version.
    """
    found: dict[str, Proposal | None] = {
        item.name: _propose_codes(item, texts) for item in profile.further if item.words
    }
    found["temporal"] = _propose_period(columns)
    found["spatial"] = _propose_region(texts, publisher, columns)
    return {name: item for name, item in found.items() if item is not None and name in profile.properties}


def _propose_codes(item: Property, texts: Sequence[str]) -> Proposal | None:
    """The codes of the words in the texts; where only one can be given, that of the first word."""
    said = "\n".join(texts).lower()
    hits: dict[str, str] = {}
    for word, code in item.words.items():
        if _has_word(said, word):
            hits.setdefault(code, word)
    if not hits:
        return None
    codes = list(hits) if item.type == "codes" else [next(iter(hits))]
    words = "、".join(dict.fromkeys(hits[code] for code in codes))
    value = codes if item.type == "codes" else codes[0]
    return Proposal(value, N_("the title or the keywords have the word “%(word)s”"), {"word": words})


def _has_word(text: str, word: str) -> bool:
    """Whether a text has a word; in Chinese nothing stands between words."""
    return bool(re.search(rf"\b{re.escape(word)}\b", text)) if word.isascii() else word in text


def _propose_period(columns: Sequence[Column]) -> Proposal | None:
    """From the least to the greatest value of all columns of dates and years."""
    used = [item for item in columns if item.profile["type"] in _MOMENTS and not _WRITTEN_DOWN.search(_say(item))]
    starts, ends = ([_read_day(item.profile.get(key)) for item in used] for key in ("least", "greatest"))
    if not used or not all([*starts, *ends]):
        return None
    shortest = min(map(len, [*starts, *ends]))  # both ends of a period are days, months or years
    start, end = min(text[:shortest] for text in starts), max(text[:shortest] for text in ends)
    names = "、".join(dict.fromkeys(item.label for item in used))
    reason = N_("the dates in %(columns)s go from %(start)s to %(end)s")
    value = start if start == end else f"{start}/{end}"
    return Proposal(value, reason, {"columns": names, "start": start, "end": end}) if read_period(value) else None


def _read_day(value: object) -> str:
    """The day, month or year at the beginning of a moment; empty where it has none."""
    found = _DAY.match(str(value))
    return found[0] if found else ""


def _propose_region(texts: Sequence[str], publisher: str, columns: Sequence[Column]) -> Proposal | None:
    for column in columns:
        code = _find_shared_code(column)
        if code:
            reason = N_("all codes in the column “%(column)s” begin with %(digits)s")
            return Proposal({"code": code}, reason, {"column": column.label, "digits": _shorten(code)})
    for text, reason in (
        ("\n".join(texts), N_("the title or the keywords have the word “%(word)s”")),
        (publisher, N_("the name of the publisher has the word “%(word)s”")),
    ):
        named = find_region(text)
        if named is not None:
            return Proposal({"code": named[0]}, reason, {"word": named[1]})
    return None


def _find_shared_code(column: Column) -> str:
    """The division in which all codes of a column are; empty where they aren't codes, or of more than one province.

    Codes of one length sort by their digits, so what the least and the greatest share is shared by all.
    """
    found = column.profile
    least, greatest = str(found.get("least", "")), str(found.get("greatest", ""))
    if not _DIVISION.search(_say(column)) or found.get("shortest", len(least)) != found.get("longest", len(greatest)):
        return ""
    if len(least) != len(greatest) or not (_DIGITS.fullmatch(least) and _DIGITS.fullmatch(greatest)):
        return ""
    shared = next((size for size in (6, 4, 2) if least[:size] == greatest[:size]), 0)
    code = least[:shared].ljust(6, "0")
    return code if is_region(code) else ""


def find_region(text: str) -> tuple[str, str] | None:
    """The one province or city that a text names, and the word for it; None where it names none, or several."""
    hits = dict(_list_named(text))
    cities = [code for code in hits if not code.endswith("0000")]
    provinces = {code[:2] for code in cities} or {code[:2] for code in hits}
    if len(provinces) != 1:
        return None
    if len(cities) == 1:
        return cities[0], hits[cities[0]]
    code = f"{provinces.pop()}0000"
    return code, hits.get(code) or hits[cities[0]]


def _list_named(text: str) -> Iterator[tuple[str, str]]:
    """Each region that is named, whole or short. A short name that a province or a district has too counts for it."""
    shorts = find_short_names()
    taken = {name for code, name in shorts.items() if code.endswith("0000")}
    for code, region in find_codes("regions").items():
        whole, short = region.title("zh"), shorts[code]
        is_city = not code.endswith("0000")
        if whole in text:
            yield code, whole
        elif short in text and not (is_city and (short in taken or re.search(f"{short}[区县乡镇路街]", text))):
            yield code, short


def _shorten(code: str) -> str:
    return re.sub("(00){1,2}$", "", code)


def _say(column: Column) -> str:
    return f"{column.profile['name']} {column.title}"
