"""What pieces show of personal data, put together to the findings of one screen of the whole table.

Screens add up where each has looked at the very batches that one screen looks at together. Where pieces end between
them, the rows are looked at once more here, in the batches they were written in.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from opendata.domain.privacy import PrivacyFinding
from opendata.domain.schema import Field
from opendata.tables.arrow.parquet import open_parquet
from opendata.tables.pieces.piece import WrittenPiece
from opendata.tables.screen import MakeScreen, Screen

if TYPE_CHECKING:
    import pyarrow as pa


class JoinedScreen:
    """Takes the screens of pieces, in order. Without `make` nothing is looked for."""

    def __init__(self, make: MakeScreen | None, name: str) -> None:
        self._make = make
        self._name = name
        self._joined: Screen | None = None
        self._is_apart = False
        self._written: list[WrittenPiece] = []

    def take(self, written: WrittenPiece, screen: Screen | None) -> None:
        """Add a piece and its screen."""
        self._written.append(written)
        if screen is None or self._is_apart:
            return
        if self._joined is None:
            self._joined = screen
        elif self._joined.may_join:
            self._joined.join(screen)
        else:
            self._joined, self._is_apart = None, True

    def list(self, fields: Sequence[Field]) -> Sequence[PrivacyFinding]:
        """What was found in the whole table."""
        if self._make is not None and self._is_apart:
            self._joined = self._make(self._name, fields)
            for written in self._written:
                for batch in _read_again(written.parquet.path, written.batches):
                    self._joined.take(batch)
        return self._joined.list() if self._joined is not None else ()


def _read_again(path: Path, counts: Sequence[int]) -> Iterator[pa.RecordBatch]:
    """The rows of a written piece in batches of these numbers of rows."""
    with open_parquet(path) as file:
        table = file.read().combine_chunks()
    start = 0
    for count in counts:
        yield from table.slice(start, count).to_batches()
        start += count
