"""Arrow values from Python's and numpy's, and numpy's views of Arrow columns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa


def make_texts(texts: Sequence[str | None]) -> pa.Array:
    """A column of text; None is null."""
    import pyarrow as pa

    return pa.array(texts, pa.string())


def make_text(text: str | None) -> pa.Scalar:
    """One text, or a text that is null."""
    import pyarrow as pa

    return pa.scalar(text, pa.string())


def make_integers(numbers: np.ndarray) -> pa.Array:
    """A column of 64-bit integers. Unlike `pyarrow.array` it does without numpy.ma, which takes 7 ms to load."""
    import numpy as np
    import pyarrow as pa

    return pa.Array.from_buffers(
        pa.int64(), len(numbers), [None, pa.py_buffer(np.ascontiguousarray(numbers, np.int64))]
    )


def is_utf8(data: bytes) -> bool:
    """Whether bytes are UTF-8. As one cell of a column, they are tested four times as fast as they are decoded."""
    import numpy as np
    import pyarrow as pa

    ends = np.array([0, len(data)], np.int32)
    cell = pa.Array.from_buffers(pa.binary(), 1, [None, pa.py_buffer(ends), pa.py_buffer(data)])
    try:
        cell.cast(pa.string())
    except pa.ArrowInvalid:
        return False
    return True


def list_numbers(numbers: range | np.ndarray) -> np.ndarray:
    """Numbers that may follow one another, as an array."""
    import numpy as np

    return np.arange(numbers.start, numbers.stop) if isinstance(numbers, range) else numbers


def make_scalar(value: bool | int | float | date, wanted: pa.DataType) -> pa.Scalar:
    """One value of a fixed width; Raises `OverflowError` for an integer that the type does not hold."""
    import pyarrow as pa

    return pa.scalar(value, wanted)


def no_to_nulls(mask: pa.Array) -> pa.Array:
    """A mask with its nulls taken for no."""
    import pyarrow.compute as pc

    return pc.fill_null(mask, False) if mask.null_count else mask


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
