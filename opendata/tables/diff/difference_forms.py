"""The changed rows of two tables as files: CSV, JSON Lines, and the tabular diff that daff reads and patches with.

Source: the tabular diff format of daff (paulfitz.github.io/daff-doc/spec.html, version 0.8).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from opendata.domain.comparison import TableCounts
from opendata.tables.arrow.arrays import make_integers, make_texts, view_flags
from opendata.tables.arrow.shapes import contains_any
from opendata.tables.forms.json_form import join_rows, join_texts
from opendata.tables.forms.writing import join_csv, join_header
from opendata.tables.types.canonical import write_published_column

if TYPE_CHECKING:
    import pyarrow as pa

NULLS = b"nulls"
"""Where the metadata of the file say how each column writes a missing value in CSV."""

OWNERS = b"owners"
"""Where they say which table has each column: `old`, `new` or `both`."""

COUNTS = b"counts"
"""Where the metadata of its last batch, an empty one, have all counts."""

_MARKS = {"added": "+++", "removed": "---", "after": "->"}
_ARROW = "->"


def read_difference(rows: Path) -> Iterator[pa.RecordBatch]:
    """The changed rows that `compare_tables` wrote: a column of changes, then all columns."""
    import pyarrow as pa

    with pa.memory_map(str(rows)) as file, pa.ipc.open_file(file) as reader:
        for number in range(reader.num_record_batches - 1):
            yield reader.get_batch(number)


def read_counts(rows: Path) -> TableCounts:
    """How many rows changed."""
    import pyarrow as pa

    with pa.memory_map(str(rows)) as file, pa.ipc.open_file(file) as reader:
        _, metadata = reader.get_batch_with_custom_metadata(reader.num_record_batches - 1)
        found: TableCounts = json.loads(metadata[COUNTS])
    return found


def take_first_rows(rows: Path, limit: int) -> tuple[Sequence[str], Sequence[Sequence[Any]]]:
    """The names of the columns and the first rows of a file of changed rows."""
    names: Sequence[str] = ()
    found: list[Sequence[Any]] = []
    for batch in read_difference(rows):
        names = batch.schema.names
        found += zip(*(column.to_pylist() for column in batch.slice(0, limit - len(found)).columns), strict=True)
        if len(found) >= limit:
            break
    return names, found


def take_rows_of_each(
    rows: Path, wanted: Mapping[str, int]
) -> tuple[Sequence[str], Mapping[str, Sequence[Sequence[Any]]]]:
    """The names of the columns and the first rows of each kind of change, so many as are wanted.

    What is wanted of `before` brings the row `after` with it.
    """
    import pyarrow.compute as pc

    names: Sequence[str] = ()
    found: dict[str, list[Sequence[Any]]] = {change: [] for change in wanted}
    counts = {change: 2 * count if change == "before" else count for change, count in wanted.items()}
    for batch in read_difference(rows):
        names = batch.schema.names
        for change, listed in found.items():
            missing = counts[change] - len(listed)
            if missing > 0:
                kinds = [change, "after"] if change == "before" else [change]
                chosen = batch.filter(pc.is_in(batch.column(0), make_texts(kinds))).slice(0, missing)
                listed += zip(*(column.to_pylist() for column in chosen.columns), strict=True)
        if all(len(listed) >= counts[change] for change, listed in found.items()):
            break
    return names, found


def write_difference(rows: Path, target: Path, *, suffix: str, latest: bool = False) -> None:
    """Write the changed rows in the form of a suffix; with `latest` without what they were before they changed.

    Raises `ValueError` for another suffix.
    """
    import pyarrow as pa

    with pa.memory_map(str(rows)) as file, pa.ipc.open_file(file) as reader:
        schema = reader.schema
    write = _FORMS.get(suffix)
    if write is None:
        raise ValueError(f"no form {suffix}")
    batches = read_difference(rows)
    with target.open("wb") as out:
        write(out, schema, (_leave_out_before(batch) for batch in batches) if latest else batches)


def _write_csv(out: BinaryIO, schema: pa.Schema, batches: Iterator[pa.RecordBatch]) -> None:
    out.write(join_header(schema.names))
    nulls = ["", *_read_list(schema, NULLS)]
    for batch in batches:
        out.write(join_csv(_write_as_text(batch), nulls))


def _write_jsonl(out: BinaryIO, schema: pa.Schema, batches: Iterator[pa.RecordBatch]) -> None:
    import pyarrow as pa

    wide = [item.name for item in schema if pa.types.is_decimal(item.type)]
    for batch in batches:
        if batch.num_rows:
            out.write(join_texts(join_rows(batch, wide), "\n") + b"\n")


def _write_daff(out: BinaryIO, schema: pa.Schema, batches: Iterator[pa.RecordBatch]) -> None:
    names = schema.names[1:]
    marks = {"new": "+++", "old": "---", "both": ""}
    found = [marks[owner] for owner in _read_list(schema, OWNERS)]
    if any(found):
        out.write(join_header(["!", *found]))
    out.write(join_header(["@@", *names]))
    nulls = _read_list(schema, NULLS)
    for batch in batches:
        out.write(join_csv(_mark(batch, nulls)))


_FORMS: dict[str, Callable[[BinaryIO, pa.Schema, Iterator[pa.RecordBatch]], None]] = {
    "csv": _write_csv,
    "jsonl": _write_jsonl,
    "daff.csv": _write_daff,
}

FORMS = tuple(_FORMS)
"""The suffixes of the forms there are."""


def _read_list(schema: pa.Schema, name: bytes) -> list[str]:
    found: list[str] = json.loads((schema.metadata or {})[name])
    return found


def _leave_out_before(batch: pa.RecordBatch) -> pa.RecordBatch:
    import pyarrow.compute as pc

    return batch.filter(pc.not_equal(batch.column(0), "before"))


def _write_as_text(batch: pa.RecordBatch) -> pa.RecordBatch:
    import pyarrow as pa

    columns = [write_published_column(column) for column in batch.columns]
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def _mark(batch: pa.RecordBatch, nulls: Sequence[str]) -> pa.RecordBatch:
    """The rows as daff has them: one for a changed row, whose changed cells show both values, an arrow between."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    changes = batch.column(0)
    shown = np.flatnonzero(view_flags(pc.not_equal(changes, "before")))
    is_pair = view_flags(pc.equal(changes, "after"))[shown]
    texts = [
        pc.fill_null(write_published_column(column), null)
        for column, null in zip(batch.columns[1:], nulls, strict=True)
    ]
    before = [column.take(make_integers(shown - is_pair)) for column in texts]
    after = [column.take(make_integers(shown)) for column in texts]
    arrows = _choose_arrows(before, after)
    columns = []
    for one, other in zip(before, after, strict=True):
        both = pc.binary_join_element_wise(_protect(one), arrows, _protect(other), "")
        columns.append(pc.if_else(pc.not_equal(one, other), both, other))
    marks = pa.array([_MARKS.get(said, said) for said in changes.take(make_integers(shown)).to_pylist()], pa.string())
    marks = pc.if_else(pc.equal(marks, _ARROW), arrows, marks)
    return pa.RecordBatch.from_arrays([marks, *columns], names=["@@", *batch.schema.names[1:]])


def _choose_arrows(before: Sequence[pa.Array], after: Sequence[pa.Array]) -> pa.Array:
    """An arrow for each row, longer than any that its cells contain."""
    import numpy as np
    import pyarrow as pa

    if not any(contains_any(column, [_ARROW.encode()]) for column in (*before, *after)):
        return pa.array([_ARROW], pa.string()).take(make_integers(np.zeros(len(before[0]), np.int64)))
    arrows = []
    for cells in zip(*(column.to_pylist() for column in (*before, *after)), strict=True):
        arrow = _ARROW
        while any(arrow in cell for cell in cells):
            arrow = f"-{arrow}"
        arrows.append(arrow)
    return pa.array(arrows, pa.string())


def _protect(texts: pa.Array) -> pa.Array:
    """Texts beside an arrow; daff takes `NULL` there for a missing value, and `_NULL` for the text."""
    import pyarrow.compute as pc

    return pc.replace_substring_regex(texts, r"^(_*NULL)$", r"_\1") if contains_any(texts, [b"NULL"]) else texts
