"""Ids, names and times as CKAN has them: ids are UUIDs that never change, names are lower-case ASCII.

Source: ckan/logic/validators.py of CKAN 2.10 (names, tags).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from uuid import UUID, uuid5

from opendata.metadata.properties.code_lists import find_codes

NAMESPACE = UUID("5e1e4d0c-6a5b-5c0e-9f0e-7d5c3f2b8a11")
"""Never changes: ids that harvesters have kept were made with it."""

_TAG = re.compile(r"[\w \-.]{2,100}")
_NOT_NAME = re.compile(r"[^a-z0-9]+")


def identify_organization(publisher: str) -> str:
    """The UUID of a publisher."""
    return str(uuid5(NAMESPACE, f"organization/{publisher}"))


def identify_user(publisher: str) -> str:
    """The UUID in place of the person who entered a publisher's datasets: nobody is named."""
    return str(uuid5(NAMESPACE, f"user/{publisher}"))


def identify_group(theme: str) -> str:
    """The UUID of a theme."""
    return str(uuid5(NAMESPACE, f"group/{theme}"))


def identify_tag(tag: str) -> str:
    """The UUID of a keyword."""
    return str(uuid5(NAMESPACE, f"tag/{tag}"))


def identify_resource(dataset_uuid: str, resource: str, form: str) -> str:
    """The UUID of a file of a dataset, the same in all versions."""
    return str(uuid5(UUID(dataset_uuid), f"{resource}/{form}"))


def identify_external(dataset_uuid: str, address: str) -> str:
    """The UUID of what a dataset has at another portal, the same while its address is."""
    return str(uuid5(UUID(dataset_uuid), f"external/{address}"))


def is_uuid(text: str) -> bool:
    """Whether a text is a UUID as these are written."""
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False


def name_group(theme: str) -> str:
    """The name of a theme: its English title in lower-case letters."""
    code = find_codes("themes").get(theme)
    found = _NOT_NAME.sub("-", (code.title("en") if code else theme).lower()).strip("-")
    return found if len(found) > 1 else f"theme-{identify_group(theme)[:8]}"


def list_themes() -> Sequence[str]:
    """The codes of all themes, in the order of their list."""
    return list(find_codes("themes"))


def find_theme(name: str) -> str | None:
    """The code of the theme with this name, UUID or code."""
    return next((item for item in list_themes() if name in (item, name_group(item), identify_group(item))), None)


def list_tags(keywords: Sequence[str]) -> Iterator[str]:
    """The keywords that CKAN takes as tags, each once."""
    seen: set[str] = set()
    for keyword in keywords:
        name = " ".join(keyword.split())
        if _TAG.fullmatch(name) and name not in seen:
            seen.add(name)
            yield name


def write_moment(moment: datetime) -> str:
    """A moment as CKAN writes it: UTC without a zone, with microseconds."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")
