"""A warm process that forks a child for each deed, so that a process which is to die costs no start of Python.

A deed is a function `module:name`, called in the child with `tell` and its options; what it tells arrives here, and
how it ended. Nothing is shared between children: each makes its engines, pools and threads after the fork.
"""

from __future__ import annotations

import contextlib
import faulthandler
import importlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from opendata.cli.parent import end_with_parent
from tests.servers import CHECKOUT

PATIENCE = 300
"""After so many seconds a child says where it hangs, and ends."""


@dataclass(frozen=True)
class Ended:
    """How a child ended: its status (less than 0: the signal), what it told, and what else it printed."""

    status: int
    told: list[Any]
    output: str


class Child:
    """A child that may still run."""

    def __init__(self, forge: Forge, pid: int, told: list[Any]) -> None:
        self.pid = pid
        self.told = told
        """What it told first; nothing where it died before."""
        self._forge = forge
        self._ended: Ended | None = None

    def poll(self) -> Ended | None:
        """How it ended; None while it runs."""
        if self._ended is None:
            found = self._forge.ask({"poll": self.pid})
            self._ended = None if found is None else Ended(**found)
        return self._ended

    def wait(self) -> Ended:
        """Wait for its end."""
        if self._ended is None:
            self._ended = Ended(**self._forge.ask({"wait": self.pid}))
        return self._ended

    def send_signal(self, number: signal.Signals) -> None:
        """Its number belongs to nobody else before its end was asked for."""
        if self._ended is None:
            os.kill(self.pid, number)


class Forge:
    """The warm process, from this side."""

    def __init__(self) -> None:
        # With threads of its own a process can't be forked; of a session of its own, Ctrl-C does not reach it.
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.forge"],
            cwd=CHECKOUT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def start(self, deed: str, *, environment: Mapping[str, str] | None = None, **options: Any) -> Child:
        """Start a child and wait until it tells something for the first time, or is dead."""
        plain = {name: str(value) if isinstance(value, Path) else value for name, value in options.items()}
        found = self.ask({"deed": deed, "options": plain, "environment": dict(environment or {})})
        return Child(self, found["pid"], found["told"])

    def run(self, deed: str, **options: Any) -> Ended:
        """The same to its end."""
        return self.start(deed, **options).wait()

    def ask(self, request: Mapping[str, Any]) -> Any:
        """One request, one answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, "the forge is dead; its last words are on stderr"
        return json.loads(answer)

    def close(self) -> None:
        """End it, and with it the children that are left."""
        with self._process as process:
            assert process.stdin is not None
            process.stdin.close()


class _Server:
    """The warm process, from its own side."""

    def __init__(self, requests: IO[str], answers: IO[str]) -> None:
        self._requests = requests
        self._answers = answers
        self._running: dict[int, tuple[IO[str], IO[bytes]]] = {}

    def run(self) -> None:
        for line in self._requests:
            print(json.dumps(self._answer(json.loads(line))), file=self._answers, flush=True)

    def _answer(self, request: Mapping[str, Any]) -> Any:
        if "wait" in request:
            return self._find_end(request["wait"], 0)
        if "poll" in request:
            return self._find_end(request["poll"], os.WNOHANG)
        return self._fork(request)

    def _fork(self, request: Mapping[str, Any]) -> Any:
        module, _, name = request["deed"].partition(":")
        deed = getattr(importlib.import_module(module), name)
        assert _count_threads() == 1, "a process with threads can't be forked"
        reading, writing = os.pipe()
        output = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the child
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            _become_child(parent, output.fileno())
            os.environ.update(request["environment"])
            _do(deed, request["options"], writing)
        os.close(writing)
        told = os.fdopen(reading, encoding="utf-8")
        self._running[pid] = told, output
        return {"pid": pid, "told": self._read(told, 1)}

    def _read(self, told: IO[str], most: int = sys.maxsize) -> list[Any]:
        """What a child tells, until it is so much or the child is dead; the modules it used are loaded here too."""
        found: list[Any] = []
        while len(found) < most and (line := told.readline()):
            kind, value = json.loads(line)
            if kind == "told":
                found.append(value)
                continue
            for name in sorted(set(value) - set(sys.modules)):
                with contextlib.suppress(ImportError):
                    importlib.import_module(name)
        return found

    def _find_end(self, pid: int, options: int) -> Any:
        ended, status = os.waitpid(pid, options)
        if not ended:
            return None
        told, output = self._running.pop(pid)
        with told, output:
            output.seek(0)
            return {
                "status": os.waitstatus_to_exitcode(status),
                "told": self._read(told),
                "output": output.read().decode(errors="replace"),
            }


def _count_threads() -> int:
    tasks = Path("/proc/self/task")
    return len(list(tasks.iterdir())) if tasks.is_dir() else threading.active_count()


def _become_child(parent: int, output: int) -> None:
    empty = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((empty, 0), (output, 1), (output, 2)):
        os.dup2(source, target)
    end_with_parent(parent, signal.SIGKILL)
    faulthandler.dump_traceback_later(PATIENCE, exit=True)


def _do(deed: Any, options: Mapping[str, Any], told: int) -> None:
    """Do it and end this process, whatever happens: nothing of the parent may go on in here."""
    status = 1

    def tell(kind: str, value: Any) -> None:
        os.write(told, json.dumps([kind, value]).encode() + b"\n")

    try:
        deed(lambda value: tell("told", value), **options)
        tell("modules", list(sys.modules))
        status = 0
    except BaseException:  # noqa: BLE001 - it is printed, and ends the process
        sys.excepthook(*sys.exc_info())
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


@contextlib.contextmanager
def open_forge() -> Iterator[Forge]:
    """A forge for as long as it is needed."""
    forge = Forge()
    try:
        yield forge
    finally:
        forge.close()


if __name__ == "__main__":
    _Server(sys.stdin, os.fdopen(os.dup(1), "w", encoding="utf-8")).run()
