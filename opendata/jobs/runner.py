"""The heavy part of the work in a process of its own, which a file may blow up without harm to the worker.

The worker holds the draft and its lease. The process is started before it is needed, so that a small file does not wait
for it. It receives a draft's id and the name of the hold, does the work and answers. The worker meanwhile keeps the
lease, and ends the process if the draft is abandoned or the work makes no progress.
"""

from __future__ import annotations

import contextlib
import logging
import os
import select
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from typing import IO, Protocol, cast

from opendata.errors import OpendataError
from opendata.services.drafts.lease import Lease, LostLeaseError
from opendata.services.work.work import Work

logger = logging.getLogger(__name__)

BEGUN = b"begun\n"
"""What the process answers as soon as it has a draft. One that ends before is replaced, once."""

DONE = b"done\n"
"""What the process answers when a draft is done, and it is ready for the next."""

LAST = b"last\n"
"""What it answers instead where it ends now, so that a fresh one takes its place."""

_ENDED = b""
_LOOK_SECONDS = 0.5
_GRACE_SECONDS = 0.5
TOTAL = 4
_BYTES_PER_SECOND = 1_000_000
"""A draft may take four times as long as it may go without progress, and a second more for so many bytes."""


class Process(Protocol):
    """What the runner asks of a process, as `subprocess.Popen` has it; it leads a session of its own."""

    pid: int

    @property
    def stdin(self) -> IO[bytes] | None:
        """Where it reads the drafts from; unbuffered."""
        ...

    @property
    def stdout(self) -> IO[bytes] | None:
        """Where it answers."""
        ...

    def poll(self) -> int | None:
        """Its status; None while it runs."""
        ...

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end. Raises `subprocess.TimeoutExpired`."""
        ...

    def terminate(self) -> None:
        """Send it SIGTERM."""
        ...


def start_process(command: Sequence[str]) -> Process:
    """Start a command as the process of a runner."""
    # Of a session of its own: Ctrl-C reaches the worker alone, which lets the draft at hand finish.
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0, start_new_session=True)


class ProcessRunner:
    """Does the work of drafts, one after the other, in a process that `start_process` starts from `command`.

    `seconds` is how long a draft may go without progress. A process lives no longer than the thread that started it
    (prctl(2), PR_SET_PDEATHSIG): `start` and `run` are for threads that stay.
    """

    def __init__(
        self,
        work: Work,
        command: Sequence[str],
        *,
        seconds: float,
        start_process: Callable[[Sequence[str]], Process] = start_process,
    ) -> None:
        self._work = work
        self._command = command
        self._start_process = start_process
        self._seconds = seconds
        self._child: _Process | None = None
        self._lease: Lease | None = None
        self._one = threading.Lock()
        self._state = threading.Lock()
        self._stopping = False

    @property
    def pid(self) -> int | None:
        """The number of the process that is ready or at work."""
        return self._child.pid if self._child else None

    def start(self) -> None:
        """Have a process ready."""
        with self._one, contextlib.suppress(_StoppingError):
            self._find_child()

    def stop(self) -> None:
        """End the process; a draft at hand is left to the next worker, as if it had not been begun."""
        with self._state:
            self._stopping = True
            child, lease = self._child, self._lease
        if child is not None:
            child.end()
        if lease is not None:
            self._work.leave(lease)
        # Anyone still reading from the process sees that it has ended; only then may the pipes go.
        if child is not None and self._one.acquire(timeout=_GRACE_SECONDS):
            child.close()
            self._one.release()

    def run(self, draft: str) -> bool:
        """Do the work of a draft, if it has any that nobody else is at; whether something was done."""
        return self.run_next(lambda: self._work.take(draft))

    def run_next(self, take: Callable[[], Lease | None]) -> bool:
        """Do the work of the draft that `take` takes hold of once the process is free; whether there was one."""
        with self._one:
            lease = None if self._stopping else take()
            if lease is None:
                return False
            with self._state:  # from here on `stop` gives the draft back; if it came first, that is ours to do
                self._lease, late = lease, self._stopping
            try:
                if late:
                    self._work.leave(lease)
                else:
                    with contextlib.suppress(_StoppingError):
                        self._work_on(lease)
            finally:
                self._lease = None
            return True

    def _work_on(self, lease: Lease) -> None:
        child = self._hand_over(lease)
        try:
            answer = self._follow(child, lease)
            if answer == _ENDED and not child.has_begun and not self._stopping:
                child.end()  # it died idle: it is replaced, and that counts for nothing
                child = self._hand_over(lease)
                answer = self._follow(child, lease)
        except LostLeaseError:
            logger.info("draft %s was taken over, or given up: its work is stopped", lease.draft)
            answer = LAST
        except BaseException:
            child.end()  # else it would answer for this draft when the next one is waited for
            raise
        if self._stopping:
            return
        if answer == _ENDED:
            reason = child.find_end()
            logger.warning("the process at draft %s ended: %s", lease.draft, reason)
            self._work.note_end(lease, reason)
        if answer != DONE:
            child.end()
            self._find_child()

    def _hand_over(self, lease: Lease) -> _Process:
        """Tell the process about a draft; following it shows whether it could still hear."""
        child = self._find_child()
        child.tell(f"{lease.draft} {lease.owner}\n".encode("ascii"))
        return child

    def _follow(self, child: _Process, lease: Lease) -> bytes:
        """Wait for the answer, keeping the lease; empty where the process ended. Raises `LostLeaseError`."""
        reached, began = None, time.monotonic()
        since = began
        most = TOTAL * self._seconds + self._work.count_bytes(lease) / _BYTES_PER_SECOND
        while True:
            answer = child.read_answer(_LOOK_SECONDS)
            if answer is not None:
                return answer
            try:
                now = lease.keep()
            except LostLeaseError:
                answer = child.read_answer(_GRACE_SECONDS)  # it may have been done in this moment
                if answer is None:
                    raise
                return answer
            except OpendataError as error:
                logger.warning("draft %s: %s", lease.draft, error)
                continue
            if now != reached:
                reached, since = now, time.monotonic()
            passed = time.monotonic()
            if passed - since > self._seconds:
                self._stop_work(child, lease, "too-long", self._seconds)
                return LAST
            if passed - began > most:
                self._stop_work(child, lease, "no-end", most)
                return LAST

    def _stop_work(self, child: _Process, lease: Lease, code: str, seconds: float) -> None:
        logger.warning("draft %s is stopped after %s seconds: %s", lease.draft, seconds, code)
        child.end()
        self._work.note_limit(lease, "TookTooLong", code, seconds=round(seconds))

    def _find_child(self) -> _Process:
        """The process that is ready, a fresh one if need be. Raises `_StoppingError`."""
        if self._child is not None and self._child.has_ended:
            self._child.close()
            self._child = None
        with self._state:
            if self._stopping:
                raise _StoppingError
            if self._child is None:
                self._child = _Process(self._start_process(self._command))
            return self._child


class _StoppingError(Exception):
    """The runner stops: no process is started any more."""


class _Process:
    """The process and the pipes to it."""

    def __init__(self, popen: Process) -> None:
        self.pid = popen.pid
        self.has_begun = False
        self._popen = popen
        self._words = cast("IO[bytes]", self._popen.stdin)
        self._answers = cast("IO[bytes]", self._popen.stdout)

    @property
    def has_ended(self) -> bool:
        return self._popen.poll() is not None

    def close(self) -> None:
        """Let the pipes go; only for the thread that reads from them."""
        self._words.close()
        self._answers.close()

    def tell(self, words: bytes) -> None:
        """Tell it about a draft; one that has ended doesn't hear."""
        self.has_begun = False
        with contextlib.suppress(BrokenPipeError):
            self._words.write(words)

    def read_answer(self, seconds: float) -> bytes | None:
        """What it says of the draft's end, empty where it ended itself; None where it is silent for so long."""
        while select.select([self._answers], [], [], seconds)[0]:
            answer = self._answers.readline()
            if answer != BEGUN:
                return answer
            self.has_begun = True
        return None

    def find_end(self) -> str:
        """Why it ended, in a word or two."""
        code = self._popen.wait()
        return (signal.strsignal(-code) if code < 0 else None) or f"status {code}"

    def end(self) -> None:
        """End it: politely, so that it removes its temporary files, and then for certain."""
        self._popen.terminate()
        try:
            self._popen.wait(timeout=_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
            self._popen.wait()
