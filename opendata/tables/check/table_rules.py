"""The rules of one table at work: its header is settled, its rows come batch by batch, and what is wrong is reported.

In, how the table begins and its rows as columns of text, whether from a file or from the copy of one. Out, findings in
a task's report, and the very values that were checked. Both the check and the count on the workbench go this way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from opendata.domain.findings import Finding, Place, Problem
from opendata.domain.recipes import Recipe
from opendata.domain.schema import Field, TableSchema
from opendata.tables.arrow.arrays import list_numbers, view_flags
from opendata.tables.check.beginning import Beginning
from opendata.tables.check.cells import CellRule
from opendata.tables.check.column_notes import ColumnNotes, find_zones
from opendata.tables.check.columns import ColumnScreen, ScreenedColumn
from opendata.tables.check.listing import Found, Listing, find_blank_rows, find_problems
from opendata.tables.check.oddities import Oddities, OddState
from opendata.tables.check.row_keys import ReadCells, RowKeys
from opendata.tables.repair.repairs import REPEATED_HEADER, TOTAL_ROW
from opendata.tables.report.report import TaskReport
from opendata.tables.schema.header import make_distinct, mark_fields, match_header
from opendata.tables.schema.schema import declare_zones, text_schema
from opendata.tables.text.records import Records

if TYPE_CHECKING:
    import numpy as np

    from opendata.tables.check.rules.checks import RowCheck

MAX_WRONG_TEXTS = 10_000
"""At most this many different wrong texts per column are tried for repairs."""

ConfirmBlank = Callable[["np.ndarray"], "np.ndarray"]
"""Says which of the marked rows have nothing in any other column either."""


@dataclass(slots=True)
class Screened:
    """A batch of rows and its columns, checked cell by cell."""

    records: Records
    columns: list[ScreenedColumn]


@dataclass(frozen=True, slots=True)
class PieceState:
    """What is known of the rows of a piece of a table: how many were read, notes, wrong texts and what is odd."""

    seen: int
    notes: ColumnNotes
    wrong: Mapping[str, Counter[str]]
    repaired: Counter[tuple[str, str]]
    oddities: OddState


class TableRules:
    """The rules of one table. `schema` is the one in force: the one given, or all text under the names of the header.

    `fields` are the columns in the order of publication: the schema's, then those only the file has (where
    `fieldsMatch` allows it). `header` is how the columns were matched, `header_findings` what is wrong with that.

    With `only` some fields are checked; `places` are the indices of the columns whose cells `screen` wants for that.
    Raises `NeedsZoneError`.
    """

    def __init__(
        self,
        begun: Beginning,
        schema: TableSchema | None,
        task: TaskReport,
        listing: Listing,
        *,
        recipe: Recipe,
        zones: Mapping[str, bool],
        only: Collection[str] | None = None,
    ) -> None:
        self._task = task
        self._listing = listing
        self._repairs = recipe.repairs
        self._first_row = begun.first_row
        self._seen = 0
        self._notes = ColumnNotes()
        self._wrong: dict[str, Counter[str]] = {}
        self._repaired: Counter[tuple[str, str]] = Counter()
        self.header_findings: list[Finding] = []
        labels = begun.labels
        given = schema or text_schema(make_distinct(labels or [""] * max(begun.width, 1)))
        given = declare_zones(given, zones)
        self.header = match_header(labels, given, is_mapped=begun.is_mapped)
        self.schema = mark_fields(given, self.header, begun.marks)
        known = set(self.schema.names)
        extra = [item.name for item in self.header.columns if item.name not in known]
        self.fields: Sequence[Field] = [*self.schema.fields, *text_schema(extra).fields]
        self._report_header(begun)
        find_zones(begun.start, self.header.columns)
        self._checks = self._find_checks(only)
        self.places = self._choose_places(only)
        columns = [self.header.columns[place] for place in self.places]
        self.screens = [self.make_screen(item) for item in columns]
        self.names = [screen.name for screen in self.screens]
        listing.name_columns(self.names, begun.work)
        self.told = begun.told if len(columns) == len(self.header.columns) else ()
        self._oddities = Oddities(self.told, self.names, self._repairs)
        keyed = columns if only is None else [item for item in columns if item.name in only]
        self.keys = RowKeys(self.schema, keyed, task, listing)
        read = {name for check in self._checks for name in check.fields}
        for screen in self.screens:
            screen.is_key, screen.is_read = screen.name in self.keys.names, screen.name in read

    # --- the header

    def _report_header(self, begun: Beginning) -> None:
        if begun.header_rows and not begun.labels:
            row = begun.first_row - 1
            self.header_findings.append(Finding(Problem("blank-header", params={"row": row}), Place(row=row)))
        for fault in self.header.faults:
            place = Place(labels=begun.labels, header_rows=tuple(begun.header_rows))
            if fault.number is not None:
                number = self._listing.place(fault.number)
                place = replace(place, number=number, label=fault.label, field=fault.field)
            params = {"places": list(fault.places)} if fault.places else {}
            self.header_findings.append(Finding(Problem(fault.code, params=params), place))
        for found in self.header_findings:
            self._task.add(found)

    def make_screen(self, item: Field) -> ColumnScreen:
        """What checks the cells of a column, and repairs them where that was accepted."""
        rule = CellRule(self.schema, item, is_extra=item.name in self.header.extra)
        kinds = self._repairs.get(item.name, ())
        if not kinds:
            return ColumnScreen(rule)
        from opendata.tables.repair.repairs import Repairer

        return ColumnScreen(rule, Repairer(rule.field, rule.nulls, kinds, rule.is_right), kinds)

    def _find_checks(self, only: Collection[str] | None) -> Sequence[RowCheck]:
        """The checks of whole rows that the schema declares and for which the file has the columns."""
        if not self.schema.own.get("checks"):
            return ()
        from opendata.tables.check.rules.checks import build_checks

        present = {item.name for item in self.header.columns}
        checks = [check for check in build_checks(self.schema.descriptor) if present.issuperset(check.fields)]
        return [check for check in checks if only is None or check.field in only]

    def _choose_places(self, only: Collection[str] | None) -> Sequence[int]:
        """The columns that the fields in question need: their own, those of their rules, those that leave rows out."""
        columns = self.header.columns
        leaving = [name for name, kinds in self._repairs.items() if TOTAL_ROW in kinds]
        if only is None or (columns and REPEATED_HEADER in self._repairs.get(columns[0].name, ())):
            return range(len(columns))
        wanted = {*only, *leaving, *(name for check in self._checks for name in check.fields)}
        return [place for place, item in enumerate(columns) if item.name in wanted]

    # --- rows, in columns

    def screen(self, records: Records, *, wants_values: bool) -> Screened:
        """Check the cells of a batch, without the rows that the recipe leaves out. May run in several threads."""
        records = self._oddities.drop(records)
        width = len(records.columns)
        casts, judged = records.casts or [None] * width, records.judged or [None] * width
        odd = records.may_be_odd
        columns = [
            screen.judge(known)
            if known is not None
            else screen.screen(records.columns[place], wants_values=wants_values, may_be_odd=odd, cast=casts[place])
            for place, (screen, known) in enumerate(zip(self.screens, judged, strict=True))
        ]
        return Screened(records, columns)

    def take(self, screened: Screened, confirm_blank: ConfirmBlank | None = None) -> range | np.ndarray:
        """Report what is wrong with a batch and remember its keys; the numbers of its rows. Batches come in order.

        `confirm_blank` is asked where not all columns are here.
        """
        records, columns = screened.records, screened.columns
        first = self._first_row + self._seen
        numbers: range | np.ndarray = range(first, first + records.rows)
        if records.numbers is not None:
            numbers = records.numbers
        elif records.kept is not None:
            numbers = first + records.kept
        self._seen += records.before or records.rows
        if not records.rows:
            return numbers
        found = find_problems(dict(enumerate(zip(self.names, columns, strict=True), start=1)))
        found += [*self._find_broken_rows(columns), *self._oddities.find(records, numbers, columns)]
        blank = None if records.is_filled else find_blank_rows(columns)
        if blank is not None and confirm_blank is not None:
            blank = confirm_blank(blank & _mark_rows(records, found))
        if found or blank is not None or records.sizes is not None:
            self._listing.take(records, list_numbers(numbers), found, blank)
        self.keys.take(records, dict(zip(self.names, columns, strict=True)), numbers)
        for name, column in zip(self.names, columns, strict=True):
            self._notes.take(name, column)
            for kinds, count in column.repaired.items():
                self._repaired.update({(name, kind): count for kind in kinds})
            if column.wrong:
                self._remember_wrong(name, column.wrong)
        return numbers

    def _find_broken_rows(self, columns: Sequence[ScreenedColumn]) -> Iterator[Found]:
        """The rows that do not pass the schema's own checks; each check blames the cell of one of its fields."""
        if not self._checks:
            return
        import numpy as np

        places = {name: place for place, name in enumerate(self.names, start=1)}
        typed = {name: column.typed for name, column in zip(self.names, columns, strict=True)}
        for check in self._checks:
            rows = np.flatnonzero(view_flags(check.find_broken(typed)))
            if len(rows):
                codes = np.zeros(len(rows), np.int32)
                yield Found(places[check.field], check.field, rows, codes, [(check.problem,)])

    def _remember_wrong(self, name: str, wrong: Mapping[str, int]) -> None:
        """Count how often each text was wrong, up to `MAX_WRONG_TEXTS` texts, so that repairs can be proposed."""
        known = self._wrong.setdefault(name, Counter())
        for text, count in wrong.items():
            if text in known or len(known) < MAX_WRONG_TEXTS:
                known[text] += count

    # --- pieces

    def describe(self) -> PieceState:
        """What is known of the rows so far beside the task and the keys, for `join`."""
        return PieceState(self._seen, self._notes, self._wrong, self._repaired, self._oddities.describe())

    def watch_texts(self, wrong: Mapping[str, Collection[str]]) -> None:
        """Count of wrong texts only these."""
        self._wrong = {name: Counter(dict.fromkeys(texts, 0)) for name, texts in wrong.items()}

    def remember_wrong(self, pieces: Iterable[Mapping[str, Mapping[str, int]]]) -> None:
        """Count the wrong texts of pieces, in order."""
        for piece in pieces:
            for name, wrong in piece.items():
                self._remember_wrong(name, wrong)

    def list_wrong(self) -> Mapping[str, Collection[str]]:
        """The wrong texts of each column that repairs are tried on."""
        return {name: list(known) for name, known in self._wrong.items()}

    def join(self, other: PieceState, task: TaskReport) -> bool:
        """Take in a later piece of the table; False where its notes can't be put together."""
        offset, self._seen = self._seen, self._seen + other.seen
        self._task.join(task, offset)
        self.remember_wrong([other.wrong])
        self._repaired.update(other.repaired)
        self._oddities.join(other.oddities, offset)
        return self._notes.join(other.notes)

    # --- the end

    def require_zones(self) -> None:
        """Raises `NeedsZoneError` if moments of all the rows have a zone, and the schema doesn't say so."""
        self._notes.require_zones()

    def conclude(self, read_cells: ReadCells) -> None:
        """Report what is known once all rows have come: values that appear twice, and units that differ.

        Raises `NeedsZoneError`.
        """
        self.require_zones()
        self.keys.report(self.screens, read_cells)
        for found in self._notes.find_mixed(self.names):
            self._task.add(found)

    def list_warnings(self) -> Iterator[Problem]:
        """What to warn of, of columns in the order of publication."""
        return self._notes.list_warnings([item.name for item in self.fields], is_valid=self._task.valid)

    def report_repairs(self) -> None:
        """Report what was repaired, and what could be."""
        self._task.repaired = [
            {"fieldName": name, "kind": kind, "count": count} for (name, kind), count in self._repaired.items()
        ]
        self._oddities.report(self._task, self._listing)
        if not any(self._wrong.values()):
            return
        from opendata.tables.repair.repairs import propose_repairs

        for screen in self.screens:
            if self._wrong.get(screen.name):
                rule = screen.rule
                found = propose_repairs(rule.field, rule.nulls, self._wrong[screen.name], rule.is_right)
                self._task.repairs += [proposal.describe() for proposal in found]


def _mark_rows(records: Records, found: Sequence[Found]) -> np.ndarray:
    """The rows in which something is wrong."""
    import numpy as np

    marked = np.zeros(records.rows, bool) if records.sizes is None else records.sizes != len(records.columns)
    for item in found:
        marked[item.rows] = True
    return marked
