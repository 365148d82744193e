"""The processes of a served instance killed while it works: whatever was accepted is published, exactly once."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from opendata.settings import Settings
from opendata.wiring import build_services
from tests.instances import DATASET, locate, make_actor, make_services
from tests.servers import CHECKOUT, free_port

ROWS = 4000
TEXT = "n,square\n" + "".join(f"{n},{n * n}\n" for n in range(ROWS))
SCHEMA = '{"fields": [{"name": "n", "type": "integer"}, {"name": "square", "type": "integer"}], "primaryKey": ["n"]}'
PATIENCE = 120


class Live:
    """`opendata serve` over one instance, started again whenever its parent is gone."""

    def __init__(self, home: Path, token: str) -> None:
        self._home = home
        self._port = free_port()
        self.base = f"http://127.0.0.1:{self._port}/api/v1"
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {token}"
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        environment = {
            **os.environ,
            "OPENDATA_HOME": str(self._home),
            "OPENDATA_REVIEW": "none",
            "OPENDATA_LEASE_SECONDS": "2",
            "OPENDATA_SWEEP_SECONDS": "1",
            "OPENDATA_MAX_ATTEMPTS": "1000",
        }
        command = [sys.executable, "-m", "opendata", "serve", "--port", str(self._port), "--workers", "1"]
        return subprocess.Popen(
            command, env=environment, cwd=CHECKOUT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def revive(self) -> None:
        """Start again what does not come back on its own."""
        if self.process.poll() is not None:
            self.process = self._start()

    def descendants(self) -> list[int]:
        """Every process of the instance, the parent first."""
        found = [self.process.pid]
        for pid in found:
            children = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True)
            found += [int(line) for line in children.stdout.split()]
        return found

    def ask(self, method: str, path: str, **options: object) -> requests.Response:
        """A request, repeated until something answers."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                answer = self.session.request(method, f"{self.base}{path}", timeout=10, **options)  # type: ignore[arg-type]
            except requests.RequestException:
                self.revive()
                continue
            if answer.status_code < 500:
                return answer
        raise AssertionError(f"{path} does not answer")

    def wait(self, draft: str, ends: set[str]) -> str:
        """The status a draft ends in."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            status = str(self.ask("GET", f"/drafts/{draft}").json()["status"])
            if status in ends:
                return status
        raise AssertionError(f"draft {draft} is still {status}")


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    home = tmp_path / "instance"
    services = make_services(home)
    actor = make_actor(services, "editor")
    services.datasets.create(actor, DATASET)
    token, _ = services.accounts.create_token("editor")
    services.database.dispose()
    running = Live(home, token)
    yield running
    running.process.terminate()
    running.process.wait(timeout=60)


def publish_under_fire(live: Live, rounds: int, chance: random.Random) -> None:
    """Upload and publish one table a round while one of the processes is killed at some moment of it."""
    for number in range(rounds):
        name = f"table-{number}"
        live.ask("GET", "/datasets")
        victim = chance.choice(live.descendants())
        killer = subprocess.Popen(["sh", "-c", f"sleep {chance.random() * 0.8:.3f}; kill -9 {victim}"])
        form = {"schema": SCHEMA, "name": name}
        files = {"file": (f"{name}.csv", TEXT.encode())}
        headers = {"Idempotency-Key": f"round-{number}"}
        answer = live.ask("POST", "/datasets/reservoirs/drafts", files=files, data=form, headers=headers)
        assert answer.status_code == 202, answer.text
        draft = answer.json()["id"]
        assert live.wait(draft, {"valid", "invalid", "submitted", "published"}) == "valid"
        assert live.ask("POST", f"/drafts/{draft}/submit").status_code in (200, 202, 409)
        assert live.wait(draft, {"published", "invalid"}) == "published"
        killer.wait(timeout=10)


def check_catalogue(home: Path, rounds: int) -> None:
    services = build_services(Settings(home=home, review="none"))
    versions = services.versions.list("reservoirs")
    assert [item.version for item in versions] == [f"1.{n}.0" for n in reversed(range(rounds))]
    manifest = services.versions.get_manifest("reservoirs", versions[0].version).to_json()
    assert [item["name"] for item in manifest["resources"]] == [f"table-{n}" for n in range(rounds)]
    assert len({item["hash"] for item in manifest["resources"]}) == 1
    for item in manifest["resources"]:
        file = services.versions.find_file("reservoirs", versions[0].version, item["name"], "csv")
        assert locate(file).read_text() == TEXT
    services.database.dispose()


@pytest.mark.slow
def test_a_served_instance_outlives_the_death_of_its_processes(live: Live, tmp_path: Path) -> None:
    publish_under_fire(live, 2, random.Random(20261122))
    check_catalogue(tmp_path / "instance", 2)


@pytest.mark.slow
def test_a_served_instance_outlives_many_deaths(live: Live, tmp_path: Path) -> None:
    seed = random.randrange(2**32) if not os.environ.get("CI") else 7
    print(f"seed {seed}")
    publish_under_fire(live, 60, random.Random(seed))
    check_catalogue(tmp_path / "instance", 60)
