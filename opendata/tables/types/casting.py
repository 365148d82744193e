"""Checked values into Arrow: the typed column for Parquet and the canonical text for CSV, from the same value.

Source: canonical form and Arrow types in docs/architecture.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from opendata.domain.schema import Field
from opendata.tables.arrow.arrays import make_texts
from opendata.tables.types.registry import TYPES, write_text

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows twice: `typed` by the schema's Arrow types, `text` as canonical CSV writes them (nulls kept).

    `lines` are the same rows as canonical CSV where the source was written so already; they are there until the next
    rows come. With `starts`, the 32-bit places at which each row of them begins and the last ends, `text` has nothing
    but the missing values of columns of other values than texts.
    """

    typed: pa.RecordBatch
    text: pa.RecordBatch
    lines: bytes | memoryview | None = None
    starts: bytes | None = None


def build_column(field: Field, values: Sequence[Any], cells: Sequence[str]) -> tuple[pa.Array, pa.Array]:
    """One column of checked values (None: missing) and their source texts, as its Arrow type and as canonical text."""
    import pyarrow as pa

    kind = TYPES[field.type]
    text = make_texts([write_text(kind.name, value, cell) for value, cell in zip(values, cells, strict=True)])
    wanted = kind.arrow_type(field)
    if wanted == pa.string():
        return text, text
    if all(value is None for value in values):
        return pa.nulls(len(values), wanted), text
    return pa.array(kind.prepare(values, wanted), wanted), text
