"""The compiled module, where it was built and isn't turned off: `OPENDATA_NATIVE=0` does all without it, slower."""

from __future__ import annotations

import os
from functools import cache
from importlib import import_module
from typing import Any

SWITCH = "OPENDATA_NATIVE"


@cache
def find_native() -> Any:
    """The compiled module; None where it isn't built, or is turned off."""
    if os.environ.get(SWITCH) == "0":
        return None
    try:
        return import_module("opendata._native")
    except ImportError:
        return None


def describe_native() -> str:
    """Whether tables are checked by the compiled pass: `used`, `off` or `not built`."""
    if os.environ.get(SWITCH) == "0":
        return "off"
    return "not built" if find_native() is None else "used"


def find_compiled(name: str) -> Any:
    """A function of the compiled module; None where it isn't there."""
    return getattr(find_native(), name, None)
