"""Answers as values: rows, the columns they are in, what they were read from, and their digest."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from opendata.domain.schema import Field
from opendata.tables.types.number import DOUBLE_DIGITS

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True, kw_only=True)
class QuerySource:
    """A table that an answer was read from: `hash` is the digest of its Parquet file, `sha256:…`."""

    dataset: str
    version: str
    resource: str
    hash: str
    rows: int
    is_public: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerColumn:
    """A column of an answer, and the field of the table that it is, if it is one."""

    name: str
    type: pa.DataType
    field: Field | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsPage:
    """A page of an answer.

    `total` counts the rows of all pages, None where that isn't known. `next` and `previous` are cursors. `is_cut` says
    that there are more rows than an answer without pages may have. `numbers` are the places of the rows in their table,
    from 0; there are none where rows are summed up. `fingerprint` is the digest of what was asked of
    which bytes by which engine: equal fingerprints mean equal answers. `wide` are the columns with numbers that JSON
    readers would round: they are written as text, in every row of every page (RFC 8259, section 6).
    """

    columns: Sequence[AnswerColumn]
    rows: pa.Table
    sources: Sequence[QuerySource]
    total: int | None
    fingerprint: str
    next: str | None = None
    previous: str | None = None
    is_cut: bool = False
    is_grouped: bool = False
    wide: frozenset[str] = frozenset()
    numbers: Sequence[int] = ()

    @property
    def hash(self) -> str:
        """The digest of its rows, as JSON Lines: `sha256:…`."""
        digest = hashlib.sha256()
        for line in write_lines(self.rows, self.wide):
            digest.update(line)
        return f"sha256:{digest.hexdigest()}"


@dataclass(slots=True, kw_only=True)
class RowsStream:
    """A whole answer, batch by batch, as it comes from the engine."""

    columns: Sequence[AnswerColumn]
    schema: pa.Schema
    batches: Iterator[pa.RecordBatch]
    sources: Sequence[QuerySource]
    fingerprint: str
    wide: frozenset[str] = frozenset()


def write_lines(rows: pa.Table, wide: Collection[str] = ()) -> Iterator[bytes]:
    """Rows as JSON Lines, as the download of a table has them; the numbers of `wide` columns are text."""
    from opendata.tables.forms.json_form import join_rows, join_texts

    for batch in rows.to_batches():
        if batch.num_rows:
            yield join_texts(join_rows(batch, wide), "\n") + b"\n"


def find_wide(rows: pa.Table) -> frozenset[str]:
    """The columns with numbers that JSON readers would round: they are written as text (RFC 8259, section 6)."""
    import pyarrow as pa
    import pyarrow.compute as pc

    found = []
    for name, column in zip(rows.column_names, rows.columns, strict=True):
        if pa.types.is_integer(column.type) or pa.types.is_decimal(column.type):
            low, high = pc.min_max(column).as_py().values()
            scale = getattr(column.type, "scale", 0)
            if low is not None and max(abs(low), abs(high)) * 10**scale >= 10**DOUBLE_DIGITS:
                found.append(name)
    return frozenset(found)
