"""The further properties of the profile as fields of a form: their names, their values, and where a fault stands.

A field has the name of its property, `name_part` for a part of it, and `name_0`, `name_1` … for the codes of a list
of which several can be chosen.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from opendata.metadata.properties.code_lists import name_region
from opendata.metadata.properties.data_items import parse_items, write_items
from opendata.metadata.properties.reading import Profile, Property
from opendata.web.core.languages import choose_language

Values = dict[str, str]

_SEPARATORS = re.compile(r"[\s,，、;；]+")


def show_further(profile: Profile, further: Mapping[str, Any]) -> Values:
    """The fields of the further properties that metadata have."""
    found: Values = {}
    for item in profile.further:
        if item.name in further:
            found |= show_value(item, further[item.name])
    return found


def name_fields(item: Property) -> list[str]:
    """The names of the fields of a property."""
    if item.parts:
        return [f"{item.name}_{part.name}" for part in item.parts]
    return [f"{item.name}_{place}" for place in range(len(item.codes))] if item.type == "codes" else [item.name]


def show_value(item: Property, value: Any) -> Values:
    """The fields of one property with a value."""
    if item.parts:
        texts = [str(value.get(part.name, "")) for part in item.parts]
    elif item.type == "codes":
        texts = [code if code in value else "" for code in item.codes]
    elif item.type == "texts":
        texts = ["\n".join(value)]
    elif item.type == "dataItems":
        texts = [write_items(value, choose_language())]
    else:
        texts = [str(value)]
    return dict(zip(name_fields(item), texts, strict=True))


def read_further(profile: Profile, values: Mapping[str, str]) -> dict[str, Any]:
    """What the fields say of the further properties, for the services to check."""
    return {item.name: _read(item, values) for item in profile.further}


def find_field(profile: Profile, pointer: str) -> str:
    """The field that a fault is about; empty where it is about none of them."""
    _, name, *rest = pointer.split("/")
    item = next((each for each in profile.further if each.name == name), None)
    if item is None:
        return ""
    part = rest[0] if rest and rest[0] in {each.name for each in item.parts} else ""
    return f"{name}_{part}" if part else name


def offer_codes(item: Property) -> list[tuple[str, str]]:
    """The codes of a property with their names; letters and digits of a standard are shown before the name."""
    language = choose_language()
    if item.type == "region":
        return [(code, name_region(code, language)) for code in item.codes]
    return [(code, name_code(item, code)) for code in item.codes]


def name_code(item: Property, code: str) -> str:
    """The name of a code, or the code itself where the list hasn't got it."""
    found = item.codes.get(code)
    if found is None:
        return code
    name = found.title(choose_language())
    return f"{code} {name}" if len(code) == 1 else name


def _read(item: Property, values: Mapping[str, str]) -> Any:
    texts = [values.get(name, "").replace("\r\n", "\n").strip() for name in name_fields(item)]
    if item.parts:
        return {part.name: text for part, text in zip(item.parts, texts, strict=True) if text}
    if item.type == "dataItems":
        return parse_items(texts[0])
    if item.type == "texts":
        return [text for text in _SEPARATORS.split(texts[0]) if text]
    return [text for text in texts if text] if item.type == "codes" else texts[0]
