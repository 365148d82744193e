"""The rows of a table in the order of their places, a stretch at a time, whatever order the file has them in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from opendata.tables.arrow.arrays import make_integers, view_numbers

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq


class RowSource(Protocol):
    """Gives rows by their places."""

    def read(self, end: int) -> tuple[pa.RecordBatch, np.ndarray]:
        """The rows before the place `end` that were not read yet, and their places; `end` ascends."""


class RowsInOrder:
    """Rows whose places ascend: they come in the order of the file's `batches`."""

    def __init__(self, batches: Generator[pa.RecordBatch], places: np.ndarray, schema: pa.Schema) -> None:
        self._places = places
        self._batches = batches
        self._empty = self._held = _make_empty(schema)
        self._row = 0

    def read(self, end: int) -> tuple[pa.RecordBatch, np.ndarray]:
        """See `RowSource`."""
        import numpy as np
        import pyarrow as pa

        first, last = self._row, int(np.searchsorted(self._places, end))
        self._row, missing, found = last, last - first, []
        while missing:
            if not self._held.num_rows:
                self._held = next(self._batches)
            part = self._held.slice(0, missing)
            self._held = self._held.slice(part.num_rows)
            missing -= part.num_rows
            found.append(part)
        rows = found[0] if len(found) == 1 else pa.concat_batches(found) if found else self._empty
        return rows, self._places[first:last]


class ScatteredRows:
    """Rows in any order: they are laid down by stretches first, in a file in `folder`, uncompressed.

    Every stretch that will be asked for is `step` places long.
    """

    def __init__(self, file: pq.ParquetFile, places: np.ndarray, step: int, folder: Path) -> None:
        import numpy as np
        import pyarrow as pa

        self._step = step
        self._empty = _make_empty(file.schema_arrow)
        self._batches: dict[int, list[int]] = defaultdict(list)
        place = str(folder / "scattered.arrow")
        schema = pa.schema([pa.field("", pa.int64()), *self._empty.schema])
        row = count = 0
        with pa.OSFile(place, "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
            for batch in file.iter_batches(batch_size=step, use_threads=False):
                own = np.asarray(places[row : row + batch.num_rows])
                row += batch.num_rows
                order = np.argsort(own, kind="stable")
                own = own[order]
                marked = pa.RecordBatch.from_arrays(
                    [make_integers(own), *batch.take(make_integers(order)).columns], schema=schema
                )
                stretches, starts = np.unique(own // step, return_index=True)
                ends = [*starts[1:].tolist(), len(own)]
                for stretch, start, end in zip(stretches.tolist(), starts.tolist(), ends, strict=True):
                    writer.write_batch(marked.slice(start, end - start))
                    self._batches[stretch].append(count)
                    count += 1
        self._reader = pa.ipc.open_file(pa.memory_map(place))

    def read(self, end: int) -> tuple[pa.RecordBatch, np.ndarray]:
        """See `RowSource`."""
        import numpy as np
        import pyarrow as pa

        numbers = self._batches.get((end - 1) // self._step)
        if not numbers:
            return self._empty, np.empty(0, np.int64)
        rows = pa.concat_batches([self._reader.get_batch(number) for number in numbers])
        columns = pa.RecordBatch.from_arrays(rows.columns[1:], schema=self._empty.schema)
        return columns, view_numbers(rows.column(0))


def read_ahead(file: pq.ParquetFile, rows: int) -> Generator[pa.RecordBatch]:
    """The rows of a file, the next batch being decoded while one is worked on; close it before the file."""
    with ThreadPoolExecutor(1, thread_name_prefix="rows") as thread:
        batches = file.iter_batches(batch_size=rows, use_threads=False)
        coming = thread.submit(next, batches, None)
        while (batch := coming.result()) is not None:
            coming = thread.submit(next, batches, None)
            yield batch


def choose_step(files: list[pq.ParquetFile], most: int) -> int:
    """How many rows fit into memory well: a row group is not larger than some 64 MB."""
    groups: list[int] = [
        file.metadata.row_group(number).num_rows for file in files for number in range(file.metadata.num_row_groups - 1)
    ]
    return max(1, min(most, *groups)) if groups else most


def _make_empty(schema: pa.Schema) -> pa.RecordBatch:
    import pyarrow as pa

    return pa.RecordBatch.from_arrays([pa.nulls(0, field.type) for field in schema], schema=schema)
