"""Cursors: opaque to clients, inside the key of the last item seen."""

from __future__ import annotations

import base64
import binascii

from opendata.errors import N_, InputError

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
        return base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        raise InputError(N_("The cursor is not one of ours; take it from “next” of the page before")) from None
