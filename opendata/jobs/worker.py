"""The worker process: takes drafts out of the queue one at a time, and sweeps for those the queue has lost."""

from __future__ import annotations

import logging
import threading

from opendata.jobs.queue import DraftQueue
from opendata.services.work import Work

logger = logging.getLogger(__name__)

_POLL_SECONDS = 0.5
_TIDY_ROUNDS = 240


def run_worker(work: Work, queue: DraftQueue, *, sweep_seconds: int) -> None:
    """Work until a signal comes: SIGINT lets the draft at hand finish, SIGTERM leaves it to the next worker."""
    huey = queue.open()
    queue.run = work.run
    stop = threading.Event()
    sweeper = threading.Thread(target=_sweep, args=(work, queue, stop, sweep_seconds), name="sweep", daemon=True)
    sweeper.start()
    consumer = huey.create_consumer(
        workers=1, worker_type="thread", periodic=False, initial_delay=0.05, backoff=1.3, max_delay=_POLL_SECONDS
    )
    try:
        consumer.run()
    finally:
        stop.set()


def _sweep(work: Work, queue: DraftQueue, stop: threading.Event, seconds: int) -> None:
    """At the start and then every so often: whatever wants work and is not in the queue goes back into it."""
    rounds = 0
    while True:
        try:
            if queue.count() == 0:
                found = work.sweep()
                if found:
                    logger.info("%s drafts put back into the queue", found)
            if rounds % _TIDY_ROUNDS == 0:
                work.tidy()
        except Exception:
            logger.exception("the sweep failed and will be tried again")
        rounds += 1
        if stop.wait(seconds):
            return
