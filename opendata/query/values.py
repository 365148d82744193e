"""What a query is over and what it becomes: tables, the statement that runs, the columns of its answer."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from opendata.domain.schema import Field

EDITION = 1
"""Raised where the same query would give other bytes: by our code, or by another release of DuckDB."""

ROW = "_row"
"""The column that numbers the rows of a table, from 0."""

NUMBERS = ("integer", "year", "number")
MOMENTS = ("date", "datetime")

MOST_ROWS = 10_000
"""So many rows fit on one page."""

MOST_OFFSET = 100_000_000

SEPARATOR = "__"
"""What stands between a column and a simple operator."""


def is_float(field: Field) -> bool:
    """Whether a column is kept as floats, among which `NaN` and `INF` can be."""
    return field.type == "number" and "scale" not in field.own


def make_unlike(name: str, taken: Container[str]) -> str:
    """A name that isn't taken: itself, or with the first free number."""
    found, number = name, 1
    while found in taken:
        found, number = f"{name}_{number}", number + 1
    return found


def name_columns(fields: Sequence[Field]) -> Mapping[str, Field]:
    """Fields by the names of columns in queries, which differ in more than letter case, as the engine wants it."""
    found: dict[str, Field] = {}
    taken = {ROW}
    exact = {item.name for item in fields}
    for item in fields:
        own = item.name or "column"  # the engine takes no empty name
        name, number = own, 1
        while name.lower() in taken or (name != own and name in exact):  # a column's own name is nobody else's
            name, number = f"{own}_{number}", number + 1
        taken.add(name.lower())
        found[name] = item
    return found


@dataclass(frozen=True, kw_only=True)
class QueryTable:
    """A published table as a query sees it.

    `name` is what people call it, `pinned` its dataset with the version, as SQL names it, `path` its Parquet file,
    `sha256` the hexadecimal digest of that file. `view` is its name inside the engine. `nan_fields` are the fields
    that may have `NaN`, which the statistics of a Parquet file leave out. Of a table in `parts`, `path` is the first.
    """

    name: str
    path: Path
    sha256: str
    fields: Sequence[Field]
    rows: int
    view: str = "t0"
    pinned: str = ""
    nan_fields: frozenset[str] = frozenset()
    parts: Sequence[tuple[Path, int]] = ()

    @property
    def files(self) -> Sequence[tuple[Path, int]]:
        """Its Parquet files in their order, each with the number of rows before it."""
        return self.parts or ((self.path, 0),)

    @cached_property
    def columns(self) -> Mapping[str, Field]:
        """Its fields by the names of columns in queries."""
        return name_columns(self.fields)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What runs: one SELECT of our own writing over views of these tables.

    `names` are the columns of the answer; the engine may give more behind them, which are ours. `count` is a SELECT
    that counts all rows of which `sql` gives a page. Where `sql` gives fewer than `full` rows, these are all, and
    nothing is counted. `threads` is 1 wherever the order of the rows that come together could change the bytes of the
    answer. `text` is a SELECT as it was written, each table with its version. `joins` tells whether it brings rows
    together that are apart: of several tables, or of one several times.
    """

    sql: str
    tables: Sequence[QueryTable]
    names: Sequence[str] = ()
    count: str = ""
    full: int = 0
    threads: int = 1
    hides_rows: bool = True
    fields: Sequence[Field | None] = field(default=())
    text: str = ""
    joins: bool = False


@dataclass(frozen=True, slots=True)
class Filter:
    """A column, an operator of `query.filters`, and the value as written; `in` and `notin` take several, by commas."""

    column: str
    operator: str
    value: str

    @property
    def parameter(self) -> str:
        """How it is written in an address."""
        return f"{self.column}{SEPARATOR}{self.operator}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsQuery:
    """What is asked of a table, as it was written. `search` is a text that any cell of a row has.

    `limit` is the number of rows of a page, None for all rows. `offset` leaves rows out, for a jump.
    """

    select: str = ""
    where: str = ""
    filters: Sequence[Filter] = ()
    search: str = ""
    group_by: str = ""
    having: str = ""
    order_by: str = ""
    limit: int | None = 100
    cursor: str = ""
    offset: int = 0

    @property
    def is_whole(self) -> bool:
        """Whether it leaves out no row: nothing filters and nothing sums up."""
        return not (self.where or self.filters or self.search or self.group_by or self.having)

    def fingerprint(self, table: QueryTable) -> str:
        """The digest of what is asked of which bytes, but for the page."""
        asked = replace(self, limit=None, cursor="", offset=0)
        parts = [EDITION, table.sha256, asked.select, asked.where, asked.search, asked.group_by, asked.having]
        parts += [asked.order_by, [[item.column, item.operator, item.value] for item in asked.filters]]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
