"""What one dataset of another portal says of itself, in our words; and what of a source couldn't be used."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass

from opendata.domain.catalogue.external import ExternalResource
from opendata.domain.metadata import DatasetMetadata
from opendata.errors import KeptMessage


@dataclass(frozen=True, slots=True, kw_only=True)
class HarvestedItem:
    """A dataset of another portal.

    `identifier` is its id there, whatever its form. `publisher` is the foreign publisher as it is named (its id where
    it has one), `publisher_title` its title, `publisher_code` its unified social credit code. `page` is where people
    find it there, `modified` when it says that it changed, as text. `metadata` has its disclosure as the source says.
    """

    identifier: str
    metadata: DatasetMetadata
    publisher: str = ""
    publisher_title: str = ""
    publisher_code: str = ""
    page: str = ""
    modified: str = ""
    resources: Sequence[ExternalResource] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedItem:
    """A dataset of another portal that can't be used, and why. `identifier` and `title` are empty where unknown."""

    reason: KeptMessage
    identifier: str = ""
    title: str = ""


Read = HarvestedItem | RefusedItem
"""What a reader makes of each dataset: nothing is left out silently."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a source has: its datasets in order. `total` is how many it says that it has, None where it doesn't say."""

    items: Sequence[Read]
    total: int | None = None


Dialogue = Generator[str, bytes, Reading]
"""A reader at work: it gives the address that it wants next, is sent the document there, and returns what it read.

It raises `InputError` for a document that isn't what it should be.
"""
