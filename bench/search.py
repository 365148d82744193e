"""Full-text search with facets beside SQLite FTS5: how good the answers are, how fast they come, what indexing costs.

Answers are judged by nDCG@10 on the 1,524 datasets and 300 queries of `tests/search/judged`, on the half that weights
were chosen by and on the half that nobody looked at. Speed is measured on `--datasets` made ones with the judged
queries, each asked of all three in turn, in one process, each with the counts of all facets. Indexing is processor
time of all threads, without the making of the datasets.
"""

from __future__ import annotations

import argparse
import itertools
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from bench._fts5 import TOKENIZERS, Fts5
from bench._machine import describe_machine
from opendata.search.asking import SearchRequest, ask
from opendata.search.documents import SearchDocument
from opendata.search.index import SearchIndex
from opendata.search.synonyms import load_synonyms
from tests.search.judged.catalogue import SEED, list_entries, list_subjects, make_entries
from tests.search.judged.grades import list_queries, score_all

HALVES = ("tuned", "unseen")
TODAY = date(2026, 11, 30)


@dataclass(slots=True)
class Row:
    """What was measured of one engine."""

    quality: Mapping[str, float]
    indexed: float
    """Documents a second of processor time."""
    times: list[float] = field(default_factory=list)
    """Seconds of each query."""
    cpu: list[float] = field(default_factory=list)


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--datasets", type=int, default=100_000, help="up to 1,000,000 and more")
    parser.add_argument("--rounds", type=int, default=3, help="how often each query is asked")
    parser.add_argument("--kinds", action="store_true", help="also nDCG of each kind of query of the tuned half")
    options = parser.parse_args()
    print(f"{describe_machine()}, load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory(prefix="opendata-bench-") as name:
        rows = measure(Path(name), options.datasets, options.rounds, options.kinds)
    print_table(rows, options.datasets)
    print(f"load at the end {os.getloadavg()[0]:.1f}")


def measure(folder: Path, datasets: int, rounds: int, are_kinds_shown: bool) -> Mapping[str, Row]:
    """Quality first, then the speed of all three on the same datasets and queries."""
    rows: dict[str, Row] = {}
    asked: dict[str, Callable[[str], object]] = {}
    judged = [entry.as_document() for entry in list_entries()]
    ours, small = SearchIndex(folder / "ours"), SearchIndex(folder / "judged")
    small.rebuild(judged, 0)
    rows["opendata"] = Row(
        judge(lambda text: find_ours(small, text), are_kinds_shown),
        measure_indexing(lambda documents: ours.rebuild(documents, 0), datasets),
    )
    asked["opendata"] = lambda text: find_ours(ours, text)
    for tokenizer in TOKENIZERS:
        little, peer = Fts5(folder / f"judged-{tokenizer}.db", tokenizer), Fts5(folder / f"{tokenizer}.db", tokenizer)
        little.fill(judged)
        name = f"FTS5 {tokenizer}"
        rows[name] = Row(judge(little.find, are_kinds_shown), measure_indexing(peer.fill, datasets))
        asked[name] = peer.find_with_facets
    texts = [query.text for query in list_queries()]
    for text in texts[::10]:
        for find in asked.values():
            find(text)  # what is loaded once isn't part of the cost
    for text in itertools.chain.from_iterable(itertools.repeat(texts, rounds)):
        for name, find in asked.items():
            begun, cpu = time.perf_counter(), time.process_time()
            find(text)
            rows[name].times.append(time.perf_counter() - begun)
            rows[name].cpu.append(time.process_time() - cpu)
    return rows


def find_ours(index: SearchIndex, text: str) -> Sequence[str]:
    """The ids of the ten best; facets are counted with every answer."""
    searcher = index.open_searcher()
    if searcher is None:
        raise SystemExit("there is no index")
    return [hit.id for hit in ask(searcher, SearchRequest(text=text, limit=10, today=TODAY), load_synonyms()).hits]


def judge(find: Callable[[str], Sequence[str]], are_kinds_shown: bool = False) -> Mapping[str, float]:
    """The mean nDCG@10 of each half."""
    scores = score_all(find, list_queries())
    if are_kinds_shown:
        kinds: dict[str, list[float]] = {}
        for query in list_queries():
            if query.text in scores and query.half == "tuned":
                kinds.setdefault(query.kind, []).append(scores[query.text])
        print("  tuned:", ", ".join(f"{kind} {statistics.mean(found):.2f}" for kind, found in kinds.items()))
    return {
        half: statistics.mean(scores[query.text] for query in list_queries() if query.half == half and query.grades)
        for half in HALVES
    }


def measure_indexing(index: Callable[[Iterable[SearchDocument]], object], datasets: int) -> float:
    """Documents a second of processor time."""
    making = 0.0

    def feed() -> Iterator[SearchDocument]:
        nonlocal making
        per_subject = -(-datasets // len(list_subjects()))
        entries = itertools.islice(make_entries(SEED, per_subject), datasets)
        begun = time.thread_time()
        for entry in entries:
            document = entry.as_document()
            making += time.thread_time() - begun
            yield document
            begun = time.thread_time()

    started = time.process_time()
    index(feed())
    return datasets / (time.process_time() - started - making)


def print_table(rows: Mapping[str, Row], datasets: int) -> None:
    """One line for each engine."""
    print(
        f"\n{datasets:,} datasets        nDCG@10 tuned  unseen  indexed/CPU s  p50 ms  p95 ms  CPU p50  CPU p95"
        "  queries/s  queries/CPU s"
    )
    for name, row in rows.items():
        print(
            f"{name:>22}  {row.quality['tuned']:13.3f}  {row.quality['unseen']:6.3f}  {row.indexed:13,.0f}"
            f"  {find_share(row.times, 50):6.1f}  {find_share(row.times, 95):6.1f}"
            f"  {find_share(row.cpu, 50):7.1f}  {find_share(row.cpu, 95):7.1f}"
            f"  {len(row.times) / sum(row.times):9,.0f}  {len(row.cpu) / sum(row.cpu):13,.0f}"
        )


def find_share(times: Sequence[float], share: int) -> float:
    """A percentile, in milliseconds."""
    return statistics.quantiles(times, n=100)[share - 1] * 1000


if __name__ == "__main__":
    main()
