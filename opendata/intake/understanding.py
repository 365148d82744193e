"""What we understood of one table of a file: a value that is shown, corrected by a person, kept and replayed.

The names of a dialect are those of Table Dialect v2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One thing that was settled about a file, and on what evidence.

    `rule` is a stable word (`encoding`, `delimiter`, `header`, `footnotes`, `hidden-sheet`, …); `text` a translatable
    message with `%(name)s` places for `details`; `sure` from 0 to 1: below 0.9 a person should look.
    """

    rule: str
    text: str
    details: Mapping[str, Any] = field(default_factory=dict)
    sure: float = 1.0

    def describe(self) -> dict[str, Any]:
        """As JSON, worded in English."""
        text = self.text % self.details
        return {"rule": self.rule, "text": text, "sure": round(self.sure, 3), "details": dict(self.details)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where in a grid of cells the table lies. Rows and columns are numbered from 1, as a spreadsheet numbers them.

    `header_rows` is empty for a table without a header; `last_row` and `last_column` are None for up to the end.
    `titles` are the lines above the header, `footnotes` those below the last row, each as one text.
    """

    header_rows: tuple[int, ...] = (1,)
    first_row: int = 2
    last_row: int | None = None
    first_column: int = 1
    last_column: int | None = None
    titles: tuple[str, ...] = ()
    footnotes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Understanding:
    """How one table is read out of a file.

    `form` is the form of the innermost file: csv, xlsx, xls, xlsb, ods, html, json, jsonl, geojson, xml, parquet,
    arrow. `members` are the names to open inside containers, from outside in; `sheet` the sheet, or the place of the
    table inside a document (a JSON pointer, an XML path, the number of an HTML table). `dialect` is a Table Dialect
    descriptor without the header. `fill_merged` copies the value of merged body cells into all of them.
    """

    name: str
    form: str
    members: tuple[str, ...] = ()
    sheet: str | None = None
    encoding: str | None = None
    dialect: Mapping[str, Any] = field(default_factory=dict)
    layout: Layout = Layout()
    fill_merged: bool = False
    decisions: Sequence[Decision] = ()
