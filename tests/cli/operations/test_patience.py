"""Slow and greedy clients: half a request, half a body, an answer nobody takes. Other readers don't notice."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest

from opendata.cli.operations import patience
from opendata.cli.operations.patience import PatientSocket, PatientWorker
from tests.cli.operations.test_serving import fetch_status, running
from tests.instances import DATASET, make_actor, make_services, upload
from tests.servers import free_port

CLIENTS = 60
READERS = 10


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One web process in which two requests run at once."""
    home = tmp_path_factory.mktemp("patience") / "instance"
    services = make_services(home, review="none")
    editor = make_actor(services, "editor")
    services.datasets.create(editor, DATASET)
    draft = upload(
        services, editor, "code,note\n" + "".join(f"A{n:05},{'x' * 200}\n" for n in range(40_000)), schema=None
    )
    services.drafts.submit(editor, draft.id)
    services.work.run_to_end(draft.id)
    services.database.dispose()
    with running(home, "serve", "--no-worker", "--workers", "1", "--threads", "2", "--port", str(free_port())) as (
        _,
        address,
    ):
        yield address


def connect(address: str, opened: ExitStack, request: bytes) -> socket.socket:
    """A client that takes in little, and has sent this much."""
    client = opened.enter_context(socket.socket())
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    client.connect((urlsplit(address).hostname, urlsplit(address).port))
    client.sendall(request)
    return client


HALVES = {
    "head": b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ",
    "body": b"POST /sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    b"Content-Length: 1000\r\n\r\nname=",
    "answer": b"GET /datasets/reservoirs/1.0.0/levels.csv HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "nothing": b"",
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", HALVES)
def test_clients_that_stop_halfway_hold_up_nobody(address: str, kind: str) -> None:
    with ExitStack() as opened:
        for _ in range(CLIENTS):
            connect(address, opened, HALVES[kind])
        for _ in range(READERS):
            assert fetch_status(f"{address}/healthz") == 200


def test_a_stranger_who_sends_a_file_is_refused_before_it_has_come(address: str) -> None:
    head = b"POST /api/v1/datasets/lakes/drafts HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: multipart/form-data; "
    with ExitStack() as opened:
        client = connect(address, opened, head + b"boundary=b\r\nContent-Length: 1000000000\r\n\r\n--b\r\n")
        client.settimeout(patience.IDLE_SECONDS / 2)
        assert client.recv(20).startswith(b"HTTP/1.1 401")


# ------------------------------------------------------------------------------------------------ the socket alone

Pair = tuple[PatientSocket, socket.socket]


@pytest.fixture
def pair(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pair]:
    """A connection, and its client."""
    monkeypatch.setattr(patience, "IDLE_SECONDS", 0.05)
    one, client = socket.socketpair()
    own = PatientSocket(one.family, one.type, one.proto, fileno=one.detach())
    own.setblocking(True)
    with own, client:
        own.begin(threading.Semaphore(1))
        yield own, client


def test_a_slot_is_given_back_while_a_client_is_waited_for(pair: Pair) -> None:
    own, client = pair
    slots = threading.Semaphore(0)  # held by the thread that is at the request
    own.begin(slots)
    taken = threading.Event()

    def run_another() -> None:
        assert slots.acquire(timeout=20)
        taken.set()
        client.sendall(b"late")
        slots.release()

    patience.IDLE_SECONDS = 20  # put back by the fixture
    thread = threading.Thread(target=run_another)
    thread.start()
    assert own.recv(10) == b"late"
    thread.join()
    assert taken.is_set()
    assert not slots.acquire(blocking=False)


def test_a_client_that_is_idle_is_gone(pair: Pair, tmp_path: Path) -> None:
    own, _ = pair
    assert own.recv(10) == b""
    with pytest.raises(BrokenPipeError):
        own.sendall(bytes(10_000_000))
    (tmp_path / "large").write_bytes(bytes(10_000_000))
    with (tmp_path / "large").open("rb") as file, pytest.raises(BrokenPipeError):
        own.sendfile(file)


def test_a_client_that_is_slower_than_any_line_is_gone_and_one_that_is_fast_isnt(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, client = pair
    monkeypatch.setattr(patience, "GRACE_SECONDS", 0.0)
    monkeypatch.setattr(patience, "BYTES_PER_SECOND", 1e9)
    client.sendall(b"a")
    assert own.recv(10) == b"a"
    assert own.recv(10) == b""  # has waited now, and too little came meanwhile
    client.sendall(b"b")
    assert own.recv(10) == b"b"
    monkeypatch.setattr(patience, "IDLE_SECONDS", 20)
    assert own.recv(10) == b""
    own.begin(own.slots)  # the next request begins anew
    monkeypatch.setattr(patience, "IDLE_SECONDS", 0.05)
    assert own.recv(10) == b""


def test_what_is_sent_arrives_whole(pair: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own, client = pair
    monkeypatch.setattr(patience, "IDLE_SECONDS", 20)
    data = bytes(range(256)) * 20_000
    (tmp_path / "file").write_bytes(data)

    def send() -> None:
        own.sendall(data)
        with (tmp_path / "file").open("rb") as file:
            assert own.sendfile(file, 1000, len(data) - 2000) == len(data) - 2000
        own.shutdown(socket.SHUT_WR)

    thread = threading.Thread(target=send)
    thread.start()
    found = bytearray()
    while piece := client.recv(1 << 16):
        found += piece
    thread.join()
    assert bytes(found) == data + data[1000:-1000]


def test_one_address_never_has_all_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "MOST_OF_AN_ADDRESS", 2)
    worker = PatientWorker.__new__(PatientWorker)
    worker.begin_counting()

    def enter(opened: ExitStack) -> Callable[[str], bool]:
        return lambda address: opened.enter_context(worker.count_request(SimpleNamespace(client=(address, 5))))

    with ExitStack() as opened:
        ask = enter(opened)
        assert [ask("192.0.2.1") for _ in range(3)] == [True, True, False]
        assert ask("192.0.2.2") is True
        monkeypatch.setattr(PatientWorker, "trusted", ("192.0.2.1",))
        assert ask("192.0.2.1") is True
        monkeypatch.setattr(PatientWorker, "trusted", ())
        assert [ask("127.0.0.1") for _ in range(3)] == [True] * 3
    with ExitStack() as opened:
        assert enter(opened)("192.0.2.1") is True
