"""A catalogue of DCAT in RDF, in one document or in pages (Hydra): Turtle, RDF/XML, JSON-LD or N-Triples."""

from __future__ import annotations

from opendata.domain.catalogue.external import ExternalKind, ExternalResource
from opendata.domain.harvest.items import Dialogue, Read, Reading, RefusedItem
from opendata.errors import N_, UnreadableFileError
from opendata.exchange.dcat.reading.document import read_document
from opendata.exchange.dcat.reading.values import ReadDataset, ReadFile
from opendata.exchange.dcat.writing import JSON_LD, RDF_XML, TURTLE
from opendata.exchange.reading.values import make_item, make_resource, require_room

_HEAD = 2000


def read_dcat(url: str) -> Dialogue:
    """Read a catalogue by the address of its first document."""
    items: list[Read] = []
    total = None
    address, seen = url, {url}
    while True:
        data = yield address
        found = read_document(data, _find_form(data), base=address)
        total = found.total if found.total is not None else total
        items += [_read_dataset(item) for item in found.datasets]
        items += [_refuse(name) for name in found.skipped]
        require_room(items)
        if not found.next:
            return Reading(items=items, total=total)
        if found.next in seen:
            raise UnreadableFileError(N_("The source gives the same page again and again"))
        seen.add(found.next)
        address = found.next


def _find_form(data: bytes) -> str:
    """The form of a document by how it begins."""
    head = data[:_HEAD].removeprefix(b"\xef\xbb\xbf").lstrip()
    if head.startswith((b"{", b"[{", b"[ ", b"[\n", b"[]")):
        return JSON_LD
    return RDF_XML if head.startswith(b"<?xml") or b"<rdf:RDF" in head else TURTLE


def _refuse(name: str) -> RefusedItem:
    text = N_("This dataset has no title, or no address of its own")
    return RefusedItem(reason={"message": text, "params": {}}, identifier=name)


def _read_dataset(found: ReadDataset) -> Read:
    metadata = {name: value for name, value in found.metadata.to_json().items() if name != "indexNumber"}
    return make_item(
        metadata,
        identifier=f"urn:uuid:{found.uuid}" if found.uuid else found.identifier,
        resources=[_read_file(item) for item in found.files],
        publisher=found.publisher.id or found.publisher.iri,
        publisher_title=found.publisher.title,
        page=found.page,
        modified=found.modified,
    )


def _read_file(found: ReadFile) -> ExternalResource | None:
    return make_resource(
        found.address or found.page,
        title=found.title,
        description=found.description,
        form=found.format,
        media_type=found.media_type,
        kind=ExternalKind.API if found.service else ExternalKind.PAGE if not found.address else None,
        size=found.bytes,
    )
