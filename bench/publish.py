"""Upload to public by REST, against programs without a portal: 620,573 rows, then 2,000,000 rows x 11 columns.

Ours runs from the first byte of the POST to `status: published`: receive, validate, profile, canonical CSV, Parquet,
manifest, signature, both stores; the median of three fresh instances. The first peer validates with frictionless 5.21
and writes CSV and Parquet with DuckDB. Of the second table DuckDB only writes Parquet (`COPY`), and checks nothing but
the types.
"""

from __future__ import annotations

import csv
import gzip
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

from bench import validate
from bench._machine import CHECKOUT, PeakMemory, describe_machine, serve_instance
from bench.validate import write_table

ROWS = 620_573
LARGE_ROWS = 2_000_000
RUNS = 3
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


def main() -> None:
    """Run both, print the figures and their ratio."""
    print(describe_machine())
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "villages.csv"
        write_source(source)
        print(f"{ROWS:,} rows, {source.stat().st_size / 1e6:.1f} MB")
        seconds = show(source, SCHEMA, ROWS)
        peer = run_peer([PEER % ROWS, str(source), json.dumps(SCHEMA), folder])
        print(f"frictionless + DuckDB: {peer:.1f} s, {ROWS / peer:,.0f} rows/s")
        print(f"ratio (peer / opendata): {peer / seconds:.2f}")
        large = Path(folder) / "large.csv"
        write_table(large, LARGE_ROWS, 0)
        print(f"\n{LARGE_ROWS:,} rows, {large.stat().st_size / 1e6:.0f} MB")
        seconds = show(large, validate.SCHEMA, LARGE_ROWS)
        peer = statistics.median(run_peer([COPY, str(large), folder]) for _ in range(RUNS))
        print(f"DuckDB COPY: {peer:.1f} s, {LARGE_ROWS / peer:,.0f} rows/s")
        print(f"ratio (opendata / DuckDB): {seconds / peer:.2f}")


def show(source: Path, schema: Mapping[str, Any], rows: int) -> float:
    """Publish a table and print the figures; the seconds it took."""
    seconds = statistics.median(publish(source, schema, rows) for _ in range(RUNS))
    print(f"opendata: {seconds:.1f} s to public, {rows / seconds:,.0f} rows/s")
    memory = publish_watched(source, schema, rows)
    print(f"  memory (PSS of all processes): idle {memory.idle / 1e6:.0f} MB, peak {memory.peak / 1e6:.0f} MB")
    return seconds


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


def publish(source: Path, schema: Mapping[str, Any], rows: int) -> float:
    """Seconds until the table is public on a fresh instance."""
    with serve_instance() as (address, token, _):
        return _publish(address, token, source, schema, rows)


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
    draft = f"{api}/drafts/{send_file(f'{api}/datasets/villages/drafts', token, source, schema)}"
    wait_for(session, draft, "valid")
    session.post(f"{draft}/submit").raise_for_status()
    wait_for(session, draft, "published")
    seconds = time.perf_counter() - started
    manifest = session.get(f"{address}/datasets/villages/1.0.0/datapackage.json").json()
    assert manifest["resources"][0]["opendata"]["rows"] == rows
    return seconds


def send_file(url: str, token: str, source: Path, schema: Mapping[str, Any]) -> str:
    """Send a file as a form, from the disk to the socket; the draft it became."""
    mark = b"--a-boundary"
    part = b'\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n'
    head = b"".join(
        [
            mark + part % (b"schema", b"") + json.dumps(schema).encode() + b"\r\n",
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
    """Poll until the draft is there, not so often that the answers take time from the work."""
    while (found := session.get(draft).json()["status"]) != status:
        if found in ("invalid", "failed"):
            raise SystemExit(f"the draft is {found}")
        time.sleep(0.1)


def run_peer(words: Sequence[str]) -> float:
    """Seconds the peer takes, as a whole process."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", *words], check=True)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
