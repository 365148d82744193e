"""The fields that searches name: which hold words, exact values, moments, numbers."""

from __future__ import annotations

from enum import Enum

ALL = "text"
"""The field that has all words; the one of words that name no field."""


class Kind(Enum):
    """How a field is compared."""

    WORDS = "words"
    EXACT = "exact"
    MOMENT = "moment"
    NUMBER = "number"


WORDS = (ALL, "title", "notes", "author", "maintainer", "res_name", "res_description")
MOMENTS = ("metadata_created", "metadata_modified")
NUMBERS = ("num_resources", "num_tags")
FACETS = ("organization", "groups", "tags", "res_format", "license_id", "frequency", "disclosure")
"""What results can be counted by; by others nothing is counted."""

SORTS = ("score", "name", "title_string", "metadata_created", "metadata_modified", "id", "views_recent")

KINDS = {
    **dict.fromkeys(WORDS, Kind.WORDS),
    **dict.fromkeys(MOMENTS, Kind.MOMENT),
    **dict.fromkeys(NUMBERS, Kind.NUMBER),
}


def kind_of(field: str) -> Kind:
    """How a field is compared."""
    return KINDS.get(field, Kind.EXACT)


RESOURCE_FIELDS = {
    "name": "res_name",
    "description": "res_description",
    "format": "res_format",
    "url": "res_url",
    "hash": "res_hash",
    "id": "res_id",
    "mimetype": "res_mimetype",
}
"""What `resource_search` calls a field → the field that is searched."""
