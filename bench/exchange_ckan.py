"""Searches of the CKAN interface over a large catalogue: what a call costs, from the request to the answer.

The catalogue is made of the words of `tests/search/judged`: entries in the database, and the index. Calls go through
the application, in one process, without a network. Each kind of query is asked many times with changing values; facets
are counted with every one.
"""

from __future__ import annotations

import argparse
import itertools
import os
import random
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from flask.testing import FlaskClient

from bench._machine import describe_machine
from bench.search import find_share
from opendata.db.models import Dataset
from opendata.metadata.properties.code_lists import find_codes
from opendata.search.documents import SearchDocument
from opendata.search.index import SearchIndex
from opendata.services.core.actors import SYSTEM
from opendata.wiring import Services
from tests.instances import lend_app, make_services
from tests.search.judged.catalogue import SEED, Entry, list_subjects, make_entries

FACETS = '["organization", "groups", "tags", "res_format", "license_id"]'
PUBLISHERS = 120
_BATCH = 500
_START = datetime(2020, 1, 1, tzinfo=UTC)
_LICENCES = ("CC-BY-4.0", "CC0-1.0", "ODC-By-1.0", "ODC-PDDL-1.0")

Ask = Callable[[random.Random], Mapping[str, Any]]


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--datasets", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=60, help="how often each kind of query is asked")
    options = parser.parse_args()
    print(f"{describe_machine()}, load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory(prefix="opendata-bench-") as name:
        services = make_services(Path(name) / "instance", requests_per_minute=0)
        fill(services, options.datasets)
        begun = time.process_time()
        index(services, options.datasets)
        print(f"{options.datasets:,} datasets, indexed in {time.process_time() - begun:.0f} s of processor time")
        with lend_app(services) as app:
            measure(app.test_client(), list_kinds(options.datasets), options.rounds)
        services.database.dispose()
    print(f"load at the end {os.getloadavg()[0]:.1f}")


def fill(services: Services, count: int) -> None:
    """Publishers, and datasets that are entries."""
    for number in range(PUBLISHERS):
        services.publishers.ensure(SYSTEM, {"id": f"office-{number:03}", "title": f"第{number}局"})
    rows = make_rows(count)
    while batch := list(itertools.islice(rows, _BATCH)):
        with services.database.unit(write=True) as session:
            session.bulk_save_objects(batch)


def index(services: Services, count: int) -> None:
    """Write the index, with what the worker has in it of each dataset, but for its columns."""

    def describe_all() -> Iterator[SearchDocument]:
        numbered = enumerate(list_entries(count))
        while batch := list(itertools.islice(numbered, _BATCH)):
            facts = services.ckan.read_facts([name_dataset(number) for number, _ in batch])
            for number, entry in batch:
                name = name_dataset(number)
                yield replace(entry.as_document(), id=name, facts=facts[name])

    SearchIndex(services.settings.search_folder).rebuild(describe_all(), 0)


def list_entries(count: int) -> Iterator[Entry]:
    """What datasets are about."""
    return itertools.islice(make_entries(SEED, -(-count // len(list_subjects()))), count)


def name_dataset(number: int) -> str:
    """The id of a dataset."""
    return f"set-{number:06}"


def make_rows(count: int) -> Iterator[Dataset]:
    """Datasets as they are in the database."""
    choose = random.Random(SEED)
    themes = list(find_codes("themes"))
    for number, entry in enumerate(list_entries(count)):
        changed = _START + timedelta(seconds=number * 2_000, microseconds=choose.randrange(10**6))
        yield Dataset(
            id=name_dataset(number),
            uuid=str(UUID(int=choose.getrandbits(128), version=4)),
            publisher_id=f"office-{choose.randrange(PUBLISHERS):03}",
            meta=describe(entry, choose, themes),
            editions=1,
            created=_START,
            modified=changed,
        )


def describe(entry: Entry, choose: random.Random, themes: Sequence[str]) -> Any:
    """The metadata of a dataset."""
    document = entry.as_document()
    texts = document.texts
    return {
        "title": texts["title"][0],
        "description": " ".join(texts.get("description", ())),
        "keywords": [*list(texts.get("keywords", ()))[:4], f"标签{choose.randrange(3_000)}"],
        "licenses": [{"name": choose.choice(_LICENCES)}],
        "updateCycle": choose.choice(("daily", "monthly", "annual")),
        "themes": [choose.choice(themes)],
    }


def list_kinds(count: int) -> Mapping[str, Ask]:
    """Kinds of queries."""
    words = [name for subject in list_subjects().values() for name in subject.names]

    def ask_office(choose: random.Random) -> Mapping[str, Any]:
        return {"fq": f"organization:office-{choose.randrange(PUBLISHERS):03}"}

    def ask_since(choose: random.Random) -> Mapping[str, Any]:
        since = _START + timedelta(seconds=choose.randrange(count) * 2_000)
        return {"fq": f"metadata_modified:[{since:%Y-%m-%dT%H:%M:%SZ} TO *]", "sort": "id asc", "rows": 100}

    return {
        "everything": lambda _: {},
        "a filter": ask_office,
        "two filters": lambda choose: {
            "fq": f"organization:(office-001 OR office-002) -tags:标签{choose.randrange(3000)}"
        },
        "words": lambda choose: {"q": choose.choice(words)},
        "words and a filter": lambda choose: {"q": choose.choice(words), **ask_office(choose)},
        "part of a word": lambda choose: {"q": f"title:{choose.choice(words)[:2]}*"},
        "since, 100 rows": ask_since,
        "deep, 100 rows": lambda choose: {"sort": "id asc", "rows": 100, "start": choose.randrange(count)},
        "by title": lambda _: {"sort": "title_string asc", "start": 100},
        "by title, deep": lambda _: {"sort": "title_string asc", "start": 9_900},
        "inside addresses": lambda choose: {"fq": f"url:*{choose.randrange(10)}*{choose.randrange(10)}*7"},
    }


def measure(client: FlaskClient, kinds: Mapping[str, Ask], rounds: int) -> None:
    """Ask, and print a line for each kind."""
    choose = random.Random(1)
    print(f"\n{'package_search':>20}  found  p50 ms  p95 ms")
    every: list[float] = []
    for name, ask in kinds.items():
        times: list[float] = []
        found = 0
        for number in range(rounds + 3):
            asked = {"facet.field": FACETS, **ask(choose)}
            begun = time.perf_counter()
            answer = client.get("/api/3/action/package_search", query_string=asked)
            took = time.perf_counter() - begun
            if answer.status_code != 200:
                raise SystemExit(answer.text)
            found = answer.get_json()["result"]["count"]
            if number >= 3:  # what is loaded once isn't part of the cost
                times.append(took)
        every += times
        print(f"{name:>20}  {found:6,}  {find_share(times, 50):6.1f}  {find_share(times, 95):6.1f}")
    print(f"{'all':>20}  {'':6}  {find_share(every, 50):6.1f}  {find_share(every, 95):6.1f}")


if __name__ == "__main__":
    main()
