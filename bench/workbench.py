"""How long a clerk waits for the count of one column of 2,000,000 rows, beside pandas on the same column.

Each figure is a whole process: ours is the one that the workbench starts (`recipes/trial`). The other one reads
the same column of the same Parquet file with pandas and converts it (`to_numeric`, `to_datetime`, `fullmatch`, `isin`);
it lists no cells and knows no keys. Both run in turn, `--runs` times. Printed are p50 and p95 of seconds by the clock
and of the processor, and the median of the ratios. 1 % of the rows are wrong. The copy of the columns is made first.
“warm” is the time by the clock with a process that was started ahead, as the page and the count before have it started;
for the processor's seconds see the others.
pyarrow loads pandas where it is installed. The product is installed without it, so ours runs as if it weren't there.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench._machine import describe_machine
from bench.validate import SCHEMA, write_table
from opendata.confined import Bounds
from opendata.recipes.trial import Text, count_confined, warm_up
from opendata.tables.text.dialect import Dialect
from opendata.tables.trial.counting import Wish

LOADING_SECONDS = 1.5
"""So long a clerk needs at least from one edit to the next."""

BOUNDS = Bounds(seconds=600, memory=1 << 30, nice=1)
PANDAS = """
import json, sys
import pandas as pd
path, column, field = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
texts = pd.read_parquet(path, columns=[column])[column]
filled, rules, kind = texts != "", field.get("constraints", {}), field["type"]
if kind in ("integer", "number"):
    values = pd.to_numeric(texts.where(filled), errors="coerce")
elif kind in ("date", "datetime"):
    values = pd.to_datetime(texts.where(filled), errors="coerce", format="ISO8601")
elif kind == "boolean":
    values = texts.where(filled & texts.isin(["true", "false"]))
else:
    values = texts.where(filled)
wrong = filled & values.isna()
if "pattern" in rules:
    wrong |= filled & ~texts.str.fullmatch(rules["pattern"])
if "enum" in rules:
    wrong |= filled & ~texts.isin(rules["enum"])
if "minLength" in rules:
    wrong |= filled & (texts.str.len() < rules["minLength"])
if "maxLength" in rules:
    wrong |= filled & (texts.str.len() > rules["maxLength"])
for name, compare in (("minimum", "lt"), ("maximum", "gt")):
    if name in rules:
        bound = pd.Timestamp(rules[name]) if kind == "date" else rules[name]
        wrong |= getattr(values, compare)(bound)
if rules.get("required"):
    wrong |= ~filled
print(int(wrong.sum()))
"""


def main() -> None:
    """Make the table and its copy, time both on each column, print figures and ratios."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--runs", type=int, default=7)
    options = parser.parse_args()
    print(describe_machine())
    with tempfile.TemporaryDirectory(prefix="opendata-bench-") as name:
        hidden = Path(name) / "hidden"
        hidden.mkdir()
        (hidden / "pandas.py").write_text("raise ImportError")
        source, copy = Path(name) / "table.csv", Path(name) / "copy.parquet"
        write_table(source, options.rows, 100)
        text = Text(path=str(source), dialect=Dialect().describe())
        first = make_wish(SCHEMA["fields"][0])
        _, wall, cpu = measure(hide(hidden, lambda: count_confined(copy, text, first, BOUNDS)))
        sizes = f"{source.stat().st_size / 1e6:.0f} MB of text, {copy.stat().st_size / 1e6:.0f} MB of columns"
        print(f"{options.rows:,} rows: {sizes}; the first count, which copies: {wall:.2f} s ({cpu:.2f} CPU s)")
        waits, warm_waits = [], []
        for number, field in enumerate(SCHEMA["fields"], start=1):
            cold, warm = compare(copy, hidden, number, field, options.runs)
            waits += cold
            warm_waits += warm
        for words, found in (("started for it", waits), ("warm", warm_waits)):
            print(f"all columns, {words}: p50 {statistics.median(found):.2f} s, p95 {find_p95(found):.2f} s")


def compare(copy: Path, hidden: Path, number: int, field: dict[str, Any], runs: int) -> tuple[list[float], list[float]]:
    """Count one column in turn with both; print what they took, and return the seconds of ours, cold and warm."""
    wish, name = make_wish(field), field["name"]
    ours, warm, peers, ratios, ratios_cpu = [], [], [], [], []
    command = [sys.executable, "-c", PANDAS, str(copy), f"c{number}", json.dumps(field)]
    for _ in range(runs):
        found, wall, cpu = measure(hide(hidden, lambda: count_confined(copy, None, wish, BOUNDS).fields[name].errors))
        other, wall_other, cpu_other = measure(lambda: int(subprocess.check_output(command)))
        assert found == other, f"{field['name']}: {found} and {other} wrong cells"
        ours.append((wall, cpu))
        hide(hidden, warm_up)()
        time.sleep(LOADING_SECONDS)
        warm.append(measure(lambda: count_confined(copy, None, wish, BOUNDS))[1])
        peers.append((wall_other, cpu_other))
        ratios.append(wall_other / wall)
        ratios_cpu.append(cpu_other / cpu)
    print(
        f"{field['name']} ({field['type']}): opendata {describe(ours)},"
        f" warm {statistics.median(warm):.2f}/{find_p95(warm):.2f} s; pandas {describe(peers)};"
        f" ratio (pandas / opendata) {statistics.median(ratios):.2f}, CPU {statistics.median(ratios_cpu):.2f}"
    )
    return [wall for wall, _ in ours], warm


def make_wish(field: dict[str, Any]) -> Wish:
    """The count of one field of the schema."""
    return Wish(schema=SCHEMA, only=[field["name"]], limit=5)


def hide(folder: Path, run: Callable[[], Any]) -> Callable[[], Any]:
    """The same with what is in a folder in place of modules of that name, in the processes that are started."""

    def run_hidden() -> Any:
        before = os.environ.get("PYTHONPATH", "")
        os.environ["PYTHONPATH"] = f"{folder}{os.pathsep}{before}"
        try:
            return run()
        finally:
            os.environ["PYTHONPATH"] = before

    return run_hidden


def measure(run: Callable[[], Any]) -> tuple[Any, float, float]:
    """What came out, the seconds by the clock, and those of the processor in child processes."""
    before, started = os.times(), time.monotonic()
    found = run()
    wall, after = time.monotonic() - started, os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return found, wall, cpu


def describe(figures: list[tuple[float, float]]) -> str:
    """P50 and p95, by the clock and in CPU seconds."""
    walls, cpus = [wall for wall, _ in figures], [cpu for _, cpu in figures]
    return (
        f"{statistics.median(walls):.2f}/{find_p95(walls):.2f} s"
        f" ({statistics.median(cpus):.2f}/{find_p95(cpus):.2f} CPU s)"
    )


def find_p95(values: list[float]) -> float:
    """The value that 95 % don't exceed; of few, the largest."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]


if __name__ == "__main__":
    main()
