"""The values of a column as texts: the same text where values are compared as equal, whatever Arrow type has them.

A number has no final zeros, a day is ISO 8601. Texts are compared as they are, and folded where people look for them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from opendata.search.folding import fold

if TYPE_CHECKING:
    import pyarrow as pa

LONGEST = 200
"""At most this many characters of a value are looked for; longer values can't be found."""

UNREAD = frozenset({"boolean", "object", "array", "geojson"})
"""Types of fields whose values nobody looks for."""

_JOINT = "\n"
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")


def is_number(kind: pa.DataType) -> bool:
    """Whether values of an Arrow type are compared as numbers. Years are texts of four digits."""
    import pyarrow as pa

    return bool(
        (pa.types.is_integer(kind) and not pa.types.is_int32(kind))
        or pa.types.is_decimal(kind)
        or pa.types.is_floating(kind)
    )


def write_key(value: str) -> str | None:
    """What a value that somebody looks for is among numbers; None where it isn't a number."""
    text = fold(value.strip())
    if not _NUMBER.fullmatch(text):
        return None
    return text.rstrip("0").rstrip(".") if "." in text else text


def write_keys(values: pa.Array) -> pa.Array:
    """The texts of an array without nulls, the same for equal values."""
    from opendata.tables.types.canonical import write_number_column

    return write_number_column(values)


def fold_texts(texts: pa.Array) -> pa.Array:
    """Texts without nulls as search compares them. They are folded together, which takes a tenth of the time."""
    import pyarrow as pa

    found = texts.to_pylist()
    folded = fold(_JOINT.join(found)).split(_JOINT)
    if len(folded) != len(found):  # there are texts of several lines
        folded = [fold(text) for text in found]
    return pa.array(folded, pa.string())
