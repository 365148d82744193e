"""nginx in front, sending the files itself (`OPENDATA_ACCEL_PREFIX`), as docs/run-an-instance.md has it."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import signal
import subprocess
from collections.abc import Iterator

import pytest
import requests

from opendata.instance_file import write_instance_file
from opendata.services.core.actors import SYSTEM
from opendata.settings import Settings
from opendata.wiring import build_services
from tests.clients.conftest import run_command, start_server
from tests.instances import PUBLISHER
from tests.servers import CHECKOUT, free_port, require

pytestmark = pytest.mark.slow

_MAIN = """
{user}
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
    uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
    server {{
        listen 127.0.0.1:{port};
        {locations}
    }}
}}
"""


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
    write_instance_file(home, {"OPENDATA_ACCEL_PREFIX": "/_files"})
    process, behind = start_server(home, folder / "log")
    assert process.stderr is not None
    port = free_port()
    text = (CHECKOUT / "docs" / "run-an-instance.md").read_text(encoding="utf-8")
    found = re.search(r"```nginx\n(.*?)```", text, re.DOTALL)
    assert found
    user = "user root;" if os.geteuid() == 0 else ""  # as nobody it could not read our folder
    locations = found[1].replace("/srv/opendata/var", str(home)).replace("http://127.0.0.1:8000", behind)
    (folder / "nginx.conf").write_text(_MAIN.format(user=user, folder=folder, port=port, locations=locations))
    command = ["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")]
    server = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        address = f"http://127.0.0.1:{port}"
        while server.poll() is None:
            with contextlib.suppress(requests.ConnectionError):
                requests.get(f"{address}/healthz", timeout=10)
                break
        yield address, behind
    finally:
        server.terminate()
        server.wait(timeout=60)
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
