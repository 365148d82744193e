"""Real processes: what `opendata demo` and `opendata serve` start, answer, restart and leave behind (nothing)."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest

from opendata.cli.operations.serving import bind_socket
from tests.servers import free_port

SECONDS = 60
linux = pytest.mark.skipif(sys.platform != "linux", reason="processes are read from /proc")


class Command:
    """A running `opendata`, its output read line by line."""

    def __init__(self, home: Path, *words: str) -> None:
        environ = {**os.environ, "OPENDATA_HOME": str(home), "PYTHONUNBUFFERED": "1", "LC_ALL": "C.UTF-8"}
        self.process = subprocess.Popen(
            [Path(sys.executable).with_name("opendata"), *words],
            stderr=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environ,
            cwd=home.parent,
        )

    def wait_for(self, text: str) -> list[str]:
        """The lines of stderr up to the one that holds the text."""
        assert self.process.stderr is not None
        lines: list[str] = []
        for line in self.process.stderr:
            lines.append(line)
            if text in line:
                return lines
        raise AssertionError(f"ended without “{text}”: {''.join(lines)}")

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        self.process.communicate(timeout=SECONDS)
        return self.process.returncode


@contextmanager
def running(home: Path, *words: str) -> Iterator[tuple[Command, str]]:
    """A command that serves, and its address."""
    command = Command(home, *words)
    try:
        line = command.wait_for("Serving http")[-1]
        yield command, line.split("Serving ")[1].split(". Press ")[0]
    finally:
        if command.process.poll() is None:
            command.process.kill()
        command.process.communicate(timeout=SECONDS)


def fetch_status(address: str) -> int:
    with urlopen(address, timeout=SECONDS) as response:  # noqa: S310 - our own address
        return int(response.status)


def list_descendants(pid: int) -> dict[int, str]:
    """The processes below one, with their command lines."""
    parents: dict[int, int] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
    found: dict[int, str] = {}
    below = [pid]
    while below:
        parent = below.pop()
        for child, its_parent in parents.items():
            if its_parent == parent:
                below.append(child)
                found[child] = read_command(child)
    return found


def read_command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except (FileNotFoundError, ProcessLookupError):
        return ""


def until(condition: Callable[[], bool]) -> None:
    """Wait for what another process does."""
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it does not happen"
        time.sleep(0.02)


def all_ended(processes: dict[int, str]) -> bool:
    return not any(read_command(pid) == command for pid, command in processes.items() if command)


@linux
def test_demo_serves_the_samples_and_publishes_none_a_second_time(home, demo) -> None:
    demo(home)
    before = list_versions(home)
    assert serve_demo(home) == before
    assert len(before) > 8


@linux
@pytest.mark.slow
def test_demo_serves_what_it_has_just_published(home) -> None:
    assert len(serve_demo(home)) > 8


def serve_demo(home: Path) -> list[str]:
    """The versions there are while `opendata demo` runs; it has started what it should, and leaves nothing behind."""
    (home.parent / "click.py").write_text("raise SystemExit('imported from the working folder')")
    port = str(free_port())
    with running(home, "demo", "--port", port) as (command, address):
        assert address == f"http://127.0.0.1:{port}"
        assert fetch_status(f"{address}/") == 200
        assert fetch_status(f"{address}/readyz") == 200
        versions = list_versions(home)
        processes = list_descendants(command.process.pid)
        assert len(processes) == 4, "the web server, its two processes, the worker"
        assert command.stop() == 0
        until(lambda: all_ended(processes))
    return versions


def list_versions(home: Path) -> list[str]:
    return sorted(path.name for path in (home / "store" / "datasets").rglob("*.json"))


@pytest.mark.parametrize("words", [("demo",), ("serve",)])
def test_a_taken_port_is_named_before_anything_starts(home, words) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        command = Command(home, *words, "--port", str(port))
        out, err = command.process.communicate(timeout=SECONDS)
    assert command.process.returncode == 2
    assert out == ""
    assert f"Port {port} is already in use" in err
    assert "make run" in err
    assert not home.exists()


def test_a_machine_that_starts_refuses_readers_until_it_can_answer_them() -> None:
    with (
        bind_socket("127.0.0.1", free_port()) as bound,
        socket.socket() as reader,
        pytest.raises(ConnectionRefusedError),
    ):
        reader.connect(bound.getsockname())


def test_an_address_that_is_not_ours_is_named(home) -> None:
    command = Command(home, "serve", "--host", "192.0.2.1")
    _, err = command.process.communicate(timeout=SECONDS)
    assert command.process.returncode == 2
    assert "192.0.2.1" in err


def test_serving_a_database_of_another_form_is_refused_with_the_command_that_helps(instance) -> None:
    for path in instance.glob("opendata.sqlite*"):
        path.unlink()
    command = Command(instance, "serve", "--port", str(free_port()))
    _, err = command.process.communicate(timeout=SECONDS)
    assert command.process.returncode == 2
    assert "opendata init" in err
    assert "Traceback" not in err


@pytest.mark.slow
@linux
def test_what_dies_is_started_again(instance) -> None:
    with running(instance, "serve", "--port", str(free_port()), "--workers", "1") as (command, address):
        for name, count in (("opendata worker", 1), ("webserver", 2)):

            def find(name: str = name) -> set[int]:
                return {pid for pid, line in list_descendants(command.process.pid).items() if name in line}

            until(lambda find=find, count=count: len(find()) == count)
            before = find()
            os.kill(min(before), signal.SIGKILL)
            command.wait_for("starting it again")
            until(lambda find=find, count=count, before=before: len(find() - before) == count)
        assert fetch_status(f"{address}/readyz") == 200
        assert command.stop(signal.SIGINT) == 0


@pytest.mark.slow
@linux
def test_nothing_outlives_a_parent_that_is_killed(instance) -> None:
    with running(instance, "serve", "--port", str(free_port())) as (command, _):
        until(lambda: any("opendata worker" in line for line in list_descendants(command.process.pid).values()))
        processes = list_descendants(command.process.pid)
        command.process.kill()
        until(lambda: all_ended(processes))


@pytest.mark.slow
@linux
def test_the_worker_can_be_left_out_and_run_elsewhere(instance) -> None:
    words = ("serve", "--host", "::1", "--port", str(free_port()), "--no-worker", "--access-log", "--threads", "2")
    with running(instance, *words) as (command, address):
        assert address.startswith("http://[::1]:")
        assert fetch_status(f"{address}/readyz") == 200
        assert '"GET /readyz HTTP/1.1" 200' in command.wait_for("GET /readyz")[-1]
        assert not any("opendata worker" in line for line in list_descendants(command.process.pid).values())
        elsewhere = Command(instance, "worker")
        until(lambda: "opendata worker" in read_command(elsewhere.process.pid))
        assert command.stop() == 0
        elsewhere.stop()
