"""The Arrow type of each field of a Table Schema, from its descriptor alone.

Source: docs/architecture.md, canonical form.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa


def arrow_type(field: Mapping[str, Any]) -> pa.DataType:
    """The Arrow type of a field, told by its descriptor alone."""
    import pyarrow as pa

    scale = (field.get("opendata") or {}).get("scale")
    match field["type"]:
        case "integer":
            return pa.int64()
        case "boolean":
            return pa.bool_()
        case "date":
            return pa.date32()
        case "datetime":
            return pa.timestamp("us")
        case "number":
            return pa.float64() if scale is None else pa.decimal128(38, scale)
        case _:
            return pa.string()
