"""A table as its reader finds it: rows of cells as text, whatever file they came from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from opendata.intake.understanding import Decision


@dataclass(frozen=True, slots=True)
class Span:
    """Merged cells: first and last row, first and last column, from 1, ends included."""

    first_row: int
    last_row: int
    first_column: int
    last_column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TableInfo:
    """A table that a file offers. `place` is what opens it; `rows` and `columns` None where only reading tells.

    `is_prose` says that it has only lines of text, such as the sheet of explanations in a workbook.
    """

    name: str
    place: str
    hidden: bool = False
    rows: int | None = None
    columns: int | None = None
    is_prose: bool = False


@dataclass(slots=True)
class Grid:
    """The rows of one table, streaming, from row 1 on, blank rows included so that numbers stay true.

    A cell is text: numbers as people write them (`4111010001`, not `4111010001.0`), dates in ISO 8601, `true` and
    `false`, empty for nothing. `merges` is known before the first row. `has_header` is None if the layout must be
    detected (a sheet), true if the format itself names its columns in row 1 (JSON, Parquet). `decisions` is complete
    when `rows` has come to its end. `encoding` is that of a document of text. Before `first_row` all rows are blank.
    `marks` is what the source says of columns, by their numbers, that their fields keep (`unit`, `percent`, `crs`).
    `conclude` takes the number of the first row of data after the last row: then decisions and marks are complete.
    """

    rows: Iterator[Sequence[str]]
    merges: Sequence[Span] = ()
    has_header: bool | None = None
    decisions: list[Decision] = field(default_factory=list)
    encoding: str | None = None
    first_row: int = 1
    conclude: Callable[[int], None] | None = None
    marks: dict[int, Mapping[str, Any]] = field(default_factory=dict)
