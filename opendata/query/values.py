"""What a query is over and what it becomes: tables, the statement that runs, the columns of its answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from opendata.domain.schema import Field

EDITION = 1
"""Raised where the same query would give other bytes: by our code, or by another release of DuckDB."""

ROW = "_row"
"""The column that numbers the rows of a table, from 0."""

NUMBERS = ("integer", "year", "number")
MOMENTS = ("date", "datetime")


@dataclass(frozen=True, kw_only=True)
class QueryTable:
    """A published table as a query sees it.

    `name` is what people call it, `path` its Parquet file, `sha256` the hexadecimal digest of that file. `view` is its
    name inside the engine.
    """

    name: str
    path: Path
    sha256: str
    fields: Sequence[Field]
    rows: int
    view: str = "t0"

    @cached_property
    def columns(self) -> Mapping[str, Field]:
        """Its fields by the names of columns, which differ in more than letter case, as the engine wants it."""
        found: dict[str, Field] = {}
        taken = {ROW}
        for item in self.fields:
            name, number = item.name, 1
            while name.lower() in taken:
                name, number = f"{item.name}_{number}", number + 1
            taken.add(name.lower())
            found[name] = item
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What runs: one SELECT of our own writing over views of these tables.

    `names` are the columns of the answer; the engine may give more behind them, which are ours. `count` is a SELECT
    that counts all rows of which `sql` gives a page. `threads` is 1 wherever the order of the rows that come together
    could change the bytes of the answer.
    """

    sql: str
    tables: Sequence[QueryTable]
    names: Sequence[str] = ()
    count: str = ""
    threads: int = 1
    hides_rows: bool = True
    fields: Sequence[Field | None] = field(default=())
