"""Which names the records of a file have, in the order they first appear, and how many records lack each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from opendata.intake.document.documents import check_width

_HELD_NAMES = 200_000


class NameTally:
    """Counts records by the tuple of their names: most files have only a few such tuples, however long they are."""

    def __init__(self) -> None:
        self._shapes: Counter[tuple[str, ...]] = Counter()
        self._held = 0
        self._counts: dict[str, int] = {}

    def add(self, names: Iterable[str]) -> None:
        """One record. Raises `UnreadableFileError` where all records together have too many names."""
        shape = tuple(names)
        count = self._shapes[shape] + 1
        self._shapes[shape] = count
        if count == 1:
            self._held += len(shape)
            if self._held > _HELD_NAMES or len(self._shapes) > _HELD_NAMES:
                self._merge()

    @property
    def names(self) -> list[str]:
        """All names, in the order they first appeared."""
        self._merge()
        return list(self._counts)

    def missing(self, records: int) -> dict[str, int]:
        """How many of the given number of records lack a name, for each name that some lack."""
        self._merge()
        return {name: records - count for name, count in self._counts.items() if count < records}

    def _merge(self) -> None:
        for shape, count in self._shapes.items():
            for name in shape:
                self._counts[name] = self._counts.get(name, 0) + count
        self._shapes.clear()
        self._held = 0
        check_width(len(self._counts))
