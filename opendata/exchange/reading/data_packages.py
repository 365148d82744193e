"""Data Packages: one descriptor, or a list of descriptors or of their addresses. Source: datapackage.org v2."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urljoin

from opendata.domain.catalogue.external import ExternalResource
from opendata.domain.harvest.items import Dialogue, Read, Reading, RefusedItem
from opendata.errors import N_, UnreadableFileError
from opendata.exchange.reading.values import (
    find_licence,
    list_of,
    make_item,
    make_resource,
    object_of,
    read_json,
    text_of,
)

_LISTS = ("packages", "datapackages", "datasets")


def read_data_packages(url: str) -> Dialogue:
    """Read a list of Data Packages, or a single one, by its address."""
    found = read_json((yield url))
    if isinstance(found, dict) and isinstance(found.get("resources"), list) and not any(key in found for key in _LISTS):
        return Reading(items=[_read_package(url, found)], total=1)
    listed = found if isinstance(found, list) else _find_list(object_of(found))
    if listed is None:
        raise UnreadableFileError(N_("The source is neither a Data Package nor a list of them"))
    items: list[Read] = []
    for entry in listed:
        if isinstance(entry, dict) and "resources" in entry:
            items.append(_read_package(url, entry))
            continue
        named = object_of(entry)
        address = text_of(entry) or text_of(named.get("path")) or text_of(named.get("url"))
        if not address:
            text = N_("The list has neither a Data Package nor an address here")
            items.append(RefusedItem(reason={"message": text, "params": {}}))
            continue
        place = urljoin(url, address)
        package = read_json((yield place))
        items.append(_read_package(place, object_of(package)))
    return Reading(items=items, total=len(listed))


def _find_list(found: Mapping[str, Any]) -> Sequence[Any] | None:
    return next((found[key] for key in _LISTS if isinstance(found.get(key), list)), None)


def _read_package(place: str, found: Mapping[str, Any]) -> Read:
    licences = [
        licence
        for item in map(object_of, list_of(found.get("licenses")))
        for licence in find_licence(text_of(item.get("name")), text_of(item.get("path")), text_of(item.get("title")))
    ]
    publisher = next(
        (
            text_of(item.get("title")) or text_of(item.get("organization"))
            for item in map(object_of, list_of(found.get("contributors")))
            if "publisher" in (*list_of(item.get("roles")), item.get("role"))
        ),
        "",
    )
    own = object_of(object_of(found.get("opendata")).get("metadata"))
    metadata = {
        **own,
        "title": text_of(found.get("title")) or text_of(found.get("name")),
        "description": text_of(found.get("description")),
        "keywords": list_of(found.get("keywords")),
        "licenses": licences,
        "homepage": text_of(found.get("homepage")),
        "sources": list_of(found.get("sources")),
    }
    resources = [_read_resource(place, item) for item in map(object_of, list_of(found.get("resources")))]
    return make_item(
        metadata,
        identifier=text_of(found.get("id")) or text_of(found.get("name")) or place,
        resources=resources,
        publisher=publisher,
        publisher_title=publisher,
        page=text_of(found.get("homepage")) or place,
        modified=text_of(found.get("created")),
    )


def _read_resource(place: str, found: Mapping[str, Any]) -> ExternalResource | None:
    path = found.get("path")
    first = text_of(path[0] if isinstance(path, list) and path else path)
    if not first:
        return None
    return make_resource(
        urljoin(place, first),
        title=text_of(found.get("title")) or text_of(found.get("name")),
        description=text_of(found.get("description")),
        form=text_of(found.get("format")),
        media_type=text_of(found.get("mediatype")),
        size=found.get("bytes"),
    )
