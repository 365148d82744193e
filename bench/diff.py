"""What changed between two tables of 1,000,000 rows x 10 columns with 1 % changes: our time and memory, and theirs.

Ours compares the Parquet files of two versions and writes the changed rows as CSV; csv-diff and daff read the CSV files
of the same rows. Pairs: by a key, without a key, the same rows in another order, and by two columns of text. Each
figure is a whole process, ours the median of five.

DuckDB is asked in two ways: a full join alone, which gives the rows of a key without repeats in any order, and a query
that gives the same rows as ours in the same order. `--daff` gives daff a pair of fewer rows, since it takes most of a
minute and 2.6 GB; its time for the large pair is then taken in proportion.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench._machine import PeakMemory, describe_machine

KEYED: dict[str, Any] = {"fields": [], "primaryKey": ["id"]}
KEYLESS: dict[str, Any] = {"fields": []}
OURS = """
import json, sys, tempfile
from pathlib import Path
from opendata.domain.schema import TableSchema
from opendata.tables.diff.difference import compare_tables
from opendata.tables.diff.difference_forms import write_difference
old, new, schema = Path(sys.argv[1]), Path(sys.argv[2]), TableSchema(json.loads(sys.argv[3]))
with tempfile.TemporaryDirectory(dir=old.parent) as folder:
    found = compare_tables(old, new, old_schema=schema, new_schema=schema, folder=Path(folder))
    write_difference(found.path, old.parent / "changes.csv", suffix="csv")
print(json.dumps([found.added, found.removed, found.changed]))
"""
DUCKDB = """
import json, sys
import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
old, new, key, is_join = sys.argv[1], sys.argv[2], json.loads(sys.argv[3]).get("primaryKey"), sys.argv[4] == "join"
names = pq.read_schema(new).names
telling, others = key or names, [name for name in names if key and name not in key]
number = "0" if is_join else f"row_number() OVER (PARTITION BY {', '.join(telling)} ORDER BY file_row_number)"
tables = [f"(SELECT *, {number} AS nth FROM read_parquet('{path}', file_row_number=true))" for path in (old, new)]
on = " AND ".join([f"o.{name} IS NOT DISTINCT FROM n.{name}" for name in telling] + ["o.nth = n.nth"])
ends = "o.file_row_number IS NULL OR n.file_row_number IS NULL"
shown = f"({' OR '.join([ends, *(f'o.{name} IS DISTINCT FROM n.{name}' for name in others)])})"
cells = [f"{side}.{name} AS {side}_{name}" for side in "on" for name in names]
rows = "o.file_row_number AS old_row, n.file_row_number AS new_row"
joined = f"{tables[0]} o FULL JOIN {tables[1]} n ON {on}"
if is_join:
    sql = f"SELECT {rows}, {', '.join(cells)} FROM {joined} WHERE {shown}"
else:
    place = "coalesce(new_row, max(new_row) OVER (ORDER BY old_row ROWS UNBOUNDED PRECEDING), -1)"
    kept = ", ".join(f"CASE WHEN {shown} THEN {cell.replace(' AS ', ' END AS ')}" for cell in cells)
    inner = f"SELECT {rows}, {shown} AS shown, {kept} FROM {joined}"
    inner = f"SELECT *, {place} AS place FROM ({inner})"
    sql = f"SELECT * FROM ({inner}) WHERE shown ORDER BY place, new_row IS NULL, old_row"
base = duckdb.connect(config={"threads": "2", "memory_limit": "600MB", "temp_directory": new + ".spilled"})
base.execute("SET enable_progress_bar = false")
reader = base.sql(sql).to_arrow_reader(65536)
counts = [0, 0, 0]
with pa.OSFile(new + ".changes", "wb") as sink, pa.ipc.new_file(sink, reader.schema) as writer:
    for batch in reader:
        writer.write_batch(batch)
        added, removed = batch["old_row"].null_count, batch["new_row"].null_count
        counts = [one + more for one, more in zip(counts, (added, removed, batch.num_rows - added - removed))]
print(json.dumps(counts))
"""
PEERS = ("csv-diff==1.2", "daff==1.4.2")
CSV_DIFF = """
import json, sys
from csv_diff import compare, load_csv
old, new = (load_csv(open(path, newline="", encoding="utf-8"), key="id") for path in sys.argv[1:3])
found = compare(old, new)
print(json.dumps([len(found["added"]), len(found["removed"]), len(found["changed"])]))
"""
DAFF = """
import csv, json, sys
import daff
old, new = (daff.PythonTableView(list(csv.reader(open(path, newline="", encoding="utf-8")))) for path in sys.argv[1:3])
flags = daff.CompareFlags()
flags.addPrimaryKey("id")
flags.show_unchanged = False
flags.unchanged_context = 0
alignment = daff.Coopy.compareTables(old, new, flags).align()
rows = []
highlighted = daff.PythonTableView(rows)
daff.TableDiff(alignment, flags).hilite(highlighted)
marks = [row[0] for row in rows]
print(json.dumps([marks.count("+++"), marks.count("---"), sum("->" in str(mark) for mark in marks)]))
"""


def write_pair(folder: Path, rows: int, *, shuffled: bool = False) -> tuple[Path, Path]:
    """Two tables as CSV and Parquet, of which 1 % of the rows are changed, added or removed; the Parquet files."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.csv as pa_csv
    import pyarrow.parquet as pq

    random = np.random.default_rng(7)
    kinds = pa.array(["甲", "乙", "丙", "丁"])
    numbers = pa.array(random.integers(0, 10**8, rows))
    old = pa.table(
        {
            "id": pa.array(np.arange(rows)),
            "code": pc.binary_join_element_wise("AB", pc.cast(numbers, pa.string()), ""),
            "name": pc.binary_join_element_wise(
                "某某村", pc.cast(pa.array(random.integers(0, 5000, rows)), "string"), ""
            ),
            "address": pc.binary_join_element_wise("中山路", pc.cast(numbers, pa.string()), "号", ""),
            "day": pa.array(random.integers(10_000, 20_000, rows).astype("int32")).cast(pa.date32()),
            "price": pa.array(np.round(random.random(rows) * 1000, 2)),
            "share": pa.array(random.random(rows)),
            "kind": kinds.take(pa.array(random.integers(0, 4, rows))),
            "open": pa.array(random.random(rows) < 0.5),
            "count": pa.array(random.integers(0, 1000, rows)),
        }
    )
    marks = random.random(rows)
    price = pc.if_else(pa.array(marks < 0.008), pc.add(old["price"], 1.0), old["price"])
    kept = old.set_column(5, "price", price).filter(pa.array(marks < 0.999))
    extra = old.slice(0, rows // 1000)
    extra = extra.set_column(0, "id", pa.array(np.arange(rows, rows + extra.num_rows)))
    new = pa.concat_tables([kept, extra]).combine_chunks()
    if shuffled:
        new = new.take(pa.array(random.permutation(new.num_rows)))
    paths = folder / "old.parquet", folder / "new.parquet"
    for table, path in zip((old, new), paths, strict=True):
        pq.write_table(table, path, compression="zstd", row_group_size=131_072)
        pa_csv.write_csv(table, path.with_suffix(".csv"), pa_csv.WriteOptions(quoting_style="needed"))
    return paths


def write_text_keys(pair: tuple[Path, Path]) -> None:
    """Make the key of a pair two columns of text."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    for path in pair:
        table = pq.read_table(path)
        digits = pc.cast(table["id"], pa.string())
        table = table.set_column(0, "id", pc.binary_join_element_wise("村", pc.utf8_lpad(digits, 9, "0"), ""))
        table = table.append_column("part", pc.utf8_slice_codeunits(digits, 0, 3))
        pq.write_table(table, path, compression="zstd", row_group_size=131_072)


def install_peers(folder: Path) -> str:
    """The Python of an environment of their own: csv-diff brings a package `tests` that would hide ours."""
    uv, python = str(Path(sys.executable).with_name("uv")), folder / "peers" / "bin" / "python"
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, folder / "peers"], check=True)
    subprocess.run([uv, "pip", "install", "--quiet", "--python", python, *PEERS], check=True)
    return str(python)


def measure(
    code: str, *words: object, python: str = sys.executable, runs: int = 1
) -> tuple[float, float, int, list[int]]:
    """Seconds and CPU seconds (the median of some runs), peak memory in bytes (of one more that is watched), answer."""
    command = [python, "-c", code, *map(str, words)]
    times, cpus = [], []
    for _ in range(runs):
        start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        times.append(time.perf_counter() - start)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpus.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    with PeakMemory(process.pid) as memory:
        out, _ = process.communicate()
    return statistics.median(times), statistics.median(cpus), memory.peak, json.loads(out)


def main() -> None:
    """Print the figures and the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--daff", type=int, default=1_000_000, help="rows of the pair that daff gets")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--no-peers", action="store_true")
    args = parser.parse_args()
    print(describe_machine())

    def show(name: str, found: tuple[float, float, int, list[int]], rows: int = args.rows) -> float:
        seconds, cpu, peak, counts = found
        figures = f"{name:<34}{seconds:8.2f} s {cpu:8.2f} CPU s  {peak / 1e6:8.0f} MB"
        print(f"{figures}  added, removed, changed: {counts}  of {rows:,} rows", flush=True)
        return seconds

    def show_both(name: str, pair: tuple[Path, Path], schema: dict[str, Any]) -> float:
        seconds = show(f"ours, {name}", measure(OURS, *pair, json.dumps(schema), runs=args.runs))
        for way in ("join", "same rows") if "primaryKey" in schema else ("same rows",):
            show(f"DuckDB ({way}), {name}", measure(DUCKDB, *pair, json.dumps(schema), way, runs=args.runs))
        return seconds

    with tempfile.TemporaryDirectory(prefix="opendata-bench-") as name:
        folder = Path(name)
        pair = write_pair(folder, args.rows)
        ours = show_both("by key", pair, KEYED)
        show_both("without a key", pair, KEYLESS)
        if not args.no_peers:
            peers = install_peers(folder)
            tables = [path.with_suffix(".csv") for path in pair]
            peer = show("csv-diff, by key", measure(CSV_DIFF, *tables, python=peers))
            print(f"  ours is {peer / ours:.1f} times as fast as csv-diff")
            small = write_pair(folder, args.daff)
            tables = [path.with_suffix(".csv") for path in small]
            own = show("ours, by key", measure(OURS, *small, json.dumps(KEYED), runs=args.runs), args.daff)
            peer = show("daff, by key", measure(DAFF, *tables, python=peers), args.daff)
            print(f"  ours is {peer / own:.1f} times as fast as daff here,")
            print(f"  {peer * args.rows / args.daff / ours:.1f} times if every row of the large pair took it as long")
        pair = write_pair(folder, args.rows, shuffled=True)
        show_both("in another order", pair, KEYED)
        write_text_keys(pair)
        show_both("by two texts", pair, {"fields": [], "primaryKey": ["id", "part"]})


if __name__ == "__main__":
    main()
