"""Leases: a worker holds a draft for a while, extends the hold as it gets on, and stops at once when it has lost it."""

from __future__ import annotations

import os
import secrets
import socket
import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import Session

from opendata.db.models import Draft
from opendata.domain.stages import Stage
from opendata.services.core.context import Context
from opendata.services.drafts.drafts import find_draft

_BEAT_SECONDS = 1.0


class LostLeaseError(Exception):
    """Another worker has taken over, or the draft was given up; whatever was done since is void."""


class Lease:
    """One worker's hold on one draft. Every write goes through `change`, which fails once the hold is lost."""

    def __init__(self, context: Context, draft: str, owner: str) -> None:
        self.draft = draft
        self._context = context
        self._owner = owner
        self._beaten = self._kept = time.monotonic()

    @property
    def owner(self) -> str:
        """Who holds it: a name that no other hold has, by which another process of this worker can go on with it."""
        return self._owner

    def lock(self, session: Session) -> Draft:
        """The draft's row, locked, within a unit of work. Raises `LostLeaseError`, also where it was given up."""
        row = find_draft(session, self.draft, lock=True)
        if row.lease_owner != self._owner or not row.wanted:
            raise LostLeaseError
        return row

    def report(self, stage: Stage, progress: float, *, force: bool = False) -> None:
        """Tell how far the work is (0..1) and stay in possession; writes at most once a second."""
        now = time.monotonic()
        if not force and now - self._beaten < _BEAT_SECONDS:
            return
        self._beaten = now
        self._extend({"stage": str(stage), "progress": round(min(progress, 1.0), 4)})

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
            self._extend({})
        return row[0], row[1]

    def _mine(self) -> tuple[ColumnElement[bool], ...]:
        return Draft.id == self.draft, Draft.lease_owner == self._owner, Draft.wanted != ""

    def _extend(self, values: Mapping[str, Any]) -> None:
        until = self._context.clock() + timedelta(seconds=self._context.settings.lease_seconds)
        query = update(Draft).where(*self._mine()).values(lease_until=until, **values)
        with self._context.write() as session:
            if session.execute(query).rowcount != 1:  # type: ignore[attr-defined]
                raise LostLeaseError


def take_lease(context: Context, draft: str) -> Lease | None:
    """Take hold of a draft that has work and that nobody holds; None where there is nothing to do."""
    owner = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
    now = context.clock()
    free = or_(Draft.lease_until.is_(None), Draft.lease_until < now)
    due = or_(Draft.due.is_(None), Draft.due <= now)
    query = (
        update(Draft)
        .where(Draft.id == draft, Draft.wanted != "", free, due)
        .values(
            lease_owner=owner,
            lease_until=now + timedelta(seconds=context.settings.lease_seconds),
            attempts=Draft.attempts + 1,
        )
    )
    with context.write() as session:
        taken = session.execute(query).rowcount == 1  # type: ignore[attr-defined]
    return Lease(context, draft, owner) if taken else None


def release(row: Draft, *, done: bool) -> None:
    """Give a draft back within a unit of work; `done` says that what was wanted is finished."""
    row.lease_owner = None
    row.lease_until = None
    if done:
        row.wanted = ""
        row.attempts = 0
        row.due = None
        row.error = None
