"""The ratios that benchmarks find, kept for the table in `docs/performance.md`.

`make bench` names a file in `OPENDATA_RATIOS`; each ratio is a line of it. Run as a module it writes the table.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from bench._machine import CHECKOUT, describe_machine

SWITCH = "OPENDATA_RATIOS"
UNDECIDED = 1.5
TABLE = CHECKOUT / "docs" / "performance.md"
HEAD = """# Performance

Ratios of what opendata takes to what a named program takes for the same work, in one run, by turns. CPU is the
user and system time of all processes; a ratio is the median of those of each turn, and “from … to” their least and
greatest. Less is better, except where opendata comes second. With a load above 1.5 the time says nothing, so it is left
undecided. `make bench` writes this page.

Machine: {machine}. {day}, load {load:.1f} at the end.

| what | CPU | from … to | time | bar |
| --- | --- | --- | --- | --- |
"""


def keep(what: str, cpu: Sequence[float], wall: Sequence[float] | None, bar: float | None = None) -> str:
    """Keep the ratios of each turn, without `wall` only those of CPU; the line to print."""
    found = statistics.median(cpu), statistics.median(wall) if wall else None
    if os.environ.get(SWITCH):
        row = {"what": what, "cpu": sorted(cpu), "wall": found[1], "load": os.getloadavg()[0], "bar": bar}
        with Path(os.environ[SWITCH]).open("a", encoding="utf-8") as file:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
    time = f", time {found[1]:.2f}" if found[1] is not None else ""
    return f"{what}: CPU {found[0]:.2f}{time}" + (f" (bar {bar:g})" if bar is not None else "")


def write_page(lines: Path) -> None:
    """Write the table of all ratios that were kept."""
    rows = [json.loads(line) for line in lines.read_text(encoding="utf-8").splitlines()]
    text = HEAD.format(machine=describe_machine(), day=f"{datetime.now(UTC):%Y-%m-%d}", load=os.getloadavg()[0])
    for row in rows:
        cpu = row["cpu"]
        wall = "" if row["wall"] is None else f"{row['wall']:.2f}" if row["load"] <= UNDECIDED else "undecided"
        bar = "" if row["bar"] is None else f"{row['bar']:g}"
        text += f"| {row['what']} | {statistics.median(cpu):.2f} | {cpu[0]:.2f} … {cpu[-1]:.2f} | {wall} | {bar} |\n"
    TABLE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write_page(Path(sys.argv[1]))
