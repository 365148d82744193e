"""The process of the work with bad manners, and workers: what a table is called says how its check goes wrong.

With `OPENDATA_TEST_NOTES` it writes into that file when it begins and ends the check of each draft.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from opendata.cli.operations import work_process
from opendata.db.models import Draft
from opendata.jobs.runner import ProcessRunner
from opendata.jobs.worker import run_worker
from opendata.services.drafts.lease import Lease
from opendata.services.work import processing
from opendata.settings import read_settings
from opendata.wiring import build_services
from tests.crash.forge import Tell, split_forge

_prepare = processing.prepare_table
_run = processing.Processing.run


def prepare(path: Path, folder: Path, *, name: str, **options: Any) -> Any:
    """Check a table, or do what its name says."""
    (folder / "half.parquet").write_text("half")
    if name == "greedy":
        import pyarrow

        pyarrow.allocate_buffer(64 << 30)
    elif name == "hungry":
        print(len([bytearray(1 << 20) for _ in range(1 << 16)]))
    elif name == "crashing":
        os.kill(os.getpid(), signal.SIGSEGV)
    elif name == "sleeping":
        time.sleep(600)
    elif name == "deaf":
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
        time.sleep(600)
    return _prepare(path, folder, name=name, **options)


def run(self: processing.Processing, lease: Lease, row: Draft) -> None:
    """Check a draft, and keep notes."""
    _note(f"begin {lease.draft}")
    _run(self, lease, row)
    _note(f"end {lease.draft}")


def _note(text: str) -> None:
    file = os.environ.get("OPENDATA_TEST_NOTES")
    if file:
        notes = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(notes, f"{text} {os.getpid()}\n".encode())
        os.close(notes)


def work(tell: Tell) -> None:
    """The process as a deed of the forge."""
    be_bad()
    work_process.main(os.getppid())


def run_workers_work(tell: Tell) -> None:
    """A worker as `opendata worker` is one, whose process is forked too."""
    forge = split_forge()  # before there are threads
    logging.basicConfig(level=logging.INFO)
    services = build_services(read_settings())
    runner = ProcessRunner(
        services.work,
        ["tests.jobs.child:work"],
        seconds=60,
        start_process=lambda command: forge.start(command[0], with_pipes=True),
    )
    runner.start()
    try:
        run_worker(services.work, services.queue, sweep_seconds=1, run=runner.run)
    finally:
        runner.stop()


def run_worker_alone(tell: Tell) -> None:
    """A worker that does the work in its own process."""
    logging.basicConfig(level=logging.INFO)
    services = build_services(read_settings())
    run_worker(services.work, services.queue, sweep_seconds=1)


def be_bad() -> None:
    """Have the bad manners from now on."""
    processing.prepare_table = prepare
    processing.Processing.run = run  # type: ignore[method-assign]


if __name__ == "__main__":
    be_bad()
    work_process.main(int(sys.argv[1]))
