"""The types of Table Schema by their names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from opendata.domain.schema import Field
from opendata.tables.types.boolean import BOOLEAN
from opendata.tables.types.date import DATE
from opendata.tables.types.datetime import DATETIME
from opendata.tables.types.field_type import FieldType
from opendata.tables.types.integer import INTEGER
from opendata.tables.types.number import NUMBER
from opendata.tables.types.string import ANY, STRING
from opendata.tables.types.structured import ARRAY, DURATION, GEOJSON, GEOPOINT, LIST, OBJECT
from opendata.tables.types.time import TIME
from opendata.tables.types.year import YEAR, YEARMONTH

if TYPE_CHECKING:
    import pyarrow as pa

TYPES: Mapping[str, FieldType] = {
    item.name: item
    for item in (
        INTEGER,
        NUMBER,
        DATE,
        DATETIME,
        BOOLEAN,
        STRING,
        ANY,
        TIME,
        YEAR,
        YEARMONTH,
        DURATION,
        GEOPOINT,
        LIST,
        ARRAY,
        OBJECT,
        GEOJSON,
    )
}
"""In the order in which they are proposed for a column whose texts fit several."""


def arrow_type(field: Field) -> pa.DataType:
    """The Arrow type of a field, told by its descriptor alone."""
    return TYPES[field.type].arrow_type(field)


def write_text(kind: str, value: Any, source: str) -> str | None:
    """The canonical text of one value of a type; `source` is the cell's text in the file."""
    if value is None:
        return None
    found = TYPES[kind]
    return found.write(value) if found.is_rewritten else source
