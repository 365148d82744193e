"""Cursors: opaque to clients, inside the key of the last item seen."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence

from opendata.errors import N_, InputError
from opendata.services.core.values import Item, Page

MAX_LIMIT = 1000
DEFAULT_LIMIT = 50


def write_cursor(key: str) -> str:
    """The cursor that continues after an item."""
    return base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")


def read_cursor(cursor: str | None) -> str | None:
    """The key inside a cursor. Raises `InputError` for a text that is none."""
    if not cursor:
        return None
    try:
        key = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        raise refuse_cursor() from None
    if not key.isprintable() or write_cursor(key) != cursor:
        raise refuse_cursor()
    return key


def refuse_cursor() -> InputError:
    """The error for a cursor that we did not write."""
    return InputError(N_("The cursor isn't valid. Use the one in “next” of the previous page"))


def cut_page(items: Sequence[Item], key: Callable[[Item], str], *, limit: int, cursor: str | None = None) -> Page[Item]:
    """One page of a collection that is in memory as a whole.

    Raises `InputError` for a cursor that isn't one of its items.
    """
    after = read_cursor(cursor)
    start = 0
    if after is not None:
        start = next((number for number, item in enumerate(items, start=1) if key(item) == after), -1)
        if start < 0:
            raise refuse_cursor()
    found = items[start : start + limit]
    return Page(found, write_cursor(key(found[-1])) if start + limit < len(items) else None)
