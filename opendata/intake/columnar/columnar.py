"""Tables in Parquet and Arrow IPC (file, stream, Feather v2): read by columns, written as plain CSV by columns.

Sources: Apache Parquet format, Arrow columnar format. The place of the only table is empty.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from opendata.errors import N_, TooLargeError, UnreadableFileError, UnsupportedFormatError
from opendata.intake.columnar.arrow_texts import is_binary, is_nested, write_texts
from opendata.intake.columnar.bounds import (
    Allowance,
    count_batch_rows,
    count_parquet,
    find_coded,
    has_prefixes,
    list_unpacked,
    slice_batch,
)
from opendata.intake.document.documents import check_width
from opendata.intake.document.json_cells import name_columns
from opendata.intake.grid import Grid, TableInfo
from opendata.intake.understanding import Decision
from opendata.tables.arrow.parquet import open_parquet
from opendata.tables.forms.writing import join_csv

if TYPE_CHECKING:
    import pyarrow as pa

_THRIFT_BYTES = 64 * 1024 * 1024
_THRIFT_ITEMS = 1_000_000


@dataclass(frozen=True, slots=True)
class Facts:
    """What was written: rows without the header, columns, and what was settled on the way."""

    rows: int
    columns: int
    decisions: list[Decision] = field(default_factory=list)


def list_tables(path: Path, *, encoding: str | None = None) -> list[TableInfo]:  # noqa: ARG001 - as all readers
    """The one table of the file; its rows are None where only reading tells (a stream).

    Raises `UnreadableFileError` for a damaged file, `UnsupportedFormatError` for Feather v1.
    """
    with _open(path) as source:
        return [TableInfo(name=path.stem, place="", rows=source.rows, columns=len(source.schema.names))]


def open_table(path: Path, place: str = "", *, encoding: str | None = None) -> Grid:  # noqa: ARG001 - as all readers
    """The table as rows of text, its names first. `write_csv` is the faster way. Raises as `list_tables` does."""
    with _open(path) as source:
        names = list(source.schema.names)
    grid = Grid(rows=iter(()), has_header=True)
    grid.rows = _iterate_rows(path, names, grid.decisions)
    return grid


def write_csv(path: Path, form: str, target: Path, *, limit: int | None = None) -> Facts:  # noqa: ARG001
    """Write the table as UTF-8 CSV (RFC 4180, LF), the names of its columns first. The bytes tell the form.

    Raises `UnreadableFileError` for a damaged file, `TooLargeError` where the CSV gets longer than `limit` bytes, or
    than is usual for so small a file.
    """
    import pyarrow as pa

    notes = _Notes()
    allowance = Allowance(path.stat().st_size)
    rows = written = 0
    with target.open("wb") as out, _open(path) as source:
        names = list(source.schema.names)
        out.write(_join([pa.array([name], pa.string()) for name in names]))
        for columns in _text_columns(source, notes):
            data = _join(columns)
            written += len(data)
            allowance.check_bytes(written)
            if limit is not None and written > limit:
                raise TooLargeError(N_("The unpacked table is larger than %(limit)s bytes"), limit=limit)
            out.write(data)
            rows += len(columns[0])
    return Facts(rows, len(names), notes.decide(names))


def propose_fields(path: Path, form: str) -> list[dict[str, Any]]:  # noqa: ARG001 - the bytes tell
    """Table Schema fields from the file's own types. Raises as `list_tables` does."""
    with _open(path) as source:
        return [_describe(item) for item in source.schema]


def _describe(item: pa.Field) -> dict[str, Any]:
    import pyarrow as pa

    kind, test = item.type, pa.types
    if isinstance(kind, pa.BaseExtensionType):
        kind = kind.storage_type if kind.extension_name != "arrow.uuid" else pa.string()
    if test.is_dictionary(kind) or test.is_run_end_encoded(kind):
        kind = kind.value_type
    found: dict[str, Any] = {"name": item.name, "type": "string"}
    if test.is_integer(kind):
        found["type"] = "integer"
    elif test.is_decimal(kind):
        found["type"] = "number"
        if 0 <= kind.scale <= 37:
            found["opendata"] = {"scale": kind.scale}
    elif is_binary(kind):
        found["format"] = "binary"
    else:
        tests = {
            "number": test.is_floating,
            "boolean": test.is_boolean,
            "date": test.is_date,
            "time": test.is_time,
            "datetime": test.is_timestamp,
            "duration": test.is_duration,
            "object": test.is_struct,
            "array": test.is_nested,
        }
        found["type"] = next((name for name, is_kind in tests.items() if is_kind(kind)), "string")
    if not item.nullable:
        found["constraints"] = {"required": True}
    return found


@dataclass(frozen=True, slots=True)
class _Source:
    """An open file: its Arrow schema, its rows if it tells, and its batches."""

    schema: pa.Schema
    rows: int | None
    batches: Iterator[pa.RecordBatch]


@contextmanager
def _open(path: Path) -> Iterator[_Source]:
    """Open a file; what pyarrow says against it, here or while it is read, is an `UnreadableFileError`."""
    allowance = Allowance(path.stat().st_size)
    with path.open("rb") as stream, _refuse():
        magic = stream.read(8)
        stream.seek(0)
        if magic.startswith(b"FEA1"):
            raise UnsupportedFormatError(N_("Feather version 1 files aren't supported. Save the table as Parquet"))
        open_form = _open_parquet if magic.startswith((b"PAR1", b"PARE")) else _open_ipc
        with open_form(stream, allowance) as source:
            yield source


@contextmanager
def _open_parquet(stream: BinaryIO, allowance: Allowance) -> Iterator[_Source]:

    limits = {"thrift_string_size_limit": _THRIFT_BYTES, "thrift_container_size_limit": _THRIFT_ITEMS}
    first = open_parquet(stream, **limits)
    columns = len(first.schema_arrow.names)
    check_width(columns)
    allowance.check_cells(first.metadata.num_rows, columns)
    allowance.check_bytes(count_parquet(first.metadata))
    coded = find_coded(first.metadata, first.schema_arrow)
    with open_parquet(stream, metadata=first.metadata, read_dictionary=coded, **limits) as file:
        rows = count_batch_rows(columns, has_prefixes=has_prefixes(first.metadata))
        batches = file.iter_batches(batch_size=rows, use_threads=False)
        yield _Source(file.schema_arrow, file.metadata.num_rows, _check(batches))


@contextmanager
def _open_ipc(stream: BinaryIO, allowance: Allowance) -> Iterator[_Source]:
    import pyarrow as pa

    is_file = stream.read(6) == b"ARROW1"
    for count in list_unpacked(stream, is_file=is_file):
        allowance.check_bytes(count)
    stream.seek(0)
    with pa.ipc.open_file(stream) if is_file else pa.ipc.open_stream(stream) as reader:
        check_width(len(reader.schema.names))
        found = (reader.get_batch(number) for number in range(reader.num_record_batches)) if is_file else reader
        yield _Source(reader.schema, None, _check(_count(found, allowance)))


def _count(batches: Iterable[pa.RecordBatch], allowance: Allowance) -> Iterator[pa.RecordBatch]:
    rows = 0
    for batch in batches:
        rows += batch.num_rows
        allowance.check_cells(rows, batch.num_columns)
        yield batch


@contextmanager
def _refuse() -> Iterator[None]:
    import pyarrow as pa

    try:
        yield
    except MemoryError:
        raise TooLargeError(
            N_("Reading the file takes more memory than is allowed. Export it as CSV, or in parts")
        ) from None
    except (pa.ArrowException, OSError, ValueError, KeyError, IndexError, OverflowError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # the disk, not the file
        reason = str(error).strip().split("\n")[0][:200] or type(error).__name__
        raise UnreadableFileError(
            N_("The file is damaged or incomplete. Export it again from its source (%(reason)s)"), reason=reason
        ) from None


def _check(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Batches proved sound, in pieces: IPC is mapped as it lies, so wrong offsets would be followed anywhere."""
    for batch in batches:
        batch.validate(full=True)
        yield from slice_batch(batch)


def _text_columns(source: _Source, notes: _Notes) -> Iterator[list[pa.Array]]:
    for batch in source.batches:
        if not batch.num_columns:
            raise UnreadableFileError(N_("The table has no columns"))
        columns = []
        for number, column in enumerate(batch.columns):
            text = write_texts(column)
            notes.look(number, column.type, text)
            columns.append(text)
        if batch.num_rows:
            yield columns


def _join(columns: list[pa.Array]) -> bytes:
    import pyarrow as pa

    if not columns:
        raise UnreadableFileError(N_("The table has no columns"))
    return join_csv(pa.RecordBatch.from_arrays(columns, names=[str(number) for number in range(len(columns))]))


def _iterate_rows(path: Path, names: list[str], decisions: list[Decision]) -> Iterator[list[str]]:
    yield names
    notes = _Notes()
    with _open(path) as source:
        for columns in _text_columns(source, notes):
            texts = [[text or "" for text in column.to_pylist()] for column in columns]
            for row in zip(*texts, strict=True):
                yield list(row)
    decisions.extend(notes.decide(names))


class _Notes:
    """What the text does not show of the values."""

    def __init__(self) -> None:
        self._nulls: set[int] = set()
        self._empties: set[int] = set()
        self._nested: set[int] = set()
        self._binary: set[int] = set()

    def look(self, number: int, kind: pa.DataType, text: pa.Array) -> None:
        import pyarrow as pa
        import pyarrow.compute as pc

        if pa.types.is_dictionary(kind):
            kind = kind.value_type
        if is_nested(kind):
            self._nested.add(number)
        elif is_binary(kind):
            self._binary.add(number)
        if text.null_count:
            self._nulls.add(number)
        if number not in self._empties and pc.any(pc.equal(text, "")).as_py():
            self._empties.add(number)

    def decide(self, names: list[str]) -> list[Decision]:
        told = (
            (
                "empty-and-null",
                N_("Both empty text and null appear in %(columns)s. In the table, both become empty cells"),
                self._nulls & self._empties,
            ),
            ("nested-values", N_("Lists or objects appear in %(columns)s. They are kept as JSON text"), self._nested),
            ("binary", N_("Binary values appear in %(columns)s. They are kept as Base64"), self._binary),
        )
        return [
            Decision(rule=rule, text=text, details={"columns": name_columns(sorted(found), names)}, sure=0.95)
            for rule, text, found in told
            if found
        ]
