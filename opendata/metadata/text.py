"""Values that can be kept: texts every store, database and reader takes, nested no deeper than anybody means to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import isfinite
from urllib.parse import urlsplit

from opendata.errors import N_, Fault, fault

MAX_DEPTH = 64


def is_text(text: str) -> bool:
    """Whether a text has neither a NUL character nor half of a surrogate pair, which UTF-8 cannot hold."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text


def find_value_faults(value: object, pointer: str = "", *, depth: int = MAX_DEPTH) -> Iterable[Fault]:
    """Where a JSON value holds a text or number that cannot be kept, or goes deeper than `depth` levels."""
    if isinstance(value, str):
        if not is_text(value):
            yield fault(pointer, N_("NUL characters and halves of surrogate pairs aren't allowed"))
    elif isinstance(value, float):
        if not isfinite(value):
            yield fault(pointer, N_("This isn't a valid JSON number"))
    elif isinstance(value, Mapping | list | tuple):
        if depth == 0:
            yield fault(pointer, N_("This is nested too deeply"))
            return
        pairs = value.items() if isinstance(value, Mapping) else enumerate(value)
        for key, item in pairs:
            if isinstance(key, str) and not is_text(key):
                yield fault(pointer, N_("NUL characters and halves of surrogate pairs aren't allowed"))
            else:
                yield from find_value_faults(item, f"{pointer}/{key}", depth=depth - 1)


def is_web_address(text: str) -> bool:
    """Whether a text is an absolute http or https address."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc)
