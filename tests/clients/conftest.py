"""A portal being served for real: the command line's own server, over an instance with real packages in it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from opendata.services.core.actors import SYSTEM
from opendata.settings import Settings
from opendata.wiring import build_services
from tests.servers import CHECKOUT, free_port

PACKAGES = {
    "gdp": {"gdp": 13979, "top-economies": 230},
    "population": {"population": 17195},
    "country-codes": {"country-codes": 249},
    "currency-codes": {"codes-all": 449},
    "language-codes": {
        "language-codes": 183,
        "language-codes-3b2": 183,
        "language-codes-full": 487,
        "ietf-language-tags": 1122,
    },
    "world-cities": {"world-cities": 34032},
    "doacoes-covid-19-mg": {"doacoes-entrada": 205, "doacoes-saida": 2032},
}


@dataclass(frozen=True)
class Portal:
    """A served instance: its address, its folder, a maintainer's token, and what its server has logged."""

    address: str
    home: Path
    token: str
    log: Path

    @property
    def session(self) -> requests.Session:
        """A signed-in client."""
        session = requests.Session()
        session.headers["Authorization"] = f"Bearer {self.token}"
        return session


def run_command(home: Path, *words: str, ok: tuple[int, ...] = (0,)) -> str:
    """Run `opendata` with this instance folder; its standard output."""
    environment = {**os.environ, "OPENDATA_HOME": str(home), "LANG": "C.UTF-8"}
    command = [sys.executable, "-m", "opendata", *words]
    result = subprocess.run(command, env=environment, cwd=CHECKOUT, capture_output=True, text=True, timeout=300)
    assert result.returncode in ok, result.stderr
    return result.stdout


def start_server(home: Path, log: Path, *options: str) -> tuple[subprocess.Popen[bytes], str]:
    """Start `opendata serve` on a free port and wait until it announces itself."""
    port = free_port()
    environment = {**os.environ, "OPENDATA_HOME": str(home), "LANG": "C.UTF-8"}
    command = [sys.executable, "-m", "opendata", "serve", "--port", str(port), *options]
    with log.open("ab") as output:
        process = subprocess.Popen(command, env=environment, cwd=CHECKOUT, stdout=output, stderr=subprocess.PIPE)
    assert process.stderr is not None
    first = process.stderr.readline()
    assert b"Serving" in first, first
    return process, f"http://127.0.0.1:{port}"


@pytest.fixture(scope="session")
def portal(tmp_path_factory: pytest.TempPathFactory, realdata: Path) -> Iterator[Portal]:
    """Seven real packages, imported and served."""
    home = tmp_path_factory.mktemp("portal") / "instance"
    log = home.with_name("log")
    run_command(home, "init", "--review", "none")
    services = build_services(Settings(home=home, review="none"))
    for name in PACKAGES:
        assert services.imports.import_package(SYSTEM, str(realdata / "datapackages" / name)).created
    services.accounts.create_user("tester", "a long password", "maintainer")
    token, _ = services.accounts.create_token("tester")
    services.database.dispose()
    process, address = start_server(home, log, "--access-log", "--workers", "2")
    assert process.stderr is not None
    with process, log.open("ab") as output, subprocess.Popen(["cat"], stdin=process.stderr, stdout=output):
        yield Portal(address, home, token, log)
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)
