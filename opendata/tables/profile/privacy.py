"""Personal identifiers in a table: which columns hold them, and how many.

Source: GB 11643-1999 (resident identity number, check character by ISO 7064 MOD 11-2); mainland mobile numbers have 11
digits beginning with 13 to 19. Findings carry counts and columns, never values.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from opendata.tables.arrow.arrays import make_integers
from opendata.tables.arrow.shapes import find_bytes, find_lengths, is_of_bytes

if TYPE_CHECKING:
    import pyarrow as pa

_RESIDENT = r"^[1-9][0-9]{5}(19|20)[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9Xx]$"
_MOBILE = r"^(\+?86)?1[3-9][0-9]{9}$"
_MOBILE_DIGITS, _RESIDENT_CHARACTERS = 11, 18
_LENGTHS = (_MOBILE_DIGITS, 13, 14, _RESIDENT_CHARACTERS)
_LONGEST = max(_LENGTHS)
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
        """The finding as a JSON object."""
        return {"resource": self.resource, "field": self.field, "kind": self.kind, "count": self.count}


class PrivacyScreen:
    """Looks through the text and whole-number columns of one table, batch by batch, in the pass that writes it."""

    def __init__(self, resource: str) -> None:
        self._resource = resource
        self._found: Counter[tuple[str, str]] = Counter()

    def take(self, batch: pa.RecordBatch) -> None:
        """Look at some rows, by their Arrow types."""
        import pyarrow as pa
        import pyarrow.compute as pc

        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            if not (pa.types.is_string(column.type) or pa.types.is_integer(column.type)):
                continue
            text = _choose_candidates(column)
            if text is None:
                continue
            residents = 0
            if (find_lengths(text) == _RESIDENT_CHARACTERS).any():
                matches = text.filter(pc.match_substring_regex(text, _RESIDENT))
                residents = sum(has_check_character(value) for value in matches.to_pylist())
            mobiles = _count_mobiles(text)
            self._found.update({(name, "resident-id"): residents, (name, "mobile-number"): mobiles})

    def list(self) -> Sequence[PrivacyFinding]:
        """What was found so far."""
        return [PrivacyFinding(self._resource, *place, count) for place, count in self._found.items() if count]


def _count_mobiles(text: pa.Array) -> int:
    import pyarrow.compute as pc

    if (find_lengths(text) == _MOBILE_DIGITS).all() and is_of_bytes(text, 48, 57):
        return int(((find_bytes(text, 0) == ord("1")) & (find_bytes(text, 1) >= ord("3"))).sum())
    return pc.sum(pc.match_substring_regex(text, _MOBILE)).as_py() or 0


def _choose_candidates(column: pa.Array) -> pa.Array | None:
    """The cells, as text, that are as long as one of the numbers looked for and begin like it; nearly always none."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    text = column
    if pa.types.is_integer(column.type):
        greatest = pc.max(column).as_py()
        if greatest is None or greatest < _LEAST_MOBILE:
            return None
        text = pc.cast(column, pa.string())
    lengths = find_lengths(text)
    wanted = np.zeros(_LONGEST + 2, bool)
    wanted[list(_LENGTHS)] = True
    found = np.flatnonzero(wanted[np.minimum(lengths, _LONGEST + 1)])
    if not len(found):
        return None
    begin = find_bytes(text, 0)[found]
    found = found[((begin >= ord("0")) & (begin <= ord("9"))) | (begin == ord("+"))]
    return text.take(make_integers(found)) if len(found) else None


def has_check_character(number: str) -> bool:
    """Whether the last character of an 18-character resident identity number is the one its digits demand."""
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, number[:17], strict=True))
    return "10X98765432"[total % 11] == number[17].upper()
