"""Steps that change which columns a table has, in what order and under what names, and years across into rows.

In, `drop` B:            A, B, C                   Out: A, C
In, `rename` B to D:     A, B, C                   Out: A, D, C
In, `reorder` C, A:      A, B, C                   Out: C, A, B
In, `unpivot` of years:  地区, 2018年, 2019年       Out: 地区, year, value; two rows for each
In, a header:            地区, 1月, 2月, 3月         Out of `propose_turning`: an unpivot of months to 月份 and 数值
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from opendata.domain.recipes import Step
from opendata.domain.schema import TableSchema
from opendata.errors import N_
from opendata.recipes.action import Action
from opendata.recipes.frame import Columns, Frame
from opendata.tables.schema.header import make_distinct

YEARS, MONTHS = "years", "months"
"""The columns to turn into rows, where they are all those named by a year, or by a month."""

_YEAR = re.compile(r"((?:19|20)[0-9]{2})\s*(?:年|年度)?")
_OF_YEARS = re.compile(r"year|年", re.IGNORECASE)
_MONTH = re.compile(
    r"(?:((?:19|20)[0-9]{2})\s*(?:年|[-/.]))?\s*(0?[1-9]|1[0-2])\s*月(?:份)?|((?:19|20)[0-9]{2})[-/](0?[1-9]|1[0-2])"
)
_COMPARED = re.compile(r"[增比率%％±]|change|growth|share|rate", re.IGNORECASE)
"""Names of columns beside years that say how these differ: turned, each row would repeat it."""

_FEWEST_YEARS = 2
_FEWEST_ACROSS = 3
"""So many columns named by a year or a month make a table in which these are across."""

_MOST_BESIDE = 6
_MOST_CELLS = 1_000_000
"""About so many cells come out of one batch of rows."""

_TAKEN = N_("The file has a column “%(column)s” already, so this step isn't applied: %(step)s")


class Drop(Action):
    """A column that isn't published."""

    def settle(self, columns: Columns) -> Columns:
        super().settle(columns)
        if self.is_off:
            return columns
        self.count = 1
        self._kept = [at for at in range(len(columns.names)) if at != self.index]
        return _choose(columns, self._kept)

    def place(self, places: Sequence[int]) -> Sequence[int]:
        return [places[at] for at in self._kept]

    def apply(self, frame: Frame) -> Iterator[Frame]:
        yield frame.choose(self._kept)


class Rename(Action):
    """A column under another name."""

    def settle(self, columns: Columns) -> Columns:
        super().settle(columns)
        if self.is_off:
            return columns
        name = self.params["to"]
        if columns.find(name) is not None:
            return self.give_up(columns, _TAKEN, column=name)
        self.count = 1
        return Columns([name if at == self.index else item for at, item in enumerate(columns.names)], columns.marks)


class Reorder(Action):
    """Some columns first, in an order of their own; those that aren't named follow as they are."""

    def settle(self, columns: Columns) -> Columns:
        wanted = [name for name in self.params["fields"] if columns.find(name) is not None]
        gone = [name for name in self.params["fields"] if columns.find(name) is None]
        if gone:
            self.doubt(
                N_("The file has no column “%(column)s” any more. The others are put in order: %(step)s"),
                column=gone[0],
            )
        first = [columns.names.index(name) for name in wanted]
        self._order = [*first, *(at for at in range(len(columns.names)) if at not in set(first))]
        self.count = len(first)
        return _choose(columns, self._order)

    def place(self, places: Sequence[int]) -> Sequence[int]:
        return [places[at] for at in self._order]

    def apply(self, frame: Frame) -> Iterator[Frame]:
        yield frame.choose(self._order)


class Unpivot(Action):
    """Columns side by side, such as one a year, as rows below one another: one column with their names, one of values.

    The two take the place of the first of them. Each cell keeps its row and column in the file.
    """

    def settle(self, columns: Columns) -> Columns:
        chosen = self._choose(columns.names)
        if not chosen:
            return columns
        self._chosen = [columns.names.index(name) for name in chosen]
        inside = set(self._chosen)
        start = min(inside)
        self._before = [at for at in range(start) if at not in inside]
        self._after = [at for at in range(start, len(columns.names)) if at not in inside]
        kept = _choose(columns, [*self._before, *self._after])
        name, value = self.params["name"], self.params["value"]
        for item in (name, value):
            if item in kept.names:
                return self.give_up(columns, _TAKEN, column=item)
        unit = self.params.get("unit")
        if unit in kept.names or unit in (name, value):
            return self.give_up(columns, _TAKEN, column=unit)
        self.count = len(chosen)
        self._names = [name_turned(self.step, item) for item in chosen]
        marks = [columns.marks[at] for at in self._chosen]
        self._units = [str(mark.get("unit", "")) for mark in marks]
        self._has_units = unit is not None
        if len(set(self._units)) > 1 and not self._has_units:
            self.doubt(
                N_("The columns have different units (%(units)s), which the column “%(value)s” can't have all. Undo the"
                   " step, and add it again with a column for the units: %(step)s"),
                units=", ".join(dict.fromkeys(item or "—" for item in self._units)),
                value=value,
            )  # fmt: skip
        place = len(self._before)
        made = [name, value, *([unit] if self._has_units else [])]
        mark = {key: item for key, item in marks[0].items() if all(other.get(key) == item for other in marks)}
        if self._has_units:
            mark.pop("unit", None)
        made_marks: list[dict[str, Any]] = [{}, mark, *([{}] if self._has_units else [])]
        names = [*kept.names[:place], *made, *kept.names[place:]]
        return Columns(names, [*kept.marks[:place], *made_marks, *kept.marks[place:]])

    def _choose(self, names: Sequence[str]) -> list[str]:
        """The names of the columns to turn; none where the step doesn't fit."""
        wanted = self.params["columns"]
        if wanted in (YEARS, MONTHS):
            chosen = list(filter(is_year if wanted == YEARS else is_month, names))
            if not chosen:
                self.is_off = True
                text = N_("The file has no columns named by a year any more, so this isn't applied: %(step)s")
                of_months = N_("The file has no columns named by a month any more, so this isn't applied: %(step)s")
                self.doubt(text if wanted == YEARS else of_months)
            return chosen
        gone = [name for name in wanted if name not in names]
        if gone:
            self.is_off = True
            text = N_("The file has no column “%(column)s” any more, so this step isn't applied: %(step)s")
            self.doubt(text, column=gone[0])
            return []
        return list(wanted)

    def place(self, places: Sequence[int]) -> Sequence[int]:
        made = [0] * (3 if self._has_units else 2)
        return [*(places[at] for at in self._before), *made, *(places[at] for at in self._after)]

    def apply(self, frame: Frame) -> Iterator[Frame]:
        import numpy as np

        width = len(self._before) + len(self._after) + 2
        most = max(1, _MOST_CELLS // (width * len(self._chosen)))
        for start in range(0, frame.rows, most):
            rows = np.arange(start, min(start + most, frame.rows))
            yield self._turn(frame.take(rows) if len(rows) < frame.rows else frame)

    def _turn(self, frame: Frame) -> Frame:
        import numpy as np
        import pyarrow as pa

        rows, times = frame.rows, len(self._chosen)
        each = np.repeat(np.arange(rows), times)
        which = np.tile(np.arange(times), rows)
        values = pa.concat_arrays([frame.columns[at] for at in self._chosen]).take(pa.array(which * rows + each))
        names = pa.array(self._names, pa.string()).take(pa.array(which))
        sources = [np.broadcast_to(frame.places[at], rows) for at in self._chosen]
        places = np.stack(sources)[which, each]
        out = frame.take(each)
        units = [pa.array(self._units, pa.string()).take(pa.array(which))] if self._has_units else []
        before = [out.columns[at] for at in self._before]
        after = [out.columns[at] for at in self._after]
        return replace(
            out,
            columns=[*before, names, values, *units, *after],
            places=[
                *(out.places[at] for at in self._before),
                places,
                places,
                *([places] if units else []),
                *(out.places[at] for at in self._after),
            ],
            extra={at * times: cells for at, cells in frame.extra.items()},
        )


def propose_unpivot(labels: Sequence[str], schema: TableSchema) -> Step | None:
    """Turning columns named by a year into rows, where that gives a schema the two fields that a file lacks."""
    years = list(filter(is_year, labels))
    known = set(schema.names)
    missing = [item for item in schema.fields if item.name not in labels]
    if len(years) < _FEWEST_YEARS or known.intersection(years) or len(missing) != 2:
        return None
    moments = [item for item in missing if item.type in ("year", "yearmonth", "date") or _OF_YEARS.search(item.name)]
    if len(moments) != 1:
        return None
    (value,) = (item for item in missing if item is not moments[0])
    return Step("unpivot", "", {"columns": YEARS, "name": moments[0].name, "value": value.name})


def propose_turning(labels: Sequence[str], cells: Sequence[str] = ()) -> Sequence[Step]:
    """Turning a table that has years or months across into rows; nothing for any other table.

    The new columns are named in the language of the header, or of the `cells` below it. A column beside the others that
    has no name gets one.
    """
    names = make_distinct(labels)
    for wanted, is_of in ((YEARS, is_year), (MONTHS, is_month)):
        across = [name for name in names if is_of(name)]
        beside = [label for name, label in zip(names, labels, strict=True) if name not in across]
        if len(across) < _FEWEST_ACROSS or not 0 < len(beside) <= _MOST_BESIDE or any(map(_COMPARED.search, beside)):
            continue
        moment, item, value = (_CHINESE if is_chinese([*labels, *cells]) else _ENGLISH)[wanted]
        *_, moment, item, value = make_distinct([*beside, moment, item, value])
        step = Step("unpivot", "", {"columns": wanted, "name": moment, "value": value})
        nameless = [name for name, label in zip(names, labels, strict=True) if not label]
        if len(nameless) > 1:
            continue
        return [*(Step("rename", name, {"to": item}) for name in nameless), step]
    return []


_CHINESE = {YEARS: ("年份", "项目", "数值"), MONTHS: ("月份", "项目", "数值")}
_ENGLISH = {YEARS: ("year", "item", "value"), MONTHS: ("month", "item", "value")}


def is_chinese(labels: Sequence[str]) -> bool:
    """Whether columns are named in Chinese, so that new ones are too."""
    return bool(re.search("[一-鿿]", "".join(labels)))


def name_turned(step: Step, label: str) -> str:
    """What a column of the file that a step turns into rows is called in them."""
    match step.params["columns"]:
        case "years":
            return _write_year(label)
        case "months":
            return _write_month(label)
    return label


def is_year(label: str) -> bool:
    """Whether a column is named by a year."""
    return _YEAR.fullmatch(label.strip()) is not None


def is_month(label: str) -> bool:
    """Whether a column is named by a month, with its year or without."""
    return _MONTH.fullmatch(label.strip()) is not None


def _write_month(label: str) -> str:
    """2026年8月 as 2026-08, and 8月 as 8."""
    found = _MONTH.fullmatch(label.strip())
    if not found:
        return label
    year, month = found[1] or found[3], found[2] or found[4]
    return f"{year}-{int(month):02}" if year else str(int(month))


def _write_year(label: str) -> str:
    found = _YEAR.fullmatch(label.strip())
    return found[1] if found else label


def _choose(columns: Columns, indices: Sequence[int]) -> Columns:
    return Columns([columns.names[at] for at in indices], [columns.marks[at] for at in indices])
