"""What would fail if columns of a table were checked by these fields: counted over all rows by the rules of the check.

In, the text copy of a table, fields with the numbers of their columns, keys of several fields. Out, for each field and
key how many cells break which rule, and the first of them. Only the columns in question are read.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from opendata.domain.findings import Finding
from opendata.domain.schema import Field, TableSchema, find_own
from opendata.tables.arrow.arrays import view_numbers
from opendata.tables.check.cells import CellRule
from opendata.tables.check.column_notes import START_ROWS, ColumnNotes, NeedsZoneError, find_zones
from opendata.tables.check.columns import ColumnScreen, ScreenedColumn
from opendata.tables.check.listing import Listing, find_problems
from opendata.tables.check.row_keys import RowKeys
from opendata.tables.repair.repairs import Repairer
from opendata.tables.report.report import TaskReport
from opendata.tables.schema.schema import declare_zones
from opendata.tables.text.rows import WORKERS
from opendata.tables.text.splitting import Records
from opendata.tables.trial.copying import GROUP_ROWS, ROW, name_place

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be counted: `fields` by the number of their column, from 1; `keys` of several of those fields.

    `table` has what a schema says beside its fields, `repairs` the kinds of repair accepted for each field. At most
    `limit` cells are listed for each.
    """

    fields: Mapping[int, Mapping[str, Any]]
    keys: Sequence[tuple[str, Sequence[str]]] = ()
    table: Mapping[str, Any] = field(default_factory=dict)
    repairs: Mapping[str, Sequence[str]] = field(default_factory=dict)
    limit: int = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """What would fail of a field, or of a key: `names` are its fields. `cells` are the first ones (`row`, `cell` …)."""

    names: Sequence[str]
    errors: int
    warnings: int
    counts: Sequence[Mapping[str, Any]]
    cells: Sequence[Mapping[str, Any]]


def count_fields(copy: Path, wish: Wish) -> tuple[int, Sequence[Count]]:
    """How many rows there are, and the counts of the fields and then of the keys."""
    import pyarrow.parquet as pq

    zones: dict[str, bool] = {}
    with pq.ParquetFile(copy, memory_map=True) as file:
        while True:
            try:
                return file.metadata.num_rows, _count(file, wish, zones)
            except NeedsZoneError as found:
                zones[found.field] = found.has_zone


class _Column:
    """One field being counted: its column, and every rule that concerns it alone."""

    def __init__(self, number: int, schema: TableSchema, wish: Wish, *, is_keyed: bool) -> None:
        self.number = number
        self.field = schema.fields[0]
        kinds = tuple(wish.repairs.get(self.field.name, ()))
        rule = CellRule(schema, self.field)
        self.screen = ColumnScreen(
            rule, Repairer(rule.field, rule.nulls, kinds, rule.is_right) if kinds else None, kinds
        )
        self.task = TaskReport(name=self.field.name, place="", limit=wish.limit)
        self.listing = Listing(self.task, None, 0)
        self.keys = RowKeys(schema, schema.fields, self.task, self.listing)
        self.screen.is_key = is_keyed or bool(self.keys.names)
        self.is_cleaned = bool(kinds)

    def screen_cells(self, cells: pa.Array) -> ScreenedColumn:
        return self.screen.screen(cells, wants_values=False, may_be_odd=self.is_cleaned)

    def take(self, cells: pa.Array, column: ScreenedColumn, numbers: Any) -> None:
        records = Records([cells], len(cells))
        found = find_problems({1: (self.field.name, column)})
        if found:
            self.listing.take(records, numbers, found, None)
        self.keys.take(records, {self.field.name: column}, numbers)


class _Key:
    """A key of several fields being counted."""

    def __init__(self, kind: str, columns: Sequence[_Column], wish: Wish) -> None:
        self.columns = columns
        names = [item.field.name for item in columns]
        fields = [_without_unique(item.field) for item in columns]
        key = {"primaryKey": names} if kind == "primaryKey" else {"uniqueKeys": [names]}
        schema = TableSchema({**_keep_table(wish.table), "fields": fields, **key})
        self.task = TaskReport(name=", ".join(names), place="", limit=wish.limit)
        self.keys = RowKeys(schema, schema.fields, self.task, Listing(self.task, None, 0))

    def take(self, cells: Mapping[int, pa.Array], found: Mapping[int, ScreenedColumn], numbers: Any) -> None:
        columns = {item.field.name: found[item.number] for item in self.columns}
        self.keys.take(Records([cells[item.number] for item in self.columns], len(numbers)), columns, numbers)


def _count(file: pq.ParquetFile, wish: Wish, zones: Mapping[str, bool]) -> Sequence[Count]:
    keyed = {name for _, names in wish.keys for name in names}
    columns = []
    for number, descriptor in wish.fields.items():
        schema = declare_zones(_isolate(descriptor, wish), zones)
        columns.append(_Column(number, schema, wish, is_keyed=schema.fields[0].name in keyed))
    by_name = {item.field.name: item for item in columns}
    keys = [_Key(kind, [by_name[name] for name in names], wish) for kind, names in wish.keys if len(names) > 1]
    notes = ColumnNotes()
    is_first = True
    for numbers, cells, screened in _screen(file, columns):
        if is_first:
            start = {item.number: cells[item.number].slice(0, START_ROWS).to_pylist() for item in columns}
            for item in columns:
                find_zones([[cell or ""] for cell in start[item.number]], [item.field])
            is_first = False
        for item in columns:
            item.take(cells[item.number], screened[item.number], numbers)
            notes.take(item.field.name, screened[item.number])
        for key in keys:
            key.take(cells, screened, numbers)
    for item in columns:
        item.keys.report([item.screen], _CellReader(file, [item.number]))
        for mixed in notes.find_mixed([item.field.name]):
            item.task.add(mixed)
    for key in keys:
        key.keys.report([item.screen for item in key.columns], _CellReader(file, [item.number for item in key.columns]))
    return [
        *(_describe([item.field.name], item.task) for item in columns),
        *(_describe([item.field.name for item in key.columns], key.task) for key in keys),
    ]


def _screen(
    file: pq.ParquetFile, columns: Sequence[_Column]
) -> Iterator[tuple[Any, Mapping[int, pa.Array], Mapping[int, ScreenedColumn]]]:
    """The columns batch by batch, each checked in a thread of its own; they come in order."""
    names = [ROW, *(name_place(item.number) for item in columns)]

    def screen(batch: pa.RecordBatch) -> tuple[Any, dict[int, pa.Array], dict[int, ScreenedColumn]]:
        cells = {item.number: batch.column(name_place(item.number)) for item in columns}
        found = {item.number: item.screen_cells(cells[item.number]) for item in columns}
        return view_numbers(batch.column(ROW)), cells, found

    pending: deque[Future[tuple[Any, dict[int, pa.Array], dict[int, ScreenedColumn]]]] = deque()
    size = max(1024, GROUP_ROWS // 2 // len(names))
    with ThreadPoolExecutor(WORKERS, thread_name_prefix="count") as pool:
        for batch in file.iter_batches(batch_size=size, columns=names):
            pending.append(pool.submit(screen, batch))
            if len(pending) > WORKERS:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()


class _CellReader:
    """Gives the cells of a few rows of some columns, by the row's number."""

    def __init__(self, file: pq.ParquetFile, numbers: Sequence[int]) -> None:
        self._file = file
        self._numbers = numbers

    def __call__(self, rows: Sequence[int]) -> Mapping[int, Sequence[str]]:
        import pyarrow as pa
        import pyarrow.compute as pc

        found: dict[int, Sequence[str]] = {}
        wanted = pa.array(rows, pa.int64())
        names = [ROW, *(name_place(number) for number in self._numbers)]
        if not rows:
            return found
        for batch in self._file.iter_batches(batch_size=GROUP_ROWS, columns=names):
            part = batch.filter(pc.is_in(batch.column(ROW), value_set=wanted))
            for values in part.to_pylist():
                found[values[ROW]] = [values[name] or "" for name in names[1:]]
            if len(found) == len(set(rows)):
                break
        return found


def _isolate(descriptor: Mapping[str, Any], wish: Wish) -> TableSchema:
    """A schema of one field, with what the table's schema says about it."""
    name = descriptor["name"]
    alone = [(kind, names) for kind, names in wish.keys if list(names) == [name]]
    schema: dict[str, Any] = {**_keep_table(wish.table), "fields": [descriptor]}
    for kind, _ in alone:
        schema |= {"primaryKey": [name]} if kind == "primaryKey" else {"uniqueKeys": [[name]]}
    return TableSchema(schema)


def _keep_table(table: Mapping[str, Any]) -> dict[str, Any]:
    """What concerns single columns and keys: missing values, and how much a broken rule weighs."""
    kept = {name: table[name] for name in ("missingValues",) if name in table}
    strengths = find_own(table).get("strengths")
    return {**kept, "opendata": {"strengths": strengths}} if strengths else kept


def _without_unique(item: Field) -> Mapping[str, Any]:
    return {**item.descriptor, "constraints": {**item.constraints, "unique": False}}


def _describe(names: Sequence[str], task: TaskReport) -> Count:
    """Without the words of frictionless: to load those takes longer than to count."""
    tallies = sorted(task.tallies.items(), key=lambda item: -item[1])
    return Count(
        names=names,
        errors=sum(count for tally, count in tallies if tally.strength == "error"),
        warnings=sum(count for tally, count in tallies if tally.strength != "error"),
        counts=[
            {"type": tally.type, "rule": tally.rule, "strength": tally.strength, "count": count}
            for tally, count in tallies
        ],
        cells=[_describe_cell(found) for found in [*task.listed, *task.remarks][: task.limit]],
    )


def _describe_cell(found: Finding) -> Mapping[str, Any]:
    """A finding as `wording.findings.explain` takes it."""
    problem, place = found.problem, found.place
    return {
        "row": place.row,
        "cell": place.cell if place.cell is not None else ", ".join(cell or "" for cell in place.cells or ()),
        "fieldName": place.field,
        "type": problem.type,
        "code": problem.code,
        "rule": problem.rule or problem.type,
        "params": dict(problem.params),
        "strength": problem.strength,
    }
