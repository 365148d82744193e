"""The index of columns: what it costs to make, how large it is, how fast it finds a value, how far off it is.

Three parts, each in one process:
- A table of 1,000,000 rows x 10 columns (codes, names, regions, kinds, days, numbers, amounts, streets) is sketched.
- A value is looked for in many small tables, through the index and then in the Parquet files that it names. The peer is
  DuckDB, which asks every column of all files, as one must without an index.
- Shares of keys are estimated for pairs of columns of many sizes, and counted exactly.

`--rows`, `--tables` and `--asked` make it smaller.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from bench._machine import describe_machine
from opendata.domain.schema import Field, TableSchema
from opendata.search.columns.asking import find_candidates, read_wanted
from opendata.search.columns.entries import ColumnEntry, FoundColumn, TableEntry
from opendata.search.columns.filters import PAGE_BYTES
from opendata.search.columns.index import FILE, ColumnIndex
from opendata.search.columns.joining import find_margin, measure_overlap
from opendata.search.columns.looking import count_value
from opendata.search.columns.sketches import ColumnSketch, sketch_columns

HAN = [chr(code) for code in range(0x4E00, 0x9000)]
TYPES = {
    "code": "string",
    "name": "string",
    "region": "string",
    "kind": "string",
    "day": "date",
    "number": "integer",
    "small": "integer",
    "double": "number",
    "amount": "number",
    "street": "string",
}


def make_table(chance: random.Random, rows: int) -> pa.Table:
    """A table of the columns of a register."""
    regions = [str(code) for code in range(110_000, 820_000, 10_000)]

    def list_values(make: Callable[[], Any]) -> list[Any]:
        return [make() for _ in range(rows)]

    return pa.table(
        {
            "code": list_values(lambda: f"91110000{chance.randrange(10**10):010}"),
            "name": list_values(lambda: "".join(chance.choices(HAN, k=8))),
            "region": list_values(lambda: chance.choice(regions)),
            "kind": list_values(lambda: chance.choice("甲乙丙丁")),
            "day": pa.array(list_values(lambda: chance.randrange(20_000)), pa.date32()),
            "number": list_values(lambda: chance.randrange(10**9)),
            "small": list_values(lambda: chance.randrange(100)),
            "double": list_values(chance.random),
            "amount": pa.array(list_values(lambda: chance.randrange(10**7))).cast(pa.decimal128(38, 2)),
            "street": list_values(lambda: f"{chance.choice(['人民路', '解放路', 'Main ST'])}{chance.randrange(3000)}"),
        }
    )


def list_fields(names: Sequence[str]) -> Sequence[Field]:
    """The fields of columns."""
    return TableSchema({"fields": [{"name": name, "type": TYPES.get(name, "string")} for name in names]}).fields


def measure_making(chance: random.Random, folder: Path, rows: int) -> None:
    """Sketch one large table."""
    path = folder / "large.parquet"
    pq.write_table(make_table(chance, rows), path, compression="zstd", row_group_size=122_880)
    seconds, clock = time.process_time(), time.perf_counter()
    sketches = list(sketch_columns(path, list_fields(list(TYPES))))
    seconds, clock = time.process_time() - seconds, time.perf_counter() - clock
    kept = sum(len(item.bits) + len(item.sample) for item in sketches)
    size = path.stat().st_size
    print(f"sketching {rows:,} x {len(TYPES)}: {seconds:.2f} s of the processor, {clock:.2f} s;", end=" ")
    print(f"{seconds / (rows * len(TYPES) / 1e6):.2f} s per million cells")
    print(f"kept: {kept / 1e6:.1f} MB, {kept / size:.2f} of the Parquet file ({size / 1e6:.1f} MB)")


def measure_finding(chance: random.Random, folder: Path, tables: int, asked: int) -> None:
    """Look for values in many tables."""
    index = ColumnIndex(folder / "index")
    names, places, wanted = list(TYPES), {}, []
    seconds = time.process_time()
    with index.write() as writer:
        for number in range(tables):
            table, name = make_table(chance, 300), f"t{number}"
            places[name] = folder / f"{name}.parquet"
            pq.write_table(table, places[name], compression="zstd")
            if number % max(1, tables // asked) == 0:
                wanted += [table.column(column)[7].as_py() for column in ("code", "name")]
            columns = [ColumnEntry(name=column, type=TYPES[column], words=column) for column in names]
            entry = TableEntry(
                dataset=name, version="1.0.0", resource="t", rows=300, schema="", mark=name, columns=columns
            )
            writer.replace(name, [entry], lambda entry: sketch_columns(places[entry.dataset], list_fields(names)))
    seconds = time.process_time() - seconds
    size = (folder / "index" / FILE).stat().st_size
    print(
        f"\n{tables:,} tables x {len(names)} columns: indexed in {seconds:.1f} s of the processor with making them,",
        end=" ",
    )
    print(f"{size / 1e6:.1f} MB")
    times, looks, rows = [], 0, 0
    for value in wanted:
        clock = time.process_time()
        with index.read() as connection:
            candidates = find_candidates(connection, read_wanted(value) or _fail(), (-1, -1))
            found = [item for item in candidates if isinstance(item, FoundColumn)]
        for column in found:
            rows += sum(count_value(places[column.dataset], column, read_wanted(value) or _fail()).values())
        looks += len(found)
        times.append(time.process_time() - clock)
    assert rows >= len(wanted)
    print(f"finding a value: {describe_times(times)} of the processor;", end=" ")
    print(f"{looks / len(wanted):.2f} files read for each, {rows} rows found")
    connection, theirs = duckdb.connect(), []
    for value in wanted[:5]:
        clock = time.process_time()
        texts = " OR ".join(f"CAST({name} AS VARCHAR) = $1" for name in names)
        query = f"SELECT count(*) FROM read_parquet('{folder}/t*.parquet') WHERE {texts}"
        assert connection.execute(query, [value]).fetchone()[0]  # type: ignore[index]
        theirs.append(time.process_time() - clock)
    print(
        f"DuckDB over all files: {describe_times(theirs)};",
        f"ratio {statistics.median(theirs) / statistics.median(times):.0f}",
    )


def measure_error(chance: random.Random, folder: Path) -> None:
    """Compare estimated shares with exact ones."""
    sizes, columns = (300, 3_000, 30_000, 300_000), {}
    for size in sizes:
        pool = [str(number) for number in chance.sample(range(10**9, 10**10), size)]
        columns[f"{size}"] = pool
        for part in range(0, 11):
            few = max(200, size // 20)
            kept = chance.sample(pool, few * part // 10)
            columns[f"{size}-{part}"] = kept + [f"x{number}" for number in range(few - len(kept))]
    sketches: dict[str, ColumnSketch] = {}
    for name, values in columns.items():
        pq.write_table(pa.table({"a": values}), folder / "pair.parquet")
        sketches[name] = next(iter(sketch_columns(folder / "pair.parquet", list_fields(["a"]))))
    wrong, within = [], []
    for one, other in _list_pairs(list(columns)):
        exact = len(set(columns[one]) & set(columns[other])) / len(set(columns[one]))
        bits = sketches[other].bits
        found = measure_overlap(
            sketches[one].sample,
            sketches[one].facts.distinct,
            len(bits) // 32,
            sketches[other].facts.error,
            lambda number, bits=bits: bits[number * PAGE_BYTES : (number + 1) * PAGE_BYTES],
        )
        wrong.append(abs(found.share - exact))
        within.append(wrong[-1] <= find_margin(found.share, found.asked))
    counts = [
        abs(item.facts.distinct - len(set(columns[name]))) / len(set(columns[name])) for name, item in sketches.items()
    ]
    print(
        f"\n{len(wrong)} pairs of columns of 200 to 300,000 values: shares are off by",
        f"{statistics.mean(wrong):.3f} on average,",
        end=" ",
    )
    print(f"{max(wrong):.3f} at most; {sum(within) / len(within):.1%} within the margin given")
    print(f"numbers of different values are off by {max(counts):.1%} at most")


def describe_times(times: Sequence[float]) -> str:
    """Median and 95th percentile in milliseconds."""
    ordered = sorted(times)
    return f"median {statistics.median(times) * 1e3:.1f} ms, p95 {ordered[int(0.95 * (len(ordered) - 1))] * 1e3:.1f} ms"


def _list_pairs(names: Sequence[str]) -> Iterator[tuple[str, str]]:
    for one in names:
        for other in names:
            if one != other and one.split("-")[0] == other.split("-")[0]:
                yield one, other


def _fail() -> Any:
    raise AssertionError


def main() -> None:
    """Run all parts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--tables", type=int, default=2_000)
    parser.add_argument("--asked", type=int, default=100)
    options = parser.parse_args()
    chance = random.Random(1)
    print(describe_machine())
    with tempfile.TemporaryDirectory(prefix="bench-sketches-") as name:
        folder = Path(name)
        measure_making(chance, folder, options.rows)
        measure_finding(chance, folder, options.tables, options.asked)
        measure_error(chance, folder)


if __name__ == "__main__":
    main()
