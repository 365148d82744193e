"""Whether `opendata rebuild` takes as long for each dataset of a large store as for each of a small one.

Stores of several sizes (`--size`) with one version of each dataset, their records signed, are restored into empty
databases by a process of its own: seconds, CPU seconds of it and of those below it, the largest memory of one of them.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench import _rows
from bench._machine import CHECKOUT, describe_machine
from opendata.services.core.instance import create_instance
from opendata.settings import Settings
from opendata.wiring import build_services

PROGRAM = (sys.executable, "-m", "opendata")


def main() -> None:
    """Make a store that grows and restore it at each size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, action="append")
    parser.add_argument("--processes", type=int, action="append")
    args = parser.parse_args()
    print(describe_machine())
    with tempfile.TemporaryDirectory(prefix="opendata-bench-", dir=os.environ.get("BENCH_FOLDER")) as name:
        settings = Settings(home=Path(name) / "made", review="none")
        create_instance(settings, review="none")
        services = build_services(settings)
        _rows.begin(services, 1)
        present = 1
        for size in args.size or [1_000, 10_000]:
            _rows.write_store(services, present, size)
            present = size
            for processes in args.processes or [1, 2]:
                measure(settings.home, Path(name) / "other", size, processes)


def measure(made: Path, home: Path, size: int, processes: int) -> None:
    """Restore a store into an empty database and print what that took."""
    home.mkdir()
    shutil.copytree(made / "keys", home / "keys")
    (home / "store").symlink_to(made / "store")
    environment = {**os.environ, "OPENDATA_HOME": str(home), "PYTHONPATH": str(CHECKOUT)}
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    command = [*PROGRAM, "rebuild", "--json", "--processes", str(processes)]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    output = process.communicate()[0]
    seconds, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    peak = after.ru_maxrss // 1024
    print(
        f"{size:>9,} datasets, {processes} processes: {seconds:7.1f} s, {spent:7.1f} s of CPU"
        f" ({spent * 1000 / size:.2f} ms each), at most {peak} MB a process; load {os.getloadavg()[0]:.1f}",
        flush=True,
    )
    if process.returncode:
        raise SystemExit(output.decode()[-2000:])
    shutil.rmtree(home)


if __name__ == "__main__":
    main()
