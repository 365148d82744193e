"""Foreign keys between finished tables: every non-null value must occur in the columns referred to.

Source: Table Schema v2, `foreignKeys`; the error's form is frictionless'. A key whose cells are all missing refers to
nothing and breaks no rule; a value is only found in a column of its own type.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import partial, reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from opendata.domain.findings import Finding, Place, Problem
from opendata.domain.schema import ForeignKey
from opendata.tables.arrow.parquet import open_parquet
from opendata.tables.report.report import Tally, TaskReport
from opendata.tables.types.canonical import agree_by_value, change_type, write_number_column, write_published_column

if TYPE_CHECKING:
    import pyarrow as pa

LEAST_ROWS, MOST_ROWS = 1 << 16, 1 << 20
"""Of a batch: four times those of the reference, whose values are numbered anew with each batch."""

Form = Callable[["pa.Array"], "pa.Array"]
"""Makes the values of a column comparable with those of another."""

TableFiles: TypeAlias = Path | Sequence[Path]
"""The Parquet file of a table, or the parts that have its rows, in order. Of these only the keys' columns are read."""


@dataclass(frozen=True, slots=True)
class KeyedTable:
    """A table of a package with its keys: its Parquet files, None where the table is invalid, and its first row.

    `task` takes what its keys miss. `first_row` is the source's number of the first row,
    None where steps have left rows out or made several of one, so that no row's number is known.
    """

    path: TableFiles | None
    keys: Sequence[ForeignKey]
    task: TaskReport
    first_row: int | None = 2


FindTable = Callable[[ForeignKey], AbstractContextManager[TableFiles | None]]
"""Gives the local Parquet files of the published table that a key refers to, or None; there inside the context."""


class CheckKey(Protocol):
    """What `check_foreign_key` does, or another for large tables."""

    def __call__(
        self,
        key: ForeignKey,
        *,
        table: TableFiles,
        reference: TableFiles | None,
        task: TaskReport,
        first_row: int | None,
    ) -> None:
        """Check one foreign key."""


def check_foreign_keys(
    tables: Mapping[str, KeyedTable], find_published: FindTable | None, check: CheckKey | None = None
) -> None:
    """Check the keys between the tables of a package, by name, and into published ones, adding errors to their tasks.

    `check` takes the place of `check_foreign_key`. Keys of and to invalid tables are left out: the errors of these come
    first. Without `find_published` keys into other packages are left out with a warning.
    """
    check = check or check_foreign_key
    for name, table in tables.items():
        if table.path is None:
            continue
        for key in table.keys:
            if key.package:
                if find_published is None:
                    table.task.warnings.append(Problem("unchecked-key", params={"target": key.target}))
                    continue
                with find_published(key) as reference:
                    _check(check, key, table, reference)
            else:
                own = replace(key, resource="") if key.resource == name else key
                target = tables.get(own.resource or name)
                if target is None or target.path is not None:
                    _check(check, own, table, target.path if target is not None else None)


def _check(check: CheckKey, key: ForeignKey, table: KeyedTable, reference: TableFiles | None) -> None:
    assert table.path is not None  # noqa: S101 - told by the caller
    check(key, table=table.path, reference=reference, task=table.task, first_row=table.first_row)


def check_foreign_key(
    key: ForeignKey, *, table: TableFiles, reference: TableFiles | None, task: TaskReport, first_row: int | None = 2
) -> None:
    """Check one foreign key of a table's Parquet files against another's (or its own), adding errors to `task`.

    `reference` is None where there is no such resource. `first_row` is the source's number of the first row.
    """
    references = list_references(key, reference, task)
    if not references:
        return
    for index, values in _find_unmatched(list_files(table), key.fields, references, key.reference_fields):
        count_lost(key, task, 1)
        list_lost(key, task, values, None if first_row is None else first_row + index)


def list_references(key: ForeignKey, reference: TableFiles | None, task: TaskReport) -> Sequence[Path]:
    """The files of what a key refers to; none where it or a column of it is missing, which is an error of `task`."""
    missing = None if reference is None else _find_missing_columns(list_files(reference)[0], key.reference_fields)
    if reference is not None and not missing:
        return list_files(reference)
    params = {"table": task.name, "name": key.target or task.name}
    code = "missing-reference"
    if missing:
        code, params = "missing-reference-field", {**params, "field": missing}
    task.add(Finding(Problem(code, params=params)))
    return ()


def count_lost(key: ForeignKey, task: TaskReport, number: int) -> None:
    """Count rows whose key refers to nothing."""
    task.count(Tally("foreign-key", ", ".join(key.fields), "foreignKeys"), number)


def list_lost(key: ForeignKey, task: TaskReport, values: Sequence[str], row: int | None) -> None:
    """List a row whose key refers to nothing, while there is room."""
    if task.has_room():
        task.list(_build_finding(key, values, row))


def _build_finding(key: ForeignKey, values: Sequence[str], row: int | None) -> Finding:
    params = {
        "fields": list(key.fields),
        "values": values,
        "table": key.target,
        "reference": list(key.reference_fields),
    }
    return Finding(Problem("foreign-key", "foreignKeys", params=params), Place(row=row, cells=values))


def list_files(found: TableFiles) -> Sequence[Path]:
    """The files of a table, in order."""
    return [found] if isinstance(found, Path) else found


def _find_missing_columns(path: Path, names: Sequence[str]) -> str | None:
    import pyarrow.parquet as pq

    present = set(pq.read_schema(path).names)
    return next((name for name in names if name not in present), None)


def _find_unmatched(
    files: Sequence[Path], fields: Sequence[str], references: Sequence[Path], reference_fields: Sequence[str]
) -> Iterator[tuple[int, Sequence[str]]]:
    """The rows, by index from 0, whose values are not all missing and not in the reference; with their texts."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    start = 0
    schema = pq.read_schema(files[0])
    kinds = [schema.field(name).type for name in fields]
    keys = pa.concat_tables([pq.read_table(path, columns=list(reference_fields)) for path in references])
    step = max(LEAST_ROWS, min(MOST_ROWS, 4 * keys.num_rows))
    known = KnownKeys(keys, reference_fields, kinds)
    del keys
    for path in files:
        with open_parquet(path) as file:
            for batch in file.iter_batches(columns=list(fields), batch_size=step):
                for index, values in known.read_lost(batch.select(list(fields)).columns):
                    yield start + index, values
                start += batch.num_rows


class KnownKeys:
    """The keys that may be referred to.

    Each value of a column has a number, and so has each pair of the number before it in the key and its own. A key is
    known if its last number is. A missing value is a value here, as no join would have it.
    """

    def __init__(self, table: pa.Table, names: Sequence[str], kinds: Sequence[pa.DataType]) -> None:
        """`names` are the columns of the key, `kinds` the types of those that refer to them."""
        import pyarrow as pa
        import pyarrow.compute as pc

        self._steps: list[tuple[Form, pa.Array, pa.Array | None]] = []
        numbers: pa.ChunkedArray | None = None
        for name, kind in zip(names, kinds, strict=True):
            column = table.column(name)
            form = agree_on_form(kind, column.type)
            if form is None:
                self._steps = []
                return
            column = pa.chunked_array([form(chunk) for chunk in column.chunks] or [form(pa.nulls(0, column.type))])
            values = pc.unique(column)
            pairs, numbers = None, _pair(numbers, pc.index_in(column, values), len(values))
            if self._steps:
                pairs = pc.unique(numbers)
                numbers = pc.index_in(numbers, pairs)
            self._steps.append((form, values, pairs))

    def read_lost(self, columns: Sequence[pa.Array]) -> Iterator[tuple[int, Sequence[str]]]:
        """The rows that have a value, and no key that is known, by index from 0, with their texts."""
        import pyarrow.compute as pc

        places = pc.indices_nonzero(self._find_lost(columns))
        texts = [write_published_column(column.take(places)).to_pylist() for column in columns]
        for index, *values in zip(places.to_pylist(), *texts, strict=True):
            yield index, [text or "" for text in values]

    def _find_lost(self, columns: Sequence[pa.Array]) -> pa.Array:
        import pyarrow.compute as pc

        given = reduce(pc.or_, [column.is_valid() for column in columns])
        if not self._steps:
            return given
        numbers: pa.Array | None = None
        for column, (form, values, pairs) in zip(columns, self._steps, strict=True):
            numbers = _pair(numbers, pc.index_in(form(column), values), len(values))
            if pairs is not None:
                numbers = pc.index_in(numbers, pairs)
        return pc.and_(given, pc.is_null(numbers))


def _pair(numbers: Any, own: Any, count: int) -> Any:
    """One number for two, the second less than `count`."""
    import pyarrow as pa
    import pyarrow.compute as pc

    return own if numbers is None else pc.add(pc.multiply(pc.cast(numbers, pa.int64()), count), own)


def agree_on_form(one: pa.DataType, other: pa.DataType) -> Form | None:
    """What makes values of two types comparable; None where none of one type is one of the other."""
    import pyarrow as pa

    whole = [item for item in (one, other) if pa.types.is_integer(item)]
    numbers = [item for item in (one, other) if pa.types.is_floating(item) or pa.types.is_decimal(item)]
    agreed = one if one == other else agree_by_value(one, other)
    if agreed is not None and not pa.types.is_floating(agreed):
        return partial(change_type, wanted=agreed)
    if len(whole) == 2:
        return partial(change_type, wanted=pa.int64())
    return _write_number if len(whole) + len(numbers) == 2 else None


def _write_number(column: pa.Array) -> pa.Array:
    """Numbers as text, the same for equal ones of any type: as floats, large ones would be rounded."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_floating(column.type):
        column = pc.add(column, 0.0)  # nought is nought, whatever its sign
    return write_number_column(column.cast(pa.int64()) if pa.types.is_integer(column.type) else column)
