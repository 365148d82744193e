"""Arrow columns as canonical text: what each value of a typed file reads as in a CSV.

Dates and times by ISO 8601, `true` and `false`, decimals with every digit, floats as their shortest text, `NaN`, `INF`
and `-INF` as Table Schema has them, binary as Base64 (RFC 4648), the nested as compact JSON (RFC 8259), null as null.
"""

from __future__ import annotations

import base64
import uuid
from collections.abc import Callable, Sequence
from itertools import pairwise
from json.encoder import encode_basestring
from typing import TYPE_CHECKING, Any

from opendata.tables.types.canonical import write_column

if TYPE_CHECKING:
    import pyarrow as pa

_UNIT_DIGITS = {"s": 0, "ms": 3, "us": 6, "ns": 9}
_OUT_OF_RANGE = "out of range"


def write_texts(column: pa.Array) -> pa.Array:
    """A column as text of Arrow's type string, nulls kept.

    Raises pyarrow's exceptions, `ValueError` and `OverflowError` for values that are broken or out of range.
    """
    import pyarrow as pa

    kind = column.type
    if isinstance(kind, pa.BaseExtensionType):
        if kind.extension_name == "arrow.uuid":
            return _map(column.storage, lambda value: str(uuid.UUID(bytes=value)))
        return write_texts(column.storage)
    if pa.types.is_dictionary(kind):
        return write_texts(column.dictionary_decode())
    if pa.types.is_run_end_encoded(kind):
        import pyarrow.compute as pc

        return write_texts(pc.run_end_decode(column))
    if is_nested(kind):
        return pa.array(_write_json(column), pa.string())
    return _write_plain(column)


def is_nested(kind: pa.DataType) -> bool:
    """Whether values of this type are written as JSON."""
    import pyarrow as pa

    return bool(pa.types.is_nested(kind))


def is_binary(kind: pa.DataType) -> bool:
    """Whether values of this type are written as Base64."""
    import pyarrow as pa

    test = pa.types
    return bool(
        test.is_binary(kind)
        or test.is_large_binary(kind)
        or test.is_fixed_size_binary(kind)
        or test.is_binary_view(kind)
    )


def _write_plain(column: pa.Array) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    kind, test = column.type, pa.types
    if is_binary(kind):
        return _map(column, lambda value: base64.b64encode(value).decode("ascii"))
    if test.is_duration(kind):
        digits = _UNIT_DIGITS[kind.unit]
        return _map(column.view(pa.int64()), lambda value: _write_seconds(value, digits))
    if kind == pa.month_day_nano_interval():
        return _map(column, _write_interval)
    if test.is_float16(kind):
        return _map(column, _write_half)
    if not test.is_temporal(kind):
        return write_column(column)
    text = pc.cast(column, pa.string())
    if pc.any(pc.match_substring(text, _OUT_OF_RANGE)).as_py():
        raise ValueError(_OUT_OF_RANGE)
    return _write_moment(text, kind)


def _write_moment(text: pa.Array, kind: pa.DataType) -> pa.Array:
    """`2020-01-01 08:00:00.500000+0800` as `2020-01-01T08:00:00.5+08:00`."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_timestamp(kind):
        text = pc.replace_substring(text, " ", "T", max_replacements=1)
    if pa.types.is_timestamp(kind) or pa.types.is_time(kind):
        text = pc.replace_substring_regex(text, r"\.([0-9]*?)0+($|[-+Z])", r".\1\2")
        text = pc.replace_substring_regex(text, r"\.($|[-+Z])", r"\1")
    if pa.types.is_timestamp(kind) and kind.tz is not None:
        text = pc.replace_substring_regex(text, r"([+-][0-9]{2})([0-9]{2})$", r"\1:\2")
        if kind.tz in ("UTC", "Z", "Etc/UTC", "+00:00"):
            text = pc.replace_substring_regex(text, r"\+00:00$", "Z")
    return text


def _map(column: pa.Array, write: Callable[[Any], str]) -> pa.Array:
    import pyarrow as pa

    return pa.array([None if value is None else write(value) for value in column.to_pylist()], pa.string())


def _write_half(value: Any) -> str:
    import numpy as np

    text = np.format_float_positional(np.float16(value), trim="-")
    return {"nan": "NaN", "inf": "INF", "-inf": "-INF"}.get(text, text)


def _write_seconds(value: int, digits: int) -> str:
    whole, part = divmod(abs(value), 10**digits)
    fraction = f".{part:0{digits}d}".rstrip("0") if part else ""
    return f"{'-' if value < 0 else ''}PT{whole}{fraction}S"


def _write_interval(value: tuple[int, int, int]) -> str:
    months, days, nanoseconds = value
    time = _write_seconds(nanoseconds, 9).replace("PT", "T") if nanoseconds else ""
    if time.startswith("-"):
        time = f"T-{time[2:]}"
    return f"P{months}M{days}D{time}"


def _write_json(column: pa.Array) -> list[str | None]:
    """Each value as JSON; None for null."""
    import pyarrow as pa

    kind, test = column.type, pa.types
    if isinstance(kind, pa.BaseExtensionType) and test.is_nested(kind.storage_type):
        return _write_json(column.storage)
    if test.is_dictionary(kind):
        return _write_json(column.dictionary_decode())
    if test.is_struct(kind):
        names = [encode_basestring(kind.field(number).name) + ":" for number in range(kind.num_fields)]
        fields = [_write_json(part) for part in column.flatten()]
        rows: Sequence[Sequence[str | None]] = list(zip(*fields, strict=True)) if fields else [()] * len(column)
        objects = [
            "{" + ",".join([name + (text or "null") for name, text in zip(names, row, strict=True)]) + "}"
            for row in rows
        ]
        return _hide_nulls(column, objects)
    if test.is_union(kind):
        return [None if text is None else encode_basestring(text) for text in map(_spell, column)]
    if test.is_nested(kind):
        return _write_lists(column)
    texts: list[str | None] = write_texts(column).to_pylist()
    if test.is_integer(kind) or test.is_decimal(kind) or test.is_boolean(kind):
        return texts
    if test.is_floating(kind):
        return ["null" if text in ("NaN", "INF", "-INF") else text for text in texts]
    return [None if text is None else encode_basestring(text) for text in texts]


def _write_lists(column: pa.Array) -> list[str | None]:
    """Lists as arrays; maps as arrays of pairs, since their keys may repeat and be of any type."""
    import pyarrow as pa

    if pa.types.is_map(column.type):
        offsets = column.offsets.to_pylist()
        start, end = offsets[0], offsets[-1]
        keys = _write_json(column.keys.slice(start, end - start))
        items = _write_json(column.items.slice(start, end - start))
        inner = [f"[{key or 'null'},{item or 'null'}]" for key, item in zip(keys, items, strict=True)]
        lengths = [after - before for before, after in pairwise(offsets)]
    else:
        inner = [text or "null" for text in _write_json(column.flatten())]  # without what nulls hide
        lengths = [length or 0 for length in column.value_lengths().to_pylist()]
    at = 0
    lists = []
    for length in lengths:
        lists.append("[" + ",".join(inner[at : at + length]) + "]")
        at += length
    return _hide_nulls(column, lists)


def _spell(value: Any) -> str | None:
    found = value.as_py()
    return None if found is None else str(found)


def _hide_nulls(column: pa.Array, texts: Sequence[str]) -> list[str | None]:
    if not column.null_count:
        return list(texts)
    return [None if is_null else text for is_null, text in zip(column.is_null().to_pylist(), texts, strict=True)]
