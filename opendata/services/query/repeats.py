"""How often rows of a published table are repeated, and how many look like a document poured into a grid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from opendata.query.values import QueryTable, Statement
from opendata.services.core.actors import SYSTEM
from opendata.services.query.queries import Queries


@dataclass(frozen=True, slots=True)
class RowCounts:
    """Rows that are there already, rows with a line break in a cell, and rows with a page break in one."""

    repeated: int
    broken: int
    paged: int


def count_rows(queries: Queries, dataset: str, version: str, resource: str) -> RowCounts:
    """Count over all rows of a table. Two rows count as the same by a hash of 64 bits of all their values.

    Raises as `Queries.read_page`, `OverloadedError` where it takes too long or too much memory.
    """
    rows = queries.read_own(dataset, version, resource, _write, SYSTEM)
    total, different, broken, paged = (column[0].as_py() for column in rows.columns)
    return RowCounts(repeated=total - different, broken=broken, paged=paged)


def _write(table: QueryTable) -> Statement:
    names = [_quote(name) for name in table.columns]
    texts = [_quote(name) for name, field in table.columns.items() if field.type == "string"]
    counts = ["count(*) AS n", f"count(DISTINCT hash({', '.join(names)})) AS d"]
    counts += [f"{_count(texts, code)} AS {name}" for name, code in (("b", 10), ("p", 12))]
    sql = f"SELECT {', '.join(counts)} FROM {_quote(table.view)}"  # noqa: S608 - names of columns, quoted
    return Statement(sql=sql, tables=[table], threads=0)


def _count(texts: Sequence[str], code: int) -> str:
    found = " OR ".join(f"contains({name}, chr({code}))" for name in texts)
    return f"count(*) FILTER (WHERE {found})" if found else "0"


def _quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
