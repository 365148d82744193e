"""The process that does the heavy work for `opendata worker`: ids of drafts come on stdin, answers go to stdout.

It ends with the worker, is bound in memory, and gives way to a fresh one after a while or once it has grown.
"""

from __future__ import annotations

import gc
import logging
import os
import signal
import sys
from typing import NoReturn

from opendata.cli.core.parent import end_with_parent
from opendata.confined import limit_memory, read_status
from opendata.starting import give_back_memory, keep_freed_memory, start_lightly
from opendata.telemetry.logs import set_up_logs

_DRAFTS = 200
_NICE = 5
"""Readers go first: the web server isn't nice."""

_KEPT_BYTES = 8 * 1024**2
"""The blocks of columns, and most of their masks, are smaller."""

_LARGE_BYTES = 192 * 1024**2
_GROWN_BYTES = 512 * 1024**2


def list_command() -> list[str]:
    """The command that starts this process as a child of the current one."""
    # -P: nothing is to be imported from the current folder.
    return [sys.executable, "-P", "-m", "opendata.cli.operations.work_process", str(os.getpid())]


def main(parent: int) -> None:
    """Work until the worker closes stdin or is gone."""
    end_with_parent(parent, signal.SIGKILL)
    start_lightly()
    keep_freed_memory(_KEPT_BYTES)
    os.nice(_NICE)
    signal.signal(signal.SIGTERM, _leave)
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)

    from opendata import __version__
    from opendata.jobs.runner import BEGUN, DONE, LAST
    from opendata.settings import read_settings
    from opendata.telemetry.places import begin_counting
    from opendata.telemetry.tracing import begin_tracing, end_tracing
    from opendata.wiring import build_services

    prepare_for_work()
    services = build_services(read_settings())
    set_up_logs(services.settings.log)
    if services.settings.gives_figures:
        begin_counting("work")
    begin_tracing(services.settings.otel, "opendata-worker", __version__)
    _warm_up()
    gc.collect()
    gc.freeze()  # what is here now is never collected: no draft waits until it has been looked at
    limit_memory(services.settings.work_memory_bytes)
    for count, line in enumerate(sys.stdin.buffer, 1):
        answers.write(BEGUN)
        draft, owner = line.decode("ascii").split()
        sound = services.work.do(services.work.resume(draft, owner))
        if read_status("VmRSS") > _LARGE_BYTES:
            give_back_memory()
        last = not sound or count >= _DRAFTS or read_status("VmRSS") > _GROWN_BYTES
        answers.write(LAST if last else DONE)
        if last:
            end_tracing()
            return
    end_tracing()


def prepare_for_work() -> None:
    """What the worker and its process have in common: how they log, and how Arrow takes memory."""
    if sys.platform == "linux":
        os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "jemalloc")  # it holds a tenth less than the others
    os.environ.setdefault("MIMALLOC_PURGE_DELAY", "200")  # ms until free memory goes back: a page is soon taken again
    os.environ.setdefault("MIMALLOC_ARENA_RESERVE", "32768")  # KiB; the 1 GiB it reserves else counts as taken
    set_up_logs("")
    logging.getLogger("opendata").setLevel(logging.INFO)


def _leave(number: int, frame: object) -> NoReturn:  # noqa: ARG001
    raise SystemExit(128 + number)


def _warm_up() -> None:
    """Load now what the first draft would wait for."""
    import pyarrow
    import pyarrow.compute
    import pyarrow.csv
    import pyarrow.parquet

    import opendata.privacy.detection.screen
    import opendata.tables.schema.proposal
    import opendata.tables.table  # noqa: F401

    pyarrow.allocate_buffer(1024)
    logging.getLogger(__name__).debug("ready")


if __name__ == "__main__":
    main(int(sys.argv[1]))
