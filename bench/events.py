"""Whether a page of public events, and writing one, cost more of many events than of 5,000.

Events of 1,000 datasets of 500 publishers are written in steps (`--to`, each a number of events), with as many lines of
the audit log. At each step are printed, for each question: milliseconds (half of the requests take less, and 95 of
100), CPU milliseconds of the process, and milliseconds in the database.

With `--database` the rows are in that PostgreSQL, which must be empty at first; without it in SQLite.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import psycopg
from sqlalchemy import func, select, text

from bench import _rows
from bench._machine import describe_machine
from bench.many import Counted, find_share
from opendata.db.models import Event, EventChain, PublicEvent
from opendata.services.core.actors import SYSTEM
from opendata.services.core.instance import create_instance
from opendata.services.core.paging import write_cursor
from opendata.settings import Settings
from opendata.wiring import Services, build_services

DATASETS = 1_000
BATCH = 500_000
RARE = "version.withdrawn"
ROUNDS = 40


def main() -> None:
    """Write events step by step and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--to", type=int, action="append", help="a number of events, such as 5000; more than once")
    parser.add_argument("--database", default="")
    args = parser.parse_args()
    print(describe_machine())
    os.environ.pop("OPENDATA_HOME", None)
    with tempfile.TemporaryDirectory(prefix="opendata-bench-") as name:
        settings = Settings(home=Path(name), database_url=args.database, review="none", database_seconds=0)
        create_instance(settings, review="none")
        services = build_services(settings)
        _rows.begin(services, 1)
        _rows.multiply(services, 1, DATASETS)
        _rows.write_store(services, 1, ROUNDS)
        counted = Counted(services)
        for size in args.to or [5_000, 500_000]:
            _fill(services, size)
            with services.database.unit() as session:
                count = session.scalar(select(func.count()).select_from(PublicEvent))
            print(f"\n{count:,} public events, load {os.getloadavg()[0]:.1f}")
            _measure(services, counted, size)


def _fill(services: Services, size: int) -> None:
    """Copies of the events that are there, in turns of datasets, one in 100,000 of a rare kind; of the log too."""
    is_sqlite = services.database.engine.dialect.name == "sqlite"
    numbers = (
        "(WITH RECURSIVE s(i) AS (SELECT :first UNION ALL SELECT i + 1 FROM s WHERE i < :last) SELECT i FROM s) n"
        if is_sqlite
        else "generate_series(CAST(:first AS integer), CAST(:last AS integer)) AS n(i)"
    )
    with services.database.unit(write=True) as session:
        session.execute(text("DROP TABLE IF EXISTS models"))
        row = "row_number() OVER (ORDER BY id) - 1 AS place"
        session.execute(
            text(f"CREATE TABLE models AS SELECT p.*, {row} FROM public_events p WHERE version IS NOT NULL")
        )
    with services.database.unit() as session:
        begin = 1 + (session.scalar(select(func.max(Event.position))) or 0)
        end = begin + size - (session.scalar(select(func.count()).select_from(PublicEvent)) or 0)
    for first in range(begin, end, BATCH):
        bounds = {"first": first, "last": min(end, first + BATCH) - 1}
        kind = f"CASE WHEN n.i % 100000 = 7 THEN '{RARE}' ELSE m.kind END"
        own = "dataset_uuid, dataset_id, version, publisher_id, schema, details"
        with services.database.unit(write=True) as session:
            session.execute(
                text(
                    f"INSERT INTO public_events (position, at, kind, {own})"
                    f" SELECT n.i, m.at, {kind}, {own} FROM {numbers} JOIN models m ON m.place = n.i % {DATASETS}"
                ),
                bounds,
            )
            session.execute(
                text(
                    "INSERT INTO events (at, actor, verb, subject_kind, subject, details, address, position, digest)"
                    " SELECT m.at, 'editor', 'update', 'dataset', m.dataset_id, m.details, '', n.i, ''"
                    f" FROM {numbers} JOIN models m ON m.place = n.i % {DATASETS}"
                ),
                bounds,
            )
    with services.database.unit(write=True) as session:
        chain = session.scalars(select(EventChain)).one()
        chain.position = session.scalar(select(func.max(Event.position))) or 0
        session.execute(text("UPDATE public_event_progress SET position = :at"), {"at": chain.position})
    if is_sqlite:
        with services.database.unit(write=True) as session:
            session.execute(text("ANALYZE"))
    else:
        with psycopg.connect(services.database.url.replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")


def _list_asked(services: Services, size: int) -> Mapping[str, Callable[[int], object]]:
    def begin_at(place: int) -> str:
        return write_cursor(f"event:{place}")

    def write(number: int) -> None:
        services.datasets.update(SYSTEM, _rows.name_dataset(number), {"description": f"{size} {number}"})
        assert services.public_events.follow() == 1

    events = services.public_events
    return {
        "100, the oldest": lambda _: events.list(limit=100),
        "100, anywhere": lambda number: events.list(since=begin_at(size * number // ROUNDS), limit=100),
        "the newest": lambda _: events.list(since=begin_at(size - 10), limit=100),
        "nothing new": lambda _: events.list(since=begin_at(2 * size), limit=100),
        "100 of a dataset": lambda number: events.list(dataset=_rows.name_dataset(number), limit=100),
        "100 of a publisher": lambda number: events.list(publisher=f"p{number:03}", limit=100),
        "100 of a rare kind": lambda _: events.list(kinds=[RARE], limit=100),
        "one is written": write,
        "the log has nothing old": lambda _: services.checkpoints.tidy(),
    }


def _measure(services: Services, counted: Counted, size: int) -> None:
    print(f"{'':26} {'p50 ms':>8} {'p95 ms':>8} {'CPU ms':>8} {'SQL ms':>8}")
    for name, ask in _list_asked(services, size).items():
        ask(0)
        times, spent = [], []
        seconds = counted.seconds
        for number in range(1, ROUNDS):
            begun, cpu = time.perf_counter(), time.process_time()
            ask(number)
            times.append((time.perf_counter() - begun) * 1000)
            spent.append((time.process_time() - cpu) * 1000)
        said = (statistics.median(times), find_share(times, 0.95), statistics.median(spent))
        database = (counted.seconds - seconds) * 1000 / len(times)
        print(f"{name:26} {said[0]:8.1f} {said[1]:8.1f} {said[2]:8.1f} {database:8.1f}", flush=True)


if __name__ == "__main__":
    main()
