"""A portal of CKAN: all its datasets by `package_search`, page by page in the order of their ids.

Source: CKAN's Action API v3; extras as ckanext-dcat and ckanext-spatial name them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from opendata.domain.catalogue.external import ExternalKind, ExternalResource
from opendata.domain.harvest.items import Dialogue, Read, Reading, RefusedItem
from opendata.errors import N_, UnreadableFileError
from opendata.exchange.reading.values import (
    find_cycle,
    find_licence,
    list_of,
    make_item,
    make_resource,
    object_of,
    read_json,
    require_room,
    text_of,
)

ROWS = 100
"""So many datasets are asked for at once."""

_ACTION = "/api/3/action/"
_NOT_CKAN = N_("The source doesn't answer as CKAN does")


def read_ckan(url: str) -> Dialogue:
    """Read a portal by the address of its home page, or of its API."""
    home = url.partition("?")[0].partition("/api/")[0].rstrip("/")
    items: list[Read] = []
    seen: set[str] = set()
    total = None
    while True:
        data = yield f"{home}{_ACTION}package_search?rows={ROWS}&start={len(items)}&sort={quote('id asc')}"
        found = object_of(read_json(data))
        result = object_of(found.get("result"))
        packages = result.get("results")
        if found.get("success") is not True or not isinstance(packages, list):
            raise UnreadableFileError(_NOT_CKAN)
        total = result["count"] if isinstance(result.get("count"), int) else total
        fresh = {text_of(object_of(item).get("id")) for item in packages} - seen
        if packages and not fresh:
            raise UnreadableFileError(N_("The source gives the same page again and again"))
        seen |= fresh
        items += [_read_package(home, object_of(item)) for item in packages]
        require_room(items)
        if not packages or (total is not None and len(items) >= total):
            return Reading(items=items, total=total)


def _read_package(home: str, found: Mapping[str, Any]) -> Read:
    identifier, name = text_of(found.get("id")), text_of(found.get("name"))
    title = text_of(found.get("title")) or name
    if found.get("private") is True or text_of(found.get("state")) not in ("", "active"):
        text = N_("The source says that this dataset isn't public")
        return RefusedItem(reason={"message": text, "params": {}}, identifier=identifier, title=title)
    extras = {
        text_of(item.get("key")): text_of(item.get("value")) for item in map(object_of, list_of(found.get("extras")))
    }
    organization = object_of(found.get("organization"))
    tags = [
        text_of(item.get("display_name")) or text_of(item.get("name"))
        for item in map(object_of, list_of(found.get("tags")))
    ]
    licence = [text_of(found.get(key)) for key in ("license_id", "license_url", "license_title")]
    metadata = {
        "title": title,
        "description": text_of(found.get("notes")),
        "keywords": [tag for tag in tags if tag],
        "licenses": [] if licence[0] == "notspecified" else find_licence(*licence),
        "updateCycle": find_cycle(extras.get("frequency") or text_of(found.get("frequency"))),
        "temporal": _join_period(extras.get("temporal_start", ""), extras.get("temporal_end", "")),
        "homepage": text_of(found.get("url")),
    }
    return make_item(
        metadata,
        identifier=identifier,
        resources=_read_resources(list_of(found.get("resources"))),
        publisher=text_of(organization.get("name")),
        publisher_title=text_of(organization.get("title")) or text_of(organization.get("name")),
        page=f"{home}/dataset/{quote(name or identifier)}",
        modified=text_of(found.get("metadata_modified")),
    )


def _read_resources(found: Sequence[Any]) -> Sequence[ExternalResource | None]:
    return [
        make_resource(
            text_of(item.get("url")),
            title=text_of(item.get("name")),
            description=text_of(item.get("description")),
            form=text_of(item.get("format")),
            media_type=text_of(item.get("mimetype")),
            kind=_KINDS.get(text_of(item.get("resource_type"))),
            size=item.get("size"),
        )
        for item in map(object_of, found)
        if text_of(item.get("state")) in ("", "active")
    ]


_KINDS = {"api": ExternalKind.API, "documentation": ExternalKind.PAGE, "visualization": ExternalKind.PAGE}


def _join_period(start: str, end: str) -> str:
    days = [item.partition("T")[0] for item in (start, end) if item]
    return "/".join(days)
