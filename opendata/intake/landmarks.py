"""Where a table is in a file, by what its rows say: kept instead of row numbers, and found again in the next file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from opendata.errors import N_, InvalidMetadataError, fault

POSITIONS = ("header_rows", "first_row", "last_row", "first_column", "last_column")
"""The choices that are numbers of rows and columns: right for one file only."""

MOST_ROWS = 30
"""At most this many rows are remembered on each side of the table."""

_MOST_CELLS = 200
_MOST_CHARACTERS = 80

Rows = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Landmarks:
    """What a person's choices about rows and columns meant in the file they were made for. None: not chosen.

    `header` has the texts of the header's rows, and `offsets` how far below the first each is; both are empty where
    there is no header. `skipped` are the rows between header and data, `below` those under the table, none where it
    goes to the end. `first_column` and `last_column` are labels, `outside` the labels of the columns left out.
    `is_whole_sheet` says that all tables of a sheet are read as one. `encoding` is that of the text. `positions` are
    numbers whose meaning isn't known.
    """

    header: Rows | None = None
    offsets: tuple[int, ...] = ()
    skipped: Rows | None = None
    below: Rows | None = None
    first_column: str | None = None
    last_column: str | None = None
    outside: tuple[str, ...] = ()
    is_whole_sheet: bool = False
    encoding: str | None = None
    positions: Mapping[str, Any] = field(default_factory=dict)

    def describe(self) -> dict[str, Any]:
        """As JSON, without what was not chosen."""
        found = {item.name: getattr(self, item.name) for item in fields(self)}
        for name in ("header", "skipped", "below"):
            if found[name] is not None:
                found[name] = [list(row) for row in found[name]]
        found |= {"offsets": list(self.offsets), "outside": list(self.outside), "positions": dict(self.positions)}
        return {
            name: value for name, value in found.items() if value is not None and (value or name not in _EMPTY_IS_NONE)
        }


_EMPTY_IS_NONE = ("offsets", "outside", "is_whole_sheet", "positions")


def read_landmarks(given: object) -> Landmarks:
    """Landmarks from JSON. Raises `InvalidMetadataError` for anything that `describe` doesn't write."""
    try:
        return _read(given)
    except (TypeError, ValueError, AttributeError):
        raise InvalidMetadataError(faults=[fault("/kept", N_("This has the wrong type"))]) from None


def keep_choices(chosen: Mapping[str, Any], reading: Mapping[str, Any] | None) -> dict[str, Any]:
    """The choices made for one file as they apply to the next: numbers of rows and columns become landmarks.

    `reading` is what was understood of the file under these choices. Without its landmarks, the numbers are kept as
    a question to ask, never to be followed.
    """
    positions = {name: chosen[name] for name in POSITIONS if chosen.get(name) is not None}
    found = {name: value for name, value in chosen.items() if name not in (*POSITIONS, "encoding")}
    if positions:
        landmarks = (reading or {}).get("landmarks")
        found["kept"] = landmarks or Landmarks(positions=positions).describe()
    if chosen.get("encoding"):
        found["kept"] = {**found.get("kept", {}), "encoding": chosen["encoding"]}
    return found


def trim_rows(rows: Sequence[Sequence[str]]) -> Rows:
    """Rows as they are remembered: spaces single, long texts cut, empty cells at the end left out."""
    return tuple(trim_row(row) for row in rows[:MOST_ROWS])


def trim_row(row: Sequence[str]) -> tuple[str, ...]:
    """One row as it is remembered."""
    cells = [tidy(cell) for cell in row[:_MOST_CELLS]]
    while cells and not cells[-1]:
        cells.pop()
    return tuple(cells)


def tidy(cell: str) -> str:
    """The beginning of a cell's text, with single spaces."""
    return " ".join(cell[: 2 * _MOST_CHARACTERS].split())[:_MOST_CHARACTERS]


def _read(given: object) -> Landmarks:
    if not isinstance(given, Mapping):
        raise TypeError
    found: dict[str, Any] = dict(given)
    for name in ("header", "skipped", "below"):
        if found.get(name) is not None:
            found[name] = tuple(tuple(_text(cell) for cell in row) for row in found[name])
    for name in ("first_column", "last_column", "encoding"):
        if found.get(name) is not None:
            _text(found[name])
    offsets = tuple(found.get("offsets", ()))
    if not all(type(number) is int and 0 <= number <= MOST_ROWS for number in offsets):
        raise ValueError
    if found.get("header") is not None and len(offsets) != len(found["header"]):
        raise ValueError
    positions = found.get("positions", {})
    if not set(positions) <= set(POSITIONS):
        raise ValueError
    found |= {
        "offsets": offsets,
        "outside": tuple(_text(label) for label in found.get("outside", ())),
        "is_whole_sheet": bool(found.get("is_whole_sheet")),
        "positions": dict(positions),
    }
    return Landmarks(**found)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value
