"""A table against its Table Schema: one pass that checks whole columns and yields the very values it checked.

Source: Table Schema v2, read strictly (`cells` says where that departs from frictionless 5.21, whose types of error,
numbers and words are kept). Nothing is decided by a sample, and counts are exact.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from opendata.domain.findings import Finding, Place, Problem
from opendata.domain.recipes import Applied, Recipe
from opendata.domain.schema import Field, TableSchema
from opendata.tables.arrow.arrays import make_text
from opendata.tables.check.beginning import Beginning, begin_table
from opendata.tables.check.columns import ColumnScreen, ScreenedColumn
from opendata.tables.check.listing import Listing, OnFindings
from opendata.tables.check.native import NativePass
from opendata.tables.check.odd_texts import may_be_odd
from opendata.tables.check.row_keys import ReadCells
from opendata.tables.check.table_rules import Screened, TableRules
from opendata.tables.report.report import TaskReport
from opendata.tables.text.decoding import DecodingFault
from opendata.tables.text.dialect import Dialect
from opendata.tables.text.rows import LENT_BYTES, RowSource
from opendata.tables.text.splitting import Source, hash_file, is_plain
from opendata.tables.text.steps import Steps, StepsAtWork
from opendata.tables.types.casting import Batch
from opendata.tables.types.registry import arrow_type

if TYPE_CHECKING:
    import pyarrow as pa

STORED_FINDINGS = 100_000


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
        self._recipe = recipe or Recipe()
        self._steps = steps
        self.applied: Sequence[Applied] = ()

    @property
    def first_row(self) -> int:
        """The number of the first data row in the source."""
        return max(self.dialect.header_rows, default=0) + 1

    @property
    def source_of_lines(self) -> Path | None:
        """The file of which the lines of batches are pieces, byte by byte; None where they are not."""
        return self._path if self.dialect.encoding == "utf-8" and self.dialect.header_rows == (1,) else None

    @property
    def _wants_verdict_only(self) -> bool:
        """Whether neither rows nor the cells of findings are asked for."""
        return not self._with_batches and self._listing.keeps_nothing

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
        begun = self._begin()
        if begun is None:
            return
        rules = self._make_rules(begun)
        source = self._open_rows(begun, rules)
        try:
            for screened in self._screen_rows(source, rules, begun.work):
                numbers = rules.take(screened)
                self.rows += screened.records.rows
                if self._with_batches and self.task.valid and len(numbers):
                    yield self._build_batch(screened, rules.screens)
        except DecodingFault:
            rules.require_zones()
            raise
        self._conclude(begun, rules, source.read)

    def _begin(self) -> Beginning | None:
        begun = begin_table(
            self._path,
            self.dialect,
            renames=self._renames,
            steps=self._steps,
            names=self.schema.names if self.schema else (),
            marks=self._marks,
        )
        if begun is None:
            self.task.add(Finding(Problem("empty-source")))
        else:
            self.task.labels = list(begun.found)
        return begun

    def _make_rules(self, begun: Beginning) -> TableRules:
        rules = TableRules(begun, self.schema, self.task, self._listing, recipe=self._recipe, zones=self._zones)
        self.schema, self.fields = rules.schema, rules.fields
        return rules

    def _open_rows(self, begun: Beginning, rules: TableRules) -> RowSource:
        return RowSource(
            self._path,
            self.dialect,
            width=begun.work.width if begun.work else len(rules.screens),
            first_row=self.first_row,
            begin_steps=begun.restart,
            on_bytes=self._on_bytes,
        )

    def _conclude(self, begun: Beginning, rules: TableRules, read_cells: ReadCells) -> None:
        rules.conclude(read_cells)
        self.applied = begun.work.report() if begun.work else ()
        if begun.work is not None or self._renames:
            self.task.columns = list(rules.names)
        self.task.warnings += rules.list_warnings()
        if not self._careful and self._source.has_bare_returns:
            self.task.warnings.append(Problem("bare-returns"))
        rules.report_repairs()

    def _screen_rows(self, rows: RowSource, rules: TableRules, work: StepsAtWork | None) -> Iterator[Screened]:
        """The rows of the file, checked in whole columns, in order."""
        if self._careful:
            return rows.map_carefully(
                work, lambda records: rules.screen(records, wants_values=self._with_batches and self.task.valid)
            )
        delimiter = self.dialect.delimiter
        native = NativePass(rules.screens, self.dialect, rules.told)
        is_as_given = not self._recipe.repairs and rules.names == [item.name for item in self.fields]
        only_values = self._with_batches and is_as_given
        return rows.map_blocks(
            self._source,
            work,
            lambda records: rules.screen(records, wants_values=self._with_batches and self.task.valid),
            may_be_odd=lambda block: may_be_odd(block, delimiter),
            split_plain=lambda block, skipped: native.split(
                block, skipped, only_verdict=self._wants_verdict_only, only_values=only_values
            ),
            lent_bytes=LENT_BYTES if self._wants_verdict_only and native.knows_columns else 0,
        )

    def _build_batch(self, screened: Screened, screens: Sequence[ColumnScreen]) -> Batch:
        import pyarrow as pa

        schema = self.arrow_schema
        records = screened.records
        found = {screen.name: column for screen, column in zip(screens, screened.columns, strict=True)}
        typed, text = [], []
        for item in schema:
            column = found.get(item.name)
            typed.append(column.typed if column else pa.nulls(records.rows, item.type))
            text.append(column.text if column else pa.nulls(records.rows, pa.string()))
        names = pa.schema([pa.field(item.name, pa.string()) for item in schema])
        lines = records.plain if schema.names == [screen.name for screen in screens] else None
        if (
            records.starts is None
            and lines is not None
            and not all(map(self._is_unchanged, screens, screened.columns, records.columns))
        ):
            lines = None
        return Batch(pa.record_batch(typed, schema=schema), pa.record_batch(text, schema=names), lines, records.starts)

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
