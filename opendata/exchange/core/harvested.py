"""A dataset as a catalogue elsewhere describes it, in our words: what every vocabulary that is read makes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from opendata.errors import Fault


@dataclass(frozen=True, slots=True, kw_only=True)
class HarvestedFile:
    """A file or a service elsewhere. `is_download` says that `address` gives the data itself.

    `size` are its bytes as the source says them.
    """

    address: str
    is_download: bool
    title: str = ""
    description: str = ""
    media_type: str = ""
    format: str = ""
    size: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HarvestedDataset:
    """One dataset. `identifier` is the one at its source; `metadata` are properties of ours, by their names.

    `publisher` is its name there. `faults` say what was left out and why, by a pointer into the item.
    """

    identifier: str
    metadata: Mapping[str, Any]
    publisher: str
    files: Sequence[HarvestedFile] = ()
    issued: datetime | None = None
    modified: datetime | None = None
    faults: Sequence[Fault] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedItem:
    """An item that can't be taken. `number` counts the items from 1; `identifier` is empty where it has none."""

    number: int
    identifier: str
    faults: Sequence[Fault]


@dataclass(frozen=True, slots=True, kw_only=True)
class Harvest:
    """What a document says. Datasets and refused items together are as many as `items`."""

    datasets: Sequence[HarvestedDataset] = field(default_factory=list)
    refused: Sequence[RefusedItem] = field(default_factory=list)

    @property
    def items(self) -> int:
        """How many items the document has."""
        return len(self.datasets) + len(self.refused)
