"""Which numbers of a finished table a reader would round: those that no double keeps."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from opendata.tables.types.number import DOUBLE_DIGITS

if TYPE_CHECKING:
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
