"""The virus scanner over its socket: a real clamd, and a socket that answers what clamd hardly ever does."""

from __future__ import annotations

import io
import socket
import struct
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from opendata.errors import BackendError, TooLargeError
from opendata.outside.scanner import Scanner, find_scanner
from tests.servers import EICAR, SIGNATURE, ClamdServer, free_port


@pytest.fixture(params=["unix", "tcp"])
def scanner(request: pytest.FixtureRequest, clamd: ClamdServer) -> Scanner:
    return Scanner(clamd.address if request.param == "unix" else clamd.tcp_address)


def write(folder: Path, data: bytes | str) -> Path:
    path = folder / "file"
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def zip_up(data: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inner", data)
    return target.getvalue()


def test_clamd_tells_its_version(scanner: Scanner) -> None:
    assert scanner.ask_version().startswith("ClamAV ")


@pytest.mark.parametrize("data", ["", "code,name\nA001,东湖\n", b"\0" * 900_000])
def test_clamd_passes_a_clean_file(scanner: Scanner, tmp_path: Path, data: bytes | str) -> None:
    assert scanner.scan(write(tmp_path, data)) == ""


@pytest.mark.parametrize(
    "data", [EICAR.encode(), b"a,b\n" * 200_000 + EICAR.encode() + b",1\n", zip_up(EICAR.encode())]
)
def test_clamd_names_what_it_finds(scanner: Scanner, tmp_path: Path, data: bytes) -> None:
    assert scanner.scan(write(tmp_path, data)) == SIGNATURE


def test_a_file_beyond_the_limit_of_clamd_does_not_pass(scanner: Scanner, tmp_path: Path) -> None:
    with pytest.raises(TooLargeError, match="size limit exceeded"):
        scanner.scan(write(tmp_path, b"x" * 3_000_000))


def test_a_file_that_clamd_did_not_read_to_its_end_does_not_pass(scanner: Scanner, tmp_path: Path) -> None:
    data = EICAR.encode()
    for _ in range(6):
        data = zip_up(data)
    with pytest.raises(TooLargeError, match=r"Limits\.Exceeded"):
        scanner.scan(write(tmp_path, data))


def test_sending_reports_how_far_it_is(scanner: Scanner, tmp_path: Path) -> None:
    shares: list[float] = []
    scanner.scan(write(tmp_path, b"1,2\n" * 200_000), shares.append)
    assert shares == sorted(shares)
    assert 0 < shares[0] < 1
    assert shares[-1] == 1


def test_nobody_at_the_address_is_told_with_the_address(tmp_path: Path) -> None:
    for address in (f"unix:{tmp_path / 'none'}", f"unix:/{'x' * 200}", f"tcp://127.0.0.1:{free_port()}"):
        with pytest.raises(BackendError, match="isn't responding") as caught:
            Scanner(address).ask_version()
        assert address in caught.value.text
    assert find_scanner("") is None


@contextmanager
def answer(reply: Callable[[socket.socket], None]) -> Iterator[Scanner]:
    """A scanner that treats its one client like this."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            client, _ = listener.accept()
            with client:
                reply(client)

        server = threading.Thread(target=serve)
        server.start()
        yield Scanner(f"tcp://127.0.0.1:{listener.getsockname()[1]}")
        server.join()


def read_stream(client: socket.socket) -> bytes:
    """What a client sends with INSTREAM, put together again."""
    with client.makefile("rb") as sent:
        assert sent.read(10) == b"zINSTREAM\0"
        data = b""
        while size := struct.unpack("!I", sent.read(4))[0]:
            data += sent.read(size)
        return data


@pytest.mark.parametrize("words", ["stream: OK ", "OK", "", "stream: Can't allocate memory ERROR", "UNKNOWN COMMAND"])
def test_only_a_plain_ok_passes_a_file(tmp_path: Path, words: str) -> None:
    path = write(tmp_path, b"1,2\n" * 100_000)
    received = []

    def reply(client: socket.socket) -> None:
        received.append(read_stream(client))
        client.sendall(words.encode() + b"\0")

    with answer(reply) as scanner:
        if words.strip() == "stream: OK":
            assert scanner.scan(path) == ""
        else:
            with pytest.raises(BackendError, match="didn't check the file"):
                scanner.scan(path)
    assert received == [path.read_bytes()]


def test_an_ok_before_the_end_of_a_file_passes_nothing(tmp_path: Path) -> None:
    def reply(client: socket.socket) -> None:
        client.sendall(b"stream: OK\0")
        while client.recv(65536):
            pass

    path = write(tmp_path, b"x" * 10_000_000)
    with answer(reply) as scanner, pytest.raises(BackendError, match="didn't check"):
        scanner.scan(path)


@pytest.mark.parametrize("half", [b"", b"stream: O"])
def test_an_answer_that_breaks_off_passes_nothing(tmp_path: Path, half: bytes) -> None:
    def reply(client: socket.socket) -> None:
        read_stream(client)
        client.sendall(half)

    with answer(reply) as scanner, pytest.raises(BackendError, match="closed without an answer"):
        scanner.scan(write(tmp_path, "a"))


def test_silence_is_waited_for_and_then_given_up(tmp_path: Path) -> None:
    done = threading.Event()
    with answer(lambda client: done.wait(10)) as scanner:
        with pytest.raises(BackendError, match="timed out"):
            scanner.ask_version(seconds=0.05)
        done.set()
