"""Several web processes are one portal: they share the limits of clients, and count each download once."""

from __future__ import annotations

import signal
import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
import requests

from opendata.services.core.actors import SYSTEM
from opendata.settings import Settings
from opendata.wiring import build_services
from tests.clients.conftest import run_command, start_server
from tests.instances import DATASET, PUBLISHER, make_actor, publish

LIMIT = 100
PROCESSES = 3

pytestmark = pytest.mark.slow


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An instance with one published table."""
    home = tmp_path / "instance"
    run_command(home, "init", "--review", "none")
    services = build_services(Settings(home=home, review="none"))
    services.publishers.ensure(SYSTEM, PUBLISHER)
    editor = make_actor(services, "editor")
    services.datasets.create(editor, DATASET)
    publish(services, editor)
    services.indexing.rebuild()
    services.database.dispose()
    return home


@pytest.fixture
def address(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Where three processes serve it, until the test ends."""
    monkeypatch.setenv("OPENDATA_REQUESTS_PER_MINUTE", str(LIMIT))
    process, address = start_server(home, home / "log", "--workers", str(PROCESSES))
    assert process.stderr is not None
    with process:
        yield address
        process.send_signal(signal.SIGTERM)
        process.stderr.read()
        assert process.wait(timeout=60) == 0


@pytest.fixture
def tokens(home: Path) -> list[str]:
    """Some clients."""
    services = build_services(Settings(home=home))
    found = [services.accounts.create_token("editor")[0] for _ in range(3)]
    services.database.dispose()
    return found


def search(address: str, token: str) -> requests.Response:
    """A request over a connection of its own, which any process may answer."""
    headers = {"Connection": "close", "Authorization": f"Bearer {token}"}
    return requests.get(f"{address}/api/v1/search?q=水库", headers=headers, timeout=60)


def test_all_web_processes_share_the_rate_of_a_client(address: str, tokens: list[str]) -> None:
    for token in tokens:  # the minute of the clock may end in between
        minute = time.time() // 60
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(search, *zip(*[(address, token)] * (2 * LIMIT), strict=True)))
        if time.time() // 60 == minute:
            break
    served = sum(answer.status_code == 200 for answer in answers)
    assert LIMIT <= served <= LIMIT + PROCESSES * LIMIT // 50
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    assert refused.headers["RateLimit-Policy"] == f'"light";q={LIMIT};w=60'
    for file in refused.json()["bulk"]:
        answer = requests.get(address + file["href"], timeout=60)
        assert (answer.status_code, answer.headers["Content-Type"].partition(";")[0]) == (200, file["type"])


def read_counts(file: Path) -> dict[str, int]:
    """The downloads that are in the database."""
    with closing(sqlite3.connect(file)) as connection:
        return dict(connection.execute("SELECT format, sum(count) FROM downloads GROUP BY format"))


def test_downloads_over_several_processes_are_exact_once_the_server_has_ended(home: Path) -> None:
    process, address = start_server(home, home / "log", "--workers", str(PROCESSES))
    assert process.stderr is not None

    def fetch(number: int) -> int:
        suffix = ("csv", "parquet")[number % 2]
        path = f"{address}/datasets/reservoirs/1.0.0/levels.{suffix}"
        return requests.get(path, headers={"Connection": "close"}, timeout=60).status_code

    with process:
        with ThreadPoolExecutor(8) as pool:
            assert set(pool.map(fetch, range(300))) == {200}
        process.send_signal(signal.SIGTERM)
        process.stderr.read()
        process.wait(timeout=60)
    assert read_counts(home / "opendata.sqlite") == {"csv": 150, "parquet": 150}
