"""A step at work on one file: it looks at the columns, changes rows as they come, and says in the end what it did."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from opendata.domain.recipes import Applied, Doubt, Step
from opendata.errors import N_
from opendata.recipes.frame import Columns, Frame

if TYPE_CHECKING:
    import pyarrow as pa

SHOWN = 5
"""At most this many rows are named in a doubt."""


class Action:
    """A step that changes nothing; what each verb does differently is in its own class.

    A step that doesn't fit leaves the table as it is and says so: `is_off`.
    """

    def __init__(self, step: Step) -> None:
        self.step = step
        self.count = 0
        self.doubts: list[Doubt] = []
        self.is_off = False
        self.index = -1

    @property
    def params(self) -> Any:
        """What the step says besides its column."""
        return self.step.params

    def settle(self, columns: Columns) -> Columns:
        """Find the step's column; the columns that come out."""
        found = columns.find(self.step.field)
        if found is None:
            return self.give_up(
                columns,
                N_("The file has no column “%(column)s” any more, so this step isn't applied: %(step)s"),
                column=self.step.field,
            )
        self.index = found
        return columns

    def place(self, places: Sequence[int]) -> Sequence[int]:
        """Where in the file the columns are that come out, from where those are that go in; 0: not one column alone."""
        return places

    def apply(self, frame: Frame) -> Iterator[Frame]:
        """The rows that come out of some rows."""
        yield frame

    def end(self) -> Frame | None:
        """The rows that were held back, once all have come."""
        return None

    def conclude(self) -> None:
        """Add the doubts that can be known only once all rows have come."""

    def doubt(self, message: str, /, **details: object) -> None:
        """Remember a doubt, a message with a place for the step itself."""
        self.doubts.append(Doubt(message, details))

    def give_up(self, columns: Columns, message: str, /, **details: object) -> Columns:
        """Leave the table as it is and say why."""
        self.is_off = True
        self.doubt(message, **details)
        return columns

    def describe(self) -> Applied:
        """What became of the step."""
        return Applied(self.step, self.count, tuple(self.doubts))


def join_numbers(numbers: list[int]) -> str:
    """The numbers of a few rows as one text."""
    shown = ", ".join(map(str, numbers[:SHOWN]))
    return f"{shown}, …" if len(numbers) > SHOWN else shown


def find_blank(column: pa.Array) -> pa.Array:
    """Where a column of text has nothing but white space; never null."""
    import pyarrow.compute as pc

    return pc.equal(pc.fill_null(pc.utf8_trim_whitespace(column), ""), "")


def find_text(column: pa.Array, text: str) -> pa.Array:
    """Where a column has exactly this text; a cell that isn't there, or is missing, has none. Never null."""
    import pyarrow.compute as pc

    return pc.equal(column.fill_null("") if column.null_count else column, text)


def count_true(mask: pa.Array) -> int:
    """How many are true."""
    import pyarrow.compute as pc

    return int(pc.sum(mask).as_py() or 0)
