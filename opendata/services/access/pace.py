"""How many changes and costly requests an account, a token or an address without either may send in a minute.

    a request → counted in this process → each fiftieth of the limit: added to the counter that all processes share
              → more than the limit in this minute of the clock: refused until the next one

So ordinary use writes nothing to the database, and all processes together let through at most a fiftieth each beyond
the limit. Requests that are refused aren't counted.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime

from opendata.db.models import Failures
from opendata.domain.access.addresses import name_source
from opendata.errors import N_, RateLimitError
from opendata.services.access.limits import digest_name, ensure_counter
from opendata.services.core.actors import Actor
from opendata.services.core.context import Context

WINDOW_SECONDS = 60

_PARTS = 50
_REMEMBERED = 10_000
"""Of so many the counts are kept; those of minutes that are over are dropped then."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """How many requests are `left` of the `limit` of a minute, which ends in some `seconds`."""

    limit: int
    left: int
    seconds: int


@dataclass(slots=True)
class _Count:
    """The requests of one sender in a minute: `own` of this process, and `shared` of all that was last added up."""

    minute: datetime
    own: int = 0
    shared: int = 0


class Pace:
    """Counts requests and refuses those beyond the limit."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._counts: dict[str, _Count] = {}
        self._lock = threading.Lock()

    def count(self, actor: Actor | None, address: str) -> Allowance | None:
        """Count a request; what is left, None if there is no limit. Raises `RateLimitError`, `BackendError`."""
        limit, now = self._context.settings.requests_per_minute, self._context.clock()
        if not limit:
            return None
        name, minute = _name_sender(actor, address), now.replace(second=0, microsecond=0)
        seconds = WINDOW_SECONDS - now.second
        part = max(1, limit // _PARTS)
        with self._lock:
            found = self._find(name, minute)
            if found.shared + found.own >= limit:
                raise _refuse(limit, seconds)
            found.own += 1
            is_due = found.own >= part
            if is_due:
                found.own, own = 0, found.own
                found.shared += own
        if is_due:
            shared = self._share(name, minute, own)
            with self._lock:
                found.shared = max(found.shared, shared)
            if shared > limit:  # others have used it up
                raise _refuse(limit, seconds)
        return Allowance(limit, max(0, limit - found.shared - found.own), seconds)

    def _find(self, name: str, minute: datetime) -> _Count:
        found = self._counts.get(name)
        if found is None or found.minute != minute:
            if len(self._counts) >= _REMEMBERED:
                self._counts = {key: item for key, item in self._counts.items() if item.minute == minute}
            found = self._counts[name] = _Count(minute)
        return found

    def _share(self, name: str, minute: datetime, count: int) -> int:
        """Add requests to the counter of all processes; where it is now."""
        key = digest_name(self._context.settings, f"pace\n{name}")
        with self._context.write() as session:
            ensure_counter(session, key, minute)
            row = session.get_one(Failures, key, with_for_update=True)
            if row.last != minute:
                row.count, row.last = 0, minute
            row.count += count
            return row.count


def _name_sender(actor: Actor | None, address: str) -> str:
    if actor is None:
        return f"address\n{name_source(address)}"
    return f"token\n{actor.token}" if actor.token is not None else f"account\n{actor.id}"


def _refuse(limit: int, seconds: int) -> RateLimitError:
    return RateLimitError(
        N_(
            "You have sent the %(limit)s changes and costly requests that are allowed in a minute. Try again in"
            " %(count)s seconds"
        ),
        seconds=seconds,
        limit=limit,
        count=seconds,
    )
