"""Answers that one state of the index gave: the next page, the other language and REST ask for the same again."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

MOST = 100_000
"""So many values are kept in all answers together, which is a few megabytes."""

T = TypeVar("T")


class Kept:
    """Keeps answers; those that nobody has asked for for longest go first."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._size = 0
        self._answers: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, key: Hashable, make: Callable[[], T], measure: Callable[[T], int]) -> T:
        """The answer under a key; it is made if it isn't kept. `measure` says how many values it has."""
        with self._lock:
            known = self._answers.get(key)
            if known is not None:
                self._answers.move_to_end(key)
                return known[0]  # type: ignore[no-any-return]  # what `make` of this key gave
        made = make()
        size = measure(made)
        with self._lock:
            if key not in self._answers and size <= self._most:
                self._answers[key] = made, size
                self._size += size
            while self._size > self._most:
                _, (_, gone) = self._answers.popitem(last=False)
                self._size -= gone
        return made

    def clear(self) -> None:
        """Forget all answers."""
        with self._lock:
            self._answers.clear()
            self._size = 0
