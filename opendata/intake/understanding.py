"""What we understood of one table of a file: a value that is shown, corrected by a person, kept and replayed.

The names of a dialect are those of Table Dialect v2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

from opendata.errors import N_, InvalidMetadataError, fault
from opendata.intake.landmarks import POSITIONS, Landmarks, read_landmarks
from opendata.tables.text.dialect import flatten_dialect, read_dialect

CAREFUL = 0.9
"""What is less sure than this a person should look at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One thing that was settled about a file, and on what evidence.

    `rule` is a stable word (`encoding`, `delimiter`, `header`, `footnotes`, `hidden-sheet`, …); `text` a translatable
    message with `%(name)s` places for `details`; `sure` from 0 to 1: below `CAREFUL` a person should look. What `asks`
    is a question that a person must answer before the table is published.
    """

    rule: str
    text: str
    details: Mapping[str, Any] = field(default_factory=dict)
    sure: float = 1.0
    asks: bool = False

    def describe(self) -> dict[str, Any]:
        """As JSON; `text` worded in English, `template` what it was worded from."""
        found = {
            "rule": self.rule,
            "text": self.text % self.details,
            "template": self.text,
            "sure": round(self.sure, 3),
            "details": dict(self.details),
        }
        return {**found, "asks": True} if self.asks else found


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

    def shift(self, rows: int) -> Layout:
        """The same layout some rows further down."""
        header = tuple(number + rows for number in self.header_rows)
        last = None if self.last_row is None else self.last_row + rows
        return replace(self, header_rows=header, first_row=self.first_row + rows, last_row=last)

    def describe(self) -> dict[str, Any]:
        """The understanding as a JSON object."""
        return {
            "header_rows": list(self.header_rows),
            "first_row": self.first_row,
            "last_row": self.last_row,
            "first_column": self.first_column,
            "last_column": self.last_column,
            "titles": list(self.titles),
            "footnotes": list(self.footnotes),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Understanding:
    """How one table is read out of a file.

    `form` is the form of the innermost file: csv, xlsx, xls, xlsb, ods, spreadsheetml, html, json, jsonl, geojson, xml,
    parquet, arrow. `members` are the names to open inside containers, from outside in; `sheet` the sheet, or the place
    of the table inside a document (a JSON pointer, an XML path, the number of an HTML table). `dialect` is a Table
    Dialect descriptor without the header. `fill_merged` copies the value of merged body cells into all of them.
    `landmarks` say what the rows and columns that a person chose by number mean.
    """

    name: str
    form: str
    members: tuple[str, ...] = ()
    sheet: str | None = None
    hidden: bool = False
    encoding: str | None = None
    dialect: Mapping[str, Any] = field(default_factory=dict)
    layout: Layout = Layout()
    fill_merged: bool = False
    decisions: Sequence[Decision] = ()
    landmarks: Landmarks | None = None

    @property
    def sure(self) -> float:
        """How sure the least sure decision is."""
        return min((decision.sure for decision in self.decisions), default=1.0)

    def describe(self) -> dict[str, Any]:
        """The understanding as a JSON object."""
        return {
            "name": self.name,
            "form": self.form,
            "members": list(self.members),
            "sheet": self.sheet,
            "hidden": self.hidden,
            "encoding": self.encoding,
            "dialect": dict(self.dialect),
            **self.layout.describe(),
            "fill_merged": self.fill_merged,
            "decisions": [decision.describe() for decision in self.decisions],
            **({"landmarks": self.landmarks.describe()} if self.landmarks is not None else {}),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What a person says about how to read a table; it goes before whatever is found. None: as found.

    `columns` gives columns the names of fields: label → name. An empty `header_rows` says that there is no header.
    `exact` takes the file at its word: its first row names the columns, all others are data. `kept` is what was chosen
    for an earlier file.
    """

    encoding: str | None = None
    dialect: Mapping[str, Any] | None = None
    header_rows: tuple[int, ...] | None = None
    first_row: int | None = None
    last_row: int | None = None
    first_column: int | None = None
    last_column: int | None = None
    fill_merged: bool = False
    exact: bool = False
    columns: Mapping[str, str] = field(default_factory=dict)
    kept: Landmarks | None = None

    @property
    def has_positions(self) -> bool:
        """Whether rows or columns are chosen by number."""
        return any(getattr(self, name) is not None for name in POSITIONS)

    def declare(self, dialect: Mapping[str, Any] | None, encoding: str | None) -> Choices:
        """These choices, and where they say nothing, what the sender of a file declared about it."""
        found = self
        if dialect and found.dialect is None:
            found = replace(found, dialect=dialect)
            options = flatten_dialect(dialect)
            if found.header_rows is None and ("headerRows" in options or not options.get("header", True)):
                found = replace(found, header_rows=read_dialect(options).header_rows)
        if encoding and found.encoding is None:
            found = replace(found, encoding=encoding)
        return found

    def describe(self) -> dict[str, Any]:
        """As JSON: what was chosen alone."""
        found = {item.name: getattr(self, item.name) for item in fields(self)}
        found["header_rows"] = list(self.header_rows) if self.header_rows is not None else None
        found["kept"] = self.kept.describe() if self.kept is not None else None
        return {key: value for key, value in found.items() if value not in (None, False) and value != {}}


_NUMBERS = ("first_row", "last_row", "first_column", "last_column")
_MOST = 2**31 - 1


def read_choices(given: Mapping[str, Any] | None) -> Choices:
    """Choices from JSON. Raises `InvalidMetadataError` naming each property that cannot be followed."""
    found = dict(given or {})
    faults = []
    for name in found:
        if name not in {item.name for item in fields(Choices)}:
            faults.append(fault(f"/{name[:100]}", N_("This option doesn't exist")))
    for name in _NUMBERS:
        if found.get(name) is not None and not _is_number(found[name]):
            faults.append(fault(f"/{name}", N_("This must be a whole number, 1 or more")))
    rows = found.get("header_rows")
    if rows is not None and not (isinstance(rows, Sequence) and len(rows) <= 10 and all(map(_is_number, rows))):
        faults.append(fault("/header_rows", N_("This must be a list of at most ten row numbers, counted from 1")))
    for name, kind in (
        ("encoding", str),
        ("dialect", Mapping),
        ("columns", Mapping),
        ("fill_merged", bool),
        ("exact", bool),
    ):
        if found.get(name) is not None and not isinstance(found[name], kind):
            faults.append(fault(f"/{name}", N_("This has the wrong type")))
    columns = found.get("columns")
    if isinstance(columns, Mapping) and not all(isinstance(value, str) and value for value in columns.values()):
        faults.append(fault("/columns", N_("Each column must be mapped to the name of a field")))
    if faults:
        raise InvalidMetadataError(faults=faults)
    if rows is not None:
        found["header_rows"] = tuple(sorted(set(rows)))
    if found.get("kept") is not None:
        found["kept"] = read_landmarks(found["kept"])
    return Choices(**{key: value for key, value in found.items() if value is not None})


def _is_number(value: object) -> bool:
    return type(value) is int and 0 < value <= _MOST
