"""Arrow values made from bytes.

What pyarrow converts from a Python object makes it import pandas, where that is installed: a third of a second and
50 MB, more than many a table takes to be checked.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

_DAY_0 = date(1970, 1, 1).toordinal()


def make_texts(texts: Sequence[str | None]) -> pa.Array:
    """A column of text; None is null."""
    import numpy as np
    import pyarrow as pa

    encoded = [text.encode() if text else b"" for text in texts]
    offsets = np.zeros(len(encoded) + 1, np.int32)
    np.cumsum([len(item) for item in encoded], out=offsets[1:])
    valid = None
    if None in texts:
        valid = pa.py_buffer(np.packbits([text is not None for text in texts], bitorder="little").tobytes())
    data = pa.py_buffer(b"".join(encoded))
    return pa.StringArray.from_buffers(len(encoded), pa.py_buffer(offsets.tobytes()), data, valid)


@cache
def make_text(text: str | None) -> pa.Scalar:
    """One text, or a text that is null."""
    import pyarrow as pa

    return pa.nulls(1, pa.string())[0] if text is None else make_texts([text])[0]


def make_integers(numbers: np.ndarray) -> pa.Array:
    """A column of 64-bit integers."""
    import numpy as np
    import pyarrow as pa

    return pa.Array.from_buffers(
        pa.int64(), len(numbers), [None, pa.py_buffer(np.ascontiguousarray(numbers, np.int64))]
    )


def make_scalar(value: bool | int | float | date, wanted: pa.DataType) -> pa.Scalar:
    """One value of a fixed width; Raises `OverflowError` for an integer that the type does not hold."""
    import numpy as np
    import pyarrow as pa

    if pa.types.is_boolean(wanted):
        return pa.Array.from_buffers(wanted, 1, [None, pa.py_buffer(b"\x01" if value else b"\x00")])[0]
    if isinstance(value, date):
        value = value.toordinal() - _DAY_0
    kind: Any = np.float64 if pa.types.is_floating(wanted) else np.int32 if wanted.bit_width == 32 else np.int64
    return pa.Array.from_buffers(wanted, 1, [None, pa.py_buffer(np.array([value], kind).tobytes())])[0]


@cache
def make_flag(flag: bool) -> pa.Scalar:
    """True or false."""
    import pyarrow as pa

    return make_scalar(flag, pa.bool_())


def no_to_nulls(mask: pa.Array) -> pa.Array:
    """A mask with its nulls taken for no."""
    import pyarrow.compute as pc

    return pc.fill_null(mask, make_flag(False)) if mask.null_count else mask


def view_numbers(array: pa.Array) -> np.ndarray:
    """The values of a column of fixed width (64-bit numbers or moments, 32-bit days) where they lie; nulls are any."""
    import numpy as np
    import pyarrow as pa

    kind: Any = np.float64 if pa.types.is_floating(array.type) else np.int32 if array.type.bit_width == 32 else np.int64
    data = array.buffers()[1]
    if data is None:
        return np.zeros(len(array), kind)
    return np.frombuffer(data, kind, count=array.offset + len(array))[array.offset :]


def view_flags(mask: pa.Array) -> np.ndarray:
    """A mask without nulls, one byte a row."""
    import numpy as np

    data = mask.buffers()[1]
    bits = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")
    return bits[mask.offset : mask.offset + len(mask)].view(bool)
