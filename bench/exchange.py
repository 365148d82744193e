"""What documents of the whole catalogue cost: a portal with 100,000 datasets, made in the database and the store.

`--part dcat` streams `/catalog.ttl`, `.xml`, `.jsonld` and `.nt` from `opendata serve`: time to the first byte, bytes,
processor seconds of the server, and how much its memory grows above idle (peak of summed PSS over the process tree).
`--part tables` makes the snapshot of the catalogue as tables in a process of its own: its processor time, and the most
memory it took above the one in which it began. It is the same for any number of datasets.
The peer builds the same graph with rdflib in pages of 100, as ckanext-dcat does, of 2,000 of the datasets in process;
the ratio is of processor time for one dataset.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from sqlalchemy import insert, select

from bench._machine import PeakMemory, describe_machine, measure_cpu, serve_instance
from bench.versions import publish
from opendata.confined import read_status
from opendata.db.counts import recount
from opendata.db.models import Dataset, Version
from opendata.domain.catalogue.addresses import Addresses
from opendata.exchange.dcat.catalogue import describe_catalogue, describe_entries
from opendata.exchange.dcat.scope import Scope
from opendata.exchange.dcat.writing import FORMS, write_document
from opendata.services.core.actors import SYSTEM
from opendata.settings import Settings
from opendata.storage.store import manifest_key
from opendata.wiring import Services, build_services

TEMPLATE = "d000000"
FOREIGN_PAGE = 100
BLOCK = 1 << 16
BATCH = 5000
METADATA: Mapping[str, Any] = {
    "title": "水库水位",
    "description": "每日 8 时的库水位，由水文站自动测报，包括全市所有大中型水库。",
    "i18n": {"en": {"title": "Reservoir levels", "description": "The level of each reservoir at eight o'clock."}},
    "publisher": "bench",
    "licenses": [{"name": "CC-BY-4.0"}],
    "keywords": ["水库", "水位"],
    "themes": ["生态环保"],
    "languages": ["zh"],
    "updateCycle": "daily",
    "temporal": "2025",
    "spatial": {"code": "410100"},
    "contactPoint": {"name": "信息中心", "telephone": "0371-00000000"},
}


def fill(home: Path, count: int) -> Services:
    """Publish one dataset as anybody would, and multiply its rows and its manifest."""
    services = build_services(Settings(home=home, review="none"))
    services.datasets.create(SYSTEM, {**METADATA, "id": TEMPLATE})
    publish(services, TEMPLATE, 0)
    with services.database.unit() as session:
        row = session.scalars(select(Dataset).where(Dataset.id == TEMPLATE)).one()
        version = session.scalars(select(Version).where(Version.dataset_id == TEMPLATE)).one()
        dataset = {column.key: getattr(row, column.key) for column in Dataset.__table__.columns}
        edition = {
            column.key: getattr(version, column.key) for column in Version.__table__.columns if column.key != "id"
        }
    manifest = json.loads(services.versions.read_manifest(TEMPLATE, edition["version"]))
    for start in range(1, count, BATCH):
        names = [f"d{number:06}" for number in range(start, min(start + BATCH, count))]
        _insert(services, names, dataset, edition)
        for name in names:
            place = home / "store" / manifest_key(name, edition["version"])
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(json.dumps({**manifest, "name": name}, ensure_ascii=False), encoding="utf-8")
    return services


def _insert(services: Services, names: Sequence[str], dataset: Mapping[str, Any], edition: Mapping[str, Any]) -> None:
    rows = [
        {**dataset, "id": name, "uuid": str(uuid.uuid4()), "modified": dataset["modified"] + timedelta(seconds=number)}
        for number, name in enumerate(names)
    ]
    with services.database.unit(write=True) as session:
        session.execute(insert(Dataset), rows)
        session.execute(insert(Version), [{**edition, "dataset_id": name, "draft_id": None} for name in names])
        recount(session)


def fetch(address: str) -> tuple[float, float, int]:
    """Seconds to the first byte and to the last, and bytes."""
    start = time.perf_counter()
    with urlopen(address, timeout=900) as answer:  # noqa: S310 - our own address
        size = len(answer.read(1))
        first = time.perf_counter() - start
        while piece := answer.read(BLOCK):
            size += len(piece)
    return first, time.perf_counter() - start, size


def measure_dcat(address: str, root: int, services: Services, args: argparse.Namespace) -> None:
    """Print the figures of each form, and those of the peer."""
    for suffix in args.form or FORMS:
        fetch(f"{address}/catalog.{suffix}?page=1")
        before = measure_cpu(root)
        with PeakMemory(root) as memory:
            first, last, size = fetch(f"{address}/catalog.{suffix}")
        spent = measure_cpu(root) - before
        print(
            f"catalog.{suffix:<7} first byte {first * 1000:4.0f} ms, all {size / 1e6:6.0f} MB in {last:5.1f} s,"
            f" {spent:5.1f} s of CPU, {(memory.peak - memory.idle) / 1e6:4.0f} MB above {memory.idle / 1e6:.0f} MB",
            flush=True,
        )
    count = min(args.peer, args.datasets)
    scope = Scope(portal=services.portals.get(), addresses=Addresses(address))
    for write in (_write_ours, _write_foreign):  # both have loaded what they need
        write(services, scope, min(count, FOREIGN_PAGE))
    ours = _take(lambda: _write_ours(services, scope, count)) / count
    peer = _take(lambda: _write_foreign(services, scope, count)) / count
    print(
        f"Turtle of {count:,} datasets: ours {ours * 1000:.2f} ms of CPU each, rdflib in pages of {FOREIGN_PAGE}"
        f" {peer * 1000:.2f} ms: ratio {peer / ours:.1f}"
    )


def _take(work: Callable[[], None]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def _write_ours(services: Services, scope: Scope, count: int) -> None:
    pieces = describe_entries(services.entries.iterate(limit=count), scope)
    for _ in write_document([describe_catalogue(scope), *pieces], "ttl"):
        pass


def _write_foreign(services: Services, scope: Scope, count: int) -> None:
    """Pages of 100 as ckanext-dcat makes them: a graph of rdflib for each, written as Turtle."""
    from rdflib import Graph

    after = ""
    for _ in range(0, count, FOREIGN_PAGE):
        page = Scope(portal=scope.portal, addresses=scope.addresses)
        entries = list(services.entries.iterate(after=after, limit=FOREIGN_PAGE))
        after = entries[-1].id
        graph = Graph()
        for piece in [describe_catalogue(page), *describe_entries(entries, page)]:
            for triple in _convert(piece):
                graph.add(triple)
        graph.serialize(format="turtle")


def _convert(piece: Sequence[Any]) -> Iterator[Any]:
    from rdflib import Literal, URIRef

    from opendata.exchange.dcat.vocabulary import Iri, expand

    for subject, predicate, value in piece:
        if isinstance(value, Iri):
            term: Any = URIRef(value.value)
        else:
            datatype = URIRef(expand(value.datatype)) if value.datatype else None
            term = Literal(value.value, lang=value.language or None, datatype=datatype)
        yield URIRef(subject), URIRef(expand(predicate)), term


def measure_tables(address: str, root: int, services: Services, args: argparse.Namespace) -> None:  # noqa: ARG001
    """Print what a snapshot takes."""
    code = "import sys; from bench.exchange import make_snapshot; make_snapshot(sys.argv[1])"
    subprocess.run([sys.executable, "-c", code, str(services.settings.home)], check=True)


def make_snapshot(home: str) -> None:
    """In the process: make the snapshot of an instance."""
    services = build_services(Settings(home=Path(home), review="none"))
    portal = services.portals.get()
    services.entries.count()
    before, start = read_status("VmHWM"), time.process_time()
    services.snapshots.get(portal)
    print(
        f"tables of {services.entries.count():,} datasets: {time.process_time() - start:.1f} s of CPU,"
        f" {(read_status('VmHWM') - before) / 1e6:.0f} MB above {before / 1e6:.0f} MB",
        flush=True,
    )
    services.database.dispose()


PARTS: Mapping[str, Callable[[str, int, Services, argparse.Namespace], None]] = {
    "dcat": measure_dcat,
    "tables": measure_tables,
}


def main() -> None:
    """Fill an instance, serve it, and print the figures of the parts asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", choices=PARTS, action="append")
    parser.add_argument("--datasets", type=int, default=100_000)
    parser.add_argument("--form", choices=FORMS, action="append", help="forms of DCAT, all unless named")
    parser.add_argument("--peer", type=int, default=2000, help="datasets that the peer writes")
    args = parser.parse_args()
    print(describe_machine())
    with tempfile.TemporaryDirectory(prefix="opendata-bench-") as name, serve_instance(Path(name)) as served:
        address, _, root = served
        start = time.perf_counter()
        services = fill(Path(name), args.datasets)
        print(f"{args.datasets:,} datasets made in {time.perf_counter() - start:.0f} s", file=sys.stderr, flush=True)
        for part in args.part or PARTS:
            PARTS[part](address, root, services, args)
        services.database.dispose()


if __name__ == "__main__":
    main()
