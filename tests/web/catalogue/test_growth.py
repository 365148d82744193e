"""Pages, feeds and lists read as many rows of a catalogue of 3,000 datasets as of one of 300."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from flask.testing import FlaskClient
from sqlalchemy import event

from bench import _rows
from opendata.search.index import SearchIndex
from opendata.services.core.actors import SYSTEM
from opendata.services.core.instance import create_instance
from opendata.settings import Settings
from opendata.wiring import Services, build_services
from tests.instances import lend_app

pytestmark = pytest.mark.slow

SIZES = (300, 3_000)
PATHS = (
    *("/", "/datasets", "/datasets/d0000003", "/datasets?q=水库", "/publishers/p003", "/feed.atom", "/sitemap.xml"),
    *("/datasets?theme=教育&publisher=p003", "/datasets?q=水库&sort=title", "/api/v1/search?q=水库"),
    *("/api/v1/datasets?limit=20", "/api/v1/datasets/d0000003", "/api/v1/events?limit=100", "/llms.txt"),
    *("/api/v1/events?limit=20&publisher=p003", "/api/v1/events?limit=20&type=version.published"),
    *("/api/v1/events?limit=20&dataset=d0000003", "/api/v1/events?limit=20&type=version.withdrawn"),
    *(
        "/oai?verb=ListRecords&metadataPrefix=oai_dc",
        "/catalog.ttl?page=3&limit=20",
        "/catalog.ttl?page=14&limit=20&after=d0000259",
    ),
)
LISTS = ("no-contact", "no-licence", "bytes-versions", "withdrawn", "closed", "never-published", "archived")


@dataclass
class Reads:
    """What statements read: how many they were, the rows that their scans went through, and the pages."""

    statements: int = 0
    rows: int = 0
    pages: int = 0


class Explained:
    """Asks PostgreSQL what each statement of an engine reads, by running it once more."""

    def __init__(self, services: Services) -> None:
        self.reads = Reads()
        self._connection = psycopg.connect(services.database.url.replace("+psycopg", ""), autocommit=True)
        self._listened = (services.database.engine, "after_cursor_execute", self._explain)
        event.listen(*self._listened)

    def _explain(self, _: object, __: object, statement: str, parameters: Any, *___: object) -> None:
        if not statement.startswith("SELECT") or "advisory" in statement or "FOR UPDATE" in statement:
            return  # a row that is locked can't be read once more from here
        asked: Any = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}"
        row = self._connection.execute(asked, parameters).fetchone()
        found = row[0] if row else []
        plan = (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]
        self.reads.statements += 1
        self.reads.pages += plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
        self.reads.rows += sum(_list_rows(plan))

    def count(self, work: Callable[[], object]) -> Reads:
        """What some work reads."""
        self.reads = Reads()
        work()
        return self.reads

    def close(self) -> None:
        """Ask no more."""
        event.remove(*self._listened)
        self._connection.close()


def _list_rows(plan: Mapping[str, Any]) -> Iterator[int]:
    parts: Sequence[Mapping[str, Any]] = plan.get("Plans", ())
    if not parts:
        yield (plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)) * plan["Actual Loops"]
    for part in parts:
        yield from _list_rows(part)


def test_no_page_reads_more_of_a_larger_catalogue(
    tmp_path: Path, postgresql_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_rows, "PUBLISHERS", 10)
    monkeypatch.setattr("opendata.services.governance.offices.figures.MANY", 20)
    monkeypatch.setattr("opendata.services.governance.site.identity.FRESH_SECONDS", 600.0)
    monkeypatch.setattr("opendata.web.exchange.crawling.MOST_ADDRESSES", 100)
    monkeypatch.setattr("opendata.web.exchange.crawling.MOST_IN_PART", 20)
    settings = Settings(home=tmp_path, database_url=postgresql_database, review="none", page_cache_bytes=0)
    create_instance(settings, review="none")
    services = build_services(settings)
    _rows.begin(services, 2)
    _set_planner(services)
    found = []
    for before, size in zip((1, *SIZES), SIZES, strict=False):
        _rows.multiply(services, before, size)
        SearchIndex(services.settings.search_folder).rebuild(_rows.list_documents(size), 1 << 40)
        _rows.write_manifests(services, range(size))
        services.kept_counts.count_now()
        found.append(_measure(services))
    services.database.dispose()
    small, large = found
    grown = {
        name: (small[name], reads)
        for name, reads in large.items()
        if reads.statements > small[name].statements
        or reads.rows > small[name].rows * 1.2 + 20
        or reads.pages > small[name].pages * 1.5 + 20
    }
    assert grown == {}


def _set_planner(services: Services) -> None:
    """Small tables are read as large ones are: by their indexes."""
    with psycopg.connect(services.database.url.replace("+psycopg", ""), autocommit=True) as connection:
        for name in ("enable_seqscan", "enable_bitmapscan"):
            connection.execute(f"ALTER DATABASE {connection.info.dbname} SET {name} = off")
    services.database.dispose()


def _measure(services: Services) -> Mapping[str, Reads]:
    asked = Explained(services)
    with lend_app(services) as app:
        client = app.test_client()
        index = client.get("/sitemap.xml").text
        part = index.partition("</sitemap>")[2].partition("<loc>http://localhost")[2].partition("</loc>")[0]
        paths = {path: path for path in PATHS} | {"a part of the site map": part}
        found = {name: asked.count(partial(_read, client, path)) for name, path in paths.items()}
        found["a publication"] = asked.count(partial(_publish, services))
        found["events of it"] = asked.count(services.public_events.follow)
        found["control room"] = asked.count(lambda: services.control.count_all(SYSTEM))
        found["control room of one"] = asked.count(lambda: services.control.count_all(SYSTEM, "p003"))
        for code in LISTS:
            for sort in ("since", "-since"):
                found[f"{code} {sort}"] = asked.count(partial(services.control.list, SYSTEM, code, sort=sort))
    asked.close()
    return found


def _publish(services: Services) -> None:
    name = f"one-more-{uuid4().hex}"
    services.datasets.create(SYSTEM, {**_rows.METADATA, "id": name, "publisher": "p003"})
    _rows.publish(services, name, 0)


def _read(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    assert answer.get_data()
