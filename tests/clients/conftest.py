"""A portal being served for real: the command line's own server, over an instance with real packages in it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from werkzeug.serving import make_server

from opendata.services.core.actors import SYSTEM
from opendata.settings import Settings
from opendata.wiring import build_services
from tests.instances import DATASET, lend_app, make_actor, make_services, publish
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


TYPED = {
    "fields": [
        {"name": "code", "type": "string", "title": "编码", "constraints": {"required": True}},
        {"name": "count", "type": "integer"},
        {"name": "amount", "type": "number", "opendata": {"scale": 2, "unit": "万元"}},
        {"name": "ratio", "type": "number"},
        {"name": "day", "type": "date"},
        {"name": "at", "type": "datetime", "opendata": {"zone": "UTC"}},
        {"name": "year", "type": "year"},
        {"name": "ok", "type": "boolean"},
        {"name": 'note "x"', "type": "string"},
    ],
    "primaryKey": ["code"],
    "missingValues": ["NA", "-"],
}
"""A schema with a field of each type that a program may spoil."""

TYPED_ROWS = (
    'code,count,amount,ratio,day,at,year,ok,"note ""x"""\n'
    "007,9007199254740993,12345678901234567890.10,0.5,2026-01-31,2026-01-31T08:00:00Z,2026,true,"
    '"a, b\nc"\n'
    "008,NA,NA,NA,NA,NA,NA,NA,NA\n"
    "009,-1,-0.50,0.1,1899-12-31,2026-01-31T08:00:00.123456Z,1999,false,\n"
)
TYPED_LATER = TYPED_ROWS.replace("009,-1,", "009,-2,").replace("008,", "010,")
"""The same a version later: one row changed, one removed, one added."""


@pytest.fixture(scope="session")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a small portal: `typed` has versions and `withdrawn` a withdrawn one; `granted` needs a grant."""
    services = make_services(tmp_path_factory.mktemp("office") / "instance")
    editor, boss = make_actor(services, "clerk"), make_actor(services, "boss", role="maintainer")
    for name in ("old-id", "withdrawn", "granted"):
        services.datasets.create(editor, {**DATASET, "id": name, "title": f"表 {name}"})
    services.datasets.update(
        editor, "granted", {"disclosure": {"attribute": "conditional", "reason": "r", "legalBasis": "b"}}
    )
    for text in (TYPED_ROWS, TYPED_LATER):
        publish(services, editor, text, dataset="old-id", name="all-types", schema=TYPED)
    services.renaming.rename(boss, "old-id", "typed")
    publish(services, editor, dataset="withdrawn")
    services.withdrawals.withdraw(boss, "withdrawn", "1.0.0", reason="数据有误")
    publish(services, editor, dataset="granted")
    with lend_app(services) as app:
        server = make_server("127.0.0.1", 0, app, threaded=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
        server.server_close()
    services.queries.close()
    services.database.dispose()
