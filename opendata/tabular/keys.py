"""Foreign keys between finished tables: every non-null value must occur in the columns referred to.

Source: Table Schema v2, `foreignKeys`; the error's form is frictionless'. A key whose cells are all missing refers
to nothing and is let pass.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from opendata.tabular.report import TaskReport
from opendata.tabular.schema import ForeignKey


def check_foreign_key(
    key: ForeignKey, *, table: Path, reference: Path | None, task: TaskReport, first_row: int = 2
) -> None:
    """Check one foreign key of a Parquet file against another (or itself), adding errors to `task`.

    `reference` is None where the package has no such resource. `first_row` is the source's number of the first row.
    """
    from frictionless import errors

    name = key.resource or task.name
    missing = None if reference is None else _find_missing_columns(reference, key.reference_fields)
    if reference is None or missing:
        what = f'has no field "{missing}"' if missing else "does not exist"
        note = f'failed to handle a foreign key for resource "{task.name}" as resource "{name}" {what}'
        task.add(errors.ResourceError(note=note).to_descriptor())
        return
    known = set(_read_keys(reference, key.reference_fields))
    for number, found in enumerate(_read_keys(table, key.fields)):
        if all(cell is None for cell in found) or found in known:
            continue
        values = ["" if cell is None else str(cell) for cell in found]
        note = (
            f'for "{", ".join(key.fields)}": values "{", ".join(values)}" not found'
            f' in the lookup table "{key.resource}" as "{", ".join(key.reference_fields)}"'
        )
        row = first_row + number
        task.add(
            {
                "type": "foreign-key",
                "title": "ForeignKey Error",
                "description": errors.ForeignKeyError.description,
                "message": f'Row at position "{row}" violates the foreign key: {note}',
                "tags": list(errors.ForeignKeyError.tags),
                "note": note,
                "cells": values,
                "rowNumber": row,
                "fieldNames": list(key.fields),
                "fieldCells": values,
                "fieldName": ", ".join(key.fields),
                "referenceName": key.resource,
                "referenceFieldNames": list(key.reference_fields),
            }
        )


def _find_missing_columns(path: Path, names: Sequence[str]) -> str | None:
    import pyarrow.parquet as pq

    present = set(pq.read_schema(path).names)
    return next((name for name in names if name not in present), None)


def _read_keys(path: Path, names: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(columns=list(names)):
            columns = {name: batch.column(name).to_pylist() for name in names}
            yield from zip(*(columns[name] for name in names), strict=True)
