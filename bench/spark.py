"""One machine and a Spark cluster of two workers on this machine, in turns: a table checked, profiled and written.

    python -m bench.spark --rows 50000000 --folder /data/tmp

Prints how far it is every ten seconds, with the memory of all processes and the disk they use. In the end there are
seconds of each, their ratio and what the cluster costs beside, and whether report, profile, findings of personal data
and content are the same. It is broken off after `--minutes`. Needs pyspark and Java.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir

from bench._watching import Watch, end_after
from opendata.outside.spark import open_cluster
from opendata.privacy.detection.screen import PrivacyScreen
from opendata.tables.pieces.joining import check_in_pieces
from opendata.tables.schema.schema import read_schema
from opendata.tables.table import prepare_table
from tests.spark.cluster import find_lack, run_cluster

SCHEMA = {
    "fields": [
        {"name": "id", "type": "integer", "constraints": {"required": True}},
        {"name": "code", "type": "string", "constraints": {"pattern": "[A-Z]{2}[0-9]{4}"}},
        {"name": "name", "type": "string"},
        {"name": "amount", "type": "number", "constraints": {"minimum": 0}},
        {"name": "day", "type": "date"},
        {"name": "ratio", "type": "number"},
    ],
    "primaryKey": ["id"],
}
STEP = 1_000_000
ROW_BYTES, COPIES = 60, 4
"""Bytes of a row, about. The table, its parts in two forms, its keys and what is shuffled take four times as many."""


def write_table(path: Path, rows: int, watch: Watch) -> None:
    """A table of so many rows; each million differs from the others."""
    import numpy as np
    import pyarrow as pa
    from pyarrow import csv

    names = np.array(["北京市海淀区", "上海市", "广州市天河区", "Shenzhen", "a,b"])
    with path.open("wb") as file:
        for start in range(0, rows, STEP):
            count = min(STEP, rows - start)
            drawn = np.random.default_rng(start)
            days = drawn.integers(10_000, 20_000, count).astype("int32")
            table = pa.table(
                {
                    "id": np.arange(start, start + count),
                    "code": [f"AB{number:04}" for number in drawn.integers(0, 10_000, count).tolist()],
                    "name": names[drawn.integers(0, len(names), count)],
                    "amount": np.round(drawn.random(count) * 10_000, 2),
                    "day": pa.array(days).cast(pa.date32()),
                    "ratio": drawn.random(count).round(6),
                }
            )
            options = csv.WriteOptions(include_header=start == 0, quoting_style="needed", quoting_header="none")
            csv.write_csv(table, file, options)
            watch.tell((start + count) / rows)


def main() -> None:
    """Run both in turns and print what they took."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--turns", type=int, default=1)
    parser.add_argument("--folder", type=Path, default=None)
    parser.add_argument("--minutes", type=float, default=20)
    given = parser.parse_args()
    lack = find_lack()
    if lack:
        sys.exit(f"{lack}: nothing is measured")
    needed, free = given.rows * ROW_BYTES * COPIES, shutil.disk_usage(given.folder or gettempdir()).free
    if needed > free:
        sys.exit(f"{needed / 1e9:.1f} GB of disk are needed, {free / 1e9:.1f} GB are free: use another --folder")
    with TemporaryDirectory(dir=given.folder) as name, end_after(given.minutes * 60):
        folder = Path(name)
        watch = Watch(folder)
        source = folder / "table.csv"
        with watch.phase("write the table"):
            write_table(source, given.rows, watch)
        print(f"{given.rows} rows, {source.stat().st_size / 1e6:.0f} MB, load {os.getloadavg()[0]:.1f}", flush=True)
        with run_cluster(folder / "cluster") as url:
            for turn in range(given.turns):
                compare(source, folder / str(turn), url, watch)
        watch.close()


def compare(source: Path, folder: Path, url: str, watch: Watch) -> None:
    """One turn of each. What one machine wrote goes before the cluster begins, but for its digest."""
    import pyarrow.parquet as pq

    schema = read_schema(SCHEMA)
    one_folder, many_folder = folder / "one", folder / "many"
    for place in (one_folder, many_folder):
        place.mkdir(parents=True)
    size = source.stat().st_size
    started = time.monotonic()
    with watch.phase("one machine"):
        one = prepare_table(
            source,
            one_folder,
            name="t",
            schema=schema,
            screen=PrivacyScreen,
            on_bytes=lambda count: watch.tell(count / size),
        )
    single = time.monotonic() - started
    digest = hash_files([one.csv])
    shutil.rmtree(one_folder)
    with open_cluster(url) as runner:
        with watch.phase("session"):
            list(runner.map(str, [1, 2]))
        started = time.monotonic()
        with watch.phase("cluster of 2 workers"):
            many = check_in_pieces(
                source,
                many_folder,
                runner,
                name="t",
                schema=schema,
                writes=True,
                screen=PrivacyScreen,
                on_share=watch.tell,
            )
        cluster = time.monotonic() - started
        parts = [str(part.path) for part in many.parquet]
        with watch.phase("Spark reads the parts"):
            counted = runner.count_rows(parts)
    overhead = cluster - single / 2
    print(f"{many.pieces} pieces; ratio {single / cluster:.2f}, {overhead:.1f} s more than half of one machine's time")
    reports = [found.task.describe() for found in (one, many)]
    for report in reports:
        del report["stats"]["seconds"]
    print("report:", "equal" if reports[0] == reports[1] else "DIFFERS")
    print("profile:", "equal" if list(one.profile) == list(many.profile) else "DIFFERS")
    print("personal data:", "equal" if list(one.privacy) == list(many.privacy) else "DIFFERS")
    print("CSV:", "equal" if digest == hash_files([part.path for part in many.csv]) else "DIFFERS")
    rows = sum(pq.ParquetFile(part).metadata.num_rows for part in parts)
    print(f"Parquet: {len(parts)} parts, {rows} rows; Spark reads {counted} rows", flush=True)
    shutil.rmtree(many_folder)


def hash_files(paths: list[Path]) -> str:
    """The digest of files end to end."""
    found = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            while data := file.read(1 << 20):
                found.update(data)
    return found.hexdigest()


if __name__ == "__main__":
    main()
