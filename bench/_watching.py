"""A long measurement under watch: how far it is, the memory and disk that it takes, and an end after some minutes."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from bench._machine import measure_cpu, measure_pss

LOOK_SECONDS = 1.0
TELL_SECONDS = 10.0


class OutOfTimeError(Exception):
    """The time of the measurement is over."""


class Watch:
    """Looks at this process, all below it and a folder once a second."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._began = time.monotonic()
        self._told = self._began
        self._name = ""
        self._memory = self._most_memory = self._disk = self._most_disk = 0
        self._done = threading.Event()
        threading.Thread(target=self._look, daemon=True).start()

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """A part of the measurement; at its end its seconds, processor time and most memory are printed."""
        self._name, self._most_memory, self._most_disk = name, 0, 0
        started, cpu = time.monotonic(), measure_cpu(os.getpid())
        yield
        self._measure()
        seconds, cpu = time.monotonic() - started, measure_cpu(os.getpid()) - cpu
        self._print(f"{seconds:.1f} s, {cpu:.1f} s of CPU, at most {_gb(self._most_memory)} of memory in all processes"
                    f" and {_gb(self._most_disk)} of disk")  # fmt: skip

    def tell(self, share: float) -> None:
        """Print how far the phase is, every ten seconds."""
        now = time.monotonic()
        if now - self._told >= TELL_SECONDS:
            self._told = now
            self._print(f"{share:.0%}, {_gb(self._memory)} of memory, {_gb(self._disk)} of disk")

    def close(self) -> None:
        """Look no more."""
        self._done.set()

    def _print(self, text: str) -> None:
        print(f"[{time.monotonic() - self._began:6.1f} s] {self._name}: {text}", flush=True)

    def _look(self) -> None:
        while not self._done.wait(LOOK_SECONDS):
            self._measure()

    def _measure(self) -> None:
        self._memory = measure_pss(os.getpid())
        self._disk = sum_files(self._folder)
        self._most_memory = max(self._most_memory, self._memory)
        self._most_disk = max(self._most_disk, self._disk)


@contextmanager
def end_after(seconds: float) -> Iterator[None]:
    """Break off after so many seconds; what is open is closed, and the status says that it isn't complete."""

    def stop(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
        raise OutOfTimeError

    signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    except OutOfTimeError:
        sys.exit(f"broken off after {seconds:.0f} seconds: what is printed is all that was measured")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def sum_files(folder: Path) -> int:
    """The bytes of the files in a folder; one that has two names counts once."""
    sizes: dict[tuple[int, int], int] = {}
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                found = os.lstat(os.path.join(place, name))
            except FileNotFoundError:
                continue
            sizes[found.st_dev, found.st_ino] = found.st_size
    return sum(sizes.values())


def _gb(size: int) -> str:
    return f"{size / 1e9:.2f} GB"
