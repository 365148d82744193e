"""The information items of a resource (信息项): what is wrong with them, as text that people type, and out of schemas.

In text each item is a line, or stands between semicolons: `name, type, length, key, required`. Only the name is
needed; the others may come in any order, in Chinese or English.
Source: 政务信息资源目录编制指南（试行） (发改高技术〔2017〕1272号), information items and their types.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypedDict

from opendata.domain.schema import Field, TableSchema
from opendata.errors import N_, Fault, fault
from opendata.metadata.properties.code_lists import find_codes

MOST = 1000
"""So many items a resource may have."""

LONGEST_NAME = 200
_LONGEST = 10_000_000
_BETWEEN_ITEMS = re.compile(r"[\n;；]")
_BETWEEN_PARTS = re.compile(r"[,，、|｜\t]")
_NOT_IN_NAMES = re.compile(r"[\n;；,，、|｜\t]")
_LENGTH = re.compile(r"[0-9]{1,8}")

_KEY = {"zh": "主键", "en": "key"}
_REQUIRED = {"zh": "非空", "en": "required"}
_OPTIONAL = {"zh": "可空", "en": "optional"}
_WORDS: Mapping[str, tuple[str, bool]] = {
    **dict.fromkeys(("主键", "是主键", "key", "primary key", "pk"), ("key", True)),
    **dict.fromkeys(("非主键", "not key"), ("key", False)),
    **dict.fromkeys(("非空", "不可空", "不可为空", "必填", "required", "not null"), ("nullable", False)),
    **dict.fromkeys(("可空", "可为空", "选填", "optional", "nullable", "null"), ("nullable", True)),
}
_OF_FIELDS: Mapping[str, str] = {
    "string": "C",
    "number": "N",
    "integer": "I",
    "year": "I",
    "boolean": "L",
    "date": "D",
    "datetime": "T",
}
"""Types of fields → types of items; all others are of the general type."""


class DataItem(TypedDict, total=False):
    """One item; what nobody said is left out."""

    name: str
    type: str
    length: int
    key: bool
    nullable: bool


def find_item_faults(value: object, pointer: str) -> Iterator[Fault]:
    """What is wrong with a list of items."""
    if not isinstance(value, list | tuple) or len(value) > MOST:
        yield fault(pointer, N_("This must be a list of at most %(limit)s items"), limit=MOST)
        return
    seen: set[str] = set()
    for number, item in enumerate(value):
        yield from _find_faults_of_one(item, f"{pointer}/{number}", seen)


def _find_faults_of_one(item: object, pointer: str, seen: set[str]) -> Iterator[Fault]:
    if not isinstance(item, Mapping):
        yield fault(pointer, N_("This must be an object"))
        return
    name = item.get("name")
    if not isinstance(name, str) or not name.strip():
        yield fault(f"{pointer}/name", N_("Each item needs a name"))
    elif len(name) > LONGEST_NAME:
        yield fault(f"{pointer}/name", N_("At most %(limit)s characters are allowed"), limit=LONGEST_NAME)
    elif _NOT_IN_NAMES.search(name.strip()):
        yield fault(f"{pointer}/name", N_("The name of an item can't have a comma or a semicolon"))
    elif name.strip() in seen:
        yield fault(f"{pointer}/name", N_("The item “%(name)s” appears more than once"), name=name.strip())
    else:
        seen.add(name.strip())
    kind, length = item.get("type"), item.get("length")
    if kind is not None and kind != "" and (not isinstance(kind, str) or kind not in find_codes("item-types")):
        text = N_("“%(value)s” isn't a type of an item. Write one of %(choices)s")
        yield fault(f"{pointer}/type", text, value=str(kind)[:60], choices=", ".join(find_codes("item-types")))
    if length is not None and (isinstance(length, bool) or not isinstance(length, int) or not 0 < length <= _LONGEST):
        yield fault(f"{pointer}/length", N_("A length must be a whole number above 0"))
    for part in ("key", "nullable"):
        if not isinstance(item.get(part), bool | None):
            yield fault(f"{pointer}/{part}", N_("This must be true or false"))
    for part in item.keys() - DataItem.__annotations__.keys():
        yield fault(f"{pointer}/{part}", N_("This property doesn't exist. Check the spelling"))


def clean_items(value: Sequence[Mapping[str, Any]]) -> list[DataItem]:
    """Items without faults as they are kept."""
    return [_leave_out_empty({**item, "name": item["name"].strip()}) for item in value]


def parse_items(text: str) -> list[dict[str, Any]]:
    """The items that a text lists, right or wrong: an unknown word counts as a type, which is then wrong."""
    found = []
    for line in _BETWEEN_ITEMS.split(text):
        name, *words = [part.strip() for part in _BETWEEN_PARTS.split(line.strip())]
        if name or any(words):
            found.append(_read_words(name, words))
    return found


def write_items(items: Iterable[Mapping[str, Any]], language: str, *, between: str = "\n") -> str:
    """Items as text that `parse_items` reads."""
    comma = "，" if language == "zh" else ", "
    return between.join(comma.join(_list_parts(item, language)) for item in items)


def derive_items(schemas: Iterable[TableSchema]) -> list[DataItem]:
    """The items of published tables: one for each column; a name that two tables have counts once."""
    found: dict[str, DataItem] = {}
    for schema in schemas:
        for field in schema.fields:
            item = _derive(field, is_key=field.name in schema.primary_key)
            found.setdefault(item["name"], item)
    return list(found.values())


def _derive(field: Field, *, is_key: bool) -> DataItem:
    name = " ".join(_NOT_IN_NAMES.sub(" ", field.title or field.name).split())
    length = field.constraints.get("maxLength")
    return _leave_out_empty(
        {
            "name": name[:LONGEST_NAME] or field.name,
            "type": _OF_FIELDS.get(field.type, "G"),
            "length": length if isinstance(length, int) and length > 0 else None,
            "key": is_key or None,
            "nullable": False if field.is_required or is_key else None,
        }
    )


def _read_words(name: str, words: Sequence[str]) -> dict[str, Any]:
    item: dict[str, Any] = {"name": name}
    names = {code.title(language): code.id for code in find_codes("item-types").values() for language in ("zh", "en")}
    known = {text.lower(): code for text, code in names.items()}
    for word in filter(None, words):
        lower = word.lower()
        if lower in _WORDS:
            part, value = _WORDS[lower]
            item[part] = value
        elif _LENGTH.fullmatch(word):
            item["length"] = int(word)
        elif word.upper() in find_codes("item-types"):
            item["type"] = word.upper()
        else:  # such as 字符型C
            item["type"] = known.get(lower) or known.get(lower[:-1], word)
    return item


def _list_parts(item: Mapping[str, Any], language: str) -> Iterator[str]:
    yield item["name"]
    if item.get("type"):
        yield item["type"]
    if item.get("length"):
        yield str(item["length"])
    if item.get("key"):
        yield _KEY.get(language, _KEY["en"])
    if item.get("nullable") is not None:
        words = _OPTIONAL if item["nullable"] else _REQUIRED
        yield words.get(language, words["en"])


def _leave_out_empty(item: Mapping[str, Any]) -> DataItem:
    kept = {part: item.get(part) for part in DataItem.__annotations__}
    return {part: value for part, value in kept.items() if value not in (None, "")}  # type: ignore[return-value]
