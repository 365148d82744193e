"""The wrong cells of a sent table, a page of rows at a time: each with its row, the rows beside it and the reason."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from opendata.domain.recipes import Step
from opendata.errors import N_, NotFoundError
from opendata.recipes.columns import name_turned
from opendata.recipes.recipe import read_recipe
from opendata.recipes.verbs import EDIT, REPLACE, UNPIVOT
from opendata.services.core.actors import Actor
from opendata.services.core.context import Context
from opendata.services.drafts.draft_view import find_scanned_table
from opendata.tables.report.findings import iterate_findings
from opendata.tables.text.decoding import read_rows
from opendata.tables.text.dialect import Dialect, restore_dialect

SHOWN_ROWS = 20
"""So many rows with wrong cells are on a page."""

_MOST_COUNTED = 200_000
"""Among more findings it isn't counted how often a text is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongCell:
    """A cell that breaks rules: its column as it is checked, its number in the file, its text and the findings.

    `same` is how many wrong cells of the column have this text; 0: not counted.
    """

    row: int
    field: str
    number: int | None
    text: str
    findings: Sequence[Mapping[str, Any]]
    same: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongRow:
    """A row of the file with its wrong cells, and the rows above and below it; None where there are none."""

    number: int
    cells: Sequence[str]
    above: Sequence[str] | None
    below: Sequence[str] | None
    wrong: Sequence[WrongCell]


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongCells:
    """A page of wrong cells under the labels of the file; `next` is the row after which the next page begins."""

    labels: Sequence[str]
    rows: Sequence[WrongRow]
    next: int | None


class Fixing:
    """Shows the wrong cells of drafts. All raise `NotFoundError` and `NotPermittedError`."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def list_wrong(self, actor: Actor | None, draft: str, resource: str, *, after: int = 0) -> WrongCells:
        """The wrong cells of the rows after one, up to a page; none where nothing is wrong with cells."""
        findings, text, dialect = self._find_files(actor, draft, resource)
        store = self._context.private
        with store.local_copy(text) as path:
            if findings is None:
                return WrongCells(labels=_read_labels(path, dialect), rows=(), next=None)
            with store.local_copy(findings) as found:
                grouped, following = _take_page(found, after)
                counts = _count_texts(found)
            rows = _read_around(path, dialect, sorted(grouped))
            shown = [
                WrongRow(
                    number=number,
                    cells=rows.get(number, ()),
                    above=rows.get(number - 1) if number - 1 > max(dialect.header_rows, default=0) else None,
                    below=rows.get(number + 1),
                    wrong=[
                        WrongCell(
                            row=number,
                            field=items[0]["fieldName"],
                            number=items[0]["fieldNumber"],
                            text=items[0]["cell"],
                            findings=items,
                            same=counts.get((items[0]["fieldName"], items[0]["cell"]), 0),
                        )
                        for items in cells.values()
                    ],
                )
                for number, cells in sorted(grouped.items())
            ]
            return WrongCells(labels=_read_labels(path, dialect), rows=shown, next=following)

    def read_first_row(self, actor: Actor | None, draft: str, resource: str) -> Sequence[str]:
        """The cells of the row below the header, which may be part of it; nothing in a table without rows."""
        _, text, dialect = self._find_files(actor, draft, resource)
        first = max(dialect.header_rows, default=0) + 1
        with self._context.private.local_copy(text) as path:
            return _read_around(path, dialect, [first]).get(first, ())

    def _find_files(self, actor: Actor | None, draft: str, resource: str) -> tuple[str | None, str, Dialect]:
        with self._context.read() as session:
            _, found = find_scanned_table(self._context, session, actor, draft, resource)
        if not found.checked:
            raise NotFoundError(N_("The draft has no checked table “%(name)s”"), name=resource[:100])
        dialect = restore_dialect(found.engine_dialect or Dialect().describe())
        return found.findings, found.plain or found.upload, dialect


def make_change(cell: Mapping[str, Any], new: str, *, everywhere: bool, recipe: object, labels: Sequence[str]) -> Step:
    """The step that gives a wrong cell another text: it alone, by its row, or all cells of the column with its text.

    `cell` has the `row`, `field`, `number` and `old` text of a wrong cell. Of columns that became rows, the one that
    the cell is from is part of what is said.
    """
    old = str(cell["old"])
    if everywhere:
        return Step(REPLACE, str(cell["field"]), {"old": old, "new": new})
    params: dict[str, Any] = {"old": old, "new": new, "row": cell["row"]}
    turned = [step for step in read_recipe(recipe).steps if step.verb == UNPIVOT] if recipe else []
    number = cell.get("number")
    if turned and isinstance(number, int) and 0 < number <= len(labels) and cell["field"] == turned[-1].params["value"]:
        params["key"] = {turned[-1].params["name"]: name_turned(turned[-1], labels[number - 1])}
    return Step(EDIT, str(cell["field"]), params)


def _take_page(findings: Path, after: int) -> tuple[dict[int, dict[str, list[Mapping[str, Any]]]], int | None]:
    """The findings of cells by row and place, of the first rows after one; and the last of these, if more follow."""
    grouped: dict[int, dict[str, list[Mapping[str, Any]]]] = {}
    with closing(_list_cells(findings, after)) as cells:
        for item in cells:
            row = item["row"]
            if row <= after:
                continue
            if row not in grouped and len(grouped) == SHOWN_ROWS:
                return grouped, max(grouped)
            grouped.setdefault(row, {}).setdefault(f"{item['fieldName']}\0{item['fieldNumber']}", []).append(item)
    return grouped, None


def _list_cells(findings: Path, after: int) -> Generator[Mapping[str, Any], None, None]:
    """The errors in cells; what is wrong with whole rows and labels isn't mended by a text."""
    with closing(iterate_findings(findings, after=after)) as found:
        for item in found:
            if item["row"] and item["fieldName"] and item["cell"] is not None and item["strength"] == "error":
                yield item


def _count_texts(findings: Path) -> Mapping[tuple[str, str], int]:
    """How many wrong cells of each column have each text."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    with pq.ParquetFile(findings) as file:
        if file.metadata.num_rows > _MOST_COUNTED:
            return {}
        table = file.read(columns=["row", "fieldName", "cell", "strength"])
    table = table.filter(pc.and_(pc.equal(table["strength"], "error"), table["cell"].is_valid()))
    # a cell may break several rules
    cells = table.group_by(["row", "fieldName", "cell"]).aggregate([])
    counted = cells.group_by(["fieldName", "cell"]).aggregate([([], "count_all")])
    return {(item["fieldName"], item["cell"]): item["count_all"] for item in counted.to_pylist()}


def _read_labels(text: Path, dialect: Dialect) -> Sequence[str]:
    last = max(dialect.header_rows, default=0)
    with closing(read_rows(text, dialect)) as rows:
        return next(islice(rows, last - 1, last), []) if last else []


def _read_around(text: Path, dialect: Dialect, numbers: Sequence[int]) -> Mapping[int, Sequence[str]]:
    """The cells of some rows and of those above and below them, by their numbers in the file."""
    wanted = {number + step for number in numbers for step in (-1, 0, 1)}
    last = max(wanted, default=0)
    with closing(read_rows(text, dialect)) as rows:
        return {number: row for number, row in enumerate(islice(rows, last), start=1) if number in wanted}
