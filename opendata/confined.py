"""Code that reads files from outside runs in a process of its own, bound in memory, processor time and seconds.

`ask` starts a module of ours as such a process, hands it a request and returns its answer. The module calls
`answer_one` when it is run. The process doesn't know the settings of the instance, and has a lower priority than the
web server. `warm` starts one ahead, so that the next request doesn't wait for Python and its libraries; each process
answers one request all the same.
"""

from __future__ import annotations

import atexit
import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import IO, cast

from opendata.starting import start_lightly

OUT_OF_MEMORY = 77
LEAST_NICE = 1
LOOK_SECONDS = 0.2
CHUNK = 1 << 16
_TOLD_BYTES = 4096
MOST_BYTES = 64 << 20
_HIDDEN = "OPENDATA_"
UNASKED = 78
IDLE_SECONDS = 60
"""So long a process that was started ahead waits for its request."""


class Cause(Enum):
    """Why a process gave no answer."""

    MEMORY = "memory"
    TIME = "time"
    UNWANTED = "unwanted"
    ENDED = "ended"


class BrokenOffError(Exception):
    """The process was stopped at a limit, or has failed; `reason` is the last line it wrote to stderr."""

    def __init__(self, cause: Cause, reason: str = "") -> None:
        super().__init__(f"{cause.value}: {reason}" if reason else cause.value)
        self.cause = cause
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What a process may take: `seconds` by the clock and of the processor, `memory` in bytes beside its first ones.

    `nice` says how far it gives way to others (nice(2)), 1 at least.
    """

    seconds: float
    memory: int
    nice: int = 5


def ask(module: str, request: bytes, bounds: Bounds, *, is_wanted: Callable[[], bool] = lambda: True) -> bytes:
    """Run a module within bounds and return what it answers to a request.

    `is_wanted` is asked a few times a second; once it says no, the process is ended. Raises `BrokenOffError`.
    """
    ends = time.monotonic() + bounds.seconds
    head = f"{bounds.seconds} {bounds.memory} {bounds.nice}\n".encode()
    while True:
        child = _take_spare(module) or Child(module)
        try:
            found = _exchange(child.process, head + request, ends, is_wanted)
            child.process.wait(max(0.0, ends - time.monotonic()) + LOOK_SECONDS)
        except subprocess.TimeoutExpired:
            raise BrokenOffError(Cause.TIME) from None
        finally:
            status, reason = child.end()
        if status == 0:
            return found
        if status != UNASKED:
            raise BrokenOffError(find_cause(status, reason), reason)


def warm(module: str) -> None:
    """Start a process of a module ahead, unless there is one: the next `ask` takes it.

    Unasked it ends after a while.
    """
    with _lock:
        known = _spares.get(module)
        if known is not None and known.is_waiting:
            return
        _spares[module] = Child(module)
    if known is not None:
        known.end()


def answer_one(handle: Callable[[bytes], bytes], *, prepare: Callable[[], None] = lambda: None) -> None:
    """In the process: answer the one request by `handle`, within the bounds that come before it.

    `prepare` loads what `handle` will need, before there is a request.
    """
    os.nice(LEAST_NICE)
    start_lightly()
    # What is loaded ahead counts, as if it were loaded for the request: Arrow then reserves no more than there is.
    taken = read_status("VmData")
    prepare()
    if not select.select([sys.stdin], [], [], IDLE_SECONDS)[0]:
        sys.exit(UNASKED)
    head = sys.stdin.buffer.readline()
    if not head:
        sys.exit(UNASKED)
    seconds, memory, nice = head.split()
    os.nice(int(nice) - LEAST_NICE)
    request = sys.stdin.buffer.read()
    with os.fdopen(os.dup(1), "wb") as answers:
        os.dup2(2, 1)  # whatever a library prints is no answer
        bound_process(float(seconds), taken, int(memory))
        try:
            found = handle(request)
        except MemoryError as error:
            error.__traceback__ = None  # the frames hold what took the memory
            sys.exit(OUT_OF_MEMORY)
        answers.write(found)
    sys.stderr.flush()
    os._exit(0)  # nobody waits for libraries to put away what ends with the process


class Child:
    """A process of a module; its messages go to a file, of which the last line says why it failed."""

    def __init__(self, module: str) -> None:
        # -P: nothing is to be imported from the current folder, which may be anyone's.
        command = [sys.executable, "-P", "-W", "ignore", "-m", module]
        environment = {name: value for name, value in os.environ.items() if not name.startswith(_HIDDEN)}
        self._parent = os.getpid()
        self._messages = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `end`
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._messages,
            env=environment,
            start_new_session=True,
        )

    @property
    def is_waiting(self) -> bool:
        """Whether it may be asked: it runs, and this process has started it."""
        return self._parent == os.getpid() and self.process.poll() is None

    def end(self) -> tuple[int, str]:
        """End the process and whatever it started; its status and the last line that it wrote to stderr."""
        with self._messages as messages, self.process as child:
            _end(child)
            return child.returncode, _read_last_line(messages)


_spares: dict[str, Child] = {}
"""At most one process of a module that waits for its request."""

_lock = threading.Lock()


def _take_spare(module: str) -> Child | None:
    with _lock:
        child = _spares.pop(module, None)
    if child is None or child.is_waiting:
        return child
    child.end()
    return None


@atexit.register
def _end_spares() -> None:
    while _spares:
        _, child = _spares.popitem()
        if child.is_waiting:
            child.end()


def limit_memory(size: int) -> None:
    """Have no more than `size` bytes beside those that are taken now (Linux: setrlimit(2), RLIMIT_DATA)."""
    _limit_data(read_status("VmData"), size)


def _limit_data(taken: int, size: int) -> None:
    import resource

    if taken:
        limit(resource.RLIMIT_DATA, taken + size)


def read_status(name: str) -> int:
    """A number of bytes that Linux tells about this process (proc(5)); elsewhere 0."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:")), 0)


def bound_process(seconds: float, taken: int, memory: int) -> None:
    """In the process: have so much time of the processor, and memory beside the bytes that are `taken`."""
    import resource

    _limit_data(taken, memory)
    limit(resource.RLIMIT_CPU, int(seconds) + 1)  # it ends then, should nobody be left to stop it
    limit(resource.RLIMIT_CORE, 0)


def limit(kind: int, most: int) -> None:
    """Limit a resource (setrlimit(2)), never above what is allowed."""
    import resource

    hard = resource.getrlimit(kind)[1]
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(kind, (most, hard))


def _exchange(child: subprocess.Popen[bytes], request: bytes, ends: float, is_wanted: Callable[[], bool]) -> bytes:
    """Hand over the request and collect the answer. Raises `BrokenOffError`."""
    words, answers = cast("IO[bytes]", child.stdin), cast("IO[bytes]", child.stdout)
    try:
        with words:
            words.write(request)
    except BrokenPipeError:
        pass  # it has ended: its status says why
    found = bytearray()
    while True:
        left = ends - time.monotonic()
        if left <= 0:
            raise BrokenOffError(Cause.TIME)
        if not is_wanted():
            raise BrokenOffError(Cause.UNWANTED)
        if not select.select([answers], [], [], min(left, LOOK_SECONDS))[0]:
            continue
        chunk = os.read(answers.fileno(), CHUNK)
        if not chunk:
            return bytes(found)
        found += chunk
        if len(found) > MOST_BYTES:
            raise BrokenOffError(Cause.ENDED, f"its answer has more than {MOST_BYTES} bytes")


def _end(child: subprocess.Popen[bytes]) -> None:
    """End the process and whatever it started."""
    if child.poll() is None:
        try:
            os.killpg(child.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass  # it ended in this moment
    child.wait()


def find_cause(status: int, reason: str) -> Cause:
    """Why a process has ended, by its exit status and the last line of its messages."""
    if status == OUT_OF_MEMORY or (status == -signal.SIGABRT and "alloc" in reason):  # as C++ and Rust end
        return Cause.MEMORY
    return Cause.TIME if status in (-signal.SIGXCPU, -signal.SIGKILL) else Cause.ENDED


def _read_last_line(messages: IO[bytes]) -> str:
    size = messages.seek(0, 2)
    messages.seek(max(0, size - _TOLD_BYTES))
    lines = messages.read().decode("utf-8", "replace").strip().splitlines()
    return lines[-1][:500] if lines else ""
