"""Canonical JSON (RFC 8785) and the digests over it: equal values make equal bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from math import isfinite
from typing import Any

_EXPONENT_FROM = 1e21
"""From here on a number is written with an exponent, so that it is not read back as a whole one."""


def write_canonical(value: Mapping[str, Any]) -> bytes:
    """The RFC 8785 bytes of a JSON object. Whole numbers beyond 2^53 are not JSON numbers there: write them as text.

    What is read back from the bytes makes the same bytes again.
    """
    return _dump(value)


def digest(data: bytes) -> str:
    """`sha256:` and the hexadecimal SHA-256 of some bytes: the form Data Package uses for `hash`."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def fingerprint(value: object) -> str:
    """A digest of any JSON value, for telling whether two are equal: their canonical forms are, so 1 is 1.0."""
    return hashlib.sha256(_dump(value)).hexdigest()


def _dump(value: object) -> bytes:
    import rfc8785

    return rfc8785.dumps(_plain(value))


def _plain(value: Any) -> Any:
    """The value with what RFC 8785 cannot hold (large whole numbers, dates of YAML) written as text."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, float):
        if not isfinite(value):
            return str(value)
        if not value.is_integer() or abs(value) >= _EXPONENT_FROM:
            return value
        value = int(value)
    if isinstance(value, int):
        return value if abs(value) < 2**53 else str(value)
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
