"""Workbooks against openpyxl: 100,000 rows x 10 columns, once with shared texts and once with texts in the cells."""

from __future__ import annotations

import datetime as dt
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from bench._ratios import keep

ROWS = 100_000
RUNS = 5
OURS = """
import sys
from pathlib import Path
from opendata.intake.workbook.workbooks import open_sheet
print(sum(1 for _ in open_sheet(Path(sys.argv[1]), "xlsx", "data").rows))
"""
PEER = """
import sys
import openpyxl
book = openpyxl.load_workbook(sys.argv[1], read_only=True)
print(sum(1 for _ in book["data"].iter_rows(values_only=True)))
"""


def compare_workbooks(folder: Path) -> Iterator[str]:
    """Read the same workbooks with both by turns, each in a process of its own; lines with CPU seconds and ratio."""
    for kind in ("shared", "inline"):
        path = folder / f"{kind}.xlsx"
        write_workbook(path, inline=kind == "inline")
        turns = [(_time(OURS, path), _time(PEER, path)) for _ in range(RUNS)]
        ours, peer = (statistics.median(turn[side][0] for turn in turns) for side in (0, 1))
        size = path.stat().st_size / 1e6
        yield f"workbook, {kind} texts ({size:.1f} MB): opendata {ours:.2f} CPU s, openpyxl {peer:.2f} CPU s"
        cpu, wall = ([other[part] / own[part] for own, other in turns] for part in (0, 1))
        yield "  " + keep(f"workbook, {kind} texts: openpyxl / opendata", cpu, wall, 15)


def write_workbook(path: Path, *, inline: bool) -> None:
    """Ten columns as registers have them: number, codes, names, category, date, two amounts, place, count, note."""
    import xlsxwriter

    with xlsxwriter.Workbook(path, {"constant_memory": inline}) as book:
        sheet = book.add_worksheet("data")
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        sheet.write_row(0, 0, ["编号", "代码", "名称", "类别", "登记日期", "金额", "税率", "地区", "人数", "备注"])
        start = dt.date(2001, 1, 1)
        for number in range(1, ROWS + 1):
            sheet.write_row(number, 0, [number, f"{number:08}", f"第{number % 5000}号服务中心", "甲乙丙丁"[number % 4]])
            sheet.write_datetime(number, 4, start + dt.timedelta(days=number % 9000), day)
            place, note = f"示例市{number % 300}区", f"备注{number % 20000}"
            sheet.write_row(number, 5, [number * 1.01, number % 17 / 100, place, number % 997, note])


def _time(program: str, path: Path) -> tuple[float, float]:
    """CPU seconds and seconds."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    found = subprocess.run(
        [sys.executable, "-c", program, str(path)], check=True, capture_output=True, text=True
    ).stdout
    seconds = time.perf_counter() - started
    if int(found) != ROWS + 1:
        raise SystemExit(f"{found} rows were read")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, seconds
