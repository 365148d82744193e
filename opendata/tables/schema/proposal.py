"""A schema proposed for a table that has none: types told by every row, never by a sample; nothing is converted.

Codes stay text: a number with a leading zero or of more than 15 digits is not taken for a number, nor is a column
that calls itself a code.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from opendata.tables.schema.schema import PROFILE

_PATTERNS = (
    ("integer", r"^(0|-?[1-9][0-9]{0,14})$"),
    ("number", r"^-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,15})?$"),
    ("date", r"^[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}$"),
    ("datetime", r"^[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}$"),
    ("boolean", r"^(true|false)$"),
)
_CODE_NAME = re.compile(r"(code|[^a-z]id|^id|number|zip|phone|编码|代码|编号|号码|电话|邮编|区划)$", re.IGNORECASE)


def propose_schema(parquet: Path) -> dict[str, Any]:
    """The Table Schema that fits every row of a Parquet file whose columns are all text."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    with pq.ParquetFile(parquet) as file:
        names = file.schema_arrow.names
        fitting = {name: dict(_PATTERNS) for name in names}
        seen = dict.fromkeys(names, 0)
        missing = dict.fromkeys(names, 0)
        for batch in file.iter_batches(batch_size=8192):
            for name in names:
                column = batch.column(name).drop_null()
                missing[name] += batch.num_rows - len(column)
                seen[name] += len(column)
                for kind, pattern in list(fitting[name].items()):
                    if not pc.all(pc.match_substring_regex(column, pattern), min_count=0).as_py() or (
                        kind in ("date", "datetime") and not _is_castable(column, kind)
                    ):
                        del fitting[name][kind]
    fields: list[dict[str, Any]] = []
    for name in names:
        kind = next(iter(fitting[name]), "string") if seen[name] else "string"
        if kind in ("integer", "number") and _CODE_NAME.search(name):
            kind = "string"
        field: dict[str, Any] = {"name": name, "type": kind}
        if seen[name] and not missing[name]:
            field["constraints"] = {"required": True}
        fields.append(field)
    return {"$schema": PROFILE, "fields": fields}


def _is_castable(column: Any, kind: str) -> bool:
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        pc.cast(column, pa.date32() if kind == "date" else pa.timestamp("us"))
    except pa.ArrowInvalid:
        return False
    return True
