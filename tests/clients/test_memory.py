"""How much memory the largest of the real tables takes to become public, over all processes of a served instance."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path

import pytest

from bench import publish as bench

MOST = 400 * 10**6
"""Bytes above what the instance takes when idle: peak of the summed PSS of all its processes less its value before."""


@pytest.mark.slow
def test_620_573_rows_become_public_in_less_than_400_mb_more_than_an_idle_instance_takes(
    tmp_path: Path, realdata: Path
) -> None:
    source = tmp_path / "villages.csv"
    with gzip.open(realdata / "chinese/admin-divisions/villages.csv.gz") as packed, source.open("wb") as file:
        shutil.copyfileobj(packed, file)
    memory = bench.publish_watched(source, bench.SCHEMA, bench.ROWS)
    above = memory.peak - memory.idle
    assert above < MOST, f"{above >> 20} MiB above {memory.idle >> 20} MiB"
