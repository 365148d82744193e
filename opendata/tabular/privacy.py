"""Personal identifiers in a finished table: which columns hold them, and how many.

Source: GB 11643-1999 (resident identity number, check character by ISO 7064 MOD 11-2); mainland mobile numbers have 11
digits beginning with 13 to 19. Findings carry counts and columns, never values.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from opendata.tabular.arrays import make_integers
from opendata.tabular.shapes import find_lengths

if TYPE_CHECKING:
    import pyarrow as pa

_BATCH_ROWS = 32_768
_RESIDENT = r"^[1-9][0-9]{5}(19|20)[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9Xx]$"
_MOBILE = r"^(\+?86)?1[3-9][0-9]{9}$"
_LENGTHS = (11, 13, 14, 18)
_LEAST_MOBILE = 13_000_000_000
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


@dataclass(frozen=True, slots=True)
class PrivacyFinding:
    """Some cells of a column look like a personal identifier. `kind`: `resident-id` or `mobile-number`."""

    resource: str
    field: str
    kind: str
    count: int

    def describe(self) -> dict[str, str | int]:
        """As JSON."""
        return {"resource": self.resource, "field": self.field, "kind": self.kind, "count": self.count}


def screen_table(parquet: Path, resource: str) -> Sequence[PrivacyFinding]:
    """Look through every text and whole-number column of a Parquet file."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    found: dict[tuple[str, str], int] = {}
    with pq.ParquetFile(parquet) as file:
        columns = [
            field.name
            for field in file.schema_arrow
            if pa.types.is_string(field.type) or pa.types.is_integer(field.type)
        ]
        for batch in file.iter_batches(batch_size=_BATCH_ROWS, columns=columns):
            for name in columns:
                text = _choose_candidates(batch.column(name))
                if not len(text):
                    continue
                matches = text.filter(pc.fill_null(pc.match_substring_regex(text, _RESIDENT), False))
                count = sum(has_check_character(value) for value in matches.to_pylist())
                mobiles = pc.sum(pc.match_substring_regex(text, _MOBILE)).as_py() or 0
                for kind, number in (("resident-id", count), ("mobile-number", mobiles)):
                    if number:
                        found[(name, kind)] = found.get((name, kind), 0) + number
    return [PrivacyFinding(resource, name, kind, count) for (name, kind), count in found.items()]


def _choose_candidates(column: pa.Array) -> pa.Array:
    """The cells, as text, that are as long as one of the numbers looked for; nearly always none."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    text = column
    if pa.types.is_integer(column.type):
        greatest = pc.max(column).as_py()
        if greatest is None or greatest < _LEAST_MOBILE:
            return pa.nulls(0, pa.string())
        text = pc.cast(column, pa.string())
    found = np.flatnonzero(np.isin(find_lengths(text), _LENGTHS))
    return text.take(make_integers(found))


def has_check_character(number: str) -> bool:
    """Whether the last character of an 18-character resident identity number is the one its digits demand."""
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, number[:17], strict=True))
    return "10X98765432"[total % 11] == number[17].upper()
