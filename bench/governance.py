"""An inventory of 50,000 items over 300 publishers: a workbook imported, and its pages.

Printed are the seconds from the workbook to the plan of its import, with wrong cells in it, and those to import it; and
milliseconds of the pages of the inventory and of the opening plan, half of the items being public, and of the numbers
of the control room, with a measured table and drafts. The peer of the import is openpyxl, which only reads the same
file; that of a page is its bare query in SQLite.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from flask.testing import FlaskClient
from sqlalchemy import select, update

from bench._machine import describe_machine
from opendata.app import create_app
from opendata.db.models import Dataset, DatasetMeasure, Draft, OpeningDate, Publisher, TableMeasure
from opendata.domain.drafts import DraftState
from opendata.services.core.actors import SYSTEM
from opendata.services.core.instance import create_instance
from opendata.services.governance.inventory.columns import list_columns
from opendata.settings import Settings
from opendata.wiring import Services, build_services

ITEMS, PUBLISHERS, WRONG = 50_000, 300, 25
TIMES = 40
PEER = """
import sys
import openpyxl
book = openpyxl.load_workbook(sys.argv[1], read_only=True)
print(sum(1 for _ in book.worksheets[0].iter_rows(values_only=True)))
"""
SUBJECTS = ("水井", "行政许可", "道路", "学校", "医院", "预算", "企业", "空气质量", "公交", "林地")
QUERIES = {
    "items, first page": "SELECT id FROM datasets WHERE head IS NOT NULL OR editions > 0 ORDER BY id LIMIT 51",
    "counts by publisher": (
        "SELECT publisher_id, attribute, count(*) FROM datasets WHERE head IS NOT NULL OR editions > 0 GROUP BY 1, 2"
    ),
    "search": (
        "SELECT id FROM datasets WHERE (head IS NOT NULL OR editions > 0) AND lower(title) LIKE '%学校%'"
        " ORDER BY id LIMIT 51"
    ),
}


def write_workbook(path: Path, *, wrong: int) -> None:
    """The items as an office would fill them in: 28 columns, a few cells wrong."""
    import xlsxwriter

    columns = list_columns()
    book = xlsxwriter.Workbook(path, {"constant_memory": True})
    sheet = book.add_worksheet("清单")
    sheet.write_row(0, 0, [column.label("zh") for column in columns])
    for number in range(ITEMS):
        cells = _fill(number, is_wrong=number < wrong)
        sheet.write_row(number + 1, 0, [cells.get(column.key, "") for column in columns])
    book.close()


def _fill(number: int, *, is_wrong: bool) -> dict[str, str]:
    subject = SUBJECTS[number % len(SUBJECTS)]
    closed = number % 5 == 0
    return {
        "publisher": f"单位{number % PUBLISHERS:03}",
        "title": f"{subject}信息台账第 {number} 号",
        "description": f"{subject}的基本情况、办理情况和年度变化，由业务系统生成，按月核对。",
        "resourceCode": f"306001/{number:06}",
        "themes": "公共服务、生态环保",
        "resourceFormat.class": "2 电子表格",
        "resourceFormat.name": "xlsx",
        "dataItems": "编号，C，20，主键；名称，C，100；日期，D；金额，Y；备注，M",
        "sharing.type": "2 有条件共享",
        "sharing.condition": "仅供部门间核对使用",
        "disclosure.attribute": "不予开放" if closed else "无条件开放",
        "disclosure.reason": "涉及商业秘密" if closed else "",
        "disclosure.legalBasis": "《条例》第十五条" if closed and not is_wrong else "",
        "updateCycle": "隔三差五" if is_wrong else "每月",
        "opens": "" if closed or number % 4 else "2099-09-30",
        "keywords": f"{subject}，台账",
    }


def measure_import(services: Services, path: Path, *, only_valid: bool) -> tuple[float, float, int]:
    """Seconds to plan a workbook and to import it, and how many of its cells are wrong."""
    imports = services.inventory_imports
    with path.open("rb") as stream:
        kept = imports.keep(SYSTEM, stream, path.name)
    start, busy = time.perf_counter(), read_busy()
    plan = imports.plan(SYSTEM, kept)
    planned, half = time.perf_counter(), read_busy()
    found = imports.take(SYSTEM, kept, only_valid=only_valid)
    ended = time.perf_counter()
    print(f"  CPU: {half - busy:.1f} s to plan, {read_busy() - half:.1f} s to import")
    print(f"  {found.new} new, {found.changed} changed, {len(plan.faults)} cells wrong, {len(found.failed)} left out")
    return planned - start, ended - planned, len(plan.faults)


def read_busy() -> float:
    """CPU seconds of this process and of those that it started: on a busy machine they say more than the clock."""
    return sum(os.times()[:4])


def make_public(services: Services) -> None:
    """Half of the items public, and one in eight on the plan opened, without the work of so many drafts."""
    with services.database.unit(write=True) as session:
        session.execute(update(Dataset).where(Dataset.revision == 1, Dataset.uuid < "8").values(editions=1))
        session.execute(
            update(OpeningDate)
            .where(OpeningDate.dataset_uuid < "2")
            .values(opens=datetime(2026, 6, 30, tzinfo=UTC).date())
        )


def measure_pages(services: Services) -> Iterator[tuple[str, float, float]]:
    """Milliseconds of each page: the median, and what 95 of 100 take at most."""
    with create_app(services=services).test_client() as client:
        for path in (
            "/inventory",
            "/inventory?publisher=p007",
            "/inventory?disclosure=closed&state=closed",
            "/inventory?q=学校",
            "/inventory/plan",
            "/inventory/plan?outcome=late",
            "/api/v1/inventory?limit=50",
        ):
            times = [_time(partial(_get, client, path)) for _ in range(TIMES)]
            yield path, statistics.median(times), _find_95th(times)


def measure_queries(path: Path) -> Iterator[tuple[str, float]]:
    """Milliseconds of the bare queries behind them, the median."""
    connection = sqlite3.connect(path)
    for name, query in QUERIES.items():
        yield name, statistics.median(_time(partial(_fetch, connection, query)) for _ in range(TIMES))
    connection.close()


def add_work(services: Services) -> None:
    """A draft for each tenth item, and the figures of a table for each second: rows alone, which is all that counts."""
    now = datetime.now(UTC)
    with services.database.unit(write=True) as session:
        names = session.scalars(select(Dataset.id).order_by(Dataset.id)).all()
        states = list(DraftState)
        for number, name in enumerate(names):
            if number % 10 == 0:
                row = Draft(id=f"draft-{number}", dataset_id=name, status=states[number // 10 % len(states)])
                row.author, row.created, row.modified, row.wanted = "editor", now, now, ""
                row.dropped, row.privacy, row.key_reports, row.contributors = [], [], {}, ["editor"]
                session.add(row)
            if number % 2 == 0:
                session.add(DatasetMeasure(dataset_id=name, version="1.0.0", measured=now))
                figures = {"rows": number % 100, "columns": 5, "described": number % 6, "missing": number % 7}
                table = TableMeasure(dataset_id=name, resource="table", header=f"{number % 9000:064}", **figures)
                table.worst, table.worst_column = number % 10 / 10, "a"
                table.repeated, table.broken, table.paged = 0, 0, 0
                session.add(table)
        half = Dataset.id.in_(select(DatasetMeasure.dataset_id))
        session.execute(update(Dataset).where(half).values(latest="1.0.0", head="1.0.0"))


def measure_control(services: Services) -> Iterator[tuple[str, float, float]]:
    """Milliseconds of all numbers of the control room, of one publisher's, and of the goals."""
    for name, act in (
        ("control room", partial(services.control.count_all, SYSTEM)),
        ("control room, one publisher", partial(services.control.count_all, SYSTEM, "p007")),
        ("goals", partial(services.goals.measure_all, SYSTEM)),
    ):
        times = [_time(act) for _ in range(TIMES)]
        yield name, statistics.median(times), _find_95th(times)


def _get(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 200, path


def _fetch(connection: sqlite3.Connection, query: str) -> object:
    return connection.execute(query).fetchall()


def _time(act: Callable[[], object]) -> float:
    start = time.perf_counter()
    act()
    return (time.perf_counter() - start) * 1000


def _find_95th(times: list[float]) -> float:
    return sorted(times)[int(len(times) * 0.95) - 1]


def main() -> None:
    """Print the figures."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    print(describe_machine())
    with tempfile.TemporaryDirectory(prefix="opendata-bench-") as name:
        folder = Path(name)
        settings = Settings(home=folder / "instance", review="none", requests_per_minute=0)
        create_instance(settings)
        services = build_services(settings, is_patient=True)
        now = datetime.now(UTC)
        with services.database.unit(write=True) as session:
            for number in range(PUBLISHERS):
                row = Publisher(id=f"p{number:03}", title=f"单位{number:03}", i18n={}, created=now, modified=now)
                row.code = f"1137010459702{number:04}Y"
                session.add(row)
        wrong, right = folder / "wrong.xlsx", folder / "right.xlsx"
        write_workbook(wrong, wrong=WRONG)
        write_workbook(right, wrong=0)
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", PEER, str(wrong)], check=True, stdout=subprocess.DEVNULL)
        print(f"openpyxl reads {ITEMS} rows: {time.perf_counter() - start:.1f} s")
        for path, only_valid in ((wrong, True), (right, False), (right, False)):
            planned, taken, _ = measure_import(services, path, only_valid=only_valid)
            print(f"{path.stem}: planned in {planned:.1f} s, imported in {taken:.1f} s (bound: 60 s)")
        make_public(services)
        for page, median, most in measure_pages(services):
            print(f"{page}: median {median:.0f} ms, p95 {most:.0f} ms (bound: 300 ms)")
        for query, median in measure_queries(settings.home / "opendata.sqlite"):
            print(f"  bare query, {query}: {median:.0f} ms")
        add_work(services)
        for part, median, most in measure_control(services):
            print(f"{part}: median {median:.0f} ms, p95 {most:.0f} ms (bound: 500 ms)")
        services.database.dispose()


if __name__ == "__main__":
    main()
