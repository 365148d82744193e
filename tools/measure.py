"""Runs a command, and writes what it took into a table: wall time, and CPU time (user + system) of all its processes.

`python tools/measure.py [--cpu-limit SECONDS] TABLE NAME -- COMMAND...` adds a line to the file TABLE and ends as the
command did; with 1 where it succeeded and took more CPU time than the limit. Processes whose parent ended before them
count as well: they are handed to this one (Linux, prctl PR_SET_CHILD_SUBREAPER).

The same work takes more CPU seconds where neighbours share the processor. So a limit is in seconds of the machine it
was set on: every few seconds a short loop says how much slower this one is at the moment, and the median of that
stretches the limit. It never shrinks.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import os
import resource
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

_SET_CHILD_SUBREAPER = 36
_LOOP = 200_000
_LOOP_SECONDS = 0.0046
"""CPU seconds of that loop on the machine that the limits were set on, while both its processors work."""
_PAUSE_SECONDS = 3.0


def main() -> int:
    """Run the command of the command line."""
    parser = argparse.ArgumentParser(usage="measure.py [--cpu-limit SECONDS] TABLE NAME -- COMMAND...")
    parser.add_argument("table", type=Path)
    parser.add_argument("name")
    parser.add_argument("--cpu-limit", type=float, default=0.0, metavar="SECONDS")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    given = parser.parse_args()
    command = [word for place, word in enumerate(given.command) if (place, word) != (0, "--")]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    began = time.monotonic()
    with _watch_speed() as loops:
        status = subprocess.run(command, check=False).returncode
    wall = time.monotonic() - began
    _reap()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = used.ru_utime + used.ru_stime
    slower = max(1.0, statistics.median(loops) / _LOOP_SECONDS)
    most = given.cpu_limit * slower
    limit = f"{most:.0f}" if most else "none"
    with given.table.open("a") as table:
        table.write(f"{given.name:<24} {wall:>8.0f} {cpu:>8.0f} {limit:>8} {status:>8}\n")
    if most:
        said = f"{cpu / slower:.0f} CPU seconds of the machine that the limit was set on"
        sys.stderr.write(f"{given.name}: {said}; the loop took {statistics.median(loops) * 1000:.2f} ms here\n")
    if status == 0 and most and cpu > most:
        sys.stderr.write(f"{given.name} took {cpu:.0f} CPU seconds, more than the limit of {limit}\n")
        return 1
    return status if status >= 0 else 128 - status


@contextlib.contextmanager
def _watch_speed() -> Iterator[list[float]]:
    """CPU seconds of the loop, taken again and again meanwhile."""
    loops, done = [_time_loop()], threading.Event()

    def watch() -> None:
        while not done.wait(_PAUSE_SECONDS):
            loops.append(_time_loop())

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    yield loops
    done.set()
    thread.join()


def _time_loop() -> float:
    began, number = time.thread_time(), 0
    for step in range(_LOOP):
        number += step
    return time.thread_time() - began


def _reap() -> None:
    """Take leave of the processes that were handed to this one and have ended."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


if __name__ == "__main__":
    sys.exit(main())
