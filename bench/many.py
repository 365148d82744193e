"""Whether a catalogue of a million datasets costs more than one of a thousand.

A database is filled in steps (`--to`, each a size), with datasets that are copies of one that was published for real,
and the search index beside it. At each size are printed, for each page and call: milliseconds (half of the requests
take less, and 95 of 100), CPU milliseconds of the process, statements, milliseconds in the database; then what one more
publication costs, and the memory of the process. The peer is the smallest size.

With `--database` the rows are in that PostgreSQL, which must be empty at first; without it in SQLite.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from flask.testing import FlaskClient
from sqlalchemy import event, func, select

from bench import _rows
from bench._machine import describe_machine
from opendata.app import create_app
from opendata.db.models import Dataset
from opendata.search.index import SearchIndex
from opendata.services.core.actors import SYSTEM
from opendata.services.core.instance import create_instance
from opendata.services.core.paging import write_cursor
from opendata.services.search import searching
from opendata.services.search.searching import Search
from opendata.settings import Settings
from opendata.wiring import Services, build_services

SAMPLE = 40
PUBLICATIONS = 12


class Counted:
    """Counts the statements of an engine, and the seconds that they take."""

    def __init__(self, services: Services) -> None:
        self.statements = 0
        self.seconds = 0.0
        event.listen(services.database.engine, "before_cursor_execute", self._begin)
        event.listen(services.database.engine, "after_cursor_execute", self._end)

    def _begin(self, *_: object) -> None:
        self._begun = time.perf_counter()

    def _end(self, *_: object) -> None:
        self.statements += 1
        self.seconds += time.perf_counter() - self._begun


def list_asked(services: Services, client: FlaskClient, size: int) -> Mapping[str, Callable[[int], None]]:
    """What is measured, by its name; each takes the number of the request."""

    def call(work: Callable[[int], object]) -> Callable[[int], None]:
        def ask(number: int) -> None:
            work(number)

        return ask

    def get(path: str | Callable[[int], str], *, is_streamed: bool = False) -> Callable[[int], None]:
        def ask(number: int) -> None:
            said = path if isinstance(path, str) else path(number)
            answer = client.get(said, buffered=not is_streamed)
            assert answer.status_code == 200, (said, answer.status_code)
            if is_streamed:
                next(answer.iter_encoded())
                answer.close()

        return ask

    def get_first(path: Callable[[int], str]) -> Callable[[int], None]:
        """As the first reader gets it after the index has changed: nothing of the answer is kept."""
        ask = get(path)

        def forget_and_ask(number: int) -> None:
            opened = services.searching._index.open()
            assert opened is not None
            opened.kept.clear()
            ask(number)

        return forget_and_ask

    deep = searching._write_cursor(Search(), min(9_980, size - 20), services.searching._read_cursor(Search())[1])
    far = write_cursor(_rows.name_dataset(size * 9 // 10))
    spread = [size * place // SAMPLE for place in range(SAMPLE)]
    _rows.write_manifests(services, [*range(130), *spread, *range(size - 130, size)])
    since = services.public_events.list(limit=1).since
    return {
        "home": get("/"),
        "datasets": get("/datasets"),
        "datasets, first": get_first(lambda _: "/datasets"),
        "datasets, filtered": get(lambda number: f"/datasets?publisher=p{number:03}&theme=教育&theme=交通运输"),
        "datasets, page 500": get(f"/datasets?cursor={deep}"),
        "search zh": get(lambda number: f"/datasets?q={_rows.SUBJECTS[number % 8][0]}"),
        "search zh, first": get_first(lambda number: f"/datasets?q={_rows.SUBJECTS[number % 8][0]}"),
        "search zh, broadest": get_first(lambda _: f"/datasets?q={_rows.SUBJECTS[0][0]}"),
        "search zh, number": get_first(lambda number: f"/datasets?q={_rows.say_title(spread[number])[0]}"),
        "search en": get(lambda number: f"/datasets?q={_rows.SUBJECTS[number % 8][1]}&lang=en"),
        "search en, first": get_first(lambda number: f"/datasets?q={_rows.SUBJECTS[number % 8][1]}&lang=en"),
        "dataset": get(lambda number: f"/datasets/{_rows.name_dataset(spread[number])}"),
        "publisher": get(lambda number: f"/publishers/p{number:03}"),
        "REST list": get("/api/v1/datasets?limit=20"),
        "REST list, deep": get(f"/api/v1/datasets?limit=20&cursor={far}"),
        "REST search": get("/api/v1/search?q=水库"),
        "feed": get("/feed.atom"),
        "site map": get("/sitemap.xml", is_streamed=True),
        "site map, a part": get(f"/sitemap-{'a3' if size > 160_000 else 'a'}.xml"),
        "DCAT, first page": get("/catalog.ttl?page=1", is_streamed=True),
        "llms.txt": get("/llms.txt"),
        "events": get("/api/v1/events?limit=100"),
        "events, the newest": get(f"/api/v1/events?since={since}"),
        "DCAT, last page": get(f"/catalog.ttl?page={max(1, size // 100)}", is_streamed=True),
        "deep place": call(lambda _: services.entries.find_place(size * 9 // 10)),
        "control room": call(lambda _: services.control.count_all(SYSTEM)),
        "control, a list": call(lambda _: services.control.list(SYSTEM, "no-contact")),
        "control, one publisher": call(lambda number: services.control.count_all(SYSTEM, f"p{number:03}")),
    }


def measure(services: Services, counted: Counted, size: int, wanted: str, rounds: int) -> None:
    """Print the figures of all pages and calls."""
    client = create_app(services=services).test_client()
    print(f"{'':26} {'p50 ms':>8} {'p95 ms':>8} {'CPU ms':>8} {'SQL':>5} {'SQL ms':>8}")
    for name, ask in list_asked(services, client, size).items():
        if wanted and wanted not in name:
            continue
        ask(0)
        times, spent = [], []
        statements, seconds = counted.statements, counted.seconds
        for number in range(rounds):
            begun, cpu = time.perf_counter(), time.process_time()
            ask(number)
            times.append((time.perf_counter() - begun) * 1000)
            spent.append((time.process_time() - cpu) * 1000)
            if number >= 4 and sum(times) > 20_000:
                break
        done = len(times)
        print(
            f"{name:26} {statistics.median(times):8.1f} {find_share(times, 0.95):8.1f} {statistics.median(spent):8.1f}"
            f" {(counted.statements - statements) / done:5.1f} {(counted.seconds - seconds) * 1000 / done:8.1f}",
            flush=True,
        )


def measure_publication(services: Services, counted: Counted, mark: str) -> None:
    """Print what one more dataset with its first version costs, and what its followers do then."""
    figures = []
    for number in range(PUBLICATIONS):
        name = f"real-{mark}-{number}"
        statements, seconds, cpu = counted.statements, counted.seconds, time.process_time()
        services.datasets.create(SYSTEM, {**_rows.METADATA, "id": name, "title": name, "publisher": "p001"})
        _rows.publish(services, name, 0)
        own = (time.process_time() - cpu, counted.seconds - seconds, counted.statements - statements)
        seconds, cpu = counted.seconds, time.process_time()
        services.public_events.follow()
        figures.append((*own, time.process_time() - cpu, counted.seconds - seconds))
    parts = [statistics.median(part) for part in zip(*figures, strict=True)]
    print(
        f"one publication: {parts[0] * 1000:.0f} ms of CPU, {parts[2]:.0f} statements in {parts[1] * 1000:.0f} ms;"
        f" followers {parts[3] * 1000:.0f} ms of CPU, {parts[4] * 1000:.0f} ms in the database",
        flush=True,
    )


def find_share(times: Sequence[float], share: float) -> float:
    """The time that this share of the requests doesn't exceed."""
    return sorted(times)[min(len(times) - 1, int(len(times) * share))]


def main() -> None:
    """Fill a database step by step and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--to", type=int, action="append", help="a size, such as 1000; more than once for steps")
    parser.add_argument("--versions", type=int, default=2)
    parser.add_argument("--database", default="")
    parser.add_argument("--home", type=Path, help="an instance to keep and go on with")
    parser.add_argument("--only", default="", help="what is measured: a part of its name")
    parser.add_argument("--rounds", type=int, default=SAMPLE)
    parser.add_argument("--no-publications", action="store_true")
    args = parser.parse_args()
    print(describe_machine())
    os.environ.pop("OPENDATA_HOME", None)
    unlimited = {"requests_per_minute": 0, "queries_per_minute": 0, "exports_per_minute": 0, "database_seconds": 0}
    unlimited["page_cache_bytes"] = 0  # what a page costs when it is made
    with tempfile.TemporaryDirectory(prefix="opendata-bench-") as name:
        settings = Settings(home=args.home or Path(name), database_url=args.database, review="none", **unlimited)
        if not (settings.home / "keys").exists():
            create_instance(settings, review="none")
            _rows.begin(build_services(settings), args.versions)
        services = build_services(settings)
        counted = Counted(services)
        for size in args.to or [1_000, 100_000]:
            fill(services, size)
            print(f"\n{size:,} datasets: {dict(_rows.count_rows(services))}, load {os.getloadavg()[0]:.1f}", flush=True)
            begun = time.perf_counter()
            if services.kept_counts.run_due():
                print(f"the worker counted for the control room in {time.perf_counter() - begun:.1f} s")
            if args.rounds:
                measure(services, counted, size, args.only, args.rounds)
            if not args.no_publications:
                measure_publication(services, counted, f"{size}-{int(time.time())}")
            print(f"memory: at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


def fill(services: Services, size: int) -> None:
    """Bring a database and its search index to a size."""
    with services.database.unit() as session:
        query = select(func.count()).where(Dataset.id.like("d%"))
        present = session.scalar(query) or 0
    begun = time.perf_counter()
    if present < size:
        _rows.multiply(services, present, size)
        SearchIndex(services.settings.search_folder).rebuild(_rows.list_documents(size), 1 << 40)
        print(f"filled in {time.perf_counter() - begun:.0f} s", flush=True)


if __name__ == "__main__":
    main()
