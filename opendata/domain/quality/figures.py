"""What is measured of a published table, and which of its figures are a flaw.

The flaws are those that evaluations of Chinese open-data portals name: high shares of missing values, repeated rows,
tables with hardly any rows, one table cut into pieces to raise counts, text poured into a grid.
Source: 中国开放数林指数 (Fudan University), data layer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

MISSING_SHARE = 0.5
"""A column with more missing values than this share (0..1) is a flaw."""

FEW_ROWS = 10
"""Fewer rows than these are a flaw, unless there isn't more in the world: a reviewer judges that."""

FRAGMENTS = 3
"""So many datasets of a publisher with the same columns look like one table cut into pieces."""

BREAKS_SHARE = 0.2
"""Line breaks within the cells of more rows than this share (0..1) look like a document poured into a grid."""


class Flaw(StrEnum):
    """What is wrong with a table as a whole."""

    MISSING = "missing"
    REPEATED = "repeated"
    FEW_ROWS = "few-rows"
    STIFF = "stiff"


@dataclass(frozen=True, slots=True, kw_only=True)
class TableMeasures:
    """The figures of a table.

    `described` counts columns with a title or a description, `missing` cells without a value, `worst` is the greatest
    share (0..1) of them in a column, `worst_column` its name. `repeated` counts rows that are there already, None where
    that couldn't be counted. `broken` counts rows with a line break in a cell, `paged` those with a page break.
    """

    rows: int
    columns: int
    described: int
    missing: int
    worst: float
    worst_column: str
    repeated: int | None
    broken: int
    paged: int

    @property
    def cells(self) -> int:
        """How many cells there are."""
        return self.rows * self.columns

    @property
    def missing_share(self) -> float:
        """The share (0..1) of cells without a value; 0 where there are no cells."""
        return self.missing / self.cells if self.cells else 0.0


def list_flaws(found: TableMeasures) -> Sequence[Flaw]:
    """The flaws of a table, in the order of the enumeration."""
    is_there = {
        Flaw.MISSING: found.worst > MISSING_SHARE,
        Flaw.REPEATED: bool(found.repeated),
        Flaw.FEW_ROWS: found.rows < FEW_ROWS,
        Flaw.STIFF: found.paged > 0 or found.broken > BREAKS_SHARE * found.rows,
    }
    return [flaw for flaw, is_found in is_there.items() if is_found]
