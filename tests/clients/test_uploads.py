"""Uploads to a portal that is really served: by a foreign tus client, over lines that break, past servers that die."""

from __future__ import annotations

import hashlib
import io
import json
import os
import random
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from click.testing import CliRunner
from tusclient.client import TusClient

from opendata.cli import main
from tests.clients.conftest import start_server
from tests.instances import DATASET, make_actor, make_services
from tests.servers import CHECKOUT

TUS = {"Tus-Resumable": "1.0.0"}
ROWS = 400_000
TEXT = "n,square\n" + "".join(f"{n},{n * n}\n" for n in range(ROWS))
DATA = TEXT.encode()
DIGEST = hashlib.sha256(DATA).hexdigest()
SCHEMA = {"fields": [{"name": "n", "type": "integer"}, {"name": "square", "type": "integer"}]}
PATIENCE = 60.0


class Served:
    """A portal being served, and a sender with a token."""

    def __init__(self, home: Path, token: str) -> None:
        self.home, self.token = home, token
        self.process, self.address = start_server(home, home.with_name("log"), "--workers", "2")
        self.session = requests.Session()
        self.session.headers.update({"Authorization": f"Bearer {token}", **TUS})

    def announce(self, length: int = len(DATA)) -> str:
        answer = self.session.post(f"{self.address}/api/v1/uploads", headers={"Upload-Length": str(length)})
        assert answer.status_code == 201, answer.text
        return self.address + answer.headers["Location"]

    def offset(self, upload: str) -> int:
        """How much is kept, asked until something answers."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                answer = self.session.head(upload, timeout=10)
                if answer.status_code == 200:
                    return int(answer.headers["Upload-Offset"])
            except requests.RequestException:
                pass
            assert time.monotonic() < deadline, "the portal does not answer"
            time.sleep(0.1)

    def send(self, upload: str, offset: int, data: bytes = DATA) -> requests.Response:
        headers = {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
        return self.session.patch(upload, data=data[offset:], headers=headers, timeout=60)

    def resume(self, upload: str) -> None:
        """Send the rest, as a client does: ask, send, and again where the place or the lock was not free yet."""
        deadline = time.monotonic() + PATIENCE
        while self.send(upload, self.offset(upload)).status_code != 204:
            assert time.monotonic() < deadline

    def digest(self, upload: str) -> str:
        found = self.session.get(upload).json()
        assert found["state"] == "finished"
        return str(found["sha256"])

    @contextmanager
    def half_a_piece(self, upload: str, offset: int, size: int) -> Iterator[socket.socket]:
        """A connection over which part of the rest was sent."""
        parts = urlsplit(upload)
        lines = [f"PATCH {parts.path} HTTP/1.1", f"Host: {parts.netloc}", f"Authorization: Bearer {self.token}"]
        lines += ["Tus-Resumable: 1.0.0", f"Upload-Offset: {offset}", "Content-Type: application/offset+octet-stream"]
        lines += [f"Content-Length: {len(DATA) - offset}", "", ""]
        with socket.create_connection((parts.hostname or "", parts.port or 80)) as line:
            line.sendall("\r\n".join(lines).encode() + DATA[offset : offset + size])
            yield line

    def children(self) -> list[int]:
        """The processes of the web server and the worker."""
        found = [self.process.pid]
        for pid in found:
            children = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True)
            found += [int(text) for text in children.stdout.split()]
        return found[1:]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    home = tmp_path_factory.mktemp("uploads") / "instance"
    services = make_services(home)
    services.datasets.create(make_actor(services, "editor"), DATASET)
    token, _ = services.accounts.create_token("editor")
    services.database.dispose()
    (home / "opendata.env").write_text("OPENDATA_REVIEW=none\n")
    found = Served(home, token)
    yield found
    found.process.send_signal(signal.SIGTERM)
    found.process.communicate(timeout=60)


@pytest.fixture
def client(served: Served) -> TusClient:
    return TusClient(f"{served.address}/api/v1/uploads", headers={"Authorization": f"Bearer {served.token}"})


@pytest.mark.slow
@pytest.mark.parametrize("checked", [pytest.param(False, marks=pytest.mark.slow), True])
def test_a_foreign_client_sends_a_file_in_pieces(served: Served, client: TusClient, checked: bool) -> None:
    uploader = client.uploader(
        file_stream=io.BytesIO(DATA),
        chunk_size=1_000_003,
        metadata={"filename": "squares.csv"},
        upload_checksum=checked,
    )
    uploader.upload()
    assert served.digest(uploader.url) == DIGEST
    draft = served.session.post(
        f"{served.address}/api/v1/datasets/reservoirs/drafts",
        json={"uploads": [{"upload": uploader.url.rsplit("/", 1)[-1], "schema": SCHEMA}]},
    ).json()
    deadline = time.monotonic() + PATIENCE
    while draft["status"] != "valid":
        assert time.monotonic() < deadline, draft
        time.sleep(0.2)
        draft = served.session.get(f"{served.address}/api/v1/drafts/{draft['id']}").json()
    assert [(item["name"], item["rows"]) for item in draft["resources"]] == [("squares", ROWS)]


def test_a_foreign_client_goes_on_where_another_run_of_it_stopped(served: Served, client: TusClient) -> None:
    first = client.uploader(file_stream=io.BytesIO(DATA), chunk_size=1_000_000)
    first.upload(stop_at=3_000_000)
    second = client.uploader(file_stream=io.BytesIO(DATA), url=first.url)
    assert second.offset == 3_000_000
    second.upload()
    assert served.digest(first.url) == DIGEST


@pytest.mark.slow
@pytest.mark.parametrize("reset", [False, True])
def test_a_connection_that_breaks_five_times_anywhere_costs_no_byte(served: Served, reset: bool) -> None:
    chance = random.Random(20261123)
    upload, offset = served.announce(), 0
    gained = []
    for _ in range(5):
        size = chance.randrange(1, (len(DATA) - offset) // 2)
        with served.half_a_piece(upload, offset, size) as line:
            if reset:  # no farewell: what is on its way is lost
                time.sleep(0.2)
                line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        before, deadline = offset, time.monotonic() + PATIENCE
        while True:
            offset = served.offset(upload)
            if offset == before + size or (reset and offset > before) or time.monotonic() > deadline:
                break
            if reset and size < 300_000:
                break
            time.sleep(0.05)
        assert before <= offset <= before + size
        if not reset:
            assert offset == before + size
        gained.append(offset - before)
    assert sum(gained) > 0
    served.resume(upload)
    assert served.digest(upload) == DIGEST


@pytest.mark.slow
def test_two_pieces_at_once_are_one_too_many(served: Served) -> None:
    upload = served.announce()
    with served.half_a_piece(upload, 0, 2_000_000):
        time.sleep(0.5)
        assert served.send(upload, 0).status_code == 423
        assert served.session.delete(upload).status_code == 423
        assert served.session.head(upload).status_code == 200
    served.resume(upload)
    assert served.digest(upload) == DIGEST


def test_two_clients_that_send_the_same_at_once_make_one_file(served: Served) -> None:
    upload = served.announce()
    statuses: list[int] = []

    def send() -> None:
        with requests.Session() as session:
            session.headers.update(served.session.headers)
            headers = {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
            statuses.append(session.patch(upload, data=DATA, headers=headers, timeout=60).status_code)

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert statuses.count(204) == 1
    assert set(statuses) <= {204, 409, 423}
    assert served.digest(upload) == DIGEST


@pytest.mark.slow
@pytest.mark.parametrize("whole", [False, True])
def test_a_killed_web_server_loses_nothing_that_it_counted(served: Served, whole: bool) -> None:
    upload = served.announce()
    assert served.session.patch(
        upload,
        data=DATA[:1_000_000],
        headers={"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"},
    ).ok
    with served.half_a_piece(upload, 1_000_000, 2_000_000):
        time.sleep(0.5)
        for pid in served.children():
            if whole or b"webserver" in Path(f"/proc/{pid}/cmdline").read_bytes():
                os.kill(pid, signal.SIGKILL)
    offset = served.offset(upload)
    assert 1_000_000 <= offset <= 3_000_000
    served.resume(upload)
    assert served.digest(upload) == DIGEST


# ------------------------------------------------------------------------------------------- the command line


class Line:
    """A line to the portal that breaks after so many bytes of each connection, as often as told."""

    def __init__(self, address: str, *, breaks: int, after: int, pause: float = 0.0) -> None:
        parts = urlsplit(address)
        self._target = (parts.hostname or "", parts.port or 80)
        self._breaks, self._after, self.pause = breaks, after, pause
        self.carried = 0
        self.broken = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            far = socket.create_connection(self._target)
            threading.Thread(target=self._carry, args=(near, far, True), daemon=True).start()
            threading.Thread(target=self._carry, args=(far, near, False), daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket, up: bool) -> None:
        carried = 0
        try:
            while data := source.recv(65536):
                target.sendall(data)
                if up:
                    carried += len(data)
                    self.carried += len(data)
                    time.sleep(self.pause)
                    if carried > self._after and self.broken < self._breaks:
                        self.broken += 1
                        break
        except OSError:
            pass
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def close(self) -> None:
        self._listener.close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "squares.csv"
    path.write_bytes(DATA)
    (tmp_path / "rules.json").write_text(json.dumps(SCHEMA))
    return path


def start_command(served: Served, file: Path, *words: str, url: str = "") -> subprocess.Popen[str]:
    environment = {**os.environ, "OPENDATA_TOKEN": served.token, "XDG_STATE_HOME": str(file.parent / "state")}
    command = [sys.executable, "-m", "opendata", "upload", str(file), "--dataset", "reservoirs"]
    command += ["--url", url or served.address, *words]
    return subprocess.Popen(
        command,
        env={**environment, "LC_ALL": "C.UTF-8"},
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(command: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = command.communicate(timeout=PATIENCE * 2)
    return command.returncode, out, err


@pytest.mark.slow
def test_the_command_sends_a_file_and_prints_the_verdict(served: Served, file: Path) -> None:
    status, out, err = finish(start_command(served, file, "--schema", str(file.with_name("rules.json"))))
    assert (status, err) == (0, "")
    assert f"squares.csv: valid (rows: {ROWS:,}, columns: 2, errors: 0)" in out
    assert "reservoirs: valid" in out
    assert "/workspace/drafts/" in out


@pytest.mark.slow
def test_the_command_ends_with_1_where_the_table_is_wrong_and_tells_all_as_json(served: Served, file: Path) -> None:
    file.write_text("n,square\n1,one\n")
    status, out, _ = finish(start_command(served, file, "--schema", str(file.with_name("rules.json")), "--json"))
    draft = json.loads(out)
    assert (status, draft["status"], draft["report"]["stats"]["errors"]) == (1, "invalid", 1)
    status, out, _ = finish(start_command(served, file, "--schema", str(file.with_name("rules.json"))))
    assert status == 1
    assert "1 × type-error in “square”" in out


@pytest.mark.slow
def test_the_command_goes_on_over_a_line_that_breaks(served: Served, file: Path) -> None:
    line = Line(served.address, breaks=5, after=1_000_000)
    status, out, err = finish(start_command(served, file, url=line.address))
    line.close()
    assert (status, err) == (0, "")
    assert line.broken == 5
    assert "reservoirs: valid" in out
    assert line.carried < 1.5 * len(DATA)


@pytest.mark.slow
def test_a_killed_command_goes_on_when_it_is_run_again(served: Served, file: Path) -> None:
    slow = Line(served.address, breaks=0, after=0, pause=0.05)
    command = start_command(served, file, url=slow.address)
    deadline = time.monotonic() + PATIENCE
    while slow.carried < len(DATA) // 2:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    command.kill()
    command.communicate()
    slow.pause = 0.0
    before = slow.carried
    status, out, _ = finish(start_command(served, file, url=slow.address))
    slow.close()
    assert status == 0
    assert "reservoirs: valid" in out
    assert slow.carried - before < 0.8 * len(DATA)


@pytest.mark.slow
def test_the_command_submits_what_is_valid(served: Served, file: Path) -> None:
    status, out, _ = finish(start_command(served, file, "--submit", "--json"))
    assert (status, json.loads(out)["status"]) == (0, "submitted")


@pytest.mark.slow
def test_the_command_says_that_a_table_has_no_rows(served: Served, file: Path) -> None:
    file.write_text("n,square\n")
    refused = finish(start_command(served, file, "--submit"))
    assert (refused[0], "has no rows" in refused[2]) == (2, True)
    status, out, err = finish(start_command(served, file, "--submit", "--no-rows", "--breaking", "x", "--json"))
    assert status == 0, err
    draft = json.loads(out)
    assert (draft["status"], draft["resources"][0]["noRows"]) == ("submitted", True)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("squares.csv", "--dataset", "nothing-here"), "There is no dataset"),
        (("squares.csv", "--token", "odt_wrong"), "token"),
        (("squares.csv", "--patience", "1", "--url", "http://127.0.0.1:9"), "Can't reach http://127.0.0.1:9"),
        (("none.csv",), "There is no file"),
        (("squares.csv", "--url", "portal.example.org"), "https://"),
    ],
)
def test_the_command_says_what_keeps_it(served: Served, file: Path, words: tuple[str, ...], reason: str) -> None:
    name, *options = words
    usual = ["--dataset", "reservoirs", "--url", served.address, "--token", served.token]
    environment = {"XDG_STATE_HOME": str(file.parent / "state"), "LC_ALL": "C.UTF-8"}
    ended = CliRunner(env=environment).invoke(main, ["upload", str(file.with_name(name)), *usual, *options])
    assert ended.exit_code == 2
    assert reason in ended.stderr
