"""What the footer of a Parquet file says of its columns, as manifests have it.

Source: Iceberg table spec, "Manifests" (fields 103 to 132), "Binary single-value serialization".
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from opendata.errors import N_, IntegrityError
from opendata.exchange.iceberg.schemas import TableColumns, find_type

_TEXT_LENGTH = 16
"""Bounds of texts have at most so many characters: they are read with every plan of a query."""

_BOUNDS: Mapping[str, Callable[[Any], bytes]] = {
    "boolean": lambda value: bytes([bool(value)]),
    "int": struct.Struct("<i").pack,
    "long": struct.Struct("<q").pack,
    "double": struct.Struct("<d").pack,
    "date": struct.Struct("<i").pack,
    "timestamp": struct.Struct("<q").pack,
    "timestamptz": struct.Struct("<q").pack,
}


@dataclass(frozen=True, slots=True)
class Statistics:
    """Figures of a file; those of columns by their field ids. `splits` are the places where row groups begin."""

    rows: int
    splits: list[int] = field(default_factory=list)
    sizes: dict[int, int] = field(default_factory=dict)
    values: dict[int, int] = field(default_factory=dict)
    nulls: dict[int, int] = field(default_factory=dict)
    lower: dict[int, bytes] = field(default_factory=dict)
    upper: dict[int, bytes] = field(default_factory=dict)


def read_statistics(parquet: Path, columns: TableColumns) -> Statistics:
    """The figures of a file. Raises `IntegrityError` where its columns aren't those of the schema."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(parquet) as file:
        footer, schema = file.metadata, file.schema_arrow
    if [(item.name, find_type(item.type)) for item in schema] != [(item.name, item.type) for item in columns.columns]:
        raise IntegrityError(N_("The columns of the Parquet file aren't those of the schema"))
    found = Statistics(footer.num_rows)
    groups = [footer.row_group(number) for number in range(footer.num_row_groups)]
    for group in groups:
        first = group.column(0)
        found.splits.append(min(filter(None, (first.dictionary_page_offset, first.data_page_offset))))
    for index, column in enumerate(columns.columns):
        _add_column(found, column.id, column.type, [group.column(index) for group in groups])
    return found


def _add_column(found: Statistics, number: int, kind: str, chunks: list[Any]) -> None:
    """The figures of a column; without bounds where a row group doesn't tell its own."""
    told = [chunk.statistics for chunk in chunks]
    found.sizes[number] = sum(chunk.total_compressed_size for chunk in chunks)
    found.values[number] = sum(chunk.num_values for chunk in chunks)
    if not told or any(item is None or not item.has_null_count for item in told):
        return
    found.nulls[number] = sum(item.null_count for item in told)
    ranges = [item for item in told if item.has_min_max]
    empty = all(
        item.has_min_max or item.null_count == chunk.num_values for item, chunk in zip(told, chunks, strict=True)
    )
    if not ranges or not empty:
        return
    raw = kind in ("date", "timestamp", "timestamptz")
    least = min((item.min_raw if raw else item.min) for item in ranges)
    greatest = max((item.max_raw if raw else item.max) for item in ranges)
    if kind == "string":
        found.lower[number] = least[:_TEXT_LENGTH].encode()
        upper = round_up(greatest)
        if upper is not None:
            found.upper[number] = upper.encode()
    elif kind.startswith("decimal"):
        found.lower[number], found.upper[number] = _write_decimal(least), _write_decimal(greatest)
    else:
        found.lower[number] = _BOUNDS[kind](least)
        if kind != "double":  # statistics leave NaN out, which is greater than all numbers to some engines
            found.upper[number] = _BOUNDS[kind](greatest)


def round_up(text: str) -> str | None:
    """The text itself if it is short, otherwise a short one that isn't less, or None where no text is."""
    if len(text) <= _TEXT_LENGTH:
        return text
    for end in range(_TEXT_LENGTH, 0, -1):
        code = ord(text[end - 1]) + 1
        code = 0xE000 if 0xD800 <= code < 0xE000 else code
        if code <= 0x10FFFF:
            return text[: end - 1] + chr(code)
    return None


def _write_decimal(value: Any) -> bytes:
    """The unscaled value, in as few bytes as it needs."""
    sign, digits, _ = value.as_tuple()
    number = int("".join(map(str, digits))) * (-1 if sign else 1)
    return number.to_bytes(max(1, ((number if number >= 0 else ~number).bit_length() + 8) // 8), "big", signed=True)
