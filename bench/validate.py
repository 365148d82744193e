"""Rows checked per second: ours on 2,000,000 rows x 11 columns, frictionless on 100,000 of them, Arrow's plain reading.

Five tables: clean, 1 % bad rows spread evenly, every row bad, one of 300 columns, one of long texts. Each figure is a
whole process, the median of five (`--runs`) that take turns; `--rows` makes a quicker run. Ours runs with and without
the compiled pass. Arrow reads all columns as text and checks nothing: the floor. DuckDB does checks equal in effect as
SQL over the same file. `--large` checks 20,000,000 rows too, for the memory.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench._machine import describe_machine
from bench._ratios import keep
from opendata.tables.arrow.compiled import SWITCH

PEER_ROWS = 100_000
SCHEMA: dict[str, Any] = {
    "fields": [
        {"name": "id", "type": "integer", "constraints": {"required": True}},
        {"name": "code", "type": "string", "constraints": {"required": True, "pattern": "[A-Z]{2}[0-9]{6}"}},
        {"name": "name", "type": "string", "constraints": {"minLength": 2, "maxLength": 40}},
        {"name": "address", "type": "string", "constraints": {"maxLength": 200}},
        {"name": "day", "type": "date", "constraints": {"minimum": "2000-01-01"}},
        {"name": "moment", "type": "datetime"},
        {"name": "price", "type": "number", "constraints": {"minimum": 0, "maximum": 100000}},
        {"name": "share", "type": "number", "constraints": {"minimum": 0, "maximum": 1}},
        {"name": "kind", "type": "string", "constraints": {"enum": ["甲", "乙", "丙", "丁"]}},
        {"name": "open", "type": "boolean"},
        {"name": "phone", "type": "string", "constraints": {"pattern": "0[0-9]{2,3}-[0-9]{7,8}"}},
    ],
    "primaryKey": ["id"],
}
WIDE: dict[str, Any] = {
    "fields": [
        {"name": "key", "type": "integer", "constraints": {"unique": True}},
        *(
            {**item, "name": f"{item['name']}{group}"}
            for group in range(30)
            for item in SCHEMA["fields"][1:]
            if group or item["name"] != "code"
        ),
    ]
}
LONG: dict[str, Any] = {
    "fields": [
        {"name": "id", "type": "integer", "constraints": {"required": True}},
        {"name": "summary", "type": "string", "constraints": {"minLength": 10, "maxLength": 4000}},
        {"name": "text", "type": "string", "constraints": {"required": True, "maxLength": 20000}},
    ],
    "primaryKey": ["id"],
}
OURS = """
from opendata.starting import start_lightly
start_lightly()
import json, sys
from pathlib import Path
from opendata.tables.schema.schema import read_schema
from opendata.tables.table import check_table
reader = check_table(Path(sys.argv[1]), name="t", schema=read_schema(json.loads(sys.argv[2])))
print(json.dumps([reader.rows, sum(reader.task.counts.values())]))
"""
FRICTIONLESS = """
import json, os, sys
from frictionless import Dialect, Resource, Schema
folder, name = os.path.split(sys.argv[1])
resource = Resource(path=name, basepath=folder, schema=Schema.from_descriptor(json.loads(sys.argv[2])))
resource.dialect = Dialect(header_rows=[1])
report = resource.validate(limit_errors=10**9)
print(json.dumps([report.tasks[0].stats["rows"], report.stats["errors"]]))
"""
ARROW = """
import json, sys
import pyarrow as pa
from pyarrow import csv
names = open(sys.argv[1], encoding="utf-8").readline().strip().split(",")
convert = csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False)
print(json.dumps([sum(batch.num_rows for batch in csv.open_csv(sys.argv[1], convert_options=convert)), 0]))
"""
DUCKDB = """
import json, sys
import duckdb
connection = duckdb.connect()
connection.execute("SET enable_progress_bar=false")
print(json.dumps(connection.sql(f'''
SELECT count(*), count(*) FILTER (NOT coalesce(
    try_cast("id" AS BIGINT) IS NOT NULL AND regexp_full_match("code", '[A-Z]{{2}}[0-9]{{6}}')
    AND length("name") BETWEEN 2 AND 40 AND length("address") <= 200 AND try_cast("day" AS DATE) >= DATE '2000-01-01'
    AND try_cast("moment" AS TIMESTAMP) IS NOT NULL AND try_cast("price" AS DOUBLE) BETWEEN 0 AND 100000
    AND try_cast("share" AS DOUBLE) BETWEEN 0 AND 1 AND "kind" IN ('甲', '乙', '丙', '丁')
    AND "open" IN ('true', 'false') AND regexp_full_match("phone", '0[0-9]{{2,3}}-[0-9]{{7,8}}'), false))
    + count(*) - count(DISTINCT "id")
FROM read_csv('{sys.argv[1]}', all_varchar=true)''').fetchall()[0]))
"""
BARS = {"clean": 0.8, "1 % bad": 1.0, "all bad": 1.2, "300 columns": 0.8, "long texts": 0.8, FRICTIONLESS: 200}
MEMORY = "\nimport resource\nprint(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)\n"


def main() -> None:
    """Make the tables, time every program on them, print figures and ratios."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--large", action="store_true")
    options = parser.parse_args()
    print(describe_machine())
    with tempfile.TemporaryDirectory(prefix="opendata-bench-") as name:
        folder = Path(name)
        large, small = folder / "large.csv", folder / "small.csv"
        for title, every in (("clean", 0), ("1 % bad", 100), ("all bad", 1)):
            write_table(large, options.rows, every)
            write_table(small, min(PEER_ROWS, options.rows), every)
            compare(title, SCHEMA, large, small, options.runs, DUCKDB)
        for title, schema, write in (("300 columns", WIDE, write_wide_table), ("long texts", LONG, write_long_table)):
            write(large, max(1, options.rows // 40))
            write(small, max(1, options.rows // 1000))
            compare(title, schema, large, small, options.runs)
        if options.large:
            write_table(large, options.rows * 10, 0)
            print(f"\n{options.rows * 10:,} rows, {large.stat().st_size / 1e6:.0f} MB")
            describe("opendata", [take(OURS, large, SCHEMA)])


def compare(title: str, schema: dict[str, Any], large: Path, small: Path, runs: int, sql: str = "") -> None:
    """Run every program on a table (frictionless on a smaller one of the kind) and print figures and ratios.

    The programs take turns, and a ratio is the median of those of each turn: first of CPU seconds, then of seconds.
    """
    print(f"\n{title}: {large.stat().st_size / 1e6:.0f} MB")
    programs = {"opendata": OURS, "opendata, not compiled": OURS, "pyarrow, text only": ARROW}
    programs |= {"DuckDB, SQL": sql} if sql else {}
    taken: dict[str, list[Taken]] = {name: [] for name in programs}
    for _ in range(runs):
        for name, program in programs.items():
            taken[name].append(take(program, large, schema, is_compiled=name == "opendata"))
    for name, found in taken.items():
        describe(name, found)
    peer = take(FRICTIONLESS, small, schema)
    describe("frictionless", [peer])
    ours = taken["opendata"]
    _print_ratio(f"validate, {title}: frictionless / opendata, a row", [peer] * runs, ours, BARS[FRICTIONLESS])
    for name in programs:
        if name != "opendata":
            bar = BARS.get(title) if name == "pyarrow, text only" else None
            _print_ratio(f"validate, {title}: opendata / {name}", ours, taken[name], bar)
    plain = "opendata, not compiled"
    _print_ratio(f"validate, {title}: {plain} / pyarrow, text only", taken[plain], taken["pyarrow, text only"], None)


def _print_ratio(what: str, one: list[Taken], other: list[Taken], bar: float | None) -> None:
    pairs = list(zip(one, other, strict=True))
    cpu = [(a.cpu / a.rows) / (b.cpu / b.rows) for a, b in pairs]
    print("  " + keep(what, cpu, [(a.seconds / a.rows) / (b.seconds / b.rows) for a, b in pairs], bar))


def write_table(path: Path, rows: int, every: int) -> None:
    """The table; of each `every` rows one is bad, in another column each time (0: none)."""
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(",".join(item["name"] for item in SCHEMA["fields"]) + "\n")
        for n in range(rows):
            cells = make_cells(n)
            if every and n % every == 0:
                place = n // every % 9 + 1
                cells[place] = ("", "?" * 300)[place == 3] if place in (1, 3) else "x"
            file.write(",".join(cells) + "\n")


def make_cells(n: int) -> list[str]:
    """The cells of row `n`, all of them right."""
    return [
        str(n),
        f"{chr(65 + n % 26)}{chr(65 + n // 26 % 26)}{n % 1_000_000:06}",
        f"第{n}号机构",
        f"某省某市某区某街道某路{n % 997}号{n % 31}栋{n % 17}单元{n % 53}室",
        f"20{n % 26:02}-{n % 12 + 1:02}-{n % 28 + 1:02}",
        f"2026-{n % 12 + 1:02}-{n % 28 + 1:02}T{n % 24:02}:{n % 60:02}:{n % 59:02}",
        f"{n % 99_999}.{n % 100:02}",
        f"0.{n % 10_000:04}",
        "甲乙丙丁"[n % 4],
        "true" if n % 3 else "false",
        f"0{10 + n % 90}-{10_000_000 + n % 89_999_999}",
    ]


def write_wide_table(path: Path, rows: int) -> None:
    """300 columns: thirty times ten of the columns of the other table, the key once."""
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(",".join(item["name"] for item in WIDE["fields"]) + "\n")
        for n in range(rows):
            cells = [make_cells(n + 7 * group)[1:] for group in range(30)]
            cells[0][0] = str(n)
            file.write(",".join(cell for group in cells for cell in group) + "\n")


def write_long_table(path: Path, rows: int) -> None:
    """A key and two texts of some thousand characters, one with commas and quotation marks."""
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write("id,summary,text\n")
        for n in range(rows):
            text = f'关于第{n}号事项的说明, 据"条例"办理。' * (20 + n % 60)
            file.write(f'{n},{"本事项由主管部门负责" * (30 + n % 40)},"{text.replace(chr(34), chr(34) * 2)}"\n')


@dataclass(frozen=True)
class Taken:
    """What a whole process took: CPU seconds (user and system, its children too), seconds, peak memory in MB."""

    cpu: float
    seconds: float
    rows: int
    errors: int
    memory: int


def take(program: str, path: Path, schema: dict[str, Any], *, is_compiled: bool = True) -> Taken:
    """Run a program on a table in a process of its own."""
    environment = os.environ | ({} if is_compiled else {SWITCH: "0"})
    command = [sys.executable, "-c", program + MEMORY, str(path), json.dumps(schema)]
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    found = subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout
    seconds, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    (rows, errors), memory = json.loads(found.splitlines()[0]), int(found.splitlines()[1])
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Taken(cpu, seconds, rows, errors, memory)


def describe(name: str, found: list[Taken]) -> None:
    """Print the medians of some runs."""
    cpu, seconds = statistics.median(item.cpu for item in found), statistics.median(item.seconds for item in found)
    last = found[-1]
    print(
        f"  {name}: {cpu:.2f} CPU s, {seconds:.2f} s, {last.rows / seconds:,.0f} rows/s, {last.errors:,} errors, "
        f"peak {last.memory} MB"
    )


if __name__ == "__main__":
    main()
