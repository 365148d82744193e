"""Find the rows that repeat the values of an earlier row, in a column or a key of any length, within bounded memory.

In, the fields a and b of rows 2 to 6:          (A, 1), (A, null), (A, null), (A, 1), (null, null)
Out of `find_repetitions` as a unique key:      row 5 repeats row 2; a null never equals another
Out of `find_repetitions` as a primary key:     row 5 repeats row 2, row 4 repeats row 3; a null equals another
Out of `KeyWatch.take` as a primary key:        row 6, which has no value at all
In, a key of one column with 1, 2, 3, 4:        nothing is compared, because each is greater than the one before it

Values are kept as they come and compared at the end, exactly. If each value of a single column is greater than the one
before it, as in most keys, nothing can repeat. Otherwise the rows are divided by a hash into parts small enough to be
compared in memory. What memory must not hold is in temporary files.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import IO, TYPE_CHECKING, Any

from opendata.tables.arrow.arrays import make_integers, no_to_nulls, view_flags, view_numbers
from opendata.tables.text.records import Ascent

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

UNEQUAL = "\0NaN"
"""The key of what is equal to nothing: a NaN that its column can't hold. No cell has a NUL."""

HELD_BYTES = 32 * 1024 * 1024
"""At most this many bytes of one key are held in memory; the rest is in a temporary file."""

PART_BYTES = 16 * 1024 * 1024
_MIX = 0x9E3779B97F4A7C15


@dataclass(frozen=True, slots=True)
class Repetition:
    """A row whose values appear in an earlier row, `previous` (the latest of these)."""

    row: int
    previous: int


@dataclass(frozen=True, slots=True)
class KeyBounds:
    """Whether each value of a key is greater than the one before it, and where so, its first and last value."""

    ascends: bool
    first: Any = None
    last: Any = None


class KeyWatch:
    """Keeps the values of one column or key. `names` are its fields; `kind` is the type of the error a repetition is.

    In a primary key a missing value is a value like others, unless all are missing; in every other key it is never
    equal to another.
    """

    def __init__(self, names: Sequence[str], kind: str) -> None:
        self.names = tuple(names)
        self.kind = kind
        self._batches: list[pa.RecordBatch | tuple[Ascent, range]] = []
        self._bytes = 0
        self._total = 0
        self._file: IO[bytes] | None = None
        self._writer: Any = None
        self._first: Any = None
        self._last: Any = None
        self._told: tuple[int, Sequence[Repetition]] | None = None
        self._ascends = True
        self._is_composite = len(self.names) > 1

    def keep_ascent(self, ascent: Ascent, numbers: range) -> bool:
        """Keep the values of some rows as they are, if with them the key goes on ascending; whether it does."""
        if not self._ascends or self._is_composite or not (self._last is None or self._last < ascent.first):
            return False
        self._first = ascent.first if self._last is None else self._first
        self._last = ascent.last
        size = 2 * len(ascent.values)
        if ascent.kind == "int64" and ascent.last - ascent.first == ascent.rows - 1:  # one after the other
            ascent = replace(ascent, values=b"")
        self._hold((ascent, numbers), size if ascent.values else 0, size)
        return True

    def take(self, keys: Sequence[Sequence[pa.Array]], numbers: np.ndarray) -> np.ndarray:
        """Keep the values of some rows (arrays per field); `numbers` are the rows'. The rows without any value."""
        import numpy as np
        import pyarrow as pa
        import pyarrow.compute as pc

        nulls = [_combine([_find_nulls(array) for array in arrays], every=True) for arrays in keys]
        empty = np.empty(0, np.int64)
        primary = self.kind == "primary-key"
        dropped = _combine(nulls, every=primary)
        if dropped is not None and primary:
            empty = numbers[view_flags(dropped)]
        arrays = [array for parts in keys for array in parts]
        for array in arrays:
            # no number is equal to one that is none
            if pa.types.is_floating(array.type) or pa.types.is_string(array.type):
                is_number = pa.types.is_floating(array.type)
                nan = no_to_nulls(pc.is_nan(array) if is_number else pc.equal(array, UNEQUAL))
                if pc.any(nan, min_count=0).as_py():
                    dropped = nan if dropped is None else pc.or_(dropped, nan)
        rows = make_integers(numbers)
        batch = pa.record_batch([rows, *arrays], names=[str(place) for place in range(len(arrays) + 1)])
        if dropped is not None:
            batch = batch.filter(pc.invert(dropped))
        if batch.num_rows:
            self._ascends = self._ascends and self._goes_on(batch)
            self._hold(batch, batch.nbytes, batch.nbytes)
        return empty

    @property
    def bounds(self) -> KeyBounds | None:
        """What is known of the values without comparing them; None where there are none."""
        return KeyBounds(self._ascends, self._first, self._last) if self._total else None

    def read_keys(self) -> Iterator[pa.RecordBatch]:
        """The values as they came: the rows' numbers, then the arrays of each field."""
        return self._read_back()

    def tell(self, total: int, first: Sequence[Repetition]) -> None:
        """Say what was found elsewhere: how many repetitions there are, and the first of them by row."""
        self._told = total, first

    def list_repetitions(self) -> tuple[int, Sequence[Repetition]]:
        """How many rows repeat an earlier one, and these by row: all, or the first as they were told."""
        if self._told is None:
            found = sorted(self.find_repetitions(), key=lambda item: item.row)
            self._told = len(found), found
        return self._told

    def find_repetitions(self) -> Iterator[Repetition]:
        """The rows that repeat an earlier one, in no order across parts; call once, at the end."""
        try:
            if not self._ascends and self._total:
                yield from self._look_into_parts()
        finally:
            self._batches.clear()
            if self._file is not None:
                self._file.close()

    def _goes_on(self, batch: pa.RecordBatch) -> bool:
        """Whether the values of a key of one column go on ascending."""
        import pyarrow as pa
        import pyarrow.compute as pc

        column = batch.column(1)
        told_apart = any(tails.null_count < batch.num_rows for tails in batch.columns[2:])
        plain = pa.types.is_integer(column.type) or pa.types.is_temporal(column.type)
        if self._is_composite or told_apart or not (plain or pa.types.is_string(column.type)):
            return False
        if plain:
            values = view_numbers(column)
            ascends = bool((values[1:] > values[:-1]).all())
            first, last = int(values[0]), int(values[-1])
        else:
            ascends = not pc.any(pc.less_equal(column[1:], column[:-1]), min_count=0).as_py()
            first, last = column[0].as_py(), column[-1].as_py()
        ascends = ascends and (self._last is None or self._last < first)
        self._first = first if self._last is None else self._first
        self._last = last
        return ascends

    def _hold(self, batch: pa.RecordBatch | tuple[Ascent, range], held_bytes: int, size: int) -> None:
        """Keep rows: how long they are, and how much of that is held in memory, in bytes."""
        self._batches.append(batch)
        self._bytes += held_bytes
        self._total += size
        if self._bytes > HELD_BYTES:
            import tempfile

            import pyarrow as pa

            for held in map(_make_batch, self._batches):
                if self._file is None:
                    self._file = tempfile.TemporaryFile(prefix="opendata-keys-")  # noqa: SIM115 - closed at the end
                    self._writer = pa.ipc.new_stream(self._file, held.schema)
                self._writer.write_batch(held)
            self._batches, self._bytes = [], 0

    def _read_back(self) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        if self._file is not None:
            if self._writer is not None:
                self._writer.close()
                self._writer = None
            self._file.seek(0)
            with pa.ipc.open_stream(pa.PythonFile(self._file, "r")) as reader:
                yield from reader
        yield from map(_make_batch, self._batches)

    def _look_into_parts(self) -> Iterator[Repetition]:
        import tempfile

        import numpy as np
        import pyarrow as pa

        count = self._total // PART_BYTES + 1
        if count == 1:
            yield from find_repeated(pa.Table.from_batches(list(self._read_back())))
            return
        with tempfile.TemporaryDirectory(prefix="opendata-keys-") as folder:
            places = [f"{folder}/{part}.arrow" for part in range(count)]
            schema = next(iter(self._read_back())).schema
            writers = [pa.ipc.new_file(place, schema) for place in places]
            for batch in self._read_back():
                part = hash_rows(batch.columns[1:]) % np.uint64(count)
                order = np.argsort(part, kind="stable")
                ends = np.searchsorted(part[order], np.arange(count + 1, dtype=np.uint64))
                sorted_batch = batch.take(make_integers(order))
                for number, writer in enumerate(writers):
                    start, end = int(ends[number]), int(ends[number + 1])
                    if end > start:
                        writer.write_batch(sorted_batch.slice(start, end - start))
            for writer in writers:
                writer.close()
            for place in places:
                with pa.OSFile(place) as file, pa.ipc.open_file(file) as reader:
                    table = reader.read_all()
                yield from find_repeated(table)


def _make_batch(held: pa.RecordBatch | tuple[Ascent, range]) -> pa.RecordBatch:
    import numpy as np
    import pyarrow as pa

    if not isinstance(held, tuple):
        return held
    ascent, numbers = held
    rows = make_integers(np.arange(numbers.start, numbers.stop))
    arrays = [rows, ascent.make_column(), pa.nulls(ascent.rows, pa.string())]
    return pa.record_batch(arrays, names=[str(place) for place in range(len(arrays))])


def hash_rows(arrays: Sequence[pa.Array]) -> np.ndarray:
    """A number for each row that is the same where all values are (uint64); of long texts not every byte counts."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    from opendata.tables.arrow.shapes import find_bytes, find_extent

    found = np.zeros(len(arrays[0]), np.uint64)
    mix = np.uint64(_MIX)
    for array in arrays:
        if pa.types.is_string(array.type):
            offsets, _ = find_extent(pc.fill_null(array, ""))
            lengths = np.diff(offsets)
            part = lengths.astype(np.uint64)
            filled = pc.fill_null(array, "")
            for place in range(12):
                part = part * mix + find_bytes(filled, place)
                part = part * mix + find_bytes(filled, lengths - 1 - place)
        elif pa.types.is_boolean(array.type):
            part = pc.fill_null(array.cast(pa.int8()), 2).to_numpy().astype(np.uint64)
        elif pa.types.is_decimal(array.type):
            part = pc.fill_null(array.cast(pa.float64()), 0.0).to_numpy().view(np.uint64)
        else:
            wide = array if pa.types.is_floating(array.type) else _to_integers(array)
            part = pc.fill_null(wide, 0).to_numpy().view(np.uint64)
        found = (found ^ part) * mix
        found ^= found >> np.uint64(29)
    return found


def find_repeated(table: pa.Table) -> Iterator[Repetition]:
    """The rows of a table (column `0`: their numbers, ascending) whose other columns stood there before."""
    import pyarrow.compute as pc

    keys = table.column_names[1:]
    given = [key for key in keys if table[key].null_count < table.num_rows]
    keys = given or keys[:1]
    groups = table.select(keys).group_by(keys, use_threads=False).aggregate([])
    if groups.num_rows == table.num_rows:
        return
    listed = table.group_by(keys, use_threads=False).aggregate([("0", "list")])["0_list"]
    repeated = listed.filter(pc.greater(pc.list_value_length(listed), 1))
    for numbers in repeated.to_pylist():
        for previous, row in pairwise(numbers):
            yield Repetition(row, previous)


def _to_integers(array: pa.Array) -> pa.Array:
    """Whole numbers, days or moments as 64-bit integers."""
    import pyarrow as pa

    narrow = pa.types.is_date32(array.type)
    return (array.cast(pa.int32()) if narrow else array).cast(pa.int64())


def _find_nulls(array: pa.Array) -> pa.Array | None:
    return array.is_null() if array.null_count else None


def _combine(masks: Sequence[pa.Array | None], *, every: bool) -> pa.Array | None:
    """Where every mask (or one of them) is set; None where none is."""
    import pyarrow.compute as pc

    given = [mask for mask in masks if mask is not None]
    if not given or (every and len(given) < len(masks)):
        return None
    found = given[0]
    for mask in given[1:]:
        found = pc.and_(found, mask) if every else pc.or_(found, mask)
    return found
