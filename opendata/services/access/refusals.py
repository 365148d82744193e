"""Refused requests in the audit log, so that attempts are seen and a flood of them doesn't fill it.

no permission, a wrong token, a form or host that isn't ours, too many requests
    → one event an hour for each action and account, or address without one; at most MOST of each action an hour
"""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

from sqlalchemy import select

from opendata.db.models import Failures
from opendata.domain.access.addresses import name_source
from opendata.services.access.limits import digest_name, ensure_counter
from opendata.services.core.actors import Actor, make_stranger
from opendata.services.core.context import Context

MOST = 100
"""Events of one action in an hour, whoever causes them."""

_PAUSE = timedelta(hours=1)
_REMEMBERED = 10_000


class Refusals:
    """Writes down what was refused to whom."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._noted: dict[str, datetime] = {}
        self._lock = threading.Lock()

    def note(self, action: str, actor: Actor | None, address: str, request: str) -> None:
        """Note a refused request, unless the log has one like it of this hour. Raises `BackendError`."""
        now, who = self._context.clock(), actor or make_stranger(address)
        overall = f"{action}\n{now:%Y%m%d%H}"
        own = f"{action}\n{who.name or name_source(address)}"
        if self._is_kept(own, now) or self._is_kept(overall, now):
            return
        total, sender = (digest_name(self._context.settings, f"refusal\n{name}") for name in (overall, own))
        with self._context.write() as session:
            for key in sorted((total, sender)):  # in the order in which all lock
                ensure_counter(session, key, now)
            query = select(Failures).where(Failures.key.in_((total, sender))).order_by(Failures.key).with_for_update()
            rows = {row.key: row for row in session.scalars(query)}
            if rows[total].count >= MOST:
                self._keep(overall, now)
            elif (noted := rows[sender].noted) is None or now - noted >= _PAUSE:
                rows[total].count, rows[total].last = rows[total].count + 1, now
                rows[sender].noted = rows[sender].last = now
                self._context.log(session, who, action, "request", request[:200])
        self._keep(own, now)

    def _is_kept(self, name: str, now: datetime) -> bool:
        with self._lock:
            noted = self._noted.get(name)
        return noted is not None and now - noted < _PAUSE

    def _keep(self, name: str, now: datetime) -> None:
        with self._lock:
            if len(self._noted) >= _REMEMBERED:
                self._noted = {key: at for key, at in self._noted.items() if now - at < _PAUSE}
            self._noted[name] = now
