"""How many different values a column has: each of them counted while they are few, from then on an estimate.

In, a `Tally(3, 1000)`:     b, a, b
Out of `Tally.list`:        b twice, a once; of a fourth value, `settle` would say that they are no longer few
In, a `Sketch(1000)`:       the hashes of 900 different values, each three times
Out of `Sketch.estimate`:   900, exact, since all their hashes are kept
In, 50,000 values instead:  53,009, an estimate: only the 1,000 smallest hashes are kept

The estimate (k minimum values) rests on the k-th smallest hash: the more values there are, the smaller it is. Its
standard error is 1/√k. Whether values are few depends on all rows, so their division into batches changes nothing.
"""

from __future__ import annotations

from functools import cache
from hashlib import blake2b
from typing import TYPE_CHECKING

from opendata.tables.arrow.arrays import make_integers, view_flags, view_numbers
from opendata.tables.arrow.compiled import find_compiled
from opendata.tables.arrow.shapes import find_extent

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

_PENDING = 4
"""At most this many times the entries that are kept may wait to be sorted in."""

_ROWS = 32768
"""At most this many texts are hashed at once: their data stay in the processor's cache, and threads rarely switch."""

_LONG = 256
"""Texts of more bytes are hashed one by one."""

_MIX = 0x9E3779B97F4A7C15
_STIR = 0xD6E8FEB86659FD93
_FACTORS = [
    int.from_bytes(blake2b(bytes([place]), digest_size=8).digest(), "little") | 1 for place in range(_LONG // 8)
]
"""One odd number for each word of a text."""

_ALL = 2**64 - 1

SLOTS = 1 << 15
"""At most this many hashes are remembered, by their last bits, so that frequent values need not be sorted again."""


class Tally:
    """Counts each value of a column while there are at most `most`, together of at most `most_bytes`."""

    def __init__(self, most: int, most_bytes: int) -> None:
        self._most = most
        self._most_bytes = most_bytes
        self._values: list[pa.Array] = []
        self._counts: list[pa.Array] = []
        self._pending = 0
        self._pending_bytes = 0

    def take(self, values: pa.Array) -> bool:
        """Count the values of an array without nulls. Returns whether they still seem few; `settle` decides."""
        import pyarrow.compute as pc

        if not len(values):
            return True
        counted = pc.value_counts(values)
        found = counted.field(0)
        self._values.append(found)
        self._counts.append(counted.field(1))
        self._pending += len(found)
        self._pending_bytes += found.nbytes
        if self._pending > _PENDING * self._most or self._pending_bytes > _PENDING * self._most_bytes:
            return self.settle()
        return len(found) <= self._most

    def join(self, other: Tally) -> bool:
        """Count the values of another tally too; whether they are few."""
        self._values += other._values
        self._counts += other._counts
        return self.settle()

    def settle(self) -> bool:
        """Put everything counted together; whether the values are few."""
        import numpy as np
        import pyarrow as pa
        import pyarrow.compute as pc

        if len(self._values) > 1:
            # a piece's dictionary may be a slice of a much larger buffer: it is copied
            coded = pc.dictionary_encode(pa.concat_arrays(self._values))
            counts = np.concatenate([view_numbers(counts) for counts in self._counts])
            sums = np.zeros(len(coded.dictionary), np.int64)
            np.add.at(sums, view_numbers(coded.indices), counts)
            self._values, self._counts = [coded.dictionary], [make_integers(sums)]
        self._pending = sum(map(len, self._values))
        self._pending_bytes = sum(map(_count_bytes, self._values))
        return self._pending <= self._most and self._pending_bytes <= self._most_bytes

    def list(self) -> tuple[pa.Array, np.ndarray] | None:
        """Every value once, in no order, and how often each occurs; None if there are no values."""
        self.settle()
        return (self._values[0], view_numbers(self._counts[0])) if self._values else None


Lengths = tuple[int, int]
"""The least and the greatest number of characters of some texts."""


class Sketch:
    """The smallest hashes of a column's values, at most `size` of them."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._kept: list[np.ndarray] = []
        self._number = 0
        self._bound: int | None = None
        self._seen = Seen()

    def take_values(self, values: pa.Array) -> Lengths | None:
        """Regard the values of an array without nulls; how long they are, if they are texts and that is known now."""
        made = _hash_new(values, self._seen.slots, _ALL if self._bound is None else self._bound)
        if made is None:
            self.take(hash_values(values))
            return None
        hashes, lengths = made
        self._keep(hashes)
        return lengths

    def take(self, hashes: np.ndarray) -> None:
        """Regard the values that have these hashes (uint64)."""
        hashes = hashes if self._bound is None else hashes[hashes < self._bound]
        self._keep(hashes[self._seen.find_new(hashes)])

    def _keep(self, small: np.ndarray) -> None:
        if len(small):
            self._kept.append(small)
            self._number += len(small)
        if self._number > _PENDING * self._size:
            self._settle()

    def join(self, other: Sketch) -> None:
        """Regard the values that another sketch has seen."""
        self.take(other.list())

    def estimate(self) -> tuple[int, bool]:
        """How many different values there are, and whether that is their very number."""
        self._settle()
        if self._bound is None:
            return self._number, True
        return round((self._size - 1) * 2**64 / (self._bound + 1)), False

    def list(self) -> np.ndarray:
        """The smallest hashes, in order: as evenly drawn from the different values as lots."""
        import numpy as np

        self._settle()
        return self._kept[0] if self._kept else np.empty(0, np.uint64)

    def _settle(self) -> None:
        import numpy as np

        if not self._kept:
            return
        found = np.sort(np.concatenate(self._kept))
        new = np.ones(len(found), bool)
        np.not_equal(found[1:], found[:-1], out=new[1:])
        found = found[new][: self._size].copy()
        self._kept, self._number = [found], len(found)
        if len(found) == self._size:
            self._bound = int(found[-1])


class Seen:
    """Remembers hashes that came lately, so that frequent values are looked at once and not in every batch."""

    def __init__(self) -> None:
        self._slots: np.ndarray | None = None

    @property
    def slots(self) -> np.ndarray:
        """What is remembered: each hash in the slot of its last bits."""
        import numpy as np

        if self._slots is None:
            self._slots = np.zeros(SLOTS, np.uint64)
            self._slots[0] = 1  # a hash of which this is not the slot
        return self._slots

    def find_new(self, hashes: np.ndarray) -> np.ndarray:
        """Which of these hashes (uint64) aren't remembered, and remember them. One that was forgotten is new again."""
        import numpy as np

        remembered = self.slots
        slots = (hashes & np.uint64(SLOTS - 1)).view(np.int64)
        new: np.ndarray = remembered.take(slots) != hashes
        remembered[slots[new]] = hashes[new]
        return new


def hash_values(values: pa.Array) -> np.ndarray:
    """A number for each value of an array without nulls (uint64), evenly spread; equal where values are equal."""
    import numpy as np
    import pyarrow as pa

    made = _hash_new(values, None, _ALL)
    if made is not None:
        return made[0]
    if pa.types.is_string(values.type):
        parts = [_hash_texts(values.slice(start, _ROWS)) for start in range(0, len(values), _ROWS)]
        found = np.concatenate([np.empty(0, np.uint64), *parts])
    elif pa.types.is_boolean(values.type):
        found = view_flags(values).astype(np.uint64)
    elif pa.types.is_decimal(values.type):
        low, high = view_halves(values)
        found = low.view(np.uint64) ^ (high.view(np.uint64) * np.uint64(_STIR))
    else:
        numbers = view_numbers(values)
        wide: np.ndarray = numbers.astype(np.int64) if numbers.itemsize < 8 else numbers
        found = wide.view(np.uint64) * np.uint64(_MIX)
    mixed: np.ndarray = found >> np.uint64(32)
    mixed ^= found
    mixed *= np.uint64(_STIR)
    mixed ^= mixed >> np.uint64(29)
    mixed *= np.uint64(_MIX)
    return mixed


def _hash_new(values: pa.Array, slots: np.ndarray | None, bound: int) -> tuple[np.ndarray, Lengths | None] | None:
    """The hashes below `bound` that `slots` don't remember (None: all hashes), and the lengths of texts.

    None where the compiled functions aren't there, or don't know such values.
    """
    import numpy as np
    import pyarrow as pa

    if pa.types.is_string(values.type):
        measure = find_compiled("measure_texts")
        _, offsets, data = values.buffers()
        if measure is None or offsets is None:
            return None
        made = measure(offsets, values.offset, len(values), data or b"", _list_factors(), slots, bound)
        if made is None:
            return None
        return np.frombuffer(made[0], np.uint64), made[1:] if len(values) else None
    hash_numbers = find_compiled("hash_numbers")
    is_plain = pa.types.is_integer(values.type) or pa.types.is_float64(values.type) or pa.types.is_temporal(values.type)
    data = values.buffers()[1]
    if hash_numbers is None or not is_plain or data is None or values.type.bit_width not in (32, 64):
        return None
    hashes = hash_numbers(data, values.type.bit_width // 8, values.offset, len(values), slots, bound)
    return np.frombuffer(hashes, np.uint64), None


@cache
def _list_factors() -> np.ndarray:
    import numpy as np

    return np.array(_FACTORS, np.uint64)


def view_halves(values: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """The unscaled values of 128-bit decimals without nulls as their lower and upper halves (int64)."""
    import numpy as np

    pairs: np.ndarray = np.frombuffer(values.buffers()[1], np.int64)[
        2 * values.offset : 2 * (values.offset + len(values))
    ]
    return pairs[0::2], pairs[1::2]


def join_halves(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Whole numbers from their lower and upper halves: int64, or Python's integers where these do not suffice."""
    if (high == low >> 63).all():
        return low
    found: np.ndarray = (high.astype(object) << 64) + low.view("uint64").astype(object)
    return found


def _hash_texts(texts: pa.Array) -> np.ndarray:
    """Eight bytes of every text at a time; each such word has a factor of its own, and one behind the end is 0."""
    import numpy as np

    offsets, data = find_extent(texts)
    starts, lengths = offsets[:-1], np.diff(offsets)
    words = np.frombuffer(b"".join((data, bytes(24 - len(data) % 8))), "<u8")
    masks = np.array([(1 << 8 * place) - 1 for place in range(9)], np.uint64)
    found = lengths.astype(np.uint64)
    found *= np.uint64(_MIX)
    shortest, longest = (int(lengths.min()), int(lengths.max())) if len(lengths) else (0, 0)
    rows: np.ndarray | None = None  # those that go on; None: all
    places, rest = (starts >> 3).astype(np.intp), lengths
    shifts = ((starts & 7) << 3).astype(np.uint64)
    for number in range((min(longest, _LONG) + 7) // 8):
        begun = 8 * number
        if shortest <= begun:
            going = rest > begun
            if 2 * np.count_nonzero(going) < len(going):
                rows = np.flatnonzero(going) if rows is None else rows[going]
                places, rest, shifts = places[going], rest[going], shifts[going]
        part = words.take(places + number, mode="clip") >> shifts
        # a shift by all 64 bits does nothing: the first bit is shifted separately
        part |= (words.take(places + (number + 1), mode="clip") << np.uint64(1)) << (np.uint64(63) - shifts)
        if shortest < begun + 8:
            part &= masks.take(rest - begun, mode="clip")
        part ^= part >> np.uint64(32)
        part *= np.uint64(_FACTORS[number])
        if rows is None:
            found += part
        else:
            found[rows] += part
    for row in np.flatnonzero(lengths > _LONG).tolist() if longest > _LONG else ():
        start = int(starts[row])
        digest = blake2b(data[start : start + int(lengths[row])], digest_size=8).digest()
        found[row] = int.from_bytes(digest, "little")
    return found


def _count_bytes(values: pa.Array) -> int:
    """How many bytes the values themselves take, whatever buffers hold them."""
    import pyarrow as pa

    return len(find_extent(values)[1]) if pa.types.is_string(values.type) else 0
