"""A Ceph with an S3 gateway for tests: one monitor, one OSD in memory, one gateway, and a proxy that spoils answers."""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import hmac
import http.client
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.servers import LOOPBACK, free_port, lack

_START_SECONDS = 90
_PROGRAMS = ("ceph-mon", "ceph-osd", "radosgw", "radosgw-admin", "ceph", "ceph-authtool", "monmaptool")

KEY_ID, SECRET = "TESTKEY", "test-secret"
WEBSITE = "website.localhost"
"""Requests for a host below it are answered by static website hosting: BUCKET.website.localhost."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket of the gateway, and how it is reached."""

    endpoint: str
    name: str
    key_id: str = KEY_ID
    secret: str = SECRET

    def make(self) -> Bucket:
        """Make it."""
        self.ask("create_bucket")
        return self

    def ask(self, call: str, body: bytes = b"") -> None:
        """Send a signed request about the bucket as a whole: `create_bucket`, `policy`, `website` or `cors`."""
        path = f"/{self.name}" + ("" if call == "create_bucket" else f"?{call}")
        sign_and_send(self, "PUT", path, body)


class CephServer:
    """A Ceph of this machine's own with a gateway that a test may kill and start again."""

    def __init__(self, host: str = LOOPBACK) -> None:
        """`host` is the address of the gateway; the others of its servers are on the loopback."""
        self._root = Path(tempfile.mkdtemp(prefix="opendata-ceph-"))
        self._running: list[subprocess.Popen[bytes]] = []
        self._gateway: subprocess.Popen[bytes] | None = None
        self._host, self._port = host, free_port()
        self.endpoint = f"http://{host}:{self._port}"

    def start(self) -> None:
        """Run until the gateway answers."""
        root, fsid = self._root, uuid.uuid4()
        (root / "run").mkdir()
        (root / "log").mkdir()
        for name in ("mon", "osd0", "rgw"):
            (root / name).mkdir()
        second, first = free_port(), free_port()
        monitor = f"v2:127.0.0.1:{second}/0,v1:127.0.0.1:{first}/0"
        lines = f"""[global]
fsid = {fsid}
mon host = [{monitor}]
public addr = 127.0.0.1
auth cluster required = none
auth service required = none
auth client required = none
ms mon client mode = crc
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 4
osd pool default pgp num = 4
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
mon data avail crit = 1
mon data avail warn = 2
mon max pg per osd = 500
osd objectstore = memstore
memstore device bytes = 2147483648
mon data = {root}/mon
osd data = {root}/osd0
rgw data = {root}/rgw
run dir = {root}/run
keyring = {root}/keyring
log file = {root}/log/$name.log
admin socket = {root}/run/$name.$pid.asok
pid file = {root}/run/$name.pid
rgw frontends = beast endpoint={self._host}:{self._port} tcp_nodelay=1
rgw enable static website = true
rgw dns s3website name = {WEBSITE}
"""
        (root / "ceph.conf").write_text(lines)
        keyring = str(root / "keyring")
        self._do("ceph-authtool", "--create-keyring", keyring, "--gen-key", "-n", "mon.", "--cap", "mon", "allow *")
        caps = [word for part in ("mon", "osd", "mgr") for word in ("--cap", part, "allow *")]
        self._do("ceph-authtool", keyring, "--gen-key", "-n", "client.admin", *caps)
        addresses = f"[v2:127.0.0.1:{second},v1:127.0.0.1:{first}]"
        self._do("monmaptool", "--create", "--fsid", str(fsid), "--addv", "a", addresses, str(root / "monmap"))
        self._do("ceph-mon", "--mkfs", "-i", "a", "--monmap", str(root / "monmap"), "--keyring", keyring)
        self._run("ceph-mon", "-i", "a", "-f")
        osd = str(uuid.uuid4())
        self._do("ceph", "osd", "new", osd)
        self._do("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", osd)
        self._run("ceph-osd", "-i", "0", "-f")
        self.start_gateway()
        self._do(
            *("radosgw-admin", "user", "create", "--uid=test", "--display-name=test", "--max-buckets=0"),
            *(f"--access-key={KEY_ID}", f"--secret-key={SECRET}"),
        )
        self._make_pools()

    def _make_pools(self) -> None:
        """The gateway makes what it keeps objects in at the first one, which takes seconds."""
        bucket = self.make_bucket()
        for method in ("PUT", "HEAD", "DELETE"):
            sign_and_send(bucket, method, f"/{bucket.name}/first", b"first" if method == "PUT" else b"")

    def start_gateway(self) -> None:
        """Run the gateway until it answers."""
        import requests

        self._gateway = self._run("radosgw", "-n", "client.admin", "-f")
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline and self._gateway.poll() is None:
            with contextlib.suppress(requests.RequestException):
                requests.get(self.endpoint, timeout=5)
                return
            time.sleep(0.1)
        raise RuntimeError(f"the gateway does not start: {self._tail()}")

    def kill_gateway(self) -> None:
        """End the gateway at once; what it has stored stays."""
        if self._gateway is not None:
            self._gateway.kill()
            self._gateway.wait(timeout=_START_SECONDS)
            self._running.remove(self._gateway)
            self._gateway = None

    def freeze_gateway(self) -> None:
        """Answer nothing, but keep all connections and take new ones."""
        assert self._gateway is not None
        self._gateway.send_signal(signal.SIGSTOP)

    def thaw_gateway(self) -> None:
        """Answer again."""
        assert self._gateway is not None
        self._gateway.send_signal(signal.SIGCONT)

    def make_bucket(self) -> Bucket:
        """A new, empty bucket."""
        return Bucket(self.endpoint, f"test-{secrets.token_hex(6)}").make()

    def list_pids(self) -> list[int]:
        """The numbers of its processes."""
        return [process.pid for process in self._running]

    def remove(self) -> None:
        """End, and leave nothing behind."""
        for process in reversed(self._running):
            process.kill()
            process.wait(timeout=_START_SECONDS)
        shutil.rmtree(self._root, ignore_errors=True)

    def _environment(self) -> dict[str, str]:
        return {**os.environ, "CEPH_CONF": str(self._root / "ceph.conf")}

    def _do(self, *words: str) -> None:
        done = subprocess.run(
            words, env=self._environment(), cwd=self._root, capture_output=True, text=True, timeout=_START_SECONDS
        )
        if done.returncode:
            raise RuntimeError(f"{words[0]} fails: {done.stderr[-2000:]}")

    def _run(self, *words: str) -> subprocess.Popen[bytes]:
        kept = ("setpriv", "--pdeathsig", "KILL")  # who is killed leaves none of them behind
        with (self._root / "log" / "output").open("ab") as output:
            process = subprocess.Popen(
                (*kept, *words), env=self._environment(), cwd=self._root, stdout=output, stderr=output
            )
        self._running.append(process)
        return process

    def _tail(self) -> str:
        return "\n".join(path.read_text(errors="replace")[-1000:] for path in (self._root / "log").iterdir())


def sign_and_send(bucket: Bucket, method: str, path: str, body: bytes = b"") -> bytes:
    """Send a request with a signature of S3 (version 4); what is answered."""
    import requests

    now = datetime.datetime.now(datetime.UTC)
    stamp, day = now.strftime("%Y%m%dT%H%M%SZ"), now.strftime("%Y%m%d")
    host = urlsplit(bucket.endpoint).netloc
    place, _, query = path.partition("?")
    digest = hashlib.sha256(body).hexdigest()
    query = f"{query}=" if query and "=" not in query else query
    signed = "host;x-amz-content-sha256;x-amz-date"
    heads = f"host:{host}\nx-amz-content-sha256:{digest}\nx-amz-date:{stamp}\n"
    asked = "\n".join((method, place, query, heads, signed, digest))
    scope = f"{day}/us-east-1/s3/aws4_request"
    text = "\n".join(("AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(asked.encode()).hexdigest()))
    key = f"AWS4{bucket.secret}".encode()
    for part in (day, "us-east-1", "s3", "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.new(key, text.encode(), "sha256").hexdigest()
    value = f"AWS4-HMAC-SHA256 Credential={bucket.key_id}/{scope}, SignedHeaders={signed}, Signature={signature}"
    heads_sent = {"Authorization": value, "x-amz-content-sha256": digest, "x-amz-date": stamp}
    answer = requests.request(method, f"{bucket.endpoint}{path}", data=body, headers=heads_sent, timeout=30)
    answer.raise_for_status()
    return answer.content


@dataclass(slots=True)
class Passing:
    """A request on its way through a proxy. A `status` answers it without the gateway."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    status: int = 0
    change: Callable[[bytes], bytes] | None = None


class SpoilingProxy:
    """Stands between us and a gateway. `spoil` sees each request first, and may answer, delay or change it."""

    def __init__(self, endpoint: str) -> None:
        self.passed: list[tuple[str, str, str]] = []
        self.spoil: Callable[[Passing], None] = lambda _: None
        gateway, proxy = urlsplit(endpoint).netloc, self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _pass(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                asked = Passing(self.command, self.path, dict(self.headers), body)
                proxy.passed.append((self.command, self.path, self.headers.get("Range", "")))
                proxy.spoil(asked)
                if asked.status:
                    self.send_response(asked.status)
                    if asked.status == 200:
                        self.send_header("ETag", '"done"')
                    data = f"<Error><Code>{_CODES.get(asked.status, 'Error')}</Code></Error>".encode()
                else:
                    connection = http.client.HTTPConnection(gateway, timeout=60)
                    connection.request(self.command, self.path, body, asked.headers)
                    answer = connection.getresponse()
                    data = answer.read()
                    self.send_response(answer.status)
                    for name, value in answer.headers.items():
                        if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                            self.send_header(name, value)
                    connection.close()
                    data = asked.change(data) if asked.change else data
                    if self.command == "HEAD":
                        self.send_header("Content-Length", answer.headers.get("Content-Length", "0"))
                if self.command != "HEAD":
                    self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(data)

            do_GET = do_PUT = do_HEAD = do_POST = do_DELETE = _pass  # noqa: N815 - named so by the library

            def log_message(self, *arguments: Any) -> None:
                """Say nothing."""

        class Server(ThreadingHTTPServer):
            def handle_error(self, request: Any, client_address: Any) -> None:
                """Clients may leave."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()


_CODES = {501: "NotImplemented", 503: "SlowDown", 507: "QuotaExceeded"}


def refuse_conditions(asked: Passing) -> None:
    """Answer conditional writes as OpenStack Swift does."""
    if asked.method == "PUT" and any(name.lower() in ("if-none-match", "if-match") for name in asked.headers):
        asked.status = 501


def require_ceph() -> None:
    """Skip, or fail where it is required, unless all programs of Ceph are here."""
    missing = [name for name in _PROGRAMS if shutil.which(name) is None]
    if missing:
        lack("ceph", f"the programs {', '.join(missing)} are not installed")
    if os.geteuid() != 0:
        lack("ceph", "its servers are started as root")


@pytest.fixture(scope="session")
def ceph() -> Iterator[CephServer]:
    """A running Ceph with a gateway that all tests of a process share; who stops the gateway starts it again."""
    require_ceph()
    server = CephServer()
    with contextlib.ExitStack() as stack:
        stack.callback(server.remove)
        server.start()
        yield server


@pytest.fixture
def bucket(ceph: CephServer) -> Bucket:
    """A new, empty bucket."""
    return ceph.make_bucket()


@pytest.fixture
def proxy(ceph: CephServer) -> Iterator[SpoilingProxy]:
    """A proxy before the gateway."""
    found = SpoilingProxy(ceph.endpoint)
    yield found
    found.close()
