"""The process in which queries run: DuckDB without files, network, settings or extensions, bounded by the kernel.

It reads requests from stdin and writes frames to stdout: a schema, batches of rows, an end, or a fault. Each query has
a database of its own, in memory, that can read the files of that query and nothing else. The process can't write any
file (RLIMIT_FSIZE), has no more memory than it was given, and ends with its parent.
"""

from __future__ import annotations

import json
import os
import select
import struct
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from opendata.confined import limit_memory, read_status

HEAD = struct.Struct(">cI")
SCHEMA, BATCH, END, FAULT = b"S", b"B", b"E", b"F"
IDLE_SECONDS = 600
_BATCH_ROWS = 50_000
_FRAME_BYTES = 16 << 20
"""About so many bytes of rows are sent at once: the reader holds no more, however long the values are."""
_LOOK_SECONDS = 1.0
_FIRST_DAY = (date.min - date(1970, 1, 1)).days
_LAST_DAY = (date.max - date(1970, 1, 1)).days
_OVERHEAD = 300 << 20
"""What Python, Arrow and the engine's own structures take beside the memory that the engine counts."""


HIDDEN = {
    **{name: name for name in ("current_catalog", "current_date", "current_role", "current_schema", "current_user")},
    **{name: f"get_{name}" for name in ("current_time", "current_timestamp")},
    **{name: f"current_{name}" for name in ("localtime", "localtimestamp")},
    **{name: name for name in ("session_user", "user")},
}
"""Names that the engine takes for functions where no column has them, even in quotes: of the time, of itself."""


class CalendarError(ValueError):
    """A day or moment is in none of the years that there are."""


def main() -> None:
    """Answer requests until there are no more for a while, or the parent is gone."""
    _bound(int(sys.argv[1]))
    memory = int(sys.argv[1])
    sink = os.fdopen(os.dup(1), "wb", buffering=1 << 16)
    os.dup2(2, 1)  # whatever a library prints is no answer
    import pyarrow  # noqa: F401 - loaded before it is needed

    connection = _connect(memory)
    before = read_status("VmData")
    while True:
        if not select.select([sys.stdin], [], [], IDLE_SECONDS)[0]:
            os._exit(0)  # nobody waits for libraries to put away what ends with the process
        head = sys.stdin.buffer.read(4)
        if len(head) < 4:
            os._exit(0)
        request = json.loads(sys.stdin.buffer.read(int.from_bytes(head, "big")))
        _answer(connection, request, sink, before)
        connection.close()
        connection = _connect(memory)


def _bound(memory: int) -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    limit_memory(memory + _OVERHEAD)
    os.nice(1)
    threading.Thread(target=_end_with_parent, args=(os.getppid(),), daemon=True).start()


def _end_with_parent(parent: int) -> None:
    """End this process, whatever it is doing, when its parent is gone (a signal would come at the end of a thread)."""
    while os.getppid() == parent:
        time.sleep(_LOOK_SECONDS)
    os._exit(1)


def _connect(memory: int) -> Any:
    import duckdb

    connection = duckdb.connect(
        ":memory:",
        config={
            "memory_limit": f"{memory >> 20}MB",
            "temp_directory": "",
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "python_enable_replacements": "false",
        },
    )
    connection.execute("SET enable_progress_bar = false; SET TimeZone = 'UTC'; SET preserve_insertion_order = true")
    for name, function in HIDDEN.items():
        told = _quote(f"Referenced column {_name(name)} not found")
        connection.execute(f"CREATE MACRO main.{_name(function)}() AS error({told})")
    return connection


def _answer(connection: Any, request: Mapping[str, Any], sink: Any, before: int) -> None:
    import duckdb
    import pyarrow as pa

    def send(kind: bytes, data: Any) -> None:
        sink.write(HEAD.pack(kind, len(data)))
        sink.write(data)
        sink.flush()

    def fault(code: str, text: str) -> None:
        send(FAULT, json.dumps({"code": code, "text": text[:2000]}).encode())

    try:
        _open_tables(connection, request)
        rows = _send_rows(connection, request, send)
        total: int | None = rows
        if rows >= request["full"]:
            total = connection.sql(request["count"]).fetchall()[0][0] if request["count"] else None
        grown = read_status("VmData") - before
        send(END, json.dumps({"total": total, "rows": rows, "grown": grown}).encode())
    except (duckdb.OutOfMemoryException, MemoryError):
        fault("memory", "")
    except (duckdb.Error, pa.ArrowException, OSError, RuntimeError, ValueError) as error:
        fault(type(error).__name__, str(error))


_NAN = "CASE WHEN isnan({0}) THEN 'NaN'::DOUBLE ELSE {0} END"
"""The same number. Statistics of Parquet leave NaN out, and the engine would conclude from them that it isn't there."""


def _open_tables(connection: Any, request: Mapping[str, Any]) -> None:
    """Make the views of a query, then close everything else off."""
    paths = ", ".join(_quote(path) for table in request["tables"] for path, _ in table["files"])
    connection.execute(f"SET threads = {int(request['threads'])}")
    connection.execute(f"SET allowed_paths = [{paths}]; SET enable_external_access = false")
    for table in request["tables"]:
        columns: Sequence[str] = table["columns"]
        hidden = [f"c{number}" for number in range(len(columns))]
        shown = ", ".join(
            f"{_NAN.format(own) if name in table['nan_fields'] else own} AS {_name(name)}"
            for own, name in zip(hidden, columns, strict=True)
        )
        source = _name_source(table["files"], hidden, hides_rows=request["hides_rows"])
        row = [] if request["hides_rows"] else ["_row"]
        connection.execute(
            f"CREATE VIEW {table['view']} AS SELECT {', '.join([shown, *row])}"
            f" FROM {source} AS p({', '.join([*hidden, *row])})"
        )
    connection.execute("SET lock_configuration = true")


def _name_source(files: Sequence[tuple[str, int]], columns: Sequence[str], *, hides_rows: bool) -> str:
    """The files of a table as the engine reads them; with the number of each row behind its columns, unless it `hides`.

    The engine numbers the rows of each file from 0, so those of later files are moved on.
    """
    if len(files) == 1:
        return f"read_parquet({_quote(files[0][0])}, file_row_number = {not hides_rows})"
    if hides_rows:
        return f"read_parquet([{', '.join(_quote(path) for path, _ in files)}])"
    names = ", ".join(columns)
    parts = (
        f"SELECT {names}, r + {int(before)} FROM read_parquet({_quote(path)}, file_row_number = true) AS q({names}, r)"
        for path, before in files
    )
    return f"({' UNION ALL '.join(parts)})"


def _send_rows(connection: Any, request: Mapping[str, Any], send: Any) -> int:
    """Send the answer batch by batch; at most as many rows as were asked for, if there is a limit."""
    reader = _flatten(connection, request["sql"]).to_arrow_reader(_BATCH_ROWS)
    send(SCHEMA, reader.schema.serialize())
    rows, most = 0, request["rows"]
    for batch in reader:
        if most is not None and rows + batch.num_rows > most:
            batch = batch.slice(0, most - rows)
        rows += batch.num_rows
        _require_years(batch)
        for piece in _cut(batch):
            send(BATCH, piece.serialize())
        if most is not None and rows >= most:
            break
    return rows


def _require_years(batch: Any) -> None:
    """Raises `CalendarError` for a day or moment outside the years 1 to 9999, which can't be written."""
    import pyarrow as pa
    import pyarrow.compute as pc

    for column in batch.columns:
        if not (pa.types.is_date(column.type) or pa.types.is_timestamp(column.type)):
            continue
        numbers = column.cast(pa.int32() if pa.types.is_date32(column.type) else pa.int64())
        least, greatest = pc.min_max(numbers).as_py().values()
        days = 1 if pa.types.is_date32(column.type) else 86_400_000_000
        if least is not None and not (_FIRST_DAY * days <= least and greatest < (_LAST_DAY + 1) * days):
            raise CalendarError


def _cut(batch: Any) -> Iterator[Any]:
    size = max(1, batch.num_rows // (batch.nbytes // _FRAME_BYTES + 1))
    for begin in range(0, batch.num_rows, size):
        yield batch.slice(begin, size)


_PLAIN = ("BIGINT", "BOOLEAN", "DATE", "DOUBLE", "INTEGER", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE", "VARCHAR")


def _flatten(connection: Any, sql: str) -> Any:
    """The same rows in the few types that every form can write."""
    relation = connection.sql(sql)
    kinds = [str(kind) for kind in relation.types]
    if all(kind in _PLAIN or kind.startswith("DECIMAL") for kind in kinds):
        return relation
    names = [f"r{number}" for number in range(len(kinds))]
    casts = ", ".join(
        f"{_cast(name, kind)} AS {_name(old)}" for name, kind, old in zip(names, kinds, relation.columns, strict=True)
    )
    return connection.sql(f"SELECT {casts} FROM ({sql}) AS r({', '.join(names)})")


def _cast(name: str, kind: str) -> str:
    if kind in _PLAIN or kind.startswith("DECIMAL"):
        return name
    if kind in ("HUGEINT", "UHUGEINT", "UBIGINT"):
        return f"CAST({name} AS DECIMAL(38, 0))"
    if kind in ("TINYINT", "SMALLINT", "UTINYINT", "USMALLINT", "UINTEGER"):
        return f"CAST({name} AS BIGINT)"
    return f"CAST({name} AS {'DOUBLE' if kind == 'FLOAT' else 'VARCHAR'})"


def _quote(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _name(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


if __name__ == "__main__":
    main()
