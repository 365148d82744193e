"""The headings of a catalogue as departments have them, in one row or two: which column means what."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from opendata.domain.basics.codes import NAMES, SPELLINGS, Audience, Channel, Kind, Level, Method
from opendata.domain.basics.entries import TITLES

SEARCHED_ROWS = 30
"""The header is in one of this many rows."""

_LEAST = 3
_ROWS = 3


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its heading, the `field` of an entry that it fills (empty: none), and the `code` that a tick adds."""

    heading: str
    field: str
    code: str = ""


@dataclass(frozen=True, slots=True)
class Header:
    """The rows of a header, counted from 1, and the columns below it."""

    rows: tuple[int, ...]
    columns: tuple[Column, ...]


NUMBER, FURTHER = "number", "further"
"""Columns that fill no field: the number of the row, and the matters of level 3 and 4, which are added to level 2."""

_VALUES: Sequence[tuple[str, str]] = (
    (r"序号|编号|no\.?", NUMBER),
    (r"一级(?:公开)?(?:事项|目录|类别|指标|标题)?", "matter"),
    (r"二级(?:公开)?(?:事项|目录|类别|指标|标题)?", "item"),
    (r"[三四]级(?:公开)?(?:事项|目录|类别|指标|标题)?", FURTHER),
    (r"(?:公开|政务公开|事项)?(?:事项|类别|目录)(?:名称|类别)?", "matter"),
    (r"(?:公开)?(?:内容|要素)(?:\(?(?:及)?要素\)?|\(内容\))?(?:要求)?", "content"),
    (r"(?:公开)?(?:法律|政策)?(?:法规)?依据", "basis"),
    (r"(?:公开)?(?:时限|时间|期限)(?:要求)?", "time_limit"),
    (r"(?:公开)?(?:责任)?(?:主体|单位|部门|机构)|责任(?:主体|单位|部门|科室)", "body"),
    (r"(?:公开)?(?:渠道|载体|平台)(?:[和与及、/]?(?:载体|渠道|平台))?", "channels"),
    (r"公开对象|对象", "audiences"),
    (r"公开方式|方式", "methods"),
    (r"(?:公开)?(?:层级|级别)", "levels"),
    (r"(?:公开)?监督(?:渠道|方式|途径|电话)|监督", "supervision"),
    (r"五公开(?:属性|类别)?|[“\"]五公开[”\"]", "kinds"),
    (r"(?:试点|所属|公开)?领域(?:名称)?", "domain"),
)
_TICKS: Mapping[str, tuple[type, ...]] = {
    "audiences": (Audience,),
    "methods": (Method,),
    "levels": (Level,),
    "channels": (Channel,),
    "kinds": (Kind,),
}
_SHORT_WORDS = frozenset(["省", "市", "县", "区", "乡", "村", "社区", "街道", "管理", "服务", "执行", "决策", "结果"])
"""Names of codes that are headings only below the heading of their list."""


def find_header(rows: Sequence[Sequence[str]]) -> Header | None:
    """The header: the first row with at least three headings that we know, and the rows below that belong to it."""
    for number, row in enumerate(rows[:SEARCHED_ROWS], start=1):
        if len({meaning.field for cell in row if (meaning := _know(cell)) is not None}) >= _LEAST:
            numbers = [number]
            while len(numbers) < _ROWS and _belongs(rows, numbers[-1]):
                numbers.append(numbers[-1] + 1)
            return Header(tuple(numbers), tuple(_name_columns([rows[found - 1] for found in numbers])))
    return None


def _belongs(rows: Sequence[Sequence[str]], above: int) -> bool:
    """Whether the row below is one of the header too: each of its cells is a heading, or repeats the one above."""
    if above >= len(rows):
        return False
    upper, lower = rows[above - 1], rows[above]
    cells = [(place, cell) for place, cell in enumerate(lower) if cell.strip()]
    new = 0
    for place, cell in cells:
        top = upper[place] if place < len(upper) else ""
        if _plain(cell) == _plain(top):
            continue
        if _know(cell, _find_list(upper, place)) is None:
            return False
        new += 1
    return new > 0


def _name_columns(rows: Sequence[Sequence[str]]) -> list[Column]:
    width = max(map(len, rows))
    found = []
    for place in range(width):
        cells = [row[place].strip() if place < len(row) else "" for row in rows]
        parts = list(dict.fromkeys(filter(None, cells)))
        last = parts[-1] if parts else ""
        field = _find_list(rows[0], place)
        meaning = _know(last, field) or (_know(parts[0]) if parts else None)
        heading = " ".join(parts)
        if len(parts) == 1 and len(rows) > 1 and not cells[0] and field:
            heading = f"{_find_top(rows[0], place)} {last}"
        found.append(Column(heading, meaning.field, meaning.code) if meaning else Column(heading, ""))
    return found


def _find_top(row: Sequence[str], place: int) -> str:
    """The heading above a place: text files leave the cells beside a merged one blank."""
    return next((cell for cell in reversed(row[: place + 1]) if cell.strip()), "")


def _find_list(row: Sequence[str], place: int) -> str:
    """The field whose heading is above a place."""
    top = _know(_find_top(row, place))
    return top.field if top is not None and not top.code else ""


def _know(text: str, above: str = "") -> Column | None:
    """What a heading means; `above` is the field whose heading it is below."""
    plain = _plain(text)
    if not plain or len(plain) > 40:
        return None
    for field, lists in _TICKS.items():
        for codes in lists:
            for code, spellings in SPELLINGS[codes].items():
                names = [_plain(name) for name in (*spellings, NAMES[code])]
                if plain in names and (field == above or (plain not in _SHORT_WORDS and field != "channels")):
                    return Column(text, field, str(code))
    for pattern, field in _VALUES:
        if re.fullmatch(pattern, plain, re.IGNORECASE):
            return Column(text, field)
    return next((Column(text, name) for name, title in TITLES.items() if plain == _plain(title)), None)


def _plain(text: str) -> str:
    return "".join(text.split()).replace("（", "(").replace("）", ")").replace("／", "/").lower()
