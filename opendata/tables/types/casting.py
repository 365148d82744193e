"""Checked values into Arrow: the typed column for Parquet and the canonical text for CSV, from the same value.

Source: canonical form and Arrow types in docs/architecture.md.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from math import isfinite
from typing import TYPE_CHECKING, Any

from opendata.domain.findings import Problem
from opendata.tables.arrow.arrays import make_texts
from opendata.tables.types.canonical import to_decimal
from opendata.tables.types.integer import INT64
from opendata.tables.types.number import rescale
from opendata.tables.types.registry import REWRITTEN, TYPES, write_text

if TYPE_CHECKING:
    import pyarrow as pa

_DOUBLE_EXPONENT = 308


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows twice: `typed` by the schema's Arrow types, `text` as canonical CSV writes them (nulls kept).

    `lines` are the same rows as canonical CSV where the source was written so already.
    """

    typed: pa.RecordBatch
    text: pa.RecordBatch
    lines: bytes | None = None


def find_overflow(field: Mapping[str, Any], value: Any) -> Problem | None:
    """Why a valid value does not fit its Arrow type; None where it fits."""
    kind = field["type"]
    if kind == "integer" and not INT64[0] <= value <= INT64[1]:
        return Problem("integer-too-large", "type")
    if kind == "number":
        scale = (field.get("opendata") or {}).get("scale")
        if scale is not None and rescale(value, scale) is None:
            return Problem("decimal-too-long", "type", params={"scale": scale})
        if scale is None and not _fits_double(to_decimal(value)):
            return Problem("double-too-large", "type")
    if kind == "datetime" and not _has_utc(value):
        return Problem("moment-without-utc", "type")
    return None


def find_misfit(field: Mapping[str, Any], nulls: Collection[str], value: Any) -> Problem | None:
    """Why a valid value cannot be published: it does not fit its Arrow type, or its text would be read as null."""
    problem = find_overflow(field, value)
    if problem is None and nulls and field["type"] in REWRITTEN and write_text(field["type"], value, "") in nulls:
        problem = Problem("value-like-missing", "type")
    return problem


def build_batch(
    fields: Sequence[Mapping[str, Any]],
    values: Sequence[Sequence[Any]],
    cells: Sequence[Sequence[str]],
    schema: pa.Schema,
) -> Batch:
    """Columns of checked values and of their source texts into one batch.

    `values[c][r]` is the parsed value (None: missing), `cells[c][r]` the source text; both columns x rows.
    """
    import pyarrow as pa

    columns = [build_column(*column) for column in zip(fields, values, cells, strict=True)]
    text_schema = pa.schema([pa.field(field["name"], pa.string()) for field in fields])
    return Batch(
        pa.record_batch([typed for typed, _ in columns], schema=schema),
        pa.record_batch([text for _, text in columns], schema=text_schema),
    )


def build_column(field: Mapping[str, Any], values: Sequence[Any], cells: Sequence[str]) -> tuple[pa.Array, pa.Array]:
    """One column of checked values (None: missing) and their source texts, as its Arrow type and as canonical text."""
    import pyarrow as pa

    kind = TYPES[field["type"]]
    text = make_texts([write_text(kind.name, value, cell) for value, cell in zip(values, cells, strict=True)])
    wanted = kind.arrow_type(field)
    if wanted == pa.string():
        return text, text
    if all(value is None for value in values):
        return pa.nulls(len(values), wanted), text
    return pa.array(kind.prepare(values, wanted), wanted), text


def _fits_double(number: Decimal) -> bool:
    if number.is_finite():
        return number.adjusted() < _DOUBLE_EXPONENT or isfinite(float(number))
    return not number.is_snan()


def _has_utc(value: datetime) -> bool:
    try:
        return value.tzinfo is None or value.astimezone(UTC) is not None
    except OverflowError:
        return False
