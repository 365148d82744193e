"""Keeping the ledger up to date: the worker follows the audit log, and once a day looks at what has come to its end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from opendata.db.models import Dataset, DutyProgress, Obligation
from opendata.services.core.context import Context
from opendata.services.governance.duties.calendars import recompute_waiting
from opendata.services.governance.duties.making import Maker
from opendata.services.governance.duties.registering import list_renewals, where_operated
from opendata.services.governance.duties.reminding import Reminding
from opendata.services.governance.duties.rule_reading import read_rules
from opendata.services.search.following import Changes, find_end, read_changes

_AT_ONCE = 200
"""Datasets looked at in one transaction."""

_REMIND = timedelta(hours=1)


class Keeping:
    """Makes and fulfils duties, and has people reminded. Several workers may do so at once."""

    def __init__(self, context: Context, reminding: Reminding) -> None:
        self._context = context
        self._reminding = reminding

    def follow(self, *, rest_seconds: float = 0.0) -> int:
        """Take in what has happened: how many events of the audit log, 0 where there was nothing.

        While the first of it is younger than `rest_seconds`, it is left to a later look, which finds more.
        """
        today, now = self._context.today(), self._context.clock()
        with self._context.read() as session:
            row = session.get(DutyProgress, 1)
            is_new_day = row is None or row.day != today
            changes = _read_changes(session, row, lambda moment: self._context.is_fresh(moment, rest_seconds))
            is_reminding = row is None or row.reminded is None or now - row.reminded >= _REMIND
            ids = self._list_datasets(session, changes, is_new_day=is_new_day)
        if changes is not None or is_new_day:
            for part in _cut(ids):
                with self._context.write() as session:
                    _lock(session)
                    maker = Maker(self._context, session, read_rules(session).values())
                    for dataset in session.scalars(select(Dataset).where(Dataset.id.in_(part))):
                        maker.follow_dataset(dataset)
            with self._context.write() as session:
                row = _lock(session)
                if is_new_day:
                    recompute_waiting(session)
                    views = read_rules(session).values()
                    maker = Maker(self._context, session, views)
                    for view in views:
                        maker.make_periods(view)
                if changes is not None:
                    row.position, row.digest = changes.position, changes.digest
                row.day = today
        if is_reminding:
            self._reminding.remind()
            with self._context.write() as session:
                _lock(session).reminded = now
        return changes.count if changes is not None else int(is_new_day)

    def _list_datasets(self, session: Session, changes: Changes | None, *, is_new_day: bool) -> Sequence[str]:
        """The datasets to look at: those that were touched, and on a new day those whose last period is over."""
        if changes is not None and changes.is_whole:
            wanted = or_(Dataset.head.is_not(None), where_operated())
            return list(session.scalars(select(Dataset.id).where(wanted).order_by(Dataset.id)))
        found = set(changes.touched) if changes is not None else set()
        if is_new_day:
            over = (
                select(Obligation.dataset_uuid)
                .where(Obligation.dataset_uuid.is_not(None), Obligation.period_end.is_not(None))
                .group_by(Obligation.dataset_uuid)
                .having(func.max(Obligation.period_end) < self._context.today())
            )
            found |= set(session.scalars(select(Dataset.id).where(Dataset.uuid.in_(over))))
            found |= set(list_renewals(session, self._context.today()))
        return sorted(found)


def _read_changes(session: Session, row: DutyProgress | None, is_fresh: Callable[[datetime], bool]) -> Changes | None:
    """What has happened since the last time; at the first time everything may have."""
    if row is None:
        return Changes(frozenset(), True, *find_end(session))
    return read_changes(session, row.position, row.digest, is_fresh)


def _lock(session: Session) -> DutyProgress:
    """The row that one worker holds at a time."""
    row = session.scalar(select(DutyProgress).where(DutyProgress.id == 1).with_for_update())
    if row is None:
        row = DutyProgress(id=1, position=0, digest="")
        session.add(row)
        session.flush()
    return row


def _cut(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), _AT_ONCE):
        yield ids[start : start + _AT_ONCE]
