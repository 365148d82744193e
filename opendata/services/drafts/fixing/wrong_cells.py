"""The wrong cells of a sent table, a page of rows at a time: each with its row, the rows beside it and the reason.

The cells and reasons come from the findings of the check. The rows come from the file, which is foreign: it is read in
a process of its own, and where that takes too long, the cells are shown without their rows.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from opendata.confined import Bounds, BrokenOffError, Cause
from opendata.db.models import DraftResource
from opendata.domain.recipes import Step
from opendata.errors import N_, BusyError, NotFoundError, OpendataError, TooLargeError, UnreadableFileError
from opendata.recipes.columns import name_turned
from opendata.recipes.recipe import read_recipe
from opendata.recipes.verbs import EDIT, REPLACE, UNPIVOT
from opendata.services.core.actors import Actor
from opendata.services.core.context import Context
from opendata.services.drafts.draft_view import find_scanned_table
from opendata.storage.turns import Turns
from opendata.tables.arrow.parquet import open_parquet
from opendata.tables.report.findings import iterate_findings
from opendata.tables.text.dialect import Dialect, restore_dialect
from opendata.tables.text.picking import pick_rows

logger = logging.getLogger(__name__)

SHOWN_ROWS = 20
"""So many rows with wrong cells are on a page."""

_MOST_COUNTED = 200_000
"""Among more findings it isn't counted how often a text is wrong."""

_BUSY = N_("Other files are being looked at just now. Try again in a few seconds")
_SLOW = N_("Finding the rows in the file takes longer than %(seconds)s seconds, so only the wrong cells are shown")
_LARGE = N_("Finding the rows in the file takes too much memory, so only the wrong cells are shown")
_BROKEN = N_("The rows can't be shown: the process that read them ended unexpectedly")


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
    """A row of the file with its wrong cells, and the rows above and below it; None where there are none.

    `cells` is None where the row couldn't be read.
    """

    number: int
    cells: Sequence[str] | None
    above: Sequence[str] | None
    below: Sequence[str] | None
    wrong: Sequence[WrongCell]


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongCells:
    """A page of wrong cells under the labels of the file; `next` is the row after which the next page begins.

    `fault` is why the rows of the file aren't shown.
    """

    labels: Sequence[str]
    rows: Sequence[WrongRow]
    next: int | None
    fault: OpendataError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table:
    """A checked table of a draft, and whose it is."""

    publisher: str
    subject: str
    found: DraftResource

    @property
    def text(self) -> str:
        return self.found.plain or self.found.upload

    @property
    def dialect(self) -> Dialect:
        return restore_dialect(self.found.engine_dialect or Dialect().describe())


class Fixing:
    """Shows the wrong cells of drafts. All raise `NotFoundError` and `NotPermittedError`."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._turns = Turns(context.settings.home / "turns")

    def list_wrong(self, actor: Actor | None, draft: str, resource: str, *, after: int = 0) -> WrongCells:
        """The wrong cells of the rows after one, up to a page; none where nothing is wrong with cells."""
        table = self._find(actor, draft, resource)
        if table.found.findings is None:
            return WrongCells(labels=(), rows=(), next=None)
        with self._context.private.local_copy(table.found.findings) as found:
            grouped, following = _take_page(found, after)
            counts = _count_texts(found)
        header, fault = max(table.dialect.header_rows, default=0), None
        rows: Mapping[int, Sequence[str]] = {}
        try:
            beside = {number + step for number in grouped for step in (-1, 0, 1)}
            rows = self._pick(table, {header, *beside} - {0})
        except (BusyError, TooLargeError, UnreadableFileError) as error:
            fault = error
        shown = [
            WrongRow(
                number=number,
                cells=rows.get(number),
                above=rows.get(number - 1) if number - 1 > header else None,
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
        return WrongCells(labels=rows.get(header, ()), rows=shown, next=following, fault=fault)

    def read_labels(self, actor: Actor | None, draft: str, resource: str) -> Sequence[str]:
        """The cells of the header's last row. Also raises `BusyError`, `TooLargeError`, `UnreadableFileError`."""
        return self._read_one(actor, draft, resource, 0)

    def read_first_row(self, actor: Actor | None, draft: str, resource: str) -> Sequence[str]:
        """The cells of the row below the header, which may be part of it. Raises what `read_labels` does."""
        return self._read_one(actor, draft, resource, 1)

    def _read_one(self, actor: Actor | None, draft: str, resource: str, below: int) -> Sequence[str]:
        table = self._find(actor, draft, resource)
        number = max(table.dialect.header_rows, default=0) + below
        return self._pick(table, [number]).get(number, ()) if number else ()

    def _pick(self, table: _Table, numbers: Collection[int]) -> Mapping[int, Sequence[str]]:
        """Some rows of the file by their numbers in it."""
        settings = self._context.settings
        bounds = Bounds(seconds=settings.preview_seconds, memory=settings.preview_memory_bytes)
        try:
            with (
                self._turns.take(table.publisher, table.subject, _BUSY) as is_wanted,
                self._context.private.local_copy(table.text) as path,
            ):
                return pick_rows(path, table.dialect, numbers, bounds, is_wanted=is_wanted)
        except BrokenOffError as error:
            if error.cause is Cause.UNWANTED:
                raise BusyError(_BUSY) from None
            logger.warning("the rows of %s (%s bytes): %s", table.text, table.found.upload_bytes, error)
            if error.cause is Cause.TIME:
                raise TooLargeError(_SLOW, seconds=settings.preview_seconds) from None
            raise TooLargeError(_LARGE) if error.cause is Cause.MEMORY else UnreadableFileError(_BROKEN) from None

    def _find(self, actor: Actor | None, draft: str, resource: str) -> _Table:
        with self._context.read() as session:
            row, found = find_scanned_table(self._context, session, actor, draft, resource)
            publisher = row.dataset.publisher_id
        if not found.checked:
            raise NotFoundError(N_("The draft has no checked table “%(name)s”"), name=resource[:100])
        return _Table(publisher=publisher, subject=f"{draft}/{resource}/rows", found=found)


def needs_labels(recipe: object) -> bool:
    """Whether `make_change` needs the labels of the file: where columns became rows."""
    return bool(recipe) and any(step.verb == UNPIVOT for step in read_recipe(recipe).steps)


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

    with open_parquet(findings) as file:
        if file.metadata.num_rows > _MOST_COUNTED:
            return {}
        table = file.read(columns=["row", "fieldName", "cell", "strength"])
    table = table.filter(pc.and_(pc.equal(table["strength"], "error"), table["cell"].is_valid()))
    # a cell may break several rules
    cells = table.group_by(["row", "fieldName", "cell"]).aggregate([])
    counted = cells.group_by(["fieldName", "cell"]).aggregate([([], "count_all")])
    return {(item["fieldName"], item["cell"]): item["count_all"] for item in counted.to_pylist()}
