"""What changed between two published tables, row by row: by primary key, or as multisets without one.

Two rows are the same one if their keys are equal; of several rows with equal keys, the n-th matches the n-th. A row is
changed if a cell differs in a column that both tables have: a column that was added or removed changes no row. Without
a key, rows are equal if all these cells are; the others were added or removed. Both tables may be larger than memory.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from opendata.domain.comparison import TableCounts
from opendata.domain.schema import TableSchema
from opendata.tables.arrow.arrays import make_integers
from opendata.tables.arrow.parquet import open_parquet
from opendata.tables.diff.column_pairs import Column, find_changes, fit, match_columns
from opendata.tables.diff.difference_forms import COUNTS, NULLS, OWNERS
from opendata.tables.diff.row_order import RowsInOrder, RowSource, ScatteredRows, choose_step, read_ahead
from opendata.tables.diff.row_places import Places, place_rows

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

STEP_ROWS = 65536
"""This many rows of each table are compared at once."""

CHANGES = ("same", "added", "removed", "before", "after")
"""What the column of changes says of a row; `before` and `after` are one row, and stand one after the other."""

_SAME, _ADDED, _REMOVED, _BEFORE, _AFTER = range(len(CHANGES))
_MOST_STRETCHES = 256
_ROWS_FILE = "difference.arrow"


class _MistakenPairError(Exception):
    """Two rows were taken for a pair that have different keys."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What changed. `key` names the columns that tell a row, None for multisets: then nothing is ever `changed`.

    `cells` counts the changed cells of each column that has some. `reordered` says that rows both tables have come in
    another order, which doesn't change a row. `columns` are all columns, as the rows show them.

    `path` is an Arrow IPC file of the changed rows: a column of changes (see `CHANGES`), named `_change`, with more
    underscores where the table has that name; then the columns of the new table and those only the old one has. Rows
    come in the order of the new table, a removed one after the furthest of the rows that stood before it in the old
    one. Columns whose types differ are canonical text, what a table has not is null. It has all counts, too.
    """

    key: tuple[str, ...] | None
    added: int
    removed: int
    changed: int
    unchanged: int
    cells: Mapping[str, int]
    reordered: bool
    columns: Sequence[Column]
    path: Path

    def describe(self) -> TableCounts:
        """All counts, as JSON."""
        return {
            "key": None if self.key is None else list(self.key),
            "rows": {
                "added": self.added,
                "removed": self.removed,
                "changed": self.changed,
                "unchanged": self.unchanged,
            },
            "cells": dict(self.cells),
            "reordered": self.reordered,
        }


def compare_tables(
    old: Path,
    new: Path,
    *,
    old_schema: TableSchema,
    new_schema: TableSchema,
    folder: Path,
    kinds: Mapping[str, str] | None = None,
) -> Difference:
    """Compare two Parquet files that `writing` made, described by Table Schemas as published.

    The key is the primary key of the new schema where the old one has the same. `folder` is an empty one of the
    caller's, who deletes it when the difference is no longer read; it takes some 50 bytes for each row of either table,
    the changed rows, and where the order is another one the rows of the old table. `kinds` are those of `spellings`.
    """
    with ExitStack() as files:
        before, after = (files.enter_context(open_parquet(path)) for path in (old, new))
        columns = match_columns(before.schema_arrow, after.schema_arrow, kinds or {})
        common = [column for column in columns if column.is_common]
        key = find_key(old_schema, new_schema, common)
        telling = common if key is None else [column for column in common if column.name in key]
        notes = _describe_columns(columns, old_schema, new_schema)
        comparison = _Comparison(columns, telling, key, folder / _ROWS_FILE, notes)
        try:
            return comparison.run(before, after, place_rows(before, after, telling, folder))
        except _MistakenPairError:
            return comparison.run(before, after, place_rows(before, after, telling, folder, careful=True))


def find_key(old: TableSchema, new: TableSchema, common: Sequence[Column]) -> tuple[str, ...] | None:
    """The columns that tell a row in both tables: the primary key, where both have the same; `common` are in both."""
    key = new.primary_key
    return key if key and key == old.primary_key and set(key) <= {column.name for column in common} else None


def _describe_columns(columns: Sequence[Column], old: TableSchema, new: TableSchema) -> dict[bytes, bytes]:
    """The facts about the columns that the writers of the rows need, as Arrow metadata."""
    nulls: dict[str, str] = {}
    for schema in (old, new):
        nulls |= {field.name: schema.null_text_of(field) for field in schema.fields}
    owners = ["both" if item.is_common else "new" if item.old is None else "old" for item in columns]
    return {
        NULLS: json.dumps([nulls.get(item.name, "") for item in columns]).encode(),
        OWNERS: json.dumps(owners).encode(),
    }


class _Comparison:
    """Goes through the rows of both tables by their places and writes down those that changed."""

    def __init__(
        self,
        columns: Sequence[Column],
        telling: Sequence[Column],
        key: tuple[str, ...] | None,
        target: Path,
        notes: Mapping[bytes, bytes],
    ) -> None:
        import pyarrow as pa

        self._columns = columns
        self._key = key
        self._common = [column for column in columns if column.is_common]
        self._telling = {column.name for column in telling}
        self._target = target
        name = "_change"
        while any(column.name == name for column in columns):
            name = f"_{name}"
        self._schema = pa.schema([(name, pa.string()), *((item.name, item.type) for item in columns)], dict(notes))
        self._cells = [0] * len(self._common)
        self._changed = 0

    def run(self, old: pq.ParquetFile, new: pq.ParquetFile, places: Places) -> Difference:
        """Compare all pairs. Raises `_MistakenPairError` where one is none."""
        import pyarrow as pa

        self._cells, self._changed = [0] * len(self._common), 0
        step = choose_step([old, new], STEP_ROWS)
        if places.reordered:
            step = max(step, min(STEP_ROWS, places.length // _MOST_STRETCHES))
        with ExitStack() as ends:
            source: RowSource
            if places.reordered:
                source = ScatteredRows(old, places.old, step, self._target.parent)
            else:
                source = RowsInOrder(ends.enter_context(closing(read_ahead(old, step))), places.old, old.schema_arrow)
            target = RowsInOrder(ends.enter_context(closing(read_ahead(new, step))), places.new, new.schema_arrow)
            sink = ends.enter_context(pa.OSFile(str(self._target), "wb"))
            writer = ends.enter_context(pa.ipc.new_file(sink, self._schema))
            for start in range(0, places.length, step):
                found = self._compare(source.read(start + step), target.read(start + step), start, step)
                if found is not None:
                    writer.write_batch(found)
            difference = self._sum_up(places)
            end = pa.RecordBatch.from_arrays([pa.nulls(0, item.type) for item in self._schema], schema=self._schema)
            writer.write_batch(end, custom_metadata={COUNTS: json.dumps(difference.describe()).encode()})
        return difference

    def _sum_up(self, places: Places) -> Difference:
        added, removed = places.length - len(places.old), places.length - len(places.new)
        return Difference(
            key=self._key,
            added=added,
            removed=removed,
            changed=self._changed,
            unchanged=len(places.new) - added - self._changed,
            cells={item.name: count for item, count in zip(self._common, self._cells, strict=True) if count},
            reordered=places.reordered,
            columns=self._columns,
            path=self._target,
        )

    def _compare(
        self,
        old: tuple[pa.RecordBatch, np.ndarray],
        new: tuple[pa.RecordBatch, np.ndarray],
        start: int,
        step: int,
    ) -> pa.RecordBatch | None:
        """The changed rows of a stretch of places, None if there are no changes."""
        import numpy as np

        before, after = locate_rows(old[1] - start, step), locate_rows(new[1] - start, step)
        changes = np.full(step, _SAME)
        changes[before < 0] = _ADDED
        changes[after < 0] = _REMOVED
        changes[(before < 0) & (after < 0)] = _SAME
        pairs = np.flatnonzero((before >= 0) & (after >= 0))
        changed = pairs[self._find_changed(old[0], new[0], before[pairs], after[pairs])]
        self._changed += len(changed)
        changes[changed] = _BEFORE
        shown = np.flatnonzero(changes)
        if not len(shown):
            return None
        shown = np.repeat(shown, 1 + (changes[shown] == _BEFORE))
        said = changes[shown]
        said[1:][(shown[1:] == shown[:-1])] = _AFTER
        return self._gather(old[0], new[0], before[shown], after[shown], said)

    def _find_changed(
        self, old: pa.RecordBatch, new: pa.RecordBatch, before: np.ndarray, after: np.ndarray
    ) -> np.ndarray:
        """Which pairs differ in some cell; `before` and `after` are their rows."""
        import numpy as np

        found = np.zeros(len(before), bool)
        if not len(before):
            return found
        for place, column in enumerate(self._common):
            one, other = fit(old, [column], is_new=False)[0], fit(new, [column], is_new=True)[0]
            differ = find_changes(_take(one, before), _take(other, after))
            count = int(np.count_nonzero(differ))
            if count and column.name in self._telling:
                raise _MistakenPairError
            self._cells[place] += count
            found |= differ
        return found

    def _gather(
        self, old: pa.RecordBatch, new: pa.RecordBatch, before: np.ndarray, after: np.ndarray, said: np.ndarray
    ) -> pa.RecordBatch:
        """The rows to show, each from the table it is from."""
        import numpy as np
        import pyarrow as pa

        is_new = (said == _ADDED) | (said == _AFTER)
        chosen = [
            fit(rows.take(make_integers(places)), self._columns, is_new=fits)
            for rows, places, fits in ((old, before[~is_new], False), (new, after[is_new], True))
        ]
        order = np.empty(len(said), np.int64)
        order[np.concatenate([np.flatnonzero(~is_new), np.flatnonzero(is_new)])] = np.arange(len(said))
        columns = [pa.concat_arrays(parts).take(make_integers(order)) for parts in zip(*chosen, strict=True)]
        return pa.RecordBatch.from_arrays(
            [pa.array(CHANGES, pa.string()).take(make_integers(said)), *columns], schema=self._schema
        )


def locate_rows(places: np.ndarray, length: int) -> np.ndarray:
    """Which row has each place, -1 where none has."""
    import numpy as np

    found = np.full(length, -1)
    found[places] = np.arange(len(places))
    return found


def _take(column: pa.Array, rows: np.ndarray) -> pa.Array:
    if len(rows) == len(column) and (rows[1:] > rows[:-1]).all():  # every row, in order
        return column
    return column.take(make_integers(rows))
