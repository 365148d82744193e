"""Rows of a portal's CSV with the types that their table has."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv


def parse_changes(data: bytes, schema: Mapping[str, Any], types: pa.Schema) -> pa.Table:
    """Read canonical CSV. A column that the table no longer has stays text."""
    names = next(csv.reader(io.TextIOWrapper(io.BytesIO(data), "utf-8", newline="")))
    texts = pyarrow.csv.read_csv(
        io.BytesIO(data),
        read_options=pyarrow.csv.ReadOptions(block_size=len(data)),  # a row may have any length
        parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True),
        convert_options=pyarrow.csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string())),
    )
    nulls = {item["name"]: _find_null(item, schema) for item in schema["fields"]}
    columns = []
    for name, column in zip(names, texts.columns, strict=True):
        known = types.get_field_index(name) >= 0
        values = pc.if_else(pc.equal(column, nulls.get(name, "")), pa.scalar(None, pa.string()), column)
        columns.append(values.cast(types.field(name).type if known else pa.string()))
    return pa.table(columns, names=names)


def _find_null(field: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    """How canonical CSV writes that a value is missing: as the empty text, or as the first text that says so."""
    listed = field.get("missingValues", schema.get("missingValues")) or [""]
    texts = [item["value"] if isinstance(item, Mapping) else item for item in listed]
    return "" if "" in texts else str(texts[0])
