"""Batches into files: canonical CSV and Parquet, written together in one pass.

CSV (RFC 4180): UTF-8, no BOM, comma, LF, quotes only where needed. Parquet: Zstandard, row groups and statistics good
for range readers, the Table Schema and the identity of the dataset in the footer. Equal rows make equal bytes.
"""

from __future__ import annotations

import io
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, BinaryIO

from opendata.tables.arrow.shapes import contains_any, find_extent
from opendata.tables.types.casting import Batch

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

PIECE_ROWS = 4096
"""Both files are written in pieces of this many rows, so that equal rows make equal files however they arrive."""

WRITTEN_ROWS = 1024
"""Arrow's writer takes so many rows of a chunk at once, and asks after them whether a page is full."""

ROW_GROUP_ROWS = 122_880
ROW_GROUP_BYTES = 64 * 1024 * 1024
JOINED_BYTES = 1 << 30  # the offsets of one string array are 32 bits
_COPIED_BYTES = 1 << 20
_SPECIAL = (b",", b'"', b"\r", b"\n")
_NEEDS_QUOTES = '[",\r\n]'
_FEW = 4
"""A column is written through a dictionary where its values come so often on average."""

_SHORTER = 0.95
"""Another encoding than the plain one is worth it where its column takes at most this share of the bytes."""


class TableWriter:
    """Writes one table as CSV and Parquet. Use as a context; on leaving, both files are complete.

    `metadata` goes into the Parquet footer, each value as JSON. `null_text` is how CSV writes a missing value: one
    text, or one for each column. `source` is the file that the `lines` of batches are from: where it turns out to be
    canonical from its first byte to its last, the CSV is another name of it (`csv_is_source`), and nothing is written.
    Rows are held, in pieces of `piece_rows`, until they are as long as `group_bytes`, the size of a row group.
    `has_header` is false for a later part of a table: its CSV goes on where another ends.
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
        has_header: bool = True,
    ) -> None:
        self.rows = 0
        self._group_bytes = group_bytes or ROW_GROUP_BYTES
        self._piece_rows = piece_rows or PIECE_ROWS
        self._null_text = null_text
        footer = {key: json.dumps(value, ensure_ascii=False, sort_keys=True) for key, value in metadata.items()}
        self._schema = schema.with_metadata(footer)
        self._csv = _CsvFile(csv, join_header(schema.names) if has_header else b"", source)
        self._place = parquet
        self._parquet: Any = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="parquet")
        self._writing: Future[None] | None = None
        self._held: list[_Part] = []
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
                self._parquet = open_parquet_writer(self._place, self._schema, None)
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
        ends = _find_ends(batch)
        while start < batch.typed.num_rows:
            count = min(self._piece_rows - self.rows % self._piece_rows, batch.typed.num_rows - start)
            self._hold(batch.typed, start, count, int(ends[start + count]) - int(ends[start]))
            start += count

    def _hold(self, typed: pa.RecordBatch, start: int, count: int, size: int) -> None:
        """Keep rows that do not go over the end of a piece; a row group ends only where a piece does."""
        self.rows += count
        if start and self._held and self._held[-1].batch is typed:
            self._held[-1].count += count
        else:
            self._held.append(_Part(typed, start, count))
        self._held_rows += count
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

    def _write_group(self, held: Sequence[_Part], rows: int) -> None:
        table = _join_parts(held)
        table = table.replace_schema_metadata(self._schema.metadata)
        if self._parquet is None:
            self._parquet = open_parquet_writer(self._place, self._schema, table)
        self._parquet.write_table(table, row_group_size=rows)

    def _wait(self) -> None:
        if self._writing is not None:
            self._writing.result()
            self._writing = None


@dataclass(slots=True)
class _Part:
    """Some rows of a batch."""

    batch: pa.RecordBatch
    start: int
    count: int


def _join_parts(parts: Sequence[_Part]) -> pa.Table:
    """Rows one after the other as chunks that end where Arrow's writer stops, so that the file doesn't show them.

    Only rows around the ends of batches are copied.
    """
    import pyarrow as pa

    chunks: list[pa.RecordBatch] = []
    loose: list[pa.RecordBatch] = []
    loose_rows = 0
    for part in parts:
        start, end = part.start, part.start + part.count
        while start < end:
            is_apart = not loose and end - start >= WRITTEN_ROWS
            most = (end - start) // WRITTEN_ROWS * WRITTEN_ROWS if is_apart else WRITTEN_ROWS - loose_rows
            found = part.batch.slice(start, min(end - start, most))
            start += found.num_rows
            if is_apart:
                chunks.append(found)
                continue
            loose.append(found)
            loose_rows += found.num_rows
            if loose_rows == WRITTEN_ROWS:
                chunks.append(pa.concat_batches(loose))
                loose, loose_rows = [], 0
    return pa.Table.from_batches([*chunks, *([pa.concat_batches(loose)] if loose else ())])


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

    def write(self, data: bytes | memoryview, *, is_source: bool = False) -> None:
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


def open_parquet_writer(place: Path, schema: pa.Schema, first: pa.Table | None) -> pq.ParquetWriter:
    """A file for the rows of a published table, with dictionaries for what repeats in the `first` of them."""
    import pyarrow.parquet as pq

    repetitive = _find_repetitive(first) if first is not None else []
    encodings = _choose_encodings(first, repetitive) if first is not None else None
    return pq.ParquetWriter(
        place,
        schema,
        compression="zstd",
        use_dictionary=list(repetitive),
        column_encoding=encodings or None,
        write_page_index=True,
        write_batch_size=WRITTEN_ROWS,
        store_schema=True,
    )


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


def _choose_encodings(table: pa.Table, repetitive: Sequence[str]) -> dict[str, str]:
    """How the numbers of columns without a dictionary are written, where that makes the first rows shorter.

    Whole numbers, days and moments as differences, doubles as streams of their first bytes, their second bytes, …
    """
    import pyarrow.parquet as pq

    first = table.slice(0, 4 * PIECE_ROWS)
    wanted = {item.name: _find_encoding(item.type) for item in first.schema if item.name not in repetitive}
    encodings = {name: encoding for name, encoding in wanted.items() if encoding}
    if not encodings:
        return {}
    sizes = []
    for chosen in (None, encodings):
        file = io.BytesIO()
        options: dict[str, Any] = {"compression": "zstd", "use_dictionary": False, "column_encoding": chosen}
        pq.write_table(first.select(list(encodings)), file, write_statistics=False, **options)
        group = pq.read_metadata(file).row_group(0)
        sizes.append([group.column(place).total_compressed_size for place in range(len(encodings))])
    pairs = zip(encodings.items(), *sizes, strict=True)
    return {name: encoding for (name, encoding), plain, size in pairs if size < _SHORTER * plain}


def _find_encoding(kind: pa.DataType) -> str:
    """The encoding that may be shorter than a type's plain one; none where there isn't any."""
    import pyarrow as pa

    if pa.types.is_float64(kind):
        return "BYTE_STREAM_SPLIT"
    return "DELTA_BINARY_PACKED" if pa.types.is_integer(kind) or pa.types.is_temporal(kind) else ""


def _find_ends(batch: Batch) -> np.ndarray:
    """About where rows end as CSV, one place more than there are rows: the same however they are cut into batches."""
    import numpy as np

    found: np.ndarray
    if batch.starts is not None:
        found = np.frombuffer(batch.starts, np.uint32)
        return found
    found = np.arange(batch.typed.num_rows + 1, dtype=np.int64) * batch.text.num_columns
    for column in batch.text.columns:
        found += find_extent(column)[0]
    return found


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
