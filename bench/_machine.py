"""What every benchmark shares: the machine's line, memory of a process tree, and a served instance to measure."""

from __future__ import annotations

import contextlib
import os
import platform
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

CHECKOUT = Path(__file__).resolve().parent.parent
PROGRAM = Path(sys.executable).with_name("opendata")
_IDLE_TICKS = 10
_KINDS = {
    b"opendata.cli.operations.webserver": "web",
    b"opendata.cli.operations.work_process": "work",
    b"opendata.intake.preview": "preview",
}


def describe_machine() -> str:
    """Processor, cores, memory, Python: without them a figure says nothing."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{model}, {os.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()}"


def measure_pss(root: int) -> int:
    """The summed proportional set size of a process and all below it, in bytes."""
    total = 0
    for pid in _list_tree(root):
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1]) * 1024
    return total


def list_largest(root: int) -> dict[str, int]:
    """The largest proportional set size among the processes below `root`, in bytes, by what they are there for."""
    largest: dict[str, int] = {}
    for pid in _list_tree(root):
        with contextlib.suppress(OSError):
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            roll = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
            size = next((int(line.split()[1]) * 1024 for line in roll if line.startswith("Pss:")), 0)
            kind = next(
                (kind for mark, kind in _KINDS.items() if any(word.startswith(mark) for word in words)), "other"
            )
            largest[kind] = max(largest.get(kind, 0), size)
    return largest


def measure_cpu(root: int) -> float:
    """The processor time that a process, all below it and those of them that have ended have taken, in seconds."""
    return sum(_list_tree(root).values()) / os.sysconf("SC_CLK_TCK")


def _list_tree(root: int) -> dict[int, int]:
    """A process and all below it, each with the ticks of processor time it has taken."""
    children: dict[int, list[int]] = {}
    ticks: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError, IndexError):
                words = (entry / "stat").read_text().rsplit(")", 1)[1].split()
                children.setdefault(int(words[1]), []).append(int(entry.name))
                ticks[int(entry.name)] = sum(map(int, words[11:15]))
    tree, todo = {}, [root]
    while todo:
        pid = todo.pop()
        todo += children.get(pid, [])
        tree[pid] = ticks.get(pid, 0)
    return tree


class PeakMemory:
    """Watches a process tree in a thread of its own; `idle` and `peak` are bytes."""

    def __init__(self, root: int) -> None:
        self._root = root
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.idle = measure_pss(root)
        self.peak = self.idle

    def __enter__(self) -> PeakMemory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(0.05):
            self.peak = max(self.peak, measure_pss(self._root))


@contextlib.contextmanager
def serve_instance(home: Path | None = None) -> Iterator[tuple[str, str, int]]:
    """A fresh instance being served: its address, a maintainer's token, the process at the root of its tree.

    `home` is an empty folder for it, if the caller has one.
    """
    with contextlib.ExitStack() as opened:
        if home is None:
            home = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="opendata-bench-")))
        environment = {**os.environ, "OPENDATA_HOME": str(home), "OPENDATA_REVIEW": "none"}

        def run(*words: str) -> str:
            command = [PROGRAM, *words]
            return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout

        run("init", "--review", "none")
        run("publisher", "create", "bench", "Benchmark")
        run("user", "create", "bencher", "--role", "maintainer")
        token = run("token", "create", "--user", "bencher").strip()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        server = subprocess.Popen(
            [PROGRAM, "serve", "--port", str(port)],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            address = f"http://127.0.0.1:{port}"
            _wait(f"{address}/healthz")
            _settle(server.pid)
            yield address, token, server.pid
        finally:
            server.terminate()
            server.wait(timeout=30)


def _settle(root: int) -> None:
    """Wait until every process has loaded what it needs: for two seconds none of them has done anything to speak of."""
    before = {}
    for _ in range(30):
        time.sleep(2)
        now = _list_tree(root)
        if before.keys() == now.keys() and sum(now.values()) - sum(before.values()) < _IDLE_TICKS:
            return
        before = now


def _wait(address: str) -> None:
    for _ in range(600):
        with contextlib.suppress(URLError, OSError):
            urlopen(address, timeout=1)  # noqa: S310 - our own address
            return
        time.sleep(0.1)
    raise SystemExit(f"{address} does not answer")
