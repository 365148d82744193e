"""Identifiers of datasets, publishers, schemas and resources: their one form, and one made from a title."""

from __future__ import annotations

import re
from collections.abc import Container

from opendata.errors import N_, Fault, fault

PATTERN = r"[a-z0-9][a-z0-9_-]{1,99}"
RESERVED_RESOURCES = frozenset(
    {"datapackage", "files", "index", "diff", "withdrawal", "suspension", "citation", "croissant", "csv-metadata"}
)
_FORM = re.compile(PATTERN)


def find_identifier_fault(pointer: str, value: object, *, resource: bool = False) -> Fault | None:
    """What is wrong with an identifier, or None."""
    if not isinstance(value, str) or not _FORM.fullmatch(value):
        return fault(
            pointer,
            N_(
                "“%(value)s” isn't a valid identifier. Use 2 to 100 lower-case letters, digits, “-” or “_”,"
                " beginning with a letter or digit"
            ),
            value=str(value)[:120],
        )
    if resource and value in RESERVED_RESOURCES:
        return fault(pointer, N_("The name “%(value)s” is reserved. Choose another"), value=value)
    return None


def suggest_identifier(text: str, *, taken: Container[str] = (), resource: bool = False) -> str:
    """An identifier for a title or a file's name; Chinese is written in pinyin, a number tells taken ones apart."""
    from slugify import slugify

    if any("\u4e00" <= letter <= "\u9fff" for letter in text):
        from pypinyin import lazy_pinyin  # half a second, for its dictionaries

        text = " ".join(lazy_pinyin(text))
    base = slugify(text, max_length=90, regex_pattern=r"[^a-z0-9_]+").strip("_-")
    if len(base) < 2:
        base = f"{base or 'data'}-1" if len(base) == 1 else "data"
    if resource and base in RESERVED_RESOURCES:
        base = f"{base}-table"
    found, number = base, 2
    while found in taken:
        found, number = f"{base}-{number}", number + 1
    return found
