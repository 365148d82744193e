"""Slots: a bound on how many queries run at once on a machine, and how many of them are of one client.

    a query → looks through the slots, one process at a time → a free one: its client's name goes into the slot's file
            → all taken, or too many have this client's name: looks again for a few seconds, then it is refused

Slots are locks on files (flock(2)) in the instance folder, so they end with the process that has them.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from opendata.errors import N_, OverloadedError, TooManyAtOnceError
from opendata.storage.turns import lock_file

WAIT_SECONDS = 3.0
_LOOK_SECONDS = 0.02
_MOST_WAITING = 4
"""Requests of this process; each holds a thread that could serve others."""

_RETRY_SECONDS = 2
_NAME_BYTES = 64


class Slots:
    """Hands out `most` slots on this machine, `each` of them to one client."""

    def __init__(self, folder: Path, most: int, each: int) -> None:
        self._folder = folder
        self._most = most
        self._each = each
        self._waiting = threading.BoundedSemaphore(_MOST_WAITING)

    @contextmanager
    def take(self, client: str, *, is_heavy: bool = False) -> Iterator[None]:
        """Have a slot, waiting for it a few seconds. What is heavy gets only the first half of them.

        Raises `TooManyAtOnceError` where this client has as many as it may, `OverloadedError` where all are taken.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        numbers = range((self._most + 1) // 2) if is_heavy else range(self._most - 1, -1, -1)
        with ExitStack() as held:
            found = self._try(client, numbers, held)
            if found is not None:
                self._wait(client, numbers, held, found)
            yield

    def _wait(self, client: str, numbers: range, held: ExitStack, found: OverloadedError | TooManyAtOnceError) -> None:
        if not self._waiting.acquire(blocking=False):
            raise found
        try:
            ends = time.monotonic() + WAIT_SECONDS
            again: OverloadedError | TooManyAtOnceError | None = found
            while again is not None:
                if time.monotonic() > ends:
                    raise again
                time.sleep(_LOOK_SECONDS)
                again = self._try(client, numbers, held)
        finally:
            self._waiting.release()

    def _try(self, client: str, numbers: range, held: ExitStack) -> OverloadedError | TooManyAtOnceError | None:
        """Take a slot until `held` is closed; or return the error to raise."""
        name = client.encode()[:_NAME_BYTES]
        own, free = 0, -1
        with ExitStack() as gate:
            door = os.open(self._folder / "door", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            gate.callback(os.close, door)
            fcntl.flock(door, fcntl.LOCK_EX)  # held for as long as a look through the files takes
            mine = gate.enter_context(ExitStack())
            order = [*numbers, *(number for number in range(self._most) if number not in numbers)]
            for number in order:
                path = self._folder / f"{number}.slot"
                with ExitStack() as tried:
                    handle = lock_file(path, tried)
                    if handle is None:
                        own += path.read_bytes() == name
                    elif free < 0 and number in numbers:
                        free = handle
                        mine.push(tried.pop_all())
            if own >= self._each:
                text = N_(
                    "%(count)s of your queries are running, which is as many as one client may have at once. Try again"
                    " in a few seconds"
                )
                return TooManyAtOnceError(text, seconds=_RETRY_SECONDS, count=own)
            if free < 0:
                text = N_("Too many queries are running at the moment. Try again in a few seconds")
                return OverloadedError(text, seconds=_RETRY_SECONDS)
            os.pwrite(free, name, 0)
            os.ftruncate(free, len(name))
            held.push(mine.pop_all())
            held.callback(os.ftruncate, free, 0)
        return None
