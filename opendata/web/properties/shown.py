"""The properties of the profile as people read them: their names, and their values in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from opendata.domain.resources import TableResource
from opendata.metadata.properties.code_lists import name_region
from opendata.metadata.properties.data_items import write_items
from opendata.metadata.properties.measuring import measure_tables
from opendata.metadata.properties.reading import Group, Property, load_profile
from opendata.web.core.formats import format_count, format_plain, format_size
from opendata.web.core.languages import choose_language, choose_separator
from opendata.web.properties.fields import name_code


def name_property(name: str) -> str:
    """What pages call a property; its own name where the profile hasn't got it."""
    found = load_profile().properties.get(name)
    return found.label(choose_language()) if found else name


def list_property_names() -> Sequence[tuple[str, str]]:
    """All properties that somebody states, and what pages call them."""
    return [(item.name, item.label(choose_language())) for item in load_profile().stated]


def list_groups() -> Sequence[tuple[Group, str, Sequence[Property]]]:
    """The groups of the profile, each with its heading and its properties."""
    found, language = load_profile(), choose_language()
    return [(group, group.label(language), found.list_in(group.name)) for group in found.groups]


def say_property(name: str, value: Any) -> str:
    """The value of a property in words, whatever its type; HTML where it has a link."""
    item = load_profile().properties.get(name)
    if item is None or value is None:
        return format_plain(value)
    if item.type in ("code", "codes"):
        codes = value if isinstance(value, list | tuple) else [value]
        return choose_separator().join(name_code(item, str(code)) for code in codes)
    if item.type == "texts":
        return choose_separator().join(value)
    if item.type == "dataItems":
        return Markup("<br>").join(write_items([each], choose_language()) for each in value)
    if item.parts and isinstance(value, Mapping):
        return _say_parts(item, value)
    return format_plain(value)


def show_measures(tables: Iterable[TableResource]) -> Mapping[str, str]:
    """What the profile computes of these tables, in words, by its name."""
    found = measure_tables(tables)
    if found is None:
        return {}
    counts = {"items": format_count(found["items"]), "rows": format_count(found["rows"])}
    return {**counts, "bytes": format_size(found["bytes"])}


def _say_parts(item: Property, value: Mapping[str, Any]) -> str:
    said = [_say_part(part, str(value[part.name])) for part in item.parts if value.get(part.name)]
    texts = [text for text in said if not any(text != other and text in other for other in said)]
    joined: str = Markup(" · ").join(texts)
    return joined


def _say_part(part: Property, text: str) -> str:
    if part.type == "email":
        return Markup('<a href="mailto:{0}">{0}</a>').format(text)
    if part.type == "code":
        return name_code(part, text)
    if part.type == "region":
        return f"{name_region(text, choose_language())} {text}".strip()
    return text
