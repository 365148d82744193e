"""The check of what a maintainer sends as a page, field by field."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import tzinfo
from typing import Any

from opendata.domain.moments import format_time, read_day, read_moment
from opendata.domain.site.kinds import FIELDS, LISTS, MOST_ITEMS, FieldType, PageField, PageKind
from opendata.errors import N_, Fault, InvalidMetadataError, fault
from opendata.metadata.text import find_value_faults, is_web_address

_SHA256 = re.compile(r"[0-9a-f]{64}")
_LONGEST_NAME = 150
_I18N = "i18n"


def read_page(kind: PageKind, found: Mapping[str, Any], languages: Sequence[str], zone: tzinfo) -> dict[str, Any]:
    """Check what was sent and make the fields that are kept, without empty ones.

    `languages` are those beside the default one. Raises `InvalidMetadataError` with a fault per field that is wrong.
    """
    faults = list(find_value_faults(dict(found)))
    if faults:
        raise InvalidMetadataError(faults=faults)
    fields = {item.name: item for item in FIELDS[kind]}
    faults = [
        fault(f"/{name}", N_("This property doesn't exist. Check the spelling"))
        for name in found
        if name not in fields and name != _I18N
    ]
    kept: dict[str, Any] = {}
    for item in fields.values():
        value, wrong = _read_field(item, found.get(item.name), zone)
        faults += wrong
        if value not in (None, "", [], {}, False):
            kept[item.name] = value
        elif item.is_required and not wrong:
            faults.append(fault(f"/{item.name}", N_("This property is required")))
    texts, wrong = _read_translations(fields, found.get(_I18N), languages)
    faults += [*wrong, *_find_disorder(kind, kept)]
    if faults:
        raise InvalidMetadataError(faults=faults)
    return {**kept, _I18N: texts} if texts else kept


def _read_translations(
    fields: Mapping[str, PageField], found: object, languages: Sequence[str]
) -> tuple[dict[str, dict[str, str]], list[Fault]]:
    """The texts in other languages; an empty one is none."""
    if not found:
        return {}, []
    if not isinstance(found, Mapping) or not all(isinstance(texts, Mapping) for texts in found.values()):
        return {}, [
            fault("/i18n", N_("“i18n” must have an object with text such as “title” for each language code")),
        ]
    faults: list[Fault] = []
    kept: dict[str, dict[str, str]] = {}
    for language, texts in found.items():
        if language not in languages:
            faults.append(fault(f"/i18n/{language}", N_("This portal has no such language")))
            continue
        for name, text in texts.items():
            item, pointer = fields.get(name), f"/i18n/{language}/{name}"
            if item is None or not item.is_translated:
                faults.append(fault(pointer, N_("This property has no translation")))
            elif not isinstance(text, str):
                faults.append(fault(pointer, N_("This must be text")))
            elif len(text) > item.longest:
                faults.append(fault(pointer, N_("This text is too long")))
            elif text.strip():
                kept.setdefault(language, {})[name] = text.strip()
    return kept, faults


def _read_field(item: PageField, value: object, zone: tzinfo) -> tuple[Any, list[Fault]]:
    pointer = f"/{item.name}"
    if value is None or value == "":
        return None, []
    if item.type == FieldType.SWITCH:
        return value, [] if isinstance(value, bool) else [fault(pointer, N_("This must be true or false"))]
    if item.type == FieldType.PICTURE:
        return _read_file(value, pointer)
    if item.type in LISTS:
        return _read_list(item, value, pointer)
    if not isinstance(value, str):
        return None, [fault(pointer, N_("This must be text"))]
    text = value.strip() if item.type == FieldType.MARKDOWN else " ".join(value.split())
    if len(text) > item.longest:
        return None, [fault(pointer, N_("This text is too long"))]
    return _read_text(item, text, pointer, zone)


def _read_text(item: PageField, text: str, pointer: str, zone: tzinfo) -> tuple[Any, list[Fault]]:
    if not text:
        return None, []
    if item.type == FieldType.DAY:
        if read_day(text) is None:
            return None, [fault(pointer, N_("Enter a date, such as 2026-12-31"))]
        return text, []
    if item.type == FieldType.MOMENT:
        moment = read_moment(text, zone)
        if moment is None:
            return None, [fault(pointer, N_("Enter a date and a time, such as 2026-12-31 09:30"))]
        return format_time(moment), []
    if item.type == FieldType.ADDRESS and not is_web_address(text):
        return None, [fault(pointer, N_("This must be a web address that begins with https:// or http://"))]
    if item.type == FieldType.CHOICE and text not in item.options:
        return None, [fault(pointer, N_("This isn't one of the choices"))]
    if item.pattern and not re.fullmatch(item.pattern, text):
        return None, [fault(pointer, item.fault)]
    return text, []


def _read_list(item: PageField, value: object, pointer: str) -> tuple[Any, list[Fault]]:
    if not isinstance(value, list | tuple):
        return None, [fault(pointer, N_("This must be a list"))]
    if len(value) > MOST_ITEMS:
        return None, [fault(pointer, N_("This list has more than %(limit)s items"), limit=MOST_ITEMS)]
    kept: list[Any] = []
    for number, part in enumerate(value):
        place = f"{pointer}/{number}"
        if item.type == FieldType.FILES:
            file, wrong = _read_file(part, place)
            if wrong:
                return None, wrong
            kept.append(file)
        elif not isinstance(part, str):
            return None, [fault(place, N_("This must be text"))]
        elif text := part.strip():
            text = text.lower() if item.type == FieldType.HOSTS else text
            if len(text) > item.longest:
                return None, [fault(pointer, N_("This text is too long"))]
            if item.pattern and not re.fullmatch(item.pattern, text):
                return None, [fault(pointer, item.fault)]
            kept.append(text)
    return kept if item.type == FieldType.FILES else list(dict.fromkeys(kept)), []


def _read_file(value: object, pointer: str) -> tuple[Any, list[Fault]]:
    """A file by its digest and name; what else is known of it, `find_files` adds."""
    if not isinstance(value, Mapping) or not _SHA256.fullmatch(str(value.get("sha256", ""))):
        return None, [fault(pointer, N_("A file is named by “sha256”, the digest that it got when it was sent"))]
    name = "".join(letter for letter in str(value.get("name") or "") if letter.isprintable() and letter not in '/\\"')
    return {"sha256": value["sha256"], "name": name.strip()[-_LONGEST_NAME:]}, []


def _find_disorder(kind: PageKind, kept: Mapping[str, Any]) -> Iterator[Fault]:
    """What is wrong between two fields."""
    begin, end = ("begun", "ended") if kind == PageKind.INCIDENT else ("begins", "ends")
    if kept.get(begin) and kept.get(end) and kept[begin] > kept[end]:
        yield fault(f"/{end}", N_("The end comes before the beginning"))
    if kept.get("ends") and kept.get("decided") and kept["ends"] > kept["decided"]:
        yield fault("/decided", N_("The results come before the end"))
