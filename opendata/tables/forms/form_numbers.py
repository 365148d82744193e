"""Numbers of a finished table as text, and which of them a reader would round: those that no double keeps."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from opendata.tables.arrow.arrays import make_texts
from opendata.tables.arrow.shapes import contains_any
from opendata.tables.types.casting import DOUBLE_DIGITS

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

_LIMIT = 10**DOUBLE_DIGITS


def find_wide_columns(file: pq.ParquetFile) -> frozenset[str]:
    """The columns of integers and decimals that have, or may have, a number of more than 15 digits.

    JSON and spreadsheets write these as text, in every row, so that a column has one type and no digit is lost.
    """
    import pyarrow as pa

    found = set()
    for place, field in enumerate(file.schema_arrow):
        if not (pa.types.is_integer(field.type) or pa.types.is_decimal(field.type)):
            continue
        scale = field.type.scale if pa.types.is_decimal(field.type) else 0
        groups = (file.metadata.row_group(number).column(place) for number in range(file.metadata.num_row_groups))
        if any(_may_be_wide(group.statistics, group.num_values, scale) for group in groups):
            found.add(field.name)
    return frozenset(found)


def _may_be_wide(statistics: Any, values: int, scale: int) -> bool:
    if statistics is None or not statistics.has_min_max:
        return statistics is None or int(statistics.null_count) != values
    largest = max(abs(Decimal(statistics.min)), abs(Decimal(statistics.max)))
    return bool(largest.scaleb(scale) >= _LIMIT)


def write_decimals(column: pa.Array) -> pa.Array:
    """Decimals with all their digits and without an exponent, which Arrow writes where they are small."""
    import pyarrow as pa
    import pyarrow.compute as pc

    text = pc.cast(column, pa.string())
    if not contains_any(text.drop_null(), [b"E"]):
        return text
    small = pc.fill_null(pc.match_substring(text, "E"), False)
    return pc.replace_with_mask(text, small, make_texts([format(value.as_py(), "f") for value in column.filter(small)]))
