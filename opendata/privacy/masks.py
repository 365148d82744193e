"""Masks: one way to hide each kind of personal data, the same for the whole site.

Two masks of one number can reveal it together, so nobody chooses between masks. A masked value doesn't depend on what
it hides, except that a long address hides as much as a short one.
"""

from __future__ import annotations

import re

from opendata.domain.privacy import Kind
from opendata.privacy.notations import write_plainly

_COMPOUND = (
    "欧阳 太史 端木 上官 司马 东方 独孤 南宫 万俟 闻人 夏侯 诸葛 尉迟 公羊 赫连 澹台 皇甫 宗政 "
    "濮阳 公冶 太叔 申屠 公孙 慕容 仲孙 钟离 长孙 宇文 司徒 鲜于 司空 闾丘 子车 亓官 司寇 巫马 "
    "公西 颛孙 壤驷 公良 漆雕 乐正 宰父 谷梁 拓跋 夹谷 轩辕 令狐 段干 百里 呼延 东郭 南门 羊舌 "
    "微生 梁丘 左丘 西门 南荣 东里 东宫 即墨 达奚 褚师 完颜 纳兰 "
)
COMPOUND_SURNAMES = frozenset(_COMPOUND.split())
"""Surnames of two characters."""

_PLACE = re.compile(
    r"^(?:.{0,6}(?:省|自治区))?(?:.{1,10}?(?:自治州|地区|市|盟))?(?:.{1,12}?(?:自治县|县|旗|市|(?<![小校社地园])区))?"
)
_TOWNSHIP = re.compile(r"^.{1,12}?(?:街道|镇|乡|苏木)")
_RESIDENT = re.compile("[0-9*]{15}|[0-9*]{17}[0-9Xx*]")
_NUMBERS = frozenset([Kind.RESIDENT_ID, Kind.MOBILE, Kind.LANDLINE, Kind.BANK_CARD])
_DIGIT = re.compile(r"[0-9]")


def mask_value(kind: Kind, text: str) -> str:
    """Hide a value of a kind as the whole site does: 431126********1012, 138****5678, 张*.

    What doesn't look like the kind is hidden whole.
    """
    if kind in _NUMBERS:
        text = write_plainly(text)
    match kind:
        case Kind.RESIDENT_ID:
            number = re.sub("[ -]", "", text)
            return _keep_ends(number, 6, 4 if len(number) == 18 else 3) if _RESIDENT.fullmatch(number) else "*" * 8
        case Kind.MOBILE:
            number = _find_mobile(text)
            return f"{number[:3]}****{number[-4:]}" if number else "*" * 8
        case Kind.LANDLINE:
            return _mask_landline(text)
        case Kind.BANK_CARD:
            digits = _keep_digits(text)
            return f"****{digits[-4:]}" if len(digits) >= 12 else "*" * 8
        case Kind.EMAIL:
            return f"****@{text.rsplit('@', 1)[1]}" if "@" in text else "*" * 8
        case Kind.PLATE:
            return f"{text[:2]}****" if len(text) >= 7 else "*" * 4
        case Kind.ADDRESS:
            return f"{find_county(text)}****"
        case Kind.NAME:
            return mask_name(text)
        case Kind.PASSPORT | Kind.TRAVEL_PERMIT | Kind.MILITARY_ID | Kind.SOCIAL | Kind.BIRTH_DATE | Kind.TRACK:
            return "*" * 8


def hide_value(kind: Kind, text: str) -> str:
    """An example of a value that is safe to show to a clerk: less of it than `mask_value` keeps."""
    if kind in _NUMBERS:
        text = write_plainly(text)
    match kind:
        case Kind.RESIDENT_ID:
            return f"{text[:2]}{'*' * 16}"
        case Kind.MOBILE:
            number = _find_mobile(text)
            return f"{number[:3]}{'*' * 8}" if number else "*" * 8
        case Kind.LANDLINE:
            area = re.match(r"[(（]?(0[0-9]{2,3})[^0-9]", text)
            return f"{area[1]}-****" if area else "****"
        case Kind.BANK_CARD:
            return f"{_keep_digits(text)[:2]}{'*' * 14}"
        case Kind.EMAIL:
            return "****@****"
        case Kind.PLATE:
            return f"{text[:1]}****"
        case Kind.ADDRESS:
            return f"{text[:3]}****" if len(text) > 6 and not _DIGIT.search(text[:3]) else "****"
        case Kind.NAME:
            return mask_name(text)
        case Kind.BIRTH_DATE:
            return f"{text[:3]}*"
        case Kind.PASSPORT | Kind.TRAVEL_PERMIT | Kind.MILITARY_ID | Kind.SOCIAL | Kind.TRACK:
            return "*" * 8


def mask_name(text: str) -> str:
    """The surname and one star: 张*, 欧阳*. A name with a dot keeps what is before its first dot's first character."""
    text = text.strip()
    if not text:
        return "*"
    if re.search("[·•‧・.]", text) or text[0].isascii():
        return f"{text[0]}*"
    return f"{text[:2]}*" if len(text) > 2 and text[:2] in COMPOUND_SURNAMES else f"{text[0]}*"


def find_county(text: str) -> str:
    """The part of an address down to the county (县, 区, 旗, or a city at that level); empty if it names none."""
    found = _PLACE.match(text.strip())
    place = found[0] if found else ""
    return "" if _DIGIT.search(place) else place


def find_township(text: str) -> str:
    """The part of an address down to the township (镇, 乡, 街道); the county if it names none."""
    county = find_county(text)
    rest = text.strip()[len(county) :]
    found = _TOWNSHIP.match(rest)
    return county + found[0] if found and not _DIGIT.search(found[0]) else county


def _find_mobile(text: str) -> str:
    digits = _keep_digits(text)
    return digits[-11:] if digits[-11:-10] == "1" and digits[:-11] in ("", "86", "0086") else ""


def _mask_landline(text: str) -> str:
    found = re.match(r"[(（]?(?:\+?86-?)?(0[0-9]{2,3})[)）\- ]+([0-9]{7,8})", text)
    if found:
        return f"{found[1]}-****{found[2][-4:]}"
    digits = _keep_digits(text)
    if digits.startswith("0") and len(digits) in (11, 12):
        return f"{digits[:3]}****{digits[-4:]}"
    return f"****{digits[-4:]}" if len(digits) in (7, 8) else "*" * 8


def _keep_ends(text: str, first: int, last: int) -> str:
    return f"{text[:first]}{'*' * (len(text) - first - last)}{text[-last:]}"


def _keep_digits(text: str) -> str:
    return "".join(character for character in text if "0" <= character <= "9")
