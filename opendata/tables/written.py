"""The files of a table that was written in parts, each elsewhere, on the disk of this machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """A file with some rows of a table: its digest, and how many bytes and rows it has."""

    path: Path
    sha256: str
    bytes: int
    rows: int

    @property
    def name(self) -> str:
        """Its name in its folder."""
        return self.path.name


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenParts:
    """The files of a valid table, in order. Only the first CSV has the header, and each Parquet file is complete.

    The n-th of both have the same rows, but for a header alone.
    """

    csv: Sequence[WrittenFile]
    parquet: Sequence[WrittenFile]
