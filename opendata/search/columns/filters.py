"""Which values a column may have, in about two bytes a value: never a wrong no, seldom a wrong yes.

In, 64-bit hashes of values:  0x1b0c…, 0x7af2…
Out, a filter of blocks:      32 bytes each, of which one bit in each of eight words is set for a hash
Asked for another hash:       it may be there only if all eight of its bits are set in its block

Source: Putze, Sanders, Singler: Cache-, Hash- and Space-Efficient Bloom Filters (2009), in the form of split blocks
that Parquet has. The number of blocks is a power of two, so a filter is made for as many values as there may be, and
halved as often as there are fewer.
"""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

BLOCK_BYTES = 32
PAGE_BLOCKS = 120
"""A filter is kept in parts of this many blocks, each of which fits a page of the index."""

PAGE_BYTES = PAGE_BLOCKS * BLOCK_BYTES
_WORDS = 8
_MOST_BLOCKS = 1 << 20
"""At most 32 MiB a filter: 25 million values at 10 bits each."""

_FEW = 10_000
_BITS_OF_FEW = 24
_BITS = 10
"""At least this many bits a value; more of them in small filters, which are most of all."""

_SALTS = (
    *(0x47B6137B, 0x44974D91, 0x8824AD5B, 0xA2B7289D),
    *(0x705495C7, 0x2DF1424B, 0x9EFC4947, 0x5C6BFB31),
)
_HALF = 0xFFFFFFFF
_BLOCK = Struct("<8I")


def find_place(hashed: int, blocks: int) -> tuple[int, int]:
    """Where a filter with this number of blocks has the block of a hash: in which part, from which byte."""
    page, block = divmod(((hashed >> 32) * blocks) >> 32, PAGE_BLOCKS)
    return page, block * BLOCK_BYTES


def may_be_in(hashed: int, page: bytes, start: int = 0) -> bool:
    """Whether a value may be in a filter whose block of its hash begins at this byte of `page`."""
    low = hashed & _HALF
    words = _BLOCK.unpack_from(page, start)
    # The first words tell nearly all that aren't there.
    return all(word >> ((low * salt & _HALF) >> 27) & 1 for word, salt in zip(words, _SALTS, strict=True))


class FilterMaker:
    """Makes the filter of one column of at most `most` different values."""

    def __init__(self, most: int) -> None:
        import numpy as np

        self._blocks = 1
        while self._blocks < _MOST_BLOCKS and self._blocks * BLOCK_BYTES * 8 < most * _choose_bits(most):
            self._blocks *= 2
        self._words = np.zeros(self._blocks * _WORDS, np.uint32)

    def take(self, hashes: np.ndarray) -> None:
        """Add values by their hashes (uint64)."""
        import numpy as np

        starts = ((hashes >> np.uint64(32)) * np.uint64(self._blocks) >> np.uint64(32)).astype(np.int64) * _WORDS
        low = hashes.astype(np.uint32)
        for place, salt in enumerate(_SALTS):
            bits = np.uint32(1) << (low * np.uint32(salt) >> np.uint32(27))
            np.bitwise_or.at(self._words, starts + place, bits)

    def finish(self, count: int) -> bytes:
        """The filter, as small as `count` different values allow."""
        import numpy as np

        words, blocks = self._words.reshape(self._blocks, _WORDS), self._blocks
        while blocks > 1 and blocks // 2 * BLOCK_BYTES * 8 >= count * _choose_bits(count):
            blocks //= 2
            words = np.bitwise_or(words[0::2], words[1::2])
        return words.astype("<u4").tobytes()


def measure_error(bits: bytes) -> float:
    """How likely a filter says yes to a value that isn't in it."""
    import numpy as np

    words = np.frombuffer(bits, "<u4").reshape(-1, _WORDS)
    return float(np.prod(np.bitwise_count(words) / 32, axis=1).mean())


def _choose_bits(count: int) -> int:
    return _BITS_OF_FEW if count <= _FEW else _BITS
