"""Another instance of this program: its public datasets by REST, with all that their metadata say, and their files.

What such an instance registers here itself is read in the same way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urljoin

from opendata.domain.catalogue.external import ExternalResource, is_web_address
from opendata.domain.disclosure import OPEN
from opendata.domain.harvest.items import Dialogue, Read, Reading, RefusedItem
from opendata.errors import N_, UnreadableFileError
from opendata.exchange.reading.values import (
    list_of,
    make_item,
    make_resource,
    object_of,
    read_json,
    require_room,
    text_of,
)
from opendata.metadata.properties.reading import load_profile

LIMIT = 200
"""So many datasets are asked for at once."""


def read_instance(url: str) -> Dialogue:
    """Read an instance by the address of its home page."""
    home = url.partition("?")[0].partition("/api/")[0].rstrip("/")
    items: list[Read] = []
    cursor, cursors = "", {""}
    while True:
        data = yield f"{home}/api/v1/datasets?limit={LIMIT}" + (f"&cursor={quote(cursor)}" if cursor else "")
        page = object_of(read_json(data))
        if not isinstance(page.get("items"), list):
            raise UnreadableFileError(N_("The source doesn't answer as this program does"))
        for found in map(object_of, page["items"]):
            manifest: Mapping[str, Any] = {}
            name, latest = text_of(found.get("id")), text_of(found.get("latest"))
            if latest and name and _is_open(found):
                manifest = object_of(
                    read_json((yield f"{home}/datasets/{quote(name)}/{quote(latest)}/datapackage.json"))
                )
            items.append(_read_dataset(home, found, manifest))
        require_room(items)
        cursor = text_of(page.get("next"))
        if not cursor:
            return Reading(items=items, total=len(items))
        if cursor in cursors:
            raise UnreadableFileError(N_("The source gives the same page again and again"))
        cursors.add(cursor)


def read_sent(found: object) -> Read:
    """Read what an instance sends of one of its datasets."""
    said = object_of(found)
    home = text_of(said.get("home"))
    if not is_web_address(home):
        text = N_("The record doesn't say the address of the portal that it is from (“home”)")
        return RefusedItem(reason={"message": text, "params": {}})
    return _read_dataset(home, object_of(said.get("dataset")), object_of(said.get("manifest")))


def _is_open(found: Mapping[str, Any]) -> bool:
    return text_of(object_of(found.get("disclosure")).get("attribute")) in ("", OPEN)


def _read_dataset(home: str, found: Mapping[str, Any], manifest: Mapping[str, Any]) -> Read:
    name = text_of(found.get("id"))
    publisher = object_of(found.get("publisher"))
    metadata = {item.name: found[item.name] for item in load_profile().stated if found.get(item.name)}
    metadata.pop("indexNumber", None)  # it belongs to the office that gave it
    place = f"{home}/datasets/{quote(name)}"
    return make_item(
        metadata,
        identifier=text_of(found.get("uuid")),
        resources=[
            *_list_files(f"{place}/{quote(text_of(manifest.get('version')))}/", manifest),
            *map(_read_external, map(object_of, list_of(object_of(found.get("origin")).get("resources")))),
        ],
        publisher=text_of(publisher.get("id")),
        publisher_title=text_of(publisher.get("title")),
        publisher_code=text_of(publisher.get("code")),
        page=place,
        modified=text_of(found.get("modified")),
    )


def _list_files(place: str, manifest: Mapping[str, Any]) -> Sequence[ExternalResource | None]:
    """The files of a version: each table as CSV and as Parquet, and attachments."""
    found: list[ExternalResource | None] = []
    for item in map(object_of, list_of(manifest.get("resources"))):
        title = text_of(item.get("title")) or text_of(item.get("name"))
        files = [item, object_of(object_of(item.get("opendata")).get("parquet"))]
        for number, file in enumerate(files):
            path = text_of(file.get("path"))
            if path:
                form = "parquet" if number else text_of(item.get("format"))
                found.append(make_resource(urljoin(place, path), title=title, form=form, size=file.get("bytes")))
    return found


def _read_external(found: Mapping[str, Any]) -> ExternalResource | None:
    """What a dataset has at the portal that the instance harvested it from."""
    said = ExternalResource.from_json(found)
    return make_resource(
        said.address,
        title=said.title,
        description=said.description,
        form=said.format,
        media_type=said.media_type,
        kind=said.kind,
        size=said.bytes,
    )
