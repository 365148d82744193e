"""Turns: a few of the processes of this machine may do something heavy at once, and each publisher has one turn.

Turns are locks on files (flock(2)) in the instance folder, so they end with the process that has them.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from opendata.errors import N_, OverloadedError, SupersededError

WAIT_SECONDS = 3.0
_LOOK_SECONDS = 0.05
_MOST_WAITING = 2
_LEAVE_SECONDS = 0.6
"""So long a request that is no longer wanted may need to make room."""

_RETRY_SECONDS = 2
_SUPERSEDED = N_("A newer request for the same table has begun, so this one was ended")


class Turns:
    """Hands out turns: `most` on this machine at once, one of each group, at most two asked for in this process."""

    def __init__(self, folder: Path, most: int = 2) -> None:
        self._folder = folder
        self._most = most
        self._waiting = threading.BoundedSemaphore(_MOST_WAITING)

    @contextmanager
    def take(self, group: str, subject: str, message: str) -> Iterator[Callable[[], bool]]:
        """Have a turn, waiting for it a few seconds. Raises `OverloadedError` with this message if it takes too long.

        Gives a function that says whether the turn is still wanted: no longer once another has been asked for by the
        same group for the same subject. Raises `SupersededError` if that happens before the turn has come.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        name = hashlib.sha256(group.encode()).hexdigest()[:16]
        wanted = self._folder / f"{name}.wanted"
        place = f"{hashlib.sha256(subject.encode()).hexdigest()} "
        ticket = f"{place}{secrets.token_hex(8)}"
        _replace(wanted, ticket)  # before it waits: those that make room for it see it there

        def is_wanted() -> bool:
            now = _read(wanted)
            return now == ticket or not now.startswith(place)

        def wait(ends: float) -> None:
            if not is_wanted():
                raise superseded()
            if time.monotonic() > ends:
                raise OverloadedError(message, seconds=_RETRY_SECONDS)

        now = time.monotonic()
        while not self._waiting.acquire(timeout=_LOOK_SECONDS):
            wait(now + min(_LEAVE_SECONDS, WAIT_SECONDS))
        try:
            with ExitStack() as held:
                for names in ([f"{name}.lock"], [f"{number}.turn" for number in range(self._most)]):
                    while all(lock_file(self._folder / item, held) is None for item in names):
                        wait(now + WAIT_SECONDS)
                        time.sleep(_LOOK_SECONDS)
                yield is_wanted
        finally:
            self._waiting.release()


def superseded() -> SupersededError:
    """The error for a turn that is no longer wanted."""
    return SupersededError(_SUPERSEDED)


def lock_file(path: Path, held: ExitStack) -> int | None:
    """Lock a file until `held` is closed: its descriptor, or None where another has it."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    held.callback(os.close, handle)
    return handle


def _replace(path: Path, text: str) -> None:
    beside = path.with_suffix(f".{secrets.token_hex(4)}")
    beside.write_text(text, encoding="ascii")
    beside.replace(path)


def _read(path: Path) -> str:
    with suppress(FileNotFoundError):
        return path.read_text(encoding="ascii")
    return ""
