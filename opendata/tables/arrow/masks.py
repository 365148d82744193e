"""Masks of whole columns, where None stands for a mask that marks nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opendata.tables.arrow.arrays import no_to_nulls

if TYPE_CHECKING:
    import pyarrow as pa


def either(one: pa.Array | None, other: pa.Array | None) -> pa.Array | None:
    """What one mask or the other marks."""
    import pyarrow.compute as pc

    if one is None or other is None:
        return other if one is None else one
    return pc.or_(one, other)


def only(mask: pa.Array) -> pa.Array | None:
    """A mask with its nulls taken for no; None where nothing is left."""
    import pyarrow.compute as pc

    return no_to_nulls(mask) if pc.any(mask, min_count=0).as_py() else None


def blank_out(text: pa.Array, mask: pa.Array | None) -> pa.Array:
    """The text with what is marked made null."""
    import pyarrow as pa
    import pyarrow.compute as pc

    return text if mask is None else pc.if_else(mask, pa.scalar(None, pa.string()), text)
