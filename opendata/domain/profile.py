"""The description of a column's values: the JSON that is kept with a draft and with a version's report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Required, TypedDict

Bound = int | float | str
"""A value of a column: numbers are JSON numbers (whole ones beyond 2**53 text), all else is canonical text."""


class DistinctCount(TypedDict):
    """How many different values there are, counted or estimated."""

    count: int
    exact: bool


Bin = TypedDict("Bin", {"from": Bound, "to": Bound, "count": int})
"""How many values there are with `from` ≤ value < `to`."""


class TopValue(TypedDict):
    """A frequent value."""

    value: Bound | bool
    count: int


class ColumnProfile(TypedDict, total=False):
    """A column; what says nothing of its type is left out. `count` is of values, `mean` of finite ones.

    `special` says how many are NaN, INF and -INF; `longest` and `shortest` are lengths of text in characters; `top` are
    the most frequent values, the most frequent first.
    """

    name: Required[str]
    type: Required[str]
    count: Required[int]
    missing: Required[int]
    distinct: Required[DistinctCount]
    least: Bound
    greatest: Bound
    mean: float
    special: Mapping[str, int]
    longest: int
    shortest: int
    histogram: Sequence[Bin]
    top: Sequence[TopValue]


class Measures(TypedDict, total=False):
    """What a way of measuring adds to a profile."""

    least: Bound
    greatest: Bound
    mean: float
    longest: int
    shortest: int
    histogram: Sequence[Bin]
