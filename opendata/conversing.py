"""Code that reads several files from outside, one after the other, in a process of its own that is talked with.

A `Conversation` starts a module of ours within `confined.Bounds`; the module calls `converse`. Both send messages. The
process is cut off from the network.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import IO, Self, cast

from opendata.confined import (
    CHUNK,
    LEAST_NICE,
    LOOK_SECONDS,
    MOST_BYTES,
    OUT_OF_MEMORY,
    UNASKED,
    Bounds,
    BrokenOffError,
    Cause,
    Child,
    bound_process,
    find_cause,
    limit,
    read_status,
)

_SIZE_BYTES = 4
_ENDING_SECONDS = 5.0
_NEW_USER, _NEW_NETWORK = 0x10000000, 0x40000000
_FORBIDDEN = ("socket.", "subprocess.", "os.exec", "os.fork", "os.posix_spawn", "os.spawn", "os.system")
"""What Python reports to its audit hooks before a process reaches the network, or starts another one."""


class Conversation:
    """A process of a module that is talked with in messages until it is left: each may take `bounds.seconds`."""

    def __init__(self, module: str, bounds: Bounds) -> None:
        self._bounds = bounds
        self._child = Child(module)
        self._end: BrokenOffError | None = None
        self._write(f"{bounds.seconds} {bounds.memory} {bounds.nice}\n".encode())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *caught: object) -> None:
        if self._end is None:
            self._child.end()

    def say(self, message: bytes) -> None:
        """Send a message. A process that has ended says why when it is heard."""
        self._write(len(message).to_bytes(_SIZE_BYTES, "big") + message)

    def hear(self, is_wanted: Callable[[], bool] = lambda: True) -> bytes:
        """The next message. Raises `BrokenOffError`, also where `is_wanted`, asked now and then, says no."""
        ends = time.monotonic() + self._bounds.seconds
        size = int.from_bytes(self._read(_SIZE_BYTES, ends, is_wanted), "big")
        if size > MOST_BYTES:
            raise BrokenOffError(Cause.ENDED, f"its message has more than {MOST_BYTES} bytes")
        return self._read(size, ends, is_wanted)

    def _read(self, size: int, ends: float, is_wanted: Callable[[], bool]) -> bytes:
        if self._end is not None:
            raise self._end
        answers = cast("IO[bytes]", self._child.process.stdout)
        found = bytearray()
        while len(found) < size:
            left = ends - time.monotonic()
            if left <= 0:
                raise BrokenOffError(Cause.TIME)
            if not is_wanted():
                raise BrokenOffError(Cause.UNWANTED)
            if not select.select([answers], [], [], min(left, LOOK_SECONDS))[0]:
                continue
            chunk = os.read(answers.fileno(), min(size - len(found), CHUNK))
            if not chunk:
                self._end = self._explain()
                raise self._end
            found += chunk
        return bytes(found)

    def _write(self, data: bytes) -> None:
        words = cast("IO[bytes]", self._child.process.stdin)
        if self._end is not None:
            return
        try:
            words.write(data)
            words.flush()
        except BrokenPipeError:
            pass

    def _explain(self) -> BrokenOffError:
        try:
            self._child.process.wait(_ENDING_SECONDS)
            is_over = True
        except subprocess.TimeoutExpired:
            is_over = False
        status, reason = self._child.end()
        if not is_over:
            return BrokenOffError(Cause.ENDED, "it answers no more")
        if status == -signal.SIGKILL:  # not by us: the kernel had no more memory
            return BrokenOffError(Cause.MEMORY)
        return BrokenOffError(find_cause(status, reason), reason)


class Line:
    """In the process: the other end of a conversation."""

    def __init__(self, words: IO[bytes], answers: IO[bytes], seconds: float) -> None:
        self._words = words
        self._answers = answers
        self._seconds = seconds

    def hear(self) -> bytes:
        """The next message; the time for an answer begins. The process ends where there is nobody to hear."""
        import resource

        head = self._words.read(_SIZE_BYTES)
        if len(head) < _SIZE_BYTES:
            os._exit(0)
        used = resource.getrusage(resource.RUSAGE_SELF)
        limit(resource.RLIMIT_CPU, int(used.ru_utime + used.ru_stime + self._seconds) + 1)
        return self._words.read(int.from_bytes(head, "big"))

    def say(self, message: bytes) -> None:
        """Send a message, of at most 64 MB."""
        self._answers.write(len(message).to_bytes(_SIZE_BYTES, "big") + message)
        self._answers.flush()


def converse(handle: Callable[[Line], None]) -> None:
    """In the process: talk with the one that started it, within the bounds that it says first, without the network."""
    os.nice(LEAST_NICE)
    taken = read_status("VmData")
    head = sys.stdin.buffer.readline()
    if not head:
        sys.exit(UNASKED)
    seconds, memory, nice = head.split()
    os.nice(int(nice) - LEAST_NICE)
    with os.fdopen(os.dup(1), "wb") as answers:
        os.dup2(2, 1)
        _leave_network()
        bound_process(float(seconds), taken, int(memory))
        try:
            handle(Line(sys.stdin.buffer, answers, float(seconds)))
        except MemoryError as error:
            error.__traceback__ = None
            os._exit(OUT_OF_MEMORY)
        except BrokenPipeError:
            os._exit(0)
    sys.stderr.flush()
    os._exit(0)


def _leave_network() -> None:
    """From here on, reach no other machine and start no process: in Python, and by the kernel where it lets us."""
    sys.addaudithook(_refuse)
    library = ctypes.CDLL(None)
    if not hasattr(library, "unshare"):
        return  # Linux alone has it
    if library.unshare(_NEW_NETWORK) != 0:  # only root may; others may in a user namespace of their own (unshare(2))
        library.unshare(_NEW_USER | _NEW_NETWORK)


def _refuse(event: str, arguments: tuple[object, ...]) -> None:  # noqa: ARG001 - as Python calls it
    if event.startswith(_FORBIDDEN):
        raise PermissionError(event)
