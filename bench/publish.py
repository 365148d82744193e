"""Upload to public by REST, against programs without a portal: 620,573 rows, then 2,000,000 rows x 11 columns.

Ours runs from the first byte of the POST to `status: published`: receive, validate, profile, canonical CSV, Parquet,
manifest, signature, both stores; each time on a fresh instance. The first peer validates with frictionless 5.21
and writes CSV and Parquet with DuckDB. Of the second table DuckDB only writes Parquet (`COPY`), and checks nothing but
the types.

Ours and the peer take turns, and the figure that counts is the median of their ratios. CPU is that of all processes:
of ours that of the server, its workers and what they have started and ended; of the peer from its start
to its end. `--large` publishes 20,000,000 rows as well, for the memory.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

from bench import validate
from bench._machine import CHECKOUT, PeakMemory, describe_machine, measure_cpu, serve_instance
from bench._ratios import keep
from bench.validate import write_table

ROWS = 620_573
LARGE_ROWS = 2_000_000
HUGE_ROWS = 20_000_000
RUNS = 5
FIRST_PAUSE = 0.1
PAUSE_GROWTH = 1.5
COPY = """
import sys
import duckdb
connection = duckdb.connect()
connection.execute("SET enable_progress_bar=false")
connection.execute(f"COPY (FROM read_csv('{sys.argv[1]}')) TO '{sys.argv[2]}/large.parquet'")
"""
NAMES = ["code", "name", "streetCode", "provinceCode", "cityCode", "areaCode"]
SCHEMA = {
    "fields": [
        {"name": "code", "type": "string", "constraints": {"required": True, "pattern": "[0-9]{12}"}},
        {"name": "name", "type": "string", "constraints": {"required": True}},
        *({"name": name, "type": "string", "constraints": {"pattern": "[0-9]*"}} for name in NAMES[2:]),
    ],
    "primaryKey": ["code"],
}
PEER = """
import json, os, sys
import duckdb
from frictionless import Dialect, Resource, Schema
source, schema, target = sys.argv[1:]
folder, name = os.path.split(source)
resource = Resource(path=name, basepath=folder, schema=Schema.from_descriptor(json.loads(schema)))
resource.dialect = Dialect(header_rows=[1])
report = resource.validate()
assert report.valid and report.tasks[0].stats["rows"] == %d, report
duckdb.sql(f"CREATE TABLE t AS FROM read_csv('{source}', all_varchar=true)")
duckdb.sql(f"COPY t TO '{target}/t.csv'")
duckdb.sql(f"COPY t TO '{target}/t.parquet' (COMPRESSION zstd)")
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run took: seconds of wall time, and of CPU time of all processes."""

    wall: float
    cpu: float


def main() -> None:
    """Run both, print the figures and their ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--only-large", action="store_true", help="leave the first table out")
    parser.add_argument("--large", action="store_true", help="publish 20,000,000 rows too")
    args = parser.parse_args()
    print(describe_machine())
    with tempfile.TemporaryDirectory() as folder:
        if not args.only_large:
            source = Path(folder) / "villages.csv"
            write_source(source)
            peer = [PEER % ROWS, str(source), json.dumps(SCHEMA), folder]
            compare(source, SCHEMA, ROWS, peer, "frictionless + DuckDB", args.runs)
        large = Path(folder) / "large.csv"
        write_table(large, LARGE_ROWS, 0)
        compare(large, validate.SCHEMA, LARGE_ROWS, [COPY, str(large), folder], "DuckDB COPY", args.runs)
        if args.large:
            write_table(large, HUGE_ROWS, 0)
            print(f"\n{HUGE_ROWS:,} rows, {large.stat().st_size / 1e6:.0f} MB")
            cost = publish(large, validate.SCHEMA, HUGE_ROWS)
            print(f"opendata: {cost.wall:.1f} s to public, {cost.cpu:.1f} s CPU")
            show_memory(large, validate.SCHEMA, HUGE_ROWS)


def compare(source: Path, schema: Mapping[str, Any], rows: int, words: Sequence[str], name: str, runs: int) -> None:
    """Publish a table and have a peer do its part, by turns; print both and the medians of their ratios."""
    print(f"\n{rows:,} rows, {source.stat().st_size / 1e6:.1f} MB, load {os.getloadavg()[0]:.1f}")
    ours, peers = [], []
    for _ in range(runs):
        ours.append(publish(source, schema, rows))
        peers.append(run_peer(words))
    for said, costs in (("opendata, to public", ours), (name, peers)):
        wall, cpu = statistics.median(item.wall for item in costs), statistics.median(item.cpu for item in costs)
        print(f"{said}: {wall:.1f} s, {rows / wall:,.0f} rows/s, {cpu:.2f} s CPU")
    pairs = list(zip(ours, peers, strict=True))
    walls = [own.wall / peer.wall for own, peer in pairs]
    print(keep(f"upload to public, {rows:,} rows / {name}", [own.cpu / peer.cpu for own, peer in pairs], walls, 1.1))
    least = min(item.cpu for item in ours) / min(item.cpu for item in peers)
    print(f"of the least of each: {least:.2f}")
    print(f"load {os.getloadavg()[0]:.1f}")
    show_memory(source, schema, rows)


def show_memory(source: Path, schema: Mapping[str, Any], rows: int) -> None:
    """Publish a table again, and print what memory that took."""
    memory = publish_watched(source, schema, rows)
    idle, peak = memory.idle / 1e6, memory.peak / 1e6
    print(f"  memory (PSS of all processes): idle {idle:.0f} MB, peak {peak:.0f} MB, above idle {peak - idle:.0f} MB")


def write_source(target: Path) -> None:
    """The villages table of the collected real data, or one of its size and shape."""
    real = CHECKOUT.parent / "shared/realdata/chinese/admin-divisions/villages.csv.gz"
    if real.exists():
        with gzip.open(real) as packed, target.open("wb") as file:
            shutil.copyfileobj(packed, file)
        return
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(NAMES)
        for number in range(ROWS):
            code = f"{110101001001 + number}"
            writer.writerow([code, f"第{number}社区居委会", code[:9], code[:2], code[:4], code[:6]])


DECISIONS = {
    "columns": [
        {"field": name, "treatment": "not-personal", "reason": "fictitious"} for name in ("name", "address", "phone")
    ]
}
"""The large table looks like addresses and telephone numbers, and is made up."""


def publish(source: Path, schema: Mapping[str, Any], rows: int) -> Cost:
    """What it takes until the table is public on a fresh instance."""
    with serve_instance() as (address, token, root):
        before = measure_cpu(root)
        wall = _publish(address, token, source, schema, rows)
        return Cost(wall, measure_cpu(root) - before)


def publish_watched(source: Path, schema: Mapping[str, Any], rows: int) -> PeakMemory:
    """The memory of all processes meanwhile, in a run of its own: looking at it takes half a core."""
    with serve_instance() as (address, token, root), PeakMemory(root) as memory:
        _publish(address, token, source, schema, rows)
    return memory


def _publish(address: str, token: str, source: Path, schema: Mapping[str, Any], rows: int) -> float:
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {token}"
    api = f"{address}/api/v1"
    body = {"id": "villages", "title": "村级区划", "publisher": "bench"}
    session.post(f"{api}/datasets", json=body).raise_for_status()
    started = time.perf_counter()
    decisions = None if schema is SCHEMA else DECISIONS
    draft = f"{api}/drafts/{send_file(f'{api}/datasets/villages/drafts', token, source, schema, decisions)}"
    wait_for(session, draft, "valid")
    session.post(f"{draft}/submit").raise_for_status()
    wait_for(session, draft, "published")
    seconds = time.perf_counter() - started
    manifest = session.get(f"{address}/datasets/villages/1.0.0/datapackage.json").json()
    assert manifest["resources"][0]["opendata"]["rows"] == rows
    return seconds


def send_file(
    url: str, token: str, source: Path, schema: Mapping[str, Any], decisions: Mapping[str, Any] | None = None
) -> str:
    """Send a file as a form, from the disk to the socket; the draft it became."""
    mark = b"--a-boundary"
    part = b'\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n'
    options = [{"file": source.name, "schema": schema, "decisions": decisions}] if decisions else []
    said = (b"resources", options) if options else (b"schema", schema)
    head = b"".join(
        [
            mark + part % (said[0], b"") + json.dumps(said[1]).encode() + b"\r\n",
            mark + part % (b"file", f'; filename="{source.name}"'.encode()),
        ]
    )
    tail = b"\r\n" + mark + b"--\r\n"
    place = urlsplit(url)
    connection = HTTPConnection(str(place.hostname), place.port)
    connection.putrequest("POST", place.path)
    connection.putheader("Authorization", f"Bearer {token}")
    connection.putheader("Content-Type", "multipart/form-data; boundary=a-boundary")
    connection.putheader("Content-Length", str(len(head) + source.stat().st_size + len(tail)))
    connection.endheaders(head)
    with source.open("rb") as file:
        connection.sock.sendfile(file)
    connection.send(tail)
    answer = connection.getresponse()
    body = json.loads(answer.read())
    if answer.status != 202:
        raise SystemExit(f"{answer.status}: {body}")
    connection.close()
    return str(body["id"])


def wait_for(session: requests.Session, draft: str, status: str) -> None:
    """Poll until the draft is there, ever more seldom up to what `Retry-After` says: an answer takes CPU time too."""
    pause = FIRST_PAUSE
    while (found := (answer := session.get(draft)).json()["status"]) != status:
        if found in ("invalid", "failed"):
            raise SystemExit(f"the draft is {found}")
        time.sleep(pause)
        pause = min(PAUSE_GROWTH * pause, float(answer.headers.get("Retry-After", pause)))


def run_peer(words: Sequence[str]) -> Cost:
    """What the peer takes, as a whole process."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([sys.executable, "-c", *words], check=True)
    wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    return Cost(wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


if __name__ == "__main__":
    main()
