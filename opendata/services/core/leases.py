"""Leases on rows that are due: one worker takes a row, holds it until it gives it back, and loses it if it dies.

A row is free if nobody holds it or its lease is over. Taking locks it and skips what another worker is taking
(PostgreSQL), or is done by one writer at a time (SQLite), so that two workers never hold one row. A worker that was too
slow, or whose row was changed by a person, finds it held by nobody or by another one, and must leave it alone.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, and_, literal, or_, select
from sqlalchemy.orm import Session

from opendata.db.models import Leased
from opendata.services.core.context import Context

RowT = TypeVar("RowT", bound=Leased)
TakenT = TypeVar("TakenT")

FREE: Mapping[str, Any] = {"owner": None, "held_until": None}
"""The columns of a row that nobody holds."""

_MOST_DOUBLINGS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Leases(Generic[RowT]):
    """The leases on one table. `is_due` says at a moment which rows want work; `order` says which one is first."""

    context: Context
    table: type[RowT]
    is_due: Callable[[datetime], ColumnElement[bool]]
    order: tuple[Any, ...]
    lasts: timedelta

    def take(self, prepare: Callable[[Session, RowT, str], TakenT | None]) -> TakenT | None:
        """Take the next row that is due and free; what `prepare` makes of it, or None where no row is left.

        `prepare` gets the unit of work, the locked row and the name of the hold. Where it returns None, the row isn't
        held, and the next one is looked at: it must have changed the row so that it isn't due any more.
        """
        while True:
            with self.context.read() as session:
                if session.scalar(select(literal(1)).where(self._is_open()).limit(1)) is None:
                    return None
            with self.context.write() as session:
                query = select(self.table).where(self._is_open()).order_by(*self.order).limit(1)
                row = session.scalar(query.with_for_update(skip_locked=True))
                if row is None:
                    return None
                owner = secrets.token_hex(16)
                taken = prepare(session, row, owner)
                if taken is not None:
                    row.owner, row.held_until = owner, self._find_end()
            if taken is not None:
                return taken

    def find(self, session: Session, key: int | str, owner: str) -> RowT | None:
        """The row, locked within a unit of work, if this hold still has it."""
        row = session.get(self.table, key, with_for_update=True)
        return row if row is not None and row.owner == owner else None

    def keep(self, key: int | str, owner: str) -> bool:
        """Hold a row for as long again; False if this hold has lost it."""
        with self.context.write() as session:
            row = self.find(session, key, owner)
            if row is not None:
                row.held_until = self._find_end()
            return row is not None

    def _is_open(self) -> ColumnElement[bool]:
        now = self.context.clock()
        return and_(self.is_due(now), or_(self.table.held_until.is_(None), self.table.held_until <= now))

    def _find_end(self) -> datetime:
        return self.context.clock() + self.lasts


def give_back(row: Leased) -> None:
    """Let a row go within a unit of work: the worker that held it has lost it."""
    row.owner = row.held_until = None


def find_pause(tries: int, first: timedelta, longest: timedelta) -> timedelta:
    """How long to wait after so many failures in a row: twice as long after each, up to the longest."""
    return min(first * (1 << min(tries - 1, _MOST_DOUBLINGS)), longest)
