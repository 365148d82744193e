"""How often something may fail from one place: counted in this process, forgotten after a while."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

_MAX_KEYS = 10_000


class Throttle:
    """After `tries` failures within `seconds` a key has to wait until the oldest of them is that old."""

    def __init__(self, *, tries: int, seconds: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._tries = tries
        self._seconds = seconds
        self._clock = clock
        self._failures: OrderedDict[str, list[float]] = OrderedDict()
        self._lock = Lock()

    def wait_seconds(self, key: str) -> int:
        """How long the key has to wait, 0 for not at all."""
        with self._lock:
            found = self._recent(key)
        if len(found) < self._tries:
            return 0
        return max(1, math.ceil(found[-self._tries] + self._seconds - self._clock()))

    def note_failure(self, key: str) -> None:
        """Count a failure of the key; of very many keys the oldest are forgotten."""
        with self._lock:
            self._failures[key] = [*self._recent(key), self._clock()]
            self._failures.move_to_end(key)
            while len(self._failures) > _MAX_KEYS:
                self._failures.popitem(last=False)

    def forget(self, key: str) -> None:
        """Forget the failures of a key."""
        with self._lock:
            self._failures.pop(key, None)

    def _recent(self, key: str) -> list[float]:
        return [moment for moment in self._failures.get(key, ()) if moment > self._clock() - self._seconds]
