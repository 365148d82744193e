"""Public pages in this process: kept, made again, and unchanged, against a bare Flask view in the same run.

CPU seconds a request by Flask's test client, which calls the application as a web server does, middleware included.
Runs take turns, A B A B, and the best of each side counts. A request that wants a digest gets no kept page, so that it
shows what a page costs that must be made. `--home` names an instance with published data; else one is made of
`datasets/`. Statements are those of a page that is made.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from bench._machine import PROGRAM, describe_machine
from bench._ratios import keep
from opendata.app import create_app
from opendata.settings import read_settings

RUNS = 7
HTML = {"Accept": "text/html,*/*;q=0.8", "Accept-Language": "zh"}
JSON = {"Accept": "application/json", "Accept-Language": "zh"}
MADE = {"Want-Repr-Digest": "none=1"}
BARS = {"kept": 3, "unchanged": 2, "made": 12}


def main() -> None:
    """Make an instance, take turns, print what each page costs and how often that of the bare view."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, help="the folder of an instance with published data")
    parser.add_argument("--requests", type=int, default=60, help="kept pages asked for in each run")
    options = parser.parse_args()
    print(describe_machine())
    print(f"load {os.getloadavg()[0]:.1f}")
    with make_home(options.home) as home:
        settings = {"OPENDATA_HOME": str(home), "OPENDATA_REQUESTS_PER_MINUTE": "1000000"}
        app = create_app(read_settings({**os.environ, **settings}))
        client, bare = app.test_client(), build_bare().test_client()
        name = client.get("/api/v1/datasets", headers=JSON).json["items"][0]["id"]
        pages = {
            "home": ("/", HTML),
            "datasets": ("/datasets", HTML),
            "dataset": (f"/datasets/{name}", HTML),
            "REST list": ("/api/v1/datasets", JSON),
            "REST dataset": (f"/api/v1/datasets/{name}", JSON),
        }
        sides: dict[str, Callable[[], float]] = {"bare": partial(spend, bare, "/bare", {}, options.requests)}
        counts = {}
        for title, (path, headers) in pages.items():
            counts[title] = count_statements(app, client, path, headers)
            tag = client.get(path, headers=headers).headers["ETag"]
            sides[f"{title} kept"] = partial(spend, client, path, headers, options.requests)
            sides[f"{title} unchanged"] = partial(
                spend, client, path, {**headers, "If-None-Match": tag}, options.requests
            )
            sides[f"{title} made"] = partial(spend, client, path, {**headers, **MADE}, max(2, options.requests // 10))
        turns = take_turns(sides)
        best = {name: min(found) for name, found in turns.items()}
        print(f"bare view: {best['bare'] * 1000:.3f} ms of CPU")
        for title in pages:
            figures = (
                f"{kind} {best[f'{title} {kind}'] * 1000:.2f} ms ({ratio(best, title, kind):.1f}x)" for kind in BARS
            )
            print(f"{title}: {', '.join(figures)}; {counts[title]} statements")
        for kind, bar in BARS.items():
            worst = max(ratio(best, title, kind) for title in pages)
            print(f"{kind}: at most {worst:.1f} times the bare view (bar: {bar})")
            for title in pages:
                pairs = zip(turns[f"{title} {kind}"], turns["bare"], strict=True)
                keep(f"page {title}, {kind} / bare view", [page / bare for page, bare in pairs], None, bar)


def ratio(best: Mapping[str, float], title: str, kind: str) -> float:
    """How often the bare view's CPU time a page takes."""
    return best[f"{title} {kind}"] / best["bare"]


def take_turns(sides: Mapping[str, Callable[[], float]]) -> dict[str, list[float]]:
    """Some runs of each side, taken in turns."""
    found: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(RUNS):
        for name, run in sides.items():
            found[name].append(run())
    return found


def spend(client: FlaskClient, path: str, headers: Mapping[str, str], requests: int) -> float:
    """The CPU seconds of a request."""
    begun = time.process_time()
    for _ in range(requests):
        client.get(path, headers=headers, buffered=True)
    return (time.process_time() - begun) / requests


def count_statements(app: Flask, client: FlaskClient, path: str, headers: Mapping[str, str]) -> int:
    """The statements of a page that is made, beginnings of transactions included."""
    engine, found = app.extensions["opendata"].database.engine, []

    def note(_one: object, _cursor: object, statement: str, *_: object) -> None:
        found.append(statement)

    client.get(path, headers={**headers, **MADE})
    event.listen(engine, "before_cursor_execute", note)
    client.get(path, headers={**headers, **MADE})
    event.remove(engine, "before_cursor_execute", note)
    return len(found)


def build_bare() -> Flask:
    """An application with one view that says next to nothing."""
    app = Flask("bare")

    @app.get("/bare")
    def view() -> str:
        return "x"

    return app


@contextlib.contextmanager
def make_home(home: Path | None) -> Iterator[Path]:
    """The folder of an instance: the one given, or a new one with the sample datasets."""
    if home is not None:
        yield home
        return
    with tempfile.TemporaryDirectory(prefix="opendata-pages-") as folder:
        environ = {**os.environ, "OPENDATA_HOME": folder}
        subprocess.run([PROGRAM, "demo", "--no-serve"], env=environ, check=True, stdout=subprocess.DEVNULL)
        yield Path(folder)


if __name__ == "__main__":
    main()
