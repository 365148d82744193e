"""`opendata duties`: what is due and what is overdue."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from opendata.services.core.actors import SYSTEM
from opendata.settings import Settings
from opendata.wiring import build_services
from tests.cli.conftest import Run
from tests.instances import PUBLISHER


def test_what_is_due_is_listed(instance: Path, run: Run, run_json: Callable[..., Any]) -> None:
    assert "Nothing is due." in run("duties").stderr
    now = datetime.now(UTC)
    services = build_services(Settings(home=instance), clock=lambda: now - timedelta(days=40))
    services.publishers.ensure(SYSTEM, PUBLISHER)
    for task, days in (("甲", 0), ("乙", 300)):
        due = (now - timedelta(days=40 - days)).date().isoformat()
        services.duty_steps.add(SYSTEM, {"publisher": "water-bureau", "task": task, "due": due})
    services.database.dispose()
    assert [line.split()[2:] for line in run("duties").stdout.splitlines()[1:]] == [
        ["overdue", "water-bureau", "-", "甲"],
        ["running", "water-bureau", "-", "乙"],
    ]
    found = run_json("duties", "--overdue")["items"]
    assert [(item["task"], item["state"], item["publisher"]) for item in found] == [("甲", "overdue", "water-bureau")]
