"""The canonical text of values: what canonical CSV, and every other form with them, writes.

Source: canonical form in docs/architecture.md; ISO 8601; XML Schema lexical forms (`NaN`, `INF`, `-INF`).
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from math import isfinite
from typing import TYPE_CHECKING, Any

from opendata.tables.arrow.arrays import make_text, make_texts
from opendata.tables.arrow.shapes import contains_any

if TYPE_CHECKING:
    import pyarrow as pa

_NOT_FINITE = (("inf", "INF"), ("-inf", "-INF"), ("nan", "NaN"))
"""How Arrow writes a double that isn't finite → how Table Schema does."""

_WHOLE = 2.0**53
"""Below it a double that is whole is the number it stands for."""


def write_value(value: Any) -> str:
    """The canonical text of a value of a finished table, by its type in Python; a missing value is empty."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case datetime() if value.tzinfo is not None:
            return f"{value.astimezone(UTC).replace(tzinfo=None).isoformat()}Z"
        case date() | time():
            return value.isoformat()
        case Decimal():
            return format(value, "f")
        case float() if not isfinite(value):
            return write_number(value)
        case float() if value.is_integer() and abs(value) < _WHOLE:
            return str(int(value))
        case _:
            return str(value)


def write_number(value: Decimal | float) -> str:
    """A number with all the digits that it is given with."""
    number = to_decimal(value)
    if number.is_nan():
        return "NaN"
    if number.is_infinite():
        return "INF" if number > 0 else "-INF"
    exponent = number.as_tuple().exponent
    if isinstance(exponent, int) and -40 <= exponent <= 0:
        return format(number, "f")
    return str(number)


def write_column(column: pa.Array) -> pa.Array:
    """The canonical text of the values of an Arrow column: decimals with the digits of their scale, null stays null."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = column.type
    if pa.types.is_string(kind):
        return column
    text = pc.cast(column, pa.string())
    if pa.types.is_decimal(kind):
        return _write_exponents_out(text)
    if pa.types.is_timestamp(kind):
        return pc.replace_substring_regex(pc.replace_substring(text, " ", "T"), r"\.0+(Z?)$", r"\1")
    if pa.types.is_floating(kind):
        for found, written in _NOT_FINITE:
            text = pc.if_else(pc.equal(text, make_text(found)), make_text(written), text)
    return text


def write_published_column(column: pa.Array) -> pa.Array:
    """The canonical text of a column of a published table, where 32-bit integers are years."""
    import pyarrow as pa
    import pyarrow.compute as pc

    text = write_column(column)
    return pc.utf8_lpad(text, width=4, padding="0") if pa.types.is_int32(column.type) else text


def write_number_column(column: pa.Array) -> pa.Array:
    """Numbers as text that is the same for equal ones, whichever Arrow type has them: no exponent, no final zeros."""
    import pyarrow as pa
    import pyarrow.compute as pc

    text = write_published_column(column)
    if pa.types.is_floating(column.type):
        return _write_exponents_out(text)
    if pa.types.is_decimal(column.type) and column.type.scale:
        text = pc.replace_substring_regex(text, r"\.?0+$", "")
    return text


def agree_by_value(one: pa.DataType, other: pa.DataType) -> pa.DataType | None:
    """The type in which columns of two types have the same values, where releases differ in how they type a field.

    Years were text once, and moments with a zone had none but were in UTC. None for other types.
    """
    import pyarrow as pa

    if {one, other} == {pa.string(), pa.int32()}:
        return pa.string()
    if pa.types.is_timestamp(one) and pa.types.is_timestamp(other):
        return one if one.tz is not None else other
    return None


def change_type(column: pa.Array, wanted: pa.DataType) -> pa.Array:
    """A column in the type that `agree_by_value` found."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if column.type == wanted:
        return column
    return write_published_column(column) if pa.types.is_string(wanted) else pc.cast(column, wanted)


def to_decimal(value: Decimal | float) -> Decimal:
    """A number as a decimal with the digits that write it (`floatNumber` makes frictionless read floats)."""
    return Decimal(repr(value)) if isinstance(value, float) else value


def _write_exponents_out(text: pa.Array) -> pa.Array:
    """Numbers with all their digits in the place of an exponent, which Arrow writes where they are small or large."""
    import pyarrow.compute as pc

    if not contains_any(text.drop_null(), [b"E", b"e"]):
        return text
    found = pc.fill_null(pc.match_substring(text, "e", ignore_case=True), False)
    spelled = [_write_exponent_out(number.as_py()) for number in text.filter(found)]
    return pc.replace_with_mask(text, found, make_texts(spelled))


def _write_exponent_out(number: str) -> str:
    """Raises `ValueError` for a text that isn't a number: damaged decimals are written so."""
    try:
        return format(Decimal(number), "f")
    except InvalidOperation:
        raise ValueError(number[:100]) from None
