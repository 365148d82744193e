"""Series: several files or sheets of one schema, cut by period or area, that are parts of one table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypedDict


class Cut(StrEnum):
    """What tells the parts of a series apart: one of the kinds of periods, an area, or the names of the files alone."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    HALF = "half"
    YEAR = "year"
    AREA = "area"
    NAME = "name"


COLUMNS: Mapping[Cut, tuple[str, str]] = {
    Cut.DAY: ("日期", "date"),
    Cut.WEEK: ("周", "week"),
    Cut.MONTH: ("月份", "month"),
    Cut.QUARTER: ("季度", "quarter"),
    Cut.HALF: ("半年", "half-year"),
    Cut.YEAR: ("年份", "year"),
    Cut.AREA: ("地区", "area"),
    Cut.NAME: ("文件", "file"),
}
"""What the column that tells the parts apart is called, in a Chinese table and in any other."""

FIELD_TYPES: Mapping[Cut, str] = {Cut.DAY: "date", Cut.MONTH: "yearmonth", Cut.YEAR: "year"}
"""The types of such a column whose values are all in the normal form of periods; all others are text."""


class PartOfSeriesJson(TypedDict, total=False):
    """One part: its file and blob, the `value` that its rows have in the column, and how many `rows` they are.

    `plain` and `dialect` say where its text is and how it is split, once somebody looked. `found` is what the file says
    about itself. `table` is the draft's table that it was, so that it can be one again; `made` are the blobs that the
    check of that made, until the whole is made and nothing needs them.
    """

    file: str
    upload: str
    upload_bytes: int
    value: str
    rows: int
    plain: str | None
    dialect: dict[str, Any]
    columns: dict[str, str]
    found: dict[str, Any]
    marks: dict[str, dict[str, Any]]
    table: dict[str, Any]
    made: list[str]


class SeriesJson(TypedDict, total=False):
    """What is kept of it with a draft's table; with a dataset, what holds for its next file (`KEPT`) alone.

    `added` says that `column` isn't in the files: it is filled with the values of the parts. `rest` is what the names
    of the files say besides. `found` is what the files say of the table as a whole. `made` is the blob that has all
    their rows. `apart` alone says that somebody wants the tables kept apart.
    """

    cut: str
    column: str
    added: bool
    rest: str
    found: dict[str, Any]
    parts: list[PartOfSeriesJson]
    made: str
    apart: bool


KEPT = ("cut", "column", "added", "rest")


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesOffer:
    """Tables of a draft that look like one: `tables` are their names in the order of `values`.

    `column` is what tells their rows apart, and `added` that no column of theirs holds it. `differences` say why they
    can't be joined: what differs (`columns`, `unit` or `schema`), in which table, and how. `asks` is there where
    somebody must answer before the draft can be submitted, `is_apart` where somebody keeps them apart. `rest` is what
    their names have in common.
    """

    cut: Cut
    tables: Sequence[str]
    files: Sequence[str]
    values: Sequence[str]
    column: str
    added: bool
    columns: int
    rest: str = ""
    differences: Sequence[tuple[str, str, str]] = ()
    asks: bool = False
    is_apart: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesView:
    """A table that was joined: the column that tells its parts apart, whether it was added, and the parts in order."""

    cut: str
    column: str
    added: bool
    parts: Sequence[Mapping[str, Any]] = field(default_factory=list)
