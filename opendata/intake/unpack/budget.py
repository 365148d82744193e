"""How much may be unpacked from one uploaded file, and the account of what was."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from opendata.errors import N_, TooLargeError

_MEGABYTE = 1 << 20
_SMALL = 10 * _MEGABYTE
_SEEN_PER_ENTRY = 10  # folders, and what operating systems leave behind, are skipped, up to this limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one uploaded file may hold, all its layers together.

    `ratio` is that of the bytes written to those uploaded, for more than 10 MB; `entries` the number of files; `depth`
    how many containers may be nested in each other.
    """

    total_bytes: int = 4 << 30
    ratio: int = 200
    entries: int = 1000
    depth: int = 3

    @property
    def seen(self) -> int:
        """How many records of a directory are looked at."""
        return self.entries * _SEEN_PER_ENTRY


class Budget:
    """Writes members into files of a folder and stops at the limits. `undo` removes everything that was written."""

    def __init__(self, folder: Path, limits: Limits, packed_bytes: int, name: str) -> None:
        self.limits = limits
        self._folder = folder
        self._name = name
        self._by_ratio = max(_SMALL, packed_bytes * limits.ratio)
        self._bytes = 0
        self._entries = 0
        self._paths: set[Path] = set()

    def reserve(self, count: int) -> None:
        """Raises `TooLargeError` where `count` more bytes would go beyond a limit."""
        if self._bytes + count > self.limits.total_bytes:
            raise TooLargeError(
                N_("“%(name)s” is larger than %(limit)s MB when unpacked. Upload its files one by one"),
                name=self._name,
                limit=self.limits.total_bytes // _MEGABYTE,
            )
        if self._bytes + count > self._by_ratio:
            raise TooLargeError(
                N_(
                    "“%(name)s” is more than %(ratio)s times as large when unpacked, which is unusual for a"
                    " table. If the file is correct, unpack it before you upload it"
                ),
                name=self._name,
                ratio=self.limits.ratio,
            )

    def write(self, blocks: Iterable[bytes]) -> Path:
        """Write one member into a new file whose name is ours. Raises `TooLargeError`, and what `blocks` raises."""
        self._entries += 1
        if self._entries > self.limits.entries:
            raise self.too_many()
        # mkstemp creates exclusively and follows no link.
        handle, path = tempfile.mkstemp(prefix="member-", dir=self._folder)
        self._paths.add(Path(path))
        with os.fdopen(handle, "wb") as stream:
            for block in blocks:
                self.reserve(len(block))
                self._bytes += len(block)
                stream.write(block)
        return Path(path)

    def too_many(self) -> TooLargeError:
        """The error of a file that holds more files than are read."""
        return TooLargeError(
            N_("“%(name)s” contains more than %(limit)s files. Pack only the tables, or upload it in parts"),
            name=self._name,
            limit=self.limits.entries,
        )

    def discard(self, path: Path) -> None:
        """Remove a member that is needed no more, if it is one."""
        if path in self._paths:
            self._paths.remove(path)
            path.unlink(missing_ok=True)

    def undo(self) -> None:
        """Remove all that was written."""
        for path in list(self._paths):
            self.discard(path)
