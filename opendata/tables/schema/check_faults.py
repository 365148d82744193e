"""What is wrong with the checks of a schema, its `opendata.checks`: hostile input until nothing is found here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from opendata.domain.moments import read_day
from opendata.errors import N_, Fault, escape_pointer, fault
from opendata.tables.arrow.quantities import NUMBERS, TIMED, read_constant
from opendata.tables.schema.condition_faults import (
    TEXTS,
    find_condition_faults,
    find_kind,
    is_encodable,
    misfit,
    unknown_field,
)
from opendata.tables.schema.schema_faults import STRENGTHS

DEFAULT_STRENGTHS: Mapping[str, str] = MappingProxyType(
    {
        "uscc": "warning",
        "resident-id": "warning",
        "luhn": "warning",
        "date-order": "error",
        "sum": "error",
        "code-list": "error",
        "condition": "error",
    }
)
"""The types of checks, and how much breaking one weighs where the schema says nothing."""

MAX_CHECKS = 100
MAX_NAME = 100
MAX_TITLE = 300
MAX_FIELDS = 100
"""How many fields one check may name in a list."""
MAX_CODES = 20_000

_COMMON = frozenset(["name", "type", "strength", "title", "i18n"])
_Find = Callable[[str, Mapping[str, Any], Mapping[str, str]], Iterable[Fault]]


def find_check_faults(descriptor: Mapping[str, Any]) -> Iterable[Fault]:
    """What is wrong with the checks of a descriptor that has the shape of a Table Schema.

    Other code checks that `opendata` is an object and that fields have known types.
    """
    own = descriptor.get("opendata")
    checks = own.get("checks") if isinstance(own, Mapping) else None
    if checks is None:
        return
    if not isinstance(checks, list):
        yield fault("/opendata/checks", N_("“%(key)s” must be a list"), key="checks")
        return
    if len(checks) > MAX_CHECKS:
        yield fault("/opendata/checks", N_("A schema can have at most %(limit)s checks"), limit=MAX_CHECKS)
        return
    kinds = list_kinds(descriptor)
    seen: set[str] = set()
    for number, found in enumerate(checks):
        place = f"/opendata/checks/{number}"
        if not isinstance(found, Mapping):
            yield fault(place, N_("Each check must be an object with a “name” and a “type”"))
            continue
        yield from _find_common_faults(place, found, seen)
        kind = found.get("type")
        if not isinstance(kind, str) or kind not in DEFAULT_STRENGTHS:
            names = ", ".join(DEFAULT_STRENGTHS)
            yield fault(f"{place}/type", N_("The type of a check must be one of %(names)s"), names=names)
            continue
        properties, find = _TYPES[kind]
        for name in found.keys() - _COMMON - properties:
            message = N_("“%(name)s” isn't a property of a check of the type “%(type)s”")
            yield fault(f"{place}/{escape_pointer(name)}", message, name=str(name)[:80], type=kind)
        yield from find(place, found, kinds)


def list_kinds(descriptor: Mapping[str, Any]) -> dict[str, str]:
    """The types of a schema's fields by name."""
    return {item["name"]: str(item.get("type", "any")) for item in descriptor["fields"]}


def _find_common_faults(place: str, found: Mapping[str, Any], seen: set[str]) -> Iterable[Fault]:
    name = found.get("name")
    if not isinstance(name, str) or not _is_text(name, MAX_NAME) or not name.strip():
        yield fault(
            f"{place}/name", N_("The name of a check must be text with 1 to %(limit)s characters"), limit=MAX_NAME
        )
    elif name in seen:
        yield fault(f"{place}/name", N_("Two checks have the same name “%(name)s”"), name=name)
    else:
        seen.add(name)
    if "strength" in found and found["strength"] not in STRENGTHS:
        yield fault(f"{place}/strength", N_("“strength” must be one of %(names)s"), names=", ".join(STRENGTHS))
    if "title" in found and not _is_text(found["title"], MAX_TITLE):
        yield fault(f"{place}/title", N_("“title” must be text with at most %(limit)s characters"), limit=MAX_TITLE)
    translations = found.get("i18n", {})
    if not isinstance(translations, Mapping):
        yield fault(f"{place}/i18n", N_("“i18n” must be an object with a language code for each translation"))
        return
    for language, texts in translations.items():
        if not isinstance(texts, Mapping) or not all(_is_text(text, MAX_TITLE) for text in texts.values()):
            message = N_("A translation must be an object with text such as “title” and “description”")
            yield fault(f"{place}/i18n/{escape_pointer(language)}", message)


def _is_text(value: object, most: int) -> bool:
    return isinstance(value, str) and len(value) <= most and is_encodable(value)


def _find_field_faults(
    place: str, found: Mapping[str, Any], key: str, kinds: Mapping[str, str], allowed: Iterable[str]
) -> Iterable[Fault]:
    """What is wrong with the property that names one field."""
    kind = find_kind(found.get(key), kinds)
    if key not in found:
        yield fault(f"{place}/{key}", N_("A check of the type “%(type)s” needs “%(key)s”"), type=found["type"], key=key)
    elif kind is None:
        yield unknown_field(f"{place}/{key}", found[key])
    elif kind not in allowed:
        message = N_("A check of the type “%(check)s” isn't possible for a field of the type “%(type)s”")
        yield fault(f"{place}/{key}", message, check=found["type"], type=kind)


def _find_list_faults(
    place: str, found: Mapping[str, Any], kinds: Mapping[str, str], allowed: Iterable[str], least: int
) -> Iterable[Fault]:
    """What is wrong with the property that names several fields."""
    names = found.get("fields")
    if not isinstance(names, list) or not least <= len(names) <= MAX_FIELDS:
        message = N_("“fields” must be a list of %(least)s to %(limit)s field names")
        yield fault(f"{place}/fields", message, least=least, limit=MAX_FIELDS)
        return
    for number, name in enumerate(names):
        kind = find_kind(name, kinds)
        if kind is None:
            yield unknown_field(f"{place}/fields/{number}", name)
        elif name in names[:number] or name == found.get("field"):
            yield fault(f"{place}/fields/{number}", N_("The check names the field “%(name)s” twice"), name=name)
        elif kind not in allowed:
            message = N_("A check of the type “%(check)s” isn't possible for a field of the type “%(type)s”")
            yield fault(f"{place}/fields/{number}", message, check=found["type"], type=kind)


def _find_digit_faults(place: str, found: Mapping[str, Any], kinds: Mapping[str, str]) -> Iterable[Fault]:
    allowed = TEXTS if found["type"] == "uscc" else TEXTS | {"integer"}
    yield from _find_field_faults(place, found, "field", kinds, allowed)


def _find_order_faults(place: str, found: Mapping[str, Any], kinds: Mapping[str, str]) -> Iterable[Fault]:
    faults = list(_find_list_faults(place, found, kinds, TIMED, 2))
    yield from faults
    if not faults and len({kinds[name] for name in found["fields"]}) > 1:
        yield fault(f"{place}/fields", N_("All fields of an order check must have the same type"))
    if not isinstance(found.get("strict", False), bool):
        yield fault(f"{place}/strict", N_("“%(key)s” must be true or false"), key="strict")


def _find_sum_faults(place: str, found: Mapping[str, Any], kinds: Mapping[str, str]) -> Iterable[Fault]:
    yield from _find_field_faults(place, found, "field", kinds, NUMBERS)
    yield from _find_list_faults(place, found, kinds, NUMBERS, 1)
    tolerance = read_constant("number", found.get("tolerance", 0))
    if tolerance is None or tolerance < 0:
        yield fault(f"{place}/tolerance", N_("“tolerance” must be a number, zero or more"))
    if found.get("nulls", "skip") not in ("skip", "zero"):
        yield fault(f"{place}/nulls", N_("“nulls” must be “skip” or “zero”"))


def _find_code_faults(place: str, found: Mapping[str, Any], kinds: Mapping[str, str]) -> Iterable[Fault]:
    yield from _find_field_faults(place, found, "field", kinds, TEXTS | {"integer"})
    if ("on" in found) == ("date" in found):
        yield fault(place, N_("A list of codes must have either “on”, the name of a date field, or a fixed “date”"))
    elif "on" in found:
        yield from _find_field_faults(place, found, "on", kinds, ("date",))
    elif read_day(found["date"]) is None:
        yield misfit(f"{place}/date", found["date"], "date")
    codes = found.get("codes")
    if not isinstance(codes, list) or not 0 < len(codes) <= MAX_CODES:
        yield fault(f"{place}/codes", N_("“codes” must be a list of 1 to %(limit)s codes"), limit=MAX_CODES)
        return
    kind = find_kind(found.get("field"), kinds)
    for number, code in enumerate(codes):
        faults = list(_find_one_code_faults(f"{place}/codes/{number}", code, kind))
        if faults:  # the first wrong code tells enough about a long list
            yield from faults
            return


def _find_one_code_faults(place: str, code: object, kind: str | None) -> Iterable[Fault]:
    if not isinstance(code, Mapping) or not {"value", "from", "to"} >= code.keys() or "value" not in code:
        yield fault(place, N_("A code must be an object with a “value”, and with “from” and “to” if they are known"))
        return
    value = code["value"]
    if type(value) is not (int if kind == "integer" else str) or not is_encodable(str(value)):
        yield misfit(f"{place}/value", value, kind or "string")
    days = {key: read_day(code[key]) for key in ("from", "to") if code.get(key) is not None}
    for key, day in days.items():
        if day is None:
            yield misfit(f"{place}/{key}", code[key], "date")
    first, last = days.get("from"), days.get("to")
    if first is not None and last is not None and first > last:
        yield fault(place, N_("The code “%(value)s” ends before it begins"), value=str(value)[:80])


def _find_rule_faults(place: str, found: Mapping[str, Any], kinds: Mapping[str, str]) -> Iterable[Fault]:
    if "then" not in found:
        yield fault(f"{place}/then", N_("A check of the type “%(type)s” needs “%(key)s”"), type="condition", key="then")
    for key in ("if", "then"):
        if key in found:
            yield from find_condition_faults(f"{place}/{key}", found[key], kinds)


_TYPES: Mapping[str, tuple[frozenset[str], _Find]] = {
    "uscc": (frozenset(["field"]), _find_digit_faults),
    "resident-id": (frozenset(["field"]), _find_digit_faults),
    "luhn": (frozenset(["field"]), _find_digit_faults),
    "date-order": (frozenset(["fields", "strict"]), _find_order_faults),
    "sum": (frozenset(["field", "fields", "tolerance", "nulls"]), _find_sum_faults),
    "code-list": (frozenset(["field", "codes", "on", "date"]), _find_code_faults),
    "condition": (frozenset(["if", "then"]), _find_rule_faults),
}
