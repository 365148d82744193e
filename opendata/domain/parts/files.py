"""Files by what they contain, and the parts of those that are too large for one machine.

A file in parts has the digest and the size of its joined bytes, so one pass over them proves it. The
joined CSV is that of a table in one file: only its first part has the header. Each part of a Parquet file is a whole
Parquet file; behind the last one the joined file has a `tail`, a footer that finds the rows of all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

PARTS_FOLDER = "parts"
"""The folder beside a manifest that has the parts of tables."""

_PREFIX = "sha256:"


def name_part(resource: str, number: int, suffix: str) -> str:
    """The name of the n-th part of a table, from 1: their order as texts is their order in the table."""
    return f"{resource}.{number:05d}.{suffix}"


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a file: hexadecimal SHA-256, size in bytes, how many rows it has."""

    sha256: str
    bytes: int
    rows: int

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Self:
        """Read `hash`, `bytes` and `rows` of an object."""
        return cls(found["hash"].removeprefix(_PREFIX), found["bytes"], found["rows"])

    def to_json(self) -> dict[str, str | int]:
        """Make `hash`, `bytes` and `rows` of an object."""
        return {"bytes": self.bytes, "hash": self.hash, "rows": self.rows}

    @property
    def hash(self) -> str:
        """The digest as Data Package writes it."""
        return f"{_PREFIX}{self.sha256}"


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file by what it contains: hexadecimal SHA-256 and size in bytes. One in `parts` may have a `tail`."""

    sha256: str
    bytes: int
    parts: tuple[Part, ...] = ()
    tail: StoredFile | None = None

    @classmethod
    def from_json(cls, found: Mapping[str, Any], parts: Mapping[str, Any] | None = None) -> Self:
        """Read `hash` and `bytes` of an object; `parts` and `tail` of the one that has these."""
        own = parts or {}
        return cls(
            found["hash"].removeprefix(_PREFIX),
            found["bytes"],
            tuple(map(Part.from_json, own.get("parts", ()))),
            StoredFile.from_json(own["tail"]) if "tail" in own else None,
        )

    def to_json(self) -> dict[str, str | int]:
        """Make `hash` and `bytes` of an object."""
        return {"bytes": self.bytes, "hash": self.hash}

    def describe_parts(self, resource: str, suffix: str) -> dict[str, Any]:
        """The members `parts` and `tail` of an object; none for a file in one."""
        if not self.parts:
            return {}
        listed = [
            {"path": f"{PARTS_FOLDER}/{name_part(resource, number, suffix)}", **part.to_json()}
            for number, part in enumerate(self.parts, 1)
        ]
        return {"parts": listed, "tail": self.tail.to_json()} if self.tail else {"parts": listed}

    @property
    def hash(self) -> str:
        """The digest as Data Package writes it."""
        return f"{_PREFIX}{self.sha256}"

    @property
    def pieces(self) -> tuple[StoredFile, ...]:
        """The files that a store has of it, in the order in which they are joined: itself, or parts and tail."""
        if not self.parts:
            return (self,)
        parts = tuple(StoredFile(part.sha256, part.bytes) for part in self.parts)
        return (*parts, self.tail) if self.tail else parts

    @property
    def tables(self) -> tuple[StoredFile, ...]:
        """The files of it that can be read alone: itself, or its parts."""
        return tuple(StoredFile(part.sha256, part.bytes) for part in self.parts) or (self,)
