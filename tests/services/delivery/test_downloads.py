"""Counting downloads: exact over processes, of nobody in particular, and the order of a search by them."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from opendata.domain.roles import Role
from opendata.errors import InputError
from opendata.services.core.actors import Actor
from opendata.services.search.searching import Search
from opendata.wiring import build_services
from tests.instances import DATASET, make_actor, make_services, publish

OPEN = ("reservoirs", "rain", "roads")
CLOSED = {"attribute": "conditional", "reason": "涉密", "legalBasis": "保密法"}


class Processes:
    """Web processes of one instance, and their clock: three open datasets, and those that are published."""

    def __init__(self, home: Path, database_url: str = "", published: Sequence[str] = ()) -> None:
        self.now = datetime(2026, 3, 1, 8, 30, 15, tzinfo=UTC)
        first = make_services(home, database_url=database_url)
        self.editor = make_actor(first, "editor")
        for name in dict.fromkeys((*OPEN, *published)):
            more = {"disclosure": CLOSED} if name == "wells" else {}
            first.datasets.create(self.editor, {**DATASET, "id": name, "title": name, **more})
            if name in published:
                publish(first, self.editor, dataset=name)
        first.database.dispose()
        self.all = [build_services(first.settings, clock=lambda: self.now) for _ in range(2)]

    def count(self, counts: dict[str, int], process: int = 0) -> None:
        for name, times in counts.items():
            for _ in range(times):
                self.all[process].downloads.count(name, "levels", "csv")

    def flush(self) -> None:
        for services in self.all:
            services.downloads.flush()

    def find(self, name: str, reader: Actor | None) -> int | None:
        services = self.all[0]
        found = services.downloads.find(services.datasets.get(name, reader), reader)
        return found.downloads if found else None

    def search(self, limit: int = 20, cursor: str | None = None, process: int = 0) -> tuple[Sequence[str], str | None]:
        found = self.all[process].searching.search(Search(sort="downloads", limit=limit, cursor=cursor))
        return [item.dataset.id for item in found.items], found.next


@pytest.mark.both_databases
def test_processes_count_exactly_and_keep_nothing_about_anybody(tmp_path: Path, database_url: str) -> None:
    web = Processes(tmp_path, database_url, ["reservoirs"])

    def fetch(number: int) -> None:
        services = web.all[number % 2]
        services.downloads.count(OPEN[number % 3], "levels", ("csv", "parquet")[number % 2])
        if number % 40 == 0:
            services.downloads.flush()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(fetch, range(600)))
    web.flush()
    assert [web.find(name, web.editor) for name in OPEN] == [200, 200, 200]
    columns = {item["name"] for item in inspect(web.all[0].database.engine).get_columns("downloads")}
    assert columns == {"dataset_uuid", "day", "resource", "format", "count"}

    web.now += timedelta(days=1)
    web.count({"reservoirs": 3, "no-such-dataset": 2})
    web.all[0].renaming.rename(replace(web.editor, role=Role.MAINTAINER, appointed=None), "reservoirs", "lakes")
    web.count({"lakes": 2}, process=1)
    web.flush()
    found = web.all[1].downloads.describe(web.all[1].datasets.get("lakes", web.editor), web.editor)
    assert found is not None
    assert (found.since, found.downloads, found.recent) == (date(2026, 3, 1), 205, 205)
    assert [(item.day, item.downloads) for item in found.days] == [(date(2026, 3, 1), 200), (date(2026, 3, 2), 5)]
    assert [(item.resource, item.format, item.downloads) for item in found.files] == [
        ("levels", "csv", 105),
        ("levels", "parquet", 100),
    ]
    web.now += timedelta(days=29)
    assert (found := web.all[1].downloads.find(web.all[1].datasets.get("lakes", web.editor), web.editor)) is not None
    assert (found.downloads, found.recent) == (205, 5)


def test_what_the_database_cannot_take_now_is_counted_later(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    web = Processes(tmp_path)
    for statement in ("ALTER TABLE downloads RENAME TO away", "ALTER TABLE away RENAME TO downloads"):
        web.count({"reservoirs": 2, "rain": 1})
        with web.all[0].database.engine.begin() as connection:
            connection.execute(text(statement))
        web.flush()
    assert "3 downloads aren't in the database yet" in caplog.text
    assert (web.find("reservoirs", web.editor), web.find("rain", web.editor)) == (4, 2)


def test_the_order_by_downloads_is_that_of_finished_days_on_all_pages(tmp_path: Path) -> None:
    web = Processes(tmp_path, published=(*OPEN, "wells"))
    web.all[0].indexing.rebuild()
    web.count({"rain": 5, "roads": 2, "wells": 90})
    web.flush()
    newest = web.all[0].searching.search(Search(sort="updated")).items
    assert web.search()[0] == [item.dataset.id for item in newest]  # today isn't over
    web.now = datetime(2026, 3, 1, 16, 5, tzinfo=UTC)  # five minutes past midnight in Shanghai: not all is written
    assert web.search()[0] == [item.dataset.id for item in newest]
    web.now += timedelta(minutes=6)
    order = ["rain", "roads", *(item.dataset.id for item in newest if item.dataset.id not in ("rain", "roads"))]
    stranger = replace(web.editor, publisher="road-bureau", id=99, name="stranger", appointed=None)
    assert [web.find("wells", reader) for reader in (None, stranger, web.editor)] == [None, None, 90]
    for limit in (1, 2, 3):
        pages: list[str] = []
        cursor: str | None = None
        for page in range(5):
            found, cursor = web.search(limit, cursor, process=page % 2)
            pages += found
            web.count({"reservoirs": 50}, process=page % 2)
            web.flush()
            if cursor is None:
                break
        assert pages == order
    first, cursor = web.search(2)
    web.now += timedelta(days=1)
    assert (first, web.search(2, cursor)[0]) == (order[:2], order[2:])  # it began yesterday
    assert web.search(1)[0] == ["reservoirs"]
    web.now += timedelta(days=9)
    assert len(web.search(2, cursor)[0]) == 2  # too old to be repeated, but good for a page
    with pytest.raises(InputError):
        web.search(2, "MSBhYmMgOTk5OTk5OTk5OTk5OTk5")
