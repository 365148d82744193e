"""A process that dies by SIGKILL at its n-th step that makes something durable; started by the tests beside it.

Steps are counted before each fsync, link and database commit and before each batch written: between two neighbours
nothing lasting happens, so killing at every one of them is killing at every moment that matters.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import event

from opendata.services import lease
from opendata.services.actors import SYSTEM
from opendata.services.context import read_clock
from opendata.settings import Settings
from opendata.tabular.writing import TableWriter
from opendata.wiring import Services, build_services


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
    lease._BEAT_SECONDS = 3600.0  # how long the work takes must not change how many steps it has
    os.fsync = steps.before(os.fsync)  # type: ignore[assignment]
    os.link = steps.before(os.link)  # type: ignore[assignment]
    Path.unlink = steps.before(Path.unlink)  # type: ignore[method-assign]
    TableWriter.write = steps.before(TableWriter.write)  # type: ignore[method-assign]
    event.listen(services.database.engine, "commit", steps.step)
    return steps


def main(home: str, database_url: str, what: str, subject: str, last: int, hours: int) -> None:
    """Do one draft's work (`work`) or one of the other verbs, or serve until stopped, `hours` later than now."""
    services = build_services(Settings(home=Path(home), database_url=database_url, review="none"))
    if hours:
        shift_clock(services, hours)
    if what == "serve":
        serve(services, int(subject), last)
        return
    steps = arm(services, last)
    if what == "work":
        services.work.run_to_end(subject)
    elif what == "erase":
        services.withdrawals.withdraw(SYSTEM, subject, "1.0.0", reason="x", legal_basis="y", erase=True)
    elif what == "sweep":
        services.work.sweep()
    elif what == "rename":
        services.renaming.rename(SYSTEM, subject, "lakes")
    elif what == "backup":
        services.backups.write(Path(home).with_name(subject), with_keys=True)
    elif what == "rebuild":
        services.rebuilding.run()
    print(steps.count)


def shift_clock(services: Services, hours: int) -> None:
    """Let the services live later, so that leases of the dead have run out."""
    later = replace(services.work._context, clock=lambda: read_clock() + timedelta(hours=hours))
    for service in (services.work, services.work._processing, services.work._publication, services.drafts):
        service._context = later


def serve(services: Services, port: int, last: int) -> None:
    """The web application in this process, without a worker; steps count once it can answer."""
    from werkzeug.serving import make_server

    from opendata.app import create_app

    server = make_server("127.0.0.1", port, create_app(services=services), threaded=True)
    services.queue.count()
    arm(services, last)
    print("ready", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4], int(sys.argv[5]), int(sys.argv[6]))
