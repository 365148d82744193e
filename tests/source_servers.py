"""Servers that sources are fetched from: a web server and an SFTP server of this process, on 127.0.0.1."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.servers import lack


@dataclass
class Answer:
    """What the web server answers at an address. `pause` is waited between the `pieces` of its body.

    `first` is done before anything is answered.
    """

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    claims: int | None = None
    pause: float = 0.0
    pieces: int = 1
    first: Callable[[], object] = list


@dataclass
class Site:
    """A web server: what it answers by path, and the requests it got."""

    port: int
    answers: dict[str, Answer] = field(default_factory=dict)
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def put(self, path: str, body: bytes | str = b"", **more: Any) -> str:
        """Answer a path with a body; its address."""
        self.answers[path] = Answer(body.encode() if isinstance(body, str) else body, **more)
        return self.url + path


@contextmanager
def serve_site() -> Iterator[Site]:
    """A running web server."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            site.requests.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
            answer = site.answers.get(self.path, Answer(status=404))
            answer.first()
            known = self.headers.get("If-None-Match")
            if known and known == answer.headers.get("ETag"):
                answer = Answer(status=304)
            self.send_response(answer.status)
            size = answer.claims if answer.claims is not None else len(answer.body)
            for name, value in {"Content-Length": str(size), "Connection": "close", **answer.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            length = max(1, len(answer.body) // answer.pieces)
            try:
                for start in range(0, len(answer.body), length):
                    self.wfile.write(answer.body[start : start + length])
                    self.wfile.flush()
                    if answer.pause:
                        time.sleep(answer.pause)
            except OSError:
                pass  # the client has gone

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    site = Site(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield site
    server.shutdown()
    thread.join()
    server.server_close()


@dataclass
class SftpSite:
    """An SFTP server: its folder, its port, its key, and the user `clerk` with a password and a key of their own."""

    folder: Path
    port: int
    host_key: str
    fingerprint: str
    private_key: str
    password: str = "a password of tests"

    @property
    def url(self) -> str:
        return f"sftp://clerk@127.0.0.1:{self.port}/levels.csv"


@contextmanager
def serve_sftp(folder: Path) -> Iterator[SftpSite]:
    """A running SFTP server (asyncssh)."""
    try:
        import asyncssh
    except ImportError:
        lack("asyncssh", "pip install asyncssh, of the extra `sftp`")
    host = asyncssh.generate_private_key("ssh-ed25519")
    own = asyncssh.generate_private_key("ssh-ed25519")

    class Door(asyncssh.SSHServer):
        def password_auth_supported(self) -> bool:
            return True

        def validate_password(self, username: str, password: str) -> bool:
            return (username, password) == ("clerk", SftpSite.password)

        def public_key_auth_supported(self) -> bool:
            return True

        def validate_public_key(self, username: str, key: Any) -> bool:
            return username == "clerk" and key.public_data == own.public_data

    def make_factory(channel: Any) -> Any:
        return asyncssh.SFTPServer(channel, chroot=str(folder).encode())

    with _loop() as run:
        listening = asyncssh.listen(
            "127.0.0.1", 0, server_factory=Door, server_host_keys=[host], sftp_factory=make_factory
        )
        server = run(listening)
        yield SftpSite(
            folder=folder,
            port=server.get_port(),
            host_key=host.export_public_key().decode().strip(),
            fingerprint=host.get_fingerprint(),
            private_key=own.export_private_key().decode(),
        )

        async def stop() -> None:
            server.close()
            await server.wait_closed()

        run(stop())


@contextmanager
def _loop() -> Iterator[Callable[[Any], Any]]:
    """An event loop in a thread of its own; what runs something in it and waits for the result."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    yield lambda work: asyncio.run_coroutine_threadsafe(_wrap(work), loop).result(timeout=30)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


async def _wrap(work: Any) -> Any:
    return await work
