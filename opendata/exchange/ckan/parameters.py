"""Parameters as clients of CKAN send them: texts, numbers, switches and lists, in JSON or in a query string."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from opendata.exchange.ckan.faults import ParameterError

Parameters = Mapping[str, Any]

_NUMBER = re.compile(r"[+-]?[0-9]{1,18}", re.ASCII)
_TRUE = ("true", "yes", "t", "y", "1", "on")


def read_text(parameters: Parameters, name: str, default: str = "") -> str:
    """A text; of several the last. Raises `ParameterError` for an object."""
    found = parameters.get(name)
    if isinstance(found, list):
        found = found[-1] if found else None
    if found is None:
        return default
    if isinstance(found, bool):
        return str(found).lower()
    if isinstance(found, str | int | float):
        return str(found)
    raise ParameterError(name, "Must be a text")


def require_text(parameters: Parameters, name: str, *others: str) -> str:
    """A text that must be there, under this name or another. Raises `ParameterError`."""
    found = next((text for item in (name, *others) if (text := read_text(parameters, item))), "")
    if not found:
        raise ParameterError(name, "Missing value")
    return found


def read_number(parameters: Parameters, name: str, default: int | None, *, least: int = 0) -> int:
    """A whole number. Raises `ParameterError`."""
    text = read_text(parameters, name).strip()
    if not text and default is not None:
        return default
    if not _NUMBER.fullmatch(text):
        raise ParameterError(name, "Invalid integer")
    if int(text) < least:
        raise ParameterError(name, f"Must be at least {least}")
    return int(text)


def read_switch(parameters: Parameters, name: str, *, default: bool = False) -> bool:
    """A switch."""
    text = read_text(parameters, name).strip().lower()
    return text in _TRUE if text else default


def read_list(parameters: Parameters, name: str) -> Sequence[str]:
    """A list of texts: as such, as JSON in a text, or with commas. Raises `ParameterError`."""
    found = parameters.get(name)
    if isinstance(found, str):
        text = found.strip()
        if text.startswith("["):
            try:
                found = json.loads(text)
            except (ValueError, RecursionError):
                raise ParameterError(name, "Invalid JSON") from None
        else:
            found = [item.strip() for item in text.split(",")]
    if found is None:
        return []
    if not isinstance(found, list):
        raise ParameterError(name, "Must be a list")
    if not all(isinstance(item, str | int | float) for item in found):
        raise ParameterError(name, "Must be a list of texts")
    return [str(item) for item in found if item != ""]
