"""What a value of each type of property may be: what is wrong with one, and the form in which it is kept."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from opendata.domain.meaning.periods import read_period
from opendata.domain.offices.codes import clean_code, is_code
from opendata.errors import N_, Fault, fault
from opendata.metadata.identifiers import find_identifier_fault
from opendata.metadata.properties.code_lists import is_division, is_region
from opendata.metadata.properties.data_items import clean_items, find_item_faults
from opendata.metadata.properties.reading import Profile, Property
from opendata.metadata.text import find_value_faults, is_web_address

MAX_ITEMS = 100
LONGEST = 300
"""How long a text may be where the profile doesn't say."""

_TELEPHONE = re.compile(r"\+?[0-9(（][0-9 ()（）/,，、;；转\-]{2,99}")
_RESOURCE_CODE = re.compile(r"[1-9]([0-9]{2}([0-9]{3}[0-9]*)?)?(/[0-9A-Za-z]+)?")
_EMAIL = re.compile(r"[^\s@<>]{1,64}@[^\s@<>.]+(\.[^\s@<>.]+)+")

Faults = Iterator[Fault]


def find_faults(item: Property, value: object, pointer: str) -> Faults:
    """What is wrong with the value of a property or of a part of one. Null and the empty text say nothing."""
    if value is not None and value != "":
        yield from _FAULTS[item.type](item, value, pointer)


def clean_value(item: Property, value: Any) -> Any:
    """A value without faults in the form in which it is kept; None where it says nothing."""
    if isinstance(value, str):
        return value.strip() or None
    if item.type == "dataItems":
        return clean_items(value or ()) or None
    if isinstance(value, list | tuple):
        return list(dict.fromkeys(text.strip() for text in value if text.strip())) or None
    if isinstance(value, Mapping):
        parts = {part.name: clean_value(part, value.get(part.name)) for part in item.parts}
        return {name: text for name, text in parts.items() if text is not None} or None
    return None


def read_further(profile: Profile, found: Mapping[str, Any]) -> dict[str, Any]:
    """The further properties of metadata without faults, as they are kept."""
    values = {item.name: clean_value(item, found.get(item.name)) for item in profile.further}
    return {name: value for name, value in values.items() if value is not None}


def keep_valid(profile: Profile, found: Mapping[str, Any]) -> dict[str, Any]:
    """The further properties that somebody else's descriptor states, with nothing wrong; None for all others."""
    valid = {
        item.name: found[item.name]
        for item in profile.further
        if item.name in found
        and not any(find_value_faults(found[item.name]))
        and not any(find_faults(item, found[item.name], ""))
    }
    return {**dict.fromkeys(item.name for item in profile.further), **read_further(profile, valid)}


def refuse_period(pointer: str, value: str) -> Fault:
    """The fault of a text that isn't a period."""
    text = N_(
        "“%(value)s” isn't a period. Write a year (2026), half-year (2026-H1), quarter (2026-Q3), month (2026-10), week"
        " (2026-W40) or day (2026-10-31), or two of them with “/” between (2026-01/2026-10)"
    )
    return fault(pointer, text, value=value[:60])


def _find_text_faults(item: Property, value: object, pointer: str) -> Faults:
    limit = item.limit or LONGEST
    if not isinstance(value, str):
        yield fault(pointer, N_("This must be text"))
    elif len(value) > limit:
        yield fault(pointer, N_("At most %(limit)s characters are allowed"), limit=limit)
    elif value.strip() and item.type in _RULES:
        rule, message = _RULES[item.type]
        if not rule(value.strip()):
            yield fault(pointer, message, value=value[:200])


def _find_code_faults(item: Property, value: object, pointer: str) -> Faults:
    if not isinstance(value, str):
        yield fault(pointer, N_("This must be text"))
    elif value not in item.codes:
        choices = ", ".join(item.codes)
        yield fault(pointer, N_("“%(value)s” isn't one of %(choices)s"), value=value[:200], choices=choices)


def _find_codes_faults(item: Property, value: object, pointer: str) -> Faults:
    if not isinstance(value, list | tuple) or len(value) > MAX_ITEMS:
        yield fault(pointer, N_("This must be a list"))
        return
    for number, code in enumerate(value):
        yield from _find_code_faults(item, code, f"{pointer}/{number}")


def _find_texts_faults(item: Property, value: object, pointer: str) -> Faults:
    if not isinstance(value, list | tuple) or len(value) > MAX_ITEMS:
        yield fault(pointer, N_("This must be a list"))
        return
    for number, text in enumerate(value):
        yield from _find_text_faults(item, text, f"{pointer}/{number}")


def _find_sharing_faults(item: Property, value: object, pointer: str) -> Faults:
    """Sharing has parts, and needs a condition, or a legal basis, unless it is unconditional."""
    faults = list(_find_object_faults(item, value, pointer))
    yield from faults
    if faults or not isinstance(value, Mapping):
        return
    kind, condition = value.get("type"), (value.get("condition") or "").strip()
    if kind == "2" and not condition:
        yield fault(f"{pointer}/condition", N_("Say under which condition the data is shared"))
    elif kind == "3" and not condition:
        yield fault(f"{pointer}/condition", N_("Say by which law or rule the data isn't shared"))
    elif not kind and (condition or value.get("method")):
        yield fault(f"{pointer}/type", N_("Choose a type of sharing"))


def _find_object_faults(item: Property, value: object, pointer: str) -> Faults:
    if not isinstance(value, Mapping):
        yield fault(pointer, N_("This must be an object"))
        return
    parts = {part.name: part for part in item.parts}
    for name, text in value.items():
        if name not in parts:
            yield fault(f"{pointer}/{name}", N_("This property doesn't exist. Check the spelling"))
        else:
            yield from find_faults(parts[name], text, f"{pointer}/{name}")


def _find_period_faults(item: Property, value: object, pointer: str) -> Faults:
    faults = list(_find_text_faults(item, value, pointer))
    yield from faults
    if not faults and read_period(str(value)) is None:
        yield refuse_period(pointer, str(value))


_RULES: Mapping[str, tuple[Callable[[str], bool], str]] = {
    "address": (is_web_address, N_("“%(value)s” isn't a web address (http or https)")),
    "telephone": (
        lambda text: bool(_TELEPHONE.fullmatch(text)),
        N_("“%(value)s” isn't a telephone number. Write digits, such as 0371-00000000"),
    ),
    "email": (
        lambda text: bool(_EMAIL.fullmatch(text)),
        N_("“%(value)s” isn't an e-mail address. Write it like data@example.gov.cn"),
    ),
    "creditCode": (
        lambda text: is_code(clean_code(text)),
        N_(
            "“%(value)s” isn't a unified social credit code. Enter its 18 characters: digits and capital letters, but"
            " not I, O, S, V or Z, with the six digits of a division in places 3 to 8"
        ),
    ),
    "division": (
        is_division,
        N_("“%(value)s” isn't a division code. Write the 6 digits of a county, or the 9 or 12 of a town or village"),
    ),
    "publisher": (
        lambda text: find_identifier_fault("", text) is None,
        N_("“%(value)s” isn't the id of a publisher. An id has lower-case letters, digits, “-” and “_”"),
    ),
    "resourceCode": (
        lambda text: bool(_RESOURCE_CODE.fullmatch(text)),
        N_(
            "“%(value)s” isn't a code of a resource. Write 1, 3, 6 or more digits, and after “/” the serial number if"
            " there is one, such as 306001/000012"
        ),
    ),
    "region": (is_region, N_("“%(value)s” isn't a division code. Write the six digits of a province, city or county")),
}
"""What a text of some types must be, and what is said where it isn't."""

_FAULTS: Mapping[str, Callable[[Property, object, str], Faults]] = {
    **dict.fromkeys(("text", "longText", *_RULES), _find_text_faults),
    "code": _find_code_faults,
    "codes": _find_codes_faults,
    "texts": _find_texts_faults,
    "object": _find_object_faults,
    "sharing": _find_sharing_faults,
    "dataItems": lambda item, value, pointer: find_item_faults(value, pointer),  # noqa: ARG005 - all take the same
    "period": _find_period_faults,
}
"""The types of further properties; the types of `dataset` are checked there."""
