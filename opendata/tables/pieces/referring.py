"""Checks a foreign key of tables with more keys than fit into memory: they are divided by a hash, each group alone.

In, the columns of a key, and those it refers to, in files that all machines see: b, c, x and a, b, c
Out of `spread_keys`, for each group: the keys that belong to it, of both sides, with the rows' numbers
Out of `gather_keys`: x is in no row of the reference, with its number
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from opendata.domain.schema import ForeignKey
from opendata.tables.arrow.arrays import make_integers
from opendata.tables.arrow.parquet import open_parquet
from opendata.tables.check.keys import (
    KnownKeys,
    TableFiles,
    agree_on_form,
    check_foreign_key,
    count_lost,
    list_files,
    list_lost,
    list_references,
)
from opendata.tables.check.uniqueness import PART_BYTES, hash_rows
from opendata.tables.pieces.running import Runner
from opendata.tables.report.report import TaskReport

if TYPE_CHECKING:
    import pyarrow as pa

_BATCH_ROWS = 1 << 20
_SIDE = b"side"


@dataclass(frozen=True, slots=True)
class _KeyPart:
    """Columns of a key in a file. `others` are the types of those that they are compared with, `offset` rows before."""

    path: Path
    is_reference: bool
    others: Sequence[Any]
    number: int
    offset: int
    groups: int


def measure_keys(key: ForeignKey, table: TableFiles, reference: TableFiles) -> int:
    """How many bytes the columns of a key have on both sides."""
    return sum(
        _measure(path, names)
        for files, names in ((table, key.fields), (reference, key.reference_fields))
        for path in list_files(files)
    )


def check_key_in_groups(
    key: ForeignKey,
    *,
    table: TableFiles,
    reference: TableFiles | None,
    task: TaskReport,
    first_row: int | None,
    runner: Runner,
    folder: Path,
) -> None:
    """Do what `check_foreign_key` does. The columns of the key are copied into a folder that all machines share."""
    import pyarrow.parquet as pq

    references = list_references(key, reference, task)
    if not references:
        return
    files = list_files(table)
    schemas = pq.read_schema(files[0]), pq.read_schema(references[0])
    kinds = [schemas[0].field(name).type for name in key.fields]
    known = [schemas[1].field(name).type for name in key.reference_fields]
    if any(agree_on_form(one, other) is None for one, other in zip(kinds, known, strict=True)):
        check_foreign_key(key, table=table, reference=references, task=task, first_row=first_row)
        return
    groups = measure_keys(key, files, references) // PART_BYTES + 1
    parts = [*_copy(files, key.fields, known, groups, folder, is_reference=False)]
    parts += _copy(references, key.reference_fields, kinds, groups, folder, is_reference=True)
    count, found = 0, []
    for data in runner.group(spread_keys, parts, partial(gather_keys, task.limit, kinds, known)):
        number, lost = pickle.loads(data)  # noqa: S301 - made by `gather_keys`
        count += number
        found += lost
    if count:
        count_lost(key, task, count)
    for index, values in sorted(found)[: task.limit]:
        list_lost(key, task, values, None if first_row is None else first_row + index)


def _measure(path: Path, names: Sequence[str]) -> int:
    with open_parquet(path) as file:
        found = file.metadata
        places = [place for place, name in enumerate(file.schema_arrow.names) if name in names]
    groups = (found.row_group(number) for number in range(found.num_row_groups))
    return sum(group.column(place).total_uncompressed_size for group in groups for place in places)


def _copy(
    files: Sequence[Path], names: Sequence[str], others: Sequence[Any], groups: int, folder: Path, *, is_reference: bool
) -> Iterator[_KeyPart]:
    """Write the columns of a key into files of their own."""
    import pyarrow.parquet as pq

    offset = 0
    for number, path in enumerate(files):
        place = folder / f"{'reference' if is_reference else 'table'}-{number:06}.parquet"
        with open_parquet(path) as file, pq.ParquetWriter(place, _select(file.schema_arrow, names)) as writer:
            for group in range(file.num_row_groups):
                cells = file.read_row_group(group, columns=list(dict.fromkeys(names)))
                writer.write_table(_name(cells, names))
            rows = file.metadata.num_rows
        yield _KeyPart(place, is_reference, others, number, offset, groups)
        offset += rows


def _select(schema: pa.Schema, names: Sequence[str]) -> pa.Schema:
    import pyarrow as pa

    return pa.schema([(str(place), schema.field(name).type) for place, name in enumerate(names)])


def _name(cells: pa.Table, names: Sequence[str]) -> pa.Table:
    import pyarrow as pa

    return pa.table({str(place): cells.column(name) for place, name in enumerate(names)})


def spread_keys(part: _KeyPart) -> Iterator[tuple[int, int, bytes]]:
    """The keys of a file, for the groups that they belong to; of a reference each of a batch once."""
    import numpy as np
    import pyarrow as pa

    start = part.offset
    with open_parquet(part.path) as file:
        for batch in file.iter_batches(batch_size=_BATCH_ROWS):
            table, count = pa.Table.from_batches([batch]), batch.num_rows
            if part.is_reference:
                table = table.group_by(table.column_names, use_threads=False).aggregate([])
            else:
                table = table.append_column("row", pa.array(np.arange(start, start + count)))
            start += count
            if not table.num_rows:
                continue
            cells = table.combine_chunks().to_batches()[0]
            forms = [agree_on_form(cells.column(place).type, other) for place, other in enumerate(part.others)]
            compared = [form(cells.column(place)) for place, form in enumerate(forms) if form is not None]
            group = (hash_rows(compared) % np.uint64(part.groups)).astype(np.int64)
            order = np.argsort(group, kind="stable")
            ends = np.searchsorted(group[order], np.arange(part.groups + 1))
            ordered = cells.take(make_integers(order))
            for number in range(part.groups):
                first, last = int(ends[number]), int(ends[number + 1])
                if last > first:
                    yield (
                        number,
                        part.number,
                        _write(ordered.slice(first, last - first), is_reference=part.is_reference),
                    )


def _write(batch: pa.RecordBatch, *, is_reference: bool) -> bytes:
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    side = {_SIDE: b"reference" if is_reference else b"table"}
    with pa.ipc.new_stream(sink, batch.schema.with_metadata(side)) as writer:
        writer.write_batch(batch)
    return bytes(sink.getvalue())


def gather_keys(most: int, kinds: Sequence[Any], known: Sequence[Any], members: Sequence[bytes]) -> bytes:
    """The rows of a group that refer to nothing: how many, and the first of them with their texts."""
    import pyarrow as pa

    tables = [pa.ipc.open_stream(member).read_all() for member in members]
    names = [str(place) for place in range(len(known))]
    empty = pa.schema(list(zip(names, known, strict=True))).empty_table()
    sides: dict[bytes, list[pa.Table]] = {b"reference": [empty], b"table": []}
    for table in tables:
        sides[table.schema.metadata[_SIDE]].append(table.replace_schema_metadata(None))
    keys = KnownKeys(pa.concat_tables(sides[b"reference"]), names, kinds)
    found = []
    for table in sides[b"table"]:
        for batch in table.to_batches():
            rows = batch.column(len(names))
            found += [
                (rows[index].as_py(), list(values)) for index, values in keys.read_lost(batch.columns[: len(names)])
            ]
    found.sort()
    return pickle.dumps((len(found), found[:most]))
