"""Mirrors that tests make, and nginx with the configuration that is delivered before them."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import requests

from opendata.mirror.running import Mirrored, Mirroring
from opendata.wiring import Services
from tests.servers import CHECKOUT, free_port, require

LIVE = "https://data.example.org"
SCRIPTS = CHECKOUT / "clients" / "mirror" / "node_modules"

_MAIN = """
{user}
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
    uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
    {config}
}}
"""


def write_mirror(services: Services, target: Path | str, **options: object) -> Mirrored:
    """Bring a mirror of an instance up to date."""
    named = replace(services, settings=replace(services.settings, base_url=LIVE))
    scripts = SCRIPTS if SCRIPTS.is_dir() else None
    found = Mirroring(named, str(target), scripts=scripts, **options).run()  # type: ignore[arg-type]
    assert found.failures == []
    return found


@contextlib.contextmanager
def serve_mirror(mirror: Path, folder: Path) -> Iterator[str]:
    """nginx with a mirror; its address."""
    require("nginx")
    config = (CHECKOUT / "deploy" / "nginx" / "mirror.conf").read_text(encoding="utf-8")
    port = free_port()
    config = config.replace("listen 80", f"listen 127.0.0.1:{port}").replace("/srv/opendata-mirror", str(mirror))
    user = "user root;" if os.geteuid() == 0 else ""  # as nobody it could not read our folder
    folder.mkdir(exist_ok=True)
    (folder / "nginx.conf").write_text(_MAIN.format(user=user, folder=folder, config=config), encoding="utf-8")
    command = ["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")]
    server = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        while server.poll() is None:
            with contextlib.suppress(requests.ConnectionError):
                requests.get(f"http://127.0.0.1:{port}/", timeout=10)
                break
        assert server.poll() is None, (folder / "error.log").read_text(encoding="utf-8")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=60)


def list_files(folder: Path) -> dict[str, tuple[int, int, int]]:
    """Each file of a mirror but its own, with what would tell that it was written again."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {
        key: (found.st_mtime_ns, found.st_ino, found.st_size)
        for path in files
        if not (key := path.relative_to(folder).as_posix()).startswith(".mirror/")
        for found in (path.stat(),)
    }
