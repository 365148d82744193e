"""`opendata rebuild` as an operator needs it: the database is gone, the store is there."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from tests.cli.conftest import Run

PACKAGE = {"name": "lakes", "title": "湖泊", "resources": [{"name": "levels", "path": "levels.csv"}]}


def test_a_database_that_is_gone_is_made_and_filled_from_the_store(
    run: Run, instance: Path, write_package: Callable[..., Path]
) -> None:
    assert run("import", write_package(PACKAGE, {"levels.csv": "a\n1\n"})).exit_code == 0
    for file in instance.glob("opendata.sqlite*"):
        file.unlink()
    rebuilt = run("rebuild", "--json")
    assert rebuilt.exit_code == 0, rebuilt.output
    found = json.loads(rebuilt.stdout)
    assert (found["datasets"], found["versions"], found["wrong"]) == (1, 1, [])
    assert (instance / "opendata.sqlite").stat().st_mode & 0o777 == 0o600
    assert run("fsck").exit_code == 0


def test_without_an_instance_it_says_how_to_make_one(run: Run) -> None:
    refused = run("rebuild")
    assert refused.exit_code == 2
    assert "opendata init" in refused.stderr
