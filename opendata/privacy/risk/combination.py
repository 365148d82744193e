"""How far rows point to single persons by their quasi-identifiers together: k-anonymity and l-diversity.

In, batches and the columns that a person confirmed. Out, the smallest group, how many rows are in small groups, and
how many different values each sensitive column has in the poorest group. Groups are those of GB/T 42460-2023, annex D.
Source: Sweeney, k-anonymity (2002); Machanavajjhala and others, l-diversity (2007); thresholds: a risk of 0.05 for open
data is a k of 20.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

from opendata.domain.privacy import RiskLevel
from opendata.tables.arrow.arrays import view_numbers

if TYPE_CHECKING:
    import pyarrow as pa

BLOCK_BELOW = 5
"""Rows: if the smallest group has fewer, the table can't be open."""

PASS_FROM = 20
"""Rows: if the smallest group has at least so many, the risk is acceptable; between the two a person must sign."""

SMALLEST = 10
"""At most this many sizes of the smallest groups are listed."""

_PENDING = 2_000_000


class RiskJson(TypedDict):
    """The risk of a table as JSON: counts alone."""

    quasi: Sequence[str]
    rows: int
    groups: int
    k: int
    unique: int
    uniqueShare: float
    below5: int
    below20: int
    smallest: Sequence[int]
    diversity: Mapping[str, int]
    level: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CombinationRisk:
    """The risk of a table: `k` is the size of its smallest group, 0 for a table without rows.

    `unique` counts the rows that are alone in their group, `below_block` and `below_pass` those in groups of fewer than
    5 and 20. `diversity` has, for each sensitive column, the number of different values in the poorest group.
    """

    quasi: tuple[str, ...]
    rows: int
    groups: int
    k: int
    unique: int
    below_block: int
    below_pass: int
    smallest: tuple[int, ...]
    diversity: Mapping[str, int]

    @property
    def level(self) -> RiskLevel:
        """The verdict by the smallest group."""
        if not self.rows or self.k >= PASS_FROM:
            return RiskLevel.PASS
        return RiskLevel.BLOCK if self.k < BLOCK_BELOW else RiskLevel.SIGN_OFF

    @property
    def unique_share(self) -> float:
        """The share of rows that are alone in their group, 0 to 1."""
        return self.unique / self.rows if self.rows else 0.0

    def describe(self) -> RiskJson:
        """The risk as JSON."""
        return {
            "quasi": list(self.quasi),
            "rows": self.rows,
            "groups": self.groups,
            "k": self.k,
            "unique": self.unique,
            "uniqueShare": round(self.unique_share, 6),
            "below5": self.below_block,
            "below20": self.below_pass,
            "smallest": list(self.smallest),
            "diversity": dict(self.diversity),
            "level": self.level.value,
        }


class RiskMeter:
    """Measures the risk of one table, batch by batch. Memory grows with the groups (and their sensitive values)."""

    def __init__(self, quasi: Sequence[str], sensitive: Sequence[str] = ()) -> None:
        if not quasi:
            raise ValueError("a risk needs at least one quasi-identifier")
        self._quasi = tuple(dict.fromkeys(quasi))
        self._sensitive = tuple(name for name in dict.fromkeys(sensitive) if name not in self._quasi)
        self._groups: list[pa.Table] = []
        self._values: dict[str, list[pa.Table]] = {name: [] for name in self._sensitive}

    def take(self, batch: pa.RecordBatch) -> None:
        """Count some rows."""
        import pyarrow as pa

        table = pa.Table.from_batches([batch])
        self._groups.append(_count(table.select(list(self._quasi))))
        for name, parts in self._values.items():
            parts.append(_find_different(table.select([*self._quasi, name])))
        if sum(part.num_rows for part in self._groups) > _PENDING:
            self._settle()

    def measure(self) -> CombinationRisk:
        """The risk of all rows so far. Missing values are a value like others."""
        import numpy as np

        self._settle()
        sizes = np.empty(0, np.int64)
        if self._groups:
            sizes = view_numbers(self._groups[0].column("rows").combine_chunks())
        ordered = np.sort(sizes)
        return CombinationRisk(
            quasi=self._quasi,
            rows=int(sizes.sum()),
            groups=len(sizes),
            k=int(ordered[0]) if len(ordered) else 0,
            unique=int((sizes == 1).sum()),
            below_block=int(sizes[sizes < BLOCK_BELOW].sum()),
            below_pass=int(sizes[sizes < PASS_FROM].sum()),
            smallest=tuple(ordered[:SMALLEST].tolist()),
            diversity={name: _find_poorest(parts[0], self._quasi) for name, parts in self._values.items() if parts},
        )

    def _settle(self) -> None:
        import pyarrow as pa

        if len(self._groups) > 1:
            joined = pa.concat_tables(self._groups)
            counted = joined.group_by(list(self._quasi)).aggregate([("rows", "sum")])
            self._groups = [counted.rename_columns([*self._quasi, "rows"])]
        for name, parts in self._values.items():
            if len(parts) > 1:
                self._values[name] = [_find_different(pa.concat_tables(parts))]


def _count(table: pa.Table) -> pa.Table:
    """The groups of a table, with their sizes as `rows`."""
    names = table.column_names
    return table.group_by(names).aggregate([([], "count_all")]).rename_columns([*names, "rows"])


def _find_different(table: pa.Table) -> pa.Table:
    """The different rows of a table."""
    return table.group_by(table.column_names).aggregate([])


def _find_poorest(table: pa.Table, quasi: Sequence[str]) -> int:
    """The least number of different values in a group."""
    import pyarrow.compute as pc

    sizes = table.group_by(list(quasi)).aggregate([([], "count_all")]).column("count_all")
    return int(pc.min(sizes).as_py() or 0)
