"""The columns of a list of publishers: what each is called, and how texts of cells become properties and back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from opendata.errors import Fault
from opendata.metadata.properties.publishers import TRANSLATED, load_publisher_profile
from opendata.metadata.properties.reading import Property
from opendata.settings import LANGUAGES

ID = "id"
_PERSONS = ("responsible", "officer")
_NAMES = {"zh": "编号", "en": "Id"}
_FORMER = (("数据提供方名称", "单位名称"), ("数据提供方类型", "单位类型"), ("上级数据提供方", "上级单位"))
"""What headings are called, and what they were called in lists that were handed out before: both are read."""

_LANGUAGES = {"zh": {"zh": "中文", "en": "英文"}, "en": {"zh": "Chinese", "en": "English"}}


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its path among the properties (`contactPoint/email`), its property, and its names by language."""

    path: str
    item: Property | None = field(compare=False)
    names: Mapping[str, str] = field(compare=False)

    @property
    def is_private(self) -> bool:
        """Whether it is about a person, so that not everybody may read it."""
        return self.path.partition("/")[0] in _PERSONS


@cache
def list_columns(translations: tuple[str, ...]) -> Sequence[Column]:
    """All columns in their order; `translations` are the languages that texts are translated into."""
    return tuple(_list_columns(translations))


def _list_columns(translations: tuple[str, ...]) -> Iterator[Column]:
    yield Column(ID, None, _NAMES)
    for item in load_publisher_profile().properties.values():
        names = {tag: item.label(tag) for tag in LANGUAGES}
        if item.parts:
            for part in item.parts:
                own = {tag: part.label(tag) for tag in LANGUAGES}
                if item.name in _PERSONS:
                    own = {
                        tag: f"{names[tag]}：{text}" if tag == "zh" else f"{names[tag]}: {text}"
                        for tag, text in own.items()
                    }
                yield Column(f"{item.name}/{part.name}", part, own)
            continue
        yield Column(item.name, item, names)
        if item.name in TRANSLATED:
            for language in translations:
                told = {
                    tag: f"{text}（{_LANGUAGES[tag].get(language, language)}）"
                    if tag == "zh"
                    else f"{text} ({_LANGUAGES.get(tag, {}).get(language, language)})"
                    for tag, text in names.items()
                }
                yield Column(f"i18n/{language}/{item.name}", item, told)


def match_header(cells: Sequence[str], columns: Sequence[Column]) -> Mapping[int, Column]:
    """Which column each cell of a header names: by its path or its name in any language."""
    known: dict[str, Column] = {}
    for column in columns:
        for name in (column.path, *column.names.values()):
            known.setdefault(_fold(name), column)
        for new, old in _FORMER:
            known.setdefault(_fold(column.names["zh"].replace(new, old)), column)
    return {place: known[_fold(cell)] for place, cell in enumerate(cells) if _fold(cell) in known}


def read_cells(texts: Mapping[Column, str]) -> dict[str, Any]:
    """The properties that the cells of a row say; null where a cell is empty."""
    found: dict[str, Any] = {}
    for column, text in texts.items():
        *above, name = column.path.split("/")
        place = found
        for part in above:
            place = place.setdefault(part, {})
        place[name] = _read_code(column.item, text) if text else None
    return found


def write_cells(properties: Mapping[str, Any], columns: Sequence[Column], language: str) -> list[str]:
    """The cells of a publisher in a language."""
    cells = []
    for column in columns:
        value: Any = properties
        for part in column.path.split("/"):
            value = value.get(part) if isinstance(value, Mapping) else None
        codes = column.item.codes if column.item is not None else {}
        cells.append(codes[value].title(language) if value in codes else str(value or ""))
    return cells


def find_column(wrong: Fault, columns: Sequence[Column]) -> Column | None:
    """The column that a fault is about."""
    path = wrong.pointer.strip("/")
    return next((column for column in columns if path == column.path or column.path.startswith(f"{path}/")), None)


def _read_code(item: Property | None, text: str) -> str:
    """The code that a text names in any language; the text itself where it names none."""
    for code, found in (item.codes if item is not None else {}).items():
        if _fold(text) in (_fold(code), *(_fold(found.title(tag)) for tag in LANGUAGES)):
            return code
    return text


def _fold(text: str) -> str:
    return "".join(text.split()).casefold().replace("：", ":").replace("（", "(").replace("）", ")")
