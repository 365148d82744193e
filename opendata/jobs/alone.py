"""What one worker does for all: the others leave it alone meanwhile, and look again later.

The lock is PostgreSQL's own (an advisory lock), so it ends with the connection of a worker that dies. Without it, each
worker would do the same again, and wait for the rows of the others. What one has just done rests a while: many workers
look as often together as one would, and do as much.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from opendata.db.session import Database
from opendata.jobs.worker import INDEX_SECONDS, MEASURE_SECONDS


class RestingIndexer(Protocol):
    """What can leave the newest events to a later look."""

    def follow(self, *, rest_seconds: float) -> int:
        """Take in what has happened, unless the first of it is younger: how many events of the audit log."""
        ...


class RestingPeriodic(Protocol):
    """What can leave alone what was done a moment ago."""

    def run_due(self, is_stopping: Callable[[], bool], *, rest_seconds: float) -> int:
        """Do what is due, until it is to stop, but no dataset twice within so many seconds; how much that was."""
        ...


class Alone:
    """Follows as another does, unless a worker of any machine is at it. `name` is that of the work."""

    def __init__(self, database: Database, name: str, follower: RestingIndexer) -> None:
        self._database = database
        self._name = name
        self._follower = follower

    def follow(self) -> int:
        """Take in what has happened: how many events this worker took in."""
        with self._database.hold(self._name) as is_held:
            return self._follower.follow(rest_seconds=INDEX_SECONDS) if is_held else 0


class AlonePeriodic:
    """Does what is due as another does, unless a worker of any machine is at it."""

    def __init__(self, database: Database, name: str, periodic: RestingPeriodic) -> None:
        self._database = database
        self._name = name
        self._periodic = periodic

    def run_due(self, is_stopping: Callable[[], bool]) -> int:
        """Do what is due, until it is to stop; how much that was."""
        with self._database.hold(self._name) as is_held:
            return self._periodic.run_due(is_stopping, rest_seconds=MEASURE_SECONDS) if is_held else 0
