"""A table checked column by column, as fast as it can be read; only rows that are wrong are looked at one by one.

Arrow splits the file and `columns` casts it. A row with a cell the exact rule refuses is given to the engine whole,
which words its errors. What only reading from the first row to the last can tell (ragged or blank rows, broken
quotes, other encodings, repeated keys) is not decided here: `NeedsRowsError` sends the file to `validation`.
"""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from opendata.tabular.casting import Batch
from opendata.tabular.columns import ColumnScreen, NeedsRowsError, ScreenedColumn
from opendata.tabular.decoding import read_rows
from opendata.tabular.dialect import Dialect
from opendata.tabular.validation import TableReader, describe_rounded

if TYPE_CHECKING:
    import pyarrow as pa

BLOCK_BYTES = 2 * 1024 * 1024
_CHUNK = 1 << 20
_COMPARABLE = frozenset(["string", "any", "integer", "number", "boolean", "date", "datetime"])
"""Types of which equal values have equal Arrow values, so that repeated ones show."""


class ScreeningReader(TableReader):
    """The same as `TableReader`, in columns. `batches` raises `NeedsRowsError` where that cannot decide."""

    def _check(self) -> Iterator[Batch]:
        if not _is_plain(self.dialect):
            raise NeedsRowsError
        head_rows = self.first_row - 1
        with closing(read_rows(self._path, self.dialect)) as rows:
            head = list(islice(rows, head_rows))
        if len(head) < head_rows or not any(head[-1]):
            raise NeedsRowsError
        self._settle_schema(head)
        with self._open_resource(iter(head)) as resource:
            if not resource.header.valid or len(resource.labels) != len(head[-1]):
                raise NeedsRowsError
            self.task.labels = list(resource.labels)
            self._take_extra_columns(resource)
            self._sort_columns()
            expected = resource.header.get_expected_fields()
            keys = self._find_keys(resource)
        yield from self._check_columns(expected, keys, head_rows)

    def _check_columns(self, expected: Sequence[Any], keys: Sequence[_Key], head_rows: int) -> Iterator[Batch]:
        import pyarrow.compute as pc
        from frictionless.table.row import create_cell_handlers

        assert self.schema is not None  # noqa: S101 - settled before
        by_name = {item["name"]: item for item in self.fields}
        known = set(self.schema.names)
        screens = [
            ColumnScreen(self.schema, by_name[item.name], item.create_cell_reader(), is_extra=item.name not in known)
            for item in expected
        ]
        handlers = create_cell_handlers(list(expected))
        examination = _Examination(self._path)
        examination.start()
        rounded: Counter[str] = Counter()
        schema = self.arrow_schema
        for cells in _read_batches(self._path, self.dialect, len(screens), head_rows, self._on_bytes):
            _refuse_blank_rows([pc.equal(column, "") for column in cells])
            found = {screen.name: screen.screen(column) for screen, column in zip(screens, cells, strict=True)}
            _refuse_blank_rows([found[screen.name].text.is_null() for screen in screens])
            self._look_at_rows(cells, found, handlers, keys)
            for name, column in found.items():
                rounded[name] += column.rounded
            for key in keys:
                key.take(found)
            self.rows += len(cells[0])
            if self.task.valid:
                yield self._build_batch(found, len(cells[0]), schema)
        examination.join()
        examination.refuse_damage(cells if self.rows else ())
        for key in keys:
            key.refuse_repetition()
        self._digest = examination.sha256
        if self.task.valid:
            self.task.warnings += describe_rounded([item["name"] for item in self.fields], rounded)

    def _look_at_rows(
        self, cells: Sequence[pa.Array], found: Mapping[str, ScreenedColumn], handlers: Any, keys: Sequence[_Key]
    ) -> None:
        """Give each row with a wrong cell to the engine, which words what is wrong with it."""
        from frictionless.table.row import Row

        for index in _list_wrong(found.values()):
            source = [column[index].as_py() for column in cells]
            row = Row(source, handlers=handlers, row_number=self.first_row + self.rows + index)
            for name in (name for key in keys for name in key.names):
                row[name]  # the engine reads the cells of keys first, and reports them in that order
            self._add_errors(row, [row[item["name"]] if item["name"] in found else None for item in self.fields])

    def _build_batch(self, found: Mapping[str, ScreenedColumn], rows: int, schema: pa.Schema) -> Batch:
        import pyarrow as pa

        typed, text = [], []
        for item in schema:
            column = found.get(item.name)
            typed.append(column.typed if column else pa.nulls(rows, item.type))
            text.append(column.text if column else pa.nulls(rows, pa.string()))
        names = pa.schema([pa.field(item.name, pa.string()) for item in schema])
        return Batch(pa.record_batch(typed, schema=schema), pa.record_batch(text, schema=names))

    def _find_keys(self, resource: Any) -> list[_Key]:
        """The primary key and every unique column, as far as the file has them."""
        assert self.schema is not None  # noqa: S101 - settled before
        present = {item.name for item in resource.header.get_expected_fields()}
        types = {item["name"]: item["type"] for item in self.fields}
        keys = [
            _Key((item["name"],), is_primary=False)
            for item in self.schema.fields
            if (item.get("constraints") or {}).get("unique") and item["name"] in present
        ]
        primary = tuple(self.schema.primary_key)
        if primary and present.issuperset(primary):
            keys.append(_Key(primary, is_primary=True))
        if any(types[name] not in _COMPARABLE for key in keys for name in key.names):
            raise NeedsRowsError
        return keys


@dataclass(slots=True)
class _Key:
    """Columns whose values must not repeat; kept whole until the end, when they are counted."""

    names: tuple[str, ...]
    is_primary: bool
    columns: dict[str, list[pa.Array]] = field(default_factory=dict)

    def take(self, found: Mapping[str, ScreenedColumn]) -> None:
        """Keep the values of a batch. Raises `NeedsRowsError` for a value not kept, and a primary key with none."""
        import pyarrow as pa
        import pyarrow.compute as pc

        if any(found[name].has_misfits for name in self.names):
            raise NeedsRowsError
        arrays = {name: found[name].typed for name in self.names}
        if self.is_primary:
            nulls = [array.is_null() for array in arrays.values() if array.null_count]
            if len(nulls) == len(arrays):
                every = nulls[0]
                for other in nulls[1:]:
                    every = pc.and_(every, other)
                if pc.any(every).as_py():
                    raise NeedsRowsError
        for name, array in arrays.items():
            if pa.types.is_floating(array.type):
                array = pc.add(array, 0.0)
            self.columns.setdefault(name, []).append(array)

    def refuse_repetition(self) -> None:
        """Raises `NeedsRowsError` where a value comes twice: which rows those are is told there."""
        import pyarrow as pa

        if not self.columns:
            return
        table = pa.table({name: pa.chunked_array(arrays) for name, arrays in self.columns.items()})
        if not self.is_primary:
            table = table.drop_null()
        if table.group_by(list(self.names), use_threads=False).aggregate([]).num_rows != table.num_rows:
            raise NeedsRowsError


class _Examination(threading.Thread):
    """Reads the file's bytes once beside the parser: their digest, NUL bytes, and whether quotes come in pairs."""

    def __init__(self, path: Path) -> None:
        super().__init__(name="examination", daemon=True)
        self._path = path
        self.sha256 = ""
        self._quotes = 0
        self._has_nul = False
        self._tail = b""

    def run(self) -> None:
        digest = hashlib.sha256()
        with self._path.open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                digest.update(chunk)
                self._quotes += chunk.count(b'"')
                self._has_nul = self._has_nul or b"\0" in chunk
                self._tail = chunk[-4096:]
        self.sha256 = digest.hexdigest()

    def refuse_damage(self, last: Sequence[pa.Array]) -> None:
        """Raises `NeedsRowsError` for a NUL byte, or where a quote may never be closed (`last`: the last batch)."""
        if self._has_nul or self._quotes % 2:
            raise NeedsRowsError
        if not self._quotes:
            return
        ends = self._tail.endswith((b"\n", b"\r"))
        line = self._tail.replace(b"\r", b"\n").rsplit(b"\n", 1)[-1]
        cell = last[-1][-1].as_py() if last and len(last[-1]) else ""
        # A quote left open takes the file's last line end into the cell.
        if cell.endswith(("\n", "\r")) or (not ends and (b'"' in line or len(line) == len(self._tail))):
            raise NeedsRowsError


def _is_plain(dialect: Dialect) -> bool:
    """Whether Arrow reads this dialect the way it is meant."""
    rows = dialect.header_rows
    return (
        dialect.encoding == "utf-8"
        and dialect.quote_char == '"'
        and dialect.double_quote
        and dialect.escape_char is None
        and not dialect.skip_initial_space
        and dialect.comment_char is None
        and not dialect.comment_rows
        and bool(rows)
    )


def _read_batches(
    path: Path, dialect: Dialect, width: int, head_rows: int, on_bytes: Any
) -> Iterator[Sequence[pa.Array]]:
    """The file's cells as text, column by column, the header's records left out."""
    import pyarrow as pa
    from pyarrow import csv

    names = [f"f{number}" for number in range(width)]
    with path.open("rb") as stream:
        has_quotes = any(b'"' in chunk for chunk in iter(partial(stream.read, _CHUNK), b""))
    read = csv.ReadOptions(block_size=BLOCK_BYTES, column_names=names)
    parse = csv.ParseOptions(
        delimiter=dialect.delimiter or ",",
        quote_char='"' if has_quotes else False,
        newlines_in_values=has_quotes,
        ignore_empty_lines=False,
    )
    convert = csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False)
    try:
        with pa.OSFile(str(path)) as source, csv.open_csv(source, read, parse, convert) as reader:
            for batch in reader:
                if on_bytes is not None:
                    on_bytes(source.tell())
                skipped = min(head_rows, batch.num_rows)
                head_rows -= skipped
                if batch.num_rows > skipped:
                    yield batch.slice(skipped).columns
    except pa.ArrowInvalid:
        raise NeedsRowsError from None


def _refuse_blank_rows(empty: Sequence[pa.Array]) -> None:
    """Raises `NeedsRowsError` where a row has nothing in any cell (a mask per column): it may be a blank line."""
    import pyarrow.compute as pc

    blank = empty[0]
    for column in empty[1:]:
        if not pc.any(blank, min_count=0).as_py():
            return
        blank = pc.and_(blank, column)
    if pc.any(blank, min_count=0).as_py():
        raise NeedsRowsError


def _list_wrong(columns: Any) -> Sequence[int]:
    """The rows, by index, of which some column has a wrong cell."""
    import pyarrow.compute as pc

    wrong = None
    for column in columns:
        if column.wrong is not None:
            wrong = column.wrong if wrong is None else pc.or_(wrong, column.wrong)
    return [] if wrong is None else pc.indices_nonzero(wrong).to_pylist()
