"""`opendata publisher`: lists, changes, and what becomes of a publisher."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Run


def test_publishers_are_taken_in_changed_merged_split_and_closed(run: Run, instance: Path, tmp_path: Path) -> None:
    listed = tmp_path / "list.csv"
    listed.write_text("编号,单位名称,上级单位\nrivers,河道局,\nlakes,湖泊局,河道局\nponds,池塘局,\nold,旧局,\n")
    assert run("publisher", "import", str(listed)).exit_code == 0
    assert run("publisher", "set", "rivers", '{"kind": "zone"}').exit_code == 0
    assert run("publisher", "set", "rivers", "kind").exit_code == 2
    reason = ("--reason", "Reform")
    assert run("publisher", "split", "rivers", "--rest", "lakes", "--dataset", "none", "ponds", *reason).exit_code == 2
    assert run("publisher", "merge", "rivers", "--into", "lakes", *reason).exit_code == 0
    assert run("publisher", "close", "old", *reason).exit_code == 0
    assert run("publisher", "close", "old", "--reopen", *reason).exit_code == 0
    assert run("publisher", "move", "none", "--to", "lakes", *reason).exit_code == 2
    found = {item["id"]: item for item in json.loads(run("publisher", "list", "--json").stdout)}
    assert (found["lakes"]["parent"], found["rivers"]["kind"]) == (None, "zone")
    out = tmp_path / "out.csv"
    assert run("publisher", "export", str(out)).exit_code == 0
    assert "湖泊局" in out.read_text(encoding="utf-8-sig")
