"""A table read from its file: opened, then checked under the schema that it is given or that the file declares."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeVar

from opendata.domain.schema import TableSchema
from opendata.intake.opening import open_table
from opendata.intake.tables import FoundTable, OpenedTable
from opendata.intake.understanding import Choices
from opendata.tables.report.report import TaskReport
from opendata.tables.schema.schema import read_schema

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
    on_share: OnShare | None = None,
) -> tuple[OpenedTable, T]:
    """Open a table and check it: how it was understood, and what `check` returned.

    `check` is `check_table` or `prepare_table` with the caller's own options. A table that turns out not to be in the
    encoding that its ends promised is opened and checked a second time. Raises as `open_table` does.
    """
    known = schema.labels if schema is not None else ()
    for thorough in (False, True):
        opened = open_table(found, folder, choices=choices, known=known, thorough=thorough)
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


def _share(on_share: OnShare | None, path: Path) -> Callable[[int], None] | None:
    if on_share is None:
        return None
    size = max(1, path.stat().st_size)
    return lambda count: on_share(count / size)
