"""What uploads take and give: where a piece comes from, its checksum, how far an upload is, its bytes at the end."""

from __future__ import annotations

import io
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Protocol

CHECKSUMS = ("sha1", "sha256")
"""What a piece may be checked by."""


class Source(Protocol):
    """Where a piece is read from. It raises `ConnectionError` where the sender is gone."""

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes, none at the end."""
        ...


@dataclass(frozen=True, slots=True)
class Checksum:
    """What the sender says a piece hashes to, by one of `CHECKSUMS`."""

    algorithm: str
    digest: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadView:
    """An upload as its sender sees it: `offset` bytes of `length` are kept; `sha256` is known once it is finished."""

    id: str
    filename: str
    meta: str
    state: str
    offset: int
    length: int
    sha256: str | None
    created: datetime
    expires: datetime


class FinishedFile(io.BufferedReader):
    """The bytes of a finished upload, with the digest taken while they came."""

    def __init__(self, path: Path, sha256: str) -> None:
        super().__init__(io.FileIO(str(path)))
        self.sha256 = sha256


class AssembledFile(FinishedFile):
    """The same in a file made for this, which is gone when it is closed."""

    def __init__(self, path: Path, sha256: str) -> None:
        super().__init__(path, sha256)
        self._path = path

    def close(self) -> None:
        """Let go of the file."""
        super().close()
        self._path.unlink(missing_ok=True)


def make_name_distinct(name: str, taken: Collection[str]) -> str:
    """The name of a file in a draft that has files of these names already: a second one is `2-name`."""
    found, number = name, 2
    while found in taken:
        found, number = f"{number}-{name}", number + 1
    return found


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """A file as it is being received: its name at the sender's, and its bytes. `upload` is the id of a finished one."""

    name: str
    stream: BinaryIO
    upload: str = ""
