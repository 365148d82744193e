"""Deeds of a process that dies by SIGKILL at its n-th step that makes something durable; the forge forks it.

Steps are counted before each fsync, link, removal and database commit and before each batch written: between two
neighbours nothing lasting happens, so killing at every one of them is killing at every moment that matters.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import event
from sqlalchemy.orm import configure_mappers

from opendata.app import create_app
from opendata.services.core.actors import SYSTEM
from opendata.services.core.context import read_clock
from opendata.services.work import processing
from opendata.settings import Settings
from opendata.tables.forms.writing import TableWriter
from opendata.wiring import Services, build_services
from tests.crash.forge import Tell
from tests.instances import make_tables

EARLY_AND_LATE = (0.3, 0.8)
"""Where `make test` kills each verb, as shares of its steps: in two phases of it. The slow tests kill at each step."""

CHUNKS = 8
"""Into so many tests the slow ones are split, so that processes can share them."""

T = TypeVar("T")

configure_mappers()  # in the forge, for all its children


def point_at(share: float, points: Sequence[T]) -> T:
    """One of all points."""
    return points[int(share * len(points))]


class Steps:
    """Counts steps and dies at the chosen one (0: never)."""

    def __init__(self, last: int) -> None:
        self.count = 0
        self._last = last

    def step(self, *_: Any) -> None:
        """One step more."""
        self.count += 1
        if self.count == self._last:
            os.kill(os.getpid(), signal.SIGKILL)

    def before(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function with a step before each call."""

        def wrapped(*args: Any, **kwargs: Any) -> Any:
            self.step()
            return function(*args, **kwargs)

        return wrapped


def arm(services: Services, last: int) -> Steps:
    """Make this process die at its `last` step from here."""
    steps = Steps(last)
    os.fsync = steps.before(lambda descriptor: None)  # SIGKILL leaves the kernel's pages alone; waiting proves nothing
    os.link = steps.before(os.link)  # type: ignore[assignment]
    Path.unlink = steps.before(Path.unlink)  # type: ignore[method-assign]
    TableWriter.write = steps.before(TableWriter.write)  # type: ignore[method-assign]
    event.listen(services.database.engine, "commit", steps.step)
    return steps


def open_instance(home: Path, *, hours: int = 0, at: float | None = None) -> Services:
    """An instance as it is `hours` later, when the leases of the dead have run out; `at` stops its clock there."""

    def clock() -> datetime:
        return (read_clock() if at is None else datetime.fromtimestamp(at, UTC)) + timedelta(hours=hours)

    services = build_services(Settings(home=home, review="none"), clock=clock)
    make_tables(services)  # it has them; from here on it does not wait for the disk
    return services


def do(tell: Tell, *, home: str, verb: str, subject: str, at: float, last: int = 0, hours: int = 0) -> None:
    """Do one draft's work (`work`) or another verb, `hours` later than `at`; tell how many steps it has.

    What is written holds the time, and where its digest begins as another one does, a folder less is made: only with
    the clock stopped has a verb as many steps each time.
    """
    moment = time.monotonic()
    time.monotonic = lambda: moment  # how long the work takes must not change how often it tells how far it is
    processing.KEEP_SECONDS = 0  # and so that there are more moments to die in, each result is kept at once
    services = open_instance(Path(home), hours=hours, at=at)
    steps = arm(services, last)
    if verb == "work":
        services.work.run_to_end(subject)
    elif verb == "erase":
        services.withdrawals.withdraw(SYSTEM, subject, "1.0.0", reason="x", legal_basis="y", erase=True)
    elif verb == "rename":
        services.renaming.rename(SYSTEM, subject, "lakes")
    elif verb == "backup":
        services.backups.write(Path(home).with_name(subject), with_keys=True)
    elif verb == "rebuild":
        services.rebuilding.run()
    else:
        raise ValueError(verb)
    tell(steps.count)


def serve(tell: Tell, *, home: str, last: int = 0) -> None:
    """The web application without a worker until SIGTERM; tells its port, and at the end the steps since then."""
    from werkzeug.serving import make_server

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    services = open_instance(Path(home))
    server = make_server("127.0.0.1", 0, create_app(services=services), threaded=True)
    services.queue.count()
    steps = arm(services, last)
    tell(server.server_port)
    server.serve_forever()
    tell(steps.count)
