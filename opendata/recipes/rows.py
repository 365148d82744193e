"""Steps that leave rows out, by what they are and never by where they are, and that fill the gaps of merged cells.

In, `leave-out` of totals: `郑州`, `开封`, `合计`           Out: `郑州`, `开封`
In, the same:              `郑州`, `合计`, `开封`           Out: all three; a total between other rows is asked about
In, `leave-out` of totals, `within`: as before            Out: `郑州`, `开封`
In, `fill-down`:           `河南`, ``, ``, `河北`           Out: `河南`, `河南`, `河南`, `河北`
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from opendata.domain.recipes import Step
from opendata.errors import N_
from opendata.recipes.action import SHOWN, Action, count_true, find_blank, join_numbers
from opendata.recipes.frame import Frame, join_frames
from opendata.tables.arrow.arrays import make_text, view_flags
from opendata.tables.notation.totals import find_totals

if TYPE_CHECKING:
    import numpy as np

TOTALS, TEXT = "totals", "text"
"""Which rows are left out: totals of others, or those with a text in a column."""

_MOST_HELD = 10_000
"""At most this many rows of totals, one after the other, count as the end of a table."""

_LABELS = 2
"""A total is named in the step's column, or in one of the first two."""


INNER_TOTALS = N_(
    "Rows %(rows)s are named like totals but are between other rows, so they are kept. Are they totals? %(step)s"
)


class LeaveOutTotals(Action):
    """The totals at both ends of a table are left out; one between other rows only where `within` says so."""

    def __init__(self, step: Step) -> None:
        super().__init__(step)
        self._within = bool(self.params.get("within"))
        self._held: Frame | None = None
        self._has_data = False
        self._inner: list[int] = []
        self._elsewhere: list[int] = []

    def apply(self, frame: Frame) -> Iterator[Frame]:
        import numpy as np

        if self._held is not None:
            frame, self._held = join_frames(self._held, frame), None
        totals = find_totals(frame.columns[self.index])
        self._look_elsewhere(frame, totals)
        if self._within:
            yield from self._leave_out(frame, totals)
            return
        data = np.flatnonzero(~totals)
        if not len(data):
            if frame.rows <= _MOST_HELD:
                self._held = frame if frame.rows else None
            else:
                self._remember(frame, totals)
                yield frame
            return
        first, last = int(data[0]), int(data[-1])
        gone = np.zeros(frame.rows, bool)
        if not self._has_data:
            gone[:first] = True
        self._has_data = True
        inner = totals & ~gone
        inner[last:] = False
        self._remember(frame, inner)
        if last + 1 < frame.rows:
            self._held = frame.take(np.arange(last + 1, frame.rows))
            frame, gone = frame.take(np.arange(last + 1)), gone[: last + 1]
        yield from self._leave_out(frame, gone)

    def _leave_out(self, frame: Frame, gone: np.ndarray) -> Iterator[Frame]:
        import numpy as np

        count = int(gone.sum())
        self.count += count
        yield frame.take(np.flatnonzero(~gone)) if count else frame

    def _remember(self, frame: Frame, inner: np.ndarray) -> None:
        if len(self._inner) <= SHOWN and inner.any():
            self._inner += frame.numbers[inner].tolist()[: SHOWN + 1]

    def _look_elsewhere(self, frame: Frame, totals: np.ndarray) -> None:
        for at, column in enumerate(frame.columns[:_LABELS]):
            if at != self.index and len(self._elsewhere) <= SHOWN:
                found = find_totals(column) & ~totals
                self._elsewhere += frame.numbers[found].tolist()[: SHOWN + 1]

    def end(self) -> Frame | None:
        if self._held is not None:
            self.count += self._held.rows
            self._held = None
        return None

    def conclude(self) -> None:
        if self._inner:
            self.doubt(
                INNER_TOTALS,
                rows=join_numbers(self._inner),
            )
        if self._elsewhere:
            self.doubt(
                N_("Rows %(rows)s are named like totals in another column than “%(column)s”, so they are kept. Are"
                   " they totals? %(step)s"),
                rows=join_numbers(self._elsewhere),
                column=self.step.field,
            )  # fmt: skip
        if not (self.count or self.doubts):
            self.doubt(N_("The file has no row of totals any more, so this step leaves nothing out: %(step)s"))


class LeaveOutText(Action):
    """The rows that have a text in a column."""

    def apply(self, frame: Frame) -> Iterator[Frame]:
        import numpy as np
        import pyarrow.compute as pc

        column = frame.columns[self.index]
        same = pc.fill_null(pc.equal(pc.utf8_trim_whitespace(column), self.params["text"].strip()), False)
        found = count_true(same)
        self.count += found
        yield frame.take(np.flatnonzero(~view_flags(same))) if found else frame

    def conclude(self) -> None:
        if not self.count:
            self.doubt(
                N_("No row has “%(text)s” in the column “%(column)s” any more, so this step leaves nothing out:"
                   " %(step)s"),
                column=self.step.field,
                text=self.params["text"],
            )  # fmt: skip


class FillDown(Action):
    """Blank cells take the value above, as below merged cells; rows without anything stay blank."""

    def __init__(self, step: Step) -> None:
        super().__init__(step)
        self._last: str | None = None
        self._without: list[int] = []

    def apply(self, frame: Frame) -> Iterator[Frame]:
        import numpy as np
        import pyarrow as pa
        import pyarrow.compute as pc

        column = frame.columns[self.index]
        blank = find_blank(column)
        if count_true(blank):
            nothing = blank
            for other in frame.columns:
                nothing = pc.and_(nothing, find_blank(other))
            sources = pc.if_else(blank, make_text(None), column)
            filled = pc.fill_null_forward(pa.concat_arrays([pa.array([self._last], pa.string()), sources]))[1:]
            wanted = pc.and_not(blank, nothing)
            missing = np.flatnonzero(view_flags(pc.and_(wanted, filled.is_null())))
            self._without += frame.numbers[missing[: SHOWN + 1]].tolist() if len(self._without) <= SHOWN else []
            self.count += count_true(wanted) - len(missing)
            frame = frame.set(self.index, pc.if_else(pc.and_(wanted, filled.is_valid()), filled, column))
            column = filled
        if len(column):
            last = column[-1].as_py()
            self._last = last if last is not None else self._last
        yield frame

    def conclude(self) -> None:
        if self._without:
            self.doubt(
                N_("Rows %(rows)s have nothing in the column “%(column)s” and there is no value above them: %(step)s"),
                rows=join_numbers(self._without),
                column=self.step.field,
            )
        if not self.count:
            self.doubt(
                N_("The column “%(column)s” has no blank cells any more, so this step changes nothing: %(step)s"),
                column=self.step.field,
            )


def make_leave_out(step: Step) -> Action:
    """Leaving rows out, by what the step says they are."""
    return LeaveOutTotals(step) if step.params["what"] == TOTALS else LeaveOutText(step)
