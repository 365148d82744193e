"""Batches into files: canonical CSV and Parquet, written together in one pass.

CSV (RFC 4180): UTF-8, no BOM, comma, LF, quotes only where needed. Parquet: Zstandard, row groups and statistics good
for range readers, the Table Schema and the identity of the dataset in the footer. Equal rows make equal bytes.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, BinaryIO

from opendata.tables.arrow.shapes import contains_any, find_extent
from opendata.tables.types.casting import Batch

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

PIECE_ROWS = 4096
"""Both files are written in pieces of this many rows, so that equal rows make equal files however they arrive."""

ROW_GROUP_ROWS = 122_880
ROW_GROUP_BYTES = 64 * 1024 * 1024
JOINED_BYTES = 1 << 30  # the offsets of one string array are 32 bits
_COPIED_BYTES = 1 << 20
_SPECIAL = (b",", b'"', b"\r", b"\n")
_NEEDS_QUOTES = '[",\r\n]'
_FEW = 4
"""A column is written through a dictionary where its values come so often on average."""


class TableWriter:
    """Writes one table as CSV and Parquet. Use as a context; on leaving, both files are complete.

    `metadata` goes into the Parquet footer, each value as JSON. `null_text` is how CSV writes a missing value: one
    text, or one for each column. `source` is the file that the `lines` of batches are from: where it turns out to be
    canonical from its first byte to its last, the CSV is another name of it (`csv_is_source`), and nothing is written.
    Rows are held, in pieces of `piece_rows`, until they are as long as `group_bytes`, the size of a row group.
    """

    def __init__(
        self,
        csv: Path,
        parquet: Path,
        *,
        schema: pa.Schema,
        metadata: Mapping[str, Any],
        null_text: str | Sequence[str] = "",
        source: Path | None = None,
        group_bytes: int | None = None,
        piece_rows: int | None = None,
    ) -> None:
        self.rows = 0
        self._group_bytes = group_bytes or ROW_GROUP_BYTES
        self._piece_rows = piece_rows or PIECE_ROWS
        self._null_text = null_text
        footer = {key: json.dumps(value, ensure_ascii=False, sort_keys=True) for key, value in metadata.items()}
        self._schema = schema.with_metadata(footer)
        self._csv = _CsvFile(csv, join_header(schema.names), source)
        self._place = parquet
        self._parquet: Any = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="parquet")
        self._writing: Future[None] | None = None
        self._held: list[pa.RecordBatch] = []
        self._held_rows = 0
        self._held_bytes = 0

    def __enter__(self) -> TableWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._flush()
            self._wait()
            if kind is None and self._parquet is None:
                self._parquet = self._open_parquet([])
        finally:
            self._thread.shutdown()
            if self._parquet is not None:
                self._parquet.close()
            self._csv.close()

    @property
    def csv_is_source(self) -> bool:
        """Whether the CSV is the source's file itself; known once everything is written."""
        return self._csv.is_source

    def write(self, batch: Batch) -> None:
        """Append the rows of a batch to both files."""
        if batch.lines is None:
            self._csv.write(join_csv(batch.text, self._null_text))
        else:
            self._csv.write(batch.lines, is_source=True)
        start = 0
        extents = [find_extent(column)[0] for column in batch.text.columns]
        while start < batch.typed.num_rows:
            count = min(self._piece_rows - self.rows % self._piece_rows, batch.typed.num_rows - start)
            self._hold(batch.typed.slice(start, count), _count_bytes(extents, start, count))
            start += count

    def _hold(self, typed: pa.RecordBatch, size: int) -> None:
        """Keep rows that do not go over the end of a piece; a row group ends only where a piece does."""
        self.rows += typed.num_rows
        self._held.append(typed)
        self._held_rows += typed.num_rows
        self._held_bytes += size
        full = self._held_rows >= ROW_GROUP_ROWS or self._held_bytes >= self._group_bytes
        if full and self.rows % self._piece_rows == 0:
            self._flush()

    def _flush(self) -> None:
        """Write what is held as a row group, in a thread of its own; one at a time."""
        if self._held_rows:
            self._wait()
            self._writing = self._thread.submit(self._write_group, self._held, self._held_rows)
            self._held, self._held_rows, self._held_bytes = [], 0, 0

    def _write_group(self, held: Sequence[pa.RecordBatch], rows: int) -> None:
        import pyarrow as pa

        table = pa.Table.from_batches(held).combine_chunks()
        table = table.replace_schema_metadata(self._schema.metadata)
        if self._parquet is None:
            self._parquet = self._open_parquet(_find_repetitive(table))
        self._parquet.write_table(table, row_group_size=rows)

    def _open_parquet(self, repetitive: Sequence[str]) -> Any:
        import pyarrow.parquet as pq

        return pq.ParquetWriter(
            self._place,
            self._schema,
            compression="zstd",
            use_dictionary=list(repetitive),
            write_page_index=True,
            store_schema=True,
        )

    def _wait(self) -> None:
        if self._writing is not None:
            self._writing.result()
            self._writing = None


class _CsvFile:
    """The CSV file, written only from where it begins to differ from the source."""

    def __init__(self, place: Path, header: bytes, source: Path | None) -> None:
        self._place = place
        self._source = source
        self._file: BinaryIO | None = None
        self._same = len(header)
        self.is_source = False
        if source is None or not _begins_with(source, header):
            self._file = place.open("wb")
            self._file.write(header)

    def write(self, data: bytes, *, is_source: bool = False) -> None:
        if self._file is None and is_source:
            self._same += len(data)
            return
        self._open().write(data)

    def close(self) -> None:
        if self._file is None and self._source is not None and self._same == self._source.stat().st_size:
            self.is_source = True
            self._place.unlink(missing_ok=True)
            try:
                os.link(self._source, self._place)
            except OSError:  # it is on another disk
                shutil.copyfile(self._source, self._place)
            return
        self._open().close()

    def _open(self) -> BinaryIO:
        """The file, with what was the same so far copied into it; a last line without its end gets one."""
        if self._file is None:
            assert self._source is not None  # noqa: S101 - else it was opened at once
            self._file = self._place.open("wb")
            left = self._same
            with self._source.open("rb") as source:
                while left and (data := source.read(min(left, _COPIED_BYTES))):
                    self._file.write(data)
                    left -= len(data)
            self._file.write(b"\n" * left)
        return self._file


def _begins_with(file: Path, data: bytes) -> bool:
    with file.open("rb") as stream:
        return stream.read(len(data)) == data


def _find_repetitive(table: pa.Table) -> list[str]:
    """The columns whose values repeat: others only grow by a dictionary, and cost twice the time.

    Where hardly a value comes twice in the first rows, no others are looked at.
    """
    import pyarrow.compute as pc

    first = table.slice(0, 4 * PIECE_ROWS)
    likely = [name for name in table.column_names if pc.count_distinct(first[name]).as_py() < 0.8 * first.num_rows]
    return [name for name in likely if pc.count_distinct(table[name]).as_py() * _FEW <= table.num_rows]


def _count_bytes(extents: Sequence[np.ndarray], start: int, count: int) -> int:
    """About how long some rows are as CSV (by the columns' offsets), the same however they are cut into batches."""
    return count * len(extents) + sum(int(extent[start + count]) - int(extent[start]) for extent in extents)


def join_csv(batch: pa.RecordBatch, null_text: str | Sequence[str] = "") -> bytes:
    """A batch of text columns as CSV records, LF after each; `null_text` for all columns, or one for each."""
    import pyarrow.compute as pc

    if batch.num_rows == 0:
        return b""
    nulls = [null_text] * batch.num_columns if isinstance(null_text, str) else null_text
    columns = [_quote(column, null) for column, null in zip(batch.columns, nulls, strict=True)]
    if len(columns) == 1:  # an empty line would not be read as a record
        columns = [pc.if_else(pc.equal(columns[0], ""), '""', columns[0])]
    size = sum(column.nbytes for column in columns)
    if size > JOINED_BYTES:
        half = batch.num_rows // 2
        if half:
            return join_csv(batch.slice(0, half), null_text) + join_csv(batch.slice(half), null_text)
    lines = pc.binary_join_element_wise(*columns, ",") if len(columns) > 1 else columns[0]
    text = pc.binary_join_element_wise(lines, "\n", "")
    return bytes(
        memoryview(text.buffers()[2])[: len(pc.binary_length(text)) and pc.sum(pc.binary_length(text)).as_py()]
    )


def _quote(column: pa.Array, null_text: str) -> pa.Array:
    import pyarrow.compute as pc

    filled = pc.fill_null(column, null_text) if column.null_count else column
    if not contains_any(filled, _SPECIAL):
        return filled
    needs = pc.match_substring_regex(filled, _NEEDS_QUOTES)
    if not pc.any(needs).as_py():
        return filled
    doubled = pc.replace_substring(filled, '"', '""')
    return pc.if_else(needs, pc.binary_join_element_wise('"', doubled, '"', ""), filled)


def join_header(names: Sequence[str]) -> bytes:
    """The names of columns as the first record of a CSV file."""
    quoted = ['"' + name.replace('"', '""') + '"' if any(c in name for c in '",\r\n\ufeff') else name for name in names]
    if quoted == [""]:
        quoted = ['""']
    return (",".join(quoted) + "\n").encode()
