"""Foreign keys between finished tables: every non-null value must occur in the columns referred to.

Source: Table Schema v2, `foreignKeys`; the error's form is frictionless'. A key whose cells are all missing refers to
nothing and breaks no rule; a value is only found in a column of its own type.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from opendata.domain.findings import Finding, Place, Problem
from opendata.domain.schema import ForeignKey
from opendata.tables.report.report import Tally, TaskReport
from opendata.tables.types.canonical import agree_by_value, change_type, write_published_column

if TYPE_CHECKING:
    import pyarrow as pa

BATCH_ROWS = 65_536


@dataclass(frozen=True, slots=True)
class KeyedTable:
    """A table of a package with its keys: its Parquet file, None where the table is invalid, and its first row.

    `task` takes what its keys miss. `first_row` is the source's number of the first row,
    None where steps have left rows out or made several of one, so that no row's number is known.
    """

    path: Path | None
    keys: Sequence[ForeignKey]
    task: TaskReport
    first_row: int | None = 2


FindTable = Callable[[ForeignKey], AbstractContextManager[Path | None]]
"""Gives a local Parquet file of the published table that a key refers to, or None; it is there inside the context."""


def check_foreign_keys(tables: Mapping[str, KeyedTable], find_published: FindTable | None) -> None:
    """Check the keys between the tables of a package, by name, and into published ones, adding errors to their tasks.

    Keys of and to invalid tables are left out: the errors of these come first. Without `find_published` keys into other
    packages are left out with a warning.
    """
    for name, table in tables.items():
        if table.path is None:
            continue
        for key in table.keys:
            if key.package:
                if find_published is None:
                    table.task.warnings.append(Problem("unchecked-key", params={"target": key.target}))
                    continue
                with find_published(key) as reference:
                    _check(key, table, reference)
            else:
                own = replace(key, resource="") if key.resource == name else key
                target = tables.get(own.resource or name)
                if target is None or target.path is not None:
                    _check(own, table, target.path if target is not None else None)


def _check(key: ForeignKey, table: KeyedTable, reference: Path | None) -> None:
    assert table.path is not None  # noqa: S101 - told by the caller
    check_foreign_key(key, table=table.path, reference=reference, task=table.task, first_row=table.first_row)


def check_foreign_key(
    key: ForeignKey, *, table: Path, reference: Path | None, task: TaskReport, first_row: int | None = 2
) -> None:
    """Check one foreign key of a Parquet file against another (or itself), adding errors to `task`.

    `reference` is None where there is no such resource. `first_row` is the source's number of the first row.
    """
    name = key.target or task.name
    missing = None if reference is None else _find_missing_columns(reference, key.reference_fields)
    if reference is None or missing:
        params = {"table": task.name, "name": name}
        code = "missing-reference"
        if missing:
            code, params = "missing-reference-field", {**params, "field": missing}
        task.add(Finding(Problem(code, params=params)))
        return
    tally = Tally("foreign-key", ", ".join(key.fields), "foreignKeys")
    for index, values in _find_unmatched(table, key.fields, reference, key.reference_fields):
        task.count(tally)
        if task.has_room():
            task.list(_build_finding(key, values, None if first_row is None else first_row + index))


def _build_finding(key: ForeignKey, values: Sequence[str], row: int | None) -> Finding:
    params = {
        "fields": list(key.fields),
        "values": values,
        "table": key.target,
        "reference": list(key.reference_fields),
    }
    return Finding(Problem("foreign-key", "foreignKeys", params=params), Place(row=row, cells=values))


def _find_missing_columns(path: Path, names: Sequence[str]) -> str | None:
    import pyarrow.parquet as pq

    present = set(pq.read_schema(path).names)
    return next((name for name in names if name not in present), None)


def _find_unmatched(
    table: Path, fields: Sequence[str], reference: Path, reference_fields: Sequence[str]
) -> Iterator[tuple[int, Sequence[str]]]:
    """The rows, by index from 0, whose values are not all missing and not in the reference; with their texts."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    names = [f"k{place}" for place in range(len(fields))]
    known = pq.read_table(reference, columns=list(reference_fields)).select(list(reference_fields))
    known = known.rename_columns(names).group_by(names).aggregate([])
    start = 0
    with pq.ParquetFile(table) as file:
        for batch in file.iter_batches(columns=list(fields), batch_size=BATCH_ROWS):
            cells = pa.Table.from_batches([batch]).select(list(fields)).rename_columns(names)
            lost = _find_lost(cells, known)
            places = pc.indices_nonzero(lost)
            texts = [
                write_published_column(column.combine_chunks()).to_pylist() for column in cells.take(places).columns
            ]
            for index, *values in zip(places.to_pylist(), *texts, strict=True):
                yield start + index, [text or "" for text in values]
            start += batch.num_rows


def _find_lost(cells: pa.Table, known: pa.Table) -> pa.Array:
    """Which rows have a value, and none that is known."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    given = None
    for column in cells.columns:
        valid = column.combine_chunks().is_valid()
        given = valid if given is None else pc.or_(given, valid)
    cells, known = _agree(cells, known)
    if cells.schema.types != known.schema.types:
        return given
    if cells.num_columns == 1:
        found = pc.is_in(cells.column(0).combine_chunks(), value_set=known.column(0).combine_chunks())
        return pc.and_(given, pc.invert(found))
    # Rows of both are numbered alike where they are equal, missing values too, which a join would not match.
    both = pa.concat_tables([known, cells])
    numbered = both.append_column("row", pa.array(np.arange(both.num_rows)))
    groups = numbered.group_by(cells.column_names, use_threads=False).aggregate([("row", "min"), ("row", "list")])
    unknown = groups.filter(pc.greater_equal(groups["row_min"], known.num_rows))["row_list"]
    lost = np.zeros(cells.num_rows, bool)
    lost[np.array(pc.list_flatten(unknown).to_pylist(), np.int64) - known.num_rows] = True
    return pc.and_(given, pa.array(lost))


def _agree(cells: pa.Table, known: pa.Table) -> tuple[pa.Table, pa.Table]:
    """Numbers of different types as doubles, so that 1 is found in 1.0; what else differs stays so.

    Years were text in versions published before; a moment with a zone is the same instant as one written in UTC.
    """
    import pyarrow as pa

    for place, (one, other) in enumerate(zip(cells.schema.types, known.schema.types, strict=True)):
        name = cells.column_names[place]
        if one != other and agree_by_value(one, other) is not None:
            shared = agree_by_value(one, other)
            cells, known = (
                table.set_column(place, name, change_type(table.column(place).combine_chunks(), shared))
                for table in (cells, known)
            )
            continue
        numbers = all(
            pa.types.is_integer(item) or pa.types.is_floating(item) or pa.types.is_decimal(item)
            for item in (one, other)
        )
        if numbers and one != other:
            cells = cells.set_column(place, name, cells.column(place).cast(pa.float64()))
            known = known.set_column(place, name, known.column(place).cast(pa.float64()))
    return cells, known
