"""The columns of the inventory as a table that people fill in: their headings, and each cell to and from metadata.

A heading is read in any language, and also as the guide calls it. What a cell says becomes a part of a JSON Merge
Patch: an empty cell removes what was there, a column that is missing leaves it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any

from opendata.domain.inventory.states import STATE_NAMES
from opendata.errors import N_
from opendata.metadata.codes import DISCLOSURES, Code
from opendata.metadata.properties.data_items import parse_items, write_items
from opendata.metadata.properties.reading import Property, load_profile
from opendata.services.governance.inventory.items import ItemView
from opendata.wording.voice import voice_of

_SIGNS = re.compile(r"[\s*＊:：]|[（(].*?[)）]")
_SEPARATORS = re.compile(r"[,，、;；\n]")
_DAY = re.compile(r"([0-9]{4})(?:-|/|\.|年)([0-9]{1,2})(?:-|/|\.|月)([0-9]{1,2})日?(?: 00:00(?::00)?)?")
_DIGITS = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
_LANGUAGES = ("zh", "en")

_DISCLOSURE_WORDS: Mapping[str, str] = {
    **dict.fromkeys(("1", "是", "yes", "无条件开放", "普遍开放", "开放"), "open"),
    **dict.fromkeys(("有条件开放", "受限开放", "依申请公开", "依申请开放"), "conditional"),
    **dict.fromkeys(("0", "否", "no", "不予开放", "不予公开", "不开放", "不公开"), "closed"),
}
"""What inventories call the disclosure attribute besides its names here: the guide has yes and no."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column: `pointer` is the place of its value in the metadata, as fault pointers have it.

    `aliases` are other headings, `codes` what it takes. `is_apart` says that it isn't a property of the metadata.
    """

    key: str
    labels: Mapping[str, str]
    hints: Mapping[str, str]
    pointer: str
    read: Callable[[str], Any] = str
    show: Callable[[ItemView, str], str]
    aliases: Sequence[str] = ()
    codes: Mapping[str, Code] = field(default_factory=dict)
    is_required: bool = False
    is_apart: bool = False

    def label(self, language: str) -> str:
        """The heading."""
        return self.labels.get(language) or voice_of(language).translate(self.labels["en"])

    def hint(self, language: str) -> str:
        """How to fill it in."""
        return self.hints.get(language) or voice_of(language).translate(self.hints["en"])


@cache
def list_columns() -> Sequence[Column]:
    """All columns, in the order of the template."""
    return tuple(_list_columns())


@cache
def find_headings() -> Mapping[str, Column]:
    """The columns by each heading that they may have, without signs."""
    found: dict[str, Column] = {}
    for column in list_columns():
        for text in (*map(column.label, _LANGUAGES), *column.aliases, column.key):
            found.setdefault(clean_heading(text), column)
    return found


def clean_heading(text: str) -> str:
    """A heading without spaces, stars, and anything in brackets."""
    return _SIGNS.sub("", text).lower()


def show_item(item: ItemView, language: str) -> list[str]:
    """The cells of an item."""
    return [column.show(item, language) for column in list_columns()]


def build_patch(cells: Mapping[str, str]) -> dict[str, Any]:
    """The merge patch of the metadata that the cells of a row say, by the keys of their columns."""
    patch: dict[str, Any] = {}
    for column in list_columns():
        if column.pointer and column.key in cells and not column.is_apart:
            *parents, name = column.pointer.strip("/").split("/")
            place = patch
            for parent in parents:
                place = place.setdefault(parent, {})
            text = cells[column.key].strip()
            place[name] = column.read(text) if text else None
    return patch


def find_column(pointer: str) -> Column:
    """The column that a fault is about; that of the title where no other is."""
    named = [item for item in list_columns() if item.pointer and f"{pointer}/".startswith(f"{item.pointer}/")]
    return max(named, key=lambda item: len(item.pointer), default=find_headings()["title"])


def parse_day(text: str) -> date | None:
    """A day as people write it, None for another text."""
    found = _DAY.fullmatch(text.strip()) or _DIGITS.fullmatch(text.strip())
    try:
        return date(*map(int, found.groups())) if found else None
    except ValueError:
        return None


def _list_columns() -> Iterator[Column]:
    profile = load_profile().properties
    yield Column(
        key="id",
        labels={"en": N_("Item ID")},
        hints={"en": N_("Leave it empty for a new item. Don't change it for one that is there")},
        pointer="/id",
        show=lambda item, _: item.id,
        is_apart=True,
    )
    yield _text(profile["indexNumber"], hint=N_("Leave it empty: the portal gives the number"))
    yield Column(
        key="publisher",
        labels={"en": N_("Provider")},
        hints={"en": N_("The whole name of the publisher. Leave it empty for your own")},
        pointer="/publisher",
        show=lambda item, language: _say(item.publisher.title, item.publisher.i18n, language),
        aliases=("提供方", "资源提供方", "提供单位", "责任单位"),
        is_apart=True,
    )
    yield Column(
        key="publisherCode",
        labels={"en": N_("Code of the provider")},
        hints={"en": N_("Its unified social credit code of 18 characters")},
        pointer="/publisher",
        show=lambda item, _: item.code or "",
        aliases=("信息资源提供方代码", "资源提供方代码", "统一社会信用代码"),
        is_apart=True,
    )
    yield _text(profile["title"], is_required=True, aliases=("资源名称", "数据集名称"))
    yield _text(profile["description"], aliases=("摘要", "资源摘要"))
    yield _text(profile["resourceCode"])
    yield _codes(profile["themes"])
    yield _code(profile["keyDomain"])
    yield from _parts(profile["resourceFormat"])
    yield Column(
        key="dataItems",
        labels=profile["dataItems"].labels,
        hints=profile["dataItems"].explanations,
        pointer="/dataItems",
        read=parse_items,
        show=lambda item, language: write_items(item.items, language),
        aliases=("信息项信息", "数据项"),
    )
    yield from _parts(profile["sharing"])
    yield _code(profile["disclosure"], "attribute", aliases=("是否向社会开放", "开放类型"), is_required=True)
    for name, label, hint in (
        ("reason", N_("Reason, if not open"), N_("Why the data isn't open to everybody")),
        ("legalBasis", N_("Legal basis, if not open"), N_("The article that allows or demands it")),
        ("audience", N_("Which area or group"), N_("Only for data that is for some people")),
    ):
        yield Column(
            key=f"disclosure.{name}",
            labels={"en": label},
            hints={"en": hint},
            pointer=f"/disclosure/{name}",
            show=_show_part("disclosure", name),
        )
    yield _text(profile["openingCondition"])
    yield Column(
        key="opens",
        labels={"en": N_("Planned opening day")},
        hints={"en": N_("The day on which it is to be opened, such as 2026-09-30")},
        pointer="/opens",
        show=lambda item, _: item.opens.isoformat() if item.opens else "",
        aliases=("计划开放日期", "计划开放时间"),
        is_apart=True,
    )
    yield Column(
        key="opensReason",
        labels={"en": N_("Why the day changes")},
        hints={"en": N_("Needed where the planned day moves. It is public")},
        pointer="/opensReason",
        show=lambda item, _: "",  # noqa: ARG005 - all take the same
        is_apart=True,
    )
    yield _code(profile["updateCycle"])
    yield Column(
        key="relatedCodes",
        labels=profile["relatedCodes"].labels,
        hints=profile["relatedCodes"].explanations,
        pointer="/relatedCodes",
        read=_split,
        show=lambda item, _: "，".join(item.metadata.get("relatedCodes", ())),
    )
    yield Column(
        key="keywords",
        labels=profile["keywords"].labels,
        hints=profile["keywords"].explanations,
        pointer="/keywords",
        read=_split,
        show=lambda item, _: "，".join(item.metadata.get("keywords", ())),
    )
    yield _text(profile["basis"])
    yield Column(
        key="state",
        labels={"en": N_("State")},
        hints={"en": N_("Shown only: changes here aren't read")},
        pointer="",
        show=lambda item, language: voice_of(language).translate(STATE_NAMES[item.state]),
        is_apart=True,
    )
    yield Column(
        key="published",
        labels={"en": N_("Published on")},
        hints={"en": N_("Shown only: changes here aren't read")},
        pointer="",
        show=lambda item, _: item.published.isoformat() if item.published else "",
        aliases=("发布日期",),
        is_apart=True,
    )


def _text(item: Property, *, hint: str = "", is_required: bool = False, aliases: Sequence[str] = ()) -> Column:
    return Column(
        key=item.name,
        labels=item.labels,
        hints={"en": hint} if hint else item.explanations,
        pointer=f"/{item.name}",
        show=lambda found, _: str(found.metadata.get(item.name, "")),
        aliases=(*aliases, *_list_guide_names(item)),
        is_required=is_required,
    )


def _code(item: Property, part: str = "", *, aliases: Sequence[str] = (), is_required: bool = False) -> Column:
    name = f"{item.name}.{part}" if part else item.name
    show = _show_part(item.name, part) if part else lambda found, _: str(found.metadata.get(item.name, ""))
    return Column(
        key=name,
        labels=item.labels,
        hints=item.explanations,
        pointer=f"/{name.replace('.', '/')}",
        read=_reader_of(item.codes),
        show=lambda found, language: _name(item.codes, show(found, language), language),
        aliases=(*aliases, *_list_guide_names(item)),
        codes=item.codes,
        is_required=is_required,
    )


def _codes(item: Property) -> Column:
    read = _reader_of(item.codes)
    return Column(
        key=item.name,
        labels=item.labels,
        hints=item.explanations,
        pointer=f"/{item.name}",
        read=lambda text: [read(part) for part in _split(text)],
        show=lambda found, language: "、".join(
            _name(item.codes, code, language) for code in found.metadata.get(item.name, ())
        ),
        aliases=_list_guide_names(item),
        codes=item.codes,
    )


def _parts(item: Property) -> Iterator[Column]:
    for part in item.parts:
        codes = part.codes
        shown = _show_part(item.name, part.name)
        yield Column(
            key=f"{item.name}.{part.name}",
            labels=part.labels,
            hints=part.explanations,
            pointer=f"/{item.name}/{part.name}",
            read=_reader_of(codes) if codes else str,
            show=_namer_of(codes, shown) if codes else shown,
            codes=codes,
        )


def _namer_of(codes: Mapping[str, Code], show: Callable[[ItemView, str], str]) -> Callable[[ItemView, str], str]:
    return lambda found, language: _name(codes, show(found, language), language)


def _show_part(name: str, part: str) -> Callable[[ItemView, str], str]:
    return lambda found, _: str((found.metadata.get(name) or {}).get(part, ""))


def _name(codes: Mapping[str, Code], code: str, language: str) -> str:
    """A code as its cell has it: its name, after its digit where it has one."""
    if code not in codes:
        return code
    return name_code(codes[code], language)


def name_code(code: Code, language: str) -> str:
    """A code as drop-down lists have it."""
    name = code.title(language)
    return f"{code.id} {name}" if len(code.id) == 1 else name


def _reader_of(codes: Mapping[str, Code]) -> Callable[[str], str]:
    """What finds the code that a cell means: by the code, its name in any language, or both."""
    known: dict[str, str] = {}
    for code in codes.values():
        for language in _LANGUAGES:
            for text in (code.id, code.title(language), name_code(code, language)):
                known.setdefault(_fold(text), code.id)
    known |= _DISCLOSURE_WORDS if codes is DISCLOSURES else {}
    return lambda text: known.get(_fold(text), text)


def _fold(text: str) -> str:
    return "".join(text.split()).lower()


def _split(text: str) -> list[str]:
    return [part.strip() for part in _SEPARATORS.split(text) if part.strip()]


def _list_guide_names(item: Property) -> tuple[str, ...]:
    return tuple(name for name in item.maps.get("guide", "").split(", ") if name)


def _say(title: str, i18n: Mapping[str, Any], language: str) -> str:
    return str(i18n.get(language, {}).get("title") or title)
