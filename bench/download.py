"""A 300 MB file downloaded from `opendata serve`: against nginx with the same bytes, and a bare Flask view.

Throughput and requests per second are what `wrk` (Debian) gets over 32 connections; conditional requests carry the
ETag and are answered with 304, the bare view's by Werkzeug's own `make_conditional` under the same gunicorn. Latency
is the median of ranges of the Parquet file at random places, one after the other over one connection of Python's
`http.client`. Runs alternate between the sides, and the median of three counts.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import requests

from bench._machine import describe_machine, serve_instance
from bench.publish import send_file, wait_for

CLIENTS = 32
RUNS = 3
ROW = 75
"""Bytes in a row of the table, about."""

RANGES = {"64 KiB": 64 * 1024, "1 MiB": 1 << 20, "8 MiB": 8 << 20, "64 MiB": 64 << 20}
SCHEMA = {"fields": [{"name": "n", "type": "integer"}, {"name": "noise", "type": "string"}]}
NGINX = """
worker_processes 2;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
    access_log off;
    sendfile on;
    keepalive_requests 1000000;
    client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
    uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
    server {{ listen 127.0.0.1:{port}; root {folder}/files; }}
}}
"""
BARE = """
import sys
from flask import Flask, Response, request
from gunicorn.app.base import BaseApplication

class Bare(BaseApplication):
    def load_config(self):
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self):
        app = Flask("bare")

        @app.get("/bare")
        def view():
            response = Response("x")
            response.set_etag("a" * 64)
            return response.make_conditional(request)

        return app

options = {"bind": [f"127.0.0.1:{sys.argv[1]}"], "worker_class": "gthread", "preload_app": True, "workers": 2,
           "threads": 8, "loglevel": "warning", "control_socket_disable": True, "worker_tmp_dir": "/dev/shm"}
Bare().run()
"""


def main() -> None:
    """Publish, measure each side, print the figures and their ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=300, help="size of the CSV file")
    parser.add_argument("--seconds", type=int, default=6, help="how long each run of wrk is")
    options = parser.parse_args()
    for program in ("wrk", "nginx"):
        if shutil.which(program) is None:
            raise SystemExit(f"skipped: no {program} here (Debian: apt-get install {program})")
    print(describe_machine())
    with tempfile.TemporaryDirectory(prefix="opendata-download-") as name, serve_instance() as (address, token, _):
        folder = Path(name)
        folder.chmod(0o755)
        source = folder / "noise.csv"
        write_noise(source, options.megabytes * 1_000_000 // ROW)
        publish(address, token, source)
        ours = f"{address}/datasets/noise/1.0.0/noise"
        with serve_nginx(folder, ours) as theirs, serve_bare() as (bare, _):
            compare_throughput(ours, theirs, options.seconds)
            compare_conditions(ours, bare, options.seconds)
            compare_ranges(ours, theirs)


def compare_throughput(ours: str, theirs: str, seconds: int) -> None:
    """The whole CSV file, by all clients at once."""
    sides = {"opendata": f"{ours}.csv", "nginx": f"{theirs}.csv"}
    found = alternate({name: partial(load, url, seconds, "bytes") for name, url in sides.items()})
    for name, rate in found.items():
        print(f"{name}: {rate / 1e6:,.0f} MB/s to {CLIENTS} clients")
    print(f"ratio (opendata / nginx): {found['opendata'] / found['nginx']:.2f} (bar: at least 0.8)")


def compare_conditions(ours: str, bare: str, seconds: int) -> None:
    """Requests for what is in hand already."""
    tags = {url: _find_tag(url) for url in (f"{ours}.csv", bare)}
    sides = {"opendata": f"{ours}.csv", "bare view": bare}
    runs = {name: partial(load, url, seconds, "requests", {"If-None-Match": tags[url]}) for name, url in sides.items()}
    found = alternate(runs)
    for name, rate in found.items():
        print(f"{name}: {rate:,.0f} conditional requests/s")
    print(f"ratio (opendata / bare view): {found['opendata'] / found['bare view']:.2f} (bar: at least 0.5)")


def _find_tag(url: str) -> str:
    """The ETag of the bytes as they are, which is what wrk asks for."""
    return requests.head(url, headers={"Accept-Encoding": "identity"}, timeout=60).headers["ETag"]


def compare_ranges(ours: str, theirs: str) -> None:
    """Ranges of the Parquet file at random places."""
    for label, length in RANGES.items():
        sides = {"opendata": f"{ours}.parquet", "nginx": f"{theirs}.parquet"}
        found = alternate({name: partial(time_ranges, url, length) for name, url in sides.items()})
        ratio = found["opendata"] / found["nginx"]
        times = ", ".join(f"{name} {seconds * 1000:.2f} ms" for name, seconds in found.items())
        print(f"a range of {label}: {times}; ratio {ratio:.2f} (bar: at most 1.5)")


def alternate(sides: Mapping[str, Callable[[], float]]) -> dict[str, float]:
    """The median of some runs of each side, taken in turns."""
    found: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(RUNS):
        for name, run in sides.items():
            found[name].append(run())
    return {name: statistics.median(values) for name, values in found.items()}


def load(url: str, seconds: int, what: str, headers: Mapping[str, str] = {}) -> float:
    """What wrk gets: `bytes` or `requests` per second."""
    words = [word for name, value in headers.items() for word in ("-H", f"{name}: {value}")]
    command = ["wrk", "-t2", f"-c{CLIENTS}", f"-d{seconds}s", "--timeout", "60s", *words, url]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    wrong = re.search(r"Non-2xx or 3xx responses|Socket errors: (?!connect 0, read 0, write 0)", text)
    if wrong:
        raise SystemExit(text)
    if what == "requests":
        return float(re.search(r"Requests/sec:\s+([0-9.]+)", text)[1])  # type: ignore[index]
    size, unit = re.search(r"Transfer/sec:\s+([0-9.]+)([KMG]?)B", text).groups()  # type: ignore[union-attr]
    return float(size) * {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}[unit]


def time_ranges(url: str, length: int) -> float:
    """The median of the seconds a range takes."""
    place = urlsplit(url)
    connection = HTTPConnection(str(place.hostname), place.port)
    connection.request("HEAD", place.path)
    answer = connection.getresponse()
    answer.read()
    size = int(answer.headers["Content-Length"])
    chance, found, buffer = random.Random(1), [], bytearray(1 << 20)
    for _ in range(max(20, min(500, (1 << 30) // length))):
        start = chance.randrange(max(1, size - length))
        began = time.perf_counter()
        connection.request("GET", place.path, headers={"Range": f"bytes={start}-{start + length - 1}"})
        answer = connection.getresponse()
        received = 0
        while count := answer.readinto(buffer):
            received += count
        found.append(time.perf_counter() - began)
        if answer.status != 206 or received != min(length, size - start):
            raise SystemExit(f"{url} answers {answer.status} with {received} bytes")
    connection.close()
    return statistics.median(found)


def write_noise(target: Path, rows: int) -> None:
    """A table that does not compress, so that its Parquet file is large as well."""
    chance = random.Random(1)
    with target.open("w", encoding="ascii") as file:
        file.write("n,noise\n")
        for start in range(0, rows, 10_000):
            file.writelines(f"{n},{chance.getrandbits(264):066x}\n" for n in range(start, min(start + 10_000, rows)))


def publish(address: str, token: str, source: Path) -> None:
    """Upload the table and wait until it is public."""
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {token}"
    api = f"{address}/api/v1"
    session.post(f"{api}/datasets", json={"id": "noise", "title": "噪声", "publisher": "bench"}).raise_for_status()
    draft = f"{api}/drafts/{send_file(f'{api}/datasets/noise/drafts', token, source, SCHEMA)}"
    wait_for(session, draft, "valid")
    session.post(f"{draft}/submit").raise_for_status()
    wait_for(session, draft, "published")


@contextlib.contextmanager
def serve_nginx(folder: Path, ours: str) -> Iterator[str]:
    """An nginx over copies of the published files."""
    files = folder / "files"
    files.mkdir()
    for suffix in ("csv", "parquet"):
        with (
            requests.get(f"{ours}.{suffix}", stream=True, timeout=60) as answer,
            (files / f"noise.{suffix}").open("wb") as out,
        ):
            shutil.copyfileobj(answer.raw, out, 1 << 20)
    port = free_port()
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=port))
    if os.geteuid() == 0:
        shutil.chown(folder, "nobody")
    server = subprocess.Popen(["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")], stderr=subprocess.DEVNULL)
    try:
        wait_port(port)
        yield f"http://127.0.0.1:{port}/noise"
    finally:
        server.terminate()
        server.wait(timeout=30)


@contextlib.contextmanager
def serve_bare() -> Iterator[tuple[str, int]]:
    """A Flask view that answers nothing but conditional requests: its address, the process at the root."""
    port = free_port()
    server = subprocess.Popen([sys.executable, "-c", BARE, str(port)], stderr=subprocess.DEVNULL)
    try:
        wait_port(port)
        yield f"http://127.0.0.1:{port}/bare", server.pid
    finally:
        server.terminate()
        server.wait(timeout=30)


def free_port() -> int:
    """A port nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_port(port: int) -> None:
    """Until somebody listens."""
    for _ in range(300):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.1)
    raise SystemExit(f"nobody listens on port {port}")


if __name__ == "__main__":
    main()
