"""Instructions of the hot paths on a small fixed input: what no load on the machine can change.

Each path runs under `valgrind --tool=callgrind` once with two rounds and once with six; the difference is what four
rounds take, without the start. The counts kept in `instructions.json` belong to versions of the compiler, Python and
the libraries; with the same ones a count may grow by 3 % at most, with others it is only shown. `--keep` writes them.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

KEPT = Path(__file__).with_suffix(".json")
MARGIN = 0.03
FEW, MANY = 2, 6
LIBRARIES = ("pyarrow", "numpy", "jinja2", "flask", "sqlalchemy", "openpyxl")

TABLE = """
from pathlib import Path
from bench.validate import SCHEMA, write_table
from opendata.tables.schema.schema import read_schema
table = Path(folder) / "table.csv"
write_table(table, 2_000, {every})
schema = read_schema(SCHEMA)
"""
PATHS = {
    "verdict on a clean table": (
        TABLE.format(every=0) + "from opendata.tables.table import check_table",
        "check_table(table, name='t', schema=schema)",
    ),
    "verdict on a table of errors": (
        TABLE.format(every=1) + "from opendata.tables.table import check_table",
        "check_table(table, name='t', schema=schema)",
    ),
    "table to CSV and Parquet": (
        TABLE.format(every=0) + "from opendata.tables.table import prepare_table",
        "prepare_table(table, Path(folder), name='t', schema=schema)",
    ),
    "workbook to rows": (
        """
from pathlib import Path
import xlsxwriter
from opendata.intake.workbook.workbooks import open_sheet
place = Path(folder) / "book.xlsx"
with xlsxwriter.Workbook(place) as book:
    sheet = book.add_worksheet("data")
    for number in range(2_000):
        cells = [number, f"{number:08}", f"第{number % 50}号服务中心", number * 1.01, "甲乙丙丁"[number % 4]]
        sheet.write_row(number, 0, cells)
""",
        "sum(1 for _ in open_sheet(place, 'xlsx', 'data').rows)",
    ),
}


def measure(setup: str, work: str) -> int:
    """The instructions of four rounds of some work."""
    few, many = (_count(f"{setup}\nfor _ in range({rounds}):\n    {work}\n") for rounds in (FEW, MANY))
    return many - few


def _count(program: str) -> int:
    with tempfile.TemporaryDirectory(prefix="opendata-bench-") as folder:
        command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", sys.executable, "-c"]
        lines = f"from opendata.starting import start_lightly\nstart_lightly()\nfolder = {folder!r}\n{program}"
        environment = {**os.environ, "PYTHONHASHSEED": "0", "ARROW_DEFAULT_MEMORY_POOL": "system"}
        done = subprocess.run([*command, lines], capture_output=True, text=True, env=environment, check=False)
    found = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode or found is None:
        sys.exit(done.stderr[-2000:])
    return int(found[1])


def describe_versions() -> dict[str, str]:
    """What a count depends on."""
    compiler = subprocess.run(["c++", "--version"], capture_output=True, text=True, check=True).stdout.splitlines()[0]
    return {"compiler": compiler, "python": platform.python_version(), **{name: version(name) for name in LIBRARIES}}


def main() -> None:
    """Count, print, and compare with what is kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", action="store_true", help="write the counts down as those to compare with")
    options = parser.parse_args()
    if shutil.which("valgrind") is None:
        print("valgrind is not installed: nothing is counted")
        return
    kept = json.loads(KEPT.read_text()) if KEPT.exists() else {"versions": {}, "counts": {}}
    versions = describe_versions()
    counts = {name: measure(*path) for name, path in PATHS.items()}
    grown = []
    for name, count in counts.items():
        known = kept["counts"].get(name)
        share = f"{count / known - 1:+.1%}" if known else "new"
        print(f"{name}: {count / 1e6:,.1f} million instructions ({share})")
        if known and count > known * (1 + MARGIN):
            grown.append(name)
    if options.keep:
        KEPT.write_text(json.dumps({"versions": versions, "counts": counts}, indent=2) + "\n")
    elif kept["versions"] != versions:
        print("kept with other versions, so not compared: --keep writes these down")
    elif grown:
        sys.exit(f"more than {MARGIN:.0%} more instructions: {', '.join(grown)}")


if __name__ == "__main__":
    main()
