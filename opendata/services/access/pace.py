"""How many requests of each class an account, a token or an address without either may send in a minute, and at once.

    a request → counted in this process → each fiftieth of the limit: added to the counter that all processes share
              → more than the limit in this minute of the clock: refused until the next one

So ordinary use writes nothing to the database, and all processes together let through at most a fiftieth each beyond
the limit. Requests that are refused aren't counted. While the database can't be written, each process counts alone.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from opendata.db.models import Failures
from opendata.domain.access.addresses import name_source
from opendata.domain.access.costs import Cost
from opendata.errors import N_, BackendError, RateLimitError
from opendata.services.access.limits import digest_name, ensure_counter
from opendata.services.core.actors import Actor
from opendata.services.core.context import Context
from opendata.storage.slots import Slots

logger = logging.getLogger(__name__)

WINDOW_SECONDS = 60

_PARTS = 50
_TABLES = 20
"""So many times as often as for searches may be asked for the tables of a dataset."""

_REMEMBERED = 10_000
"""Of so many senders and classes the counts of a minute are kept; the oldest are dropped for others."""

_REFUSALS: Mapping[Cost, str] = {
    Cost.CHANGES: N_(
        "You have sent the %(limit)s changes and costly requests that are allowed in a minute. Try again in"
        " %(count)s seconds"
    ),
    Cost.LIGHT: N_(
        "You have sent the %(limit)s searches that are allowed in a minute. Try again in %(count)s seconds, or read the"
        " whole catalogue from its files"
    ),
    Cost.TABLES: N_(
        "You have asked %(limit)s times in a minute which tables a dataset has, and no more is allowed. Try again in"
        " %(count)s seconds"
    ),
    Cost.ROWS: N_(
        "You have sent the %(limit)s queries that are allowed in a minute. Try again in %(count)s seconds, or download"
        " the whole data, which has no such limit"
    ),
    Cost.HEAVY: N_(
        "You have sent the %(limit)s exports and joins that are allowed in a minute. Try again in %(count)s seconds, or"
        " download the whole data, which has no such limit"
    ),
}


@dataclass(frozen=True, slots=True)
class Allowance:
    """How many requests of the class `policy` are `left` of the `limit` of a minute, which ends in some `seconds`."""

    policy: str
    limit: int
    left: int
    seconds: int


@dataclass(slots=True)
class _Count:
    """The requests of one sender and class in a minute: `own` of this process, and `shared` of all when last added.

    While some are being added, further ones wait at the `lock`: each would be let through by a count that is behind.
    """

    own: int = 0
    shared: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


class Pace:
    """Counts requests and refuses those beyond the limit; lets few queries run at once."""

    def __init__(self, context: Context) -> None:
        settings = context.settings
        self._context = context
        self._limits = {
            Cost.CHANGES: settings.requests_per_minute,
            Cost.LIGHT: settings.requests_per_minute,
            Cost.TABLES: settings.requests_per_minute * _TABLES,
            Cost.ROWS: settings.queries_per_minute,
            Cost.HEAVY: settings.exports_per_minute,
        }
        self._slots = Slots(settings.home / "slots", settings.queries_at_once, settings.client_queries_at_once)
        self._minute = context.clock()
        self._counts: dict[tuple[Cost, str], _Count] = {}
        self._lock = threading.Lock()

    def count(self, cost: Cost, actor: Actor | None, address: str) -> Allowance | None:
        """Count a request; what is left, None if there is no limit. Raises `RateLimitError`."""
        limit, now = self._limits[cost], self._context.clock()
        if not limit:
            return None
        name, minute = _name_sender(actor, address), now.replace(second=0, microsecond=0)
        seconds = WINDOW_SECONDS - now.second
        part = max(1, limit // _PARTS)
        with self._lock:
            found = self._find(cost, name, minute)
        with found.lock:
            if found.shared + found.own >= limit:
                raise _refuse(cost, limit, seconds)
            found.own += 1
            if found.own >= part:
                shared = self._share(cost, name, minute, found.own)
                found.shared = max(found.shared + found.own, shared)
                found.own = 0
                if shared > limit:  # others have used it up
                    raise _refuse(cost, limit, seconds)
        return Allowance(cost.value, limit, max(0, limit - found.shared - found.own), seconds)

    @contextmanager
    def hold(self, cost: Cost, actor: Actor | None, address: str) -> Iterator[None]:
        """Run a query within this, as one of few. Raises `TooManyAtOnceError`, `OverloadedError`."""
        client = digest_name(self._context.settings, f"slot\n{_name_sender(actor, address)}")
        with self._slots.take(client, is_heavy=cost is Cost.HEAVY):
            yield

    def _find(self, cost: Cost, name: str, minute: datetime) -> _Count:
        if minute != self._minute:
            self._minute = minute
            self._counts.clear()
        found = self._counts.get((cost, name))
        if found is None:
            if len(self._counts) >= _REMEMBERED:
                self._counts.pop(next(iter(self._counts)))
            found = self._counts[cost, name] = _Count()
        return found

    def _share(self, cost: Cost, name: str, minute: datetime, count: int) -> int:
        """Add requests to the counter of all processes; where it is now, 0 if that isn't known."""
        key = digest_name(self._context.settings, f"pace\n{cost}\n{name}")
        try:
            with self._context.write() as session:
                ensure_counter(session, key, minute)
                row = session.get_one(Failures, key, with_for_update=True)
                if row.last != minute:
                    row.count, row.last = 0, minute
                row.count += count
                return row.count
        except BackendError as error:  # what is read can be read on
            logger.warning("requests are counted by this process alone: %s", error)
            return 0


def _name_sender(actor: Actor | None, address: str) -> str:
    if actor is None:
        return f"address\n{name_source(address)}"
    return f"token\n{actor.token}" if actor.token is not None else f"account\n{actor.id}"


def _refuse(cost: Cost, limit: int, seconds: int) -> RateLimitError:
    return RateLimitError(_REFUSALS[cost], seconds=seconds, policy=cost.value, limit=limit, count=seconds)
