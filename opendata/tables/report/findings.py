"""The findings of a check as a Parquet file: every one that is stored, in the order of the rows they are about.

A finding is a row: where (row, column), what (type, rule, strength), the cell's text, and why (a code with its
parameters as JSON). Findings of the header or of the file as a whole have no row and come first.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from opendata.domain.findings import Finding, Problem, shorten_param
from opendata.tables.arrow.parquet import open_parquet
from opendata.tables.report.report import Tally
from opendata.wording.notes import write_note

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

GROUP_ROWS = 65_536
GROUP_BYTES = 16 * 1024 * 1024
LONGEST = 1000
"""Characters kept of a cell, at most; of the parameters, unless the schema's own names are longer."""

_TEXTS = ("fieldName", "type", "rule", "strength", "cell", "code", "params")


def findings_schema() -> pa.Schema:
    """The columns of a findings file: `row` (null: header or file), `fieldNumber` from 1 (null: none), then texts."""
    import pyarrow as pa

    return pa.schema([("row", pa.int64()), ("fieldNumber", pa.int32()), *((name, pa.string()) for name in _TEXTS)])


def build_findings(
    tally: Tally,
    rows: Sequence[int] | np.ndarray,
    problems: Sequence[Problem],
    *,
    which: np.ndarray,
    earlier: Sequence[int] = (),
    number: int | np.ndarray | None = None,
    cells: pa.Array | None = None,
) -> pa.RecordBatch:
    """Findings of one rule in one column: `problems[which[i]]` is that of `rows[i]`.

    `earlier` are the rows that have the same values already, where that is what is wrong: the parameter `row`.
    `number` is that of the column in the file, of all or of each.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    count = len(rows)
    codes = pa.array([problem.code for problem in problems], pa.string()).take(which)
    params = pa.array([write_params(problem.params) for problem in problems], pa.string()).take(which)
    if earlier:
        params = pc.binary_join_element_wise('{"row": ', pa.array(earlier, pa.int64()).cast(pa.string()), "}", "")
    constant = (tally.field, tally.type, tally.rule, tally.strength)
    return pa.record_batch(
        [
            pa.array(rows, pa.int64()),
            _list_numbers(number, count),
            *(pa.repeat(pa.scalar(text, pa.string()), count) for text in constant),
            pa.nulls(count, pa.string()) if cells is None else cells,
            codes,
            params,
        ],
        schema=findings_schema(),
    )


def _list_numbers(number: int | np.ndarray | None, count: int) -> pa.Array:
    """The column's number in the file: none, one for all, or one for each."""
    import pyarrow as pa

    if number is None or isinstance(number, int):
        return pa.repeat(pa.scalar(number or None, pa.int32()), count)
    return pa.array(number, pa.int32())


def list_findings(findings: Sequence[Finding]) -> pa.RecordBatch:
    """Findings of labels, rows and the file as a whole, each with its own place."""
    import pyarrow as pa

    rows = [
        {
            "row": place.row,
            "fieldNumber": place.number,
            "fieldName": place.field or place.label or "",
            "type": problem.type,
            "rule": problem.rule or problem.type,
            "strength": problem.strength,
            "cell": place.label if place.cell is None else place.cell,
            "code": problem.code,
            "params": write_params(problem.params),
        }
        for problem, place in ((found.problem, found.place) for found in findings)
    ]
    return pa.RecordBatch.from_pylist(rows, schema=findings_schema())


def write_params(params: Mapping[str, Any]) -> str:
    """Parameters as JSON; what is long among them is cut."""
    text = json.dumps(params, ensure_ascii=False)
    if len(text) > LONGEST:
        text = json.dumps({name: shorten_param(value) for name, value in params.items()}, ensure_ascii=False)
    return text


def read_finding(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of a findings file with its parameters as an object.

    A file of an earlier release has a sentence as `note` instead of code and parameters.
    """
    if not row.get("code"):
        return {**row, "code": row["type"], "params": {}, "note": row.get("note") or ""}
    params = json.loads(row["params"])
    return {**row, "params": params, "note": write_note(row["code"], params, row["rule"])}


class FindingsWriter:
    """Writes a findings file from batches in any order. Use as a context; memory does not grow with their number.

    On leaving, the file is complete and in order of rows; it is missing if nothing was found or something failed.
    """

    def __init__(self, path: Path) -> None:
        self.rows = 0
        self._path = path
        self._part = path.with_name(path.name + ".part")
        self._groups = _Groups(self._part)

    def __enter__(self) -> FindingsWriter:
        self._path.unlink(missing_ok=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._groups.close()
            if kind is None and self.rows:
                if self._groups.are_in_order:
                    self._part.replace(self._path)
                else:
                    _merge(self._part, self._path, self._groups.extents)
        finally:
            self._part.unlink(missing_ok=True)

    def write(self, batch: pa.RecordBatch) -> None:
        """Append findings. The texts may be dictionaries; what is longer than `LONGEST` characters is cut."""
        import pyarrow as pa

        if batch.num_rows:
            schema = findings_schema()
            columns = [_shorten(batch.column(name)) if name == "cell" else batch.column(name) for name in schema.names]
            cast = [column.cast(item.type) for column, item in zip(columns, schema, strict=True)]
            self.rows += batch.num_rows
            self._groups.add(pa.Table.from_arrays(cast, schema=schema))


def read_findings(
    path: Path,
    *,
    after: int = 0,
    limit: int,
    type: str | None = None,
    field: str | None = None,
    rule: str | None = None,
    strength: str | None = None,
) -> tuple[list[dict[str, Any]], int | None]:
    """A part of the findings, in order, and the position to go on `after`: None at the end.

    Of row groups whose statistics rule them out, nothing is read. Raises `FileNotFoundError`.
    """

    given = {"type": type, "fieldName": field, "rule": rule, "strength": strength}
    wanted = {name: value for name, value in given.items() if value is not None}
    rows: list[dict[str, Any]] = []
    last = start = 0
    with open_parquet(path) as file:
        for number in range(file.num_row_groups):
            group = file.metadata.row_group(number)
            if start + group.num_rows > after and _may_hold(group, wanted):
                places = _find_places(file, number, wanted)
                places = places[places >= after - start][: limit + 1 - len(rows)]
                if len(rows) + len(places) > limit:
                    rows += _take(file, number, places[:-1])
                    return rows, start + int(places[-2]) + 1 if len(places) > 1 else last
                if len(places):
                    rows += _take(file, number, places)
                    last = start + int(places[-1]) + 1
            start += group.num_rows
    return rows, None


def iterate_findings(path: Path, *, after: int = 0) -> Generator[dict[str, Any], None, None]:
    """All findings, in order, in constant memory; of row groups without a row `after` one, nothing is read."""

    with open_parquet(path) as file:
        numbers = range(file.num_row_groups)
        groups = [number for number in numbers if not after or _ends_after(file.metadata.row_group(number), after)]
        for batch in file.iter_batches(batch_size=4096, row_groups=groups):
            yield from map(read_finding, batch.to_pylist())


def _ends_after(group: pq.RowGroupMetaData, row: int) -> bool:
    """Whether a row group may have findings of a row after this one."""
    found = group.column(0).statistics
    return found is None or not found.has_min_max or found.max > row


class _Groups:
    """Row groups being written, each sorted by row and column. The file is opened with the first of them."""

    def __init__(self, path: Path) -> None:
        self.extents: list[tuple[tuple[int, int], tuple[int, int]]] = []
        self._path = path
        self._writer: pq.ParquetWriter | None = None
        self._held: list[pa.Table] = []
        self._held_rows = 0
        self._held_bytes = 0

    @property
    def are_in_order(self) -> bool:
        """Whether no group begins before the one before it ends."""
        return all(before[1] <= after[0] for before, after in zip(self.extents, self.extents[1:], strict=False))

    def add(self, table: pa.Table) -> None:
        """Append rows; they are written as soon as there are enough for a group."""
        self._held.append(table)
        self._held_rows += table.num_rows
        self._held_bytes += table.nbytes
        if self._held_rows >= GROUP_ROWS or self._held_bytes >= GROUP_BYTES:
            self.flush()

    def flush(self) -> None:
        """Write what is held."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        if not self._held_rows:
            return
        table = _sort(pa.concat_tables(self._held))
        self._held, self._held_rows, self._held_bytes = [], 0, 0
        self.extents.append((_read_key(table, 0), _read_key(table, table.num_rows - 1)))
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._path, table.schema, compression="zstd")
        self._writer.write_table(table, row_group_size=table.num_rows)

    def close(self) -> None:
        """Write the rest and complete the file."""
        try:
            self.flush()
        finally:
            if self._writer is not None:
                self._writer.close()


def _merge(source: Path, target: Path, extents: Sequence[tuple[tuple[int, int], tuple[int, int]]]) -> None:
    """Write the sorted groups of a file into another in one order; in memory are those that overlap."""
    import pyarrow as pa

    order = sorted(range(len(extents)), key=lambda number: extents[number])
    groups = _Groups(target)
    with open_parquet(source) as file:
        carried = file.schema_arrow.empty_table()
        for number, following in zip(order, [*order[1:], None], strict=True):
            carried = _sort(pa.concat_tables([carried, file.read_row_group(number)]))
            if following is not None:
                done = int(_list_rows(carried).searchsorted(extents[following][0][0]))
                groups.add(carried.slice(0, done))
                carried = carried.slice(done)
        groups.add(carried)
    groups.close()


def _sort(table: pa.Table) -> pa.Table:
    import pyarrow.compute as pc

    keys = [(name, "ascending", "at_start") for name in ("row", "fieldNumber")]
    return table.take(pc.sort_indices(table, sort_keys=keys))


def _list_rows(table: pa.Table) -> np.ndarray:
    found: np.ndarray = table.column("row").fill_null(0).to_numpy()
    return found


def _read_key(table: pa.Table, place: int) -> tuple[int, int]:
    return table.column("row")[place].as_py() or 0, table.column("fieldNumber")[place].as_py() or 0


def _shorten(column: pa.Array) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    if isinstance(column, pa.DictionaryArray):
        return pa.DictionaryArray.from_arrays(column.indices, _shorten(column.dictionary))
    lengths = pc.utf8_length(column)
    if (pc.max(lengths).as_py() or 0) <= LONGEST:
        return column
    cut = pc.binary_join_element_wise(pc.utf8_slice_codeunits(column, 0, LONGEST - 1), "…", "")
    return pc.if_else(pc.greater(lengths, LONGEST), cut, column)


def _may_hold(group: pq.RowGroupMetaData, wanted: Mapping[str, str]) -> bool:
    for number, name in enumerate(findings_schema().names):
        statistics = group.column(number).statistics if name in wanted else None
        if statistics is None or not statistics.has_min_max:
            continue
        if not statistics.min <= wanted[name] <= statistics.max:
            return False
    return True


def _find_places(file: pq.ParquetFile, number: int, wanted: Mapping[str, str]) -> np.ndarray:
    """The places of the wanted findings within a row group."""
    import numpy as np
    import pyarrow.compute as pc

    found = np.ones(file.metadata.row_group(number).num_rows, bool)
    if wanted:
        table = file.read_row_group(number, columns=list(wanted))
        for name, value in wanted.items():
            found &= pc.fill_null(pc.equal(table.column(name), value), False).to_numpy()
    return np.flatnonzero(found)


def _take(file: pq.ParquetFile, number: int, places: np.ndarray) -> list[dict[str, Any]]:
    return [read_finding(row) for row in file.read_row_group(number).take(places).to_pylist()] if len(places) else []
