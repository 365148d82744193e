"""What would fail if a table were checked by a schema: counted over all rows by the rules of the check.

In, the text copy of a table and what the check would be given beside it. Out, how often which rule is broken, and the
first cells that break it: for each field, for each key of several fields, and for the table as a whole. If some fields
alone are in question, only their columns are read, and others where a rule needs them.
"""

from __future__ import annotations

import json
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from opendata.domain.findings import Finding, Place, Problem
from opendata.domain.recipes import Recipe
from opendata.domain.schema import TableSchema
from opendata.tables.arrow.parquet import open_parquet
from opendata.tables.check.beginning import Beginning
from opendata.tables.check.column_notes import NeedsZoneError
from opendata.tables.check.columns import ColumnScreen
from opendata.tables.check.listing import Listing, find_blank_rows
from opendata.tables.check.table_rules import Screened, TableRules
from opendata.tables.repair.repairs import REPEATED_HEADER
from opendata.tables.report.report import Tally, TaskReport
from opendata.tables.schema.header import make_distinct
from opendata.tables.text.records import Records
from opendata.tables.text.rows import WORKERS
from opendata.tables.text.steps import Steps
from opendata.tables.trial.copying import ROW, SIZE, Facts, name_place, read_facts

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

_BATCH_CELLS = 131_072
_OF_KEYS = ("unique-error", "primary-key", "unique-key")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be counted: a `schema` without faults, all of it or of the fields `only`.

    `renames` gives the columns of the copy names of fields, by what `make_distinct` makes of their labels. The `recipe`
    says which wrong cells are repaired. At most `limit` cells are listed for each rule and column.
    """

    schema: Mapping[str, Any]
    only: Sequence[str] | None = None
    renames: Mapping[str, str] = field(default_factory=dict)
    recipe: Recipe = field(default_factory=Recipe)
    limit: int = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """What would fail of a field, or of a key: `names` are its fields. `cells` are the first ones (`row`, `cell` …)."""

    names: Sequence[str]
    errors: int
    warnings: int
    counts: Sequence[Mapping[str, Any]]
    cells: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What would fail: of each field that has a column, of the keys of several fields, and of the `table` as a whole.

    The table is left out (None) where some fields alone are counted. `rows` are those that would be published.
    """

    rows: int
    fields: Mapping[str, Count]
    keys: Sequence[Count]
    table: Count | None


def count_fields(copy: Path, wish: Wish, steps: Steps | None = None) -> Counts:
    """Count what would fail; `steps` may change the names and the order of the columns once more, and nothing else."""

    zones: dict[str, bool] = {}
    with open_parquet(copy, memory_map=True) as file:
        facts = read_facts(file)
        while True:
            try:
                return _Trial(file, facts, wish, steps, zones).count()
            except NeedsZoneError as found:
                zones.update(found.zones)


class _Trial:
    """One count."""

    def __init__(
        self, file: pq.ParquetFile, facts: Facts, wish: Wish, steps: Steps | None, zones: Mapping[str, bool]
    ) -> None:
        self._file = file
        self._facts = facts
        self._wish = wish
        self._only = None if wish.only is None else set(wish.only)
        self._names = {name for name in file.schema_arrow.names if name not in (ROW, SIZE)}
        self._sources: Sequence[int] = ()
        self._task = TaskReport(name="", place="", limit=0)
        self._found: list[pa.RecordBatch] = []
        self._listing = Listing(self._task, self._found.append, wish.limit)
        self._others: dict[int, ColumnScreen] = {}
        self._read_last: tuple[tuple[int, int], Any] = ((-1, -1), None)
        self._rules: TableRules | None = None
        if facts.begun is not None:
            begun, places = _arrange(facts.begun, wish.renames, steps)
            self._rules = TableRules(
                begun,
                TableSchema(wish.schema),
                self._task,
                self._listing,
                recipe=wish.recipe,
                zones=zones,
                only=self._only,
            )
            self._sources = places or range(1, len(self._rules.header.columns) + 1)

    def count(self) -> Counts:
        """Count over all rows."""
        rows, rules = 0, self._rules
        if rules is None:
            self._task.add(self._facts.fault or Finding(Problem("empty-source"), Place()))
            return self._describe(0, ())
        for group, start, screened in self._screen(rules):
            confirm = None if self._only is None else partial(self._confirm_blank, group, start, screened.records)
            rules.take(screened, confirm)
            rows += screened.records.rows
        if self._facts.fault is not None:
            self._task.add(self._facts.fault)
        else:
            rules.conclude(lambda _: {})
        present = {item.name for item in rules.header.columns} - rules.header.extra
        names = [name for name in rules.schema.names if name in present]
        return self._describe(rows, [name for name in names if self._only is None or name in self._only])

    # --- rows

    def _screen(self, rules: TableRules) -> Iterator[tuple[int, int, Screened]]:
        """The rows batch by batch, with row group and place in it, each checked in a thread; they come in order."""
        pending: deque[tuple[int, int, Future[Screened]]] = deque()
        with ThreadPoolExecutor(WORKERS, thread_name_prefix="count") as pool:
            for group, start, records in self._read(rules.places):
                pending.append((group, start, pool.submit(rules.screen, records, wants_values=False)))
                if len(pending) > WORKERS:
                    group, start, future = pending.popleft()
                    yield group, start, future.result()
            while pending:
                group, start, future = pending.popleft()
                yield group, start, future.result()

    def _read(self, places: Sequence[int]) -> Iterator[tuple[int, int, Records]]:
        sources = [self._sources[place] for place in places]
        names = [name_place(source) for source in sources]
        there = [name for name in names if name in self._names]
        wants_sizes = self._facts.is_ragged or len(self._sources) != len(self._names)
        size = max(1024, _BATCH_CELLS // max(len(names), 1))
        for group in range(self._file.num_row_groups):
            wanted = [ROW, *([SIZE] if wants_sizes else []), *there]
            # one column isn't worth threads: on a busy machine each of them waits for its turn
            table = self._file.read_row_group(group, columns=wanted, use_threads=len(there) > 1)
            for start in range(0, table.num_rows, size):
                part = table.slice(start, size)
                columns = [self._find_column(part, name) for name in names]
                numbers = part.column(ROW).combine_chunks().to_numpy()
                records = Records(columns, part.num_rows, numbers=numbers, may_be_odd=group in self._facts.odd)
                if wants_sizes:
                    self._set_sizes(records, part.column(SIZE), sources)
                yield group, start, records

    def _find_column(self, part: pa.Table, name: str) -> pa.Array:
        import pyarrow as pa

        return part.column(name).combine_chunks() if name in self._names else pa.nulls(part.num_rows, pa.string())

    def _set_sizes(self, records: Records, sizes: pa.ChunkedArray, sources: Sequence[int]) -> None:
        """How many of these columns each row has a cell for; cells beyond the last column count where all are here."""
        import numpy as np

        found = sizes.fill_null(len(self._names)).to_numpy().astype(np.int64)
        if len(sources) < len(self._sources):
            found = np.searchsorted(np.sort(sources), found, side="right")
        if (found != len(sources)).any():
            records.sizes, records.extra = found, {}

    def _confirm_blank(self, group: int, start: int, records: Records, blank: np.ndarray) -> np.ndarray:
        """Which of the marked rows of a batch, blank in the columns that are read, are so in all others too.

        One column more is read after the other, only until no such row is left.
        """
        import numpy as np
        import pyarrow as pa

        assert self._rules is not None  # noqa: S101 - rows come only where there are rules
        left = np.flatnonzero(blank)
        places = start + (np.arange(records.rows) if records.kept is None else records.kept)
        for place, item in enumerate(self._rules.header.columns):
            if place in self._rules.places or name_place(self._sources[place]) not in self._names:
                continue
            if not len(left):
                break
            cells = self._read_column(group, place).take(pa.array(places[left]))
            if place not in self._others:
                self._others[place] = self._rules.make_screen(item)
            found = find_blank_rows([self._others[place].screen(cells, wants_values=False, may_be_odd=False)])
            left = left[found] if found is not None else left[:0]
        confirmed = np.zeros(len(blank), bool)
        confirmed[left] = True
        return confirmed

    def _read_column(self, group: int, place: int) -> pa.Array:
        if self._read_last[0] != (group, place):
            name = name_place(self._sources[place])
            column = self._file.read_row_group(group, columns=[name]).column(name).combine_chunks()
            self._read_last = (group, place), column
        return self._read_last[1]

    # --- what is told

    def _describe(self, rows: int, names: Sequence[str]) -> Counts:
        listed, limit = self._list_cells(), self._wish.limit
        of_header = {found.problem.type for found in self._list_others()}
        fields: dict[str, list[tuple[Tally, int]]] = {name: [] for name in names}
        several = {", ".join(names): names for names in (self._rules.keys.several if self._rules is not None else ())}
        keys: dict[str, list[tuple[Tally, int]]] = {text: [] for text in several}
        table: list[tuple[Tally, int]] = []
        for tally, number in self._task.tallies.items():
            if tally.field in fields and tally.type not in of_header and tally.rule != REPEATED_HEADER:
                fields[tally.field].append((tally, number))
            elif tally.field in keys and tally.type in _OF_KEYS:
                keys[tally.field].append((tally, number))
            else:
                table.append((tally, number))
        return Counts(
            rows=rows,
            fields={name: _sum([name], items, listed, limit) for name, items in fields.items()},
            keys=[_sum(several[text], items, listed, limit) for text, items in keys.items()],
            table=_sum([], table, listed, limit) if self._only is None else None,
        )

    def _list_others(self) -> Sequence[Finding]:
        """What is wrong with the header, and where the text is damaged."""
        found = self._rules.header_findings if self._rules is not None else []
        return [*found, *([self._facts.fault] if self._facts.fault is not None else [])]

    def _list_cells(self) -> list[dict[str, Any]]:
        """The findings that were stored, as `wording.findings.explain` takes them; those of keys with their cells."""
        import pyarrow as pa

        found = pa.Table.from_batches(self._found).drop_columns("fieldNumber").to_pylist() if self._found else []
        cells = [{**item, "params": json.loads(item["params"]), "cell": item["cell"] or ""} for item in found]
        cells += map(_describe_finding, self._list_others())
        self._add_keys([item for item in cells if item["type"] in _OF_KEYS])
        return cells

    def _add_keys(self, cells: Sequence[dict[str, Any]]) -> None:
        """Give the findings of keys the cells that repeat."""
        import pyarrow as pa
        import pyarrow.compute as pc

        if not cells or self._rules is None:
            return
        names = [item.name for item in self._rules.header.columns]
        for key in {item["fieldName"] for item in cells}:
            fields = [key] if key in names else key.split(", ")
            columns = [name_place(self._sources[names.index(name)]) for name in fields]
            mine = [item for item in cells if item["fieldName"] == key]
            wanted = pa.array([item["row"] for item in mine], pa.int64())
            texts: dict[int, str] = {}
            for group in range(self._file.num_row_groups):
                rows = self._file.read_row_group(group, columns=[ROW]).column(ROW)
                places = pc.is_in(rows, value_set=wanted)
                if pc.any(places, min_count=0).as_py():
                    part = self._file.read_row_group(group, columns=[ROW, *columns]).filter(places)
                    for values in part.to_pylist():
                        texts[values[ROW]] = ", ".join(values[name] or "" for name in columns)
            for item in mine:
                item["cell"] = texts.get(item["row"], "")


def _arrange(begun: Beginning, renames: Mapping[str, str], steps: Steps | None) -> tuple[Beginning, Sequence[int]]:
    """How the table begins under other names, and in which column of the copy each of its columns is."""
    distinct = make_distinct(begun.labels)
    labels = tuple(renames.get(name, label) for name, label in zip(distinct, begun.labels, strict=True))
    is_mapped = begun.is_mapped or not renames.keys().isdisjoint(distinct)
    begun = replace(begun, labels=labels, is_mapped=is_mapped)
    places: Sequence[int] = range(1, len(labels) + 1)
    if steps is None or not labels:
        return begun, places
    work = steps.begin(labels, (), first_row=begun.first_row, marks=begun.marks)
    places = work.places
    told = [begun.told[place - 1] for place in places] if begun.told else ()
    return replace(begun, labels=tuple(work.labels), marks=work.marks, told=told), places


def _sum(
    names: Sequence[str], tallies: Sequence[tuple[Tally, int]], cells: Sequence[Mapping[str, Any]], limit: int
) -> Count:
    """Without the words of frictionless: to load those takes longer than to count."""
    known = {tally for tally, _ in tallies}
    kinds: Counter[tuple[str, str, str]] = Counter()
    for tally, number in tallies:
        kinds[tally.type, tally.rule, tally.strength] += number
    mine = [item for item in cells if _tally_of(item) in known]
    mine.sort(key=lambda item: (item["strength"] != "error", item["row"] or 0))
    return Count(
        names=names,
        errors=sum(number for (*_, strength), number in kinds.items() if strength == "error"),
        warnings=sum(number for (*_, strength), number in kinds.items() if strength != "error"),
        counts=[
            {"type": kind, "rule": rule, "strength": strength, "count": number}
            for (kind, rule, strength), number in kinds.most_common()
        ],
        cells=mine[:limit],
    )


def _tally_of(item: Mapping[str, Any]) -> Tally:
    return Tally(item["type"], item["fieldName"], item["rule"], item["strength"])


def _describe_finding(found: Finding) -> dict[str, Any]:
    """A finding of the header, or of the file as a whole."""
    problem, place = found.problem, found.place
    return {
        "row": place.row,
        "cell": place.label or "",
        "fieldName": place.field or "",
        "type": problem.type,
        "code": problem.code,
        "rule": problem.rule or problem.type,
        "params": dict(problem.params),
        "strength": problem.strength,
    }
