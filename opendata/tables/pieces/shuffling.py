"""Finds the values of keys that repeat across pieces: rows are divided by a hash, each group is compared alone.

In, the files that pieces wrote of their keys: a, b in the first piece, b, c in the second
Out of `spread_keys`, for each group: the values that belong to it, with the rows' numbers in the whole table
Out of `gather_keys`: b of the second piece repeats b of the first
Keys whose values ascend from piece to piece aren't compared at all.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from opendata.tables.arrow.arrays import make_integers
from opendata.tables.check.uniqueness import PART_BYTES, KeyBounds, KeyWatch, Repetition, find_repeated, hash_rows
from opendata.tables.pieces.piece import name_keys, read_batches
from opendata.tables.pieces.running import OnDone, Runner

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class _KeyFile:
    """The values of a key in one piece; `offset` rows of the table come before the piece."""

    path: Path
    watch: int
    piece: int
    offset: int
    groups: int


def compare_keys(
    watches: Sequence[KeyWatch],
    bounds: Sequence[Sequence[KeyBounds | None]],
    offsets: Sequence[int],
    folder: Path,
    runner: Runner,
    most: int,
    on_done: OnDone | None = None,
) -> None:
    """Tell the watches of a table what repeats; `bounds` and `offsets` are those of its pieces, by order."""
    files: list[_KeyFile] = []
    for number, watch in enumerate(watches):
        watch.tell(0, [])
        if _ascend([found[number] for found in bounds]):
            continue
        paths = [name_keys(folder, number, piece) for piece in range(len(bounds))]
        sizes = [path.stat().st_size if path.exists() else 0 for path in paths]
        groups = sum(sizes) // PART_BYTES + 1
        files += [
            _KeyFile(path, number, piece, offset, groups)
            for piece, (path, offset, size) in enumerate(zip(paths, offsets, sizes, strict=True))
            if size
        ]
    found: dict[int, list[tuple[int, list[int], list[int]]]] = {}
    for data in runner.group(spread_keys, files, partial(gather_keys, most), on_done=on_done) if files else ():
        number, *repeated = pickle.loads(data)  # noqa: S301 - made by `gather_keys`
        found.setdefault(number, []).append((repeated[0], repeated[1], repeated[2]))
    for number, parts in found.items():
        first = sorted(pair for _, rows, earlier in parts for pair in zip(rows, earlier, strict=True))[:most]
        watches[number].tell(sum(part[0] for part in parts), [Repetition(*pair) for pair in first])


def _ascend(bounds: Sequence[KeyBounds | None]) -> bool:
    """Whether each value of a key is greater than the one before it, in the whole table."""
    last = None
    for found in bounds:
        if found is None:
            continue
        if not found.ascends or (last is not None and not last < found.first):
            return False
        last = found.last
    return True


def spread_keys(file: _KeyFile) -> Iterator[tuple[int, int, bytes]]:
    """The values of a key in one piece, for the groups that they belong to."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    table = pa.Table.from_batches(list(read_batches(file.path))).combine_chunks()
    batch = table.to_batches()[0]
    arrays = [pc.add(batch.column(0), file.offset), *batch.columns[1:]]
    batch = pa.record_batch(arrays, names=batch.schema.names)
    group = (hash_rows(batch.columns[1:]) % np.uint64(file.groups)).astype(np.int64)
    order = np.argsort(group, kind="stable")
    ends = np.searchsorted(group[order], np.arange(file.groups + 1))
    ordered = batch.take(make_integers(order))
    for number in range(file.groups):
        start, end = int(ends[number]), int(ends[number + 1])
        if end > start:
            data = _write(file.watch, ordered.slice(start, end - start))
            yield (file.watch << 32) + number, file.piece, data


def _write(watch: int, batch: pa.RecordBatch) -> bytes:
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema.with_metadata({"watch": str(watch)})) as writer:
        writer.write_batch(batch)
    return bytes(sink.getvalue())


def gather_keys(most: int, members: Sequence[bytes]) -> bytes:
    """What repeats in one group: the key, how many rows, and the first of them with the rows they repeat."""
    import pyarrow as pa

    tables = [pa.ipc.open_stream(member).read_all() for member in members]
    watch = int(tables[0].schema.metadata[b"watch"])
    found = sorted(find_repeated(pa.concat_tables(tables)), key=lambda item: item.row)
    return pickle.dumps(
        (watch, len(found), [item.row for item in found[:most]], [item.previous for item in found[:most]])
    )
