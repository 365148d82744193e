"""Foreign keys between finished tables: our check and the query engine, which needs a process, over the same files.

Each pair has rows of which one in a thousand refers to nothing. Three keys: a number, a text, two texts. Ours runs in a
process that has loaded Arrow, as the worker has. The engine is asked twice: when its process has to start, and again.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from bench._machine import describe_machine, measure_cpu
from opendata.domain.schema import Field, ForeignKey
from opendata.query.engine import Engine
from opendata.query.values import QueryTable, Statement
from opendata.tables.check.keys import check_foreign_key
from opendata.tables.report.report import TaskReport

KEYS = (("number",), ("code",), ("area", "house"))
PAIRS = ((20_000, 3_000), (1_000_000, 100_000), (1_000_000, 1_000_000))
_MEMORY = 400 << 20


def write_pair(folder: Path, rows: int, known: int) -> tuple[Path, Path]:
    """A table and the one that it refers to."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    random = np.random.default_rng(3)
    numbers = random.permutation(known * 10)[:known]
    chosen = numbers[random.integers(0, known, rows)]
    chosen[random.random(rows) < 0.001] += 10**9
    paths = folder / "rows.parquet", folder / "known.parquet"
    for path, values in zip(paths, (chosen, numbers), strict=True):
        text = pc.cast(pa.array(values), pa.string())
        areas = pc.cast(pa.array(values % 300), pa.string())
        columns = {"number": pa.array(values), "code": pc.utf8_lpad(text, 12, "0"), "area": areas, "house": text}
        pq.write_table(pa.table(columns), path, compression="zstd", row_group_size=131_072)
    return paths


def check(table: Path, known: Path, key: Sequence[str]) -> int:
    """How many rows refer to nothing, by our check."""
    task = TaskReport(name="rows", place="rows")
    check_foreign_key(ForeignKey(tuple(key), "known", tuple(key)), table=table, reference=known, task=task)
    errors: int = task.describe()["stats"]["errors"]
    return errors


def ask(engine: Engine, table: Path, known: Path, key: Sequence[str]) -> int:
    """How many rows refer to nothing, by the query engine."""
    fields = [Field.from_json({"name": name, "type": "string"}) for name in ("number", "code", "area", "house")]
    tables = [
        QueryTable(name=view, path=path, sha256="", fields=fields, rows=0, view=view)
        for view, path in (("r", table), ("k", known))
    ]
    same = " AND ".join(f"r.{name} IS NOT DISTINCT FROM k.{name}" for name in key)
    given = " OR ".join(f"r.{name} IS NOT NULL" for name in key)
    sql = f"SELECT _row, {', '.join(key)} FROM r WHERE ({given}) AND NOT EXISTS (FROM k WHERE {same}) ORDER BY _row"
    statement = Statement(sql=sql, tables=tables, threads=2, hides_rows=False)
    with engine.run(statement, seconds=60) as answer:
        return sum(batch.num_rows for batch in answer.batches)


def measure(run: Callable[[], int]) -> tuple[str, int]:
    """Seconds and CPU seconds of this process and those it has started, and how many rows were found."""
    own = os.getpid()
    begun, before = time.perf_counter(), measure_cpu(own)
    found = run()
    return f"{time.perf_counter() - begun:6.2f} s {measure_cpu(own) - before:6.2f} CPU s", found


def main() -> None:
    """Print the figures."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    print(describe_machine())
    with tempfile.TemporaryDirectory(prefix="opendata-bench-") as name:
        for rows, known in PAIRS:
            pair = write_pair(Path(name), rows, known)
            for key in KEYS:
                check(*pair, key)
                ours, found = measure(lambda key=key, pair=pair: check(*pair, key))
                engine = Engine(memory=_MEMORY, most=1)
                cold, lost = measure(lambda key=key, pair=pair, engine=engine: ask(engine, *pair, key))
                warm, again = measure(lambda key=key, pair=pair, engine=engine: ask(engine, *pair, key))
                engine.close()
                assert found == lost == again, (found, lost, again)
                print(f"{rows:,} rows into {known:,} by {' and '.join(key)}: {found:,} are lost")
                print(f"  ours {ours}   the engine, first {cold}, then {warm}", flush=True)


if __name__ == "__main__":
    main()
