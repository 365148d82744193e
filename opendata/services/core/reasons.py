"""Texts that say why something is decided: none may be missing where one is needed, and none is too long."""

from __future__ import annotations

from opendata.errors import N_, InvalidMetadataError, fault

MAX_REASON = 4000
"""Characters: the longest reason, legal basis or erratum, and the longest text of a grant."""

PUBLISHED_REASON = N_("Give a reason. It is published at the version's address")
TOO_LONG = N_("At most %(limit)s characters are allowed")


def read_reason(pointer: str, text: object, *, missing: str = PUBLISHED_REASON, needed: bool = True) -> str:
    """A text without the spaces around it.

    Raises `InvalidMetadataError` for one that is too long, or is empty although it is `needed`: `missing` says so.
    """
    found = text.strip() if isinstance(text, str) else ""
    if needed and not found:
        raise InvalidMetadataError(faults=[fault(pointer, missing)])
    if len(found) > MAX_REASON:
        raise InvalidMetadataError(faults=[fault(pointer, TOO_LONG, limit=MAX_REASON)])
    return found
