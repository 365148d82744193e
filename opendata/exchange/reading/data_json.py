"""A `data.json` of DCAT-US: all its datasets in one document. Source: Project Open Data 1.1; DCAT-US 3.0."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from opendata.domain.catalogue.external import ExternalKind, ExternalResource, is_web_address
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
    text_of,
)

_PUBLIC = ("", "public")


def read_data_json(url: str) -> Dialogue:
    """Read the document at an address."""
    found = object_of(read_json((yield url)))
    listed = found.get("dataset")
    if not isinstance(listed, list):
        raise UnreadableFileError(N_("The source isn't a data.json: it has no list of datasets"))
    return Reading(items=[_read_dataset(url, object_of(item)) for item in listed], total=len(listed))


def _read_dataset(url: str, found: Mapping[str, Any]) -> Read:
    identifier, title = text_of(found.get("identifier")), text_of(found.get("title"))
    if text_of(found.get("accessLevel")) not in _PUBLIC:
        text = N_("The source says that this dataset isn't public")
        return RefusedItem(reason={"message": text, "params": {}}, identifier=identifier, title=title)
    publisher = text_of(object_of(found.get("publisher")).get("name"))
    temporal = found.get("temporal")
    page = text_of(found.get("landingPage"))
    metadata = {
        "title": title,
        "description": text_of(found.get("description")),
        "keywords": list_of(found.get("keyword")),
        "licenses": find_licence(text_of(found.get("license"))),
        "updateCycle": find_cycle(text_of(found.get("accrualPeriodicity"))),
        "temporal": text_of(temporal) if isinstance(temporal, str) else "",
        "languages": [text_of(item).partition("-")[0].lower() for item in list_of(found.get("language"))],
        "homepage": page,
    }
    return make_item(
        metadata,
        identifier=identifier,
        resources=_read_distributions(list_of(found.get("distribution"))),
        publisher=publisher,
        publisher_title=publisher,
        page=page if is_web_address(page) else url,
        modified=text_of(found.get("modified")),
    )


def _read_distributions(found: Sequence[Any]) -> Sequence[ExternalResource | None]:
    resources: list[ExternalResource | None] = []
    for item in map(object_of, found):
        download, access = text_of(item.get("downloadURL")), text_of(item.get("accessURL"))
        form = text_of(item.get("format"))
        resources.append(
            make_resource(
                download or access,
                title=text_of(item.get("title")),
                description=text_of(item.get("description")),
                form=form,
                media_type=text_of(item.get("mediaType")),
                kind=ExternalKind.API if not download and form.strip().lower() == "api" else None,
                size=item.get("byteSize"),
            )
        )
    return resources
