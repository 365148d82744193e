"""The rows of several texts of one schema, written one after the other: none left out, none twice.

In, with the column “月份”:   2026-01: 乡镇,产值 / 东湖,1       2026-02: 产值,乡镇 / 2,东湖
Out:                          月份,乡镇,产值 / 2026-01,东湖,1 / 2026-02,东湖,2
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from opendata.tables.schema.header import read_labels
from opendata.tables.text.decoding import DecodingFault, read_rows
from opendata.tables.text.dialect import Dialect


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinedPart:
    """A text with the value that its rows have in the added column; `columns` gives labels other names."""

    path: Path
    dialect: Dialect
    value: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)

    def read_labels(self) -> tuple[str, ...]:
        """The names of its columns. Raises `DecodingFault`."""
        with closing(read_rows(self.path, self.dialect)) as rows:
            head = list(islice(rows, max(self.dialect.header_rows, default=0)))
        return tuple(self.columns.get(label, label) for label in read_labels(head, self.dialect))

    def read_body(self) -> Iterator[list[str]]:
        """Its rows but for the header, comments and blank lines. Raises `DecodingFault`."""
        dialect = self.dialect
        first = max(dialect.header_rows, default=0)
        comments = frozenset(dialect.comment_rows)
        with closing(read_rows(self.path, dialect)) as rows:
            for number, row in enumerate(rows, start=1):
                if number <= first or number in comments or not any(cell.strip() for cell in row):
                    continue
                if dialect.comment_char and row[0].startswith(dialect.comment_char):
                    continue
                yield row


class UnlikePartsError(Exception):
    """The columns of a part aren't those of the first: `missing` and `extra` name them."""

    def __init__(self, place: int, missing: Sequence[str], extra: Sequence[str]) -> None:
        super().__init__(place, missing, extra)
        self.place, self.missing, self.extra = place, missing, extra


class DamagedPartError(Exception):
    """The text of the part at this `place` can't be split into rows."""

    def __init__(self, place: int) -> None:
        super().__init__(place)
        self.place = place


def write_joined(parts: Sequence[JoinedPart], target: Path, *, column: str | None) -> list[int]:
    """Write all rows as canonical delimited text, with a first column `column` if one is named; rows of each part.

    Raises `UnlikePartsError`, `DamagedPartError`.
    """
    counts: list[int] = []
    with target.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        try:
            labels = parts[0].read_labels()
            writer.writerow([*([column] if column is not None else ()), *labels])
            for place, part in enumerate(parts):
                order = _order(place, labels, part.read_labels())
                count = 0
                for row in part.read_body():
                    cells = row if order is None else _arrange(row, order)
                    writer.writerow([*([part.value] if column is not None else ()), *cells])
                    count += 1
                counts.append(count)
        except DecodingFault:
            raise DamagedPartError(len(counts)) from None
    return counts


def find_unlike(labels: Sequence[str], own: Sequence[str]) -> tuple[list[str], list[str]]:
    """The columns that only one of two tables has: those missing in the second, those it has beyond the first."""
    return [name for name in labels if name not in own], [name for name in own if name not in labels]


def _order(place: int, labels: Sequence[str], own: Sequence[str]) -> list[int] | None:
    """Where the columns of the first part are in another one; None where they are at the same places."""
    if labels == own:
        return None
    missing, extra = find_unlike(labels, own)
    if missing or extra or len(set(own)) < len(own) or len(own) != len(labels):
        raise UnlikePartsError(place, missing, extra)
    return [own.index(label) for label in labels]


def _arrange(row: Sequence[str], order: Sequence[int]) -> list[str]:
    """The cells in order; what is beyond the last column stays there, so that the check finds it."""
    return [*(row[place] if place < len(row) else "" for place in order), *row[len(order) :]]
