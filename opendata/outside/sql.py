"""SQL: the rows of one SELECT become a Parquet file with the types of its columns, a batch at a time.

PostgreSQL runs it in a read-only transaction as a cursor, which accepts nothing but a query. SQLite files are read if
the operator names their folder; an authorizer refuses everything but reading.
"""

from __future__ import annotations

import hashlib
import ipaddress
import json
import os
import socket
import sqlite3
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from opendata.domain.sources.address import Encryption, SourceAddress
from opendata.errors import N_, BackendError, InputError, NotPermittedError
from opendata.outside.fetched import Fetched, Target, refuse_size
from opendata.outside.guard import Deadline, Guard

if TYPE_CHECKING:
    import psycopg
    import pyarrow

_CURSOR = "source"
_ROWS = 500
_BATCH_BYTES = 8 << 20
"""So many rows are held as Python values at most, and fewer where they have more characters."""

_MOST_VALUE = 16 << 20
"""A value of SQLite has at most so many bytes."""

_GROUP_ROWS = 50_000
_GROUP_BYTES = 16 << 20
"""So much is written at a time, as a row group."""

_OPTIONS = ("sslmode",)
_TLS = ("disable", "prefer", "require", "verify-ca", "verify-full")
_MOST_DIGITS = 38
_ANSWER = N_("The database answers: %(reason)s")
_NO_ENCRYPTION = "server does not support SSL"
"""What libpq says where a connection has to be encrypted and can't be."""

_UNENCRYPTED = N_(
    "The database offers no encrypted connection, so nothing was sent. Ask its operator to turn TLS on. Inside a"
    " network that is protected as a whole, you can choose “only if the server offers it” under “Encryption of the"
    " connection”"
)

Render = Callable[[Any], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlRequest:
    """A query, the database that answers it, and the password of its user. `folder` holds SQLite files."""

    address: SourceAddress
    query: str
    secret: str = field(default="", repr=False)
    folder: Path | None = None


@dataclass(frozen=True, slots=True)
class _Column:
    """A column of the result: its type in Arrow, and what makes a value of that."""

    name: str
    type: pyarrow.DataType
    render: Render


def find_option_fault(address: SourceAddress) -> str:
    """The first part of a database's address after “?” that isn't allowed, empty if none."""
    for name, value in parse_qsl(address.options, keep_blank_values=True):
        if name not in _OPTIONS or value not in _TLS:
            return name
    return ""


def choose_encryption(place: str) -> Encryption:
    """How the connection to this IP address is encrypted where nobody has said so: what leaves the machine, always."""
    return Encryption.OFFERED if ipaddress.ip_address(place).is_loopback else Encryption.REQUIRED


def fetch_sql(request: SqlRequest, target: Target, guard: Guard, deadline: Deadline) -> Fetched:
    """Write the rows of a query to a Parquet file. Raises `BackendError`, `NotPermittedError`, `TooLargeError`."""
    if request.address.scheme == "sqlite":
        _fetch_sqlite(request, target, deadline)
    else:
        _fetch_postgresql(request, target, guard, deadline)
    with target.path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Fetched(name="query.parquet", size=target.path.stat().st_size, sha256=digest)


def _fetch_postgresql(request: SqlRequest, target: Target, guard: Guard, deadline: Deadline) -> None:
    try:
        import psycopg
    except ImportError:
        text = N_(
            "PostgreSQL isn't installed on this portal. Its operator can add it: pip install “opendata[postgres]”"
        )
        raise BackendError(text) from None
    address = request.address
    place = guard.resolve(address.host, address.port)[0]
    milliseconds = round(deadline.seconds * 1000)
    options: dict[str, Any] = {
        "host": address.host,
        "hostaddr": place,
        "port": address.port,
        "user": address.user,
        "dbname": address.path.removeprefix("/"),
        "connect_timeout": 15,
        "options": f"-c default_transaction_read_only=on -c statement_timeout={milliseconds}",
        "client_encoding": "utf8",
        "sslmode": choose_encryption(place),
        # Nothing of the portal's own machine is used: neither its password file nor its keys.
        "password": request.secret or "",
        "passfile": "/dev/null/none",
        "sslcert": "/dev/null/none",
        "sslkey": "/dev/null/none",
        **dict(parse_qsl(address.options)),
    }
    if options["sslmode"] in ("verify-ca", "verify-full"):
        options["sslrootcert"] = "system"
    try:
        with psycopg.connect(**options) as connection, socket.socket(fileno=os.dup(connection.fileno())) as watched:
            deadline.watch(watched)
            connection.read_only = True
            with connection.cursor(_CURSOR) as declared, connection.cursor() as cursor:
                declared.execute(request.query.encode())
                columns = [_choose_column(item) for item in declared.description or ()]
                with closing(_stream(cursor)) as rows:  # as long as it is open, the connection can't be closed
                    _write(columns, _batches(rows, deadline), target)
    except psycopg.Error as error:
        deadline.require()
        if _NO_ENCRYPTION in str(error):
            raise BackendError(_UNENCRYPTED) from None
        reason = (error.diag.message_primary or str(error)).strip().splitlines()
        raise BackendError(_ANSWER, reason=reason[0][:300] if reason else type(error).__name__) from None


def _stream(cursor: psycopg.Cursor[Any]) -> Generator[Sequence[Any], None, None]:
    yield from cursor.stream(f"FETCH ALL FROM {_CURSOR}")


def _batches(rows: Iterable[Sequence[Any]], deadline: Deadline) -> Iterator[Sequence[Sequence[Any]]]:
    """Rows in batches, which end with the row that makes them large.

    Rows come one by one: had a number of them been asked for, wide ones after narrow ones would take any memory.
    """
    batch: list[Sequence[Any]] = []
    size = 0
    for row in rows:
        batch.append(row)
        size += sum(len(cell) for cell in row if isinstance(cell, str | bytes))
        if len(batch) >= _ROWS or size >= _BATCH_BYTES:
            deadline.require()
            yield batch
            batch, size = [], 0
    deadline.require()
    if batch:
        yield batch


def _choose_column(item: psycopg.Column) -> _Column:
    """The type of a column of PostgreSQL; what has no type of ours is text."""
    import pyarrow as pa

    simple = {
        "bool": pa.bool_(),
        "int2": pa.int64(),
        "int4": pa.int64(),
        "int8": pa.int64(),
        "float4": pa.float64(),
        "float8": pa.float64(),
        "date": pa.date32(),
        "timestamp": pa.timestamp("us"),
        "time": pa.time64("us"),
    }
    name = _name_type(item.type_code)
    if name in simple:
        return _Column(item.name, simple[name], _keep)
    if name == "timestamptz":
        return _Column(item.name, pa.timestamp("us", tz="UTC"), _to_utc)
    if name == "numeric" and item.precision is not None and item.precision <= _MOST_DIGITS and item.scale is not None:
        return _Column(item.name, pa.decimal128(item.precision, item.scale), _keep)
    return _Column(item.name, pa.string(), _to_text)


def _name_type(code: int) -> str:
    from psycopg.postgres import types

    found = types.get(code)
    return found.name if found is not None else ""


def _fetch_sqlite(request: SqlRequest, target: Target, deadline: Deadline) -> None:
    if request.folder is None:
        raise NotPermittedError(
            N_("The operator of this portal hasn't named a folder of SQLite files (OPENDATA_SOURCE_FOLDER)")
        )
    root = request.folder.resolve()
    file = (root / request.address.path.lstrip("/")).resolve()
    if not file.is_relative_to(root) or not file.is_file():
        raise BackendError(N_("There is no file “%(path)s” in the folder of SQLite files"), path=request.address.path)
    try:
        with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as connection:
            connection.execute("PRAGMA query_only = ON")
            connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MOST_VALUE)
            connection.set_authorizer(_allow_reading)
            connection.set_progress_handler(lambda: int(deadline.has_passed), 10_000)
            cursor = connection.execute(request.query)
            if cursor.description is None:
                raise InputError(N_("This isn't a query that gives rows"))
            names = [item[0] for item in cursor.description]
            _write(_text_columns(names), _batches(cursor, deadline), target)
    except (sqlite3.Error, sqlite3.Warning) as error:
        deadline.require()
        raise BackendError(_ANSWER, reason=str(error)[:300]) from None


def _allow_reading(action: int, *_: object) -> int:
    allowed = (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE)
    return sqlite3.SQLITE_OK if action in allowed else sqlite3.SQLITE_DENY


def _text_columns(names: Iterable[str]) -> Sequence[_Column]:
    """Columns of SQLite have no types: each value has its own, so all become text."""
    import pyarrow as pa

    return [_Column(name, pa.string(), _to_text) for name in names]


def _write(columns: Sequence[_Column], batches: Iterator[Sequence[Sequence[Any]]], target: Target) -> None:
    """Write batches of rows to a Parquet file. Equal rows make equal bytes."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema([(column.name, column.type) for column in columns])
    try:
        with pq.ParquetWriter(target.path, schema, compression="zstd") as writer:
            for group in _collect(columns, schema, batches):
                writer.write_table(pa.Table.from_batches(group, schema), row_group_size=_GROUP_ROWS)
                if target.path.stat().st_size > target.limit:
                    raise refuse_size(target.limit)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError) as error:
        raise BackendError(_ANSWER, reason=str(error).splitlines()[0][:300]) from None


def _collect(
    columns: Sequence[_Column], schema: pyarrow.Schema, batches: Iterator[Sequence[Sequence[Any]]]
) -> Iterator[Sequence[pyarrow.RecordBatch]]:
    """The rows in groups that are large enough to be written, and small enough to be held."""
    import pyarrow as pa

    group: list[pyarrow.RecordBatch] = []
    rows = size = 0
    for values in batches:
        arrays = [
            pa.array([None if row[place] is None else column.render(row[place]) for row in values], column.type)
            for place, column in enumerate(columns)
        ]
        batch = pa.record_batch(arrays, schema=schema)
        group, rows, size = [*group, batch], rows + batch.num_rows, size + batch.nbytes
        if rows >= _GROUP_ROWS or size >= _GROUP_BYTES:
            yield group
            group, rows, size = [], 0, 0
    yield group


def _keep(value: Any) -> Any:
    return value


def _to_utc(value: datetime) -> datetime:
    return value.astimezone(UTC)


def _to_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=str)
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    return f"{value:f}" if hasattr(value, "as_tuple") else str(value)
