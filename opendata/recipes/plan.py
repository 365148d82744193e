"""The steps of a recipe at work between a file and its check, in columns and in constant memory.

In: the names of the columns and batches of rows of a file, one after the other
Out: other names and batches; every row with its number in the file, every column with its place there
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from opendata.domain.recipes import Applied, Doubt, Recipe
from opendata.domain.schema import TableSchema
from opendata.errors import N_
from opendata.recipes.action import Action
from opendata.recipes.frame import Columns, Frame, close_frame, open_frame
from opendata.recipes.headers import JoinHeaders
from opendata.recipes.verbs import JOIN_HEADERS, RENAME, VERBS
from opendata.tables.schema.header import make_distinct
from opendata.tables.text.decoding import DecodingFault
from opendata.tables.text.records import Records
from opendata.tables.text.steps import Marks

if TYPE_CHECKING:
    pass


class Plan:
    """The steps of a recipe, ready for any file of its table."""

    def __init__(self, recipe: Recipe) -> None:
        self._recipe = recipe

    def begin(
        self, labels: Sequence[str], start: Sequence[Sequence[str]], *, first_row: int, marks: Marks
    ) -> PlanAtWork:
        """Look at the names of the columns and the first rows of a file, of which `first_row` is the first's number."""
        return PlanAtWork(self._recipe, labels, start, first_row, marks)


def make_plan(recipe: Recipe) -> Plan | None:
    """The plan of a recipe; None where no step comes before the check, so that nothing is in its way."""
    is_needed = any(VERBS[step.verb].make is not None or step.verb == JOIN_HEADERS for step in recipe.steps)
    return Plan(recipe) if is_needed else None


def doubt_units(
    applied: Sequence[Applied], schema: TableSchema | None, code: Callable[[str], str] = str
) -> Sequence[Applied]:
    """The steps with a doubt where a unit taken off cells isn't that of the field in the schema.

    `code` gives one text for all spellings of a unit.
    """
    units = {item.name: item.own.get("unit") for item in (schema.fields if schema else ())}
    steps = [item.step for item in applied]
    found = []
    for number, item in enumerate(applied):
        unit = item.step.params.get("unit")
        name = item.step.field
        for later in steps[number + 1 :]:  # the field has the name that the last step gives it
            name = later.params["to"] if later.verb == RENAME and later.field == name else name
        declared = units.get(name)
        if unit and declared and item.count and code(declared) != code(unit):
            text = N_("The schema says that the unit of “%(column)s” is “%(declared)s”, not “%(unit)s”: %(step)s")
            doubt = Doubt(text, {"column": name, "declared": declared, "unit": unit})
            item = Applied(item.step, item.count, (*item.doubts, doubt))
        found.append(item)
    return found


class PlanAtWork:
    """Steps on their way through one file of `width` columns. `labels` and `marks` are those of what comes out.

    Where a step needs a name, a column without one or with that of another has the one that `make_distinct` gives it.
    """

    def __init__(
        self, recipe: Recipe, labels: Sequence[str], start: Sequence[Sequence[str]], first_row: int, marks: Marks
    ) -> None:
        self._first_row = first_row
        headers = [JoinHeaders(step) for step in recipe.steps if step.verb == JOIN_HEADERS]
        self._header_rows = 0
        for header in headers:
            row = start[self._header_rows] if self._header_rows < len(start) else ()
            labels = header.join(labels, row)
            self._header_rows += header.count
        self.width = len(labels)
        names = make_distinct(labels)
        columns = Columns(list(names), [dict(marks.get(at, {})) for at in range(1, self.width + 1)])
        self._actions: list[Action] = []
        self._all: list[Action | JoinHeaders] = []
        waiting = iter(headers)
        for step in recipe.steps:
            make = VERBS[step.verb].make
            if make is not None:
                action = make(step)
                settled = action.settle(columns)
                columns = columns if action.is_off else settled
                self._actions.append(action)
                self._all.append(action)
            elif step.verb == JOIN_HEADERS:
                self._all.append(next(waiting))
        self.marks: Marks = {at: mark for at, mark in enumerate(columns.marks, start=1) if mark}
        self._places = self._find_places()
        self.labels: Sequence[str] = [
            labels[at - 1] if at and name == names[at - 1] and any(labels) else name
            for name, at in zip(columns.names, self._places, strict=True)
        ]

    @property
    def places(self) -> Sequence[int]:
        """The number in the file of each column that comes out; 0 where it isn't one column alone."""
        return self._places

    def run(self, records: Iterator[Records | DecodingFault]) -> Iterator[Records | DecodingFault]:
        """The rows of the file, in order, as the steps leave them."""
        import numpy as np

        following = self._first_row
        left = self._header_rows
        may_be_odd = True
        for item in records:
            if isinstance(item, DecodingFault):
                yield item
                continue
            numbers = item.numbers if item.numbers is not None else np.arange(following, following + item.rows)
            following += item.rows
            frame = open_frame(item, numbers)
            if left:
                gone = min(left, frame.rows)
                left -= gone
                frame = frame.take(np.arange(gone, frame.rows))
            may_be_odd = item.may_be_odd
            yield from self._pass(frame, 0, may_be_odd)
        for at, action in enumerate(self._actions, start=1):
            rest = None if action.is_off else action.end()
            if rest is not None:
                yield from self._pass(rest, at, may_be_odd)
        for action in self._actions:
            if not action.is_off:
                action.conclude()

    def report(self) -> Sequence[Applied]:
        """What became of each step; complete once all rows have come."""
        return [item.describe() for item in self._all]

    def _pass(self, frame: Frame, start: int, may_be_odd: bool) -> Iterator[Records]:
        """The rows after the steps from one on; batch by batch, however many one becomes and however many steps."""
        waiting: list[tuple[Iterator[Frame], int]] = [(iter([frame]), start)]
        while waiting:
            frames, at = waiting[-1]
            item = next(frames, None)
            if item is None:
                waiting.pop()
                continue
            while at < len(self._actions) and self._actions[at].is_off:
                at += 1
            if at == len(self._actions):
                yield close_frame(item, may_be_odd=may_be_odd)
            else:
                waiting.append((self._actions[at].apply(item), at + 1))

    def _find_places(self) -> Sequence[int]:
        places: Sequence[int] = range(1, self.width + 1)
        for action in self._actions:
            if not action.is_off:
                places = action.place(places)
        return places
