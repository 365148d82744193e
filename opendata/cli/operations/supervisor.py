"""The small parent of a running instance: starts the web server and the worker, restarts what dies, stops both."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opendata.settings import Settings

_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_GRACE_SECONDS = 10.0
"""How much longer than the requests at hand may take, the web server may take to end."""

_WORKER_GRACE_SECONDS = 5.0
"""How long the drafts at hand may take after Ctrl-C."""

_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 30.0
_SETTLED_SECONDS = 60.0


@dataclass(slots=True)
class _Child:
    """A process to keep running. `pause` is how long its next restart waits, doubled each time it dies early."""

    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    due: float = 0.0
    pause: float = _FIRST_PAUSE


class Supervisor:
    """Runs the web server over a listening socket, and beside it the worker."""

    def __init__(
        self, listener: socket.socket, settings: Settings, *, workers: int, threads: int, worker: bool, access_log: bool
    ) -> None:
        self._listener = listener
        self._drain_seconds, self._finish_seconds = settings.drain_seconds, settings.finish_seconds
        self._drain, self._drain_end = os.pipe()
        self._ready, self._ready_end = os.pipe()
        parent = str(os.getpid())
        web = [
            sys.executable,
            "-P",
            "-m",
            "opendata.cli.operations.webserver",
            str(listener.fileno()),
            str(self._ready_end),
            str(self._drain),
        ]
        web += [parent, str(workers), str(threads), "1" if access_log else "0"]
        self._web = _Child("web server", web)
        # Where the work is done elsewhere, this machine still has an index to keep up to date.
        command = "worker" if worker else "follow"
        self._worker = _Child(command, [sys.executable, "-P", "-m", "opendata", command, "--parent", parent])
        self._children = [self._web]
        self._stopping = 0
        self._is_patient = True
        self._wakeup, self._wakeup_end = os.pipe()

    def run(self, on_ready: Callable[[], None]) -> int:
        """Run until a signal comes, then stop everything; the exit status. `on_ready` is called once it answers."""
        os.set_blocking(self._wakeup_end, False)
        signal.set_wakeup_fd(self._wakeup_end, warn_on_full_buffer=False)
        for number in (*_SIGNALS, signal.SIGCHLD):
            signal.signal(number, self._note)
        self._start(self._web)
        ready = False
        try:
            while not self._stopping:
                watched = [self._wakeup] if ready else [self._wakeup, self._ready]
                found, _, _ = select.select(watched, [], [], self._wait())
                if self._wakeup in found:
                    os.read(self._wakeup, 4096)
                if self._ready in found:
                    ready = True
                    os.read(self._ready, 1)
                    self._children.append(self._worker)
                    on_ready()
                if not ready and self._web.process is not None and self._web.process.poll() is not None:
                    return 2  # it has said why
                self._mend()
        finally:
            self._stop()
        return 0

    def _note(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        if number != signal.SIGCHLD:
            self._stopping += 1
            self._is_patient = number == signal.SIGTERM

    def _wait(self) -> float | None:
        """Seconds until the next restart is due."""
        waiting = [child.due for child in self._children if child.process is None]
        return max(0.0, min(waiting) - time.monotonic()) if waiting else None

    def _mend(self) -> None:
        now = time.monotonic()
        for child in self._children:
            if child.process is not None and child.process.poll() is not None:
                if now - child.started > _SETTLED_SECONDS:
                    child.pause = _FIRST_PAUSE
                child.due, child.pause = now + child.pause, min(child.pause * 2, _LONGEST_PAUSE)
                sys.stderr.write(
                    f"opendata: the {child.name} ended with {child.process.returncode}; starting it again\n"
                )
                child.process = None
            if child.process is None and child.due <= now:
                self._start(child)

    def _start(self, child: _Child) -> None:
        handed = (self._listener.fileno(), self._ready_end, self._drain) if child is self._web else ()
        child.started = time.monotonic()
        # A session of its own: Ctrl-C reaches us alone, and we stop the others in order.
        child.process = subprocess.Popen(
            child.command, pass_fds=handed, start_new_session=True, stdin=subprocess.DEVNULL
        )

    def _stop(self) -> None:
        """Web server: finish the requests at hand. Worker: finish the drafts at hand if that is quick, else leave them.

        After SIGTERM the web server first serves on for a while, and says that it isn't ready. A second signal of any
        kind shortens what is at hand.
        """
        self._signal(self._worker, signal.SIGINT)
        seconds = self._finish_seconds if self._is_patient else _WORKER_GRACE_SECONDS
        worker_deadline = time.monotonic() + seconds
        os.write(self._drain_end, b"\n")
        if self._is_patient:
            self._wait_for_others(time.monotonic() + self._drain_seconds)
        asked = self._stopping
        deadline = time.monotonic() + self._finish_seconds + _GRACE_SECONDS
        self._signal(self._web, signal.SIGTERM)
        self._listener.close()  # so that nobody waits for an answer in it
        while any(child.process is not None and child.process.poll() is None for child in self._children):
            if select.select([self._wakeup], [], [], 0.5)[0]:
                os.read(self._wakeup, 4096)
            now = time.monotonic()
            if now > worker_deadline:
                self._signal(self._worker, signal.SIGTERM)
            if now > deadline or self._stopping > asked:
                for child in self._children:
                    self._signal(child, signal.SIGKILL)

    def _wait_for_others(self, ends: float) -> None:
        """Until then, or until another signal comes or the web server has ended, others notice that this node stops."""
        asked = self._stopping
        while self._stopping == asked and self._web.process is not None and self._web.process.poll() is None:
            left = ends - time.monotonic()
            if left <= 0:
                return
            if select.select([self._wakeup], [], [], min(left, 0.5))[0]:
                os.read(self._wakeup, 4096)

    def _signal(self, child: _Child, number: signal.Signals) -> None:
        if child.process is not None and child.process.poll() is None:
            child.process.send_signal(number)
