"""Which row of one table is which of another: every row gets a place, and two rows with the same place are a pair.

In, the keys of the old and of the new table:   old A B C, new A C D
Out, the places of their rows (`length` is 4):  old 0 1 2, new 0 2 3: A and C are pairs, B was removed, D was added
In, with pairs in another order:                old A B C, new C A D
Out (`reordered` is true):                      old 1 2 0, new 0 1 3: B gets the place after A, the row before it
In, with a repeated key: old A A B, new A B B   old 0 1 2, new 0 2 3: the first A is a pair, and so is the first B

Rows are paired by a number of 64 bits made from their key; of several rows with one number, the n-th is paired with the
n-th. Two different keys may have the same number: the caller compares the pairs, and calls again with `careful` if it
finds such a pair. The places follow the order of the new table. A removed row comes right after the furthest of the
rows before it in the old table. The numbers and places of long tables are in files.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

from opendata.tables.arrow.arrays import view_flags, view_numbers
from opendata.tables.arrow.distinct import hash_values
from opendata.tables.diff.column_pairs import Column, fit

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

PART_ROWS = 1 << 22
"""At most this many rows are sorted at once."""

STRIDE = 1 << 20
"""At most this many places are computed at once."""

_BATCH_ROWS = 65_536
_MIX = 0x9E3779B97F4A7C15
_NULL = 0xD6E8FEB86659FD93


@dataclass(frozen=True, slots=True)
class Places:
    """The place of each row of both tables, from 0 to `length`, int64.

    Those of `new` ascend; those of `old` do too unless rows that both tables have changed places (`reordered`).
    """

    old: np.ndarray
    new: np.ndarray
    length: int
    reordered: bool


def place_rows(
    old: pq.ParquetFile, new: pq.ParquetFile, key: Sequence[Column], folder: Path, *, careful: bool = False
) -> Places:
    """Find pairs by the columns of a key, as the difference types them; files are made in `folder`.

    `careful` makes the numbers by a cryptographic hash with a secret of its own: slow, and nobody can foresee it.
    """
    secret = secrets.token_bytes(16) if careful else b""
    partners = _map(folder / "partners", old.metadata.num_rows)
    partners[:] = -1
    with ThreadPoolExecutor(1, thread_name_prefix="keys") as thread:
        waiting = thread.submit(_hash_rows, new, key, folder / "new.hashes", is_new=True, secret=secret)
        before = _hash_rows(old, key, folder / "old.hashes", is_new=False, secret=secret)
        after = waiting.result()
    count = 0
    for mine, theirs in _split(before, after):
        found, place = _pair(before[mine], after[theirs])
        partners[mine[found]] = theirs[place]
        count += len(found)
    return _place(partners, len(after), len(partners) - count, folder)


def has_repeats(file: pq.ParquetFile, key: Sequence[Column], folder: Path, *, is_new: bool) -> bool:
    """Whether two rows of a file have the same key; very rarely, two different keys count as the same."""
    import numpy as np

    hashes = _hash_rows(file, key, folder / "keys.hashes", is_new=is_new, secret=b"")
    bits = (len(hashes) // PART_ROWS).bit_length()
    for part in range(1 << bits):
        own = np.sort(hashes[_choose(hashes, part, bits)])
        if (own[1:] == own[:-1]).any():
            return True
    return False


def _hash_rows(file: pq.ParquetFile, key: Sequence[Column], place: Path, *, is_new: bool, secret: bytes) -> np.ndarray:
    """A number for each row of a file (uint64), the same where the keys are."""
    hashes: np.ndarray = _map(place, file.metadata.num_rows, "u8")
    names = [file.schema_arrow.names[item.new if is_new else item.old] for item in key]
    start = 0
    for batch in file.iter_batches(batch_size=_BATCH_ROWS, columns=names, use_threads=False):
        there = batch.schema.names
        own = [
            replace(item, old=there.index(name), new=there.index(name)) for item, name in zip(key, names, strict=True)
        ]
        arrays = fit(batch, own, is_new=is_new)
        hashes[start : start + batch.num_rows] = (
            _digest(arrays, secret) if secret else mix_hashes(arrays, batch.num_rows)
        )
        start += batch.num_rows
    return hashes


def mix_hashes(arrays: Sequence[pa.Array], rows: int) -> np.ndarray:
    """A number of 64 bits for each row, the same for rows whose values in these columns are the same."""
    import numpy as np

    if len(arrays) == 1 and _is_whole(arrays[0]):  # numbers that ascend are sorted already
        numbers: np.ndarray = view_numbers(arrays[0]).astype(np.int64).view(np.uint64)
        if arrays[0].null_count:
            numbers[view_flags(arrays[0].is_null())] = _NULL
        return numbers
    found = np.zeros(rows, np.uint64)
    for array in arrays:
        found ^= _hash(array)
        found *= np.uint64(_MIX)
        found ^= found >> np.uint64(29)
    return found


def _hash(array: pa.Array) -> np.ndarray:
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_floating(array.type):
        nought, nan = pa.scalar(0.0, array.type), pa.scalar(float("nan"), array.type)
        array = pc.if_else(pc.is_nan(array), nan, pc.add(array, nought))  # one NaN, and no -0.0
    if not array.null_count:
        return hash_values(array)
    filling = ""
    if not pa.types.is_string(array.type):
        filling = pa.Array.from_buffers(array.type, 1, [None, pa.py_buffer(bytes(16))])[0]
    hashes = hash_values(pc.fill_null(array, filling)).copy()
    hashes[view_flags(array.is_null())] = _NULL
    return hashes


def _is_whole(array: pa.Array) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_integer(array.type) or pa.types.is_temporal(array.type))


def _digest(arrays: Sequence[pa.Array], secret: bytes) -> np.ndarray:
    import numpy as np

    values = zip(*(array.to_pylist() for array in arrays), strict=True)
    # nought is nought, whatever its sign
    texts = (repr([item + 0.0 if isinstance(item, float) else item for item in row]).encode() for row in values)
    return np.array([int.from_bytes(blake2b(text, digest_size=8, key=secret).digest()) for text in texts], np.uint64)


def _split(before: np.ndarray, after: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The rows of both tables in parts, each small enough to be sorted; equal numbers fall into one part."""
    bits = (max(len(before), len(after)) // PART_ROWS).bit_length()
    for part in range(1 << bits):
        yield _choose(before, part, bits), _choose(after, part, bits)


def _choose(hashes: np.ndarray, part: int, bits: int) -> np.ndarray:
    """The rows of one part, ascending."""
    import numpy as np

    if not bits:
        return np.arange(len(hashes))
    found = [np.empty(0, np.int64)]
    for start in range(0, len(hashes), STRIDE):
        parts = (hashes[start : start + STRIDE] * np.uint64(_MIX)) >> np.uint64(64 - bits)
        found.append(np.flatnonzero(parts == part) + start)
    return np.concatenate(found)


def _pair(before: np.ndarray, after: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The indices of equal numbers, the n-th of its kind with the n-th."""
    import numpy as np

    first, second = _sort(before), _sort(after)
    known, asked = before[first], after[second]
    places = np.searchsorted(known, asked)
    new_run = np.ones(len(asked), bool)
    np.not_equal(asked[1:], asked[:-1], out=new_run[1:])
    if not new_run.all():  # its number among its equals
        starts = np.flatnonzero(new_run)
        places += np.arange(len(asked)) - np.repeat(starts, np.diff(np.append(starts, len(asked))))
    inside = places < len(known)
    inside[inside] = known[places[inside]] == asked[inside]
    return first[places[inside]], second[inside]


def _sort(hashes: np.ndarray) -> np.ndarray:
    import numpy as np

    if (hashes[1:] >= hashes[:-1]).all():
        return np.arange(len(hashes))
    return np.argsort(hashes, kind="stable")


def _place(partners: np.ndarray, new_rows: int, removed: int, folder: Path) -> Places:
    import numpy as np

    old = _map(folder / "old.places", len(partners))
    new = _map(folder / "new.places", new_rows)
    anchors = _map(folder / "anchors", removed)
    furthest, count, reordered = -1, 0, False
    for start in range(0, len(partners), STRIDE):
        found = partners[start : start + STRIDE]
        reach = np.maximum.accumulate(np.concatenate(([furthest], found)))
        lost = found < 0
        reordered = reordered or bool(((found < reach[:-1]) & ~lost).any())
        rows = np.flatnonzero(lost)
        anchors[count : count + len(rows)] = reach[1:][rows]
        old[start + rows] = reach[1:][rows] + np.arange(count + 1, count + 1 + len(rows))
        furthest, count = int(reach[-1]), count + len(rows)
    for start in range(0, new_rows, STRIDE):
        numbers = np.arange(start, min(start + STRIDE, new_rows))
        new[start : start + STRIDE] = numbers + np.searchsorted(anchors, numbers)
    for start in range(0, len(partners), STRIDE):
        found = partners[start : start + STRIDE]
        rows = np.flatnonzero(found >= 0)
        old[start + rows] = new[found[rows]]
    return Places(old, new, new_rows + removed, reordered)


def _map(place: Path, length: int, kind: str = "i8") -> Any:
    """An array, a long one in a file."""
    import numpy as np

    return np.memmap(place, kind, "w+", shape=(length,)) if length > PART_ROWS else np.empty(length, kind)
