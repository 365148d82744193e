"""Whether each part of the instance answers: asked with a bound, remembered for a second, never waited for.

database, migrations, store → without them a node isn't ready: readers aren't served
private, queue, disk        → readers are served; what can't be done is said
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import text

from opendata.errors import N_, BackendError, OpendataError
from opendata.services.core.context import Context
from opendata.services.core.health import Health

logger = logging.getLogger(__name__)

ANSWER_SECONDS = 2.0
"""How long a part may take to answer."""

FRESH_SECONDS = 1.0
"""How long it counts that a part answered. A fault is looked at again each time."""

NEEDED = ("database", "migrations", "store")
"""The parts without which readers aren't served."""

_SLOW = N_("No answer within %(seconds)s seconds")
_FAILED = N_("It can't be asked. The reason is in the log")


@dataclass(frozen=True, slots=True)
class Part:
    """What was found of a part: the fault if it has one, and how long the answer took."""

    name: str
    fault: OpendataError | None
    seconds: float

    @property
    def is_ok(self) -> bool:
        """Whether it answers as it should."""
        return self.fault is None


class Probes:
    """Asks the `parts` of the instance."""

    def __init__(self, context: Context, health: Health, count_queue: Callable[[], int]) -> None:
        self._context = context
        self.parts: dict[str, Probe] = {
            "database": Probe(self._ask_database),
            "migrations": Probe(health.check),
            "store": Probe(self._ask_store),
            "private": Probe(self._ask_private),
            "queue": Probe(lambda: _drop(count_queue())),
            "disk": Probe(lambda: _raise(health.find_write_fault())),
        }

    def list(self) -> tuple[Part, ...]:
        """All parts, asked at once."""
        for probe in self.parts.values():
            probe.begin()
        ends = time.monotonic() + ANSWER_SECONDS
        return tuple(Part(name, *probe.wait(ends)) for name, probe in self.parts.items())

    def require_ready(self) -> None:
        """Raises `BackendError` naming what keeps the instance from serving readers."""
        for name in NEEDED:
            self.parts[name].begin()
        ends = time.monotonic() + ANSWER_SECONDS
        for name in NEEDED:
            fault, _ = self.parts[name].wait(ends)
            if fault is not None:
                raise fault

    def _ask_database(self) -> None:
        with self._context.read() as session:
            session.execute(text("SELECT 1"))

    def _ask_store(self) -> None:
        self._context.public.check()

    def _ask_private(self) -> None:
        folder = self._context.settings.private_folder
        if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
            raise BackendError(N_("The private store can't be read or written"))
        self._context.private.check()


class Probe:
    """One question. While an answer is waited for, nobody asks a second time."""

    def __init__(self, ask: Callable[[], None]) -> None:
        self._ask = ask
        self._lock = threading.Lock()
        self._done = threading.Event()
        self._begun: float | None = None
        self._asked: float | None = None
        self._fault: OpendataError | None = None
        self._seconds = 0.0
        self._pid = os.getpid()

    def begin(self) -> None:
        """Ask, unless that was just done or is being done."""
        with self._lock:
            now = time.monotonic()
            if self._pid != os.getpid():  # what was asked before a fork is never answered here
                self._pid, self._begun, self._asked = os.getpid(), None, None
            is_fresh = self._asked is not None and self._fault is None and now - self._asked < FRESH_SECONDS
            if self._begun is not None or is_fresh:
                return
            self._begun = now
            self._done.clear()
        threading.Thread(target=self._run, args=(now,), name="probe", daemon=True).start()

    def wait(self, ends: float) -> tuple[OpendataError | None, float]:
        """The fault, if any; no answer in time is one too. Also how long it took."""
        with self._lock:
            begun = self._begun
        if begun is not None and not self._done.wait(max(0.0, ends - time.monotonic())):
            return BackendError(_SLOW, seconds=round(ANSWER_SECONDS)), time.monotonic() - begun
        with self._lock:
            return self._fault, self._seconds

    def _run(self, begun: float) -> None:
        fault: OpendataError | None = None
        try:
            self._ask()
        except OpendataError as error:
            fault = error
        except Exception:
            logger.exception("a part of the instance can't be asked")
            fault = BackendError(_FAILED)
        with self._lock:
            self._fault, self._asked, self._begun = fault, time.monotonic(), None
            self._seconds = self._asked - begun
        self._done.set()


def _drop(value: object) -> None:
    del value


def _raise(fault: OpendataError | None) -> None:
    if fault is not None:
        raise fault
