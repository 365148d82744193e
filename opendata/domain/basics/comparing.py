"""What differs between two states of the basic catalogue, and which entries of a list are those that we have."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from opendata.domain.basics.entries import NAMES, Entry


@dataclass(frozen=True, slots=True)
class Change:
    """What became of an entry: `old` is None where it is new, `new` where it is gone.

    `fields` are those that differ.
    """

    id: str
    old: Entry | None
    new: Entry | None
    fields: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """`added`, `changed` or `removed`."""
        return "added" if self.old is None else "removed" if self.new is None else "changed"


def list_changes(old: Mapping[str, Entry], new: Mapping[str, Entry]) -> list[Change]:
    """The changes from one state to another, by id."""
    found = []
    for identifier in sorted({*old, *new}):
        before, after = old.get(identifier), new.get(identifier)
        if before is None or after is None:
            found.append(Change(identifier, before, after))
        elif before != after:
            found.append(Change(identifier, before, after, list_different(before, after)))
    return found


def list_different(old: Entry, new: Entry) -> tuple[str, ...]:
    """The fields in which two entries differ."""
    return tuple(name for name in NAMES if getattr(old, name) != getattr(new, name))


def match_entries(entries: Sequence[Entry], known: Mapping[str, Entry]) -> list[str | None]:
    """For each entry of a list the id of the known one that it is, each known one once; None for one that is new.

    It is the one with the same matters of the same body or, if the body was renamed, with the same matters.
    """
    found: list[str | None] = [None] * len(entries)
    left = dict(known)
    for key in (_full_key, _matter_key):
        waiting: defaultdict[object, list[str]] = defaultdict(list)
        for identifier, entry in left.items():
            waiting[key(entry)].append(identifier)
        for place, entry in enumerate(entries):
            if found[place] is None and waiting[key(entry)]:
                found[place] = waiting[key(entry)].pop(0)
                del left[found[place] or ""]
    return found


def list_absent(template: Sequence[Entry], local: Sequence[Entry]) -> Iterator[Entry]:
    """The entries of a template that a local catalogue lacks: those whose matters it doesn't have in that domain."""
    have = {_matter_key(entry) for entry in local}
    return (entry for entry in template if _matter_key(entry) not in have)


def _matter_key(entry: Entry) -> object:
    return entry.domain, _plain(entry.matter), _plain(entry.item)


def _full_key(entry: Entry) -> object:
    return _matter_key(entry), entry.publisher or _plain(entry.body)


def _plain(text: str) -> str:
    return "".join(text.split()).replace("（", "(").replace("）", ")")
