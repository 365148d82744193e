"""What is wrong with a condition on the rows of a table: it is hostile input until nothing is found here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from opendata.errors import N_, Fault, fault
from opendata.tables.arrow.quantities import NUMBERS, ORDERED, SIGNS, read_constant
from opendata.tables.schema.schema_faults import find_pattern_faults

TEXTS = frozenset(["string", "any"])
OPERATORS = (*SIGNS, "in", "is", "matches")

MAX_DEPTH = 8
MAX_CONDITIONS = 100
MAX_LISTED = 1000
"""How many values an `in` may list."""

_JOINS = ("all", "any")


def find_condition_faults(place: str, found: object, kinds: Mapping[str, str]) -> Iterable[Fault]:
    """What is wrong with a condition at a JSON pointer; `kinds` are the types of the schema's fields."""
    if _is_too_deep(found, MAX_DEPTH):
        yield fault(place, N_("The condition is nested deeper than %(limit)s levels"), limit=MAX_DEPTH)
    elif _count(found) > MAX_CONDITIONS:
        yield fault(place, N_("A condition can have at most %(limit)s parts"), limit=MAX_CONDITIONS)
    else:
        yield from _find_faults(place, found, kinds)


def _list_parts(found: object) -> list[object]:
    if not isinstance(found, Mapping):
        return []
    lists = [found[name] for name in _JOINS if isinstance(found.get(name), list)]
    return [*(part for parts in lists for part in parts), *([found["not"]] if "not" in found else [])]


def _is_too_deep(found: object, limit: int) -> bool:
    return limit == 0 or any(_is_too_deep(part, limit - 1) for part in _list_parts(found))


def _count(found: object) -> int:
    return 1 + sum(map(_count, _list_parts(found)))


def _find_faults(place: str, found: object, kinds: Mapping[str, str]) -> Iterable[Fault]:
    if not isinstance(found, Mapping) or ("field" not in found and not {*_JOINS, "not"} & found.keys()):
        yield fault(
            place, N_("A condition must be an object with “field” and an operator, or with “all”, “any” or “not”")
        )
    elif "field" in found:
        yield from _find_leaf_faults(place, found, kinds)
    elif len(found) != 1:
        yield fault(place, N_("“all”, “any” or “not” must be the only key in its object"))
    elif "not" in found:
        yield from _find_faults(f"{place}/not", found["not"], kinds)
    else:
        ((word, parts),) = found.items()
        if not isinstance(parts, list) or not parts:
            yield fault(f"{place}/{word}", N_("“%(key)s” must be a list with at least one condition"), key=word)
            return
        for number, part in enumerate(parts):
            yield from _find_faults(f"{place}/{word}/{number}", part, kinds)


def _find_leaf_faults(place: str, found: Mapping[str, Any], kinds: Mapping[str, str]) -> Iterable[Fault]:
    words = [name for name in found if name != "field"]
    kind = find_kind(found["field"], kinds)
    if kind is None:
        yield unknown_field(f"{place}/field", found["field"])
    elif len(words) != 1 or words[0] not in OPERATORS:
        yield fault(place, N_("A condition on a field must have exactly one of %(names)s"), names=", ".join(OPERATORS))
    else:
        yield from _find_operand_faults(f"{place}/{words[0]}", words[0], kind, found[words[0]], kinds)


def _find_operand_faults(
    place: str, word: str, kind: str, operand: object, kinds: Mapping[str, str]
) -> Iterable[Fault]:
    if word == "is":
        if operand not in ("given", "missing"):
            yield fault(place, N_("“is” must be followed by “given” or “missing”"))
    elif not _is_possible(word, kind):
        yield fault(place, N_("“%(operator)s” isn't possible for the type “%(type)s”"), operator=word, type=kind)
    elif word == "matches":
        yield from find_pattern_faults(place, operand)
    elif word == "in":
        if not isinstance(operand, list) or not 0 < len(operand) <= MAX_LISTED:
            yield fault(place, N_("“in” must be a list of 1 to %(limit)s values"), limit=MAX_LISTED)
            return
        for number, value in enumerate(operand):
            if read_value(kind, value) is None:
                yield misfit(f"{place}/{number}", value, kind)
    elif isinstance(operand, Mapping):
        other = find_kind(operand.get("field"), kinds)
        if other is None or len(operand) != 1:
            yield unknown_field(f"{place}/field", operand.get("field"))
        elif other != kind and not {kind, other} <= (NUMBERS if kind in NUMBERS else TEXTS):
            yield fault(
                f"{place}/field",
                N_("A field of the type “%(type)s” can't be compared with one of the type “%(other)s”"),
                type=kind,
                other=other,
            )
    elif read_value(kind, operand) is None:
        yield misfit(place, operand, kind)


def _is_possible(word: str, kind: str) -> bool:
    match word:
        case "matches":
            return kind in TEXTS
        case "=" | "!=" | "in":
            return kind in ORDERED or kind in TEXTS or kind == "boolean"
    return kind in ORDERED


def find_kind(name: object, kinds: Mapping[str, str]) -> str | None:
    """The type of the field of this name; None where the schema has no such field."""
    return kinds.get(name) if isinstance(name, str) else None


def read_value(kind: str, value: object) -> Any:
    """A constant as a value of this type: a text, or an exact number to compare; None where it is none."""
    if kind in TEXTS:
        return value if isinstance(value, str) and is_encodable(value) else None
    return read_constant(kind, value)


def is_encodable(text: str) -> bool:
    """Whether UTF-8 has this text: half of a surrogate pair is none."""
    try:
        return text.encode() is not None
    except UnicodeEncodeError:
        return False


def unknown_field(place: str, name: object) -> Fault:
    """The fault of a name that isn't a field's."""
    return fault(place, N_("“%(name)s” isn't the name of a field in the schema"), name=str(name)[:80])


def misfit(place: str, value: object, kind: str) -> Fault:
    """The fault of a constant that isn't a value of its field's type."""
    return fault(place, N_("“%(value)s” isn't a value of the type “%(type)s”"), value=str(value)[:80], type=kind)
