"""Two nodes behind nginx, one after the other taken out of service and started again: no reader notices."""

from __future__ import annotations

import contextlib
import signal
import socket
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from opendata.instance_file import write_instance_file
from tests.clients.conftest import start_server
from tests.clients.fronts import run_nginx
from tests.instances import DATASET, make_actor, make_services, publish
from tests.servers import free_port, require

pytestmark = pytest.mark.slow

DRAIN = 4
"""Seconds."""
ROWS = 40_000


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An instance with one large table."""
    require("nginx")
    home = tmp_path_factory.mktemp("rolling") / "instance"
    services = make_services(home, review="none")
    editor = make_actor(services, "editor")
    services.datasets.create(editor, DATASET)
    table = "code,note\n" + "".join(f"A{number:05},{'x' * 200}\n" for number in range(ROWS))
    publish(services, editor, table, schema=None)
    services.database.dispose()
    write_instance_file(home, {"OPENDATA_DRAIN_SECONDS": str(DRAIN), "OPENDATA_FINISH_SECONDS": "30"})
    return home


class Node:
    """A node that is started again at the same port."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._port = str(free_port())
        self.address = f"http://127.0.0.1:{self._port}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        options = ("--port", self._port, "--no-worker", "--workers", "1", "--threads", "4")
        self.process, _ = start_server(self._home, self._home.with_name("log"), *options)

    def stop(self) -> int:
        assert self.process is not None
        assert self.process.stderr is not None
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(timeout=90)
        self.process.stderr.close()
        self.process = None
        return status

    def find_status(self, path: str) -> int:
        """The status of an answer; 0 where the connection is refused."""
        try:
            return requests.get(self.address + path, headers={"Accept": "*/*"}, timeout=60).status_code
        except requests.ConnectionError:
            return 0


@pytest.fixture
def nodes(home: Path) -> Iterator[list[Node]]:
    """Two nodes of the instance."""
    found = [Node(home) for _ in range(2)]
    try:
        for node in found:
            node.start()
        yield found
    finally:
        for node in found:
            if node.process is not None:
                node.process.kill()
                node.stop()


def read_on(address: str, counts: Counter[str], stop: threading.Event) -> None:
    """A reader who asks for a page, a file and an answer of REST, again and again, each time anew."""
    paths = ("/datasets/reservoirs", "/datasets/reservoirs/1.0.0/datapackage.json", "/api/v1/datasets")
    while not stop.is_set():
        for path in paths:
            try:
                counts[str(requests.get(address + path, timeout=60).status_code)] += 1
            except requests.RequestException as error:
                counts[type(error).__name__] += 1


def test_readers_see_no_failure_while_each_node_is_started_again(home: Path, nodes: list[Node], tmp_path: Path) -> None:
    counts: Counter[str] = Counter()
    stop = threading.Event()
    with run_nginx(tmp_path, home, [node.address for node in nodes]) as address:
        readers = [threading.Thread(target=read_on, args=(address, counts, stop)) for _ in range(3)]
        for reader in readers:
            reader.start()
        try:
            for node in nodes:
                before = counts.total()
                assert node.stop() == 0
                assert node.find_status("/healthz") == 0
                node.start()
                assert node.find_status("/readyz") == 200
                assert counts.total() > before
        finally:
            stop.set()
            for reader in readers:
                reader.join()
    assert set(counts) == {"200"}, counts
    assert counts["200"] > 50


def test_a_node_says_that_it_stops_serves_on_and_lets_a_download_finish(nodes: list[Node]) -> None:
    node = nodes[0]
    size = int(
        requests.head(f"{node.address}/datasets/reservoirs/1.0.0/levels.csv", timeout=60).headers["Content-Length"]
    )
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        client.connect((urlsplit(node.address).hostname, urlsplit(node.address).port))
        client.sendall(b"GET /datasets/reservoirs/1.0.0/levels.csv HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")
        received = len(client.recv(1000))
        stopping = threading.Thread(target=node.stop)
        stopping.start()
        until(lambda: node.find_status("/readyz") == 503)
        assert node.find_status("/healthz") == 200
        assert node.find_status("/datasets/reservoirs") == 200
        until(lambda: node.find_status("/healthz") == 0)  # refused at once, while the download goes on
        assert stopping.is_alive()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        while piece := client.recv(1 << 16):
            received += len(piece)
        stopping.join(60)
    assert received > size, "the file, and the headers before it"


def until(condition: object) -> None:
    ends = time.monotonic() + 60
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < ends, "it doesn't happen"
        with contextlib.suppress(InterruptedError):
            time.sleep(0.05)
