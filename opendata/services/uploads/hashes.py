"""How far this process has hashed the uploads that it receives."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Protocol

_MOST = 256


class Hash(Protocol):
    """What `hashlib` gives."""

    def update(self, data: bytes, /) -> None: ...  # noqa: D102 - hashlib's own
    def digest(self) -> bytes: ...  # noqa: D102
    def hexdigest(self) -> str: ...  # noqa: D102
    def copy(self) -> Hash: ...  # noqa: D102


class Hashes:
    """The digests under way, of the latest uploads."""

    def __init__(self) -> None:
        self._hashes: OrderedDict[str, tuple[int, Hash]] = OrderedDict()
        self._guard = threading.Lock()

    def begin(self, upload: str, offset: int) -> Hash | None:
        """The SHA-256 of the first `offset` bytes, to continue from, if this process has it."""
        if offset == 0:
            return hashlib.sha256()
        with self._guard:
            found = self._hashes.get(upload)
        return found[1].copy() if found is not None and found[0] == offset else None

    def keep(self, upload: str, offset: int, found: Hash | None) -> None:
        """Remember how far an upload is hashed. What is behind `offset` never changes, so it stays true."""
        if found is None:
            return
        with self._guard:
            self._hashes[upload] = (offset, found.copy())
            self._hashes.move_to_end(upload)
            if len(self._hashes) > _MOST:
                self._hashes.popitem(last=False)

    def finish(self, upload: str, read: Callable[[int], Iterable[bytes]]) -> str:
        """The SHA-256 of all; `read` gives what comes from a place on. It is no longer kept."""
        with self._guard:
            offset, found = self._hashes.pop(upload, (0, None))
        digest = found or hashlib.sha256()
        for chunk in read(offset):
            digest.update(chunk)
        return digest.hexdigest()

    def forget(self, upload: str) -> None:
        """Keep it no longer."""
        with self._guard:
            self._hashes.pop(upload, None)
