"""The tree of publishers: who is above whom, without circles, and not too deep."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum

MAX_DEPTH = 8
"""Levels: at most this many publishers are one above the other, the lowest one included."""

Parents = Mapping[str, str | None]
"""What is directly above each publisher."""


class TreeFault(StrEnum):
    """Why a publisher can't be placed below another."""

    CIRCLE = "circle"
    TOO_DEEP = "too-deep"


def list_above(parents: Parents, publisher: str) -> list[str]:
    """All that are above a publisher, the nearest first."""
    found: list[str] = []
    above = parents.get(publisher)
    while above is not None and above not in found and above != publisher:
        found.append(above)
        above = parents.get(above)
    return found


def find_tree_fault(parents: Parents, publisher: str, parent: str) -> TreeFault | None:
    """What is wrong with placing a publisher, and with it all that is below it, directly below another."""
    above = [parent, *list_above(parents, parent)]
    if publisher in above:
        return TreeFault.CIRCLE
    return TreeFault.TOO_DEEP if len(above) + measure_height(parents, publisher) > MAX_DEPTH else None


def measure_height(parents: Parents, publisher: str) -> int:
    """How many levels there are from a publisher down, itself included."""
    children: dict[str, list[str]] = {}
    for child, parent in parents.items():
        if parent is not None:
            children.setdefault(parent, []).append(child)
    height, level = 0, [publisher]
    while level and height <= len(parents):
        height += 1
        level = [child for item in level for child in children.get(item, ())]
    return height


def walk_tree(parents: Parents) -> Iterator[tuple[str, int]]:
    """All publishers with their levels (0: nothing is above), each below its parent, otherwise in the order given."""
    children: dict[str | None, list[str]] = {}
    for child, parent in parents.items():
        children.setdefault(parent if parent in parents else None, []).append(child)
    waiting = [(item, 0) for item in reversed(children.get(None, []))]
    while waiting:
        item, level = waiting.pop()
        yield item, level
        waiting += [(child, level + 1) for child in reversed(children.get(item, []))]
