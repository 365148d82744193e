"""nginx in front, sending the files itself (`OPENDATA_ACCEL_PREFIX`), as deploy/nginx/opendata.conf has it."""

from __future__ import annotations

import hashlib
import signal
from collections.abc import Iterator

import pytest
import requests

from opendata.instance_file import write_instance_file
from opendata.services.core.actors import SYSTEM
from opendata.settings import Settings
from opendata.wiring import build_services
from tests.clients.conftest import run_command, start_server
from tests.clients.fronts import run_nginx
from tests.instances import PUBLISHER
from tests.servers import CHECKOUT, require

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """The addresses of nginx and of the portal behind it, with one dataset."""
    require("nginx")
    folder = tmp_path_factory.mktemp("nginx")
    home = folder / "instance"
    run_command(home, "init", "--review", "none")
    services = build_services(Settings(home=home, review="none"))
    services.publishers.ensure(SYSTEM, PUBLISHER)
    services.schemas.load_folder(SYSTEM, CHECKOUT / "schemas")
    done = services.imports.import_package(SYSTEM, str(next(CHECKOUT.glob("datasets/*/gdp-by-province"))))
    assert done.created
    services.database.dispose()
    write_instance_file(home, {"OPENDATA_ACCEL_PREFIX": "/_files", "OPENDATA_TRUSTED_PROXIES": "127.0.0.1"})
    process, behind = start_server(home, folder / "log")
    assert process.stderr is not None
    try:
        with run_nginx(folder, home, [behind]) as address:
            yield address, behind
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)
        process.stderr.close()


@pytest.mark.parametrize("name", ["gdp.csv", "gdp.parquet", "gdp.json", "gdp.xlsx", "datapackage.zip"])
def test_nginx_sends_the_file_with_our_headers(front: tuple[str, str], name: str) -> None:
    address, behind = (f"{base}/datasets/gdp-by-province/1.0.0/{name}" for base in front)
    plain = {"Accept-Encoding": "identity"}
    told = requests.get(behind, headers=plain, timeout=60)
    assert told.headers["X-Accel-Redirect"].startswith("/_files/")
    whole = requests.get(address, headers=plain, timeout=60)
    assert hashlib.sha256(whole.content).hexdigest() == told.headers["ETag"].strip('"')
    assert "X-Accel-Redirect" not in whole.headers
    for header in ("ETag", "Repr-Digest", "Link", "Cache-Control", "Content-Type", "Access-Control-Allow-Origin"):
        assert whole.headers[header] == told.headers[header], header
    part = requests.get(
        address, headers={**plain, "Range": "bytes=5-20", "If-Range": whole.headers["ETag"]}, timeout=60
    )
    assert (part.status_code, part.content) == (206, whole.content[5:21])
    again = requests.get(address, headers={**plain, "If-None-Match": whole.headers["ETag"]}, timeout=60)
    assert again.status_code == 304


def test_nobody_reaches_the_folders_past_the_portal(front: tuple[str, str]) -> None:
    told = requests.get(f"{front[1]}/datasets/gdp-by-province/1.0.0/gdp.parquet", timeout=60)
    assert requests.get(front[0] + told.headers["X-Accel-Redirect"], timeout=60).status_code == 404


def test_nobody_reads_the_figures_through_nginx(front: tuple[str, str]) -> None:
    answer = requests.get(f"{front[0]}/metrics", timeout=60)
    assert answer.status_code == 404
    assert "opendata" not in answer.text


def test_a_request_has_one_id_in_nginx_and_behind_it(front: tuple[str, str]) -> None:
    one, other = (requests.get(f"{front[0]}/healthz", timeout=60).headers["X-Request-Id"] for _ in range(2))
    assert one != other
    assert len(one) == 32, "nginx makes 32 digits, the portal itself 16"
