"""Questions to a table of 5,000,000 rows: beside DuckDB in process on the same Parquet, and beside Datasette.

Ours are asked of the service and written as they are sent (JSON, CSV), with the engine in its processes. DuckDB gives
Arrow tables and writes CSV itself. Datasette has the same rows in SQLite with a primary key, no time limit, and answers
over HTTP; `--datasette` names its program. Each question is asked in turn of all; ratios are taken round by round.
Processor time counts the processes of the engine, and for Datasette its server, not its client.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import sqlite3
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bench._machine import describe_machine
from opendata.query.engine import MODULE
from opendata.query.values import RowsQuery
from opendata.services.query.answers import write_lines
from opendata.tables.forms.batches import write_csv
from tests.query.conftest import Asking, make_asking

_TICK = os.sysconf("SC_CLK_TCK")
_SCHEMA = (
    "id INTEGER PRIMARY KEY, region TEXT, code TEXT, year INTEGER, amount NUMERIC, ratio REAL, day TEXT, name TEXT,"
    " flag INTEGER, n INTEGER"
)


@dataclass(frozen=True)
class Question:
    """The same question in three ways. A page of ours has its total too, so the others count as well."""

    name: str
    ours: RowsQuery
    sql: str
    counts: str = ""
    is_export: bool = False


def list_questions(rows: int) -> list[Question]:
    """A single key, filter, group-by, top-k, distinct, export."""
    hard = "region = '地区07' AND amount > 900000 AND n % 3 = 1"
    groups = "region, year, count(*), sum(amount), max(n)"
    return [
        Question("key", RowsQuery(where=f"id = {rows // 2}"), f"SELECT * FROM t WHERE id = {rows // 2}"),
        Question(
            "filter",
            RowsQuery(where=hard),
            f"SELECT * FROM t WHERE {hard} ORDER BY id LIMIT 101",
            f"SELECT count(*) FROM t WHERE {hard}",
        ),
        Question(
            "group-by",
            RowsQuery(select=groups, group_by="region, year", order_by="region, year", limit=1000),
            f"SELECT {groups} FROM t GROUP BY region, year ORDER BY region, year",
        ),
        Question(
            "group-by, float",
            RowsQuery(select="region, avg(ratio)", group_by="region", limit=1000),
            "SELECT region, avg(ratio) FROM t GROUP BY region ORDER BY region",
        ),
        Question("top-k", RowsQuery(order_by="amount DESC"), "SELECT * FROM t ORDER BY amount DESC, id LIMIT 101"),
        Question("distinct", RowsQuery(select="count(DISTINCT code)"), "SELECT count(DISTINCT code) FROM t"),
        Question(
            "export a tenth", RowsQuery(where="year = 2019", limit=None), "SELECT * FROM t WHERE year = 2019", "", True
        ),
        Question("export", RowsQuery(limit=None), "SELECT * FROM t", "", True),
    ]


@dataclass(slots=True)
class Figures:
    """Seconds of each round, and of processor time."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--rounds", type=int, default=5, help="how often each question is asked")
    parser.add_argument("--datasette", default="datasette", help="the program, such as /tmp/venv/bin/datasette")
    parser.add_argument("--slow", action="store_true", help="ask Datasette for the whole export too")
    options = parser.parse_args()
    print(f"{describe_machine()}, load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory(prefix="opendata-bench-") as name:
        folder = Path(name)
        table = make_table(options.rows)
        asking = make_asking(folder, seconds=600, megabytes=1024)
        asking.tables.put("t", table)
        parquet = asking.tables.files["t"][0]
        with serve_datasette(options.datasette, folder, table) as port:
            del table
            measure(asking, parquet, options, port)
        asking.queries.close()
    print(f"load at the end {os.getloadavg()[0]:.1f}")


def make_table(rows: int) -> pa.Table:
    """Rows of ten types and distributions, from a seed."""
    chance = np.random.default_rng(20261130)
    regions = pa.array([f"地区{number:02d}" for number in range(31)])
    codes = pa.array([f"{number:06d}" for number in range(3000)])
    names = pa.array([f"项目{number}号工程" for number in range(200_000)])
    cents = pa.array(chance.integers(0, 100_000_000, rows)).cast(pa.decimal128(20, 0))
    amounts = pc.multiply(cents, pa.scalar(Decimal("0.01"))).cast(pa.decimal128(20, 2))
    return pa.table(
        {
            "id": pa.array(np.arange(rows)),
            "region": regions.take(pa.array(chance.integers(0, 31, rows))),
            "code": codes.take(pa.array(chance.integers(0, 3000, rows))),
            "year": pa.array(chance.integers(2015, 2025, rows), pa.int32()),
            "amount": amounts,
            "ratio": pa.array(chance.random(rows)),
            "day": pa.array(chance.integers(16_000, 20_000, rows), pa.int32()).cast(pa.date32()),
            "name": names.take(pa.array(chance.integers(0, 200_000, rows))),
            "flag": pa.array(chance.random(rows) < 0.3),
            "n": pa.array(chance.integers(0, 1_000_000, rows)),
        }
    )


def measure(asking: Asking, parquet: Path, options: argparse.Namespace, port: tuple[int, int] | None) -> None:
    """Ask every question of all, round by round."""
    connection = duckdb.connect()
    connection.execute(f"SET threads = {min(4, os.cpu_count() or 1)}")
    connection.execute(f"CREATE VIEW t AS SELECT * FROM read_parquet('{parquet}')")
    folder = parquet.parent
    print(
        f"\n{options.rows:,} x 10          opendata s (CPU s)   DuckDB in process     Datasette      ratios of medians"
    )
    for question in list_questions(options.rows):
        ours, duck, sette = Figures(), Figures(), Figures()
        for number in range(options.rounds + 1):
            times = ours if number else Figures()  # the first round warms up what is loaded once
            clock(times, partial(ask_ours, asking, question, folder), list_engines)
            clock(duck if number else Figures(), partial(ask_duckdb, connection, question, folder), list)
            if port and (options.slow or question.name != "export") and number <= 3:
                ask = partial(ask_datasette, port[0], question)
                clock(sette if number else Figures(), ask, partial(list, port[1:]), own=False)
        print_row(question.name, ours, duck, sette)


def ask_ours(asking: Asking, question: Question, folder: Path) -> None:
    """The answer as it is sent: JSON for a page, CSV for an export."""
    if not question.is_export:
        page = asking.queries.read_page("d", "1.0.0", "t", question.ours)
        b"".join(write_lines(page.rows, page.wide))
        return
    with asking.queries.stream_rows("d", "1.0.0", "t", question.ours) as stream:
        write_csv(stream.batches, stream.schema, folder / "ours.csv", nulls=[""] * len(stream.columns))


def ask_duckdb(connection: Any, question: Question, folder: Path) -> None:
    """The same rows, in Arrow for a page."""
    if question.is_export:
        connection.execute(f"COPY ({question.sql}) TO '{folder}/duck.csv' (HEADER)")
        return
    if question.counts:
        connection.sql(question.counts).fetchall()
    connection.sql(question.sql).to_arrow_table()


def ask_datasette(port: int, question: Question) -> None:
    """The same over HTTP."""
    if question.is_export:
        filters = {"year__exact": "2019"} if "WHERE" in question.sql else {}
        with urlopen(f"http://127.0.0.1:{port}/t/t.csv?{urlencode({'_stream': 'on', **filters})}") as answer:
            while answer.read(1 << 20):
                pass
        return
    for sql in filter(None, (question.counts, question.sql)):
        with urlopen(f"http://127.0.0.1:{port}/t.json?{urlencode({'sql': sql})}") as answer:
            json.load(answer)


def clock(figures: Figures, ask: Callable[[], object], list_pids: Callable[[], list[int]], *, own: bool = True) -> None:
    """Add the seconds of one answer."""

    def count() -> float:
        ended = os.times()  # processes of the engine that gave way to others count too
        mine = time.process_time() + ended.children_user + ended.children_system if own else 0.0
        return mine + sum(read_cpu(pid) for pid in list_pids())

    cpu, begun = count(), time.perf_counter()
    ask()
    figures.wall.append(time.perf_counter() - begun)
    figures.cpu.append(count() - cpu)


def list_engines() -> list[int]:
    """The processes of our engine."""
    own = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()
    return [int(pid) for pid in own if MODULE.encode() in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")]


def read_cpu(pid: int) -> float:
    """Processor seconds of a process and its threads."""
    parts = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(parts[11]) + int(parts[12])) / _TICK


def print_row(name: str, ours: Figures, duck: Figures, sette: Figures) -> None:
    """One line."""

    def show(figures: Figures) -> str:
        if not figures.wall:
            return f"{'-':>18}"
        return f"{statistics.median(figures.wall):9.3f} ({statistics.median(figures.cpu):6.2f})"

    def compare(one: list[float], other: list[float]) -> str:
        ratios = [left / max(right, 0.001) for left, right in zip(one, other, strict=False)]
        return f"{statistics.median(ratios):.2f}" if ratios else "-"

    print(
        f"{name:18} {show(ours)}   {show(duck)}   {show(sette)}"
        f"   of DuckDB {compare(ours.wall, duck.wall)} (CPU {compare(ours.cpu, duck.cpu)}),"
        f" Datasette takes {compare(sette.wall, ours.wall)} times (CPU {compare(sette.cpu, ours.cpu)})"
    )


@contextmanager
def serve_datasette(program: str, folder: Path, table: pa.Table) -> Iterator[tuple[int, int] | None]:
    """Datasette over the same rows in SQLite: its port and process; None where it isn't installed."""
    try:
        print(subprocess.run([program, "--version"], check=True, capture_output=True, text=True).stdout.strip())
    except (OSError, subprocess.CalledProcessError):
        print("Datasette isn't installed: compared with DuckDB alone (pip install datasette, --datasette PROGRAM)")
        yield None
        return
    with sqlite3.connect(folder / "t.db") as database:
        database.execute(f"CREATE TABLE t ({_SCHEMA})")
        for batch in table.to_batches(max_chunksize=100_000):
            columns = [batch.column(name).to_pylist() for name in batch.schema.names]
            columns[4] = [float(value) for value in columns[4]]
            columns[6] = [value.isoformat() for value in columns[6]]
            database.executemany("INSERT INTO t VALUES (?,?,?,?,?,?,?,?,?,?)", zip(*columns, strict=True))
    database.close()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    limits = {"sql_time_limit_ms": 3_600_000, "max_returned_rows": 10_000, "max_csv_mb": 0, "facet_time_limit_ms": 1}
    arguments = [part for name, value in limits.items() for part in ("--setting", name, str(value))]
    with subprocess.Popen(
        [program, "serve", "-p", str(port), *arguments, str(folder / "t.db")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as server:
        try:
            while True:
                try:
                    urlopen(f"http://127.0.0.1:{port}/-/versions.json").close()
                    break
                except OSError:
                    time.sleep(0.2)
            yield port, server.pid
        finally:
            server.terminate()


if __name__ == "__main__":
    main()
