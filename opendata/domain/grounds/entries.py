"""The entries of the negative list: what each says, when and for whom it holds, and how two versions differ.

Source: Opinions of 2016 on open government work (全面推进政务公开工作), negative list (负面清单).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta
from typing import Any, Self

from opendata.domain.grounds.codes import GROUNDS, Ground
from opendata.domain.moments import read_day
from opendata.errors import N_, Fault, Listed, fault

MOST_ENTRIES = 2000
LONGEST = 4000
LONGEST_ID = 40
_LONGEST_TITLE = 300
_ID = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._-]{{0,{LONGEST_ID - 1}}}")
_MADE_ID = re.compile(r"N([0-9]{3,9})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A matter that isn't disclosed. `id` stays the same in all versions of the list.

    It is for the `publishers` that it names, or for all. `begins` and `ends` are its first and last day; None: as long
    as it is on the list.
    """

    id: str
    title: str
    ground: str
    legal_basis: str
    description: str = ""
    publishers: tuple[str, ...] = ()
    begins: date | None = None
    ends: date | None = None

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Self:
        """Read what `to_json` made."""
        return cls(
            id=found["id"],
            title=found["title"],
            ground=found["ground"],
            legal_basis=found["legalBasis"],
            description=found.get("description", ""),
            publishers=tuple(found.get("publishers", ())),
            begins=read_day(found.get("from")),
            ends=read_day(found.get("until")),
        )

    def to_json(self) -> dict[str, Any]:
        """As it is kept and sent."""
        return {
            "id": self.id,
            "title": self.title,
            "description": self.description,
            "ground": self.ground,
            "legalBasis": self.legal_basis,
            "publishers": list(self.publishers),
            "from": self.begins.isoformat() if self.begins else None,
            "until": self.ends.isoformat() if self.ends else None,
        }

    @property
    def kind(self) -> Ground:
        """Its ground of law."""
        return GROUNDS[self.ground]

    def is_in_force(self, day: date) -> bool:
        """Whether it holds on a day."""
        return (self.begins is None or self.begins <= day) and (self.ends is None or day <= self.ends)

    def is_for(self, publisher: str) -> bool:
        """Whether a publisher can point to it."""
        return not self.publishers or publisher in self.publishers


@dataclass(frozen=True, slots=True)
class Comparison:
    """How two versions of the list differ: entries that came, went, and changed (before, after, what of them)."""

    added: tuple[Entry, ...]
    removed: tuple[Entry, ...]
    changed: tuple[tuple[Entry, Entry, tuple[str, ...]], ...]

    @property
    def is_empty(self) -> bool:
        """Whether both say the same."""
        return not (self.added or self.removed or self.changed)


@dataclass(frozen=True, slots=True)
class Holder:
    """A dataset that points to an entry."""

    dataset: str
    publisher: str
    ground: str


@dataclass(frozen=True, slots=True)
class Lapse:
    """A dataset that loses its ground: which entry, and the first day without it."""

    holder: Holder
    entry: Entry
    day: date


def find_fitting(entries: Sequence[Entry], publisher: str, day: date) -> list[Entry]:
    """The entries that a publisher can point to on a day."""
    return [item for item in entries if item.is_for(publisher) and item.is_in_force(day)]


def compare(old: Sequence[Entry], new: Sequence[Entry]) -> Comparison:
    """How two versions of the list differ, whatever their order."""
    before, after = ({item.id: item for item in found} for found in (old, new))
    changed = []
    for item in new:
        earlier = before.get(item.id)
        if earlier is not None and earlier != item:
            names = tuple(
                field.name for field in fields(Entry) if getattr(earlier, field.name) != getattr(item, field.name)
            )
            changed.append((earlier, item, names))
    return Comparison(
        added=tuple(item for item in new if item.id not in before),
        removed=tuple(item for item in old if item.id not in after),
        changed=tuple(changed),
    )


def find_lapses(old: Sequence[Entry], new: Sequence[Entry], holders: Sequence[Holder], day: date) -> list[Lapse]:
    """The datasets whose ground ends, or ends earlier, if the list `new` takes the place of `old` on a day."""
    before, after = ({item.id: item for item in found} for found in (old, new))
    lapses = []
    for holder in holders:
        held = _hold_until(before, holder, day)
        holds = _hold_until(after, holder, day)
        if held >= day and holds < held:
            lapses.append(Lapse(holder, before[holder.ground], holds + timedelta(days=1)))
    return lapses


def find_entry_faults(entries: Sequence[Entry], publishers: Collection[str]) -> Iterator[Fault]:
    """What is wrong with the entries of a list, as `/entries/0/title`; `publishers` are the ids that exist."""
    if len(entries) > MOST_ENTRIES:
        yield fault("/entries", N_("The negative list can have at most %(limit)s entries"), limit=MOST_ENTRIES)
    seen: set[str] = set()
    for number, item in enumerate(entries):
        place = f"/entries/{number}"
        if not _ID.fullmatch(item.id):
            text = N_("“%(value)s” isn't an entry's number. Use at most 40 letters, digits, “.”, “-” and “_”")
            yield fault(f"{place}/id", text, value=item.id[:60])
        elif item.id in seen:
            yield fault(f"{place}/id", N_("The number “%(value)s” is there twice"), value=item.id)
        seen.add(item.id)
        yield from _find_text_faults(item, place)
        if not item.ground:
            yield fault(f"{place}/ground", N_("Choose the ground on which it isn't disclosed"))
        elif item.ground not in GROUNDS:
            text = N_("“%(value)s” isn't one of the grounds: %(choices)s")
            yield fault(f"{place}/ground", text, value=item.ground[:60], choices=Listed(GROUNDS))
        for name in item.publishers:
            if name not in publishers:
                yield fault(f"{place}/publishers", N_("There is no publisher “%(id)s”"), id=name[:100])
        if item.begins is not None and item.ends is not None and item.ends < item.begins:
            yield fault(f"{place}/until", N_("The last day is before the first"))


def make_id(taken: Collection[str]) -> str:
    """The next number for an entry, such as `N002` after `N001`."""
    numbers = [int(found[1]) for name in taken if (found := _MADE_ID.fullmatch(name))]
    return f"N{max(numbers, default=0) + 1:03}"


def _hold_until(entries: Mapping[str, Entry], holder: Holder, day: date) -> date:
    """The last day on which a dataset has its ground; the day before `day` where it has none then."""
    entry = entries.get(holder.ground)
    if entry is None or not entry.is_for(holder.publisher) or not entry.is_in_force(day):
        return day - timedelta(days=1)
    return entry.ends or date.max - timedelta(days=1)


def _find_text_faults(item: Entry, place: str) -> Iterator[Fault]:
    needed = {
        "title": (item.title, N_("Say what isn't disclosed")),
        "legalBasis": (item.legal_basis, N_("Name the law and its article")),
    }
    for name, (text, message) in needed.items():
        if not text.strip():
            yield fault(f"{place}/{name}", message)
    limits = {"title": _LONGEST_TITLE, "description": LONGEST, "legalBasis": LONGEST}
    texts = {"title": item.title, "description": item.description, "legalBasis": item.legal_basis}
    for name, limit in limits.items():
        if len(texts[name]) > limit:
            yield fault(f"{place}/{name}", N_("At most %(limit)s characters are allowed"), limit=limit)
