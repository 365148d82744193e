"""Tables in HTML pages, also in those that statistics sites and old systems save under the name `.xls`.

A place is the number of the table among all of the page, from 1. Tables that only lay out the page (with a table
inside, or of one row or column) are left out. Read as a stream, so that long tables need no memory.
Sources: HTML Living Standard 4.9 (tables) and 13.2.3.2 (encoding).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from opendata.errors import N_, UnreadableFileError
from opendata.intake.document.documents import find_encoding, read_pieces, settle_encoding
from opendata.intake.document.html_rows import OpenTable, TableTarget
from opendata.intake.document.markup import MarkupError, parse_html
from opendata.intake.grid import Grid, TableInfo
from opendata.intake.layout.workbook_facts import merged_body
from opendata.intake.understanding import Decision

_NESTED = N_(
    "%(count)s tables are inside of cells of this table (first in row %(row)s). Those of a single row or column are"
    " kept as text in their cell, the others are tables of their own"
)
_DECLARED = re.compile(rb"""<meta[^>]*?charset\s*=\s*["']?\s*([A-Za-z0-9._:-]+)""", re.IGNORECASE)


def list_tables(path: Path, *, encoding: str | None = None) -> list[TableInfo]:
    """The tables of at least two rows and two columns. Raises `UnreadableFileError` if there aren't any."""
    tables = [table for table in _survey(path, encoding) if table.is_data]
    if not tables:
        raise UnreadableFileError(
            N_(
                "The page has no table with at least two rows and two columns. If the page uses frames, its"
                " tables are on other pages"
            )
        )
    return [
        TableInfo(
            name=table.caption or f"table-{table.number}",
            place=str(table.number),
            rows=table.rows,
            columns=table.columns,
        )
        for table in tables
    ]


def open_table(path: Path, place: str, *, encoding: str | None = None) -> Grid:
    """The rows of one table, merged cells as `merges`, their other cells empty.

    Raises `UnreadableFileError` where the page has no such table or cannot be read.
    """
    table = next((table for table in _survey(path, encoding) if str(table.number) == place), None)
    if table is None:
        raise UnreadableFileError(N_("The file no longer has a table at “%(place)s”"), place=place)
    decisions = []
    if table.hidden_rows:
        text = N_("%(rows)s rows of the table are hidden. They are read like the others")
        decisions.append(Decision(rule="hidden-rows", text=text, details={"rows": table.hidden_rows}, sure=0.8))
    if table.inner:
        details = {"count": table.inner, "row": table.inner_row}
        decisions.append(Decision(rule="nested-tables", text=_NESTED, details=details, sure=0.7))
    if told := merged_body(table.spans):
        decisions.append(told)
    rows = _read(path, encoding, TableTarget(table.number))
    settled = settle_encoding(path, find_encoding(path, encoding, _DECLARED))
    return Grid(rows=rows, merges=table.spans, decisions=decisions, encoding=settled)


def _survey(path: Path, encoding: str | None) -> list[OpenTable]:
    target = TableTarget(None)
    for _ in _read(path, encoding, target):
        pass
    return sorted(target.tables, key=lambda table: table.number)


def _read(path: Path, encoding: str | None, target: TableTarget) -> Iterator[list[str]]:
    try:
        for _ in parse_html(read_pieces(path, find_encoding(path, encoding, _DECLARED)), target):
            yield from target.done
            target.done.clear()
    except MarkupError as error:
        raise UnreadableFileError(
            N_("The page can't be read as HTML: %(reason)s"), reason=str(error)[:200] or "?"
        ) from None
    target.finish()
    yield from target.done
    target.done.clear()
