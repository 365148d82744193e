"""The columns of two tables side by side, and which of their cells differ.

Equal are values: null and null, NaN and NaN, 0.0 and -0.0, decimals by all their digits. A column that has another type
in one table than in the other is compared, and shown, as canonical text, numbers without noughts at their end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from opendata.tables.arrow.arrays import make_text, make_texts, no_to_nulls, view_flags
from opendata.tables.arrow.shapes import contains_any
from opendata.tables.forms.form_numbers import write_decimals
from opendata.tables.forms.json_form import NO_NUMBERS, write_moments

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Column:
    """A column of either table: its type in the difference, and its place in each (None: it is not there)."""

    name: str
    type: pa.DataType
    old: int | None
    new: int | None

    @property
    def is_common(self) -> bool:
        """Whether both tables have it."""
        return self.old is not None and self.new is not None


def match_columns(old: pa.Schema, new: pa.Schema) -> list[Column]:
    """The columns of the new table in order, then those that only the old one has."""
    import pyarrow as pa

    before = {field.name: place for place, field in enumerate(old)}
    found = []
    for place, field in enumerate(new):
        earlier = before.pop(field.name, None)
        agrees = earlier is None or old.field(earlier).type == field.type
        found.append(Column(field.name, field.type if agrees else pa.string(), earlier, place))
    return found + [Column(name, old.field(place).type, place, None) for name, place in before.items()]


def fit(rows: pa.RecordBatch, columns: Sequence[Column], *, is_new: bool) -> list[pa.Array]:
    """These columns of some rows of one table, with the types of the difference; null where the table has none."""
    import pyarrow as pa

    found = []
    for column in columns:
        place = column.new if is_new else column.old
        if place is None:
            found.append(pa.nulls(rows.num_rows, column.type))
        else:
            values = rows.column(place)
            found.append(values if values.type == column.type else _write_plainly(values))
    return found


def write_texts(column: pa.Array) -> pa.Array:
    """A column as canonical CSV writes its values; decimals with all the digits of their scale, null stays null."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = column.type
    if pa.types.is_string(kind):
        return column
    text = write_decimals(column) if pa.types.is_decimal(kind) else pc.cast(column, pa.string())
    if pa.types.is_timestamp(kind):
        return write_moments(text)
    if pa.types.is_floating(kind):
        for found, written in NO_NUMBERS:
            text = pc.if_else(pc.equal(text, make_text(found)), make_text(written), text)
    return text


def find_changes(one: pa.Array, other: pa.Array) -> np.ndarray:
    """Where two columns of the same type and length differ, a flag for each row."""
    import pyarrow as pa
    import pyarrow.compute as pc

    differ = pc.not_equal(one, other)
    if pa.types.is_floating(one.type):
        differ = pc.and_(differ, pc.invert(pc.and_(pc.is_nan(one), pc.is_nan(other))))
    if one.null_count or other.null_count:
        differ = pc.or_(no_to_nulls(differ), pc.xor(one.is_null(), other.is_null()))
    return view_flags(differ)


def _write_plainly(column: pa.Array) -> pa.Array:
    """Values as text that is the same for a number whatever type holds it."""
    import pyarrow as pa
    import pyarrow.compute as pc

    text = write_texts(column)
    if pa.types.is_floating(column.type) and contains_any(text.drop_null(), [b"e"]):
        long = no_to_nulls(pc.match_substring(text, "e"))
        text = pc.replace_with_mask(text, long, make_texts([_spell(value.as_py()) for value in text.filter(long)]))
    if pa.types.is_decimal(column.type) and column.type.scale:
        text = pc.replace_substring_regex(text, r"\.?0+$", "")
    return text


def _spell(number: str) -> str:
    return format(Decimal(number), "f")
