"""The screen for personal data: what it finds in made tables, and what it costs beside plain reading.

Prints recall and precision of each kind, in cells, over tables whose columns are called A, B, C; no real person is in
them. The cost is processor time on the 2,000,000 rows x 11 columns of `bench.validate`: the screen of the typed table,
as it is called when a table is checked, and of the same table as text alone; beside pyarrow reading it as text. Both
sides alternate in one process; the ratio is the median of `--runs`. `--seed` repeats a run, `--rows` makes it quicker.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import csv

from bench._machine import describe_machine
from bench.validate import SCHEMA, write_table
from opendata.domain.privacy import Kind
from opendata.domain.schema import Field
from opendata.privacy.detection.screen import PrivacyScreen
from opendata.tables.types.registry import arrow_type
from tests.privacy.corpora import make_corpus, score_corpus

TARGETS = {
    Kind.RESIDENT_ID: 0.99,
    Kind.BANK_CARD: 0.99,
    Kind.MOBILE: 0.99,
    Kind.LANDLINE: 0.99,
    Kind.NAME: 0.95,
    Kind.ADDRESS: 0.90,
}
"""The least recall of a kind; the least precision of all is 0.97."""

BLOCK_BYTES = 4 * 1024 * 1024
FIELDS = [Field.from_json(item) for item in SCHEMA["fields"]]


def main() -> None:
    """Print recall and precision, then the cost."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(4)))
    parser.add_argument("--tables", type=int, default=600)
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--runs", type=int, default=7)
    options = parser.parse_args()
    print(describe_machine())
    measure_quality(options.seed, options.tables)
    measure_cost(options.rows, options.runs)


def measure_quality(seed: int, tables: int) -> None:
    """Recall and precision of every kind on made tables, with what was missed and what was a false alarm."""
    print(f"\nseed {seed}, {tables} tables, columns called A, B, C")
    corpus = [table.hide_names() for table in make_corpus(seed, tables)]
    for kind, score in score_corpus(corpus).items():
        if not score.columns:
            continue
        wanted = TARGETS.get(kind)
        target = f" (target {wanted})" if wanted else ""
        print(
            f"  {kind.value}: {score.columns} columns, {score.cells + score.missed_cells:,} cells, "
            f"recall {score.recall:.4f}{target}, precision {score.precision:.4f}, "
            f"columns missed {len(score.missed)}, false {len(score.false)}"
        )


def measure_cost(rows: int, runs: int) -> None:
    """The processor time of the screen and of pyarrow's reading, alternating, and the median of their ratios."""
    with tempfile.TemporaryDirectory(prefix="opendata-bench-") as name:
        path = Path(name) / "table.csv"
        write_table(path, rows, 0)
        print(f"\n{rows:,} rows x {len(FIELDS)} columns, {path.stat().st_size / 1e6:.0f} MB")
        texts = dict.fromkeys((item.name for item in FIELDS), pa.string())
        types = {item.name: arrow_type(item) for item in FIELDS}
        tables = {"typed": read_table(path, types), "all text": read_table(path, texts)}
        for batches in tables.values():
            screen_table(batches[:2])  # what is loaded once isn't part of the cost
        times: dict[str, list[float]] = {title: [] for title in ("reading", *tables)}
        for _ in range(runs):
            times["reading"].append(measure_cpu(lambda: stream_table(path, texts)))
            for title, batches in tables.items():
                times[title].append(measure_cpu(lambda batches=batches: screen_table(batches)))
        for title, found in times.items():
            print(f"  {title}: {statistics.median(found):.3f} s of processor time")
        for title in tables:
            ratios = [ours / theirs for ours, theirs in zip(times[title], times["reading"], strict=True)]
            print(
                f"  ratio (screen of the table, {title} / pyarrow reading it as text): {statistics.median(ratios):.2f}"
            )


def read_table(path: Path, types: dict[str, Any]) -> Sequence[pa.RecordBatch]:
    """The whole table in memory, in batches as large as those of the check."""
    convert = csv.ConvertOptions(column_types=types, strings_can_be_null=False)
    batches: Sequence[pa.RecordBatch] = csv.read_csv(
        path, csv.ReadOptions(block_size=BLOCK_BYTES), convert_options=convert
    ).to_batches()
    return batches


def stream_table(path: Path, types: dict[str, Any]) -> int:
    """Read the table as text, batch by batch, and keep nothing."""
    convert = csv.ConvertOptions(column_types=types, strings_can_be_null=False)
    return sum(batch.num_rows for batch in csv.open_csv(path, convert_options=convert))


def screen_table(batches: Sequence[pa.RecordBatch]) -> int:
    """Screen a table; how many findings there are."""
    screen = PrivacyScreen("table", FIELDS)
    for batch in batches:
        screen.take(batch)
    return len(screen.list())


def measure_cpu(work: Callable[[], int]) -> float:
    """The processor seconds that some work takes, of all threads of this process."""
    started = time.process_time()
    work()
    return time.process_time() - started


if __name__ == "__main__":
    main()
