"""What is kept of a column of a published table: its form, a sample of its different values, a filter of all of them.

In, a Parquet file:  code "A001", "A002", …, name "东湖", …
Out, for each column: `Sketch`: 2 different values of 4 characters, their hashes, and a filter that answers
                      "may it have A003?"

The sample are the 128 smallest hashes of the different values (k minimum values; Beyer et al., SIGMOD 2007): 1 KB, as
evenly drawn as lots. Each of them is looked for in the filter of another column, so the share of a column's values that
the other has too is estimated as in a poll: the standard error is √(p·(1−p)/128), 4.4 percentage points at most,
however large the columns are. With 128 different values or fewer all of them are asked: then nothing but the filter
errs, which says yes to a wrong value once in a hundred times at most. The share is corrected for that.

A file is read column by column and batch by batch, so memory doesn't grow with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from opendata.domain.schema import Field
from opendata.search.columns.filters import FilterMaker, measure_error
from opendata.search.columns.kinds import detect_kind
from opendata.search.columns.texts import LONGEST, UNREAD, fold_texts, is_number, write_keys
from opendata.tables.arrow.distinct import Seen, hash_values
from opendata.tables.arrow.distinct import Sketch as Smallest

if TYPE_CHECKING:
    import pyarrow as pa

SAMPLE = 128
"""At most this many hashes of a column are kept."""

FOLDED = 0x5DEECE66D1F2A3B7
"""Tells the hash of a folded text from that of the text itself, where a column has both."""

_COUNTED = 4096
"""The number of different values is exact up to here; above, its standard error is 1/√4096, 1.6%."""
_BATCH = 65_536
_LOOKED_AT = 2_000
"""At most this many different values are looked at to detect the kind of a column."""
_MOST_DIGITS = 18
_NEARLY = 0.96
"""A column without repeated values has at least this many different ones by the estimate, three errors below 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of the values of a column; lengths are in characters.

    `alphabet` is `digits`, `latin` (ASCII) or `other`. `has_variants` says that folding changes some of its values.
    `is_row_number` says that they are whole numbers nearly without gaps. `error` is how likely the filter is wrong.
    """

    name: str
    count: int = 0
    distinct: int = 0
    is_exact: bool = True
    shortest: int = 0
    longest: int = 0
    alphabet: str = "other"
    kind: str = ""
    is_number: bool = False
    is_row_number: bool = False
    has_variants: bool = False
    error: float = 0.0

    @property
    def is_unique(self) -> bool:
        """Whether no value comes twice; where `distinct` is an estimate, this is one too."""
        return self.distinct == self.count if self.is_exact else self.distinct >= _NEARLY * self.count


@dataclass(frozen=True, slots=True)
class ColumnSketch:
    """What is kept of one column: `sample` are 64-bit hashes (little-endian), `bits` is the filter."""

    facts: Facts
    sample: bytes
    bits: bytes


def sketch_columns(path: Path, fields: Sequence[Field]) -> Iterator[ColumnSketch]:
    """The sketches of some columns of a Parquet file, one after the other."""
    import pyarrow.parquet as pq

    read = [item for item in fields if item.type not in UNREAD]
    with pq.ParquetFile(path, read_dictionary=[item.name for item in read]) as file:
        for item in read:
            column = _Column(item, file.metadata.num_rows)
            for batch in file.iter_batches(_BATCH, columns=[item.name]):
                column.take(batch.column(batch.schema.get_field_index(item.name)))
            yield column.finish()


def write_sketches(file: IO[bytes], sketches: Iterator[ColumnSketch]) -> None:
    """Write sketches for another process."""
    import json

    for sketch in sketches:
        head = [asdict(sketch.facts), len(sketch.sample), len(sketch.bits)]
        file.write(json.dumps(head).encode() + b"\n" + sketch.sample + sketch.bits)


def read_sketches(file: IO[bytes]) -> Iterator[ColumnSketch]:
    """Read what `write_sketches` has written."""
    import json

    while line := file.readline():
        facts, sample, bits = json.loads(line)
        yield ColumnSketch(Facts(**facts), file.read(sample), file.read(bits))


def hash_text(text: str, *, folded: bool = False) -> int:
    """The hash of one value; of its folded text where `folded`."""
    import pyarrow as pa

    found = int(hash_values(pa.array([text], pa.string()))[0])
    return found ^ FOLDED if folded else found


class _Column:
    """One column while it is read."""

    def __init__(self, item: Field, rows: int) -> None:
        self._field = item
        self._seen = Seen()
        self._smallest = Smallest(_COUNTED)
        self._folded = Smallest(_COUNTED)
        self._filter = FilterMaker(2 * rows)  # texts and folded texts
        self._looked_at: list[pa.Array] = []
        self._number = 0
        self._count = 0
        self._lengths: tuple[int, int] | None = None
        self._is_number = False
        self._is_digits, self._is_ascii = True, True
        self._span: tuple[int, int] | None = None
        self._has_variants = False

    def take(self, values: pa.Array) -> None:
        import pyarrow as pa
        import pyarrow.compute as pc

        kind = values.type.value_type if pa.types.is_dictionary(values.type) else values.type
        self._is_number = is_number(kind)
        values = values.drop_null()
        self._count += len(values)
        found = pc.unique(values)
        if pa.types.is_dictionary(found.type):
            found = found.dictionary_decode()
        texts = write_keys(found)
        hashes = hash_values(texts)
        new = self._seen.find_new(hashes)
        hashes, texts = hashes[new], texts.filter(pa.array(new))
        self._smallest.take(hashes)
        self._measure(texts)
        short = pc.less_equal(pc.utf8_length(texts), LONGEST)
        if not pc.all(short).as_py():
            texts = texts.filter(short)
            hashes = hashes[short.to_numpy(zero_copy_only=False)]
        self._filter.take(hashes)
        if not self._is_number:
            self._fold(texts)

    def finish(self) -> ColumnSketch:
        """Put together what was seen."""
        import pyarrow as pa

        distinct, is_exact = self._smallest.estimate()
        texts = pa.concat_arrays(self._looked_at) if self._looked_at else pa.array([], pa.string())
        shortest, longest = self._lengths or (0, 0)
        bits = self._filter.finish(distinct + (self._folded.estimate()[0] if self._has_variants else 0))
        facts = Facts(
            name=self._field.name,
            count=self._count,
            distinct=min(distinct, self._count),
            is_exact=is_exact,
            shortest=shortest,
            longest=longest,
            alphabet="digits" if self._is_digits else "latin" if self._is_ascii else "other",
            kind=detect_kind(self._field, texts),
            is_number=self._is_number,
            is_row_number=self._is_row_number(distinct),
            has_variants=self._has_variants,
            error=measure_error(bits),
        )
        return ColumnSketch(facts, self._smallest.list()[:SAMPLE].astype("<u8").tobytes(), bits)

    def _measure(self, texts: pa.Array) -> None:
        import pyarrow.compute as pc

        if not len(texts):
            return
        if self._number < _LOOKED_AT:
            self._looked_at.append(texts.slice(0, _LOOKED_AT - self._number))
            self._number += len(self._looked_at[-1])
        most = self._widen(texts)
        self._is_ascii = self._is_ascii and pc.all(pc.string_is_ascii(texts)).as_py()
        self._is_digits = self._is_digits and self._is_ascii and pc.all(pc.ascii_is_decimal(texts)).as_py()
        if self._is_digits and most <= _MOST_DIGITS:
            span = pc.min_max(pc.cast(texts, "int64"))
            low, high = span["min"].as_py(), span["max"].as_py()
            self._span = (min(self._span[0], low), max(self._span[1], high)) if self._span else (low, high)

    def _fold(self, texts: pa.Array) -> None:
        """Add the folded texts of values that folding changes."""
        import numpy as np
        import pyarrow.compute as pc

        folded = fold_texts(texts)
        changed = folded.filter(pc.not_equal(folded, texts))
        if len(changed):
            self._has_variants = True
            self._widen(changed)
            hashes = hash_values(changed) ^ np.uint64(FOLDED)
            self._folded.take(hashes)
            self._filter.take(hashes)

    def _widen(self, texts: pa.Array) -> int:
        """Take in how long texts are; returns the greatest length."""
        import pyarrow.compute as pc

        found = pc.min_max(pc.utf8_length(texts))
        least, most = found["min"].as_py(), found["max"].as_py()
        self._lengths = (min(self._lengths[0], least), max(self._lengths[1], most)) if self._lengths else (least, most)
        return int(most)

    def _is_row_number(self, distinct: int) -> bool:
        if not self._is_digits or self._span is None:
            return False
        low, high = self._span
        return distinct >= (high - low + 1) / 2
