"""Which column says that the rows of one table are of another period than those of another one.

In, a column “month” with 2026-09 in the base, and with 2026-10 alone in the part
Out, "month": no value of the part is in the base
In, a base with 2026-08-31, and a part with 8月31日     Out: nothing, it may be that day
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from opendata.tables.arrow.parquet import open_parquet
from opendata.tables.diff.spellings import find_kinds, list_unread, spell_column

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

MOST_VALUES = 10_000
"""A column with more different values than these isn't asked: it tells rows, not periods."""

_BATCH_ROWS = 65_536

_NAMES = re.compile(r"[年月日季期]|时间|(?:^|[^a-z])(?:date|day|week|month|quarter|year|period|time)(?:[^a-z]|$)")


def find_new_period(base: Path, part: Path, kinds: Mapping[str, str]) -> str | None:
    """The first column of dates, years or months of which a part has only values that the base doesn't have.

    `kinds` are those of `spellings`. Values that can't be compared with those of the base may be any of them.
    """

    with open_parquet(base) as old, open_parquet(part) as new:
        if not old.metadata.num_rows or not new.metadata.num_rows:
            return None
        known = set(old.schema_arrow.names)
        for field in new.schema_arrow:
            if field.name not in known or not tells_periods(field):
                continue
            fresh = _list_values(new, field.name, kinds.get(field.name, ""))
            if not fresh or None in fresh or list_unread(new, kinds, [field.name]):
                continue
            if fresh.isdisjoint(_list_values(old, field.name, kinds.get(field.name, "")) or fresh):
                return str(field.name)
    return None


def has_only_new(base: Path, part: Path, name: str) -> bool:
    """Whether a column of both tables has only values in the part that it doesn't have in the base."""

    with open_parquet(base) as old, open_parquet(part) as new:
        if name not in old.schema_arrow.names or name not in new.schema_arrow.names:
            return False
        kinds = find_kinds(old, new)
        if list_unread(new, kinds, [name]):
            return False
        kind = kinds.get(name, "")
        fresh = _list_values(new, name, kind)
        return bool(fresh) and fresh.isdisjoint(_list_values(old, name, kind) or fresh)


def tells_periods(field: pa.Field) -> bool:
    """Whether a column has dates, or is named like a year, a month or another period."""
    import pyarrow as pa

    types = pa.types
    if types.is_date(field.type) or types.is_timestamp(field.type):
        return True
    is_plain = types.is_string(field.type) or types.is_integer(field.type)
    return bool(is_plain and _NAMES.search(field.name.casefold()))


def _list_values(file: pq.ParquetFile, name: str, kind: str) -> set[object]:
    """The different values of a column as text, null as None; nothing where they are too many."""
    import pyarrow as pa
    import pyarrow.compute as pc

    found: set[object] = set()
    for batch in file.iter_batches(_BATCH_ROWS, columns=[name], use_threads=False):
        texts = batch.column(0).cast(pa.string())
        found.update(pc.unique(spell_column(texts, kind) if kind else texts).to_pylist())
        if len(found) > MOST_VALUES:
            return set()
    return found
