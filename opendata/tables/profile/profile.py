"""What the columns of a table hold: how many values, how many different ones, from where to where, which most often.

A profile is made in the pass that checks and writes a table. It takes so much memory whatever the number of rows, and
depends on the rows alone: however they are cut into batches, it is the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from opendata.domain.profile import ColumnProfile, Measures, TopValue
from opendata.domain.schema import Field
from opendata.tables.arrow.arrays import make_integers, view_numbers
from opendata.tables.arrow.distinct import Sketch, Tally
from opendata.tables.profile.scales import Scale, TextMeasures, choose_scale
from opendata.tables.profile.sums import POURED_ROWS

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

MOST_DISTINCT = 10_000
"""At most this many different values of a column are counted one by one; beyond that, their number is an estimate.

Its standard error is 1/√MOST_DISTINCT, and more in tables of more than 100 columns.
"""

MOST_TOP = 10

REVEALING = frozenset(["least", "greatest", "mean", "special", "longest", "shortest", "top", "histogram"])
"""What is left out of a column that may describe persons."""

LEAST_DISTINCT = 100
"""At least this many different values are counted one by one, even in tables of very many columns."""

MOST_BYTES = 2 * 1024 * 1024
"""At most this many bytes of different values of a column are held."""

_PIECE_ROWS = 65_536
MANY_TIES = 100
"""Of more equally frequent values than this, the least are found by sorting."""
_ALL_DISTINCT = 1_000_000
_ALL_BYTES = 64 * 1024 * 1024


class Profiler:
    """Profiles the columns of one table: `fields` are its Table Schema fields, `schema` its Arrow types."""

    def __init__(self, fields: Sequence[Field], schema: pa.Schema) -> None:
        count = max(1, len(fields))
        most = min(MOST_DISTINCT, max(LEAST_DISTINCT, _ALL_DISTINCT // count))
        most_bytes = min(MOST_BYTES, max(4096, _ALL_BYTES // count))
        self._columns = [
            _Column(item, choose_scale(item, kind.type), most, most_bytes)
            for item, kind in zip(fields, schema, strict=True)
        ]

    def take(self, typed: pa.RecordBatch, text: pa.RecordBatch) -> None:
        """Regard some rows: by their Arrow types, and as canonical text."""
        for start in range(0, typed.num_rows, _PIECE_ROWS):
            for place, column in enumerate(self._columns):
                column.take(typed.column(place).slice(start, _PIECE_ROWS), text.column(place).slice(start, _PIECE_ROWS))

    def join(self, other: Profiler) -> None:
        """Take in the profile of other rows of the same table, which can be used no more."""
        for own, added in zip(self._columns, other._columns, strict=True):
            own.join(added)

    def describe(self) -> list[ColumnProfile]:
        """The profile, an object for each column in order.

        Always: `name`, `type`, `count` (of values), `missing`, `distinct`: `{"count", "exact"}`.
        Of what has an order: `least`, `greatest` (of text, by Unicode, where distinct values are few).
        Of numbers: `mean` (of finite ones) and, where there are any, `special`: how many are NaN, INF, -INF.
        Of text: `longest`, `shortest`, in characters.
        Of numbers, days, moments and years that are not all the same: `histogram`: `[{"from", "to", "count"}]`, at
        most 20, `from` ≤ value < `to`.
        Where distinct values are few and come twice on average (or are ten at most, not each once): `top`:
        `[{"value", "count"}]`, at most ten, the most frequent first.

        Whole numbers are JSON numbers (beyond 2**53 text) and so are doubles; all else is canonical text.
        """
        return [column.describe() for column in self._columns]


def withhold_values(column: ColumnProfile) -> ColumnProfile:
    """The description of a column without anything that tells its values: counts alone."""
    return cast(ColumnProfile, {key: value for key, value in column.items() if key not in REVEALING})


def is_withheld(column: ColumnProfile) -> bool:
    """Whether a description tells counts alone, although there are values: they may describe persons."""
    return column["count"] > 0 and not REVEALING & column.keys()


class _Column:
    """One column: its values counted one by one while they are few, then measured as they come."""

    def __init__(self, field: Field, scale: Scale, most: int, most_bytes: int) -> None:
        self._name, self._kind = field.name, field.type
        self._scale = scale
        self._measures = scale.measure()
        self._tally: Tally | None = Tally(most, most_bytes)
        self._sketch = Sketch(most + 1)
        self._count = 0
        self._missing = 0

    def take(self, typed: pa.Array, text: pa.Array) -> None:
        self._missing += typed.null_count
        if typed.null_count:
            typed, text = typed.drop_null(), text.drop_null()
        self._count += len(typed)
        values = self._scale.read(typed, text)
        if self._tally is None:
            for start in range(0, len(values), POURED_ROWS):
                self._pour(values.slice(start, POURED_ROWS), None)
        elif not self._tally.take(values):
            self._give_up_tally()

    def describe(self) -> ColumnProfile:
        if self._tally is not None and not self._tally.settle():
            self._give_up_tally()
        measures, top = self._measures, None
        if self._tally is not None:
            measures, top = self._scale.measure(), self._tally.list()
            number, exact = len(top[0]) if top else 0, True
            if top:
                measures.take(*top)
        else:
            number, exact = self._sketch.estimate()
        special = self._scale.special
        number += len(special)
        found: ColumnProfile = {
            "name": self._name,
            "type": self._kind,
            "count": self._count,
            "missing": self._missing,
            "distinct": {"count": min(number, self._count), "exact": exact},
        }
        bounds: Measures = self._scale.bound(top[0]) if top else {}
        found = {**found, **bounds, **measures.describe()}
        if special:
            found["special"] = dict(sorted(special.items()))
        if self._tally is not None and number < self._count and (number <= MOST_TOP or 2 * number <= self._count):
            found["top"] = self._list_top(top)
        return found

    def join(self, other: _Column) -> None:
        self._missing += other._missing
        self._count += other._count
        self._scale.special.update(other._scale.special)
        if self._tally is not None and other._tally is not None:
            if not self._tally.join(other._tally):
                self._give_up_tally()
            return
        if self._tally is not None:
            self._give_up_tally()
        if other._tally is not None:
            other._give_up_tally()
        self._sketch.join(other._sketch)
        self._measures.join(other._measures)

    def _give_up_tally(self) -> None:
        assert self._tally is not None  # noqa: S101 - asked before
        held, self._tally = self._tally.list(), None
        if held:
            self._pour(*held)

    def _pour(self, values: pa.Array, counts: np.ndarray | None) -> None:
        lengths = self._sketch.take_values(values)
        if lengths is not None and isinstance(self._measures, TextMeasures):
            self._measures.widen(*lengths)
        else:
            self._measures.take(values, counts)

    def _leave_out_ties(self, values: pa.Array, counts: np.ndarray, places: np.ndarray) -> np.ndarray:
        """Of very many values that are equally frequent, the least alone: no others can be among the first."""
        import numpy as np
        import pyarrow as pa
        import pyarrow.compute as pc

        kind = values.type
        if not (pa.types.is_string(kind) or pa.types.is_primitive(kind)) or pa.types.is_boolean(kind):
            return places
        ties = places[counts[places] == counts[places].min()]
        least = pc.select_k_unstable(values.take(make_integers(ties)), MOST_TOP, [("", "ascending")])
        return np.concatenate(
            [places[counts[places] > counts[places].min()], ties[view_numbers(least).astype(np.intp)]]
        )

    def _list_top(self, counted: tuple[pa.Array, np.ndarray] | None) -> list[TopValue]:
        """The most frequent values; of equally frequent ones the least."""
        import numpy as np

        found = [(-count, 1, name, name) for name, count in self._scale.special.items()]
        if counted:
            values, counts = counted
            bound = np.sort(counts)[-MOST_TOP] if len(counts) > MOST_TOP else 0
            places = np.flatnonzero(counts >= bound)
            if len(places) > MANY_TIES:
                places = self._leave_out_ties(values, counts, places)
            chosen = self._scale.list(values.take(make_integers(places)))
            found += [
                (-count, 0, value, self._scale.write(value))
                for value, count in zip(chosen, counts[places].tolist(), strict=True)
            ]
        found.sort(key=lambda item: item[:3])
        return [{"value": shown, "count": -count} for count, _, _, shown in found[:MOST_TOP]]
