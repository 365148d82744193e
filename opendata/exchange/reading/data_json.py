"""A `data.json` of DCAT-US as a source: its public datasets. All others are refused, as those that can't be read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from opendata.domain.catalogue.external import ExternalKind, ExternalResource
from opendata.domain.harvest.items import Dialogue, Read, Reading, RefusedItem
from opendata.errors import N_, InputError, InvalidMetadataError, UnreadableFileError
from opendata.exchange.core import harvested
from opendata.exchange.dcat_us.reading import LEVELS, read_catalogue
from opendata.exchange.reading.values import make_item, make_resource, require_few

_LEVELS = frozenset(f"/{name}" for name in LEVELS)


def read_data_json(url: str) -> Dialogue:
    """Read the document at an address."""
    data = yield url
    require_few(data, b",", b"[", b"{")
    try:
        found = read_catalogue(data)
    except InvalidMetadataError as error:
        raise UnreadableFileError.from_fault(error.faults[0]) from None
    items = [_read_dataset(item, url) for item in found.datasets]
    return Reading(items=[*items, *map(_refuse, found.refused)], total=found.items)


def _refuse(found: harvested.RefusedItem) -> RefusedItem:
    return RefusedItem(reason=InputError.from_fault(found.faults[0]).describe(), identifier=found.identifier)


def _read_dataset(found: harvested.HarvestedDataset, url: str) -> Read:
    said = found.metadata
    if said.get("disclosure", _OPEN) != _OPEN or any(item.pointer in _LEVELS for item in found.faults):
        text = N_("The source says that this dataset isn't public")
        return RefusedItem(
            reason={"message": text, "params": {}}, identifier=found.identifier, title=str(said["title"])
        )
    return make_item(
        dict(_list_said(found)),
        identifier=found.identifier,
        resources=[_read_file(item) for item in found.files],
        publisher=found.publisher,
        publisher_title=found.publisher,
        page=str(said.get("homepage") or url),
        modified=found.modified.isoformat() if found.modified else "",
    )


def _list_said(found: harvested.HarvestedDataset) -> Iterator[tuple[str, Any]]:
    """What is said of the dataset, without its page there.

    Keywords and a contact that only repeat the publisher say nothing: the form requires both.
    """
    for name, value in found.metadata.items():
        is_filled = value in ([found.publisher], {"name": found.publisher})
        if name != "homepage" and not (name in ("keywords", "contactPoint") and is_filled):
            yield name, value


def _read_file(found: harvested.HarvestedFile) -> ExternalResource | None:
    return make_resource(
        found.address,
        title=found.title,
        description=found.description,
        form=found.format,
        media_type=found.media_type,
        kind=ExternalKind.API if not found.is_download and found.format.lower() == "api" else None,
        size=found.size,
    )


_OPEN = {"attribute": "open"}
