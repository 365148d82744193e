"""The text copy of a table: every cell as its file has it, column by column, with the numbers of the rows.

In, a delimited text and how it is split. Out, a Parquet file with the columns `row`, `c1`, `c2`, …: a cell that its row
lacks is null, blank rows are left out, and so is what follows where the text is damaged.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from opendata.tables.arrow.arrays import make_integers, make_text, no_to_nulls
from opendata.tables.schema.header import read_labels
from opendata.tables.text.decoding import DecodingFault, read_rows
from opendata.tables.text.dialect import Dialect
from opendata.tables.text.splitting import (
    NeedsCareError,
    Records,
    Source,
    is_plain,
    split_block,
    split_rows,
)

if TYPE_CHECKING:
    import pyarrow as pa

ROW = "row"
GROUP_ROWS = 131_072
GROUP_BYTES = 64 * 1024 * 1024
"""At most about this many bytes of text are held before they are written."""


def name_place(column: int) -> str:
    """What a column is called in the copy; columns count from 1."""
    return f"c{column}"


def write_copy(source: Path, dialect: Dialect, target: Path) -> None:
    """Write the text copy of a table."""
    first_row = max(dialect.header_rows, default=0) + 1
    with closing(read_rows(source, dialect)) as rows:
        try:
            head = list(islice(rows, max(first_row - 1, 1)))
        except DecodingFault:
            head = []
    width = len(read_labels(head, dialect)) if dialect.header_rows else len(head[0]) if head else 0
    careful = not is_plain(dialect)
    while True:
        try:
            _write(target, _split(source, dialect, width, first_row - 1, careful=careful), width, first_row)
        except NeedsCareError:
            careful = True
            continue
        return


def _split(source: Path, dialect: Dialect, width: int, skipped: int, *, careful: bool) -> Iterator[Records]:
    if careful:
        for records in split_rows(source, dialect, width, skipped):
            if isinstance(records, DecodingFault):
                return
            yield records
        return
    for block in Source(source, dialect, hashes=False).blocks():
        yield split_block(block, dialect, width, skipped)
        skipped = 0


def _write(target: Path, batches: Iterator[Records], width: int, first: int) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    names = [name_place(number) for number in range(1, width + 1)]
    schema = pa.schema([pa.field(ROW, pa.int64()), *(pa.field(name, pa.string()) for name in names)])
    held: list[pa.RecordBatch] = []
    with pq.ParquetWriter(
        target,
        schema,
        compression="lz4",
        use_dictionary=names,
        column_encoding={ROW: "DELTA_BINARY_PACKED"},
        write_statistics=False,
    ) as writer:
        for records in batches:
            batch = _number(records, schema, first)
            first += records.rows
            if batch.num_rows:
                held.append(batch)
            if sum(part.num_rows for part in held) >= GROUP_ROWS or sum(part.nbytes for part in held) >= GROUP_BYTES:
                writer.write_table(pa.Table.from_batches(held))
                held = []
        if held:
            writer.write_table(pa.Table.from_batches(held))


def _number(records: Records, schema: pa.Schema, first: int) -> pa.RecordBatch:
    """The rows of a batch that aren't blank, with their numbers."""
    import numpy as np
    import pyarrow as pa

    numbers = records.numbers if records.numbers is not None else np.arange(first, first + records.rows)
    batch = pa.record_batch([make_integers(numbers), *records.columns], schema=schema)
    filled = _find_filled(records.columns)
    return batch if filled is None else batch.filter(filled)


def _find_filled(columns: Sequence[pa.Array]) -> pa.Array | None:
    """Which rows have something in some cell; None where all have."""
    import pyarrow.compute as pc

    filled = None
    for column in columns:
        some = no_to_nulls(pc.not_equal(column, make_text("")))
        filled = some if filled is None else pc.or_(filled, some)
        if pc.all(filled, min_count=0).as_py():
            return None
    return filled
