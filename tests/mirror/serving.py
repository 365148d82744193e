"""Mirrors that tests make, and nginx with the configuration that is delivered before them."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from opendata.mirror.running import Mirrored, Mirroring
from opendata.wiring import Services
from tests.ceph_server import WEBSITE, Bucket
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


def serve_mirror(mirror: Path, folder: Path) -> contextlib.AbstractContextManager[str]:
    """nginx with a mirror; its address."""
    return _run_nginx("mirror.conf", folder, {"/srv/opendata-mirror": str(mirror)})


def serve_bucket(bucket: Bucket, folder: Path) -> contextlib.AbstractContextManager[str]:
    """nginx before a bucket with a mirror; its address."""
    store = urlsplit(bucket.endpoint).netloc
    return _run_nginx("mirror-bucket.conf", folder, {"STORE:80": store, "BUCKET": bucket.name})


def open_bucket(bucket: Bucket) -> str:
    """Have the object store send a mirror to anybody, as the manual says; its address as a website."""
    text = (CHECKOUT / "docs" / "run-an-instance.md").read_text(encoding="utf-8")
    for kind in ("policy", "website", "cors"):
        found = re.search(rf"<!-- mirror {kind} -->\n```[a-z]+\n(.+?)```", text, re.DOTALL)
        assert found is not None, kind
        bucket.ask(kind, found[1].replace("BUCKET", bucket.name).encode())
    return f"http://{bucket.name}.{WEBSITE}:{urlsplit(bucket.endpoint).port}"


@contextlib.contextmanager
def name_bucket(bucket: Bucket) -> Iterator[str]:
    """The address of a bucket as a target, with the variables that other tools know."""
    names = {
        "AWS_ENDPOINT_URL": bucket.endpoint,
        "AWS_ACCESS_KEY_ID": bucket.key_id,
        "AWS_SECRET_ACCESS_KEY": bucket.secret,
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in names.items():
            patch.setenv(name, value)
        yield f"s3://{bucket.name}"


@contextlib.contextmanager
def _run_nginx(name: str, folder: Path, changed: Mapping[str, str]) -> Iterator[str]:
    require("nginx")
    config = (CHECKOUT / "deploy" / "nginx" / name).read_text(encoding="utf-8")
    port = free_port()
    for old, new in {"listen 80": f"listen 127.0.0.1:{port}", **changed}.items():
        config = config.replace(old, new)
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
