"""What a run would do: each dataset of a source is found again by its id there, else by what it says.

Known and read in, decisions out; nothing is looked up and nothing is written here. In this order a dataset is known:
by its id at the source; by the same texts and addresses; by the same addresses; by the same texts. The last three count
only where exactly one dataset of the source, whose id isn't there any more, has them, and one of those read.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from opendata.domain.harvest.items import HarvestedItem, Read, RefusedItem
from opendata.domain.harvest.runs import Counts
from opendata.errors import N_

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Prints:
    """Fingerprints of what a dataset says: of its texts, and of its addresses (empty where it has none)."""

    text: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A dataset that came from the source before: its number, and what is remembered of it."""

    number: int
    identifier: str
    prints: Prints
    digest: str
    is_gone: bool = False


class Fate(StrEnum):
    """What becomes of a dataset that was read."""

    KEPT = "kept"
    NEW = "new"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One dataset that was read, what becomes of it, and the one that it was before. `digest` is that of its content.

    `is_renamed` says that it was found by what it says: its id at the source is another one now.
    """

    fate: Fate
    item: HarvestedItem
    prints: Prints
    digest: str
    known: Known | None = None

    @property
    def is_renamed(self) -> bool:
        """Whether its id at the source changed."""
        return self.known is not None and self.known.identifier != self.item.identifier


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What becomes of all that was read, and what the source has no longer. `seen` was counted while reading."""

    seen: int
    decisions: Sequence[Decision] = ()
    refused: Sequence[RefusedItem] = ()
    gone: Sequence[Known] = ()

    @property
    def counts(self) -> Counts:
        """Its numbers."""
        fates = [item.fate for item in self.decisions]
        return Counts(
            seen=self.seen,
            kept=fates.count(Fate.KEPT),
            new=fates.count(Fate.NEW),
            changed=fates.count(Fate.CHANGED),
            refused=len(self.refused),
            gone=len(self.gone),
        )


def take_prints(item: HarvestedItem) -> Prints:
    """What a dataset is known by if its id changes."""
    texts = [item.metadata.title, item.metadata.description, item.publisher_title or item.publisher]
    addresses = sorted({resource.address for resource in item.resources})
    return Prints(_digest([_fold(text) for text in texts]), _digest(addresses) if addresses else "")


def digest_item(item: HarvestedItem) -> str:
    """The digest of everything that a harvest takes from a dataset."""
    said = [
        item.metadata.to_json(),
        item.page,
        item.publisher_title or item.publisher,
        [resource.to_json() for resource in item.resources],
    ]
    return _digest(said)


def make_plan(known: Sequence[Known], read: Iterable[Read]) -> Plan:
    """Decide about each dataset that was read. An id that is repeated is refused from the second time on."""
    items: dict[str, HarvestedItem] = {}
    refused: list[RefusedItem] = []
    seen = 0
    for item in read:
        seen += 1
        if isinstance(item, RefusedItem):
            refused.append(item)
        elif item.identifier in items:
            text = N_("Another dataset of the source has the same id")
            refused.append(
                RefusedItem(
                    reason={"message": text, "params": {}}, identifier=item.identifier, title=item.metadata.title
                )
            )
        else:
            items[item.identifier] = item
    pairs = _match(known, items, {item.identifier for item in refused})
    decisions = [_decide(item, pairs.get(name)) for name, item in items.items()]
    used = {item.known.number for item in decisions if item.known is not None}
    spared = {item.identifier for item in refused if item.identifier}
    gone = [item for item in known if item.number not in used and item.identifier not in spared and not item.is_gone]
    return Plan(seen=seen, decisions=decisions, refused=refused, gone=gone)


def _match(known: Sequence[Known], items: dict[str, HarvestedItem], spared: set[str]) -> dict[str, Known]:
    """The dataset that each of those read was before, by the id at the source."""
    by_identifier = {item.identifier: item for item in known}
    pairs = {name: by_identifier[name] for name in items if name in by_identifier}
    prints = {name: take_prints(item) for name, item in items.items() if name not in pairs}
    left = [item for item in known if item.identifier not in items and item.identifier not in spared]
    ways: Sequence[Callable[[Prints], str]] = (
        lambda found: f"{found.text} {found.address}",
        lambda found: found.address,
        lambda found: found.text,
    )
    for way in ways:
        ours = _find_unique([(way(item.prints), item) for item in left])
        theirs = _find_unique([(way(found), name) for name, found in prints.items() if name not in pairs])
        for key, name in theirs.items():
            if key and key in ours:
                pairs[name] = ours[key]
        taken = {item.number for item in pairs.values()}
        left = [item for item in left if item.number not in taken]
    return pairs


def _find_unique(found: Iterable[tuple[str, Found]]) -> dict[str, Found]:
    groups: dict[str, list[Found]] = {}
    for key, item in found:
        groups.setdefault(key, []).append(item)
    return {key: items[0] for key, items in groups.items() if len(items) == 1}


def _decide(item: HarvestedItem, known: Known | None) -> Decision:
    digest = digest_item(item)
    if known is None:
        fate = Fate.NEW
    else:
        is_same = known.digest == digest and not known.is_gone and known.identifier == item.identifier
        fate = Fate.KEPT if is_same else Fate.CHANGED
    return Decision(fate=fate, item=item, prints=take_prints(item), digest=digest, known=known)


def exceeds_share(plan: Plan, known: Sequence[Known], most_gone: int) -> bool:
    """Whether more of the datasets that are there would vanish than this share, in percent."""
    there = sum(not item.is_gone for item in known)
    return len(plan.gone) * 100 > there * most_gone


def _fold(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _digest(said: Any) -> str:
    text = json.dumps(said, ensure_ascii=True, sort_keys=True, default=str, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()
