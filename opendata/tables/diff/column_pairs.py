"""The columns of two tables side by side, and which of their cells differ.

In, the columns of the old and the new table:   old id (string), n (integer), gone (string); new n (number), id (string)
Out of `match_columns`, their `old` and `new`:  n 1 0 (as text, since its types differ), id 0 1, gone 2 None
In, the column n of the new table:              1.5, 2.0
Out of `fit`, typed as in the difference:       "1.5", "2"
In, cells to compare, and which of them differ: null and null, NaN and NaN, 0.0 and -0.0: none; 2.0 and null: yes

Values are compared: decimals by all their digits. A column whose types differ in the two tables is compared, and shown,
as canonical text, numbers without zeros at their end; moments without a zone beside some with one are in UTC.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from opendata.tables.arrow.arrays import no_to_nulls, view_flags
from opendata.tables.diff.spellings import spell_column
from opendata.tables.types.canonical import agree_by_value, change_type, write_number_column

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa


_NO_KINDS: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of either table: its type in the difference, and its place in each (None: it is not there).

    `kind` is the kind of values by which its texts are compared, empty where they are compared as they are written.
    """

    name: str
    type: pa.DataType
    old: int | None
    new: int | None
    kind: str = ""

    @property
    def is_common(self) -> bool:
        """Whether both tables have it."""
        return self.old is not None and self.new is not None

    @property
    def is_ordered(self) -> bool:
        """Whether its values have an order of their own."""
        from pyarrow.types import is_decimal, is_integer, is_string, is_temporal

        return any(is_of(self.type) for is_of in (is_integer, is_string, is_temporal, is_decimal))


def match_columns(old: pa.Schema, new: pa.Schema, kinds: Mapping[str, str] = _NO_KINDS) -> list[Column]:
    """The columns of the new table in order, then those that only the old one has; `kinds` as in `spellings`."""
    import pyarrow as pa

    before = {field.name: place for place, field in enumerate(old)}
    found = []
    for place, field in enumerate(new):
        earlier = before.pop(field.name, None)
        before_type = field.type if earlier is None else old.field(earlier).type
        agreed = field.type if before_type == field.type else agree_by_value(before_type, field.type) or pa.string()
        kind = kinds.get(field.name, "") if pa.types.is_string(agreed) else ""
        found.append(Column(field.name, agreed, earlier, place, kind))
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
            is_text = pa.types.is_string(column.type) and values.type != column.type
            fitted = write_number_column(values) if is_text else change_type(values, column.type)
            found.append(spell_column(fitted, column.kind) if column.kind else fitted)
    return found


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
