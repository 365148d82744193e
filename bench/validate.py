"""Rows checked per second: ours on 2,000,000 rows x 11 columns, frictionless on 100,000 of them, Arrow's plain reading.

Three tables: clean, 1 % bad rows spread evenly, every row bad. Each figure is a whole process, the median of three
(`--runs`); `--rows` makes a quicker run. Arrow reads all columns as text and checks nothing: the floor. DuckDB does
checks equal in effect as SQL over the same file.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench._machine import describe_machine

PEER_ROWS = 100_000
SCHEMA = {
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
OURS = """
import json, sys
from pathlib import Path
from opendata.tabular.schema import read_schema
from opendata.tabular.table import check_table
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
MEMORY = "\nimport resource\nprint(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)\n"


def main() -> None:
    """Make the tables, time every program on them, print figures and ratios."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    print(describe_machine())
    with tempfile.TemporaryDirectory(prefix="opendata-bench-") as folder:
        for name, every in (("clean", 0), ("1 % bad", 100), ("all bad", 1)):
            large, small = Path(folder) / "large.csv", Path(folder) / "small.csv"
            write_table(large, options.rows, every)
            write_table(small, min(PEER_ROWS, options.rows), every)
            print(f"\n{name}: {options.rows:,} rows, {large.stat().st_size / 1e6:.0f} MB")
            ours = measure("opendata", OURS, large, options.runs)
            peer = measure("frictionless", FRICTIONLESS, small, 1)
            arrow = measure("pyarrow, text only", ARROW, large, options.runs)
            duckdb = measure("DuckDB, SQL", DUCKDB, large, options.runs)
            print(f"  ratio per row (frictionless / opendata): {peer / ours:.1f}")
            print(f"  ratio of time (opendata / pyarrow): {ours / arrow:.2f}; (opendata / DuckDB): {ours / duckdb:.2f}")


def write_table(path: Path, rows: int, every: int) -> None:
    """The table; of each `every` rows one is bad, in another column each time (0: none)."""
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(",".join(item["name"] for item in SCHEMA["fields"]) + "\n")  # type: ignore[index]
        for n in range(rows):
            cells = [
                str(n),
                f"{chr(65 + n % 26)}{chr(65 + n // 26 % 26)}{n % 1_000_000:06}",
                f"第{n}号机构",
                f"某市某区某路{n % 997}号{n % 31}室",
                f"20{n % 26:02}-{n % 12 + 1:02}-{n % 28 + 1:02}",
                f"2026-{n % 12 + 1:02}-{n % 28 + 1:02}T{n % 24:02}:{n % 60:02}:{n % 59:02}",
                f"{n % 99_999}.{n % 100:02}",
                f"0.{n % 10_000:04}",
                "甲乙丙丁"[n % 4],
                "true" if n % 3 else "false",
                f"0{10 + n % 90}-{10_000_000 + n % 89_999_999}",
            ]
            if every and n % every == 0:
                place = n // every % 9 + 1
                cells[place] = ("", "?" * 300)[place == 3] if place in (1, 3) else "x"
            file.write(",".join(cells) + "\n")


def measure(name: str, program: str, path: Path, runs: int) -> float:
    """Seconds per row, the median over whole processes; prints them with what was found and the peak memory."""
    times, found = [], ""
    for _ in range(runs):
        started = time.perf_counter()
        command = [sys.executable, "-c", program + MEMORY, str(path), json.dumps(SCHEMA)]
        found = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        times.append(time.perf_counter() - started)
    (rows, errors), memory = json.loads(found.splitlines()[0]), int(found.splitlines()[1])
    seconds = statistics.median(times)
    print(f"  {name}: {seconds:.2f} s, {rows / seconds:,.0f} rows/s, {errors:,} errors, peak {memory} MB")
    return seconds / rows


if __name__ == "__main__":
    main()
