"""A file that is being fetched: written to the disk piece by piece, counted and digested on the way."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from opendata.errors import N_, TooLargeError


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A file as it was fetched. `etag` and `modified` are what the server wants to hear the next time."""

    name: str
    size: int
    sha256: str
    etag: str = ""
    modified: str = ""


class Target:
    """Where a fetched file is written, at most `limit` bytes."""

    def __init__(self, path: Path, limit: int) -> None:
        self.path = path
        self.limit = limit
        self.size = 0
        self._digest = hashlib.sha256()

    def write(self, file: BinaryIO, data: bytes) -> None:
        """Write a piece. Raises `TooLargeError`."""
        self.size += len(data)
        if self.size > self.limit:
            raise refuse_size(self.limit)
        self._digest.update(data)
        file.write(data)

    def finish(self, name: str, *, etag: str = "", modified: str = "") -> Fetched:
        """The file that was written."""
        return Fetched(name=name, size=self.size, sha256=self._digest.hexdigest(), etag=etag, modified=modified)


def refuse_size(limit: int) -> TooLargeError:
    """The error for a file that is too large."""
    return TooLargeError(N_("The file is larger than %(limit)s bytes, the most that this portal accepts"), limit=limit)
