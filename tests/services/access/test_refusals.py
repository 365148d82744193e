"""Refused requests in the audit log: each kind once an hour for each sender, and a flood doesn't fill it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta

import pytest

from opendata.services.access import refusals
from opendata.services.core.actors import SYSTEM, Actor
from opendata.services.core.context import read_clock
from opendata.wiring import Services, build_services


def list_refused(services: Services) -> Sequence[tuple[str, str, str]]:
    events = [json.loads(line) for line in services.events.export_lines(SYSTEM)]
    return [(item["action"], item["actor"], item["address"]) for item in events if item["subject"]["kind"] == "request"]


def test_a_refusal_is_written_down_once_an_hour_by_all_processes_together(services: Services, editor: Actor) -> None:
    now = read_clock()
    first, second = (build_services(services.settings, clock=lambda: now) for _ in range(2))
    for _ in range(3):
        for process in (first, second):
            process.refusals.note("refused", editor, "203.0.113.9", "POST /api/v1/publishers")
            process.refusals.note("token-refused", None, "203.0.113.9", "GET /api/v1/datasets")
    assert list_refused(services) == [("refused", "editor", ""), ("token-refused", "", "203.0.113.0/24")]
    now += timedelta(hours=1)
    second.refusals.note("refused", editor, "", "POST /api/v1/publishers")
    assert len(list_refused(services)) == 3


def test_a_flood_from_many_addresses_leaves_a_bounded_number(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refusals, "MOST", 3)
    for number in range(20):
        services.refusals.note("token-refused", None, f"198.51.{number}.1", "GET /api/v1/datasets")
    assert len(list_refused(services)) == 3
