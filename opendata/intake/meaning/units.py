"""Units as people write them above a table and in the names of its columns, and their UCUM code where that is certain.

In: `总产值（万元）`, `增长%`, `面积 [km2]`     Out: `万元`, `%`, `km2`
A text in brackets is a unit only if each of its parts is one: `（不含农户）` isn't.
Source: GB 3100 to 3102 for the names, The Unified Code for Units of Measure (UCUM) for the codes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

_UCUM: Mapping[str, str] = {
    "吨": "t",
    "千克": "kg",
    "公斤": "kg",
    "克": "g",
    "毫克": "mg",
    "公里": "km",
    "千米": "km",
    "米": "m",
    "厘米": "cm",
    "毫米": "mm",
    "平方公里": "km2",
    "平方千米": "km2",
    "km²": "km2",
    "平方米": "m2",
    "㎡": "m2",
    "m²": "m2",
    "立方米": "m3",
    "m³": "m3",
    "公顷": "har",
    "升": "L",
    "毫升": "mL",
    "千瓦": "kW",
    "兆瓦": "MW",
    "千瓦时": "kW.h",
    "kWh": "kW.h",
    "摄氏度": "Cel",
    "℃": "Cel",
    "°C": "Cel",
    "毫克/立方米": "mg/m3",
    "mg/m³": "mg/m3",
    "微克/立方米": "ug/m3",
    "μg/m3": "ug/m3",
    "μg/m³": "ug/m3",
    "µg/m3": "ug/m3",
    "µg/m³": "ug/m3",
    "毫克/升": "mg/L",
    "％": "%",
}
_CODES = frozenset(_UCUM.values()) | {"%"}

_PREFIX = "(?:万亿|百万|千万|十万|亿|万|千|百|十)?"
_BASES = (
    "人民币元|美元|港元|港币|欧元|日元|元|人次|人年|人天|人日|人|户次|户|家|个百分点|百分点|个点|个|件次|件|辆次|台套|台班|台|套|辆"
    "|艘次|艘|架次|架|班次|车次|班|车|只|头只|头|匹|羽|株|棵|项|所|座|处|间|栋|幢|张|床|部|册|份|枚|批次|批|次|例|宗|起|条|篇"
    "|吨标准煤|吨标煤|吨公里|人公里|吨海里|标准吨|吨|千克|公斤|克|毫克|微克|斤|公里|千米|米|厘米|毫米|海里|里"
    "|平方公里|平方千米|平方米|立方米|公顷|亩|升|毫升|千瓦时|千瓦|兆瓦|瓦|千伏安|伏|度|分贝|帕|百帕|摄氏度"
    "|标准箱|箱|袋|瓶|桶|小时|分钟|秒|天|岁|周岁|倍|分"
)
_SYMBOLS = (
    r"[%％‰℃]|°C|kg|mg|g|t|km2|km²|km|cm|mm|m2|m²|㎡|m3|m³|m|ha|mL|L|kWh|kW|MW|GW|dB|TEU"
    r"|[mμµ]g/m[3³]|ug/m3|mg/L|RMB|USD|CNY"
)
_PART = rf"(?:{_PREFIX}(?:{_BASES})|{_SYMBOLS})"
_KNOWN = re.compile(rf"{_PART}(?:\s*[/／每]\s*{_PART}){{0,3}}")
_SEVERAL = re.compile(r"\s*[、,，;；和或]\s*|\s+")
_BRACKET = re.compile(r"[（(\[【〔]\s*(?:(?:计量)?单位\s*[:：]\s*)?([^（()）\[\]【】〔〕]{1,20}?)\s*[)）\]】〕]")
_ENDING = re.compile(r"(?<=[^\s\d(（/])\s*([%％‰])\s*$")
_SLASH = re.compile(r"(?<=[^\s\d])[/／]([^/／\s()（）]{1,8})\s*$")


_LONGEST = 200
"""No more of a label than its end is looked at."""


def is_unit(text: str) -> bool:
    """Whether a text is a unit, or several of them."""
    parts = _SEVERAL.split(text.strip())
    return all(_KNOWN.fullmatch(part) for part in parts if part) and any(parts)


def is_one_unit(text: str) -> bool:
    """Whether a text is exactly one unit."""
    return bool(_KNOWN.fullmatch(text.strip()))


def find_unit(label: str) -> str:
    """The unit that the name of a column states, empty where none does. The last one counts: names go downwards."""
    label = label[-_LONGEST:]
    found = [match[1] for match in _BRACKET.finditer(label) if is_one_unit(match[1])]
    rest = _BRACKET.sub("", label)
    ending = _ENDING.search(label)
    if ending:
        return "%" if ending[1] == "％" else ending[1]
    if found:
        return found[-1].strip()
    slash = _SLASH.search(rest)
    return slash[1] if slash and is_one_unit(slash[1]) and not is_one_unit(rest[: slash.start()].strip()) else ""


def code_unit(text: str) -> str:
    """The UCUM code of a unit where it is certain, else the text as it is."""
    plain = "".join(text.split()).replace("每", "/")
    return _UCUM.get(plain, plain if plain in _CODES else text.strip())


def mark_units(
    labels: Sequence[str], said: Mapping[str, str | None], marks: Mapping[int, Mapping[str, Any]]
) -> dict[int, Mapping[str, Any]]:
    """What columns keep of their source, with their units: those that a person gave them, else those in their labels.

    What the file's own formats say goes before a label. Columns are numbered from 1.
    """
    found = dict(marks)
    for number, label in enumerate(labels, start=1):
        mark = marks.get(number, {})
        unit = said[label] if label in said else find_unit(label)
        if unit and (label in said or not (mark.get("unit") or mark.get("percent"))):
            found[number] = {**mark, "unit": code_unit(unit)}
        elif label in said and "unit" in mark:
            found[number] = {key: value for key, value in mark.items() if key != "unit"}
    return {number: mark for number, mark in found.items() if mark}
