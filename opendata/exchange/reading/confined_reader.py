"""Documents of another portal are read in a process of its own, which is this module: they may be hostile.

The process says which document it wants next, gets it as a file, and at the end gives the datasets in pieces. It has
limits of memory and time, and no network. What it says is checked again, as it may have been taken over.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from opendata.confined import Bounds, BrokenOffError, Cause
from opendata.conversing import Conversation, Line, converse
from opendata.domain.catalogue.external import ExternalResource, is_web_address
from opendata.domain.harvest.items import HarvestedItem, Read, Reading, RefusedItem
from opendata.domain.harvest.sources import HarvestKind
from opendata.errors import N_, InputError, InvalidMetadataError, KeptMessage, TooLargeError, UnreadableFileError
from opendata.metadata.dataset import read_metadata

logger = logging.getLogger(__name__)

MODULE = "opendata.exchange.reading.confined_reader"

BOUNDS = Bounds(seconds=600, memory=1536 << 20)
"""For each document, and for all that is kept of them: RDF with as many statements as it may have takes 1.2 GB."""

MOST_BYTES = 512 << 20
"""So much text all datasets of a portal may have together, as JSON."""

_PIECE_BYTES = 1 << 20

_DAMAGED = N_("The documents of the source can't be read: they are damaged, or ask too much of the reader")
_MEMORY = N_("Reading the documents of the source takes more memory than it may (%(size)s MB)")
_TIME = N_("Reading a document of the source takes longer than %(seconds)s seconds")
_LONG = N_("The datasets of the source have more than %(size)s MB of text")


class ConfinedReader:
    """A reader at work. `wanted` is the address of the document that it wants next, None once it has read all.

    `is_wanted` is asked a few times a second while it works. What is wrong with the documents is raised as
    `UnreadableFileError` or `TooLargeError`.
    """

    def __init__(self, kind: HarvestKind, url: str, is_wanted: Callable[[], bool] = lambda: True) -> None:
        self.wanted: str | None = None
        self._is_wanted = is_wanted
        self._items: list[Read] = []
        self._total: int | None = None
        self._conversation = Conversation(MODULE, BOUNDS)
        self._conversation.say(json.dumps({"kind": kind, "url": url}).encode())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *caught: object) -> None:
        self._conversation.__exit__(*caught)

    def begin(self) -> str:
        """The address of the first document."""
        self._listen()
        if self.wanted is None:
            raise UnreadableFileError(_DAMAGED)
        return self.wanted

    def give(self, document: Path) -> None:
        """Have it read the document that it wanted."""
        self._conversation.say(json.dumps({"document": str(document)}).encode())
        self._listen()

    @property
    def reading(self) -> Reading:
        """All that was read."""
        return Reading(items=self._items, total=self._total)

    def _listen(self) -> None:
        """Hear what it wants next, or all that it has read."""
        self.wanted, size = None, 0
        while True:
            try:
                message = self._conversation.hear(self._is_wanted)
            except BrokenOffError as error:
                raise _explain(error) from None
            size += len(message)
            if size > MOST_BYTES:
                raise TooLargeError(_LONG, size=MOST_BYTES >> 20)
            try:
                found = json.loads(message)
                if "fault" in found:
                    raise UnreadableFileError(str(found["fault"]["message"]), **found["fault"]["params"])
                if "wants" in found:
                    self.wanted = str(found["wants"])
                    return
                self._items += map(read_item, found["items"])
                if "total" in found:
                    self._total = found["total"] if isinstance(found["total"], int) else None
                    return
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError, InvalidMetadataError):
                raise UnreadableFileError(_DAMAGED) from None


def _explain(error: BrokenOffError) -> InputError:
    if error.cause == Cause.MEMORY:
        return TooLargeError(_MEMORY, size=BOUNDS.memory >> 20)
    if error.cause == Cause.TIME:
        return TooLargeError(_TIME, seconds=round(BOUNDS.seconds))
    logger.error("the reader of a portal has ended: %s", error.reason)
    return UnreadableFileError(_DAMAGED)


def read_item(found: Mapping[str, Any]) -> Read:
    """The item that was written. Raises `ValueError`, `KeyError`, `TypeError`, `InvalidMetadataError` for another."""
    if "reason" in found:
        reason: KeptMessage = {"message": str(found["reason"]["message"]), "params": dict(found["reason"]["params"])}
        return RefusedItem(reason=reason, identifier=str(found["identifier"]), title=str(found["title"]))
    page = str(found["page"])
    resources = tuple(map(ExternalResource.from_json, found["resources"]))
    if not all(is_web_address(item.address) for item in resources) or not (not page or is_web_address(page)):
        raise ValueError("an address")
    return HarvestedItem(
        identifier=str(found["identifier"]),
        metadata=read_metadata(found["metadata"]),
        publisher=str(found["publisher"]),
        publisher_title=str(found["publisherTitle"]),
        page=page,
        modified=str(found["modified"]),
        resources=resources,
    )


def write_item(item: Read) -> str:
    """An item as the process gives it: JSON."""
    if isinstance(item, RefusedItem):
        return json.dumps({"reason": item.reason, "identifier": item.identifier, "title": item.title})
    return json.dumps(
        {
            "identifier": item.identifier,
            "metadata": item.metadata.to_json(),
            "publisher": item.publisher,
            "publisherTitle": item.publisher_title,
            "page": item.page,
            "modified": item.modified,
            "resources": [resource.to_json() for resource in item.resources],
        }
    )


def _write_items(items: Sequence[Read]) -> Iterator[str]:
    """Lists of JSON, of about as much text each."""
    piece: list[str] = []
    size = 0
    for item in items:
        piece.append(write_item(item))
        size += len(piece[-1])
        if size >= _PIECE_BYTES:
            yield f"[{','.join(piece)}]"
            piece, size = [], 0
    yield f"[{','.join(piece)}]"


def _handle(line: Line) -> None:
    """In the process: read documents as they come."""
    from opendata.exchange.reading.readers import READERS

    given = json.loads(line.hear())
    dialogue = READERS[HarvestKind(given["kind"])](given["url"])
    try:
        address = next(dialogue)
        while True:
            line.say(json.dumps({"wants": address}).encode())
            document = Path(json.loads(line.hear())["document"]).read_bytes()
            address = dialogue.send(document)
    except StopIteration as end:
        reading: Reading = end.value
    except InputError as error:
        fault = InputError.from_fault(error.faults[0]).describe() if error.faults else error.describe()
        line.say(json.dumps({"fault": fault}).encode())
        return
    for piece in _write_items(reading.items):
        line.say(f'{{"items": {piece}}}'.encode())
    line.say(json.dumps({"items": [], "total": reading.total}).encode())


if __name__ == "__main__":
    converse(_handle)
