"""How much memory the largest of the real tables takes to become public, over all processes of a served instance."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path

import pytest

from bench import publish as bench

MOST = 500 * 1024**2


@pytest.mark.slow
def test_620_573_rows_become_public_in_less_than_500_mib(tmp_path: Path, realdata: Path) -> None:
    source = tmp_path / "villages.csv"
    with gzip.open(realdata / "chinese/admin-divisions/villages.csv.gz") as packed, source.open("wb") as file:
        shutil.copyfileobj(packed, file)
    _, memory = bench.publish(source, bench.SCHEMA, bench.ROWS)
    assert memory.peak < MOST, f"{memory.peak >> 20} MiB, {memory.idle >> 20} MiB of them idle"
