"""Tracks of persons: rows of one person, vehicle or device whose positions follow one another in time.

In, the first rows of a table. Out, the two columns of coordinates, if there is a column of moments, and a column whose
values stay the same while the position moves in small steps.

Stations don't move. Places of accidents and complaints jump: the step from one to the next is as long as that between
any two of them. Along a track it is much shorter, which is the test here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from opendata.tables.arrow.arrays import view_numbers

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

SAMPLE_ROWS = 20_000
"""At most this many rows of a table are held for the test."""

_LONGEST = 60
"""Bytes of a text on average: columns with longer ones are prose."""

_LEAST_STEPS = 20
_SHORT = 0.25
_STANDSTILL = 0.0005
_EAST, _NORTH = (73.0, 136.0), (3.0, 54.5)
_NUMBER = re.compile(r"-?[0-9]{1,3}(?:\.[0-9]{1,20})?")
_MOMENT = (
    r"^\s*[12][0-9]{3}[-/年.][0-9]{1,2}[-/月.][0-9]{1,2}日?[ T]+[0-9]{1,2}[:时][0-9]{1,2}|^1[0-9]{9}(?:[0-9]{3})?$"
)


class Track(NamedTuple):
    """The columns of a track: longitude, latitude, moment, and whose it is (empty: the table is one track)."""

    longitude: str
    latitude: str
    moment: str
    subject: str


class RowSample:
    """The first rows of a table, without columns of long texts."""

    def __init__(self) -> None:
        self._batches: list[pa.RecordBatch] = []
        self._rows = 0

    def take(self, batch: pa.RecordBatch) -> None:
        """Keep the rows of a batch that are still wanted."""
        if self._rows < SAMPLE_ROWS:
            part = batch.slice(0, SAMPLE_ROWS - self._rows)
            self._batches.append(part)
            self._rows += part.num_rows

    def join(self, later: RowSample) -> None:
        """Keep rows of the next ones."""
        for batch in later._batches:
            self.take(batch)

    def __reduce__(self) -> tuple[Callable[[bytes], RowSample], tuple[bytes]]:
        """Its rows alone: pickled, a slice would have all of its batch."""
        import pyarrow as pa

        if not self._batches:
            return _read_sample, (b"",)
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, self._batches[0].schema) as writer:
            for batch in self._batches:
                writer.write_batch(batch)
        return _read_sample, (sink.getvalue().to_pybytes(),)

    def find_track(self) -> Track | None:
        """The track in these rows, if there is one."""
        import pyarrow as pa

        if self._rows < _LEAST_STEPS:
            return None
        return find_track(pa.Table.from_batches(self._batches))


def _read_sample(data: bytes) -> RowSample:
    import pyarrow as pa

    found = RowSample()
    if data:
        with pa.ipc.open_stream(data) as batches:
            for batch in batches:
                found.take(batch)
    return found


def find_track(table: pa.Table) -> Track | None:
    """The track in a table, if there is one."""
    short = [name for place, name in enumerate(table.column_names) if _is_short(table.column(place))]
    numbers = {name: values for name in short if (values := _read_numbers(table.column(name))) is not None}
    east = [name for name, values in numbers.items() if _are_degrees(values, *_EAST)]
    north = [name for name, values in numbers.items() if _are_degrees(values, *_NORTH) and name not in east]
    if not east or not north:
        return None
    moments = [name for name in short if _are_moments(table.column(name))]
    for moment in moments:
        subjects = [name for name in short if name not in (*east[:1], *north[:1], *moments)]
        order = _rank(table.column(moment))
        for subject in ("", *subjects):
            groups = _rank(table.column(subject), dense=True) if subject else None
            if _moves(numbers[east[0]], numbers[north[0]], order, groups):
                return Track(east[0], north[0], moment, subject)
    return None


def _is_short(column: pa.ChunkedArray) -> bool:
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_string(column.type):
        return True
    return (pc.sum(pc.binary_length(column)).as_py() or 0) <= _LONGEST * max(1, len(column))


def _read_numbers(column: pa.ChunkedArray) -> np.ndarray | None:
    """The numbers of a column (nulls: NaN); None if it has others than numbers."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not (pa.types.is_string(column.type) or pa.types.is_floating(column.type) or pa.types.is_decimal(column.type)):
        return None
    if pa.types.is_string(column.type):
        if not all(_NUMBER.fullmatch(text) for text in column.slice(0, 50).to_pylist() if text):
            return None
        column = pc.if_else(pc.equal(column, ""), pa.scalar(None, pa.string()), column)
    try:
        found = pc.fill_null(pc.cast(column, pa.float64()), float("nan"))
    except pa.ArrowInvalid:
        return None
    return view_numbers(found.combine_chunks())


def _are_degrees(values: np.ndarray, least: float, greatest: float) -> bool:
    """Whether numbers are degrees in a range, with decimals enough for a place."""
    import numpy as np

    known = values[~np.isnan(values)]
    if len(known) < _LEAST_STEPS:
        return False
    inside = (known >= least) & (known <= greatest)
    with np.errstate(invalid="ignore"):  # INF isn't fine either
        fine = np.abs(known * 1000 - np.round(known * 1000)) > 1e-6
    return bool(inside.mean() > 0.95 and fine.mean() > 0.5)


def _are_moments(column: pa.ChunkedArray) -> bool:
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_timestamp(column.type):
        return True
    if pa.types.is_int64(column.type):
        column = pc.cast(column, pa.string())
    if not pa.types.is_string(column.type):
        return False
    return (pc.mean(pc.match_substring_regex(column, _MOMENT)).as_py() or 0) > 0.9


def _rank(column: pa.ChunkedArray, *, dense: bool = False) -> np.ndarray:
    """The rank of each value, equal values alike."""
    import pyarrow.compute as pc

    tie = "dense" if dense else "min"
    ranks = pc.rank(column.combine_chunks(), tiebreaker=tie)
    return view_numbers(pc.cast(ranks, "int64"))


def _moves(east: np.ndarray, north: np.ndarray, order: np.ndarray, groups: np.ndarray | None) -> bool:
    """Whether positions, in the order of time within each group, move in steps shorter than their spread."""
    import numpy as np

    groups = np.zeros(len(east), np.int64) if groups is None else groups
    if len(np.unique(groups)) * 3 > len(east):
        return False
    sorted_rows = np.lexsort((order, groups))
    x, y, group = east[sorted_rows], north[sorted_rows], groups[sorted_rows]
    steps = [found[found > 0] for found in _measure(x, y, group, [1])]
    bounds = np.flatnonzero(np.diff(group, prepend=group[0] - 1, append=group[-1] + 1))
    sizes = np.diff(bounds)
    lags = sorted({int(size) // 2 for size in np.unique(sizes) if size >= 4})
    if not lags:
        return False
    far = list(_measure(x, y, group, [lags[len(lags) // 2]]))
    if not steps or not far or len(steps[0]) < _LEAST_STEPS or len(far[0]) < _LEAST_STEPS // 2:
        return False
    step, spread = float(np.median(steps[0])), float(np.median(far[0]))
    return spread > _STANDSTILL and step < _SHORT * spread


def _measure(x: np.ndarray, y: np.ndarray, group: np.ndarray, lags: Sequence[int]) -> Iterator[np.ndarray]:
    """The distances, in degrees, between positions of one group, `lags` rows apart."""
    import numpy as np

    for lag in lags:
        same = group[lag:] == group[:-lag]
        distances = np.hypot(x[lag:] - x[:-lag], y[lag:] - y[:-lag])[same]
        yield distances[~np.isnan(distances)]
