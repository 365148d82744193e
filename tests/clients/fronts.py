"""nginx in front of nodes, with the very files that are delivered: deploy/nginx."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import requests

from tests.servers import CHECKOUT, free_port, require

CONFIGURATION = CHECKOUT / "deploy" / "nginx"

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
    include {folder}/conf.d/*.conf;
}}
"""


@contextlib.contextmanager
def run_nginx(folder: Path, home: Path, nodes: Sequence[str]) -> Iterator[str]:
    """The address of an nginx that asks these nodes; only addresses and folders of the file are replaced."""
    require("nginx")
    port = free_port()
    servers = (CONFIGURATION / "nodes.conf").read_text(encoding="utf-8")
    server = re.search(r"    server 127\.0\.0\.1:8000(.*;)\n", servers)
    assert server
    lines = "".join(f"    server {urlsplit(node).netloc}{server[1]}\n" for node in nodes)
    text = (CONFIGURATION / "opendata.conf").read_text(encoding="utf-8")
    for before, after in (("listen 80;", f"listen 127.0.0.1:{port};"), ("/srv/opendata/var", str(home))):
        assert text.count(before) == 1, before
        text = text.replace(before, after)
    (folder / "conf.d").mkdir()
    (folder / "conf.d" / "nodes.conf").write_text(servers.replace(server[0], lines))
    (folder / "conf.d" / "opendata.conf").write_text(text)
    user = "user root;" if os.geteuid() == 0 else ""  # as nobody it could not read our folder
    (folder / "nginx.conf").write_text(_MAIN.format(user=user, folder=folder))
    command = ["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        address = f"http://127.0.0.1:{port}"
        while process.poll() is None:
            with contextlib.suppress(requests.ConnectionError):
                requests.get(f"{address}/healthz", timeout=10)
                break
        yield address
    finally:
        process.terminate()
        process.wait(timeout=60)
