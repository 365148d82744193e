"""Bringing the tables of a database that is in use to the newest form, without a request that fails.

On PostgreSQL a change of a table waits for everybody who reads it, and everybody who comes later waits behind the
change. A change that holds one table and waits for another would even lock out a reader of both for good, and
PostgreSQL ends one of the two after a second. So each migration is a transaction of its own and waits less than that
for a lock. Where it doesn't get one, it is undone and tried again.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from sqlalchemy.exc import OperationalError

from opendata.errors import N_, StateError

LOCK_MILLISECONDS = 400
"""So long a migration waits for a lock: less than `deadlock_timeout`, after which PostgreSQL ends a request."""

PATIENCE_SECONDS = 600.0
_FIRST_REST_SECONDS = 0.2
_LONGEST_REST_SECONDS = 5.0

_LOCKED_OUT = frozenset({"55P03", "40P01"})
"""The states of PostgreSQL for a lock that didn't come in time, and for two who wait for each other."""

_IN_USE = N_(
    "A table of the database has been in use for %(minutes)s minutes, so it can't be changed. The migrations before"
    " this one are done, and the instance works on. Find in pg_stat_activity what is idle in a transaction or runs for"
    " long, let it end or end it with pg_terminate_backend, and run “opendata init” again"
)

logger = logging.getLogger(__name__)


def migrate_patiently(migrate: Callable[[], None]) -> None:
    """Run the migrations that are left until none is, also where other requests hold the tables now and then.

    Raises `StateError` if one of them is held for ten minutes, `OperationalError` if the database is unavailable.
    """
    until = time.monotonic() + PATIENCE_SECONDS
    rest = _FIRST_REST_SECONDS
    while True:
        try:
            return migrate()
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", None) not in _LOCKED_OUT:
                raise
            if time.monotonic() > until:
                raise StateError(_IN_USE, minutes=round(PATIENCE_SECONDS / 60)) from error
            logger.info("a table is in use; the migration is tried again in %.1f s", rest)
        time.sleep(rest)
        rest = min(rest * 2, _LONGEST_REST_SECONDS)
