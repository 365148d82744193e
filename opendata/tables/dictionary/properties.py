"""How one property of a field is written as the text of a cell, and read again.

A property is written only where reading its text gives exactly the same value; otherwise it has no text (`None`), and
stays in what is kept as JSON. So a schema comes back unchanged whatever is in it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

YES = "1"
EMPTY = '""'
"""How the empty text is written in a list of missing values."""

_NUMBERS = ("integer", "number", "year")
_WHOLE = re.compile(r"[+-]?[0-9]{1,300}")
_LABEL = " = "
_LONGEST = 16_000
_UNWRITABLE = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Property:
    """A property: the `key` of its cell, where in a field's descriptor it is, how it is written and read.

    `write` gets the value and the field's type, `read` the text and the type.
    """

    key: str
    path: tuple[str, ...]
    write: Callable[[Any, str], str | None]
    read: Callable[[str, str], Any]


def write_cell(item: Property, value: Any, kind: str) -> str | None:
    """The text of a value; None where no text gives it back."""
    text = item.write(value, kind)
    if not text or len(text) > _LONGEST or _UNWRITABLE.search(text) or text != clean(text):
        return None
    return text if is_same(item.read(text, kind), value) else None


def clean(text: str) -> str:
    """A cell as it is read: line ends as Python writes them, nothing blank around it."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def is_same(one: Any, other: Any) -> bool:
    """Whether two JSON values are equal, 1 and 1.0 and true apart."""
    if type(one) is not type(other):
        return False
    if isinstance(one, Mapping):
        return one.keys() == other.keys() and all(is_same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(is_same(*pair) for pair in zip(one, other, strict=True))
    return bool(one == other)


def split_lines(text: str) -> list[str]:
    """The items of a cell with one on each line."""
    return [line.strip() for line in text.split("\n") if line.strip()]


def _write_text(value: Any, kind: str) -> str | None:  # noqa: ARG001
    return value if isinstance(value, str) else None


def _read_text(text: str, kind: str) -> Any:  # noqa: ARG001
    return text


def _write_yes(value: Any, kind: str) -> str | None:  # noqa: ARG001
    return YES if value is True else None


def _read_yes(text: str, kind: str) -> Any:  # noqa: ARG001
    return True if text == YES else text


def _write_value(value: Any, kind: str) -> str | None:  # noqa: ARG001
    if isinstance(value, str):
        return value
    return repr(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _read_bound(text: str, kind: str) -> Any:
    """A bound: a number where the field is one, else a text."""
    return _read_number(text) if kind in _NUMBERS else text


def _read_count(text: str, kind: str) -> Any:  # noqa: ARG001
    return int(text) if _WHOLE.fullmatch(text) else text


def _read_number(text: str) -> Any:
    if _WHOLE.fullmatch(text):
        return int(text)
    try:
        found = float(text)
    except ValueError:
        return text
    return found if abs(found) < float("inf") else text


def _write_list(value: Any, kind: str) -> str | None:  # noqa: ARG001
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        return None
    return "\n".join(value)


def _read_list(text: str, kind: str) -> Any:  # noqa: ARG001
    return split_lines(text)


def _write_missing(value: Any, kind: str) -> str | None:  # noqa: ARG001
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        return None
    return "\n".join(item or EMPTY for item in value)


def _read_missing(text: str, kind: str) -> Any:  # noqa: ARG001
    return ["" if item == EMPTY else item for item in split_lines(text)]


def _write_codes(value: Any, kind: str) -> str | None:
    """Values, one on each line."""
    if not isinstance(value, list):
        return None
    texts = [_write_value(item, kind) for item in value]
    if any(text is None or _LABEL in text for text in texts):
        return None
    return "\n".join(str(text) for text in texts)


def _read_codes(text: str, kind: str) -> Any:
    return [_read_bound(line, kind) for line in split_lines(text)]


def _write_categories(value: Any, kind: str) -> str | None:
    """Values with their labels, one on each line; at least one has a label."""
    if not isinstance(value, list) or not all(isinstance(item, Mapping) and "value" in item for item in value):
        return None
    if not any("label" in item for item in value):
        return None
    lines = []
    for item in value:
        code = _write_value(item["value"], kind)
        if code is None:
            return None
        lines.append(f"{code}{_LABEL}{item['label']}" if "label" in item else code)
    return "\n".join(lines)


def _read_categories(text: str, kind: str) -> Any:
    found = []
    for line in split_lines(text):
        code, mark, label = line.partition(_LABEL)
        item = {"value": _read_bound(code.strip(), kind)}
        found.append({**item, "label": label.strip()} if mark else item)
    return found


def has_labels(text: str) -> bool:
    """Whether a list of codes says what they mean."""
    return any(_LABEL in line for line in split_lines(text))


CODES = "codes"
"""The cell of the list of codes: `categories` where they have labels, else the constraint `enum`."""

ENUM = Property(key=CODES, path=("constraints", "enum"), write=_write_codes, read=_read_codes)
CATEGORIES = Property(key=CODES, path=("categories",), write=_write_categories, read=_read_categories)


def list_properties(languages: Sequence[str]) -> Sequence[Property]:
    """The properties with a cell of their own but for codes, in the order of their columns."""
    text = {"write": _write_text, "read": _read_text}
    bound = {"write": _write_value, "read": _read_bound}
    count = {"write": _write_value, "read": _read_count}
    listed = {"write": _write_list, "read": _read_list}
    plain = [
        Property(key="title", path=("title",), **text),
        Property(key="name", path=("name",), **text),
        Property(key="type", path=("type",), **text),
        Property(key="format", path=("format",), **text),
        Property(key="unit", path=("opendata", "unit"), **text),
        Property(key="description", path=("description",), **text),
        Property(key="required", path=("constraints", "required"), write=_write_yes, read=_read_yes),
        Property(key="unique", path=("constraints", "unique"), write=_write_yes, read=_read_yes),
        Property(key="minimum", path=("constraints", "minimum"), **bound),
        Property(key="maximum", path=("constraints", "maximum"), **bound),
        Property(key="minLength", path=("constraints", "minLength"), **count),
        Property(key="maxLength", path=("constraints", "maxLength"), **count),
        Property(key="pattern", path=("constraints", "pattern"), **text),
        Property(key="missing", path=("missingValues",), write=_write_missing, read=_read_missing),
        Property(key="aliases", path=("opendata", "aliases"), **listed),
        Property(key="example", path=("example",), **text),
    ]
    translated = [
        Property(key=f"{part}_{language}", path=("opendata", "i18n", language, part), **text)
        for language in languages
        for part in ("title", "description")
    ]
    return [*plain, *translated]


def list_table_properties(languages: Sequence[str]) -> Sequence[Property]:
    """The properties of the schema as a whole with a cell of their own."""
    text = {"write": _write_text, "read": _read_text}
    return [
        Property(key="title", path=("title",), **text),
        Property(key="description", path=("description",), **text),
        Property(key="fieldsMatch", path=("fieldsMatch",), **text),
        Property(key="missing", path=("missingValues",), write=_write_missing, read=_read_missing),
        *(
            Property(key=f"{part}_{language}", path=("opendata", "i18n", language, part), **text)
            for language in languages
            for part in ("title", "description")
        ),
    ]
