"""The text copy of a table: every cell as the check is given it, column by column, with the numbers of the rows.

In, a delimited text, how it is split, and its steps. Out, a Parquet file with the columns `row`, `size`, `c1`, `c2`, …:
a cell that its row lacks is null, and `size` says how many cells a row has where that isn't one for each column. What
else is known of the table is JSON in the footer. Where the text is damaged the copy ends, as the check does.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from opendata.domain.findings import Finding, Place, Problem
from opendata.tables.arrow.arrays import make_integers
from opendata.tables.check.beginning import Beginning, begin_table
from opendata.tables.check.column_notes import START_ROWS
from opendata.tables.check.odd_texts import may_be_odd
from opendata.tables.text.decoding import DecodingFault
from opendata.tables.text.dialect import Dialect
from opendata.tables.text.records import Records
from opendata.tables.text.rows import RowSource
from opendata.tables.text.splitting import NeedsCareError, Source, is_plain
from opendata.tables.text.steps import Marks, Steps

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

ROW, SIZE = "row", "size"
GROUP_ROWS = 131_072
GROUP_BYTES = 32 * 1024 * 1024
"""At most about this many bytes of text are held before they are written."""

_FOOTER = b"opendata"
_START_CHARACTERS = 100


def name_place(column: int) -> str:
    """What a column is called in the copy; columns count from 1."""
    return f"c{column}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the footer of a copy says.

    How the table begins (None: it has no row), where its text is damaged, the row groups in which texts may be odd, and
    whether some rows have more or fewer cells than columns.
    """

    begun: Beginning | None
    fault: Finding | None
    odd: Sequence[int]
    is_ragged: bool


def write_copy(
    source: Path,
    dialect: Dialect,
    target: Path,
    *,
    renames: Mapping[str, str] | None = None,
    steps: Steps | None = None,
    names: Sequence[str] = (),
    marks: Marks | None = None,
) -> None:
    """Write the text copy of a table, its steps applied; the options are those of `begin_table`."""
    careful = not is_plain(dialect)
    while True:
        try:
            begun = begin_table(source, dialect, renames=renames or {}, steps=steps, names=names, marks=marks or {})
            fault = None
        except DecodingFault as found:
            begun, fault = None, found
        writer = _Writer(target, begun)
        try:
            with writer:
                if begun is not None:
                    fault = _copy(source, dialect, begun, writer, careful=careful)
                writer.conclude(fault)
        except NeedsCareError:
            careful = True
            continue
        return


def _copy(source: Path, dialect: Dialect, begun: Beginning, writer: _Writer, *, careful: bool) -> DecodingFault | None:
    """Write all rows; where the text is damaged, what is wrong with it."""
    width = begun.work.width if begun.work else len(begun.labels) or begun.width
    rows = RowSource(source, dialect, width=width, first_row=begun.first_row, begin_steps=begun.restart)
    batches: Iterator[Records]
    if careful:
        batches = rows.map_carefully(begun.work, lambda records: records)
    else:
        batches = rows.map_blocks(
            Source(source, dialect, hashes=False),
            begun.work,
            lambda records: records,
            may_be_odd=lambda block: may_be_odd(block, dialect.delimiter),
        )
    try:
        for records in batches:
            writer.write(records)
    except DecodingFault as fault:
        return fault
    return None


class _Writer:
    """Writes batches in groups of rows. Use as a context."""

    def __init__(self, target: Path, begun: Beginning | None) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        self._begun = begun
        width = (len(begun.labels) or begun.width) if begun else 0
        names = [name_place(number) for number in range(1, width + 1)]
        texts = [pa.field(name, pa.string()) for name in names]
        self._schema = pa.schema([pa.field(ROW, pa.int64()), pa.field(SIZE, pa.int32()), *texts])
        self._following = begun.first_row if begun else 0
        self._held: list[pa.RecordBatch] = []
        self._may_be_odd = False
        self._odd: list[int] = []
        self._groups = 0
        self._is_ragged = False
        self._writer = pq.ParquetWriter(
            target,
            self._schema,
            compression="lz4",
            use_dictionary=names,
            column_encoding={ROW: "DELTA_BINARY_PACKED"},
            write_statistics=False,
        )

    def __enter__(self) -> _Writer:
        return self

    def __exit__(self, *_: object) -> None:
        self._writer.close()

    def write(self, records: Records) -> None:
        """Append the rows of a batch."""
        import numpy as np
        import pyarrow as pa

        first = self._following
        numbers = records.numbers if records.numbers is not None else np.arange(first, first + records.rows)
        self._following += records.rows
        self._is_ragged = self._is_ragged or records.sizes is not None
        sizes = pa.nulls(records.rows, pa.int32())
        if records.sizes is not None:
            sizes = pa.array(records.sizes.astype(np.int32))
        batch = pa.record_batch([make_integers(numbers), sizes, *records.columns], schema=self._schema)
        for start in range(0, batch.num_rows, GROUP_ROWS):
            part = batch.slice(start, GROUP_ROWS)
            if sum(item.num_rows for item in self._held) + part.num_rows > GROUP_ROWS:
                self._flush()
            self._held.append(part)
            self._may_be_odd = self._may_be_odd or records.may_be_odd
        if sum(item.nbytes for item in self._held) >= GROUP_BYTES:
            self._flush()

    def conclude(self, fault: DecodingFault | None) -> None:
        """Write what is held, and what is known of the table."""
        self._flush()
        damage = None
        if fault is not None:
            problem = fault.problem
            damage = {
                "code": problem.code,
                "rule": problem.rule,
                "strength": problem.strength,
                "params": dict(problem.params),
                "row": fault.row,
            }
        facts = {"begun": _describe(self._begun), "fault": damage, "odd": self._odd, "ragged": self._is_ragged}
        self._writer.add_key_value_metadata({_FOOTER.decode(): json.dumps(facts)})

    def _flush(self) -> None:
        import pyarrow as pa

        if not self._held:
            return
        rows = sum(item.num_rows for item in self._held)
        self._writer.write_table(pa.Table.from_batches(self._held), row_group_size=rows)
        if self._may_be_odd:
            self._odd.append(self._groups)
        self._groups += 1
        self._held, self._may_be_odd = [], False


def _describe(begun: Beginning | None) -> dict[str, Any] | None:
    if begun is None:
        return None
    return {
        "labels": list(begun.labels),
        "told": list(begun.told),
        "is_mapped": begun.is_mapped,
        "width": begun.width,
        "header_rows": list(begun.header_rows),
        "first_row": begun.first_row,
        # of a cell it is asked alone whether it ends in a zone
        "start": [[cell[:20] + cell[20:][-_START_CHARACTERS:] for cell in row] for row in begun.start[:START_ROWS]],
        "marks": {str(number): dict(mark) for number, mark in begun.marks.items()},
    }


def read_facts(file: pq.ParquetFile) -> Facts:
    """What the footer of a copy says."""
    kept = json.loads(file.metadata.metadata[_FOOTER])
    begun, damage = kept["begun"], kept["fault"]
    fault = None
    if damage is not None:
        problem = Problem(damage["code"], damage["rule"], damage["strength"], damage["params"])
        fault = Finding(problem, Place(row=damage["row"]))
    return Facts(begun=_restore(begun) if begun else None, fault=fault, odd=kept["odd"], is_ragged=kept["ragged"])


def _restore(begun: Mapping[str, Any]) -> Beginning:
    return Beginning(
        labels=tuple(begun["labels"]),
        told=begun["told"],
        is_mapped=begun["is_mapped"],
        width=begun["width"],
        header_rows=begun["header_rows"],
        first_row=begun["first_row"],
        start=begun["start"],
        marks={int(number): mark for number, mark in begun["marks"].items()},
    )
