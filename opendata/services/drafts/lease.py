"""Leases: a worker holds a draft for a while, extends the hold as it gets on, and stops at once when it has lost it."""

from __future__ import annotations

import os
import secrets
import socket
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, DateTime, Interval, case, func, literal, or_, select, update
from sqlalchemy.orm import Session

from opendata.db.models import Draft, UtcDateTime
from opendata.domain.drafts import DraftState
from opendata.domain.stages import Stage
from opendata.services.core.context import Context, read_clock
from opendata.services.drafts.draft_view import find_draft
from opendata.telemetry.instruments import STAGE_SECONDS

_REPORT_SECONDS = 1.0
_LEASES = 10
_GIVEN_BACK: Mapping[str, Any] = {"lease_owner": None, "lease_until": None}
_DONE: Mapping[str, Any] = {"wanted": "", "attempts": 0, "due": None, "error": None}


class LostLeaseError(Exception):
    """Another worker has taken over, or the draft was abandoned; all work done since is void."""


class Lease:
    """One worker's hold on one draft. Every write checks the hold, and fails once it is lost."""

    def __init__(self, context: Context, draft: str, owner: str) -> None:
        self.draft = draft
        self._context = context
        self._owner = owner
        self._reported = self._kept = time.monotonic()
        self._stage, self._staged = "", self._reported

    @property
    def owner(self) -> str:
        """The name of the hold: no other hold has it, and another process of this worker can resume with it."""
        return self._owner

    def lock(self, session: Session) -> Draft:
        """The draft's row, locked, within a unit of work. Raises `LostLeaseError`, also if the draft was abandoned."""
        row = find_draft(session, self.draft, lock=True)
        if row.lease_owner != self._owner or not row.wanted:
            raise LostLeaseError
        return row

    def report(self, stage: Stage, progress: float) -> None:
        """Report how far the work is (0..1) and keep the lease; writes at most once a second."""
        if stage.name != self._stage:
            self.end_stage()
            self._stage = stage.name
        if time.monotonic() - self._reported >= _REPORT_SECONDS:
            with self._context.write() as session:
                self.extend(session, stage=str(stage), progress=round(min(progress, 1.0), 4))

    def end_stage(self) -> None:
        """The stage that was reported last has ended: it is counted how long it took."""
        now = time.monotonic()
        if self._stage:
            STAGE_SECONDS.observe(now - self._staged, self._stage)
        self._stage, self._staged = "", now

    def extend(self, session: Session, **values: object) -> None:
        """Keep the lease within a unit of work, and set columns of the draft. Raises `LostLeaseError`."""
        self._reported = time.monotonic()
        self._update(session, {"lease_until": find_moment(self._context, _length(self._context)), **values})

    def finish(self, session: Session, **values: object) -> None:
        """Give the draft back within a unit of work: what was wanted is done. Sets columns, raises `LostLeaseError`."""
        self._update(session, {**_GIVEN_BACK, **_DONE, "revision": Draft.revision + 1, **values})

    def keep(self) -> tuple[str, float]:
        """Stay in possession while another process of this worker does the work; how far that has told it is.

        Raises `LostLeaseError` as soon as the hold is lost or the work no longer wanted.
        """
        query = select(Draft.stage, Draft.progress).where(*self._mine())
        with self._context.read() as session:
            row = session.execute(query).one_or_none()
        if row is None:
            raise LostLeaseError
        now = time.monotonic()
        seconds = self._context.settings.lease_seconds
        if now - self._kept > seconds / 4:
            self._kept = now
            with self._context.write() as session:
                self.extend(session)
        return row[0], row[1]

    def _mine(self) -> tuple[ColumnElement[bool], ...]:
        return Draft.id == self.draft, Draft.lease_owner == self._owner, Draft.wanted != ""

    def _update(self, session: Session, values: Mapping[str, Any]) -> None:
        query = update(Draft).where(*self._mine()).values(values).execution_options(synchronize_session=False)
        if session.execute(query).rowcount != 1:  # type: ignore[attr-defined]
            raise LostLeaseError


def is_free(context: Context) -> ColumnElement[bool]:
    """Whether nobody holds a draft: no lease, one that is over, or one that no clock could have given.

    A clock that was an hour ahead, and has been set, leaves leases that would hold for an hour.
    """
    now, latest = find_moment(context), find_moment(context, _LEASES * _length(context))
    return or_(Draft.lease_until.is_(None), Draft.lease_until < now, Draft.lease_until > latest)


def find_moment(context: Context, later: timedelta = timedelta()) -> ColumnElement[datetime]:
    """Now, or so much later, for the leases of all machines: by the clock of PostgreSQL, which they share.

    A clock that was handed in goes first.
    """
    if context.clock is read_clock and context.database.engine.dialect.name == "postgresql":
        return func.now(type_=DateTime(timezone=True)) + literal(later, Interval())
    return literal(context.clock() + later, UtcDateTime())


def _length(context: Context) -> timedelta:
    return timedelta(seconds=context.settings.lease_seconds)


def take_lease(context: Context, draft: str) -> Lease | None:
    """Take hold of a draft that has work and that nobody holds; None where there is nothing to do.

    A draft that is to be checked is `validating` from here on.
    """
    owner = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
    now = context.clock()
    due = or_(Draft.due.is_(None), Draft.due <= now)
    is_check = Draft.wanted == "process"
    query = (
        update(Draft)
        .where(Draft.id == draft, Draft.wanted != "", is_free(context), due)
        .values(
            status=case((is_check, literal(DraftState.VALIDATING, Draft.status.type)), else_=Draft.status),
            modified=case((is_check, literal(now, UtcDateTime())), else_=Draft.modified),
            lease_owner=owner,
            lease_until=find_moment(context, _length(context)),
            attempts=Draft.attempts + 1,
        )
        .execution_options(synchronize_session=False)
    )
    with context.write() as session:
        taken = session.execute(query).rowcount == 1  # type: ignore[attr-defined]
    return Lease(context, draft, owner) if taken else None


def release(row: Draft, *, done: bool) -> None:
    """Give a draft back within a unit of work; `done` says that what was wanted is finished."""
    for name, value in {**_GIVEN_BACK, **(_DONE if done else {})}.items():
        setattr(row, name, value)
