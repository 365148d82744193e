"""What the site map and `data.json` of 100,000 datasets cost, and whether the site map is right.

The datasets are entries with versions in the index and no files. Printed are seconds to the first byte and to the last,
the size, and how much memory the process grew by while it sent the document. The site map is read by lxml: each
address must be there once, with the moment of its last change, in files of at most 50,000.
"""

from __future__ import annotations

import argparse
import gc
import json
import resource
import tempfile
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from flask import Flask
from lxml import etree
from sqlalchemy import insert

from bench._machine import describe_machine
from opendata.app import create_app
from opendata.db.models import Dataset, Version
from opendata.exchange.sitemap.sitemaps import MOST_ADDRESSES
from opendata.services.core.actors import SYSTEM
from opendata.services.core.instance import create_instance
from opendata.settings import Settings
from opendata.wiring import Services, build_services

DATASETS = 100_000
PUBLISHERS = 50
BATCH = 5000
START = datetime(2020, 1, 1, tzinfo=UTC)
BASE = "https://data.example.org"
S = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


def fill(services: Services, count: int) -> dict[str, datetime]:
    """Put entries into the index; each with the moment of its last change."""
    for number in range(PUBLISHERS):
        services.publishers.ensure(SYSTEM, {"id": f"office-{number}", "title": f"第 {number} 局"})
    changes: dict[str, datetime] = {}
    for start in range(0, count, BATCH):
        rows, versions = [], []
        for number in range(start, min(start + BATCH, count)):
            name, modified = f"d{number:06}", START + timedelta(minutes=number * 7919 % 3_000_000)
            changed = modified + timedelta(hours=number % 3 - 1)
            changes[name] = max(modified, changed)
            rows.append(_make_dataset(name, number, modified))
            versions.append(_make_version(name, modified, changed))
        with services.database.unit(write=True) as session:
            session.execute(insert(Dataset), rows)
            session.execute(insert(Version), versions)
    return changes


def _make_dataset(name: str, number: int, modified: datetime) -> dict[str, object]:
    title = f"数据集 {number}"
    meta = {
        "title": title,
        "description": "每日更新的数据，" * 12,
        "keywords": ["水", "路", f"词{number % 1000}"],
        "licenses": [{"name": "CC-BY-4.0"}],
        "updateCycle": "monthly",
        "temporal": "2025",
    }
    return {
        "id": name,
        "uuid": str(uuid.UUID(int=number)),
        "publisher_id": f"office-{number % PUBLISHERS}",
        "meta": meta,
        "title": title,
        "attribute": "open",
        "head": "1.0.0",
        "editions": 1,
        "created": START,
        "modified": modified,
    }


def _make_version(name: str, published: datetime, changed: datetime) -> dict[str, object]:
    return {
        "dataset_id": name,
        "version": "1.0.0",
        "manifest": "0" * 64,
        "created": published,
        "published": published,
        "changed": changed,
        "reasons": [],
        "resources": 1,
        "rows": 10,
        "bytes": 100,
    }


def take(app: Flask, path: str) -> bytes:
    """A document, and what it cost."""
    gc.collect()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    answer = app.test_client().get(path, base_url=BASE)
    assert answer.status_code == 200, path
    pieces: Iterator[bytes] = answer.iter_encoded()
    found = [next(pieces)]
    first = time.perf_counter() - start
    size = len(found[0])
    for piece in pieces:
        size += len(piece)
        found.append(piece)
    whole = time.perf_counter() - start
    grown = max(0, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024 - size / 1_048_576
    print(f"{path:16} first byte {first:6.3f} s, all {whole:6.2f} s, {size / 1e6:7.1f} MB, grown by {grown:5.0f} MB")
    return b"".join(found)


def read_places(data: bytes) -> dict[str, str]:
    """Address → moment of a site map."""
    return {item.findtext(f"{S}loc"): item.findtext(f"{S}lastmod") for item in etree.fromstring(data)}


def check_sitemap(app: Flask, changes: dict[str, datetime]) -> None:
    """Compare the site map with what is in the index."""
    index = read_places(take(app, "/sitemap.xml"))
    parts = [index]
    if len(changes) >= MOST_ADDRESSES:
        parts = [read_places(take(app, address.removeprefix(BASE))) for address in index]
        assert [max(filter(None, part.values())) for part in parts] == list(index.values())
    assert all(len(part) <= MOST_ADDRESSES for part in parts)
    places = [(address, changed) for part in parts for address, changed in part.items() if "/datasets/" in address]
    wanted = [(f"{BASE}/datasets/{name}", f"{moment:%Y-%m-%dT%H:%M:%SZ}") for name, moment in sorted(changes.items())]
    assert places == wanted
    print(f"{len(parts)} files with {sum(map(len, parts))} addresses, each dataset once with its last change")


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--datasets", type=int, default=DATASETS)
    count = parser.parse_args().datasets
    print(describe_machine())
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(home=Path(folder) / "instance", base_url=BASE, review="none")
        create_instance(settings, review="none")
        services = build_services(settings)
        changes = fill(services, count)
        app = create_app(services=services)
        check_sitemap(app, changes)
        assert len(json.loads(take(app, "/data.json"))["dataset"]) == count
        services.database.dispose()


if __name__ == "__main__":
    main()
