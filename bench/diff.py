"""What changed between two tables of 1,000,000 rows x 10 columns with 1 % changes: our time and memory, and theirs.

Ours compares the Parquet files of two versions and writes the changed rows as CSV; csv-diff and daff read the CSV files
of the same rows. Three pairs: by a key, the same rows in another order, and without a key. Each figure is a whole
process, ours the median of five. `--daff` gives daff a pair of fewer rows, since it takes most of a minute and 2.6 GB;
its time for the large pair is then taken in proportion.
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


def install_peers(folder: Path) -> str:
    """The Python of an environment of their own: csv-diff brings a package `tests` that would hide ours."""
    uv, python = str(Path(sys.executable).with_name("uv")), folder / "peers" / "bin" / "python"
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, folder / "peers"], check=True)
    subprocess.run([uv, "pip", "install", "--quiet", "--python", python, *PEERS], check=True)
    return str(python)


def measure(code: str, *words: object, python: str = sys.executable, runs: int = 1) -> tuple[float, int, list[int]]:
    """Seconds (the median of some runs), peak memory in bytes (of one more, for looking takes time) and the answer."""
    command = [python, "-c", code, *map(str, words)]
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        times.append(time.perf_counter() - start)
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    with PeakMemory(process.pid) as memory:
        out, _ = process.communicate()
    return statistics.median(times), memory.peak, json.loads(out)


def main() -> None:
    """Print the figures and the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--daff", type=int, default=1_000_000, help="rows of the pair that daff gets")
    parser.add_argument("--no-peers", action="store_true")
    args = parser.parse_args()
    print(describe_machine())

    def show(name: str, found: tuple[float, int, list[int]], rows: int = args.rows) -> float:
        seconds, peak, counts = found
        print(f"{name:<34}{seconds:8.2f} s  {peak / 1e6:8.0f} MB  added, removed, changed: {counts}  of {rows:,} rows")
        return seconds

    with tempfile.TemporaryDirectory(prefix="opendata-bench-") as name:
        folder = Path(name)
        pair = write_pair(folder, args.rows)
        ours = show("ours, by key", measure(OURS, *pair, json.dumps(KEYED), runs=5))
        show("ours, without a key", measure(OURS, *pair, json.dumps(KEYLESS), runs=5))
        if not args.no_peers:
            peers = install_peers(folder)
            tables = [path.with_suffix(".csv") for path in pair]
            peer = show("csv-diff, by key", measure(CSV_DIFF, *tables, python=peers))
            print(f"  ours is {peer / ours:.1f} times as fast as csv-diff")
            small = write_pair(folder, args.daff)
            tables = [path.with_suffix(".csv") for path in small]
            own = show("ours, by key", measure(OURS, *small, json.dumps(KEYED), runs=5), args.daff)
            peer = show("daff, by key", measure(DAFF, *tables, python=peers), args.daff)
            print(f"  ours is {peer / own:.1f} times as fast as daff here,")
            print(f"  {peer * args.rows / args.daff / ours:.1f} times if every row of the large pair took it as long")
        pair = write_pair(folder, args.rows, shuffled=True)
        show("ours, by key, in another order", measure(OURS, *pair, json.dumps(KEYED), runs=5))


if __name__ == "__main__":
    main()
