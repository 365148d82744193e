"""A schema proposed for a table without a schema: types detected from every row, never from a sample; no conversion.

Codes stay text: a number with a leading zero or of more than 15 digits doesn't count as a number, nor does a column
that calls itself a code. What the source says of columns (`unit`, `percent`) is in the footer of the file and kept.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from opendata.domain.schema import TableSchema
from opendata.tables.arrow.parquet import open_parquet
from opendata.tables.schema.schema import PROFILE
from opendata.tables.types.registry import TYPES

_CODE_NAME = re.compile(r"(code|[^a-z]id|^id|number|zip|phone|编码|代码|编号|号码|电话|邮编|区划)$", re.IGNORECASE)


def propose_schema(parquet: Path, names: Sequence[str] | None = None) -> dict[str, Any]:
    """The Table Schema that fits every row of a Parquet file whose columns (these, or all) are text."""

    with open_parquet(parquet) as file:
        names = file.schema_arrow.names if names is None else names
        marks = _read_marks(file.schema_arrow.metadata)
        fitting = {name: list(TYPES.values()) for name in names}
        seen = dict.fromkeys(names, 0)
        missing = dict.fromkeys(names, 0)
        for batch in file.iter_batches(batch_size=8192, columns=list(names)):
            for name in names:
                column = batch.column(name).drop_null()
                missing[name] += batch.num_rows - len(column)
                seen[name] += len(column)
                fitting[name] = [kind for kind in fitting[name] if kind.fits(column)]
    fields: list[dict[str, Any]] = []
    for name in names:
        kind = fitting[name][0].name if seen[name] and fitting[name] else "string"
        if kind in ("integer", "number") and is_code(name):
            kind = "string"
        field: dict[str, Any] = {"name": name, "type": kind}
        if seen[name] and not missing[name]:
            field["constraints"] = {"required": True}
        if name in marks:
            field["opendata"] = marks[name]
        fields.append(field)
    return {"$schema": PROFILE, "fields": fields}


def is_code(name: str) -> bool:
    """Whether a column calls itself a code, so that its digits aren't a number."""
    return _CODE_NAME.search(name) is not None


def _read_marks(footer: Mapping[bytes, bytes] | None) -> dict[str, Any]:
    """What is ours in the fields of the schema in a footer, by their names."""
    schema = TableSchema(json.loads((footer or {}).get(b"tableschema", b"{}")))
    return {item.name: dict(item.own) for item in schema.fields if item.own}
