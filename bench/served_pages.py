"""Public pages from `opendata serve` against a bare Flask view under the same gunicorn, in the same run.

CPU seconds of all processes of each server for a request, over one connection. What a server takes while
nobody asks is taken off. A request that wants a digest gets no kept page, so that it shows what a page costs that must
be made. Runs take turns. `bench.pages` measures the same without a web server, where a bare view costs a fourth.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

from bench._machine import PROGRAM, describe_machine, measure_cpu
from bench._ratios import keep
from bench.download import free_port, serve_bare, wait_port
from bench.pages import BARS, HTML, JSON, MADE, make_home, take_turns

IDLE_SECONDS = 5.0


class Served:
    """A server, asked over one connection."""

    def __init__(self, address: str, root: int) -> None:
        self._connection = HTTPConnection(urlsplit(address).netloc)
        self._root = root
        self.ask("/")
        before = measure_cpu(root)
        time.sleep(IDLE_SECONDS)
        self._connection.close()  # it was idle for so long that the server has closed it
        self._idle = (measure_cpu(root) - before) / IDLE_SECONDS

    def ask(self, path: str, headers: Mapping[str, str] | None = None) -> Mapping[str, str]:
        """Ask and read to the end; the headers of the answer."""
        self._connection.request("GET", path, headers=dict(headers or {}))
        with self._connection.getresponse() as answer:
            answer.read()
            return dict(answer.headers)

    def spend(self, path: str, headers: Mapping[str, str], requests: int) -> float:
        """The CPU seconds of a request."""
        self._connection.close()
        before, begun = measure_cpu(self._root), time.monotonic()
        for _ in range(requests):
            self.ask(path, headers)
        spent = measure_cpu(self._root) - before - self._idle * (time.monotonic() - begun)
        return max(spent, 0.0) / requests


def main() -> None:
    """Serve both, take turns, print what each page costs and how often that of the bare view."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=1000, help="kept pages asked for in each run")
    options = parser.parse_args()
    print(describe_machine())
    print(f"load {os.getloadavg()[0]:.1f}")
    with make_home(None) as home, serve(home) as (address, root), serve_bare() as (bare_address, bare_root):
        ours, bare = Served(address, root), Served(bare_address, bare_root)
        name = "province-codes"
        pages = {
            "home": ("/", HTML),
            "datasets": ("/datasets", HTML),
            "dataset": (f"/datasets/{name}", HTML),
            "REST list": ("/api/v1/datasets", JSON),
            "REST dataset": (f"/api/v1/datasets/{name}", JSON),
        }
        sides = {"bare": partial(bare.spend, urlsplit(bare_address).path, {}, options.requests)}
        for title, (path, headers) in pages.items():
            tag = {"If-None-Match": ours.ask(path, headers)["ETag"]}
            sides[f"{title} kept"] = partial(ours.spend, path, headers, options.requests)
            sides[f"{title} unchanged"] = partial(ours.spend, path, {**headers, **tag}, options.requests)
            sides[f"{title} made"] = partial(ours.spend, path, {**headers, **MADE}, options.requests // 10)
        turns = take_turns(sides)
        print(f"bare view: {min(turns['bare']) * 1000:.2f} ms of CPU")
        for title in pages:
            for kind, bar in BARS.items():
                pairs = zip(turns[f"{title} {kind}"], turns["bare"], strict=True)
                found = [page / view for page, view in pairs]
                print(keep(f"page {title}, {kind}, served / bare view, served", found, None, bar))


@contextlib.contextmanager
def serve(home: Path) -> Iterator[tuple[str, int]]:
    """Serve an instance; its address and the process at the root."""
    port = free_port()
    environ = {**os.environ, "OPENDATA_HOME": str(home), "OPENDATA_REQUESTS_PER_MINUTE": "10000000"}
    with tempfile.TemporaryFile() as log:
        server = subprocess.Popen([PROGRAM, "serve", "--port", str(port)], env=environ, stdout=log, stderr=log)
        try:
            wait_port(port)
            time.sleep(2 * IDLE_SECONDS)
            yield f"http://127.0.0.1:{port}", server.pid
        finally:
            server.terminate()
            server.wait(timeout=30)


if __name__ == "__main__":
    main()
