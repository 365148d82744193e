"""What a chart asks of the rows of its table; who answers is handed in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from opendata.charts.chart import MAX_GROUPS
from opendata.errors import N_, InputError, Listed


@dataclass(frozen=True, slots=True)
class Key:
    """A column whose values make groups.

    With `width`, a group is an interval, by its number: `floor((value - start) / width)`. With `period` (`minute`,
    `hour`, `day`, `month` or `year`) it is the period of a date or a moment, by its first moment.
    """

    column: str
    start: float = 0
    width: float = 0
    period: str = ""


@dataclass(frozen=True, slots=True)
class Measure:
    """One value for each group: an aggregate of `charts.chart` over the values of a column.

    `rows` counts the rows and `distinct` the different values. `least` and `greatest` are those of the finite numbers.
    """

    function: str
    column: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Rows that the filters let through, in groups by the keys; without keys all are one group.

    The answer has a tuple for each group, in the order of the keys, missing values last: the keys, then the measures.
    """

    keys: tuple[Key, ...]
    measures: tuple[Measure, ...]
    limit: int = MAX_GROUPS + 1


ROWS = Measure("rows")
"""How many rows a group has."""

Answer = Sequence[tuple[Any, ...]]

Ask = Callable[[Question], Answer]
"""Answers a question about the table of a chart. Raises `InputError` for filters that can't be used."""


def ask_groups(ask: Ask, question: Question, titles: Mapping[str, str]) -> Answer:
    """All groups. Raises `InputError` where there are more than a chart can be made of."""
    found = ask(question)
    if len(found) >= question.limit:
        names = Listed(f"“{titles.get(key.column, key.column)}”" for key in question.keys)
        raise InputError(
            N_(
                "%(columns)s: there are more than %(limit)s different values, which is too many for a chart."
                " Choose another column, or filter the rows first"
            ),
            columns=names,
            limit=f"{question.limit - 1:,}",
        )
    return found
