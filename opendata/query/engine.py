"""Runs statements in processes of their own and gives their rows as Arrow batches.

A few processes wait ready in each process of the web server; each runs one query at a time. A query that takes too long
is ended with its process, and so is one whose answer nobody reads any more.
"""

from __future__ import annotations

import atexit
import json
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any, cast

from opendata.errors import N_, InputError, OverloadedError
from opendata.query.faults import explain
from opendata.query.process import BATCH, END, FAULT, HEAD, SCHEMA
from opendata.query.values import Statement
from opendata.telemetry.instruments import QUERY_KILLED, QUERY_REFUSED, QUERY_SECONDS
from opendata.telemetry.tracing import span

if TYPE_CHECKING:
    import pyarrow as pa

MODULE = "opendata.query.process"
WAIT_SECONDS = 5.0
_RETRY_SECONDS = 2
_MOST_QUERIES = 200
_MOST_GROWN = 128 << 20
"""A process that keeps more memory after a query gives way to another, so that each query has all it may have."""

MOST_BYTES = 64 << 20
"""At most so many bytes of an answer are held at once: of a page all, of a stream those of one frame."""

_CHUNK = 1 << 18
_END_SECONDS = 5

BUSY = N_("Too many queries are running at the moment. Ask again in a few seconds, or download the whole table")
LATE = N_(
    "This query took more than %(seconds)s seconds and was stopped. Filter more rows out, ask for fewer columns,"
    " or download the whole table"
)
LARGE = N_(
    "This query took more memory than a query may have and was stopped. Filter more rows out, group by fewer"
    " different values, or download the whole table"
)
_WIDE = N_(
    "This answer is larger than the %(most)s MB that can be given at once. Ask for fewer rows, fewer columns or shorter"
    " texts, or download the whole table"
)
_FAILED = N_("This query made the query engine fail. Ask in another way, or download the whole table")

_REASONS: Mapping[str, str] = {BUSY: "busy", LATE: "late", LARGE: "memory", _WIDE: "wide", _FAILED: "failed"}
"""Messages to those who ask, and the reason that is counted."""


@dataclass(slots=True)
class Answer:
    """An answer that is being read. `total` and `rows` are known when `batches` has come to its end."""

    schema: pa.Schema
    batches: Iterator[pa.RecordBatch]
    total: int | None = None
    rows: int = 0
    took: float = field(default=0.0)

    def read(self) -> pa.Table:
        """All rows at once. Raises `InputError` where that is too much."""
        import pyarrow as pa

        found, size = [], 0
        for batch in self.batches:
            size += batch.nbytes
            _require_size(size)
            found.append(batch)
        return pa.Table.from_batches(found, self.schema)


def _require_size(size: int) -> None:
    if size > MOST_BYTES:
        raise InputError(_WIDE, most=MOST_BYTES >> 20)


@contextmanager
def _measure() -> Iterator[None]:
    """Count a query, and why it got no answer if it didn't."""
    begun = time.perf_counter()
    try:
        with span("query"):
            yield
    except (InputError, OverloadedError) as error:
        QUERY_REFUSED.add(1, _REASONS.get(error.message, "fault"))
        raise
    finally:
        QUERY_SECONDS.observe(time.perf_counter() - begun)


class Engine:
    """Runs statements: `most` at once, each with this many bytes of memory."""

    def __init__(self, *, memory: int, most: int, threads: int | None = None) -> None:
        self._memory = memory
        self._threads = threads or min(4, os.cpu_count() or 1)
        self._most = most
        self._turns = threading.BoundedSemaphore(most)
        self._lock, self._warming = threading.Lock(), threading.Lock()
        self._idle: list[_Process] = []
        self._parent = os.getpid()
        atexit.register(self.close)

    @contextmanager
    def run(self, statement: Statement, *, seconds: float, rows: int | None = None) -> Iterator[Answer]:
        """Run a statement; at most `rows` rows are given, if it is not None.

        `seconds` counts what the engine takes, not what the reader does. Raises `InputError` for what is wrong with the
        query or too much, `OverloadedError` where too many run already.
        """
        with _measure():
            if not self._turns.acquire(timeout=WAIT_SECONDS):
                raise OverloadedError(BUSY, seconds=_RETRY_SECONDS)
            try:
                process = self._take()
                try:
                    yield self._ask(process, statement, seconds, rows)
                finally:
                    self._give_back(process)
            finally:
                self._turns.release()

    def warm(self) -> None:
        """Have a process ready, so that the next query doesn't wait for it to start."""
        if not self._warming.acquire(blocking=False):
            return  # another thread does it
        try:
            with self._lock:
                self._disown()
                is_ready = any(item.is_alive for item in self._idle)
            if not is_ready:
                self._give_back(_Process(self._memory))
        finally:
            self._warming.release()

    def close(self) -> None:
        """End the processes that wait."""
        with self._lock:
            idle, self._idle = self._idle, []
        for item in idle:
            if self._parent == os.getpid():
                item.end()

    def _ask(self, process: _Process, statement: Statement, seconds: float, rows: int | None) -> Answer:
        import pyarrow as pa

        process.send(describe(statement, self._threads, rows))
        reading = _Reading(process, statement, seconds)
        kind, data = reading.take()
        if kind != SCHEMA:
            raise InputError(_FAILED)
        schema = pa.ipc.read_schema(pa.py_buffer(data))
        answer = Answer(schema=schema, batches=iter(()))
        answer.batches = reading.read(answer)
        return answer

    def _take(self) -> _Process:
        with self._lock:
            self._disown()
            while self._idle:
                found = self._idle.pop()
                if found.is_alive:
                    return found
                found.end()
        return _Process(self._memory)

    def _give_back(self, process: _Process) -> None:
        if not (process.is_clean and process.is_alive and process.queries < _MOST_QUERIES):
            if not process.is_clean:
                QUERY_KILLED.add()
            process.end()
            process = _Process(self._memory)  # it gets ready while nobody waits for it
        with self._lock:
            self._disown()
            gone = [item for item in self._idle if not item.is_alive]
            self._idle = [item for item in self._idle if item.is_alive]
            (self._idle if len(self._idle) < self._most else gone).append(process)
        for item in gone:
            item.end()

    def _disown(self) -> None:
        """After a fork, the processes are those of the parent."""
        if self._parent != os.getpid():
            self._idle, self._parent = [], os.getpid()


class _Process:
    """One process of the engine. It is clean while no answer is on its way."""

    def __init__(self, memory: int) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("OPENDATA_")}
        environment["ARROW_DEFAULT_MEMORY_POOL"] = "system"  # the others reserve far more than a query needs
        self._process = subprocess.Popen(
            # -P: nothing is to be imported from the current folder, which may be anyone's.
            [sys.executable, "-P", "-W", "ignore", "-m", MODULE, str(memory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            start_new_session=True,
        )
        self.is_clean = True
        self.queries = 0
        self._rest = bytearray()

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def find_status(self) -> int:
        """How it ended: 1 is a fault of ours, all else is the kernel's bound on memory."""
        return self._process.wait(_END_SECONDS)

    def send(self, request: bytes) -> None:
        self.is_clean = False
        self.queries += 1
        words = cast("IO[bytes]", self._process.stdin)
        try:
            words.write(len(request).to_bytes(4, "big") + request)
            words.flush()
        except BrokenPipeError:
            pass  # it has ended: reading tells

    def read(self, size: int, ends: float) -> bytes:
        """Take this many bytes of what it writes; none if it has ended. Raises `TimeoutError`."""
        answers = cast("IO[bytes]", self._process.stdout).fileno()
        while len(self._rest) < size:
            left = ends - time.monotonic()
            if left <= 0 or not select.select([answers], [], [], left)[0]:
                raise TimeoutError
            chunk = os.read(answers, max(_CHUNK, min(size - len(self._rest), 1 << 24)))
            if not chunk:
                return b""
            self._rest += chunk
        found = bytes(memoryview(self._rest)[:size])
        del self._rest[:size]
        return found

    def end(self) -> None:
        with self._process as process:
            if process.poll() is None:
                process.kill()


class _Reading:
    """Reads the frames of one answer within the time that the engine may take."""

    def __init__(self, process: _Process, statement: Statement, seconds: float) -> None:
        self._process = process
        self._statement = statement
        self._seconds = seconds
        self._left = seconds

    def take(self) -> tuple[bytes, bytes]:
        """The next frame. Raises `InputError` for a fault, for too much time or memory."""
        begun = time.monotonic()
        try:
            head = self._process.read(HEAD.size, begun + self._left)
            kind, size = HEAD.unpack(head) if head else (FAULT, 0)
            _require_size(size)
            data = self._process.read(size, begun + self._left) if size else b""
            kind = FAULT if size and not data else kind  # it ended amid a frame
        except TimeoutError:
            raise InputError(LATE, seconds=round(self._seconds)) from None
        self._left -= time.monotonic() - begun
        if kind != FAULT:
            return kind, data
        if not data:
            raise InputError(_FAILED if self._process.find_status() == 1 else LARGE)
        self._process.is_clean = True
        found = json.loads(data)
        if found["code"] == "memory":
            self._process.is_clean = False
            raise InputError(LARGE)
        raise explain(found["code"], found["text"], self._statement)

    def read(self, answer: Answer) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        while True:
            kind, data = self.take()
            if kind == END:
                told: Mapping[str, Any] = json.loads(data)
                answer.total, answer.rows = told["total"], told["rows"]
                answer.took = self._seconds - self._left
                self._process.is_clean = told["grown"] < _MOST_GROWN
                return
            if kind == BATCH:
                yield pa.ipc.read_record_batch(pa.py_buffer(data), answer.schema)


def describe(statement: Statement, threads: int, rows: int | None) -> bytes:
    """A statement as the process reads it."""
    tables = [
        {
            "view": item.view,
            "files": [[str(path), before] for path, before in item.files],
            "columns": list(item.columns),
            "nan_fields": [name for name, column in item.columns.items() if column.name in item.nan_fields],
        }
        for item in statement.tables
    ]
    found = {
        "sql": statement.sql,
        "count": statement.count,
        "full": statement.full,
        "threads": statement.threads or threads,
        "hides_rows": statement.hides_rows,
        "rows": rows,
        "tables": tables,
    }
    return json.dumps(found).encode()
