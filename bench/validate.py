"""Rows checked per second: ours on 2,000,000 rows x 11 columns, frictionless on 100,000 of them, Arrow's plain reading.

Five tables: clean, 1 % bad rows spread evenly, every row bad, one of 300 columns, one of long texts. Each figure is a
whole process, the median of five (`--runs`); `--rows` makes a quicker run. Arrow reads all columns as text and checks
nothing: the floor. DuckDB does checks equal in effect as SQL over the same file. `--large` checks 20,000,000 rows too,
for the memory.
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
from typing import Any

from bench._machine import describe_machine

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
            measure("opendata", OURS, large, SCHEMA, 1)


def compare(title: str, schema: dict[str, Any], large: Path, small: Path, runs: int, sql: str = "") -> None:
    """Run every program on a table (frictionless on a smaller one of the kind) and print figures and ratios."""
    print(f"\n{title}: {large.stat().st_size / 1e6:.0f} MB")
    ours = measure("opendata", OURS, large, schema, runs)
    arrow = measure("pyarrow, text only", ARROW, large, schema, runs)
    peer = measure("frictionless", FRICTIONLESS, small, schema, 1)
    print(f"  ratio per row (frictionless / opendata): {peer / ours:.1f}")
    print(f"  ratio of time (opendata / pyarrow): {ours / arrow:.2f}")
    if sql:
        print(f"  ratio of time (opendata / DuckDB): {ours / measure('DuckDB, SQL', sql, large, schema, runs):.2f}")


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


def measure(name: str, program: str, path: Path, schema: dict[str, Any], runs: int) -> float:
    """Seconds per row, the median over whole processes; prints them with what was found and the peak memory."""
    times, found = [], ""
    for _ in range(runs):
        started = time.perf_counter()
        command = [sys.executable, "-c", program + MEMORY, str(path), json.dumps(schema)]
        found = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        times.append(time.perf_counter() - started)
    (rows, errors), memory = json.loads(found.splitlines()[0]), int(found.splitlines()[1])
    seconds = statistics.median(times)
    print(f"  {name}: {seconds:.2f} s, {rows / seconds:,.0f} rows/s, {errors:,} errors, peak {memory} MB")
    return seconds / rows


if __name__ == "__main__":
    main()
