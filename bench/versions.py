"""Does a full catalogue cost more than an empty one? 2,000 datasets with five versions each, published one by one.

Printed are the milliseconds that publishing one version takes among the first and among the last, those that the pages
of a dataset and of the catalogue take with some of the versions and with all, and what `rebuild` takes for each half.
The peer is the empty instance itself: ratios near 1 say that nothing grows with the catalogue.
"""

from __future__ import annotations

import argparse
import io
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench._machine import describe_machine
from opendata.app import create_app
from opendata.services.core.actors import SYSTEM
from opendata.services.core.instance import create_instance
from opendata.services.drafts.intake import ResourceOption
from opendata.services.uploads.upload_values import UploadedFile
from opendata.settings import Settings
from opendata.wiring import Services, build_services

SCHEMA = {
    "fields": [{"name": "code", "type": "string"}, {"name": "level", "type": "number"}],
    "primaryKey": ["code"],
}
SAMPLE = 100
PAGES = 30


def publish(services: Services, dataset: str, number: int) -> float:
    """Publish one more version of a dataset; the seconds from the upload to its being public."""
    rows = "".join(f"A{row:03},{row}.5\n" for row in range(20 + number))
    start = time.perf_counter()
    file = UploadedFile("levels.csv", io.BytesIO(f"code,level\n{rows}".encode()))
    option = ResourceOption(file="levels.csv", name="levels", schema=SCHEMA)
    draft, _ = services.drafts.create(SYSTEM, dataset, [file], [option], enqueue=False)
    services.work.run_to_end(draft.id)
    services.drafts.publish_directly(SYSTEM, draft.id)
    services.work.run_to_end(draft.id)
    return time.perf_counter() - start


def measure_pages(services: Services) -> dict[str, float]:
    """Milliseconds of some pages, the median of several."""
    client = create_app(services=services).test_client()
    pages = ("/datasets/d00001", "/datasets/d00001/1.1.0/", "/datasets", "/feed.atom", "/api/v1/datasets?limit=20")

    def take(path: str) -> float:
        start = time.perf_counter()
        answer = client.get(path)
        assert answer.status_code == 200, path
        return (time.perf_counter() - start) * 1000

    return {path: statistics.median(take(path) for _ in range(PAGES)) for path in pages}


def measure_rebuild(home: Path, keep: Callable[[str], bool]) -> tuple[int, float]:
    """How many versions there are in the part of a store that is kept, and the seconds to restore them."""
    with tempfile.TemporaryDirectory(prefix="opendata-bench-") as name:
        other = Path(name)
        shutil.copytree(home / "keys", other / "keys")
        for kind in ("keys", "publishers", "schemas"):
            if (home / "store" / kind).exists():
                shutil.copytree(home / "store" / kind, other / "store" / kind)
        for kind in ("datasets", "entries"):
            for folder in (home / "store" / kind).glob("*/*"):
                if keep(folder.name):
                    shutil.copytree(folder, other / "store" / kind / folder.parent.name / folder.name)
        services = build_services(Settings(home=other, review="none"))
        services.database.migrate()
        start = time.perf_counter()
        found = services.rebuilding.run()
        seconds = time.perf_counter() - start
        services.database.dispose()
        return found.versions, seconds


def main() -> None:
    """Fill an instance and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--datasets", type=int, default=2000)
    parser.add_argument("--versions", type=int, default=5)
    args = parser.parse_args()
    print(describe_machine())
    os.environ.pop("OPENDATA_HOME", None)
    with tempfile.TemporaryDirectory(prefix="opendata-bench-") as name:
        home = Path(name)
        settings = Settings(home=home, review="none")
        create_instance(settings, review="none")
        services = build_services(settings)
        services.publishers.ensure(SYSTEM, {"id": "bench", "title": "Benchmark"})
        times, early = [], None
        for version in range(args.versions):
            for number in range(args.datasets):
                identifier = f"d{number:05}"
                if version == 0:
                    entry = {"id": identifier, "title": f"Dataset {number}", "publisher": "bench"}
                    services.datasets.create(SYSTEM, {**entry, "licenses": [{"name": "CC-BY-4.0"}]})
                times.append(publish(services, identifier, version))
            if version == 1:
                print(f"{len(times):,} versions", flush=True)
                early = measure_pages(services)
        again = [publish(services, f"d{number:05}", args.versions) for number in range(min(SAMPLE, args.datasets))]
        second = times[args.datasets : args.datasets + SAMPLE]
        first, last = (statistics.median(part) * 1000 for part in (second, again))
        total = len(times) + len(again)
        print(
            f"publish one more: {first:.0f} ms early, {last:.0f} ms after {total:,} versions: ratio {last / first:.2f}"
        )
        late = measure_pages(services)
        for path, value in late.items():
            before = (early or late)[path]
            print(f"{path:<28} {before:6.1f} ms at two versions each, {value:6.1f} ms now: ratio {value / before:.2f}")
        services.database.dispose()
        (half, short), (whole, long) = (
            measure_rebuild(home, lambda name, step=step: int(name[1:]) % step == 0) for step in (2, 1)
        )
        rate = (long / whole) / (short / half)
        print(f"rebuild: {half:,} versions {short:.1f} s, {whole:,} versions {long:.1f} s: ratio for each {rate:.2f}")


if __name__ == "__main__":
    main()
