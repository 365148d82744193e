"""What a mirror of the portal costs: seconds, files and MB of the first run, of one after a change, and of one without.

The datasets are one that was published as anybody would, multiplied in the database and the store (`bench/exchange`).
The peer is a crawler, which asks for everything each time, as the first run does: the ratio is of a run without a
change to that. Memory is the peak of summed PSS over the process tree above idle. With `--folder`, a run that was
killed goes on.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from bench._machine import PeakMemory, describe_machine
from bench.exchange import TEMPLATE, fill
from bench.versions import publish
from opendata.mirror.running import Mirrored, Mirroring
from opendata.services.core.actors import SYSTEM
from opendata.services.core.instance import create_instance
from opendata.settings import Settings
from opendata.storage.signing import Signer
from opendata.storage.store import manifest_key, signature_key
from opendata.wiring import Services, build_services

LIVE = "https://data.example.org"


def sign(services: Services) -> None:
    """Give each manifest that was multiplied its signature."""
    signer, store = Signer(services.settings.key_folder), services.settings.public_folder
    for view in services.datasets.list_recent(10**6):
        place = store / manifest_key(view.id, str(view.latest))
        signature = store / signature_key(manifest_key(view.id, str(view.latest)))
        signature.write_bytes(signer.sign(place.read_bytes()))


def measure(name: str, run: Callable[[], Mirrored]) -> float:
    """Run once and print what it cost; its seconds."""
    start = time.perf_counter()
    with PeakMemory(os.getpid()) as memory:
        done = run()
    seconds = time.perf_counter() - start
    print(
        f"{name}: {seconds:.1f} s, {done.datasets} datasets, {done.written} files ({done.written_bytes / 1e6:.0f} MB)"
        f" written, {done.deleted} deleted; {done.files} files ({done.bytes / 1e6:.0f} MB) in all;"
        f" {(memory.peak - memory.idle) / 1e6:.0f} MB of memory"
    )
    assert not done.failures, done.failures[:3]
    return seconds


def prepare(home: Path, count: int) -> Services:
    """The instance, made once."""
    settings = Settings(home=home, review="none", base_url=LIVE)
    if not (home / "opendata.sqlite").exists():
        create_instance(replace(settings, base_url=""))
        made = build_services(settings)
        made.publishers.ensure(SYSTEM, {"id": "bench", "title": "统计局"})
        made.database.dispose()
        filled = fill(home, count)
        sign(filled)
        filled.database.dispose()
    services = build_services(settings)
    while services.indexing.follow():
        pass
    return services


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--datasets", type=int, default=2000)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--folder", type=Path, help="where instance and mirror are, and stay")
    args = parser.parse_args()
    print(describe_machine())
    with tempfile.TemporaryDirectory(prefix="opendata-bench-") as temporary:
        folder = args.folder or Path(temporary)
        services = prepare(folder / "instance", args.datasets)

        def run() -> Mirrored:
            return Mirroring(services, str(folder / "mirror"), processes=args.processes).run()

        first = measure("first run", run)
        same = measure("without a change", run)
        publish(services, TEMPLATE, 1)
        measure("after one version", run)
        print(f"ratio of a run without a change to the first: {same / first:.3f}")
        services.database.dispose()


if __name__ == "__main__":
    main()
