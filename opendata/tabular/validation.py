"""Rows against their Table Schema: one pass that checks with frictionless and yields the very values it checked.

Source: Table Schema v2; the errors, their order and words are frictionless 5.21's. Counts are exact; only the list of
errors is capped.
"""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from opendata.tabular.casting import (
    DOUBLE_DIGITS,
    REWRITTEN,
    Batch,
    build_batch,
    find_misfit,
    is_rounded,
)
from opendata.tabular.decoding import DecodingFault, read_rows
from opendata.tabular.dialect import Dialect, settle_dialect
from opendata.tabular.report import TaskReport
from opendata.tabular.schema import TableSchema, arrow_type, build_engine_schema, text_schema

if TYPE_CHECKING:
    import frictionless
    import pyarrow as pa

BATCH_ROWS = 10_000
BATCH_CELLS = 400_000
BATCH_CHARACTERS = 32 * 1024 * 1024
MAX_EXTRA_CELLS = 100
"""So many cells too many in one row are listed, the rest counted: the engine's time grows with their square."""


class TableReader:
    """One table being checked. Iterate `batches` to the end; then `task` holds the verdict.

    As soon as an error is found no more batches come, only the checking goes on. `schema` is the schema in force:
    the one given, or all text under the names of the header. `fields` are the columns in the order of publication:
    the schema's, then those only the file has (where `fieldsMatch` allows it).
    """

    def __init__(
        self,
        path: Path,
        *,
        name: str,
        schema: TableSchema | None = None,
        dialect: Dialect | None = None,
        limit: int = 1000,
        on_bytes: Callable[[int], None] | None = None,
    ) -> None:
        self.schema = schema
        self.fields: Sequence[Mapping[str, Any]] = schema.fields if schema else ()
        self.rows = 0
        self.task = TaskReport(name=name, place=path.name, limit=limit)
        self._path = path
        self.dialect = settle_dialect(path, dialect or Dialect())
        self._on_bytes = on_bytes
        self._cast: list[tuple[int, frozenset[str]]] = []
        self._cut: dict[int, int] = {}
        self._digest = ""

    @property
    def first_row(self) -> int:
        """The number of the first data row in the source."""
        return max(self.dialect.header_rows, default=0) + 1

    @property
    def arrow_schema(self) -> pa.Schema:
        """The Arrow schema of the batches."""
        import pyarrow as pa

        return pa.schema([pa.field(item["name"], arrow_type(item)) for item in self.fields])

    def batches(self) -> Generator[Batch, None, None]:
        """Check the whole table; yield its rows while no error has been found."""
        started = time.monotonic()
        try:
            yield from self._check()
        except DecodingFault as fault:
            self.task.add(_describe_fault(fault))
        self.task.rows = self.rows
        self.task.bytes = self._path.stat().st_size
        self.task.sha256 = self._digest or hash_file(self._path)
        self.task.seconds = time.monotonic() - started

    def _check(self) -> Iterator[Batch]:
        from frictionless import FrictionlessException, errors

        rows = read_rows(self._path, self.dialect, on_bytes=self._on_bytes)
        first = next(rows, None)
        if first is None:
            self.task.add(errors.SourceError(note="the source is empty").to_descriptor())
            return
        head = [first, *islice(rows, max(self.dialect.header_rows, default=1) - 1)]
        self._settle_schema(head)
        width = max(map(len, head)) if self.dialect.header_rows else len(self.fields or head[0])
        resource = self._open_resource(chain(head, self._cut_rows(rows, len(head) + 1, width + MAX_EXTRA_CELLS)))
        try:
            with resource:
                yield from self._check_rows(resource)
        except FrictionlessException as error:
            cause = error.__cause__ or error.__context__
            if isinstance(cause, DecodingFault):
                raise cause from None
            self.task.add(error.error.to_descriptor())

    def _cut_rows(self, rows: Iterator[list[str]], first: int, most: int) -> Iterator[list[str]]:
        """The rows with at most so many cells; how many were cut off is noted by the row's number."""
        for number, cells in enumerate(rows, start=first):
            if len(cells) > most:
                self._cut[number] = len(cells) - most
            yield cells[:most]

    def _settle_schema(self, head: list[list[str]]) -> None:
        """Where no schema was given: every column of the header is text."""
        if self.schema is None:
            labels = self._open_dialect().read_labels(head)
            self.schema = text_schema(_name_columns(labels or [""] * len(head[0])))

    def _open_resource(self, rows: Iterator[list[str]]) -> frictionless.Resource:
        from frictionless import Schema
        from frictionless.resources import TableResource

        assert self.schema is not None  # noqa: S101 - set just before
        engine = self._open_dialect()
        schema: Schema = build_engine_schema(self.schema.descriptor)
        return TableResource(name=self.task.name, data=lambda: rows, format="inline", dialect=engine, schema=schema)

    def _open_dialect(self) -> frictionless.Dialect:
        from frictionless import Dialect as EngineDialect

        return EngineDialect(
            header=bool(self.dialect.header_rows),
            header_rows=list(self.dialect.header_rows),
            header_join=self.dialect.header_join,
            comment_char=self.dialect.comment_char,
            comment_rows=list(self.dialect.comment_rows),
        )

    def _check_rows(self, resource: Any) -> Iterator[Batch]:
        self.task.labels = list(resource.labels)
        if not resource.labels and not resource.fragment:
            from frictionless import errors

            self.task.add(errors.SourceError(note="the source is empty").to_descriptor())
            return
        if self.dialect.header_rows and not resource.labels:
            from frictionless import errors

            note = f"row {self.first_row - 1} is blank, but the names of the columns belong there"
            self.task.add(errors.SourceError(note=note).to_descriptor(), row=self.first_row - 1)
        for error in resource.header.errors:
            self.task.add(error.to_descriptor())
        present = {item.name for item in resource.header.get_expected_fields()}
        self._take_extra_columns(resource)
        names = [item["name"] for item in self.fields]
        missing = [name not in present for name in names]
        places = self._find_places(resource)
        size = max(200, min(BATCH_ROWS, BATCH_CELLS // max(1, len(names))))
        schema = self.arrow_schema
        doubles, texts = self._sort_columns()
        rounded: Counter[str] = Counter()
        weight = 0
        found: list[Any]
        values: list[list[Any]] = []
        cells: list[list[str]] = []
        for row in _read_checked_rows(resource, self.first_row):
            self.rows += 1
            found = [None if absent else row[name] for name, absent in zip(names, missing, strict=True)]
            self._add_errors(row, found)
            if not self.task.valid:
                values.clear()
                cells.clear()
                continue
            source = [row.cells[place] if place >= 0 else "" for place in places]
            for number in doubles:
                if len(source[number]) > DOUBLE_DIGITS and found[number] is not None and is_rounded(found[number]):
                    rounded[names[number]] += 1
            values.append(found)
            cells.append(source)
            weight += sum(len(source[number]) for number in texts if found[number] is not None)
            if len(values) == size or weight >= BATCH_CHARACTERS:
                yield self._build(values, cells, schema)
                values, cells, weight = [], [], 0
        if values and self.task.valid:
            yield self._build(values, cells, schema)
        if self.task.valid:
            self.task.warnings += describe_rounded(names, rounded)

    def _sort_columns(self) -> tuple[list[int], list[int]]:
        """Note the columns whose values may not fit; return, by number, those of doubles and those of plain text."""
        assert self.schema is not None  # noqa: S101 - set before any row is read
        doubles: list[int] = []
        texts: list[int] = []
        for number, field in enumerate(self.fields):
            if field["type"] not in REWRITTEN:
                texts.append(number)
                continue
            nulls = frozenset(self.schema.missing_values_of(field)) - {""}
            if nulls or field["type"] in ("integer", "number", "datetime"):
                self._cast.append((number, nulls))
            if field["type"] == "number" and "scale" not in (field.get("opendata") or {}):
                doubles.append(number)
        return doubles, texts

    def _add_errors(self, row: Any, values: Sequence[Any]) -> None:
        """Report what the engine finds wrong with a row, then values that are valid but cannot be published."""
        for error in row.errors:
            self.task.add_lazily(error)
        cut = self._cut.pop(row.row_number, 0)
        if cut and row.errors[-1].type != "blank-row":
            self.task.counts["extra-cell", ""] += cut
        for number, nulls in self._cast:
            value = values[number]
            if value is not None and (note := find_misfit(self.fields[number], nulls, value)):
                self.task.add(self._describe_misfit(row, number, note))

    def _build(self, values: list[list[Any]], cells: list[list[str]], schema: pa.Schema) -> Batch:
        return build_batch(self.fields, list(zip(*values, strict=True)), list(zip(*cells, strict=True)), schema)

    def _take_extra_columns(self, resource: Any) -> None:
        """Columns only the file has, allowed by `fieldsMatch`, are published as text."""
        known = {item["name"] for item in self.fields}
        extra = [item.name for item in resource.header.get_expected_fields() if item.name not in known]
        self.fields = [*self.fields, *({"name": name, "type": "string"} for name in extra)]

    def _find_places(self, resource: Any) -> list[int]:
        order = {item.name: place for place, item in enumerate(resource.header.get_expected_fields())}
        return [order.get(item["name"], -1) for item in self.fields]

    def _describe_misfit(self, row: Any, number: int, note: str) -> dict[str, Any]:
        from frictionless import errors

        name = self.fields[number]["name"]
        place = row.field_numbers[row.field_names.index(name)]
        error = errors.TypeError(
            note=note,
            cells=[str(cell) for cell in row.cells],
            row_number=row.row_number,
            cell=str(row.cells[place - 1]),
            field_name=name,
            field_number=place,
        )
        return dict(error.to_descriptor())


def _read_checked_rows(resource: Any, first_row: int) -> Iterator[Any]:
    """The rows of an open resource, each fully checked.

    Raises `DecodingFault` for a rule that cannot be applied to a value, such as a bound with a time zone against a
    time without: the engine breaks at it, but it is a fault of the table or its schema, not of the program.
    """
    rows = iter(resource.row_stream)
    number = first_row
    while True:
        try:
            row = next(rows, None)
            if row is not None:
                number = row.row_number
                row.errors  # noqa: B018 - asking for them is what has the row checked
        except (TypeError, ValueError, ArithmeticError, KeyError) as error:
            note = f"row {number} cannot be checked by the schema's rules: {error}"
            raise DecodingFault("source-error", note, number) from None
        if row is None:
            return
        yield row
        number += 1


def describe_rounded(names: Sequence[str], rounded: Mapping[str, int]) -> list[str]:
    """What to tell about columns, in their order, of whose numbers some have more digits than a double keeps."""
    return [
        f'field "{name}": {rounded[name]} numbers have more digits than a 64-bit float keeps;'
        " the CSV has them all, the Parquet file the nearest float"
        for name in names
        if rounded.get(name)
    ]


def hash_file(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _name_columns(header: Sequence[str]) -> list[str]:
    """Names for the columns of a table without schema; blank and repeated ones are reported by the check itself."""
    names: list[str] = []
    for number, label in enumerate(header, start=1):
        name = label.strip() or f"field{number}"
        tries = 2
        while name in names:
            name, tries = f"{label.strip() or f'field{number}'}{tries}", tries + 1
        names.append(name)
    return names


def _describe_fault(fault: DecodingFault) -> dict[str, Any]:
    from frictionless import errors

    kind = errors.EncodingError if fault.type == "encoding-error" else errors.SourceError
    found = dict(kind(note=fault.note).to_descriptor())
    if fault.row is not None:
        found["rowNumber"] = fault.row
    return found
