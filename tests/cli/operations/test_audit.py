"""`opendata audit`: listed, exported, verified, cut."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from pathlib import Path

import pytest


def test_the_log_is_listed_exported_and_verified(run, run_json, instance: Path, tmp_path: Path) -> None:
    for number in range(3):
        run("user", "create", f"reader{number}", "--role", "reader")
    found = run_json("audit", "list", "--action", "create", "--limit", 2)
    assert [item["subject"]["id"] for item in found["items"]] == ["reader2", "reader1"]
    more = run_json("audit", "list", "--action", "create", "--cursor", found["next"])
    assert [item["subject"]["id"] for item in more["items"]] == ["reader0"]
    shown = run("audit", "list", "--subject", "user:reader1")
    assert shown.stdout.splitlines()[0].split() == ["number", "time", "actor", "action", "about", "address"]
    assert "create" in shown.stdout
    exported = run("audit", "export").stdout
    assert len(exported.splitlines()) == 3
    path = tmp_path / "audit.csv"
    assert run("audit", "export", "--format", "csv", "--output", path).exit_code == 0
    assert len(list(csv.DictReader(io.StringIO(path.read_text())))) == 3
    assert run("audit", "checkpoint").exit_code == 0
    ended = run("audit", "verify")
    assert (ended.exit_code, "3 events verified, from number 1 to 3" in ended.stdout) == (0, True)
    kept = tmp_path / "audit.jsonl"
    kept.write_text(exported)
    assert run_json("audit", "verify", kept)["verified"] is True


def test_a_break_is_named_with_status_1(run, instance: Path) -> None:
    for number in range(3):
        run("user", "create", f"reader{number}", "--role", "reader")
    with sqlite3.connect(instance / "opendata.sqlite") as connection:
        connection.execute("DELETE FROM events WHERE position = 2")
    connection.close()
    ended = run("audit", "verify", env={"LC_ALL": "zh_CN.UTF-8"})
    assert (ended.exit_code, ended.stdout.strip()) == (1, "2 号事件被删除")
    ended = run("audit", "verify", "--json")
    assert ended.exit_code == 1
    assert json.loads(ended.stdout)["break"] == {"kind": "removed", "event": "2", "message": "Event 2 was removed"}


@pytest.mark.slow
def test_old_events_are_cut_only_on_confirmation(run, instance: Path) -> None:
    for number in range(2):
        run("user", "create", f"reader{number}", "--role", "reader")
    refused = run("audit", "cut", "--before", "2100-01-01")
    assert refused.exit_code == 2
    ended = run("audit", "cut", "--before", "2100-01-01", "--yes")
    assert (ended.exit_code, ended.stdout) == (0, "Deleted 1 event.\n")
    assert run("audit", "verify").exit_code == 0
    assert run("audit", "cut", "--before", "soon", "--yes").exit_code == 2
