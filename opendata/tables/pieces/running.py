"""Runs functions over pieces: here in this process, in `outside` on a cluster. All that goes in and out is pickled."""

from __future__ import annotations

import pickle
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Protocol, TypeVar

In = TypeVar("In")
Out = TypeVar("Out")

Spread = Callable[[Any], Iterable[tuple[int, int, bytes]]]
"""Of one item: for which group something is, its place in the group, and what it is."""

Gather = Callable[[Sequence[bytes]], bytes]
"""What comes of a group, whose members come by their places."""

OnDone = Callable[[int], None]
"""Hears how many items have been worked on so far: it may be before what comes of them is there."""


class Runner(Protocol):
    """Where pieces are worked on."""

    def map(self, work: Callable[[In], Out], items: Sequence[In], *, on_done: OnDone | None = None) -> Iterator[Out]:
        """What comes of each item, in order."""

    def group(
        self, spread: Spread, items: Sequence[Any], gather: Gather, *, on_done: OnDone | None = None
    ) -> Iterator[bytes]:
        """What comes of each group, in no order. `on_done` may hear of more than there are items."""


class LocalRunner:
    """Works on one piece after the other in this process, as a cluster of one."""

    def map(self, work: Callable[[In], Out], items: Sequence[In], *, on_done: OnDone | None = None) -> Iterator[Out]:
        """What comes of each item, in order."""
        for number, item in enumerate(items, 1):
            given, part = pickle.loads(pickle.dumps((work, item)))  # noqa: S301 - made here
            found = pickle.loads(pickle.dumps(given(part)))  # noqa: S301
            if on_done is not None:
                on_done(number)
            yield found

    def group(
        self, spread: Spread, items: Sequence[Any], gather: Gather, *, on_done: OnDone | None = None
    ) -> Iterator[bytes]:
        """What comes of each group, in no order."""
        groups: defaultdict[int, list[tuple[int, bytes]]] = defaultdict(list)
        for number, item in enumerate(items, 1):
            for group, place, data in spread(item):
                groups[group].append((place, data))
            if on_done is not None:
                on_done(number)
        for members in groups.values():
            yield gather([data for _, data in sorted(members, key=lambda member: member[0])])
