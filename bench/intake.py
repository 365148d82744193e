"""Files as departments have them: 1 GB of GB18030 through an instance, workbooks against openpyxl.

The first part measures what an upload costs everyone else: memory of all processes above an idle instance, and how long
other pages take meanwhile. The second reads the same workbooks with openpyxl.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import requests

from bench._machine import PeakMemory, describe_machine, serve_instance
from bench._workbooks import compare_workbooks
from bench.publish import send_file, wait_for

SIZE = 1_000_000_000
SCHEMA = {
    "fields": [
        {"name": "编号", "type": "integer", "constraints": {"required": True, "minimum": 1}},
        {"name": "区划代码", "type": "string", "constraints": {"pattern": "[0-9]{6}"}},
        {"name": "单位名称", "type": "string", "constraints": {"required": True, "maxLength": 60}},
        {"name": "地址", "type": "string"},
        {"name": "登记日期", "type": "date"},
        {"name": "金额", "type": "number", "constraints": {"minimum": 0}},
        {"name": "状态", "type": "string", "constraints": {"enum": ["存续", "注销", "迁出"]}},
    ],
    "primaryKey": ["编号"],
}
PAGES = ("/", "/datasets", "/datasets/large", "/healthz", "/api/v1/datasets")


class Visitor:
    """Somebody who reads pages while the instance works: seconds that each answer took."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._visit, daemon=True)
        self.seconds: list[float] = []

    def __enter__(self) -> Visitor:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _visit(self) -> None:
        session = requests.Session()
        while True:
            for page in PAGES:
                started = time.perf_counter()
                session.get(f"{self._address}{page}").raise_for_status()
                self.seconds.append(time.perf_counter() - started)
                if self._stop.wait(0.05):
                    return


def main() -> None:
    """Run both and print their figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=SIZE // 10**6, help="size of the GB18030 file")
    size = parser.parse_args().megabytes * 10**6
    print(describe_machine())
    with tempfile.TemporaryDirectory(prefix="opendata-bench-") as folder:
        source = Path(folder) / "单位.csv"
        rows = write_source(source, size)
        print(f"{rows:,} rows, {source.stat().st_size / 1e6:.0f} MB of GB18030")
        for line in publish(source, rows):
            print(line)
        source.unlink()
        for line in compare_workbooks(Path(folder)):
            print(line)


def write_source(target: Path, size: int) -> int:
    """Write a table of about `size` bytes; return how many rows it has."""
    states = ("存续", "注销", "迁出")
    rows = 0
    with target.open("w", encoding="gb18030", newline="") as file:
        file.write(",".join(str(field["name"]) for field in SCHEMA["fields"]) + "\r\n")  # type: ignore[index]
        while file.buffer.tell() < size:
            file.writelines(
                f"{n},{110000 + n % 700},第{n % 9973}街道社区卫生服务中心,示例市示范区人民路{n % 991}号{n % 37}单元,"
                f"20{n % 24:02}-{n % 12 + 1:02}-{n % 28 + 1:02},{n % 100_000}.{n % 100:02},{states[n % 3]}\r\n"
                for n in range(rows + 1, rows + 50_001)
            )
            rows += 50_000
    return rows


def publish(source: Path, rows: int) -> Iterator[str]:
    """Upload, check and publish it while somebody reads pages."""
    with serve_instance() as (address, token, root):
        memory = PeakMemory(root)  # its idle value is that of an instance that has done nothing yet
        session = requests.Session()
        session.headers["Authorization"] = f"Bearer {token}"
        api = f"{address}/api/v1"
        for dataset in ("large", "other"):
            body = {"id": dataset, "title": "单位名录", "publisher": "bench"}
            session.post(f"{api}/datasets", json=body).raise_for_status()
        small = source.with_name("small.csv")
        small.write_text("a,b\n1,2\n", encoding="utf-8")
        send(session, address, token, "large", small, {"fields": [{"name": "a"}, {"name": "b"}]})
        with Visitor(address) as visitor:
            time.sleep(10)
        quiet = describe_waits(visitor.seconds)
        with memory, Visitor(address) as visitor:
            started = time.perf_counter()
            send(session, address, token, "other", source, SCHEMA)
            seconds = time.perf_counter() - started
        manifest = session.get(f"{address}/datasets/other/1.0.0/datapackage.json").json()
        if manifest["resources"][0]["opendata"]["rows"] != rows:
            raise SystemExit("rows were lost")
    megabytes = source.stat().st_size / 1e6
    yield f"opendata: {seconds:.0f} s to public, {rows / seconds:,.0f} rows/s, {megabytes / seconds:.0f} MB/s"
    yield f"  memory above idle ({memory.idle / 1e6:.0f} MB): {(memory.peak - memory.idle) / 1e6:.0f} MB (bound: 500)"
    yield f"  other pages meanwhile: {describe_waits(visitor.seconds)} (bound for p95: 300 ms); idle: {quiet}"


def send(session: requests.Session, address: str, token: str, dataset: str, source: Path, schema: object) -> None:
    """Upload a file and wait until it is public."""
    api = f"{address}/api/v1"
    draft = f"{api}/drafts/{send_file(f'{api}/datasets/{dataset}/drafts', token, source, schema)}"  # type: ignore[arg-type]
    wait_for(session, draft, "valid")
    session.post(f"{draft}/submit").raise_for_status()
    wait_for(session, draft, "published")


def describe_waits(seconds: list[float]) -> str:
    """Median, 95th percentile and longest, in milliseconds."""
    cut = statistics.quantiles(seconds, n=20)
    median, p95, longest = (round(value * 1e3) for value in (cut[9], cut[18], max(seconds)))
    return f"median {median} ms, p95 {p95} ms, longest {longest} ms, {len(seconds)} requests"


if __name__ == "__main__":
    main()
