"""A table against its Table Schema: one pass that checks whole columns and yields the very values it checked.

Source: Table Schema v2, read strictly (`cells` says where that departs from frictionless 5.21, whose types of error,
numbers and words are kept). Nothing is decided by a sample, and counts are exact.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from opendata.domain.findings import Finding, Place, Problem
from opendata.domain.recipes import Applied, Recipe
from opendata.domain.schema import Field, TableSchema
from opendata.tables.arrow.arrays import make_text, view_flags
from opendata.tables.check.cells import CellRule
from opendata.tables.check.column_notes import ColumnNotes, find_zones, list_start
from opendata.tables.check.columns import ColumnScreen, ScreenedColumn
from opendata.tables.check.listing import Found, Listing, OnFindings, find_blank_rows, find_problems
from opendata.tables.check.odd_texts import may_be_odd
from opendata.tables.check.oddities import Oddities
from opendata.tables.check.row_keys import RowKeys
from opendata.tables.report.report import TaskReport
from opendata.tables.schema.header import Header, make_distinct, mark_fields, match_header, read_labels
from opendata.tables.schema.schema import declare_zones, text_schema
from opendata.tables.text.decoding import DecodingFault, read_rows
from opendata.tables.text.dialect import Dialect
from opendata.tables.text.rows import RowSource
from opendata.tables.text.splitting import Records, Source, hash_file, is_plain
from opendata.tables.text.steps import Steps, StepsAtWork
from opendata.tables.types.casting import Batch
from opendata.tables.types.registry import arrow_type

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from opendata.tables.check.checks import RowCheck

STORED_FINDINGS = 100_000
MAX_WRONG_TEXTS = 10_000
"""At most this many different wrong texts per column are tried for repairs."""


@dataclass(slots=True)
class _Screened:
    """A batch of rows and its columns, checked cell by cell."""

    records: Records
    columns: list[ScreenedColumn]


class TableReader:
    """One table being checked. Iterate `batches` to the end; then `task` holds the verdict.

    As soon as an error is found no more batches come, only the checking goes on. `schema` is the schema in force:
    the one given, or all text under the names of the header. `fields` are the columns in the order of publication:
    the schema's, then those only the file has (where `fieldsMatch` allows it).

    `careful` reads the file record by record from its start, as `NeedsCareError` out of `batches` asks for; without
    `with_batches` none come. `on_findings` hears what is to be stored, at most `stored` of each rule and column.
    `recipe` says which wrong cells are repaired, and how. `steps` change names and rows before they are checked, and
    `applied` says what became of them. `sha256` is the digest of the file where it is known.
    `renames` gives columns the names of fields: label → name; a column without a label, or with that of another, has
    the one that `make_distinct` gives it. The columns of a file mapped in this way may come in any order. `zones` says
    of columns whether their moments have a zone, as `NeedsZoneError` out of `batches` asks for.
    """

    def __init__(
        self,
        path: Path,
        *,
        name: str,
        schema: TableSchema | None = None,
        dialect: Dialect | None = None,
        limit: int = 1000,
        careful: bool = False,
        with_batches: bool = True,
        on_bytes: Callable[[int], None] | None = None,
        on_findings: OnFindings | None = None,
        stored: int = STORED_FINDINGS,
        recipe: Recipe | None = None,
        steps: Steps | None = None,
        sha256: str | None = None,
        renames: Mapping[str, str] | None = None,
        zones: Mapping[str, bool] | None = None,
        marks: Mapping[int, Mapping[str, Any]] | None = None,
    ) -> None:
        self.schema = schema
        self.fields: Sequence[Field] = schema.fields if schema else ()
        self.rows = 0
        self.task = TaskReport(name=name, place=path.name, limit=limit)
        self.dialect = dialect or Dialect()
        self._path = path
        self._careful = careful or not is_plain(self.dialect)
        self._with_batches = with_batches
        self._on_bytes = on_bytes
        self._sha256 = sha256
        self._renames, self._zones, self._marks = renames or {}, zones or {}, marks or {}
        self._source = Source(
            path, self.dialect, hashes=sha256 is None and self.dialect.table_bytes is None, on_bytes=on_bytes
        )
        self._listing = Listing(self.task, on_findings, stored)
        self._notes = ColumnNotes()
        self._seen = 0
        self._oddities = Oddities((), (), {})
        self._wrong: dict[str, Counter[str]] = {}
        self._repaired: Counter[tuple[str, str]] = Counter()
        self._recipe = recipe
        self._steps = steps
        self.applied: Sequence[Applied] = ()
        self._restart: Callable[[], StepsAtWork] | None = None
        self._checks: Sequence[RowCheck] = ()

    @property
    def first_row(self) -> int:
        """The number of the first data row in the source."""
        return max(self.dialect.header_rows, default=0) + 1

    @property
    def source_of_lines(self) -> Path | None:
        """The file of which the lines of batches are pieces, byte by byte; None where they are not."""
        return self._path if self.dialect.encoding == "utf-8" and self.dialect.header_rows == (1,) else None

    @property
    def arrow_schema(self) -> pa.Schema:
        """The Arrow schema of the batches."""
        import pyarrow as pa

        return pa.schema([pa.field(item.name, arrow_type(item)) for item in self.fields])

    def batches(self) -> Generator[Batch, None, None]:
        """Check the whole table; yield its rows while no error has been found.

        Raises `NeedsCareError` where only a careful reader tells the records apart, and `NeedsZoneError`.
        """
        started = time.monotonic()
        try:
            yield from self._check()
        except DecodingFault as fault:
            self.task.add(Finding(fault.problem, Place(row=fault.row)))
        self.task.rows = self.rows
        self.task.bytes = self._path.stat().st_size
        self.task.sha256 = self._sha256 or (
            self._source.sha256 if self._source.hashes and not self._careful else hash_file(self._path)
        )
        self.task.seconds = time.monotonic() - started

    def _check(self) -> Iterator[Batch]:
        with closing(read_rows(self._path, self.dialect)) as rows:
            head = list(islice(rows, max(self.first_row - 1, 1)))
            start = list_start(rows)
        if not head:
            self.task.add(Finding(Problem("empty-source")))
            return
        labels, is_mapped = self._read_labels(head)
        work = self._begin_steps(labels, head, start)
        if work is not None:
            start = [[row[at - 1] if 0 < at <= len(row) else "" for at in work.places] for row in start]
        header = self._settle_header(labels if work is None else tuple(work.labels), head, work, is_mapped=is_mapped)
        find_zones(start, header.columns)
        screens = self._build_screens(header)
        self._listing.name_columns([screen.name for screen in screens], work)
        assert self.schema is not None  # noqa: S101 - settled with the header
        repairs = (self._recipe or Recipe()).repairs
        told: Sequence[str] = self.task.labels if len(self.dialect.header_rows) == 1 else ()
        if work is not None and told:
            told = [told[at - 1] for at in work.places] if all(work.places) and max(work.places) <= len(told) else ()
        self._oddities = Oddities(told, [screen.name for screen in screens], repairs)
        keys = RowKeys(self.schema, header.columns, self.task, self._listing)
        self._checks = self._find_checks(header)
        keyed = keys.names
        read = {name for check in self._checks for name in check.fields}
        for screen in screens:
            screen.is_key, screen.is_read = screen.name in keyed, screen.name in read
        schema = self.arrow_schema
        source = RowSource(
            self._path,
            self.dialect,
            width=work.width if work else len(screens),
            first_row=self.first_row,
            begin_steps=self._restart,
            on_bytes=self._on_bytes,
        )
        for screened in self._screen_rows(source, screens, work):
            numbers = self._take(screened, screens, keys)
            self.rows += screened.records.rows
            if self._with_batches and self.task.valid and len(numbers):
                yield self._build_batch(screened, screens, schema)
        keys.report(screens, source.read)
        self.applied = work.report() if work else ()
        if work is not None or self._renames:
            self.task.columns = [screen.name for screen in screens]
        for found in self._notes.find_mixed([screen.name for screen in screens]):
            self.task.add(found)
        names = [item.name for item in self.fields]
        self.task.warnings += self._notes.list_warnings(names, is_valid=self.task.valid)
        if not self._careful and self._source.has_bare_returns:
            self.task.warnings.append(Problem("bare-returns"))
        self._report_repairs(screens)

    # --- the header

    def _read_labels(self, head: Sequence[Sequence[str]]) -> tuple[tuple[str, ...], bool]:
        """The names of the columns as somebody said they are, and whether somebody said that of any."""
        found = read_labels(head, self.dialect) if self.dialect.header_rows else ()
        told = make_distinct(found)
        self.task.labels = list(found)
        labels = tuple(self._renames.get(name, label) for name, label in zip(told, found, strict=True))
        return labels, not self._renames.keys().isdisjoint(told)

    def _begin_steps(
        self, labels: Sequence[str], head: Sequence[Sequence[str]], start: Sequence[Sequence[str]]
    ) -> StepsAtWork | None:
        """The steps on their way through the file; columns without names have those of the schema."""
        steps = self._steps
        if steps is None:
            return None
        names = labels or (self.schema.names if self.schema else [""] * len(head[0]))
        first, comments = self.first_row, self.dialect.comment_rows
        rows = [row for number, row in enumerate(start, start=first) if number not in comments]
        self._restart = lambda: steps.begin(names, rows, first_row=first, marks=self._marks)
        return self._restart()

    def _settle_header(
        self, labels: tuple[str, ...], head: Sequence[Sequence[str]], work: StepsAtWork | None, *, is_mapped: bool
    ) -> Header:
        if self.schema is None:
            self.schema = text_schema(make_distinct(labels or [""] * max(len(head[0]), 1)))
        self.schema = declare_zones(self.schema, self._zones)
        header = match_header(labels, self.schema, is_mapped=is_mapped)
        self.schema = mark_fields(self.schema, header, self._marks if work is None else work.marks)
        known = set(self.schema.names)
        extra = [item.name for item in header.columns if item.name not in known]
        self.fields = [*self.schema.fields, *text_schema(extra).fields]
        if self.dialect.header_rows and not labels:
            row = self.first_row - 1
            self.task.add(Finding(Problem("blank-header", params={"row": row}), Place(row=row)))
        for fault in header.faults:
            place = Place(labels=labels, header_rows=self.dialect.header_rows)
            if fault.number is not None:
                number = self._listing.place(fault.number)
                place = replace(place, number=number, label=fault.label, field=fault.field)
            params = {"places": list(fault.places)} if fault.places else {}
            self.task.add(Finding(Problem(fault.code, params=params), place))
        return header

    def _build_screens(self, header: Header) -> list[ColumnScreen]:
        assert self.schema is not None  # noqa: S101 - settled with the header
        rules = [CellRule(self.schema, item, is_extra=item.name in header.extra) for item in header.columns]
        repairs = (self._recipe or Recipe()).repairs
        if not repairs:
            return list(map(ColumnScreen, rules))
        from opendata.tables.repair.repairs import Repairer

        chosen = [(rule, repairs.get(rule.field.name, ())) for rule in rules]
        return [
            ColumnScreen(rule, Repairer(rule.field, rule.nulls, kinds, rule.is_right) if kinds else None, kinds)
            for rule, kinds in chosen
        ]

    def _find_checks(self, header: Header) -> Sequence[RowCheck]:
        """The checks of whole rows that the schema declares and for which the file has the columns."""
        assert self.schema is not None  # noqa: S101 - settled with the header
        if not self.schema.own.get("checks"):
            return ()
        from opendata.tables.check.checks import build_checks

        present = {item.name for item in header.columns}
        return [check for check in build_checks(self.schema.descriptor) if present.issuperset(check.fields)]

    # --- rows, in columns

    def _screen_rows(
        self, rows: RowSource, screens: Sequence[ColumnScreen], work: StepsAtWork | None
    ) -> Iterator[_Screened]:
        """The rows of the file, checked in whole columns, in order."""
        if self._careful:
            return rows.map_carefully(
                work,
                lambda records: self._screen(records, screens, wants_values=self._with_batches and self.task.valid),
            )
        delimiter = self.dialect.delimiter
        return rows.map_blocks(
            self._source,
            work,
            lambda records: self._screen(records, screens, wants_values=True),
            may_be_odd=lambda block: may_be_odd(block, delimiter),
        )

    def _screen(self, records: Records, screens: Sequence[ColumnScreen], *, wants_values: bool) -> _Screened:
        records = self._oddities.drop(records)
        pairs = zip(screens, records.columns, strict=True)
        odd = records.may_be_odd
        return _Screened(
            records, [screen.screen(cells, wants_values=wants_values, may_be_odd=odd) for screen, cells in pairs]
        )

    def _take(self, screened: _Screened, screens: Sequence[ColumnScreen], keys: RowKeys) -> np.ndarray:
        """Report what is wrong with a batch and remember its keys; the numbers of its rows."""
        import numpy as np

        records, columns = screened.records, screened.columns
        first = self.first_row + self._seen
        numbers = records.numbers if records.numbers is not None else np.arange(first, first + records.rows)
        if records.kept is not None:
            numbers = first + records.kept
        self._seen += records.before or records.rows
        if not records.rows:
            return numbers
        names = [screen.name for screen in screens]
        found = find_problems(dict(enumerate(zip(names, columns, strict=True), start=1)))
        found += [*self._find_broken_rows(screens, columns), *self._oddities.find(records, numbers, columns)]
        blank = find_blank_rows(columns)
        if found or blank is not None or records.sizes is not None:
            self._listing.take(records, numbers, found, blank)
        keys.take(records, dict(zip(names, columns, strict=True)), numbers)
        for screen, column in zip(screens, columns, strict=True):
            self._notes.take(screen.name, column)
            for kinds, count in column.repaired.items():
                self._repaired.update({(screen.name, kind): count for kind in kinds})
            self._remember_wrong(screen.name, column.wrong)
        return numbers

    def _find_broken_rows(self, screens: Sequence[ColumnScreen], columns: Sequence[ScreenedColumn]) -> list[Found]:
        """The rows that do not pass the schema's own checks; each check blames the cell of one of its fields."""
        import numpy as np

        if not self._checks:
            return []
        places = {screen.name: place for place, screen in enumerate(screens, start=1)}
        typed = {screen.name: column.typed for screen, column in zip(screens, columns, strict=True)}
        found = []
        for check in self._checks:
            rows = np.flatnonzero(view_flags(check.find_broken(typed)))
            if len(rows):
                codes = np.zeros(len(rows), np.int32)
                found.append(Found(places[check.field], check.field, rows, codes, [(check.problem,)]))
        return found

    def _remember_wrong(self, name: str, wrong: Mapping[str, int]) -> None:
        """Count how often each text was wrong, up to `MAX_WRONG_TEXTS` texts, so that repairs can be proposed."""
        known = self._wrong.setdefault(name, Counter())
        for text, count in wrong.items():
            if text in known or len(known) < MAX_WRONG_TEXTS:
                known[text] += count

    def _report_repairs(self, screens: Sequence[ColumnScreen]) -> None:
        """Report what was repaired, and what could be."""
        self.task.repaired = [
            {"fieldName": name, "kind": kind, "count": count} for (name, kind), count in self._repaired.items()
        ]
        self._oddities.report(self.task, self._listing)
        if not any(self._wrong.values()):
            return
        from opendata.tables.repair.repairs import propose_repairs

        for screen in screens:
            if self._wrong.get(screen.name):
                rule = screen.rule
                found = propose_repairs(rule.field, rule.nulls, self._wrong[screen.name], rule.is_right)
                self.task.repairs += [proposal.describe() for proposal in found]

    def _build_batch(self, screened: _Screened, screens: Sequence[ColumnScreen], schema: pa.Schema) -> Batch:
        import pyarrow as pa

        records = screened.records
        found = {screen.name: column for screen, column in zip(screens, screened.columns, strict=True)}
        typed, text = [], []
        for item in schema:
            column = found.get(item.name)
            typed.append(column.typed if column else pa.nulls(records.rows, item.type))
            text.append(column.text if column else pa.nulls(records.rows, pa.string()))
        names = pa.schema([pa.field(item.name, pa.string()) for item in schema])
        lines = records.plain if schema.names == [screen.name for screen in screens] else None
        if lines is not None and not all(map(self._is_unchanged, screens, screened.columns, records.columns)):
            lines = None
        return Batch(pa.record_batch(typed, schema=schema), pa.record_batch(text, schema=names), lines)

    def _is_unchanged(self, screen: ColumnScreen, column: ScreenedColumn, cells: pa.Array) -> bool:
        """Whether the canonical text of a column is the file's own."""
        import pyarrow.compute as pc

        assert self.schema is not None  # noqa: S101 - settled with the header
        if column.text is cells:
            return True
        text = column.text
        if text.null_count:
            if screen.rule.nulls != ("",):
                return False
            text = pc.fill_null(text, make_text(""))
        return bool(text.equals(cells))
