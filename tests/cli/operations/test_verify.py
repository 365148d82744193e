"""`opendata verify`: what it says, what it remembers, and its exit status."""

from __future__ import annotations

import json
from pathlib import Path

from opendata.settings import Settings
from opendata.wiring import build_services
from tests.cli.conftest import Run
from tests.instances import CSV, DATASET, PUBLISHER, make_actor, publish


def test_a_store_is_checked_remembered_and_checked_again(run: Run, instance: Path, tmp_path: Path) -> None:
    services = build_services(Settings(home=instance, review="none"))
    services.publishers.ensure(make_actor(services, "boss", role="maintainer"), PUBLISHER)
    editor = make_actor(services, "editor")
    services.datasets.create(editor, DATASET)
    publish(services, editor)
    services.database.dispose()
    memory = tmp_path / "memory.json"
    words = ("verify", instance / "store", "--remember", memory)
    first = run(*words)
    assert first.exit_code == 0, first.output
    assert "versions signed by the key" in first.output
    assert "trusted without proof" in first.output
    again = run(*words, "--key", instance / "signing.pub")
    assert (again.exit_code, "trusted without proof" in again.output) == (0, False)
    files = [path for path in (instance / "store/blobs").rglob("*") if path.is_file()]
    (blob,) = (path for path in files if path.read_bytes() == CSV.encode())
    blob.chmod(0o644)
    blob.write_bytes(b"x")
    found = run(*words, "--json")
    assert found.exit_code == 1
    assert [item["where"] for item in json.loads(found.stdout)["findings"]] == ["reservoirs@1.0.0/levels.csv"]
    assert run("verify", tmp_path).exit_code == 2
    memory.write_text("[]")
    assert run(*words).exit_code == 2
