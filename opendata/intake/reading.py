"""A table read from its file: opened, then checked under the schema that it is given or that the file declares."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Protocol, TypeVar

from opendata.domain.schema import TableSchema
from opendata.intake.meaning.units import mark_units
from opendata.intake.opening import open_table
from opendata.intake.tables import FoundTable, OpenedTable
from opendata.intake.understanding import Choices
from opendata.tables.report.report import TaskReport
from opendata.tables.schema.header import read_labels
from opendata.tables.schema.schema import read_schema
from opendata.tables.text.decoding import DecodingFault, read_rows

OnShare = Callable[[float], None]
"""Hears which share of a file, from 0 to 1, has been read."""


class Checked(Protocol):
    """What a check gives; its `task` holds the verdict."""

    @property
    def task(self) -> TaskReport:
        """The verdict."""


T = TypeVar("T", bound=Checked)


def read_table(
    found: FoundTable,
    folder: Path,
    check: Callable[..., T],
    *,
    schema: TableSchema | None = None,
    choices: Choices | None = None,
    units: Mapping[str, str | None] | None = None,
    on_share: OnShare | None = None,
) -> tuple[OpenedTable, T]:
    """Open a table and check it: how it was understood, and what `check` returned.

    `check` is `check_table` or `prepare_table` with the caller's own options. A table that turns out not to be in the
    encoding that its ends promised is opened and checked a second time. `units` are those that a person gave columns,
    by their labels; others are read from these, but not under `exact` choices. Raises as `open_table` does.
    """
    known = schema.labels if schema is not None else ()
    for thorough in (False, True):
        opened = open_table(found, folder, choices=choices, known=known, thorough=thorough)
        if choices is None or not choices.exact:
            labels = _read_labels(opened)
            numbered = {number: found.marks[label] for number, label in enumerate(labels, 1) if label in found.marks}
            marks = mark_units(labels, units or {}, {**numbered, **opened.marks})
            opened = replace(opened, labels=labels, marks=marks)
        rules = schema
        if rules is None and opened.fields is not None:
            rules = read_schema({"fields": list(opened.fields)})
        table = check(
            opened.path,
            schema=rules,
            dialect=opened.dialect,
            renames=opened.renames,
            on_bytes=_share(on_share, opened.path),
            marks=opened.marks,
        )
        if not table.task.has_encoding_error:
            break
    return opened, table


def _read_labels(opened: OpenedTable) -> tuple[str, ...]:
    """The names of the columns as the file has them; none where it can't be split into columns so far."""
    try:
        with closing(read_rows(opened.path, opened.dialect)) as rows:
            return read_labels(list(islice(rows, max(opened.dialect.header_rows, default=0))), opened.dialect)
    except DecodingFault:
        return ()


def _share(on_share: OnShare | None, path: Path) -> Callable[[int], None] | None:
    if on_share is None:
        return None
    size = max(1, path.stat().st_size)
    return lambda count: on_share(count / size)
