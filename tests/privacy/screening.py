"""A table screened in one call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from opendata.domain.privacy import Kind, PrivacyFinding
from opendata.domain.schema import Field
from opendata.privacy.detection.screen import PrivacyScreen


def screen_columns(columns: Mapping[str, Sequence[Any] | pa.Array], *, size: int = 10_000) -> list[PrivacyFinding]:
    """What is found in a table of these columns, screened in batches of so many rows. Lists of text are text."""
    arrays = {
        name: cells if isinstance(cells, pa.Array) else pa.array(cells, pa.string()) for name, cells in columns.items()
    }
    table = pa.table(arrays)
    screen = PrivacyScreen("table", [Field.from_json({"name": name, "type": "string"}) for name in arrays])
    for batch in table.to_batches(max_chunksize=size):
        screen.take(batch)
    return list(screen.list())


def count_kinds(cells: Sequence[Any] | pa.Array, name: str = "A") -> dict[Kind, int]:
    """How many cells of a single column have each kind."""
    return {item.kind: item.count for item in screen_columns({name: cells})}
