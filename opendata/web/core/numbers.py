"""Whole numbers that a reader or a page sends as text."""

from __future__ import annotations

_MOST_DIGITS = 9


def read_number(text: str) -> int | None:
    """The number that a text of at most nine ASCII digits is; None for any other text."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else None
