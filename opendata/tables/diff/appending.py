"""New rows added to a published table: what it becomes, row by row, by primary key or as multisets without one.

In, with the key k:         base k=1 a, 2 b    part k=2 c, 3 d, 1 a
Out (base before part):     1 a, 2 c, 3 d      one row added, one corrected (2), one repeated (1)
In, with the key k:         base k=2026-08-31  part k=2026/8/31
Out:                        2026-08-31: the same row, as all cells of the base in that column are days
In, without a key:          base a, b          part b, c
Out:                        a, b, c            one row added, one repeated: it isn't there twice

Values are compared as in the difference of two versions, and what isn't corrected keeps its text to the last digit. A
base whose keys ascend stays like that: the new rows go to their places. Both tables may be larger than memory: of the
new rows only the keys are ever held, and those only if they must be sorted.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from opendata.domain.schema import TableSchema
from opendata.tables.arrow.arrays import make_integers, no_to_nulls, view_flags
from opendata.tables.arrow.parquet import open_parquet
from opendata.tables.diff.column_pairs import Column, find_changes, fit, match_columns
from opendata.tables.diff.difference import STEP_ROWS, find_key, locate_rows
from opendata.tables.diff.periods import tells_periods
from opendata.tables.diff.row_order import RowsInOrder, RowSource, ScatteredRows, choose_step, read_ahead
from opendata.tables.diff.row_places import Places, place_rows
from opendata.tables.diff.spellings import find_kinds, list_unread

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa


class UnlikeColumnsError(Exception):
    """The two tables don't have the same columns: `missing` are in the base alone, `extra` in the part alone."""

    def __init__(self, missing: Sequence[str], extra: Sequence[str]) -> None:
        super().__init__(missing, extra)
        self.missing, self.extra = missing, extra


class _MistakenPairError(Exception):
    """Two rows were taken for a pair that have different keys."""


@dataclass(frozen=True, slots=True)
class CanonicalTable:
    """A table in canonical form, with the schema of its files."""

    csv: Path
    parquet: Path
    schema: TableSchema


@dataclass(frozen=True, slots=True, kw_only=True)
class Appended:
    """What came of it. `csv` has all rows, as text that the schema of the part reads, with the base's columns in order.

    `key` names the columns that tell a row, None for multisets. `repeated` rows are in the base with equal values.
    `unread` has cells of the part, by column, that can't be compared with those of the base by value.
    """

    csv: Path
    key: tuple[str, ...] | None
    added: int
    corrected: int
    repeated: int
    unread: Mapping[str, Sequence[str]]


def append_rows(
    base: CanonicalTable,
    part: CanonicalTable,
    folder: Path,
    *,
    identity: Sequence[str] = (),
    with_repeats: bool = False,
) -> Appended:
    """Add the rows of a part to a base; the result and what is needed meanwhile go into an empty folder.

    `identity` are the columns that tell a row where the tables have no key. `with_repeats` adds rows that nothing tells
    apart even if they are in the base already. Raises `UnlikeColumnsError`.
    """

    with ExitStack() as files:
        old, new = (files.enter_context(open_parquet(item.parquet)) for item in (part, base))
        kinds = find_kinds(new, old)
        columns = match_columns(old.schema_arrow, new.schema_arrow, kinds)
        missing = [item.name for item in columns if item.old is None]
        extra = [item.name for item in columns if item.new is None]
        if missing or extra:
            raise UnlikeColumnsError(missing, extra)
        key = find_key(base.schema, part.schema, columns) or tuple(identity) or None
        unread = list_unread(old, kinds, key or [field.name for field in old.schema_arrow if tells_periods(field)])
        telling = [item for item in columns if key is None or item.name in key]
        for careful in (False, True):
            work = folder / ("careful" if careful else "fast")
            work.mkdir()
            places = place_rows(old, new, telling, work, careful=careful)
            run = _Appending(base, part, columns, key, work).run
            try:
                return replace(run(old, new, places, with_repeats=with_repeats and key is None), unread=unread)
            except _MistakenPairError:
                continue
    raise AssertionError  # careful numbers make no mistaken pairs


class _Appending:
    """Goes through the rows of both tables by their places. The base has the part of the new table, so it leads."""

    def __init__(
        self,
        base: CanonicalTable,
        part: CanonicalTable,
        columns: Sequence[Column],
        key: tuple[str, ...] | None,
        folder: Path,
    ) -> None:
        import pyarrow as pa

        self._base, self._part, self._columns, self._key, self._folder = base, part, columns, key, folder
        self._telling = {item.name for item in columns if key is None or item.name in key}
        self._keys = [item for item in columns if key and item.name in key and item.is_ordered]
        if key:
            self._keys.sort(key=lambda item: key.index(item.name))
        if len(self._keys) != len(key or ()):
            self._keys = []
        names = [item.name for item in columns]
        self._nulls = [
            [{item.name: schema.null_text_of(item) for item in schema.fields}.get(name, "") for name in names]
            for schema in (base.schema, part.schema)
        ]
        self._text = pa.schema([pa.field(name, pa.string()) for name in names])
        self._added_schema = pa.schema(
            [*self._text, *(pa.field(f"key {number}", item.type) for number, item in enumerate(self._keys))]
        )
        self._added = self._corrected = self._repeated = 0

    def run(self, part: Any, base: Any, places: Places, *, with_repeats: bool) -> Appended:
        """Add the rows. Raises `_MistakenPairError` where a pair is none."""
        import pyarrow as pa

        csv, added = self._folder / "base.csv", self._folder / "added.arrow"
        order = _Order(bool(self._keys))
        step = choose_step([part, base], STEP_ROWS)
        with ExitStack() as ends:
            source = self._open_part(part, places, step, ends)
            source_text = self._open_part(_TextFile(self._part.csv, part.schema_arrow.names), places, step, ends)
            target = RowsInOrder(ends.enter_context(closing(read_ahead(base, step))), places.new, base.schema_arrow)
            text = _TextFile(self._base.csv, base.schema_arrow.names)
            target_text = RowsInOrder(
                ends.enter_context(closing(read_ahead(text, step))), places.new, text.schema_arrow
            )
            writer = ends.enter_context(_open_writer(csv, self._text))
            sink = ends.enter_context(pa.OSFile(str(added), "wb"))
            kept = ends.enter_context(pa.ipc.new_file(sink, self._added_schema))
            for start in range(0, places.length, step):
                end = start + step
                typed = source.read(end), target.read(end)
                texts = source_text.read(end)[0], target_text.read(end)[0]
                rows, new = self._join(typed, texts, start, step, with_repeats=with_repeats)
                order.take(fit(typed[1][0], self._keys, is_new=True))
                writer.write_batch(rows)
                if new.num_rows:
                    kept.write_batch(new)
        with pa.memory_map(str(added)) as mapped:
            table = pa.ipc.open_file(mapped).read_all()
            self._added = table.num_rows
            csv = self._finish(csv, base, table, order, step)
        return Appended(
            csv=csv, key=self._key, added=self._added, corrected=self._corrected, repeated=self._repeated, unread={}
        )

    def _open_part(self, file: Any, places: Places, step: int, ends: ExitStack) -> RowSource:
        if places.reordered:
            folder = self._folder / type(file).__name__
            folder.mkdir()
            return ScatteredRows(file, places.old, step, folder)
        return RowsInOrder(ends.enter_context(closing(read_ahead(file, step))), places.old, file.schema_arrow)

    def _join(
        self,
        typed: tuple[tuple[pa.RecordBatch, np.ndarray], tuple[pa.RecordBatch, np.ndarray]],
        texts: tuple[pa.RecordBatch, pa.RecordBatch],
        start: int,
        step: int,
        *,
        with_repeats: bool,
    ) -> tuple[pa.RecordBatch, pa.RecordBatch]:
        """A stretch of places: the rows of the base, some of them corrected, and the rows that are new."""
        import numpy as np
        import pyarrow as pa

        (part, at), (base, there) = typed
        own, its = locate_rows(at - start, step), locate_rows(there - start, step)
        pairs = np.flatnonzero((own >= 0) & (its >= 0))
        changed = pairs[self._find_changed(part, base, own[pairs], its[pairs])]
        self._corrected += len(changed)
        self._repeated += len(pairs) - len(changed)
        chosen = np.arange(base.num_rows)
        chosen[its[changed]] = base.num_rows + own[changed]
        fresh = (own >= 0) if with_repeats else (own >= 0) & (its < 0)
        new = make_integers(own[np.flatnonzero(fresh)])
        arrays, added = [], []
        for place, item in enumerate(self._columns):
            mine = self._write(texts[0], part, item.old, self._nulls[1][place], place)
            other = self._write(texts[1], base, item.new, self._nulls[0][place], place)
            is_kept = self._key is not None and item.name in self._telling  # equal, but perhaps in another notation
            may_change = len(changed) and not is_kept
            arrays.append(pa.concat_arrays([other, mine]).take(make_integers(chosen)) if may_change else other)
            added.append(mine.take(new))
        keys = [item.take(new) for item in fit(part, self._keys, is_new=False)]
        return (
            pa.RecordBatch.from_arrays(arrays, schema=self._text),
            pa.RecordBatch.from_arrays([*added, *keys], schema=self._added_schema),
        )

    def _write(self, text: pa.RecordBatch, typed: pa.RecordBatch, place: int | None, null: str, column: int) -> Any:
        """The text of a column; a null is written as the schema of the part writes it."""
        import pyarrow.compute as pc

        found = text.column(place)
        return (
            found
            if null == self._nulls[1][column]
            else pc.if_else(typed.column(place).is_null(), self._nulls[1][column], found)
        )

    def _find_changed(self, part: pa.RecordBatch, base: pa.RecordBatch, own: np.ndarray, its: np.ndarray) -> np.ndarray:
        """Which pairs differ in some cell."""
        import numpy as np

        found = np.zeros(len(own), bool)
        if not len(own):
            return found
        for item in self._columns:
            one, other = fit(part, [item], is_new=False)[0], fit(base, [item], is_new=True)[0]
            differ = find_changes(one.take(make_integers(own)), other.take(make_integers(its)))
            if item.name in self._telling and differ.any():
                raise _MistakenPairError
            found |= differ
        return found

    def _finish(self, csv: Path, base: Any, added: pa.Table, order: _Order, step: int) -> Path:
        """Bring the new rows to their places: behind the base, or between its rows where its keys ascend."""
        import pyarrow as pa
        import pyarrow.compute as pc

        names = self._text.names
        keys = added.select(range(len(names), added.num_columns))
        fit_keys = [(name, "ascending") for name in keys.column_names]
        text = added.select(range(len(names)))
        places = None
        has_nulls = any(column.null_count for column in keys.columns)
        if added.num_rows and order.ascends and base.metadata.num_rows and not has_nulls:
            if not _ascend([item.combine_chunks() for item in keys.columns]):
                places = pc.sort_indices(keys, sort_keys=fit_keys)
                keys = keys.take(places)
        else:
            order.ascends = False
        target = self._folder / "whole.csv"
        merged = _Sorted(text, keys, places)
        with _open_writer(target, self._text) as writer, closing(_TextFile(csv, names).iter_batches(step)) as batches:
            wanted = [base.schema_arrow.names[item.new or 0] for item in self._keys]
            order_keys = base.iter_batches(step, columns=wanted, use_threads=False) if order.ascends else None
            for batch in batches:
                if order_keys is None:
                    writer.write_batch(pa.RecordBatch.from_arrays(batch.columns, schema=self._text))
                    continue
                own = next(order_keys)
                own = fit(
                    own.select(wanted), [replace(item, new=place) for place, item in enumerate(self._keys)], is_new=True
                )
                writer.write_table(merged.merge(batch, own))
            for rest in merged.rest(step):
                writer.write_table(rest)
        return target


class _Order:
    """Watches whether the keys of rows ascend, batch by batch."""

    def __init__(self, ascends: bool) -> None:
        self.ascends = ascends
        self._last: list[Any] = []

    def take(self, keys: Sequence[Any]) -> None:
        """Look at the next keys."""
        import pyarrow as pa

        if not self.ascends or not len(keys[0]):
            return
        before = self._last or [item.slice(0, 0) for item in keys]
        self.ascends = _ascend([pa.concat_arrays([last, item]) for last, item in zip(before, keys, strict=True)])
        self._last = [item.slice(len(item) - 1) for item in keys]


class _Sorted:
    """New rows in the order of their keys, from the first on. `places` are their rows, None: as they are."""

    def __init__(self, text: pa.Table, keys: pa.Table, places: Any) -> None:
        self._text, self._keys, self._places = text, keys, places
        self._done = 0

    def merge(self, batch: pa.RecordBatch, keys: Sequence[Any]) -> pa.Table:
        """A batch of the base with the new rows that belong before its last row."""
        import pyarrow as pa
        import pyarrow.compute as pc

        last = tuple(item[-1].as_py() for item in keys)
        end = bisect_left(range(self._text.num_rows), last, lo=self._done, key=self._read_key)
        rows = pa.table(batch.columns, schema=self._text.schema)
        if end == self._done:
            return rows
        start, self._done = self._done, end
        names = self._keys.column_names
        both = pa.concat_tables([pa.table(list(keys), names=names), self._keys.slice(start, end - start)])
        order = pc.sort_indices(both, sort_keys=[(name, "ascending") for name in names])
        return pa.concat_tables([rows, self._take(start, end)]).take(order)

    def rest(self, step: int) -> Iterator[pa.Table]:
        """All rows that are left."""
        while self._done < self._text.num_rows:
            start, self._done = self._done, min(self._done + step, self._text.num_rows)
            yield self._take(start, self._done)

    def _take(self, start: int, end: int) -> pa.Table:
        if self._places is None:
            return self._text.slice(start, end - start)
        return self._text.take(self._places.slice(start, end - start))

    def _read_key(self, row: int) -> tuple[Any, ...]:
        return tuple(column[row].as_py() for column in self._keys.columns)


_BLOCK_BYTES = 1 << 27


class _TextFile:
    """A canonical CSV file read as text, in the shape of a Parquet file."""

    def __init__(self, csv: Path, names: Sequence[str]) -> None:
        import pyarrow as pa

        self._csv = csv
        self.schema_arrow = pa.schema([pa.field(name, pa.string()) for name in names])

    def iter_batches(self, batch_size: int, *, use_threads: bool = False) -> Generator[pa.RecordBatch]:
        """The rows, exactly so many at a time."""
        import pyarrow as pa
        from pyarrow.csv import ConvertOptions, ParseOptions, ReadOptions, open_csv

        names = self.schema_arrow.names
        types = dict.fromkeys(names, pa.string())
        reader = open_csv(
            self._csv,
            # The header is skipped as a row: a name may have a line break. A block must hold the longest row.
            read_options=ReadOptions(
                column_names=names, skip_rows_after_names=1, block_size=_BLOCK_BYTES, use_threads=use_threads
            ),
            parse_options=ParseOptions(newlines_in_values=True, ignore_empty_lines=len(names) > 1),
            convert_options=ConvertOptions(column_types=types, strings_can_be_null=False, null_values=[]),
        )
        with reader:
            held: list[pa.RecordBatch] = []
            count = 0
            for batch in reader:
                held.append(batch)
                count += batch.num_rows
                while count >= batch_size:
                    whole = pa.concat_batches(held)
                    yield whole.slice(0, batch_size)
                    held, count = [whole.slice(batch_size)], count - batch_size
            if count:
                yield pa.concat_batches(held)


def _open_writer(target: Path, schema: pa.Schema) -> Any:
    from pyarrow.csv import CSVWriter

    return CSVWriter(target, schema)


def _ascend(keys: Sequence[Any]) -> bool:
    """Whether each row has a greater key than the row before it."""
    import pyarrow.compute as pc

    if len(keys[0]) < 2:
        return True
    less: Any = None
    for item in reversed(keys):
        one, other = item.slice(0, len(item) - 1), item.slice(1)
        rises = no_to_nulls(pc.less(one, other))
        less = rises if less is None else pc.or_(rises, pc.and_(no_to_nulls(pc.equal(one, other)), less))
    return bool(view_flags(less).all())
