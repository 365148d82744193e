"""Runs a command, and writes what it took into a table: wall time, and CPU time (user + system) of all its processes.

`python tools/measure.py [--cpu-limit SECONDS] TABLE NAME -- COMMAND...` adds a line to the file TABLE and ends as the
command did; with 1 where it succeeded and took more CPU time than the limit. Processes whose parent ended before them
count as well: they are handed to this one (Linux, prctl PR_SET_CHILD_SUBREAPER).
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

_SET_CHILD_SUBREAPER = 36


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
    status = subprocess.run(command, check=False).returncode
    wall = time.monotonic() - began
    _reap()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = used.ru_utime + used.ru_stime
    limit = f"{given.cpu_limit:.0f}" if given.cpu_limit else "none"
    with given.table.open("a") as table:
        table.write(f"{given.name:<24} {wall:>8.0f} {cpu:>8.0f} {limit:>8} {status:>8}\n")
    if status == 0 and given.cpu_limit and cpu > given.cpu_limit:
        sys.stderr.write(f"{given.name} took {cpu:.0f} CPU seconds, more than the limit of {limit}\n")
        return 1
    return status if status >= 0 else 128 - status


def _reap() -> None:
    """Take leave of the processes that were handed to this one and have ended."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


if __name__ == "__main__":
    sys.exit(main())
