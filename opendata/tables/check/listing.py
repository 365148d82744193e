"""What is wrong with rows: all of it counted exactly, and listed and stored up to the limits.

In a row come first its cells in the order of the columns, then extra cells, missing cells, and keys.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from opendata.domain.findings import Finding, Place, Problem
from opendata.tables.arrow.arrays import view_flags
from opendata.tables.check.columns import ScreenedColumn
from opendata.tables.report.findings import build_findings, findings_schema
from opendata.tables.report.report import Tally, TaskReport
from opendata.tables.text.records import Records
from opendata.tables.text.steps import StepsAtWork

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

MAX_STORED = 2_000_000
"""At most this many findings are stored per table, whatever the rules and columns."""

BLANK_ROW, EXTRA_CELL, MISSING_CELL = Problem("blank-row"), Problem("extra-cell"), Problem("missing-cell")

_PART_ROWS = 50_000

OnFindings = Callable[["pa.RecordBatch"], None]
"""Hears findings to be stored, as record batches of `findings_schema`."""


@dataclass(slots=True)
class Found:
    """Cells of one column that break rules: `problems[codes[i]]` are those of row `rows[i]` of the batch."""

    number: int
    name: str
    rows: np.ndarray
    codes: np.ndarray
    problems: Sequence[tuple[Problem, ...]]


class Listing:
    """Takes the findings of one batch after the other into a task's report; `stored` caps each rule and column."""

    def __init__(self, task: TaskReport, on_findings: OnFindings | None, stored: int) -> None:
        self._task = task
        self._on_findings = on_findings
        self.most = stored
        self._stored: Counter[Tally] = Counter()
        self._left = MAX_STORED
        self._names: Sequence[str] = ()
        self._steps: StepsAtWork | None = None

    @property
    def keeps_nothing(self) -> bool:
        """Whether findings are listed and counted, but not stored."""
        return self._on_findings is None

    def take(self, records: Records, numbers: np.ndarray, found: Sequence[Found], blank: np.ndarray | None) -> None:
        """Take the findings of one batch; `blank` marks rows without anything, for which nothing else is reported."""
        import numpy as np

        if blank is not None:
            found = [_leave_out(item, blank) for item in found]
        for item in found:
            self._count(item)
        ragged = self._count_ragged(records, blank)
        if blank is not None:
            self._task.count(Tally("blank-row", "", "blank-row"), int(blank.sum()))
        self._store(records, numbers, found, blank, ragged)
        rows = self._choose_rows(found, ragged, blank)
        if not rows:
            return
        wanted = np.unique(np.concatenate(rows))
        cells = _gather(found, wanted)
        for index in wanted.tolist():
            self._list_row(records, int(numbers[index]), index, cells.get(index, ()), blank)

    def store_rows(
        self,
        tally: Tally,
        rows: Sequence[int],
        problem: Problem,
        *,
        number: int | None = None,
        earlier: Sequence[int] = (),
        cell: str | None = None,
    ) -> None:
        """Store findings of whole rows; `earlier` are the rows that have the same values already.

        `cell` is the text that tells them.
        """
        import numpy as np
        import pyarrow as pa

        room = self._find_room(tally)
        if self._on_findings is None or room <= 0 or not rows:
            return
        rows = rows[:room]
        self._note_stored(tally, len(rows))
        which = np.zeros(len(rows), np.int64)
        cells = None if cell is None else pa.array([cell] * len(rows), pa.string())
        self._on_findings(
            build_findings(
                tally, rows, [problem], which=which, earlier=earlier[: len(rows)], number=number, cells=cells
            )
        )

    def store_again(self, batch: pa.RecordBatch, offset: int) -> None:
        """Store what the listing of a later piece of the table has stored, `offset` rows further down."""
        import pyarrow as pa
        import pyarrow.compute as pc

        if self._on_findings is None or not batch.num_rows:
            return
        rows = pc.add(batch.column("row"), offset)
        batch = pa.record_batch([rows, *batch.columns[1:]], schema=batch.schema)
        names = ("type", "fieldName", "rule", "strength")
        codes = pc.dictionary_encode(pc.binary_join_element_wise(*(batch.column(name) for name in names), "\0"))
        keep = []
        for code, text in sorted(enumerate(codes.dictionary.to_pylist()), key=lambda item: self._order(item[1])):
            places = pc.indices_nonzero(pc.equal(codes.indices, code))
            tally = Tally(*text.split("\0"))
            places = places[: max(self._find_room(tally), 0)]
            self._note_stored(tally, len(places))
            keep.append(places)
        chosen = pa.concat_arrays(keep)
        if len(chosen):
            self._on_findings(batch.take(chosen.take(pc.array_sort_indices(chosen))))

    def _order(self, text: str) -> int:
        name = text.split("\0")[1]
        return self._names.index(name) if name in self._names else 0

    def _find_room(self, tally: Tally) -> int:
        return min(self.most - self._stored[tally], self._left)

    def _note_stored(self, tally: Tally, number: int) -> None:
        self._stored[tally] += number
        self._left -= number

    def _choose_rows(
        self, found: Sequence[Found], ragged: np.ndarray | None, blank: np.ndarray | None
    ) -> list[np.ndarray]:
        """The rows of which something is still to be listed: the first with errors, and the first with remarks.

        What is listed of some rows doesn't depend on how they are cut into batches.
        """
        import numpy as np

        chosen = []
        for is_error in (True, False):
            if not self._task.has_room("error" if is_error else "warning"):
                continue
            rows = []
            for item in found:
                wanted = [
                    any((problem.strength == "error") == is_error for problem in problems) for problems in item.problems
                ]
                if any(wanted):
                    rows.append(item.rows[np.array(wanted)[item.codes]])
            if is_error:
                rows += [ragged] if ragged is not None else []
                rows += [np.flatnonzero(blank)] if blank is not None else []
            most = self._task.limit  # of rows in ascending order, the first of all are among the first of each
            if rows:
                chosen.append(np.unique(np.concatenate([part[:most] for part in rows]))[:most])
        return chosen

    def _count(self, item: Found) -> None:
        import numpy as np

        totals = np.bincount(item.codes, minlength=len(item.problems))
        sums: Counter[Tally] = Counter()
        for code in np.flatnonzero(totals).tolist():
            for problem in item.problems[code]:
                sums[Tally(problem.type, item.name, problem.rule, problem.strength)] += int(totals[code])
        for tally, number in sums.items():
            self._task.count(tally, number)

    def _count_ragged(self, records: Records, blank: np.ndarray | None) -> np.ndarray | None:
        """The rows with too many or too few cells; they are counted."""
        import numpy as np

        if records.sizes is None:
            return None
        width = len(records.columns)
        uneven = records.sizes != width
        if blank is not None:
            uneven &= ~blank
        sizes = records.sizes[uneven]
        more = int((sizes[sizes > width] - width).sum())
        if more:
            self._task.count(Tally("extra-cell", "", "extra-cell"), more)
        for place in range(int(sizes.min(initial=width)), width):
            name = self._names[place]
            self._task.count(Tally("missing-cell", name, "missing-cell"), int((sizes <= place).sum()))
        return np.flatnonzero(uneven)

    def name_columns(self, names: Sequence[str], steps: StepsAtWork | None = None) -> None:
        """Say what the columns are called; `steps` know where they are in the file, if not in the same order."""
        self._names, self._steps = names, steps

    def place(self, number: int) -> int | None:
        """The number in the file of a column that is checked, or of a cell beyond the last."""
        if self._steps is None:
            return number
        places = self._steps.places
        return (places[number - 1] or None) if number <= len(places) else number - len(places) + self._steps.width

    def _list_row(
        self,
        records: Records,
        row: int,
        index: int,
        broken: Sequence[tuple[Found, int]],
        blank: np.ndarray | None,
    ) -> None:
        cells = records.read_row(index)
        if blank is not None and blank[index]:
            self._task.list(Finding(BLANK_ROW, Place(row=row, cells=cells)))
            return
        for item, code in broken:
            cell = cells[item.number - 1] if item.number <= len(cells) else "None"
            for problem in item.problems[code]:
                number = self._find_place(records, item.number, index)
                place = Place(row=row, cells=cells, cell=cell, field=item.name, number=number)
                self._task.list(Finding(problem, place))
        width = len(records.columns)
        for number in range(width + 1, len(cells) + 1):
            extra = Place(row=row, cells=cells, cell=cells[number - 1], field="", number=self.place(number))
            self._task.list(Finding(EXTRA_CELL, extra))
        for number in range(len(cells) + 1, width + 1):
            lacking = Place(row=row, cells=cells, cell="", field=self._names[number - 1], number=self.place(number))
            self._task.list(Finding(MISSING_CELL, lacking))

    def _find_place(self, records: Records, number: int, index: int) -> int | None:
        place = records.places[number - 1] if records.places is not None else number
        return int(place if isinstance(place, int) else place[index]) or None

    def _store(
        self,
        records: Records,
        numbers: np.ndarray,
        found: Sequence[Found],
        blank: np.ndarray | None,
        ragged: np.ndarray | None,
    ) -> None:
        import numpy as np

        if self._on_findings is None:
            return
        for item in found:
            column = records.columns[item.number - 1]
            for tally, rows, problems, which in _group(item):
                room = self._find_room(tally)
                if room > 0:
                    rows = rows[:room]
                    self._note_stored(tally, len(rows))
                    place = records.places[item.number - 1] if records.places is not None else item.number
                    number = place if isinstance(place, int) else place[rows]
                    options: dict[str, Any] = {"which": which[:room], "number": number, "cells": column.take(rows)}
                    self._on_findings(build_findings(tally, numbers[rows], problems, **options))
        if blank is not None:
            tally = Tally("blank-row", "", "blank-row")
            rows = np.flatnonzero(blank)[: max(self._find_room(tally), 0)]
            self.store_rows(tally, numbers[rows].tolist(), BLANK_ROW)
        if ragged is not None and len(ragged):
            width = len(records.columns)
            sizes = records.sizes[ragged] if records.sizes is not None else ragged
            longer = ragged[sizes > width]
            tally = Tally("extra-cell", "", "extra-cell")
            self.store_rows(tally, numbers[longer[: max(self._find_room(tally), 0)]].tolist(), EXTRA_CELL)
            self._store_missing(numbers, ragged, sizes, width)

    def _store_missing(self, numbers: np.ndarray, ragged: np.ndarray, sizes: np.ndarray, width: int) -> None:
        """Store the missing cells row by row: column by column, merging those of a wide table takes much memory."""
        import numpy as np
        import pyarrow as pa

        assert self._on_findings is not None  # noqa: S101 - told by the caller
        rows, places = [], []
        for place in range(int(sizes.min()), width):
            tally = Tally("missing-cell", self._names[place], "missing-cell")
            short = ragged[sizes <= place][: max(self._find_room(tally), 0)]
            self._note_stored(tally, len(short))
            rows.append(short)
            places.append(np.full(len(short), place, np.int32))
        if not rows:
            return
        row, place_of = np.concatenate(rows), np.concatenate(places)
        order = np.argsort(row, kind="stable")
        names = pa.array(self._names, pa.string())
        for start in range(0, len(order), _PART_ROWS):
            part = order[start : start + _PART_ROWS]
            count = len(part)
            texts = [
                pa.repeat(pa.scalar(text, pa.string()), count) for text in ("missing-cell", "missing-cell", "error")
            ]
            columns = [
                pa.array(numbers[row[part]], pa.int64()),
                pa.array(place_of[part] + 1, pa.int32()),
                names.take(pa.array(place_of[part])),
                *texts,
                pa.nulls(count, pa.string()),
                pa.repeat(pa.scalar("missing-cell", pa.string()), count),
                pa.repeat(pa.scalar("{}", pa.string()), count),
            ]
            self._on_findings(pa.record_batch(columns, schema=findings_schema()))


def _gather(found: Sequence[Found], wanted: np.ndarray) -> Mapping[int, Sequence[tuple[Found, int]]]:
    """What is broken in the wanted rows, in the order of `found`: each with its code."""
    import numpy as np

    cells: dict[int, list[tuple[Found, int]]] = {}
    for item in found:
        end = int(item.rows.searchsorted(wanted[-1], "right"))
        chosen = np.isin(item.rows[:end], wanted)
        for row, code in zip(item.rows[:end][chosen].tolist(), item.codes[:end][chosen].tolist(), strict=True):
            cells.setdefault(row, []).append((item, code))
    return cells


def _group(item: Found) -> Iterator[tuple[Tally, np.ndarray, Sequence[Problem], np.ndarray]]:
    """The findings of one column rule by rule: rows, the different problems, and which is that of each row."""
    import numpy as np

    kinds: dict[Tally, dict[int, Problem]] = {}
    for code in np.unique(item.codes).tolist():
        for problem in item.problems[code]:
            tally = Tally(problem.type, item.name, problem.rule, problem.strength)
            kinds.setdefault(tally, {})[code] = problem
    for tally, problems in kinds.items():
        codes = np.fromiter(problems, np.int64, len(problems))
        chosen = np.isin(item.codes, codes)
        yield tally, item.rows[chosen], list(problems.values()), np.searchsorted(codes, item.codes[chosen])


def _leave_out(item: Found, blank: np.ndarray) -> Found:
    keep = ~blank[item.rows]
    return Found(item.number, item.name, item.rows[keep], item.codes[keep], item.problems)


def find_blank_rows(columns: Sequence[ScreenedColumn]) -> np.ndarray | None:
    """Which rows have nothing in any column (a cell of the wrong type is something); None for none."""
    import numpy as np
    import pyarrow.compute as pc

    blank = None
    for column in columns:
        if not column.text.null_count:
            return None
        null = column.text.is_null()
        blank = null if blank is None else pc.and_(blank, null)
        if not pc.any(blank, min_count=0).as_py():
            return None
    if blank is None:
        return None
    found = np.array(view_flags(blank))
    for column in columns:
        if column.rows is not None and column.codes is not None:
            wrong = np.array(
                [any(item.rule != "required" for item in items) or _is_blank(items) for items in column.problems]
            )
            found[column.rows[wrong[column.codes]]] = False
    return found if found.any() else None


def _is_blank(problems: Sequence[Problem]) -> bool:
    return any(problem.type == "blank-cell" for problem in problems)


def find_problems(columns: Mapping[int, tuple[str, ScreenedColumn]]) -> list[Found]:
    """The broken cells of screened columns, by the column's number."""
    return [
        Found(number, name, column.rows, column.codes, column.problems)
        for number, (name, column) in columns.items()
        if column.rows is not None and column.codes is not None
    ]
