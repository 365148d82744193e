"""A warm process that forks a child for each deed, so that a process which is to die costs no start of Python.

A deed is a function `module:name`, called in the child with `tell` and its options; what it tells arrives here, and
how it ended. Nothing is shared between children: each makes its engines, pools and threads after the fork.
"""

from __future__ import annotations

import atexit
import contextlib
import faulthandler
import gc
import importlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, Any, NoReturn, cast

from opendata.cli.core.parent import end_with_parent

CHECKOUT = Path(__file__).resolve().parent.parent.parent
PATIENCE = 300
"""After so many seconds a child says where it hangs, and ends."""

Tell = Callable[[Any], None]


@dataclass(frozen=True)
class Ended:
    """How a child ended: its status (less than 0: the signal), what it told, and what else it printed."""

    status: int
    told: list[Any]
    output: str


class Child:
    """A child that may still run; whoever knows `subprocess.Popen` knows what its methods do."""

    def __init__(self, forge: Forge, pid: int, told: int, output: IO[bytes], pipes: Sequence[IO[bytes]]) -> None:
        self.pid = pid
        self.told: list[Any] = []
        self.stdin, self.stdout = pipes if pipes else (None, None)
        self._forge = forge
        self._told = os.fdopen(told, "rb", buffering=0)
        self._output = output
        self._status: int | None = None
        self._ended: Ended | None = None
        self._reaping = threading.Lock()

    def listen(self) -> bool:
        """Wait until it tells one thing more; False where it has ended instead."""
        line = self._told.readline()
        if not line:
            return False
        kind, value = json.loads(line)
        if kind == "modules":
            self._forge.ask({"modules": value})
            return self.listen()
        self.told.append(value)
        return True

    def wait(self, timeout: float | None = None) -> int:
        """Its status once it has ended; raises `subprocess.TimeoutExpired`."""
        with self._reaping:
            while self._status is None:
                if not select.select([self._told], [], [], timeout)[0]:
                    raise subprocess.TimeoutExpired("a deed", timeout or 0)
                if not self.listen():  # only death closes its end of the pipe
                    self._status = int(self._forge.ask({"wait": self.pid}))
                    self._told.close()
            return self._status

    def poll(self) -> int | None:
        """Its status; None while it runs."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self.wait(0)
        return None

    def end(self) -> Ended:
        """Wait for its end, tell how that was, and close what leads to it."""
        status = self.wait()
        if self._ended is None:
            for pipe in filter(None, (self.stdin, self.stdout)):
                pipe.close()
            with self._output:
                self._output.seek(0)
                self._ended = Ended(status, self.told, self._output.read().decode(errors="replace"))
        return self._ended

    def send_signal(self, number: int) -> None:
        """Its number belongs to nobody else before the forge has asked how it ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)


class Forge:
    """The warm process, from this side."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self._answers = line.makefile("r", encoding="utf-8")
        self._asking = threading.Lock()

    def start(
        self, deed: str, *, environment: Mapping[str, str] | None = None, with_pipes: bool = False, **options: Any
    ) -> Child:
        """Start a child, on request with pipes as its `stdin` and `stdout`."""
        plain = {name: str(value) if isinstance(value, Path) else value for name, value in options.items()}
        output = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the child
        told, tells = os.pipe()
        theirs, pipes = [tells], []
        if with_pipes:
            (reads, words), (answers, writes) = os.pipe(), os.pipe()
            theirs += [reads, writes]
            pipes = [os.fdopen(words, "wb", buffering=0), os.fdopen(answers, "rb", buffering=0)]
        request = {"deed": deed, "options": plain, "environment": dict(environment or {})}
        pid = self.ask(request, [*theirs[:1], output.fileno(), *theirs[1:]])
        for descriptor in theirs:
            os.close(descriptor)
        return Child(self, pid, told, output, pipes)

    def run(self, deed: str, **options: Any) -> Ended:
        """Start one and wait for its end."""
        return self.start(deed, **options).end()

    def ask(self, request: Mapping[str, Any], descriptors: Sequence[int] = ()) -> Any:
        """One request, one answer."""
        data = json.dumps(request).encode() + b"\n"
        with self._asking:
            if descriptors:
                socket.send_fds(self._line, [data], descriptors)
            else:
                self._line.sendall(data)
            answer = self._answers.readline()
        assert answer, "the forge is dead; its last words are on stderr"
        return json.loads(answer)

    def close(self) -> None:
        """End it, and with it the children that are left."""
        self._answers.close()
        self._line.close()


@cache
def find_forge() -> Forge:
    """The forge of this process, started cold when it is first needed."""
    ours, theirs = socket.socketpair()
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.crash.forge", str(theirs.fileno())],
        cwd=CHECKOUT,
        # NumPy and pyarrow start threads when they are imported, and a process with threads can't be forked.
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "JE_ARROW_MALLOC_CONF": "background_thread:false"},
        pass_fds=[theirs.fileno()],
        start_new_session=True,  # Ctrl-C does not reach it
    )
    theirs.close()
    forge = Forge(ours)
    atexit.register(process.wait)
    atexit.register(forge.close)  # before that
    return forge


def split_forge() -> Forge:
    """A further forge for a deed that needs children itself, as warm as this process; to be made before any thread."""
    ours, theirs = socket.socketpair()
    parent = os.getpid()
    faulthandler.cancel_dump_traceback_later()  # its thread would be missing in the new process, but not its locks
    if os.fork() == 0:
        ours.close()
        end_with_parent(parent, signal.SIGKILL)
        _run_server(theirs)
    faulthandler.dump_traceback_later(PATIENCE, exit=True)
    theirs.close()
    return Forge(ours)


class _Server:
    """The warm process, from its own side."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line

    def run(self) -> None:
        while (received := self._receive()) is not None:
            request, descriptors = received
            self._line.sendall(json.dumps(self._answer(request, descriptors)).encode() + b"\n")

    def _receive(self) -> tuple[Mapping[str, Any], list[int]] | None:
        data, descriptors = b"", []
        while not data.endswith(b"\n"):
            part, some, _, _ = socket.recv_fds(self._line, 1 << 16, 4)
            if not part:
                return None
            data += part
            descriptors += some
        return json.loads(data), descriptors

    def _answer(self, request: Mapping[str, Any], descriptors: Sequence[int]) -> Any:
        if "wait" in request:
            return os.waitstatus_to_exitcode(os.waitpid(request["wait"], 0)[1])
        if "modules" in request:
            return _load(request["modules"])
        return self._fork(request, descriptors)

    def _fork(self, request: Mapping[str, Any], descriptors: Sequence[int]) -> int:
        module, _, name = request["deed"].partition(":")
        if module not in sys.modules:
            _load([module])
        deed = getattr(sys.modules[module], name)
        assert _count_threads() == 1, "a process with threads can't be forked"
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            self._line.close()
            _become_child(parent, *descriptors)
            os.environ.update(request["environment"])
            _do(deed, request["options"], descriptors[0])
        for descriptor in descriptors:
            os.close(descriptor)
        return pid


def _load(modules: Sequence[str]) -> int:
    """Load what a child has used, so that the next one finds it here; how much that was."""
    missing = sorted(set(modules) - set(sys.modules))
    for name in missing:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    gc.collect()
    gc.freeze()  # or the first collection in each child would copy all pages
    return len(missing)


def _count_threads() -> int:
    tasks = Path("/proc/self/task")
    return len(list(tasks.iterdir())) if tasks.is_dir() else threading.active_count()


def _become_child(parent: int, told: int, output: int, reads: int = -1, writes: int = -1) -> None:
    os.setsid()  # as `subprocess` does with `start_new_session`
    empty = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((empty if reads < 0 else reads, 0), (output if writes < 0 else writes, 1), (output, 2)):
        os.dup2(source, target)
    for source in (empty, reads, writes):
        if source >= 0:
            os.close(source)
    end_with_parent(parent, signal.SIGKILL)
    faulthandler.dump_traceback_later(PATIENCE, exit=True)


def _do(deed: Callable[..., object], options: Mapping[str, Any], told: int) -> NoReturn:
    """Do it and end this process, whatever happens: nothing of the parent may go on in here."""
    status = 1
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - for as long as this process lives

    def tell(kind: str, value: Any) -> None:
        os.write(told, json.dumps([kind, value]).encode() + b"\n")

    try:
        try:
            deed(lambda value: tell("told", value), **options)
            status = 0
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 1
        tell("modules", list(sys.modules))
    except BaseException:  # noqa: BLE001 - it is printed, and ends the process
        sys.excepthook(*cast("Any", sys.exc_info()))
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


def _run_server(line: socket.socket) -> NoReturn:
    status = 1
    try:
        _Server(line).run()
        status = 0
    except BaseException:  # noqa: BLE001 - as above
        sys.excepthook(*cast("Any", sys.exc_info()))
    finally:
        os._exit(status)


if __name__ == "__main__":
    _run_server(socket.socket(fileno=int(sys.argv[1])))
