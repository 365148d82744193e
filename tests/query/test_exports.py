"""A whole answer is written in memory of a fixed size, and in the same bytes however its rows come together."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from opendata.query.values import RowsQuery
from opendata.tables.forms.batches import write_arrow, write_csv, write_parquet
from tests.query.conftest import Asking


def export(asking: Asking, name: str, target: Path, form: str) -> None:
    with asking.queries.stream_rows("d", "1.0.0", name, RowsQuery(limit=None)) as stream:
        if form == "csv":
            write_csv(stream.batches, stream.schema, target, nulls=[""] * len(stream.columns))
        elif form == "parquet":
            write_parquet(stream.batches, stream.schema, target, {})
        else:
            write_arrow(stream.batches, stream.schema, target)


def measure(asking: Asking, name: str, target: Path, form: str) -> int:
    """By how many bytes this process grew at most while it exported."""
    export(asking, "small", target, form)
    Path("/proc/self/clear_refs").write_text("5")  # which begins the peak again
    before = read_status("VmRSS")
    export(asking, name, target, form)
    return read_status("VmHWM") - before


def read_status(name: str) -> int:
    return int(Path("/proc/self/status").read_text().split(f"{name}:")[1].split()[0]) << 10


@pytest.mark.slow
@pytest.mark.parametrize("form", ["csv", "parquet", "arrow"])
def test_the_memory_of_an_export_does_not_grow_with_its_rows(asking: Asking, tmp_path: Path, form: str) -> None:
    for name, rows in (("small", 150_000), ("large", 1_500_000)):
        chance = np.random.default_rng(rows)
        columns = {f"c{number}": chance.random(rows) for number in range(8)}
        names = pa.array([f"名称{number % 5000}" for number in range(rows)])
        asking.tables.put(name, pa.table({"id": np.arange(rows), **columns, "name": names}))
    assert measure(asking, "large", tmp_path / "answer", form) < 150 << 20


def test_equal_rows_make_equal_files_however_they_are_cut(tmp_path: Path) -> None:
    table = pa.table(
        {"n": [1, None, 3] * 5_000, "城": ['a,"b"', None, "x\ny"] * 5_000, "f": [0.5, None, 1e300] * 5_000}
    )
    written = set()
    for size in (15_000, 7, 8191, 4999):
        batches = [batch for start in range(0, 15_000, size) for batch in table.slice(start, size).to_batches()]
        if size == 7:
            batches = batches[:2000] + table.slice(14_000).to_batches()
        write_csv(batches, table.schema, tmp_path / "t.csv", nulls=["", "-", ""])
        write_parquet(batches, table.schema, tmp_path / "t.parquet", {"query": "q"})
        write_arrow(batches, table.schema, tmp_path / "t.arrow")
        written.add(tuple((tmp_path / f"t.{form}").read_bytes() for form in ("csv", "parquet", "arrow")))
    assert len(written) == 1
    assert (tmp_path / "t.csv").read_bytes().startswith('n,城,f\n1,"a,""b""",0.5\n,-,\n3,"x\ny",'.encode())
    assert pq.read_table(tmp_path / "t.parquet").replace_schema_metadata().equals(table)
    assert pq.ParquetFile(tmp_path / "t.parquet").schema_arrow.metadata[b"query"] == b"q"
