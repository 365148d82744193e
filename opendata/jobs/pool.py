"""Several processes at the work, fair between publishers: no publisher holds all of them.

A message of the queue only says that there is work. Which draft is done is decided when a process is free.
"""

from __future__ import annotations

import queue
import threading
from collections import Counter
from collections.abc import Sequence

from opendata.jobs.queue import DraftQueue
from opendata.jobs.runner import ProcessRunner
from opendata.services.drafts.lease import Lease
from opendata.services.work.work import Work


class RunnerPool:
    """Runners that share the work. One process is started at once, the others when they are needed.

    The runner that was at work last is the first to be asked again: its process has started already.
    """

    def __init__(self, work: Work, waiting: DraftQueue, runners: Sequence[ProcessRunner]) -> None:
        self._work = work
        self._waiting = waiting
        self._runners = runners
        self._free: queue.LifoQueue[ProcessRunner] = queue.LifoQueue()
        self._at_work: Counter[str] = Counter()
        self._choosing = threading.Lock()
        for runner in reversed(runners):
            self._free.put(runner)

    @property
    def size(self) -> int:
        """How many drafts may be at work at once."""
        return len(self._runners)

    def start(self) -> None:
        """Have a process ready."""
        self._runners[0].start()

    def stop(self) -> None:
        """End all processes; drafts at hand are left to the next worker."""
        for runner in self._runners:
            runner.stop()

    def run(self, draft: str) -> bool:  # noqa: ARG002 - the next one may be another
        """Do the work of the draft whose turn it is, if there is any; whether something was done."""
        taken: list[str] = []

        def take() -> Lease | None:
            most = max(1, self.size - 1)
            with self._choosing:
                found = self._work.take_next({name for name, count in self._at_work.items() if count >= most})
                if found is None:
                    return None
                taken.append(found[0])
                self._at_work[found[0]] += 1
                return found[1]

        runner = self._free.get()
        try:
            return runner.run_next(take)
        finally:
            with self._choosing:
                self._at_work.subtract(taken)
            self._free.put(runner)
            if taken and (left := self._work.find()):  # among them may be some that were passed over
                self._waiting.put(left[0])
