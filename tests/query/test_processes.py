"""The processes of the engine wait for the next query."""

from __future__ import annotations

import os
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from opendata.domain.schema import Field
from opendata.query.engine import MODULE, Engine
from opendata.query.values import QueryTable, Statement


def list_processes() -> set[str]:
    """The processes of the engine that this process has started."""
    own = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()
    return {pid for pid in own if MODULE.encode() in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")}


def test_a_process_that_has_answered_is_asked_again(tmp_path: Path) -> None:
    pq.write_table(pa.table({"n": [1, 2, 3]}), tmp_path / "t.parquet")
    field = Field.from_json({"name": "n", "type": "integer"})
    table = QueryTable(name="t", path=tmp_path / "t.parquet", sha256="", fields=[field], rows=3)
    others, engine, seen = list_processes(), Engine(memory=256 << 20, most=1), []
    for _ in range(2):
        with engine.run(Statement(sql="SELECT n FROM t0 WHERE n > 1", tables=[table]), seconds=30) as answer:
            assert answer.read().to_pydict() == {"n": [2, 3]}
        seen.append(list_processes() - others)
    engine.close()
    assert len(seen[0]) == 1
    assert seen[0] == seen[1]
    assert list_processes() == others


def test_readers_who_come_at_once_have_one_process_made_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    started, start = [], subprocess.Popen

    def count(*arguments: Any, **options: Any) -> Any:
        started.append(start(*arguments, **options))
        return started[-1]

    monkeypatch.setattr(subprocess, "Popen", count)
    engine, coming = Engine(memory=256 << 20, most=1), threading.Barrier(4)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: (coming.wait(), engine.warm()), range(4)))
    with engine.run(Statement(sql="SELECT 1", tables=[]), seconds=30) as answer:
        engine.warm()  # there is none beside the one that answers
        answer.read()
    engine.close()
    assert len(started) == 2
    assert all(process.poll() is not None for process in started)
