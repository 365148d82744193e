"""Checked values into Arrow: the typed column for Parquet and the canonical text for CSV, from the same value.

Source: canonical form and Arrow types in docs/architecture.md.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from decimal import Context, Decimal, InvalidOperation
from math import isfinite
from typing import TYPE_CHECKING, Any

from opendata.domain.findings import Problem
from opendata.tables.arrow.arrays import make_texts
from opendata.tables.types.arrow_types import arrow_type
from opendata.tables.types.canonical import REWRITTEN, to_decimal, write_text

if TYPE_CHECKING:
    import pyarrow as pa

DOUBLE_DIGITS = 15
"""A double keeps every number of so many digits."""

INT64 = (-(2**63), 2**63 - 1)
_DECIMAL128 = Context(prec=38, traps=[InvalidOperation])
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
        if scale is not None and _rescale(value, scale) is None:
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


def is_rounded(value: Decimal | float) -> bool:
    """Whether a double does not keep this number: it writes other digits than these."""
    number = to_decimal(value)
    if not number.is_finite() or len(number.as_tuple().digits) <= DOUBLE_DIGITS:
        return False
    return Decimal(repr(float(number))) != number


def write_key(kind: str, value: Any, source: str | None) -> str | None:
    """A text that is the same for equal values and only for these, as far as the Arrow column does not say it.

    A number's is None where a double keeps it, a moment's where it has no zone.
    """
    if value is None:
        return None
    match kind:
        case "number":
            number = to_decimal(value)
            return None if _is_kept(number) else _write_digits(number)
        case "boolean" | "date":
            return None
        case "integer":
            return None if INT64[0] <= value <= INT64[1] else str(value)
        case "datetime":
            return "Z" if value.tzinfo is not None else None
        case "year":
            return f"{value:04}"
        case "time":
            offset = value.utcoffset()
            return value.isoformat() if offset is None else f"{_since_midnight(value) - offset}Z"
        case "duration":
            if isinstance(value, timedelta):
                return str(value.total_seconds())
            return f"{value.years * 12 + value.months} {value.tdelta.total_seconds()}"
        case "geopoint":
            return ",".join(str(Decimal(part).normalize()) for part in value)
        case "yearmonth":
            return "-".join(map(str, value))
        case _:
            return source


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

    kind = field["type"]
    text = make_texts([write_text(kind, value, cell) for value, cell in zip(values, cells, strict=True)])
    wanted = arrow_type(field)
    if wanted == pa.string():
        return text, text
    if all(value is None for value in values):
        return pa.nulls(len(values), wanted), text
    return pa.array(_to_arrow(kind, wanted, values), wanted), text


def _to_arrow(kind: str, wanted: pa.DataType, column: Sequence[Any]) -> Sequence[Any]:
    import pyarrow as pa

    if kind == "number" and pa.types.is_floating(wanted):
        return [None if value is None else float(value) for value in column]
    if kind == "number":
        return [None if value is None else _rescale(value, wanted.scale) for value in column]
    if kind == "datetime":
        return [value.astimezone(UTC).replace(tzinfo=None) if value and value.tzinfo else value for value in column]
    return column


def _rescale(value: Decimal | float, scale: int) -> Decimal | None:
    """The same number with exactly `scale` decimals; None where it has more, or more than 38 digits."""
    number = to_decimal(value)
    try:
        rescaled = number.quantize(Decimal(1).scaleb(-scale), context=_DECIMAL128)
    except InvalidOperation:
        return None
    return rescaled if rescaled.is_finite() and rescaled == number else None


def _fits_double(number: Decimal) -> bool:
    if number.is_finite():
        return number.adjusted() < _DOUBLE_EXPONENT or isfinite(float(number))
    return not number.is_snan()


def _has_utc(value: datetime) -> bool:
    try:
        return value.tzinfo is None or value.astimezone(UTC) is not None
    except OverflowError:
        return False


def _is_kept(number: Decimal) -> bool:
    """Whether a double is this very number."""
    if not number.is_finite():
        return True
    try:
        return Decimal(repr(float(number))) == number
    except OverflowError:
        return False


def _write_digits(number: Decimal) -> str:
    """The same text for equal numbers of any size."""
    sign, digits, exponent = number.as_tuple()
    written = "".join(map(str, digits)).lstrip("0")
    kept = written.rstrip("0")
    return f"{sign} {kept} {int(exponent) + len(written) - len(kept)}"


def _since_midnight(value: time) -> timedelta:
    """How long after midnight a time of day is."""
    return timedelta(hours=value.hour, minutes=value.minute, seconds=value.second, microseconds=value.microsecond)
