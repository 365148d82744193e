"""What one worker does for all: the others leave it alone meanwhile, and look again later.

The lock is PostgreSQL's own (an advisory lock), so it ends with the connection of a worker that dies. Without it, each
worker would do the same again, and wait for the rows of the others.
"""

from __future__ import annotations

from collections.abc import Callable

from opendata.db.session import Database
from opendata.jobs.worker import Indexer, Periodic


class Alone:
    """Follows as another does, unless a worker of any machine is at it. `name` is that of the work."""

    def __init__(self, database: Database, name: str, follower: Indexer) -> None:
        self._database = database
        self._name = name
        self._follower = follower

    def follow(self) -> bool:
        """Take in what has happened; whether there was anything for this worker."""
        with self._database.hold(self._name) as is_held:
            return is_held and self._follower.follow()


class AlonePeriodic:
    """Does what is due as another does, unless a worker of any machine is at it."""

    def __init__(self, database: Database, name: str, periodic: Periodic) -> None:
        self._database = database
        self._name = name
        self._periodic = periodic

    def run_due(self, is_stopping: Callable[[], bool]) -> int:
        """Do what is due, until it is to stop; how much that was."""
        with self._database.hold(self._name) as is_held:
            return self._periodic.run_due(is_stopping) if is_held else 0
