"""Counts in a large catalogue what grows with it: once for all who ask, now and then, by the worker.

few public datasets → nothing is kept, and each page counts for itself
many → the worker counts by publisher in one pass over each table, at most a thirtieth of the time
a page → reads the rows of its publishers, or the one for all, and says when that was counted
no worker for hours → each page counts for itself again
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import True_, and_, delete, func, insert, select
from sqlalchemy.orm import Session

from opendata.db.counts import read_counts
from opendata.db.models import ControlCount, ControlRound
from opendata.services.core.actors import SYSTEM
from opendata.services.core.context import Context
from opendata.services.governance.control.counting import NOTHING, Counted, count_by_publisher
from opendata.services.governance.control.gauges import Asking, Query
from opendata.services.governance.control.lists import BASES, GAUGES

LEAST_DATASETS = 5_000
"""With fewer public datasets, each page counts for itself."""

_ROUND = 1
_SHORTEST = timedelta(minutes=1)
_SHARE = 30
"""Counting may take this part of the worker's time: after ten seconds of it come five minutes of rest."""

_OLDEST = timedelta(hours=6)
_ROWS_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class Kept:
    """What was counted at a moment, by the codes of gauges and of `BASES`."""

    counted: datetime
    found: Mapping[str, Counted]

    def get(self, code: str) -> Counted:
        """What was counted under a code."""
        return self.found.get(code, NOTHING)


class KeptCounts:
    """Keeps what was counted, for all machines."""

    def __init__(self, context: Context, least: int = LEAST_DATASETS) -> None:
        self._context = context
        self._least = least

    def run_due(self, is_stopping: Callable[[], bool] = lambda: False, *, rest_seconds: float = 0.0) -> int:
        """Count again where it is time for that, but not twice within so many seconds; how many times."""
        with self._context.read() as session:
            row = session.get(ControlRound, _ROUND)
            last = (row.counted, timedelta(seconds=row.seconds)) if row is not None else None
            is_large = sum(read_counts(session).values()) >= self._least
        if not is_large:
            if last is not None:
                self._forget()
            return 0
        age = self._context.clock() - last[0] if last is not None else None
        least = max(_SHORTEST, timedelta(seconds=rest_seconds))
        if is_stopping() or (last is not None and age is not None and age < max(least, last[1] * _SHARE)):
            return 0
        self.count_now()
        return 1

    def count_now(self) -> None:
        """Count all that is kept, by publisher and for all of them."""
        begun, counted = time.monotonic(), self._context.clock()
        asking = Asking(actor=SYSTEM, now=counted, today=self._context.today(), sees_figures=True)
        queries: Mapping[str, Query] = {**{one.code: one.select for one in GAUGES if one.is_kept}, **BASES}
        with self._context.read() as session:
            found = count_by_publisher(session, asking, list(queries.values()))
        rows = [row for code, query in queries.items() for row in _write_rows(code, found[query])]
        with self._context.write() as session:
            session.execute(delete(ControlCount))
            for start in range(0, len(rows), _ROWS_AT_ONCE):
                session.execute(insert(ControlCount), rows[start : start + _ROWS_AT_ONCE])
            session.merge(ControlRound(id=_ROUND, counted=counted, seconds=time.monotonic() - begun))

    def find(self, session: Session, asking: Asking) -> Kept | None:
        """What was counted of what somebody asks about; None where each page counts for itself."""
        row = session.get(ControlRound, _ROUND)
        if row is None or asking.now - row.counted > _OLDEST:
            return None
        own = asking.sees(ControlCount.publisher_id)
        is_whole = asking.publisher is None and isinstance(own, True_)
        chosen = ControlCount.publisher_id == "" if is_whole else and_(own, ControlCount.publisher_id != "")
        query = select(
            ControlCount.code,
            func.sum(ControlCount.count),
            func.min(ControlCount.oldest),
            func.max(ControlCount.newest),
            func.sum(ControlCount.amount),
        ).where(chosen)
        found = {
            code: Counted(int(count), oldest, newest, int(amount) if amount is not None else None)
            for code, count, oldest, newest, amount in session.execute(query.group_by(ControlCount.code))
        }
        return Kept(row.counted, found)

    def _forget(self) -> None:
        with self._context.write() as session:
            session.execute(delete(ControlCount))
            session.execute(delete(ControlRound))


def _write_rows(code: str, found: Mapping[str, Counted]) -> Sequence[Mapping[str, object]]:
    parts = {publisher: part for publisher, part in found.items() if part.count}
    if not parts:
        return []
    moments = [moment for part in parts.values() for moment in (part.oldest, part.newest) if moment is not None]
    amounts = [part.amount for part in parts.values() if part.amount is not None]
    whole = Counted(
        sum(part.count for part in parts.values()),
        min(moments, default=None),
        max(moments, default=None),
        sum(amounts) if amounts else None,
    )
    return [
        {
            "publisher_id": publisher,
            "code": code,
            "count": part.count,
            "oldest": part.oldest,
            "newest": part.newest,
            "amount": part.amount,
        }
        for publisher, part in {**parts, "": whole}.items()
    ]
