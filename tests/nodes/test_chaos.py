"""The short form of `tests.nodes.chaos`: each kind of fault once, in some seconds."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.nodes.chaos import Plan, run_chaos


@pytest.mark.slow
def test_machines_that_die_and_servers_that_go_away_lose_nothing(tmp_path: Path) -> None:
    plan = Plan(
        publications=6, reads=200, webs=2, workers=2, datasets=2, readers=2, queue="postgresql", pause=1, faults=4
    )
    print(run_chaos(tmp_path, plan))
