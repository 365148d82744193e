"""What it costs to be seen: a page's seconds of processor time with and without figures, logs and traces.

The dataset's page and the catalogue's document of REST are asked for in one process, through the whole application.
`bare` is an application whose requests, statements and stores aren't wrapped; `off` the program as it is delivered;
`figures` counts into files that other processes read; `logs` writes a line of JSON for each request besides. The modes
take turns with each request, another one first each time, and the fastest tenth of each mode counts: what else the
machine does only adds. The bar: 1 %.
"""

from __future__ import annotations

import argparse
import gc
import io
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from unittest.mock import patch

from flask import Flask

from bench._machine import describe_machine
from opendata.app import create_app
from opendata.services.core.actors import SYSTEM
from opendata.settings import Settings
from opendata.starting import collect_seldom
from opendata.telemetry import instruments
from opendata.telemetry.logs import set_up_logs
from opendata.telemetry.places import begin_counting, share_figures
from opendata.wiring import build_services

PAGES = ("/datasets/gdp-by-province", "/api/v1/datasets")
CHECKOUT = Path(__file__).resolve().parent.parent
WARMING = 20
HEAD = {"Accept": "text/html,*/*;q=0.8", "Accept-Language": "zh"}


def main() -> None:
    """Measure, and print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=400, help="requests of each page in each mode")
    told = parser.parse_args()
    print(describe_machine())
    with tempfile.TemporaryDirectory() as folder, share_figures():
        settings = Settings(home=Path(folder), review="none", requests_per_minute=0)
        prepare(settings)
        with (
            patch("opendata.app.SeenRequests", lambda application: application),
            patch("opendata.db.session.measure_engine", lambda engine: engine),
            patch("opendata.wiring.context.MeasuredStore", lambda store, _name: store),
        ):
            bare = create_app(settings)
        full = create_app(settings)
        begin_counting("bench")
        collect_seldom()
        gc.freeze()
        for page in PAGES:
            measure(page, bare, full, told.rounds)


def prepare(settings: Settings) -> None:
    """An instance with one dataset."""
    from opendata.services.core.instance import create_instance

    create_instance(settings)
    services = build_services(settings)
    services.schemas.load_folder(SYSTEM, CHECKOUT / "schemas")
    services.imports.import_package(SYSTEM, str(next(CHECKOUT.glob("datasets/*/gdp-by-province"))))
    services.indexing.rebuild()
    services.database.dispose()


def measure(page: str, bare: Flask, full: Flask, rounds: int) -> None:
    """Ask for a page in all modes, one request after the other."""
    registry = instruments.find_registry()
    modes = {"bare": (bare, None, ""), "off": (full, None, ""), "figures": (full, registry, "")}
    modes["figures and logs"] = (full, registry, "json")
    seconds: dict[str, list[float]] = {name: [] for name in modes}
    order = list(modes)
    for number in range(rounds + WARMING):
        order.append(order.pop(0))  # what comes first in a round finds the processor's caches as the last one left them
        for name in order:
            app, counted, log = modes[name]
            client = app.test_client()
            with patch.object(instruments._State, "registry", counted), patch.object(sys, "stderr", io.StringIO()):
                set_up_logs(log)
                begun = time.process_time()
                ask(client, page)
                if number >= WARMING:
                    seconds[name].append(time.process_time() - begun)
    least = find_fast(seconds["bare"])
    for name, found in seconds.items():
        more = find_fast(found) - least
        print(
            f"{page:28} {name:18} {find_fast(found) * 1e3:7.3f} ms of processor time,"
            f" {more * 1e6:+6.0f} µs ({more / least:+.2%})"
        )


def find_fast(seconds: list[float]) -> float:
    """The tenth percentile."""
    return statistics.quantiles(seconds, n=10)[0]


def ask(client: object, page: str) -> None:
    """One answer, read to its end."""
    answer = client.get(page, headers=HEAD)  # type: ignore[attr-defined]
    assert answer.status_code == 200, answer.status_code
    answer.get_data()
    answer.close()


if __name__ == "__main__":
    os.environ.setdefault("LC_ALL", "C.UTF-8")
    main()
