"""Columns of text that hold numbers or days all the same: their cells are compared by value, however they are written.

In, a base with `2026-08-31`, and a part with `2026/8/31`, `46265`, `8月31日`
Out, the kind of the column:        date
Out, the cells of the part:         2026-08-31, 2026-08-31, unread

In, a base with `1,234` and `5`     Out: integer, 1234 and 5
In, a base with `007`               Out: nothing, it is text
In, `1.1` and `1.10`                Out: number, as they are: in a column of text that is section 1 and section 10
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from opendata.domain.schema import Field
from opendata.tables.arrow.arrays import view_flags
from opendata.tables.arrow.parquet import open_parquet
from opendata.tables.repair.repairs import MISSING_MARK, REPAIRS, Repairer
from opendata.tables.types.registry import TYPES

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

_YEAR = "^(19|20)[0-9]{2}$"
_KINDS = ("year", "integer", "number", "date", "yearmonth")
"""In the order in which they are preferred."""

_SERIAL = re.compile(r"[1-9][0-9]{4}(?:\.0+)?")
"""Serial numbers of days from 1927 to 2173; smaller ones may be anything."""

_BATCH_ROWS = 65_536
_MOST_TEXTS = 20_000
"""At most this many different texts of a column are read one by one."""

_SHOWN = 5


def find_kinds(base: pq.ParquetFile, part: pq.ParquetFile) -> Mapping[str, str]:
    """The kind of each column of text in the base, which the part has too, whose cells are all of one kind."""
    import pyarrow as pa

    common = {*part.schema_arrow.names}
    texts = [field.name for field in base.schema_arrow if pa.types.is_string(field.type) and field.name in common]
    left = {name: list(_KINDS) for name in texts}
    seen: set[str] = set()
    if left:
        for batch in base.iter_batches(_BATCH_ROWS, columns=list(left), use_threads=False):
            for name in [name for name, kinds in left.items() if kinds]:
                column = batch.column(batch.schema.get_field_index(name))
                left[name] = [kind for kind in left[name] if not _spell(column, kind)[1]]
                if column.null_count < len(column):
                    seen.add(name)
            if not any(left.values()):
                break
    return {name: kinds[0] for name, kinds in left.items() if kinds and name in seen}


def read_kinds(base: Path, part: Path) -> Mapping[str, str]:
    """The same of two Parquet files."""

    with open_parquet(base) as old, open_parquet(part) as new:
        return find_kinds(old, new)


def spell_column(column: pa.Array, kind: str) -> pa.Array:
    """A column of text with one spelling for all cells of one value; what isn't of the kind stays as it is."""
    return _spell(column, kind)[0]


def list_unread(part: pq.ParquetFile, kinds: Mapping[str, str], names: Sequence[str]) -> dict[str, list[str]]:
    """Cells in these columns that aren't of the kind that the base has there, the first of each column."""
    found: dict[str, list[str]] = {}
    wanted = [name for name in names if name in kinds and name in part.schema_arrow.names]
    if wanted:
        for batch in part.iter_batches(_BATCH_ROWS, columns=wanted, use_threads=False):
            for name in wanted:
                texts = _spell(batch.column(batch.schema.get_field_index(name)), kinds[name])[1]
                known = found.get(name, [])
                if texts and len(known) < _SHOWN:
                    found[name] = list(dict.fromkeys([*known, *texts]))[:_SHOWN]
    return found


def _spell(column: pa.Array, kind: str) -> tuple[pa.Array, Sequence[str]]:
    """A column in one spelling, and texts that aren't of the kind."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    pattern = TYPES[kind].proposed or _YEAR
    plain = pc.fill_null(pc.match_substring_regex(column, pattern), True)
    others = np.flatnonzero(~view_flags(plain))
    unread: list[str] = []
    if len(others):
        coded = column.take(others).dictionary_encode()
        texts = coded.dictionary.to_pylist()
        if len(texts) > _MOST_TEXTS:
            return column, texts[:1]
        values = [_read(text, kind) for text in texts]
        unread = [text for text, value in zip(texts, values, strict=True) if value is None]
        spelled = [text if value is None else value for text, value in zip(texts, values, strict=True)]
        flags = np.zeros(len(column), bool)
        flags[others] = True
        column = pc.replace_with_mask(column, pa.array(flags), pa.array(spelled, pa.string()).take(coded.indices))
    return column, unread


def _read(text: str, kind: str) -> str | None:
    """The plain spelling of a value."""
    if not text:
        return None
    repaired = _repairer(kind).repair(text)
    if repaired is None or ("excel-date" in repaired.kinds and not _SERIAL.fullmatch(text)):
        return None
    return repaired.text


@cache
def _repairer(kind: str) -> Repairer:
    pattern = re.compile(TYPES[kind].proposed or _YEAR)
    kinds = [name for name in REPAIRS if name != MISSING_MARK]
    field: Any = Field.from_json({"name": "value", "type": kind})
    return Repairer(field, (), kinds, lambda text: text is not None and pattern.search(text) is not None)
